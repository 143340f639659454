"""Training pairs cut from token arrays: what looks like a question, and the passage it is about.

The inverse cloze task (Lee et al. 2019, arXiv:1906.00300) with three changes: a few neighbouring
words give way to a question word, the passage is often left whole (people ask with the words of the
text), and the passages of one document stand in the same batch, as each other's hard negatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.training.passages import Parallel, Passages, Translations, tokenize

Ids = NDArray[np.int64]

_QUESTION_WORDS = {
    "zh": "谁 什么 哪里 何时 什么时候 多少 为什么 怎么 哪个 哪些 几 哪一年 什么地方 哪位 如何 多久",
    "en": "who;what;where;when;how many;how much;why;how;which;what year;what is;who was;what did",
    "ja": "誰 何 どこ いつ いくつ なぜ どのように どの 何年 どんな",
    "ko": "누구 무엇 어디 언제 얼마나 왜 어떻게 어느 몇",
    "de": "wer was wo wann wieviele warum wie welche welcher",
    "es": "quién qué dónde cuándo cuántos por-qué cómo cuál",
    "fr": "qui que où quand combien pourquoi comment quel quelle",
    "ru": "кто что где когда сколько почему как какой",
}
_QUERY_TOKENS = (4, 24)
_LEAST_TOKENS = 6  # of a sentence that a query is cut from, where there is one
_MAX_PASSAGE_TOKENS = 256
_WITHOUT_SENTENCE = 0.35  # of the passages lack the sentence that the query is from
_WITH_TITLE = 0.6  # of the passages have their title before them, as indexed chunks do
_QUERY_WITH_TITLE = 0.4
_WITH_QUESTION_WORD = 0.75
_DROP = (0.0, 0.0, 0.15, 0.3)  # shares of a query's tokens that are left out


@dataclass(frozen=True, slots=True)
class Bags:
    """n bags of tokens, in one array."""

    ids: Ids
    offsets: Ids  # (n,) where each begins


@dataclass(frozen=True, slots=True)
class Pairs:
    """n queries, each with its passage; the passages of the others are its negatives.

    No two passages are equal, nor the texts that the queries are from: nothing right is a negative.
    """

    queries: Bags
    passages: Bags


class QuestionWords:
    """The question words of a language as tokens."""

    def __init__(self, language: str, tokenizer: Tokenizer) -> None:
        """Tokenize them.

        :param language: One of the encoder's; others ask in English.
        :param tokenizer: The encoder's.
        """
        words = _QUESTION_WORDS.get(language, _QUESTION_WORDS["en"])
        texts = words.replace("-", " ").split(";" if ";" in words else " ")
        self.tokens, self.offsets = tokenize(tokenizer, texts)

    @property
    def n(self) -> int:
        """Number of question words."""
        return len(self.offsets) - 1


class CutQuestions:
    """Queries cut from passages in one language, about passages in the same or another one."""

    def __init__(self, asked: Passages, told: Passages, words: QuestionWords) -> None:
        """Hold both sides.

        :param asked: Queries are cut from these.
        :param told: The positives; the same passages, in the same or another language.
        :param words: Question words of the language of ``asked``.
        """
        self._asked, self._told, self._words = asked, told, words
        self._query_tokens = np.concatenate([asked.tokens, words.tokens])
        self._same_language = asked is told
        self._keys = [
            _content_keys(
                side.tokens,
                side.sentences[side.passages[:-1]],
                side.sentences[side.passages[1:]],
            )
            for side in (asked, told)
        ]

    @property
    def n_groups(self) -> int:
        """Number of groups to draw from."""
        return len(self._asked.groups) - 1

    def draw(self, n_pairs: int, a_group: int, random: np.random.Generator) -> Pairs:
        """Draw one batch.

        :param n_pairs: Wanted; a group with fewer passages than ``a_group`` gives what it has.
        :param a_group: Passages of one group, all told.
        :param random: The source of chance.
        :return: About n_pairs pairs.
        """
        groups = random.permutation(self.n_groups)[:n_pairs]
        first, last = self._asked.groups[groups], self._asked.groups[groups + 1]
        counts = np.minimum(last - first, a_group)
        enough = int(np.searchsorted(np.cumsum(counts), n_pairs)) + 1
        first, last, counts = first[:enough], last[:enough], counts[:enough]
        # A group's passages from a random place on, so that they are neighbours.
        begin = first + (random.random(len(first)) * (last - first - counts + 1)).astype(np.int64)
        return self._pairs_of(_unlike(number_ranges(begin, counts), self._keys), random)

    def _pairs_of(self, passages: Ids, random: np.random.Generator) -> Pairs:
        asked, n = self._asked, len(passages)
        first, last = asked.passages[passages], asked.passages[passages + 1]
        chosen = first + (random.random(n) * (last - first)).astype(np.int64)
        again = first + (random.random(n) * (last - first)).astype(np.int64)
        short = asked.sentences[chosen + 1] - asked.sentences[chosen] < _LEAST_TOKENS
        chosen = np.where(short, again, chosen)
        return Pairs(
            self._queries(passages, chosen, random),
            self._passages(passages, chosen, random),
        )

    def _queries(self, passages: Ids, sentences: Ids, random: np.random.Generator) -> Bags:
        asked, n = self._asked, len(passages)
        start, end = asked.sentences[sentences], asked.sentences[sentences + 1]
        length = np.minimum(end - start, random.integers(*_QUERY_TOKENS, n))
        start = start + (random.random(n) * (end - start - length + 1)).astype(np.int64)
        hole = np.minimum(random.integers(1, 4, n), np.maximum(length - 3, 0))
        hole[random.random(n) > _WITH_QUESTION_WORD] = 0
        at = (random.random(n) * (length - hole + 1)).astype(np.int64)
        word = random.integers(0, self._words.n, n)
        word_start = self._words.offsets[word] + len(asked.tokens)
        word_length = np.where(
            hole > 0, self._words.offsets[word + 1] - self._words.offsets[word], 0
        )
        title = asked.titles[passages]
        with_title = random.random(n) < _QUERY_WITH_TITLE
        title_length = np.where(with_title, title[:, 1] - title[:, 0], 0)
        starts = np.stack([title[:, 0], start, word_start, start + at + hole], 1)
        lengths = np.stack([title_length, at, word_length, length - at - hole], 1)
        drop = np.repeat(random.choice(_DROP, n), lengths.sum(1))
        return _gather(self._query_tokens, starts, lengths, random.random(len(drop)) >= drop)

    def _passages(self, passages: Ids, sentences: Ids, random: np.random.Generator) -> Bags:
        told, n = self._told, len(passages)
        start = told.sentences[told.passages[passages]]
        end = np.minimum(told.sentences[told.passages[passages + 1]], start + _MAX_PASSAGE_TOKENS)
        out_start = np.minimum(told.sentences[sentences], end)
        out_end = np.minimum(told.sentences[sentences + 1], end)
        kept = (out_start - start) + (end - out_end)
        without = (random.random(n) < _WITHOUT_SENTENCE) & (kept >= 20) & self._same_language
        out_end = np.where(without, out_end, out_start)
        title = told.titles[passages]
        with_title = random.random(n) < _WITH_TITLE
        starts = np.stack([title[:, 0], start, out_end], 1)
        lengths = np.stack(
            [np.where(with_title, title[:, 1] - title[:, 0], 0), out_start - start, end - out_end],
            1,
        )
        return _gather(told.tokens, starts, lengths)


class Questions:
    """Written questions about passages."""

    def __init__(
        self,
        questions: tuple[NDArray[np.uint16], Ids],
        passages: tuple[NDArray[np.uint16], Ids],
        about: Ids,
        documents: Ids,
    ) -> None:
        """Hold the arrays.

        :param questions: Tokens and (n_questions + 1,) offsets.
        :param passages: Tokens and (n_passages + 1,) offsets.
        :param about: (n_questions,) the passage that answers each, non-decreasing.
        :param documents: (n_passages,) the document of each, non-decreasing.
        """
        self._questions, self._passages, self._about = questions, passages, about
        self._first = np.searchsorted(about, np.arange(len(passages[1])))  # questions by passage
        self._documents = documents
        self._keys = [_content_keys(passages[0], passages[1][:-1], passages[1][1:])]

    @property
    def n(self) -> int:
        """Number of questions."""
        return len(self._about)

    def draw(self, n_pairs: int, random: np.random.Generator) -> Pairs:
        """Draw a question of each of the passages of random documents.

        :param n_pairs: Wanted, at most.
        :param random: The source of chance.
        """
        documents = np.unique(self._documents)
        order = np.empty(int(documents.max()) + 1, np.int64)
        order[documents] = random.permutation(len(documents))
        n_each = np.diff(self._first)
        asked = np.flatnonzero(n_each)
        passages = asked[np.argsort(order[self._documents[asked]], kind="stable")][:n_pairs]
        passages = _unlike(passages, self._keys)
        chosen = self._first[passages] + (random.random(len(passages)) * n_each[passages]).astype(
            np.int64
        )
        return Pairs(_whole(*self._questions, chosen), _whole(*self._passages, passages))


class TranslatedLines:
    """Lines and their translations."""

    def __init__(self, translations: Translations) -> None:
        """Leave out lines without tokens.

        :param translations: Of one source.
        """
        self._sides = (translations.left, translations.right)
        filled = [np.diff(offsets) > 0 for _, offsets in self._sides]
        self._rows = np.flatnonzero(filled[0] & filled[1])
        self._keys = [_content_keys(t, offsets[:-1], offsets[1:]) for t, offsets in self._sides]

    @property
    def n(self) -> int:
        """Number of lines."""
        return len(self._rows)

    def draw(self, n_pairs: int, random: np.random.Generator) -> Pairs:
        """Draw lines, half of them neighbours: those of one text are hard negatives.

        :param n_pairs: Wanted, at most.
        :param random: The source of chance.
        """
        begin = int(random.integers(0, max(1, self.n - n_pairs // 2)))
        drawn = np.concatenate(
            [
                self._rows[begin : begin + n_pairs // 2],
                random.permutation(self._rows)[: n_pairs - n_pairs // 2],
            ]
        )
        rows = _unlike(drawn, self._keys)
        return Pairs(_whole(*self._sides[0], rows), _whole(*self._sides[1], rows))


def cut_questions(parallel: Sequence[Parallel], tokenizer: Tokenizer) -> list[CutQuestions]:
    """Make all four ways of asking about each of the passages in two languages.

    :param parallel: By language pair.
    :param tokenizer: The encoder's.
    """
    ways = []
    for pair in parallel:
        for language, asked in zip(pair.languages, pair.sides, strict=True):
            words = QuestionWords(language, tokenizer)
            ways += [CutQuestions(asked, told, words) for told in pair.sides]
    return ways


def _gather(
    tokens: NDArray[np.uint16], starts: Ids, lengths: Ids, is_kept: NDArray[np.bool_] | None = None
) -> Bags:
    """Join ranges of tokens: (n, k) starts and lengths make n bags."""
    ids = tokens[number_ranges(starts.ravel(), lengths.ravel())].astype(np.int64)
    sizes = lengths.sum(1)
    if is_kept is not None:
        rows = np.repeat(np.arange(len(sizes)), sizes)[is_kept]
        ids, sizes = ids[is_kept], np.bincount(rows, minlength=len(sizes))
    return Bags(ids, np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64))


def _whole(tokens: NDArray[np.uint16], offsets: Ids, rows: Ids) -> Bags:
    lengths = np.minimum(offsets[rows + 1] - offsets[rows], _MAX_PASSAGE_TOKENS)
    return _gather(tokens, offsets[rows][:, None], lengths[:, None])


def number_ranges(starts: Ids, lengths: Ids) -> Ids:
    """Return the numbers start, start + 1, … of all ranges, one after the other.

    :param starts: (n,) first of each range.
    :param lengths: (n,) numbers in each.
    :return: (sum of lengths,).
    """
    begins = np.cumsum(lengths) - lengths
    numbers: Ids = np.arange(int(lengths.sum())) + np.repeat(starts - begins, lengths)
    return numbers


def _unlike(rows: Ids, keys: Sequence[NDArray[np.int64]]) -> Ids:
    """Leave out rows that have a key of an earlier one."""
    for of_side in keys:
        _, first = np.unique(of_side[rows], return_index=True)
        rows = rows[np.sort(first)]
    return rows


def _content_keys(tokens: NDArray[np.uint16], starts: Ids, ends: Ids) -> NDArray[np.int64]:
    """Return a number for each range of tokens, equal for equal contents."""
    weights = np.random.default_rng(0).integers(1, 2**62, 65_536)
    sums = np.concatenate([[0], np.cumsum(weights[tokens])])
    keys: NDArray[np.int64] = sums[ends] - sums[starts]
    return keys
