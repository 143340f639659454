"""Row work: the rows of a committed store → their vectors, and segments of their terms.

What a build spends its time on. Each piece of it reads nothing but the store and writes nothing
that another one does, so that pieces can be done in any order and by several processes at once.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from index.chunking import search_text
from index.datatypes import Chunk
from index.dense import VectorFile
from index.encoder import Encoder
from index.known_terms import KnownRows
from index.lexical_writer import write_segment
from index.matching import ChunkTerms, cut_chunk
from index.store import ChunkStore
from index.terms_file import TermsFile


class RowWork:
    """Does pieces of work in this process; a context manager, for one thread."""

    def __init__(self, store: Path, vectors: Path, n_rows: int, encoder: Encoder) -> None:
        """Open what is read and written.

        :param store: With all chunks in their rows.
        :param vectors: A file for all rows, from :meth:`index.dense.VectorFile.create`.
        :param n_rows: Their number.
        :param encoder: Makes the vectors.
        """
        self._encoder = encoder
        with ExitStack() as opened:
            self._store = ChunkStore.load(store)
            opened.callback(self._store.close)
            self._vectors = opened.enter_context(
                VectorFile.open(vectors, encoder.dim, n_rows, is_written=True)
            )
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        """Return the work."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files."""
        self._opened.close()

    def encode(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Encode rows and write their vectors.

        :param ranges: Of rows, half-open.
        """
        chunks = chain.from_iterable(self._chunks(start, stop) for start, stop in ranges)
        vectors = self._encoder.encode([search_text(chunk) for chunk in chunks])  # (n, dim)
        at = 0
        for start, stop in ranges:
            self._vectors.write(start, vectors[at : at + stop - start])
            at += stop - start
        self._vectors.flush()

    def write_segment(
        self, start: int, stop: int, folder: Path, known: Sequence[KnownRows] = ()
    ) -> int:
        """Write the terms of rows as a lexical index of one segment.

        :param start: The first row.
        :param stop: One past the last.
        :param folder: For the index; what a process that was killed left there goes.
        :param known: The rows among them, in order, that need not be cut into terms.
        :return: Number of terms.
        """
        shutil.rmtree(folder, ignore_errors=True)
        return write_segment(folder, self._terms(start, stop, known))

    def _terms(self, start: int, stop: int, known: Sequence[KnownRows]) -> Iterator[ChunkTerms]:
        row = start
        for rows in known:
            yield from self._cut(row, rows.first_row)
            file = TermsFile(Path(rows.path), rows.n_held)
            yield from map(file.read, range(rows.at, rows.at + rows.n_rows))
            row = rows.first_row + rows.n_rows
        yield from self._cut(row, stop)

    def _cut(self, start: int, stop: int) -> Iterator[ChunkTerms]:
        return ChunkTerms.of(map(cut_chunk, self._chunks(start, stop)))

    def _chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        return (stored.chunk for stored in self._store.rows(start, stop))
