"""Generation writer: scanned files and the previous generation → a new generation's files.

An unchanged file is not opened and its chunks keep their rows' vectors; a changed one is read and
chunked, and of its chunks only those whose text or headings are new are encoded.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.chunking import chunk_document, search_text
from index.datatypes import Chunk, DocumentInfo, PlaceKind, Problem
from index.dense import DenseIndex
from index.encoder import Encoder
from index.errors import DocumentError, UnreadableError
from index.isolation import IsolatedExtractor
from index.lexical import LexicalIndex
from index.loading import FoundFile, LoadedDocument, Scan, hash_bytes, load_document, read_bytes
from index.manifest import FailedFile, GenerationPaths, Manifest, describe_folder, utc_now
from index.normalization import fold_text
from index.progress import Progress, Stage
from index.segmentation import extract_terms
from index.settings import IndexSettings
from index.store import ChunkStore

_ENCODE_BATCH = 1024  # chunks
_PAGES = (PlaceKind.PAGE, PlaceKind.SLIDE, PlaceKind.SHEET)

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Previous:
    """The generation that unchanged documents and vectors are taken from."""

    manifest: Manifest
    store: ChunkStore
    vectors: Matrix


@dataclass(slots=True)
class Tally:
    """What a build finds out as it goes through the files."""

    documents: list[DocumentInfo]
    failed: list[FailedFile]
    added: list[str]
    changed: list[str]
    n_read: int = 0
    n_rows: int = 0
    n_encoded: int = 0


class GenerationWriter:
    """Writes one generation's files.

    :param documents_dir: The documents' folder.
    :param encoder: Makes the vectors.
    :param settings: How to chunk.
    :param previous: What may be used again.
    :param tell: Told of each step.
    """

    def __init__(  # noqa: D107 - described with the class
        self,
        documents_dir: Path,
        encoder: Encoder,
        settings: IndexSettings,
        previous: Previous | None,
        tell: Callable[[Progress], None],
    ) -> None:
        self._documents_dir = documents_dir
        self._encoder = encoder
        self._settings = settings
        self._previous = previous
        self._tell = tell
        self._known = {d.source: d for d in previous.manifest.documents} if previous else {}
        self._known_failed = {f.source: f for f in previous.manifest.failed} if previous else {}

    def write(
        self, paths: GenerationPaths, scan: Scan, generation: str, index_dir: Path
    ) -> tuple[Manifest, Tally]:
        """Write everything but the manifest.

        :param paths: An empty generation's.
        :param scan: The files to index.
        :param generation: Its name.
        :param index_dir: The index's folder.
        :return: The manifest to publish it with, and what was done.
        """
        tally = Tally([], [], [], [])
        store = ChunkStore.create(paths.store)
        with IsolatedExtractor(self._settings) as extractor:
            for done, file in enumerate(scan.files):
                self._tell(Progress(Stage.READ, done, len(scan.files), file.source))
                self._add_file(store, file, tally, extractor)
        self._tell(Progress(Stage.READ, len(scan.files), len(scan.files)))
        store.index_keys()
        vectors = self._write_vectors(paths, store, tally)
        self._tell(Progress(Stage.DENSE, 0, tally.n_rows))
        DenseIndex.build(vectors).save(paths.dense)
        self._tell(Progress(Stage.DENSE, tally.n_rows, tally.n_rows))
        lexical = LexicalIndex.build(paths.lexical, self._terms(store, tally.n_rows))
        store.close()
        manifest = Manifest(
            generation=generation,
            documents_dir=describe_folder(self._documents_dir, index_dir),
            created_at=utc_now(),
            encoder=self._settings.encoder,
            encoder_fingerprint=self._encoder.fingerprint,
            dim=self._encoder.dim,
            max_chunk_chars=self._settings.max_chunk_chars,
            n_chunks=tally.n_rows,
            mean_terms=lexical.mean_terms,
            documents=tuple(tally.documents),
            failed=tuple(tally.failed),
            problems=list_problems(scan, tally.failed),
        )
        return manifest, tally

    def _add_file(
        self, store: ChunkStore, file: FoundFile, tally: Tally, extractor: IsolatedExtractor
    ) -> None:
        known = self._known.get(file.source)
        failed = self._known_failed.get(file.source)
        if known and _is_same(known, file):
            self._copy(store, known, tally)
        elif failed and _is_same(failed, file):
            tally.failed.append(failed)
        else:
            tally.n_read += 1
            try:
                data = read_bytes(file, self._settings.max_file_bytes)
            except UnreadableError as exc:
                tally.failed.append(_try_again(file, exc))
            else:
                self._read(store, file, data, tally, extractor)

    def _read(
        self,
        store: ChunkStore,
        file: FoundFile,
        data: bytes,
        tally: Tally,
        extractor: IsolatedExtractor,
    ) -> None:
        known = self._known.get(file.source)
        sha256 = hash_bytes(data)
        if known and known.sha256 == sha256:
            self._copy(store, replace(known, size=file.size, mtime_ns=file.mtime_ns), tally)
            return
        started = time.monotonic()
        try:
            loaded = load_document(file, data, extractor.extract)
        except UnreadableError as exc:
            tally.failed.append(_try_again(file, exc))
            return
        except DocumentError as exc:
            seconds = _since(started)
            tally.failed.append(
                FailedFile(file.source, file.size, file.mtime_ns, str(exc), sha256, seconds)
            )
            return
        seconds = _since(started)
        chunks = chunk_document(loaded.document, self._settings.max_chunk_chars)
        store.add_document(loaded.document, loaded.encoding)
        self._add_chunks(store, chunks, tally)
        (tally.changed if known else tally.added).append(file.source)
        tally.documents.append(_describe(loaded, file, n_chunks=len(chunks), seconds=seconds))

    def _copy(self, store: ChunkStore, info: DocumentInfo, tally: Tally) -> None:
        assert self._previous is not None  # only a previous generation knows a document
        old = self._previous.store
        store.add_document(old.document(info.doc_id), info.encoding)
        self._add_chunks(store, [stored.chunk for stored in old.iterate(info.doc_id)], tally)
        tally.documents.append(info)

    def _add_chunks(self, store: ChunkStore, chunks: list[Chunk], tally: Tally) -> None:
        keys = [_vector_key(chunk) for chunk in chunks]
        store.add_chunks(tally.n_rows, chunks, keys)
        tally.n_rows += len(chunks)

    def _write_vectors(self, paths: GenerationPaths, store: ChunkStore, tally: Tally) -> Matrix:
        n_rows, dim = tally.n_rows, self._encoder.dim
        if not n_rows:  # an empty file cannot be mapped
            np.save(paths.vectors, np.empty((0, dim), np.float32), allow_pickle=False)
            return np.empty((0, dim), np.float32)
        vectors: Matrix
        vectors = np.lib.format.open_memmap(paths.vectors, "w+", np.float32, (n_rows, dim))
        for start in range(0, n_rows, _ENCODE_BATCH):
            self._tell(Progress(Stage.ENCODE, start, n_rows))
            rows = range(start, min(start + _ENCODE_BATCH, n_rows))
            tally.n_encoded += self._fill(vectors, store, rows)
        vectors.flush()
        self._tell(Progress(Stage.ENCODE, n_rows, n_rows))
        return vectors

    def _fill(
        self,
        vectors: Matrix,
        store: ChunkStore,
        rows: range,
    ) -> int:
        keys = store.vector_keys(rows.start, rows.stop)
        known = self._previous.store.rows_by_key(keys) if self._previous else {}
        missing = [row for row, key in zip(rows, keys, strict=True) if key not in known]
        if self._previous:
            kept = [row for row, key in zip(rows, keys, strict=True) if key in known]
            vectors[kept] = self._previous.vectors[[known[keys[row - rows.start]] for row in kept]]
        if missing:
            texts = [search_text(stored.chunk) for stored in store.chunks(missing)]
            vectors[missing] = self._encoder.encode(texts)
        return len(missing)

    def _terms(self, store: ChunkStore, n_rows: int) -> Iterator[list[str]]:
        for stored in store.iterate():
            if stored.row % _ENCODE_BATCH == 0:
                self._tell(Progress(Stage.LEXICAL, stored.row, n_rows))
            yield extract_terms(fold_text(search_text(stored.chunk)))
        self._tell(Progress(Stage.LEXICAL, n_rows, n_rows))


def list_problems(scan: Scan, failed: Iterable[FailedFile]) -> tuple[Problem, ...]:
    """Return everything that was left out, sorted by source."""
    unreadable = [Problem(entry.source, entry.message) for entry in failed]
    return tuple(sorted([*scan.problems, *unreadable], key=lambda problem: problem.source))


def _describe(
    loaded: LoadedDocument, file: FoundFile, *, n_chunks: int, seconds: float
) -> DocumentInfo:
    document = loaded.document
    pages = [place for place in document.places if place.kind in _PAGES]
    return DocumentInfo(
        doc_id=document.doc_id,
        source=document.source,
        title=document.title,
        media_type=document.media_type,
        encoding=loaded.encoding,
        sha256=document.sha256,
        text_sha256=hash_bytes(document.text.encode("utf-8")),
        size=file.size,
        mtime_ns=file.mtime_ns,
        n_chars=len(document.text),
        n_chunks=n_chunks,
        n_pages=len(pages),
        n_empty_pages=sum(not page.span.of(document.text).strip() for page in pages),
        seconds=seconds,
        warnings=loaded.warnings,
    )


def _try_again(file: FoundFile, exc: UnreadableError) -> FailedFile:
    # Size 0 and time 0 match no file, so the next build reads it anew.
    return FailedFile(file.source, 0, 0, str(exc))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _vector_key(chunk: Chunk) -> bytes:
    return hashlib.blake2b(search_text(chunk).encode("utf-8"), digest_size=16).digest()


def _is_same(known: DocumentInfo | FailedFile, file: FoundFile) -> bool:
    return (known.size, known.mtime_ns) == (file.size, file.mtime_ns)
