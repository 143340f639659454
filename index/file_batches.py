"""File batches: a found file → everything that any store keeps of it, in one piece.

A local index settles all files first and shares vectors and segments between generations
(``index.generation_writer``). Where the files are spread over machines, or the store is an engine
that keeps rows by their ids, a file is one piece of work instead: it is loaded, cut into chunks,
encoded and segmented in one place, and what comes out can be written in any order, twice if need
be.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.chunking import chunk_document, search_text
from index.datatypes import Chunk
from index.encoder import Encoder
from index.errors import DocumentError
from index.isolation import IsolatedExtractor
from index.loading import FoundFile, LoadedDocument, hash_bytes, load_document, read_bytes
from index.normalization import fold_text
from index.segmentation import extract_terms
from index.settings import IndexSettings


@dataclass(frozen=True, slots=True)
class FileBatch:
    """What one file becomes."""

    file: FoundFile
    sha256: str  # of its bytes; "" when they could not be read
    error: str  # why it cannot be indexed; "" when it can
    loaded: LoadedDocument | None  # None when it cannot
    chunks: tuple[Chunk, ...]
    vectors: NDArray[np.float32]  # (n, dim) unit rows
    terms: tuple[tuple[str, ...], ...]  # of each chunk, repeated as often as they occur


class Engine(Protocol):
    """Makes batches of files, wherever that is done."""

    def run(self, files: Iterable[FoundFile]) -> Iterator[FileBatch]:
        """Make each file's batch.

        :param files: The files, taken as they are needed.
        :return: A batch for every file, in any order.
        """
        ...


class LocalEngine:
    """Makes batches in this process, one after the other."""

    def __init__(self, encoder: Encoder, settings: IndexSettings) -> None:
        """Prepare.

        :param encoder: Makes the vectors.
        :param settings: How to load and chunk.
        """
        self._encoder = encoder
        self._settings = settings

    def run(self, files: Iterable[FoundFile]) -> Iterator[FileBatch]:
        """Make each file's batch, in the files' order."""
        with IsolatedExtractor(self._settings) as extractor:
            for file in files:
                yield make_batch(file, self._encoder, self._settings, extractor)


def make_batch(
    file: FoundFile, encoder: Encoder, settings: IndexSettings, extractor: IsolatedExtractor
) -> FileBatch:
    """Load a file and make its chunks, vectors and terms.

    :param file: The file.
    :param encoder: Makes the vectors.
    :param settings: How to load and chunk.
    :param extractor: Reads the risky formats.
    :return: The batch; with an error instead of chunks when the file cannot be read.
    """
    sha256 = ""
    try:
        data = read_bytes(file, settings.max_file_bytes)
        sha256 = hash_bytes(data)
        loaded = load_document(file, data, extractor.extract)
    except DocumentError as exc:
        return FileBatch(
            file, sha256, str(exc), None, (), np.empty((0, encoder.dim), np.float32), ()
        )
    chunks = tuple(chunk_document(loaded.document, settings.max_chunk_chars))
    texts = [search_text(chunk) for chunk in chunks]
    terms = tuple(tuple(extract_terms(fold_text(text))) for text in texts)
    return FileBatch(file, sha256, "", loaded, chunks, encoder.encode(texts), terms)
