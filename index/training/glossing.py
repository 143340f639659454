"""Questions in another language, word by word from a dictionary.

Parallel texts are few and of few kinds; a dictionary is wide. A question cut from a Chinese
article whose words give way to their English glosses asks about things that no parallel text
speaks of, among the hard negatives of the same article.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.training.passages import Translations
from index.training.sampling import Bags, CutQuestions, Ids, Pairs, number_ranges

_MOST_TOKENS = 4  # of a gloss
_MOST_GLOSSES = 3  # of a word
_KEPT = 0.3  # of the words without a gloss: names are often the same in both languages
_LEAST_CHARACTERS = (
    2  # of a word to be glossed: a single Han character is more often part of a name
)


@dataclass(frozen=True, slots=True)
class Glossary:
    """Glosses of tokens; the token itself where it has none."""

    tokens: NDArray[np.uint16]  # the glosses, one after another
    starts: Ids  # (n_tokens, _MOST_GLOSSES)
    lengths: Ids  # (n_tokens, _MOST_GLOSSES)
    n_glosses: Ids  # (n_tokens,) 0: none

    def gloss(self, bags: Bags, is_kept: NDArray[np.bool_], random: np.random.Generator) -> Bags:
        """Replace the tokens of bags.

        :param bags: n of them.
        :param is_kept: (n_tokens,) tokens without a gloss that always stay: numbers and the like.
        :param random: The source of chance.
        """
        ids, n = bags.ids, len(bags.offsets)
        pick = (random.random(len(ids)) * np.maximum(self.n_glosses[ids], 1)).astype(np.int64)
        lengths = self.lengths[ids, pick]
        stays = is_kept[ids] | (random.random(len(ids)) < _KEPT)
        lengths = np.where((self.n_glosses[ids] > 0) | stays, lengths, 0)
        rows = np.repeat(np.arange(n), np.diff(bags.offsets, append=len(ids)))
        sizes = np.bincount(rows, weights=lengths, minlength=n).astype(np.int64)
        glossed = self.tokens[number_ranges(self.starts[ids, pick], lengths)].astype(np.int64)
        return Bags(glossed, np.cumsum(sizes) - sizes)


class GlossedQuestions:
    """Cut questions with their words glossed."""

    def __init__(
        self, questions: CutQuestions, glossary: Glossary, stays: NDArray[np.bool_]
    ) -> None:
        """Hold the parts.

        :param questions: Their question words are those of the glosses' language.
        :param glossary: From the questions' language.
        :param stays: (n_tokens,) tokens that always stay.
        """
        self._questions, self._glossary, self._stays = questions, glossary, stays

    def draw(self, n_pairs: int, a_group: int, random: np.random.Generator) -> Pairs:
        """Draw one batch.

        :param n_pairs: Wanted.
        :param a_group: Passages of one group, all told.
        :param random: The source of chance.
        """
        pairs = self._questions.draw(n_pairs, a_group, random)
        return replace(pairs, queries=self._glossary.gloss(pairs.queries, self._stays, random))


def read_glossaries(dictionary: Translations, tokenizer: Tokenizer) -> tuple[Glossary, Glossary]:
    """Make glossaries of the entries whose headword, or gloss, is one token.

    :param dictionary: English definitions, separated by semicolons, of Chinese words.
    :param tokenizer: The encoder's.
    :return: Chinese to English, and English to Chinese.
    """
    n_tokens = tokenizer.get_vocab_size()
    stop = tokenizer.token_to_id(";")
    marks = {tokenizer.token_to_id(mark) for mark in "()[]/"}
    to_english: dict[int, list[tuple[int, ...]]] = {}
    to_chinese: dict[int, list[tuple[int, ...]]] = {}
    (left, left_offsets), (right, right_offsets) = dictionary.left, dictionary.right
    infinitive = tokenizer.token_to_id("to")
    for row in range(len(left_offsets) - 1):
        word = tuple(right[right_offsets[row] : right_offsets[row + 1]].tolist())
        for gloss in _split(left[left_offsets[row] : left_offsets[row + 1]].tolist(), stop):
            bare = gloss[1:] if gloss[:1] == (infinitive,) else gloss
            if not bare or len(bare) > _MOST_TOKENS or marks & set(bare):
                continue
            if len(word) == 1 and len(str(tokenizer.id_to_token(word[0]))) >= _LEAST_CHARACTERS:
                to_english.setdefault(word[0], []).append(bare)
            if len(bare) == 1 and len(word) <= _MOST_TOKENS:
                to_chinese.setdefault(bare[0], []).append(word)
    return _glossary(to_english, n_tokens), _glossary(to_chinese, n_tokens)


def _split(tokens: list[int], stop: int | None) -> list[tuple[int, ...]]:
    glosses: list[tuple[int, ...]] = [()]
    for token in tokens:
        glosses = [*glosses, ()] if token == stop else [*glosses[:-1], (*glosses[-1], token)]
    return glosses


def _glossary(entries: dict[int, list[tuple[int, ...]]], n_tokens: int) -> Glossary:
    pieces = [list(range(n_tokens))]  # first every token itself
    starts = np.repeat(np.arange(n_tokens)[:, None], _MOST_GLOSSES, 1)
    lengths = np.ones((n_tokens, _MOST_GLOSSES), np.int64)
    n_glosses = np.zeros(n_tokens, np.int64)
    at = n_tokens
    for token, glosses in entries.items():
        for number, gloss in enumerate(glosses[:_MOST_GLOSSES]):
            starts[token, number], lengths[token, number] = at, len(gloss)
            pieces.append(list(gloss))
            at += len(gloss)
        n_glosses[token] = min(len(glosses), _MOST_GLOSSES)
    tokens = np.array([token for piece in pieces for token in piece], np.uint16)
    return Glossary(tokens, starts, lengths, n_glosses)
