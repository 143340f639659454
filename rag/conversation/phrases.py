"""Phrases: a question → its folded words with their classes, each of which leads back to it."""

from dataclasses import dataclass
from functools import lru_cache

from index.normalization import FoldedText, fold
from index.segmentation import tag_words

_ENDS = " \t\r\n\u3000?？!！。.…~～"
_NOUN_ENDS = "种率量费数人者期点额度"


def word_set(words: str) -> frozenset[str]:
    """Make a set of words that are written with spaces between them."""
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its place in the folded text."""

    text: str
    tag: str  # ICTCLAS: n noun, nr person, ns place, v verb, r pronoun, m number, t time …
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Other words for a part of a folded text."""

    start: int
    end: int
    words: str  # unfolded


@dataclass(frozen=True, slots=True)
class Phrase:
    """A question without the marks at its end."""

    raw: str
    folding: FoldedText
    words: tuple[Word, ...]

    @property
    def folded(self) -> str:
        """The search copy."""
        return self.folding.text

    def part(self, start: int, end: int | None = None) -> str:
        """Return a range of the folded text as it was written."""
        return self.folding.to_original(start, len(self.folded) if end is None else end).of(
            self.raw
        )

    def edited(self, *edits: Edit) -> str:
        """Return the question with other words here and there; of overlapping edits the first."""
        pieces, at = [], 0
        for edit in sorted(edits, key=lambda edit: edit.start):
            if edit.start >= at:
                pieces += [self.part(at, edit.start), edit.words]
                at = edit.end
        return "".join(pieces) + self.part(at)


@lru_cache(maxsize=64)
def parse(text: str) -> Phrase:
    """Cut a question into words.

    :param text: Any string.
    :return: The phrase.
    """
    raw = text.strip(_ENDS)
    folding = fold(raw)
    words, at = [], 0
    for cut, cut_tag in tag_words(folding.text):
        word, tag = cut, cut_tag
        found = folding.text.find(word, at)
        if found >= 0:
            at = found + len(word)
            if len(word) == 2 and word[1] in "有是在" and word[0] in _NOUN_ENDS:
                words.append(Word(word[0], "n", found, at - 1))  # 外来 | 种有
                word, tag, found = word[1], "v", at - 1
            words.append(Word(word, tag, found, at))
    return Phrase(raw, folding, tuple(words))
