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

from array import array
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexCorruptError
from index.matching import ChunkTerms, CutChunk, number_terms
from index.scripts import N_SCRIPTS

SUFFIX = ".numbered"  # beside a segment's other files
_MAGIC = b"YIJUTRM1"
_HEAD = 32
_BLOCK = 32  # rows whose terms are numbered at once: in the cache it takes less than half as long


class TermsWriter:
    """Collects the rows of a segment."""

    def __init__(self) -> None:
        """Begin without rows."""
        self._joined: list[str] = []
        self._lengths = array("I")  # of sentences
        self._scripts = array("I")
        self._n_terms = array("I")  # of rows
        self._n_sentences = array("I")

    def add(self, chunk: CutChunk, joined: str) -> int:
        """Add a row.

        :param chunk: Its terms.
        :param joined: The same terms, :attr:`index.matching.CutChunk.joined`.
        :return: Their number.
        """
        lengths = [len(terms) for terms in chunk.sentences]
        n_terms = sum(lengths)
        self._joined.append(joined)
        self._lengths.extend(lengths)
        self._n_terms.append(n_terms)
        self._n_sentences.append(len(lengths))
        self._scripts.extend(chunk.scripts)
        return n_terms

    def save(self, path: Path) -> None:
        """Write the file.

        :param path: The segment's, with :data:`SUFFIX`.
        """
        blocks = range(0, len(self._joined), _BLOCK)
        parts = [number_terms("".join(self._joined[at : at + _BLOCK])) for at in blocks]
        numbers = np.concatenate([np.empty(0, np.uint32), *parts])
        sizes = (len(self._n_terms), len(numbers), len(self._lengths))
        columns = (
            np.concatenate([[0], np.cumsum(self._n_terms)]),
            np.concatenate([[0], np.cumsum(self._n_sentences)]),
            self._lengths,
            self._scripts,
            numbers,
        )
        with path.open("wb") as stream:
            stream.write(_MAGIC + np.array(sizes, "<u8").tobytes())
            for column in columns:
                stream.write(np.asarray(column, "<u4").data)


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
