"""Hard negatives: passages that a search brings up for a question and that do not answer it.

Found by the words they share (BM25 weights over tokens), as they are at run time, or for questions
in another language by the encoder's cosine. A passage that holds the answer's words is left out.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from rag.training.examples import NO_ANSWER, Examples, Texts

_N_MINED = 4
_N_LOOKED_AT = 12
_K1, _B = 0.9, 0.4
_MOST_COMMON = 0.02  # tokens in more of the passages than this find too many
_AT_ONCE = 1000  # questions


def add_negatives(
    examples: Examples, embeddings: NDArray[np.float16], chosen: NDArray[np.int64]
) -> Examples:
    """Find negatives for some of the examples.

    :param examples: Of all groups.
    :param embeddings: (n_tokens, dim) the encoder's.
    :param chosen: Numbers of examples, ascending.
    :return: The examples with ``negatives`` (n, 4), -1 where there is none.
    """
    negatives = np.full((len(examples.passage), _N_MINED), -1, np.int64)
    chosen = chosen[examples.start[chosen] != NO_ANSWER]
    is_cross = np.array([_is_cross(name) for name in examples.groups])[examples.group[chosen]]
    ways = ((chosen[~is_cross], by_words), (chosen[is_cross], by_meaning))
    for rows, find in ways:
        search = find(examples, embeddings)
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            for row, found in zip(some, search(examples.question[some]), strict=True):
                wrong = [number for number in found if _is_wrong(examples, int(row), int(number))]
                negatives[row, : len(wrong[:_N_MINED])] = wrong[:_N_MINED]
    return replace(examples, negatives=negatives)


Search = Callable[[NDArray[np.int64]], NDArray[np.int64]]


def by_words(examples: Examples, embeddings: NDArray[np.float16]) -> Search:
    """Return a search of questions, (n,), for passages, (n, _N_LOOKED_AT): BM25 over tokens."""
    n_tokens = len(embeddings)
    counts = _matrix(examples.passages, n_tokens)
    n_with = np.bincount(counts.indices, minlength=n_tokens)
    idf = np.log1p((counts.shape[0] - n_with + 0.5) / (n_with + 0.5))
    idf[n_with > _MOST_COMMON * counts.shape[0]] = 0
    lengths = np.repeat(np.diff(examples.passages.offsets), np.diff(counts.indptr))
    mean = np.diff(examples.passages.offsets).mean()
    counts.data = counts.data * (_K1 + 1) / (counts.data + _K1 * (1 - _B + _B * lengths / mean))
    by_token = (counts @ diags(idf.astype(np.float32))).T.tocsr()
    asked = _matrix(examples.questions, n_tokens)
    asked.data[:] = 1

    def search(questions: NDArray[np.int64]) -> NDArray[np.int64]:
        scores = (asked[questions] @ by_token).tocsr()
        best = np.full((len(questions), _N_LOOKED_AT), -1, np.int64)
        for at in range(len(questions)):
            of = slice(scores.indptr[at], scores.indptr[at + 1])
            order = np.argsort(-scores.data[of])[:_N_LOOKED_AT]
            best[at, : len(order)] = scores.indices[of][order]
        return best

    return search


def by_meaning(examples: Examples, embeddings: NDArray[np.float16]) -> Search:
    """Return a search of questions, (n,), for passages, (n, _N_LOOKED_AT), by cosine."""
    sides = []
    for texts in (examples.questions, examples.passages):
        table = torch.from_numpy(np.array(embeddings, np.float32))
        ids = torch.from_numpy(texts.ids.astype(np.int64))
        offsets = torch.from_numpy(texts.offsets[:-1])
        mean = torch.nn.functional.embedding_bag(ids, table, offsets, mode="mean")
        sides.append(torch.nn.functional.normalize(mean, dim=1).bfloat16())

    def search(questions: NDArray[np.int64]) -> NDArray[np.int64]:
        cosine = (sides[0][torch.from_numpy(questions)] @ sides[1].T).float()
        found: NDArray[np.int64] = cosine.topk(_N_LOOKED_AT, 1).indices.numpy()
        return found

    return search


def _is_cross(group: str) -> bool:
    asked, _, told = group.partition("-")
    return asked not in ("set", "none") and asked != told


def _is_wrong(examples: Examples, row: int, passage: int) -> bool:
    if passage in (-1, examples.passage[row]):
        return False
    own = examples.passages.ids[examples.passages.offsets[examples.passage[row]] :]
    answer = own[examples.start[row] : examples.last[row] + 1]
    offsets = examples.passages.offsets[passage : passage + 2]
    other = examples.passages.ids[offsets[0] : offsets[1]]
    places = np.flatnonzero(other[: len(other) - len(answer) + 1] == answer[0])
    return not any(np.array_equal(other[at : at + len(answer)], answer) for at in places)


def _matrix(texts: Texts, n_tokens: int) -> csr_matrix:
    """Return (n_texts, n_tokens) counts."""
    ones = np.ones(len(texts.ids), np.float32)
    shape = (len(texts.offsets) - 1, n_tokens)
    matrix = csr_matrix((ones, texts.ids.astype(np.int32), texts.offsets), shape=shape)
    matrix.sum_duplicates()
    return matrix
