"""Dense channel: vectors ↔ a FAISS index, searched by inner product of unit rows (cosine)."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import IndexCorruptError

_N_ROWS_AT = 8  # after the kind of index and its width
_MOST_COPIED = 10_000  # rows to be scored, 10 MB; more are scored where they lie

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Row numbers with their scores, best first; equal scores by row."""

    rows: NDArray[np.int64]  # (n,)
    scores: NDArray[np.float32]  # (n,)

    @classmethod
    def empty(cls) -> Self:
        """Return a ranking of nothing."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))


class VectorFile:
    """The rows of a flat FAISS index on disk, written and read in blocks.

    FAISS itself makes a flat index in memory only. Its file is a head, which FAISS gives for an
    index without rows, and the rows one after the other (``faiss/impl/index_write.cpp``); the head
    names their number twice.
    """

    def __init__(self, stream: BinaryIO, dim: int, n_rows: int) -> None:
        """Hold an open file; use :meth:`create` or :meth:`open`.

        :param stream: The file.
        :param dim: Width of a row.
        :param n_rows: Number of rows.
        """
        self._stream = stream
        self._dim = dim
        self._n_head = len(_head(dim, n_rows))

    @classmethod
    @contextmanager
    def create(cls, path: Path, dim: int, n_rows: int) -> Iterator[Self]:
        """Begin a file; rows that are never written are zeros.

        :param path: The file.
        :param dim: Width of a row.
        :param n_rows: Number of rows.
        """
        with path.open("wb") as stream:
            head = _head(dim, n_rows)
            stream.write(head)
            stream.truncate(len(head) + 4 * dim * n_rows)
            yield cls(stream, dim, n_rows)

    @classmethod
    @contextmanager
    def open(cls, path: Path, dim: int, n_rows: int, *, is_written: bool = False) -> Iterator[Self]:
        """Open a file for reading.

        :param path: The file.
        :param dim: Width of a row.
        :param n_rows: Number of rows.
        :param is_written: Also for writing; several may, each its own rows.
        :raises IndexCorruptError: When it holds anything else.
        """
        head = _head(dim, n_rows)
        with path.open("r+b" if is_written else "rb") as stream:
            if stream.read(len(head)) != head:
                raise _corrupt(path)
            yield cls(stream, dim, n_rows)

    def read(self, start: int, n_rows: int) -> Matrix:
        """Read rows.

        :param start: The first one's number.
        :param n_rows: Their number.
        :return: (n_rows, dim) float32.
        """
        self._stream.seek(self._n_head + 4 * self._dim * start)
        data = self._stream.read(4 * self._dim * n_rows)
        return np.frombuffer(data, "<f4").reshape(n_rows, self._dim)

    def write(self, start: int, vectors: Matrix) -> None:
        """Write rows.

        :param start: The first one's number.
        :param vectors: (n, dim) float32.
        """
        self._stream.seek(self._n_head + 4 * self._dim * start)
        self._stream.write(np.ascontiguousarray(vectors, "<f4").data)

    def flush(self) -> None:
        """Let other processes see what was written."""
        self._stream.flush()


class DenseIndex:
    """A loaded FAISS index over the chunks' vectors."""

    def __init__(self, index: Any, buffer: NDArray[np.uint8] | None = None) -> None:  # noqa: ANN401
        """Hold a FAISS index; use :meth:`load`.

        :param index: The FAISS index (the library has no types).
        :param buffer: The mapped bytes it reads from, kept alive beside it.
        """
        self._index = index
        self._buffer = buffer

    @classmethod
    def load(cls, path: Path) -> Self:
        """Map an index from disk.

        FAISS itself cannot open non-ASCII paths on Windows, so Python maps the file.

        :param path: Written as a :class:`VectorFile`.
        :return: The index.
        :raises IndexCorruptError: When FAISS cannot read it.
        """
        try:
            buffer = np.memmap(path, np.uint8, "r")
            reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(buffer), buffer.size)
            return cls(faiss.read_index(reader), buffer)
        except (OSError, ValueError, RuntimeError) as exc:
            raise _corrupt(path) from exc

    @property
    def n_rows(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    def search(
        self,
        vector: NDArray[np.float32],
        top_k: int,
        among: NDArray[np.int64] | None = None,
    ) -> Ranking:
        """Find the nearest rows.

        :param vector: (dim,) float32; all zeros (a question without tokens) finds nothing.
        :param top_k: Number of rows wanted.
        :param among: (n,) rows that may be found; all when None.
        :return: At most top_k rows with their cosines.
        """
        n_wanted = min(top_k, self.n_rows)
        if n_wanted < 1 or not vector.any():
            return Ranking.empty()
        if among is not None and len(among) > _MOST_COPIED:
            return self._search_within(vector, n_wanted, among)
        if among is not None:
            cosines = self.score(vector, among.tolist())
            best = np.lexsort((among, -cosines))[:n_wanted]
            return Ranking(among[best], cosines[best])
        return self._search(vector, n_wanted)

    def _search_within(
        self, vector: NDArray[np.float32], n_wanted: int, among: NDArray[np.int64]
    ) -> Ranking:
        is_among = np.zeros(self.n_rows, np.bool_)
        is_among[among] = True
        bits = np.packbits(is_among, bitorder="little")  # kept while it is searched
        chosen = faiss.IDSelectorBitmap(self.n_rows, faiss.swig_ptr(bits))
        return self._search(vector, n_wanted, params=faiss.SearchParameters(sel=chosen))

    def _search(self, vector: NDArray[np.float32], n_wanted: int, **options: object) -> Ranking:
        scores, rows = self._index.search(vector[None].astype(np.float32), n_wanted, **options)
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


def _head(dim: int, n_rows: int) -> bytes:
    head = bytearray(faiss.serialize_index(faiss.IndexFlatIP(dim)))
    struct.pack_into("<q", head, _N_ROWS_AT, n_rows)
    struct.pack_into("<Q", head, len(head) - 8, n_rows * dim)
    return bytes(head)


def _corrupt(path: Path) -> IndexCorruptError:
    return IndexCorruptError(f"{path} is not a readable FAISS index. Run: yiju index --full")
