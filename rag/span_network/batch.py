"""Passages of unequal length on one axis: a question and what to read for it, ready for arrays.

Passages are not padded to a common length: they follow one another, row by row, and what looks at
neighbours is told where each passage begins and ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.span_network.tokens import TokenizedText

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RaggedAxis:
    """Sequences one after another, none of them empty."""

    spans: tuple[slice, ...]  # the rows of each sequence
    starts: NDArray[np.intp]  # (n,) first row of each sequence
    lengths: NDArray[np.intp]  # (n,)

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Self:
        """Lay out sequences.

        :param lengths: tokens of each.
        :return: the axis.
        """
        sizes = np.asarray(lengths, dtype=np.intp)  # (n,)
        ends = np.cumsum(sizes)
        starts = ends - sizes
        return cls(tuple(map(slice, starts.tolist(), ends.tolist())), starts, sizes)

    @property
    def n_rows(self) -> int:
        """The rows of all sequences together."""
        return int(self.lengths.sum())

    def neighbours(self, n: int, distance: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Find the neighbours of each row.

        :param n: how many, an odd number: the row itself stands in the middle.
        :param distance: rows from one to the next.
        :return: (n_rows, n) rows, and (n_rows, n) whether the row lies beyond the sequence's ends;
            such a row is to be taken as zeros.
        """
        place = np.arange(self.n_rows) - np.repeat(self.starts, self.lengths)  # in its sequence
        steps = distance * np.arange(-(n // 2), n // 2 + 1)  # (n,)
        places = place[:, None] + steps
        is_beyond = (places < 0) | (places >= np.repeat(self.lengths, self.lengths)[:, None])
        rows = np.arange(self.n_rows)[:, None] + steps
        return rows.clip(0, self.n_rows - 1), is_beyond


@dataclass(frozen=True, slots=True)
class ReaderBatch:
    """A question and passages to read for it; none of them is empty."""

    question: TokenizedText
    axis: RaggedAxis  # of the passages
    ids: NDArray[np.int64]  # (n_rows,) token ids
    is_spaced: NDArray[np.bool_]  # (n_rows,)
    sentence_rows: NDArray[np.intp]  # (n_sentences,) first row of each sentence of each passage
    sentence_at: NDArray[np.intp]  # (n_rows,) place of the row's sentence there
    types: NDArray[np.int64]  # (n_types,) the token ids of both sides, each once
    at: NDArray[np.intp]  # (n_rows,) place of the row's token among the types
    question_at: NDArray[np.intp]  # (Q,)

    @classmethod
    def of(cls, question: TokenizedText, passages: Sequence[TokenizedText]) -> Self:
        """Lay out the passages.

        :param question: the question.
        :param passages: one or more.
        :return: the batch.
        """
        axis = RaggedAxis.of([len(passage) for passage in passages])
        ids = np.concatenate([passage.ids for passage in passages])
        sentences = np.concatenate([passage.sentences for passage in passages])
        begins = np.diff(sentences, prepend=-1) != 0
        begins[axis.starts] = True
        types, at = np.unique(np.concatenate([question.ids, ids]), return_inverse=True)
        n_question = len(question.ids)
        return cls(
            question=question,
            axis=axis,
            ids=ids,
            is_spaced=np.concatenate([passage.is_spaced for passage in passages]),
            sentence_rows=np.flatnonzero(begins),
            sentence_at=np.cumsum(begins) - 1,
            types=types,
            at=at[n_question:],
            question_at=at[:n_question],
        )
