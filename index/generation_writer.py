"""Generation writer: an inventory and the previous generation → a new generation's files.

A file whose size and time are known is not opened, content whose sha256 is known not extracted, a
chunk whose text and headings are known not encoded, and rows that are all known not indexed again.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from index import codes
from index.changes import DocumentChanges
from index.chunking import chunk_document, search_text
from index.codes import CodeQuality
from index.datatypes import Chunk, FailedFile, Problem
from index.dense import DenseIndex, VectorFile
from index.encoder import Encoder
from index.errors import DocumentError, IndexCorruptError, UnreadableError
from index.inventory import Inventory
from index.isolation import IsolatedExtractor
from index.known_terms import KnownTerms
from index.lexical_writer import KEY_BYTES, Cut, LexicalWriter, cut_segments
from index.loading import FoundFile, hash_bytes, load_document, read_bytes
from index.manifest import GenerationPaths, Manifest
from index.pins import Pin
from index.progress import Progress, Stage
from index.row_workers import RowFiles, Wait, Workers, open_workers
from index.sealing import FileEntry, seal_files
from index.settings import IndexSettings
from index.store_writer import StoreWriter
from index.vector_writer import VectorWriter

N_LISTED = 1000  # files of each kind in a report; the counts are those of all


@dataclass(frozen=True, slots=True)
class Previous:
    """The generation that unchanged documents, vectors and segments are taken from."""

    manifest: Manifest
    paths: GenerationPaths
    pin: Pin


@dataclass(slots=True)
class Written:
    """What was written, and what a build did for it."""

    n_read: int = 0
    n_indexed: int = 0  # of those
    n_documents: int = 0
    n_chunks: int = 0
    n_encoded: int = 0
    mean_terms: float = 0.0
    quality: CodeQuality = codes.NO_CODES
    is_new: bool = True  # False: nothing had changed, so nothing but the files' table was written
    changes: DocumentChanges = field(default_factory=lambda: DocumentChanges((), (), (), ()))
    n_changes: dict[str, int] = field(default_factory=dict)  # by kind of change
    problems: tuple[Problem, ...] = ()
    n_problems: int = 0
    sealed: dict[str, FileEntry] = field(default_factory=dict)  # on the disk for certain


class GenerationWriter:
    """Writes one generation's files but the manifest.

    :param encoder: Makes the vectors.
    :param settings: How to chunk.
    :param previous: What may be used again.
    :param tell: Told of each step.
    """

    def __init__(  # noqa: D107 - described with the class
        self,
        encoder: Encoder,
        settings: IndexSettings,
        previous: Previous | None,
        tell: Callable[[Progress], None],
    ) -> None:
        self._encoder = encoder
        self._settings = settings
        self._previous = previous
        self._tell = tell

    def write(self, paths: GenerationPaths, inventory: Inventory, *, is_forced: bool) -> Written:
        """Write everything but the manifest.

        :param paths: An empty generation's.
        :param inventory: The files to index.
        :param is_forced: Write also what would be the previous generation again.
        :return: What was written and done.
        """
        written = Written()
        old_store = self._previous.paths.store if self._previous else None
        with StoreWriter.create(paths.store, inventory, old_store) as store:
            self._read_files(store, written)
            written.problems, written.n_problems = store.problems(N_LISTED), store.n_problems()
            is_suspect = self._previous and not is_forced and not written.n_indexed
            if is_suspect and store.changes_nothing():
                written.is_new = False
                return written
            self._place(store, written)
            if not written.n_documents and not is_forced:
                return written
            store.commit()
            self._write_rows(paths, store, written)
            changes = store.changes()
            written.changes = changes.list(N_LISTED)
            written.n_changes = {
                kind: changes.count(kind) for kind in ("added", "edited", "removed", "renamed")
            }
        return written

    def _read_files(self, store: StoreWriter, written: Written) -> None:
        n_files = store.n_unread()
        with IsolatedExtractor(self._settings) as extractor:
            for file in store.unread():
                self._tell(Progress(Stage.READ, written.n_read, n_files, file.source))
                written.n_read += 1
                self._read(store, file, extractor, written)
        self._tell(Progress(Stage.READ, n_files, n_files))

    def _read(
        self,
        store: StoreWriter,
        file: FoundFile,
        extractor: IsolatedExtractor,
        written: Written,
    ) -> None:
        sha256, started = "", time.monotonic()
        try:
            data = read_bytes(file, self._settings.max_file_bytes)
            sha256 = hash_bytes(data)
            if not store.knows(sha256, file):
                loaded = load_document(file, data, extractor.extract)
                store.add_document(loaded, file, _since(started))
            store.settle(file, sha256)
            written.n_indexed += 1
        except UnreadableError as exc:
            # Size 0 and time 0 match no file, so the next build reads it anew.
            store.settle_failed(FailedFile(file.source, 0, 0, str(exc)))
        except DocumentError as exc:
            seconds = _since(started)
            store.settle_failed(
                FailedFile(file.source, file.size, file.mtime_ns, str(exc), sha256, seconds)
            )

    def _place(self, store: StoreWriter, written: Written) -> None:
        store.place_documents()
        for document in store.fresh():
            chunks = chunk_document(document, self._settings.max_chunk_chars)
            store.add_chunks(document, chunks, [_vector_key(chunk) for chunk in chunks])
        written.n_documents = store.n_documents()
        written.n_chunks = store.place_chunks()

    def _write_rows(self, paths: GenerationPaths, store: StoreWriter, written: Written) -> None:
        n_rows = written.n_chunks
        with ThreadPoolExecutor(2) as beside:  # the disk works while the rest is written
            sealing = {paths.store: beside.submit(seal_files, [paths.store])}
            vectors = VectorWriter(store, n_rows, self._tell)
            self._copy_vectors(paths, vectors, n_rows)
            written.n_encoded = vectors.n_unknown
            files = RowFiles(paths.store, paths.dense, n_rows)
            n_workers = self._settings.n_workers
            with open_workers(files, self._encoder, vectors.n_unknown, n_workers) as workers:
                vectors.encode(workers)
                sealing[paths.dense] = beside.submit(seal_files, [paths.dense])
                lexical = LexicalWriter(
                    paths.lexical, self._previous.paths.lexical if self._previous else None
                )
                known = KnownTerms(self._previous.paths if self._previous else None, vectors.copied)
                parts = _begin_lexical(lexical, store, known, workers, n_rows)
                self._check_dense(paths, written)
                self._write_codes(paths, written)
                written.mean_terms = self._finish_lexical(lexical, parts, n_rows)
            for path, sealed in sealing.items():
                (written.sealed[path.name],) = sealed.result()

    def _copy_vectors(self, paths: GenerationPaths, writer: VectorWriter, n_rows: int) -> None:
        with VectorFile.create(paths.dense, self._encoder.dim, n_rows) as vectors:
            if self._previous is None:
                writer.copy(vectors, None)
                return
            dim, n_old = self._previous.manifest.dim, self._previous.manifest.n_chunks
            with VectorFile.open(self._previous.paths.dense, dim, n_old) as old_vectors:
                writer.copy(vectors, old_vectors)

    def _check_dense(self, paths: GenerationPaths, written: Written) -> None:
        self._tell(Progress(Stage.DENSE, 0, written.n_chunks))
        if DenseIndex.load(paths.dense).n_rows != written.n_chunks:
            raise IndexCorruptError(f"{paths.dense} was not written as it should be.")
        self._tell(Progress(Stage.DENSE, written.n_chunks, written.n_chunks))

    def _write_codes(self, paths: GenerationPaths, written: Written) -> None:
        dim, n_rows = self._encoder.dim, written.n_chunks
        if n_rows < codes.LEAST_ROWS:
            return
        self._tell(Progress(Stage.DENSE, 0, n_rows))
        with VectorFile.open(paths.dense, dim, n_rows) as vectors:
            made = codes.Codes.make(vectors, dim, n_rows)
            written.quality = codes.measure_codes(made, vectors)
        if written.quality.n_scored:
            made.save(paths.codes)
        self._tell(Progress(Stage.DENSE, n_rows, n_rows))

    def _finish_lexical(
        self, writer: LexicalWriter, parts: Sequence[tuple[Cut, Callable[[], None]]], n_rows: int
    ) -> float:
        n_done = 0
        for cut, finish in parts:
            self._tell(Progress(Stage.LEXICAL, n_done, n_rows))
            finish()
            n_done += cut.n_rows
        mean_terms = writer.finish()
        self._tell(Progress(Stage.LEXICAL, n_rows, n_rows))
        return mean_terms


def _begin_lexical(
    writer: LexicalWriter, store: StoreWriter, known: KnownTerms, workers: Workers, n_rows: int
) -> list[tuple[Cut, Callable[[], None]]]:
    """Have new segments written; return what is left to do for each, in row order."""
    parts: list[tuple[Cut, Callable[[], None]]] = []
    row = 0
    for cut in cut_segments(store.vector_keys(), n_rows):
        if found := writer.find(cut):
            parts.append((cut, partial(writer.reuse, found)))
        else:
            folder, stop = writer.folder(), row + cut.n_rows
            wait = workers.write_segment(row, stop, folder, known.find(row, stop))
            parts.append((cut, partial(_take, writer, cut, folder, wait)))
        row += cut.n_rows
    return parts


def _take(writer: LexicalWriter, cut: Cut, folder: Path, wait: Wait) -> None:
    writer.take(cut, folder, wait())


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _vector_key(chunk: Chunk) -> bytes:
    return hashlib.blake2b(search_text(chunk).encode("utf-8"), digest_size=KEY_BYTES).digest()
