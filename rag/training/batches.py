"""Batches of the reader's training: examples drawn by weight, some without an answer, some altered.

Altered: question words replaced by neighbours in meaning, or by their nearest English tokens, so
that the reader must not rely on equal words; and exact matches hidden altogether.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from rag.training.examples import NO_ANSWER, Examples, Texts
from rag.training.features import PUNCTUATION, ReaderBatch, TokenTables
from rag.training.network import MAX_ANSWER

MAX_PASSAGE = 256  # tokens; a longer one is cut around the answer
MAX_QUESTION = 48
_UNANSWERED = 0.27  # of the answerable examples are given a passage without the answer
_SOURCES = (0.5, 0.75)  # of those: a mined passage, else one of the document, else a hole
_LEAST_LEFT = 20  # tokens of a passage whose answering sentence was taken out
_MEANING, _ENGLISH, _HIDDEN = 0.25, 0.38, 0.46  # cumulative shares of altered questions
_HAN, _LATIN, _DIGITS = 0, 1, 2
_QUESTION_WORD = re.compile("谁|哪|什么|何|几|多少|怎|多久|多长|多高|多大|多远|为什|如何|啥")
_SORTED_AT_ONCE = 40  # batches among which passages of like length are put together


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Tokens near in meaning, by the encoder's cosine; -1: none near enough."""

    han: NDArray[np.int64]  # (n_tokens, 4)
    latin: NDArray[np.int64]  # (n_tokens, 2)

    @classmethod
    def of(cls, tables: TokenTables, tokenizer: Tokenizer) -> "Neighbours":
        """Find them.

        :param tables: Of the reader.
        :param tokenizer: The encoder's.
        """
        script, length = tables.script.numpy(), tables.length.numpy()
        unit = tables.unit.bfloat16()
        found = []
        latin = np.flatnonzero((script == _LATIN) & (length >= 2))
        for among, n_near, least in ((np.flatnonzero(script == _HAN), 4, 0.45), (latin, 2, 0.35)):
            near = np.full((len(unit), n_near), -1)
            for begin in range(0, len(unit), 4000):
                cosine = (unit[begin : begin + 4000] @ unit[among].T).float()
                best, at = cosine.topk(n_near + 1, 1)
                tokens = among[at.numpy()]
                own = np.arange(begin, begin + len(tokens))[:, None]
                tokens = np.where((best.numpy() > least) & (tokens != own), tokens, -1)
                near[begin : begin + 4000] = -np.sort(-tokens, 1)[:, :n_near]
            found.append(near)
        han, english = found
        asks = [bool(_QUESTION_WORD.search(str(tokenizer.id_to_token(i)))) for i in range(len(han))]
        han[asks] = -1
        fixed = (script == _DIGITS) | (script == PUNCTUATION)
        han[fixed] = english[fixed] = -1
        return cls(han, english)


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """A batch with what is to be learned of it."""

    pairs: ReaderBatch
    start: Tensor  # (B,) int64, 0 where there is no answer
    last: Tensor  # (B,) int64
    is_answered: Tensor  # (B,) float32
    hidden: Tensor  # (B,) bool, exact matches are hidden


@dataclass(frozen=True, slots=True)
class _Drawn:
    """An example as it goes into a batch."""

    ids: NDArray[np.int64]
    is_spaced: NDArray[np.bool_]
    sentences: NDArray[np.int64]
    question: NDArray[np.int64]
    question_spaced: NDArray[np.bool_]
    start: int
    last: int
    is_answered: bool
    hidden: bool


class ExampleSampler:
    """Draws examples; every group is gone through before any of it comes again."""

    def __init__(
        self, examples: Examples, neighbours: Neighbours, tables: TokenTables, seed: int
    ) -> None:
        """Sort the examples into their groups.

        :param examples: All of them.
        :param neighbours: For altered questions.
        :param tables: Of the reader.
        :param seed: Of all chance.
        """
        self._examples, self._neighbours = examples, neighbours
        self._is_word = tables.script.numpy() != PUNCTUATION
        self._random = np.random.default_rng(seed)
        self._members = [np.flatnonzero(examples.group == g) for g in range(len(examples.groups))]
        self._queues: list[list[int]] = [[] for _ in self._members]
        order = np.argsort(examples.document, kind="stable")
        self._by_document, self._document_at = order, np.empty(len(order), np.int64)
        self._document_at[order] = np.arange(len(order))

    def batches(
        self, weights: Mapping[str, float], n_batches: int, size: int
    ) -> Iterator[TrainingBatch]:
        """Draw batches.

        :param weights: By the groups' names.
        :param n_batches: How many.
        :param size: Examples in each.
        """
        shares = np.array([weights.get(name, 0.0) for name in self._examples.groups])
        shares *= [len(members) > 0 for members in self._members]
        for begin in range(0, n_batches, _SORTED_AT_ONCE):
            n = min(_SORTED_AT_ONCE, n_batches - begin)
            groups = self._random.choice(len(shares), n * size, p=shares / shares.sum())
            drawn = sorted(map(self._draw, groups), key=lambda example: len(example.ids))
            for number in self._random.permutation(n):
                yield _to_batch(drawn[number * size : (number + 1) * size])

    def _draw(self, group: int) -> _Drawn:
        if not self._queues[group]:
            self._queues[group] = self._random.permutation(self._members[group]).tolist()
        row = self._queues[group].pop()
        examples, chance = self._examples, self._random.random
        start, last = int(examples.start[row]), int(examples.last[row])
        question, spaced, _ = _tokens(examples.questions, int(examples.question[row]))
        question, spaced = question[:MAX_QUESTION], spaced[:MAX_QUESTION]
        passage = _tokens(examples.passages, int(examples.passage[row]))
        if start != NO_ANSWER and chance() < _UNANSWERED:
            other = self._without_answer(row, passage)
            if other is not None:
                passage, start, last = other, NO_ANSWER, NO_ANSWER
        ids, is_spaced, sentences, start, last = self._cut(passage, start, last)
        kind = chance()
        if kind < _MEANING:
            question = self._replace(question, self._neighbours.han, 0.2)
        elif kind < _ENGLISH and not examples.groups[group].startswith("en"):
            question = self._replace(question, self._neighbours.latin, 0.95)
        hidden = _ENGLISH <= kind < _HIDDEN
        answered = start != NO_ANSWER
        return _Drawn(
            ids,
            is_spaced,
            sentences,
            question,
            spaced,
            max(start, 0),
            max(last, 0),
            answered,
            hidden,
        )

    def _without_answer(
        self, row: int, passage: tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]] | None:
        """Return a passage that does not answer, or None where there is none of the kind drawn."""
        examples, kind = self._examples, self._random.random()
        mined = examples.negatives[row][examples.negatives[row] >= 0]
        number = int(examples.passage[row])
        if kind < _SOURCES[0] and len(mined):
            return _tokens(examples.passages, int(self._random.choice(mined)))
        if kind < _SOURCES[1]:
            at = int(self._document_at[number]) + int(self._random.choice([-1, 1]))
            if 0 <= at < len(self._by_document):
                beside = int(self._by_document[at])
                if examples.document[beside] == examples.document[number]:
                    return _tokens(examples.passages, beside)
        ids, is_spaced, sentences = passage
        first, last = sentences[examples.start[row]], sentences[examples.last[row]]
        kept = (sentences < first) | (sentences > last)
        if kept.sum() < _LEAST_LEFT:
            return None
        return ids[kept], is_spaced[kept], sentences[kept]

    def _cut(
        self,
        passage: tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]],
        start: int,
        last: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], int, int]:
        """Cut a passage to its greatest length, around the answer."""
        ids, is_spaced, sentences = passage
        surplus = len(ids) - MAX_PASSAGE
        if surplus > 0:
            lowest = 0 if start == NO_ANSWER else max(0, last - MAX_PASSAGE + 10)
            highest = surplus if start == NO_ANSWER else min(max(0, start - 5), surplus)
            low, high = sorted((min(lowest, surplus), highest))
            at = int(self._random.integers(low, high + 1))
            kept = slice(at, at + MAX_PASSAGE)
            ids, is_spaced, sentences = ids[kept], is_spaced[kept], sentences[kept]
            if start != NO_ANSWER:
                start, last = start - at, min(last - at, MAX_PASSAGE - 1)
        return ids, is_spaced, sentences - sentences[0], start, last

    def _replace(
        self, question: NDArray[np.int64], near: NDArray[np.int64], rate: float
    ) -> NDArray[np.int64]:
        pick = near[question, self._random.integers(0, near.shape[1], len(question))]
        is_taken = (self._random.random(len(question)) < rate) & self._is_word[question]
        return np.where(is_taken & (pick >= 0), pick, question)


def _tokens(
    texts: Texts, number: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    rows = slice(texts.offsets[number], texts.offsets[number + 1])
    return (
        texts.ids[rows].astype(np.int64),
        texts.is_spaced[rows],
        texts.sentences[rows].astype(np.int64),
    )


def _to_batch(drawn: Sequence[_Drawn]) -> TrainingBatch:
    question = _pad([example.question for example in drawn], -1)
    return TrainingBatch(
        ReaderBatch(
            question_ids=question,
            question_spaced=_pad([example.question_spaced for example in drawn], 0).bool(),
            passage_ids=_pad([example.ids for example in drawn], -1),
            passage_spaced=_pad([example.is_spaced for example in drawn], 0).bool(),
            sentences=_pad([example.sentences for example in drawn], 0),
        ),
        start=torch.tensor([example.start for example in drawn]),
        last=torch.tensor([min(example.last, example.start + MAX_ANSWER - 1) for example in drawn]),
        is_answered=torch.tensor([float(example.is_answered) for example in drawn]),
        hidden=torch.tensor([example.hidden for example in drawn]),
    )


def _pad(rows: Sequence[NDArray[np.generic]], value: int) -> Tensor:
    padded = np.full((len(rows), max(map(len, rows))), value, np.int64)
    for into, row in zip(padded, rows, strict=True):
        into[: len(row)] = row
    return torch.from_numpy(padded)
