"""The rows of the parallel corpus with an English side, and their cutting into passages."""

from __future__ import annotations

import json
import lzma
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from rag.function_words import FUNCTION_WORDS

MIN_PASSAGE_CHARS, MAX_PASSAGE_CHARS = 80, 900
_CORPUS = Path("corpora") / "parallel.jsonl.xz"
_SOURCES = ('["wmt"', '["pydocs"')  # the others are single words and unconnected sentences
_DOCUMENT_ROWS = 40
_MAX_ROW_CHARS = 700
_SENTENCE_NUMBERS = (2, 6)
_SAME_FRAMES = 25  # more sentences of one frame are a template's
_ABBREVIATED = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Gov|Sen|Rep|Gen|Lt|Jr|Sr|vs|No|e\.g|i\.e|etc|Inc|Corp|Ltd|Co"
    r"|[A-Z]|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec)\.|\b[a-z]\.)$"
)
_STOP = re.compile(r"[.!?][\"')\]]*\s+(?=[A-Z\"'(\d])")
# Prompts for language models among the translations, addresses, markup, other scripts.
_UNFIT = re.compile(
    r"Answer the question|Answer in JSON|src_lang|ranslate th|NO TRANSLATION|https?:|::"
    r"|[{}<>|=\\_]{2}|[^\x00-ɏ‐-⁯€]"
)
_COMMON = frozenset(
    {"the", "a", "an", "of", "to", "in", "and", "is", "are", "was", "were", "for", "on", "that"}
    | {"with", "as", "it", "be", "by", "this", "have", "has", "not", "at", "from", "will"}
)


class Row(NamedTuple):
    """A line of the parallel corpus, turned so that the English side comes first."""

    number: int
    source: str
    english: str
    language: str
    other: str

    @property
    def document(self) -> str:
        """The name of the block of neighbouring rows that the row lies in."""
        return f"{self.source}-en-{self.language}-{self.number // _DOCUMENT_ROWS}"


class Window(NamedTuple):
    """Neighbouring sentences that make a passage."""

    source: str
    document: str
    sentences: tuple[str, ...]

    @property
    def passage(self) -> str:
        """The sentences, joined by spaces."""
        return " ".join(self.sentences)

    @property
    def starts(self) -> list[int]:
        """Where each sentence starts in the passage."""
        starts, at = [], 0
        for sentence in self.sentences:
            starts.append(at)
            at += len(sentence) + 1
        return starts


def read_rows(data_dir: Path, limit: int | None) -> Iterator[Row]:
    """Yield the corpus's rows that have an English side and stand in running text.

    :param data_dir: Holds ``corpora/parallel.jsonl.xz``.
    :param limit: How many lines of the file to read; None for all.
    """
    with lzma.open(data_dir / _CORPUS, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            if limit is not None and number >= limit:
                return
            if not line.startswith(_SOURCES):
                continue
            source, first, first_text, second, second_text = json.loads(line)
            if first == "en":
                yield Row(number, source, tidy(first_text), second, tidy(second_text))
            elif second == "en":
                yield Row(number, source, tidy(second_text), first, tidy(first_text))


def tidy(text: str) -> str:
    """Make white space single."""
    return " ".join(text.split())


def cut_sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of an English text's sentences."""
    spans, start = [], 0
    for match in _STOP.finditer(text):
        if not _ABBREVIATED.search(text[start : match.start() + 1]):
            spans.append((start, match.start() + len(match.group().rstrip())))
            start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def is_english(text: str) -> bool:
    """Tell whether a text is plain English prose of moderate length."""
    words = text.lower().split()
    n_common = sum(word in _COMMON for word in words)
    foreign = len(words) > 5 and n_common < 0.12 * len(words)
    return not foreign and len(text) <= _MAX_ROW_CHARS and not _UNFIT.search(text)


def is_repeated(sentence: str, seen: Counter[str], most: int = 1) -> bool:
    """Tell whether a sentence, or its frame of function words, was seen too often; count it.

    :param seen: The counts so far; changed.
    :param most: How often the same sentence may stand.
    """
    words = re.findall(r"\w+|[^\w\s]", sentence.lower())
    frame = " ".join(word if word in FUNCTION_WORDS else "_" for word in words)
    seen.update((sentence, frame))
    again = len(words) >= 6 and seen[sentence] > most
    return again or (len(words) >= 8 and seen[frame] > _SAME_FRAMES * most)


def cut_windows(rows: Iterable[Row], random: Random) -> Iterator[Window]:
    """Cut the English sides into passages of 2 to 6 neighbouring sentences, each sentence once."""
    seen: Counter[str] = Counter()
    part: list[str] = []
    size, previous, head = random.randint(*_SENTENCE_NUMBERS), None, None
    for row in rows:
        sentences = [row.english[start:end] for start, end in cut_sentences(row.english)]
        repeated = [is_repeated(each, seen) for each in sentences]
        fits = is_english(row.english) and not any(repeated)
        if head is not None and not (fits and are_neighbours(previous, row)):
            yield from _window(head, part)
            part, head = [], None
        previous = row
        for sentence in sentences if fits else ():
            full = len(part) >= size or len(" ".join((*part, sentence))) > MAX_PASSAGE_CHARS
            if head is not None and full:
                yield from _window(head, part)
                part, head, size = [], None, random.randint(*_SENTENCE_NUMBERS)
            head = head or row
            part.append(sentence)
    if head is not None:
        yield from _window(head, part)


def are_neighbours(previous: Row | None, row: Row) -> bool:
    """Tell whether a row follows another in the same document."""
    if previous is None or row.document != previous.document:
        return False
    return row.number <= previous.number + 2


def _window(head: Row, part: list[str]) -> Iterator[Window]:
    window = Window(head.source, head.document, tuple(part))
    if MIN_PASSAGE_CHARS <= len(window.passage) <= MAX_PASSAGE_CHARS:
        yield window
