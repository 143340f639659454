"""Codes: unit vectors → a bit for each dimension, with which all rows are looked through quickly.

Of a million rows an exact search reads a gigabyte, 85 ms on one core. Their codes are 32 megabytes
and take 4 ms, the best 2,000 of them are scored exactly in another 1.5, so every score is exact and
only a row may be missed. A random rotation makes the coordinates of any unit vector about normal,
so that their signs are the best code of that size (RaBitQ, Gao and Long 2024); FAISS looks them up
32 rows at a time (PQ fast scan, André et al. 2015). Nothing is learnt from the rows: any sequence
of builds gives the codes of a full build, which an inverted file with its trained cells does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from index.dense import Matrix, VectorFile
from index.errors import IndexCorruptError

LEAST_ROWS = 50_000  # below, an exact search takes less than 5 ms
_BITS = 4  # to a look-up: as many dimensions, a sign each
_SEED = 1
_BLOCK = 2048  # rows read at once
_N_ASKED = 32  # rows whose nearest ones are looked for, to measure
_N_NEAREST = 10
_LEAST_RECALL = 0.99
_N_SCORED = (2000, 4000, 8000)


@dataclass(frozen=True, slots=True)
class CodeQuality:
    """How many rows have to be scored exactly, and how many of the nearest are then found."""

    n_scored: int  # 0: all, the codes would miss too many
    recall: float  # of the ten nearest of rows that were asked for


NO_CODES = CodeQuality(0, 1.0)


class Codes:
    """The codes of all rows."""

    def __init__(self, index: Any) -> None:  # noqa: ANN401
        """Hold a FAISS index; use :meth:`make` or :meth:`load`.

        :param index: The FAISS index (the library has no types).
        """
        self._index = index

    @classmethod
    def make(cls, vectors: VectorFile, dim: int, n_rows: int) -> Self:
        """Compute the codes of all rows.

        :param vectors: The rows.
        :param dim: Their width.
        :param n_rows: Their number.
        """
        index = _make_empty(dim)
        for start in range(0, n_rows, _BLOCK):
            index.add(vectors.read(start, min(_BLOCK, n_rows - start)))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read codes.

        :param path: From :meth:`save`.
        :raises IndexCorruptError: When FAISS cannot read it.
        """
        try:
            return cls(faiss.deserialize_index(np.fromfile(path, np.uint8)))
        except (OSError, ValueError, RuntimeError) as exc:
            raise IndexCorruptError(f"{path} cannot be read. Run: yiju index --full") from exc

    def save(self, path: Path) -> None:
        """Write the codes.

        :param path: A file.
        """
        faiss.serialize_index(self._index).tofile(path)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self._index.ntotal)

    def search(self, vector: NDArray[np.float32], n_rows: int) -> NDArray[np.int64]:
        """Find the rows whose codes are nearest.

        :param vector: (dim,) float32.
        :param n_rows: How many.
        :return: At most so many row numbers, best first.
        """
        _, rows = self._index.search(vector[None], min(n_rows, self.n_rows))
        found: NDArray[np.int64] = rows[0][rows[0] >= 0]
        return found


def measure_codes(codes: Codes, vectors: VectorFile) -> CodeQuality:
    """Find how many rows have to be scored exactly, asking for what is nearest to some of them.

    :param codes: Of all rows.
    :param vectors: The rows.
    :return: The smallest number that finds 99 % of the nearest, and the share that it finds.
    """
    at = np.unique(np.linspace(0, codes.n_rows - 1, _N_ASKED).astype(int))
    asked = np.concatenate([vectors.read(int(row), 1) for row in at])  # (n, dim)
    found = [codes.search(vector, _N_SCORED[-1]) for vector in asked]
    n_nearest = min(_N_NEAREST, codes.n_rows)
    least, scores = _score(asked, found, vectors, codes.n_rows)
    shares = np.zeros(len(_N_SCORED))
    for own, score in zip(scores, least, strict=True):
        # Rows of equal vectors are equally near, whichever of them are found.
        n_found = [np.sum(own[:n_scored] >= score) for n_scored in _N_SCORED]
        shares += np.minimum(n_found, n_nearest)
    shares /= n_nearest * len(asked)
    for n_scored, share in zip(_N_SCORED, shares, strict=True):
        if share >= _LEAST_RECALL:
            return CodeQuality(n_scored, round(float(share), 4))
    return NO_CODES


def _make_empty(dim: int) -> Any:  # noqa: ANN401 - FAISS has no types
    wide = -(-dim // 8) * 8
    rotation = faiss.RandomRotationMatrix(dim, wide)
    rotation.init(_SEED)
    signs = faiss.IndexPQFastScan(wide, wide // _BITS, _BITS, faiss.METRIC_INNER_PRODUCT)
    numbers = np.arange(2**_BITS)[:, None] >> np.arange(_BITS) & 1  # (16, 4) bits of each code
    centroids = np.where(numbers, 1, -1).astype(np.float32) / np.float32(np.sqrt(wide))
    every = np.tile(centroids, (wide // _BITS, 1, 1))  # (n_lookups, 16, 4)
    faiss.copy_array_to_vector(every.ravel(), signs.pq.centroids)
    signs.is_trained = True
    return faiss.IndexPreTransform(rotation, signs)


def _score(
    asked: Matrix, found: Sequence[NDArray[np.int64]], vectors: VectorFile, n_rows: int
) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Look at all rows, reading each once: mapped, all would lie in memory.

    :return: Of each vector the score of its tenth nearest row, and those of the rows found for it.
    """
    best = np.full((len(asked), _N_NEAREST), -np.inf, np.float32)
    scores = [np.empty(len(rows), np.float32) for rows in found]
    for start in range(0, n_rows, _BLOCK):
        block = vectors.read(start, min(_BLOCK, n_rows - start))
        products = asked @ block.T  # (n, len(block))
        for own, rows, here in zip(scores, found, products, strict=True):
            is_here = (rows >= start) & (rows < start + len(block))
            own[is_here] = here[rows[is_here] - start]
        both = np.concatenate([best, products], axis=1)
        best = -np.partition(-both, _N_NEAREST - 1, axis=1)[:, :_N_NEAREST]
    # By BLAS the last bits depend on a row's place in its block, so equal rows may differ in them.
    least: NDArray[np.float32] = best.min(axis=1) - np.float32(1e-5)
    return least, scores
