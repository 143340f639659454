"""Terms file: the terms of a lexical segment's rows, ready to be matched with a question's.

Cutting the text of a hundred candidates into terms takes 20 ms, reading what was cut at build time
takes 1. The file lies beside the segment, named like it, and is shared between generations with it.

    magic 8 bytes, rows, terms, sentences: 64 bits each; then, all 32 bits, little-endian:
    first term of each row, and the number of terms
    first sentence of each row, and the number of sentences
    terms in each sentence; each row's first sentence are its headings
    units of each script in each row (N_SCRIPTS)
    terms (:func:`index.matching.number_terms`)
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexCorruptError
from index.matching import ChunkTerms
from index.scripts import N_SCRIPTS

SUFFIX = ".numbered"  # beside a segment's other files
_MAGIC = b"YIJUTRM1"
_HEAD = 32
_SPOOLED_BYTES = 1 << 22  # in memory; what most segments have is less


class TermsWriter:
    """Collects the rows of a segment; a context manager.

    Most of it are the terms, which wait in a file of their own: a segment may have 32,768 rows.
    """

    def __init__(self, folder: Path) -> None:
        """Begin without rows.

        :param folder: For that file; the system's own for such may lie in memory.
        """
        self._terms = SpooledTemporaryFile(_SPOOLED_BYTES, dir=str(folder))  # noqa: SIM115 - __exit__
        self._n_terms: list[int] = []
        self._lengths: list[NDArray[np.uint32]] = []
        self._scripts: list[NDArray[np.uint32]] = []

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the terms go."""
        self._terms.close()

    def add(self, row: ChunkTerms) -> None:
        """Add a row.

        :param row: Its terms.
        """
        self._terms.write(row.numbers.astype("<u4", copy=False).data)
        self._n_terms.append(len(row.numbers))
        self._lengths.append(row.lengths)
        self._scripts.append(row.scripts)

    def save(self, path: Path) -> None:
        """Write the file; nothing may be added any more.

        :param path: The segment's, with :data:`SUFFIX`.
        """
        n_sentences = [len(own) for own in self._lengths]
        columns = (
            _join([np.cumsum([0, *self._n_terms])]),
            _join([np.cumsum([0, *n_sentences])]),
            _join(self._lengths),
            _join(self._scripts),
        )
        sizes = (len(self._n_terms), sum(self._n_terms), sum(n_sentences))
        with path.open("wb") as stream:
            stream.write(_MAGIC + np.array(sizes, "<u8").tobytes())
            for column in columns:
                stream.write(column.data)
            self._terms.seek(0)
            shutil.copyfileobj(self._terms, stream)


def _join(parts: Sequence[NDArray[np.integer]]) -> NDArray[np.uint32]:
    """Join arrays as the file has them."""
    return np.concatenate([np.empty(0, "<u4"), *parts], dtype="<u4", casting="unsafe")


class TermsFile:
    """A mapped file."""

    def __init__(self, path: Path, n_rows: int) -> None:
        """Map a file.

        :param path: From :meth:`TermsWriter.save`.
        :param n_rows: That it must have.
        :raises IndexCorruptError: When it is not such a file.
        """
        try:
            content = np.asarray(np.memmap(path, np.uint8, "r"))
            self._take(content, n_rows)
        except (OSError, ValueError) as exc:
            raise IndexCorruptError(f"{path} is damaged. Run: yiju index --full") from exc

    def _take(self, content: NDArray[np.uint8], n_rows: int) -> None:
        found, n_terms, n_sentences = (int(size) for size in content[8:_HEAD].view("<u8"))
        sizes = (found + 1, found + 1, n_sentences, found * N_SCRIPTS, n_terms)
        whole = len(content) == _HEAD + 4 * sum(sizes)
        if content[:8].tobytes() != _MAGIC or found != n_rows or not whole:
            raise ValueError("not a terms file")
        ends = np.cumsum(sizes)[:-1]
        numbers = content[_HEAD:].view("<u4")
        self._terms_at, self._sentences_at, self._lengths, scripts, self._terms = np.split(
            numbers, ends
        )
        self._scripts = scripts.reshape(-1, N_SCRIPTS)
        for starts, end in ((self._terms_at, n_terms), (self._sentences_at, n_sentences)):
            if starts[0] or starts[-1] != end or (starts[1:] < starts[:-1]).any():
                raise ValueError("its rows overlap")

    def read(self, row: int) -> ChunkTerms:
        """Return a row's terms.

        :param row: In [0, n_rows) of the segment.
        """
        start, end = self._terms_at[row : row + 2].tolist()
        first, last = self._sentences_at[row : row + 2].tolist()
        return ChunkTerms(self._terms[start:end], self._lengths[first:last], self._scripts[row])
