"""Dense channel: vectors ↔ a FAISS index, searched by inner product of unit rows (cosine)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import IndexCorruptError


@dataclass(frozen=True, slots=True)
class Ranking:
    """Row numbers with their scores, best first; equal scores by row."""

    rows: NDArray[np.int64]  # (n,)
    scores: NDArray[np.float32]  # (n,)

    @classmethod
    def empty(cls) -> Self:
        """Return a ranking of nothing."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))


class DenseIndex:
    """A loaded FAISS index over the chunks' vectors."""

    def __init__(self, index: Any, buffer: NDArray[np.uint8] | None = None) -> None:  # noqa: ANN401
        """Hold a FAISS index; use :meth:`build` or :meth:`load`.

        :param index: The FAISS index (the library has no types).
        :param buffer: The mapped bytes it reads from, kept alive beside it.
        """
        self._index = index
        self._buffer = buffer

    @classmethod
    def build(cls, vectors: NDArray[np.float32]) -> Self:
        """Make an exact index.

        :param vectors: (n_chunks, dim) float32, unit rows.
        :return: The index, rows numbered from 0.
        """
        index = faiss.IndexFlatIP(vectors.shape[1])
        if len(vectors):
            index.add(np.ascontiguousarray(vectors))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Map an index from disk.

        FAISS itself cannot open non-ASCII paths on Windows, so Python maps the file.

        :param path: Written by :meth:`save`.
        :return: The index.
        :raises IndexCorruptError: When FAISS cannot read it.
        """
        try:
            buffer = np.memmap(path, np.uint8, "r")
            reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(buffer), buffer.size)
            return cls(faiss.read_index(reader), buffer)
        except (OSError, ValueError, RuntimeError) as exc:
            raise IndexCorruptError(
                f"{path} is not a readable FAISS index. Run: yiju index --full"
            ) from exc

    def save(self, path: Path) -> None:
        """Write the index.

        :param path: The file to write.
        """
        path.write_bytes(memoryview(faiss.serialize_index(self._index)))

    @property
    def n_rows(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    def search(self, vector: NDArray[np.float32], top_k: int) -> Ranking:
        """Find the nearest rows.

        :param vector: (dim,) float32; all zeros (a question without tokens) finds nothing.
        :param top_k: Number of rows wanted.
        :return: At most top_k rows with their cosines.
        """
        n_wanted = min(top_k, self.n_rows)
        if n_wanted < 1 or not vector.any():
            return Ranking.empty()
        scores, rows = self._index.search(vector[None].astype(np.float32), n_wanted)
        found = rows[0] >= 0
        order = np.lexsort((rows[0][found], -scores[0][found]))
        return Ranking(rows[0][found][order], scores[0][found][order])

    def score(self, vector: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
        """Compute the cosine of given rows.

        :param vector: (dim,) float32.
        :param rows: Row numbers.
        :return: (len(rows),) float32.
        """
        if not rows:
            return np.empty(0, np.float32)
        vectors = self._index.reconstruct_batch(np.asarray(rows, np.int64))  # (n, dim)
        # Not by BLAS: there a row's last bits depend on its place, and equal chunks would not tie.
        return np.asarray((vectors * vector).sum(axis=1), np.float32)
