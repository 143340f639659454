"""Passages of unequal length on one axis: a question and what to read for it, ready for arrays.

Passages are not padded to a common length. They follow one another on a ragged axis with rows of
zeros between, which is what a convolution sees beyond the ends of a passage anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.reader_tokens import TokenizedText

Floats: TypeAlias = NDArray[np.float32]

# Rows of zeros around each passage: no less than the reach of the widest convolution (8) and of the
# window that averages matches (10).
GAP = 10


@dataclass(frozen=True, slots=True)
class RaggedAxis:
    """Sequences one after another, with `GAP` rows before, between and behind them."""

    spans: tuple[slice, ...]  # the rows of each sequence
    gap_rows: NDArray[np.intp]  # the rows of none
    n_rows: int

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Self:
        """Lay out sequences.

        :param lengths: tokens of each.
        :return: the axis.
        """
        ends = np.cumsum(np.asarray(lengths, dtype=np.intp) + GAP)  # (n,)
        spans = tuple(
            slice(int(end) - length, int(end)) for end, length in zip(ends, lengths, strict=True)
        )
        n_rows = int(ends[-1]) + GAP
        is_gap = np.ones(n_rows, dtype=np.bool_)
        for rows in spans:
            is_gap[rows] = False
        return cls(spans, np.flatnonzero(is_gap), n_rows)


@dataclass(frozen=True, slots=True)
class ReaderBatch:
    """A question and passages to read for it; none of them is empty."""

    question: TokenizedText
    axis: RaggedAxis  # of the passages
    ids: NDArray[np.int64]  # (n_rows,) token ids, -1 in gaps
    is_spaced: NDArray[np.bool_]  # (n_rows,)
    sentence_rows: NDArray[np.intp]  # (n_sentences,) first row of each sentence of each passage
    sentence_at: NDArray[np.intp]  # (n_rows,) place of the row's sentence there; any in gaps
    types: NDArray[np.int64]  # (n_types,) the token ids of both sides, each once
    at: NDArray[np.intp]  # (n_rows,) place of the row's token among the types; any in gaps
    question_at: NDArray[np.intp]  # (Q,)

    @classmethod
    def of(cls, question: TokenizedText, passages: Sequence[TokenizedText]) -> Self:
        """Lay out the passages.

        :param question: the question.
        :param passages: one or more.
        :return: the batch.
        """
        axis = RaggedAxis.of([len(passage) for passage in passages])
        ids = np.full(axis.n_rows, -1, dtype=np.int64)
        is_spaced = np.zeros(axis.n_rows, dtype=np.bool_)
        begins = np.zeros(axis.n_rows, dtype=np.bool_)
        for rows, passage in zip(axis.spans, passages, strict=True):
            ids[rows] = passage.ids
            is_spaced[rows] = passage.is_spaced
            begins[rows] = np.diff(passage.sentences, prepend=-1) != 0
        types, at = np.unique(np.concatenate([question.ids, ids.clip(min=0)]), return_inverse=True)
        n_question = len(question.ids)
        return cls(
            question=question,
            axis=axis,
            ids=ids,
            is_spaced=is_spaced,
            sentence_rows=np.flatnonzero(begins),
            sentence_at=(np.cumsum(begins) - 1).clip(min=0),
            types=types,
            at=at[n_question:],
            question_at=at[:n_question],
        )
