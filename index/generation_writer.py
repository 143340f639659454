"""Generation writer: scanned files and the previous generation → a new generation's files.

An unchanged file is not opened and its chunks keep their rows' vectors; a changed one is read and
chunked, and of its chunks only those whose text or headings are new are encoded.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.chunking import chunk_document, search_text
from index.datatypes import Chunk, DocumentInfo, Problem
from index.dense import DenseIndex
from index.encoder import Encoder
from index.errors import DocumentError, UnreadableError
from index.lexical import LexicalIndex
from index.loading import FoundFile, Scan, hash_bytes, load_document, read_bytes
from index.manifest import FailedFile, GenerationPaths, Manifest, describe_folder, utc_now
from index.normalization import fold_text
from index.progress import Progress, Stage
from index.segmentation import extract_terms
from index.settings import IndexSettings
from index.store import ChunkStore

_ENCODE_BATCH = 1024  # chunks

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Previous:
    """The generation that unchanged documents and vectors are taken from."""

    manifest: Manifest
    store: ChunkStore
    vectors: Matrix


@dataclass(slots=True)
class Ledger:
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
    ) -> tuple[Manifest, Ledger]:
        """Write everything but the manifest.

        :param paths: An empty generation's.
        :param scan: The files to index.
        :param generation: Its name.
        :param index_dir: The index's folder.
        :return: The manifest to publish it with, and what was done.
        """
        ledger = Ledger([], [], [], [])
        store = ChunkStore.create(paths.store)
        for done, file in enumerate(scan.files):
            self._tell(Progress(Stage.READ, done, len(scan.files), file.source))
            self._add_file(store, file, ledger)
        self._tell(Progress(Stage.READ, len(scan.files), len(scan.files)))
        store.index_keys()
        vectors = self._write_vectors(paths, store, ledger)
        self._tell(Progress(Stage.DENSE, 0, ledger.n_rows))
        DenseIndex.build(vectors).save(paths.dense)
        self._tell(Progress(Stage.DENSE, ledger.n_rows, ledger.n_rows))
        lexical = LexicalIndex.build(paths.lexical, self._terms(store, ledger.n_rows))
        store.close()
        manifest = Manifest(
            generation=generation,
            documents_dir=describe_folder(self._documents_dir, index_dir),
            created_at=utc_now(),
            encoder=self._settings.encoder,
            encoder_fingerprint=self._encoder.fingerprint,
            dim=self._encoder.dim,
            max_chunk_chars=self._settings.max_chunk_chars,
            n_chunks=ledger.n_rows,
            mean_terms=lexical.mean_terms,
            documents=tuple(ledger.documents),
            failed=tuple(ledger.failed),
            problems=list_problems(scan, ledger.failed),
        )
        return manifest, ledger

    def _add_file(self, store: ChunkStore, file: FoundFile, ledger: Ledger) -> None:
        known = self._known.get(file.source)
        failed = self._known_failed.get(file.source)
        if known and _is_same(known, file):
            self._copy(store, known, ledger)
        elif failed and _is_same(failed, file):
            ledger.failed.append(failed)
        else:
            self._read(store, file, known, ledger)

    def _read(
        self, store: ChunkStore, file: FoundFile, known: DocumentInfo | None, ledger: Ledger
    ) -> None:
        ledger.n_read += 1
        try:
            data = read_bytes(file)
            if known and known.sha256 == hash_bytes(data):
                self._copy(store, replace(known, size=file.size, mtime_ns=file.mtime_ns), ledger)
                return
            loaded = load_document(file, data)
        except UnreadableError as exc:
            # Size 0 and time 0 match no file, so the next build tries again.
            ledger.failed.append(FailedFile(file.source, 0, 0, str(exc)))
            return
        except DocumentError as exc:
            ledger.failed.append(FailedFile(file.source, file.size, file.mtime_ns, str(exc)))
            return
        document = loaded.document
        chunks = chunk_document(document, self._settings.max_chunk_chars)
        store.add_document(document, loaded.encoding)
        self._add_chunks(store, chunks, ledger)
        (ledger.changed if known else ledger.added).append(file.source)
        ledger.documents.append(
            DocumentInfo(
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
                n_chunks=len(chunks),
            )
        )

    def _copy(self, store: ChunkStore, info: DocumentInfo, ledger: Ledger) -> None:
        assert self._previous is not None  # only a previous generation knows a document
        old = self._previous.store
        store.add_document(old.document(info.doc_id), info.encoding)
        self._add_chunks(store, [stored.chunk for stored in old.iterate(info.doc_id)], ledger)
        ledger.documents.append(info)

    def _add_chunks(self, store: ChunkStore, chunks: list[Chunk], ledger: Ledger) -> None:
        keys = [_vector_key(chunk) for chunk in chunks]
        store.add_chunks(ledger.n_rows, chunks, keys)
        ledger.n_rows += len(chunks)

    def _write_vectors(self, paths: GenerationPaths, store: ChunkStore, ledger: Ledger) -> Matrix:
        n_rows, dim = ledger.n_rows, self._encoder.dim
        if not n_rows:  # an empty file cannot be mapped
            np.save(paths.vectors, np.empty((0, dim), np.float32), allow_pickle=False)
            return np.empty((0, dim), np.float32)
        vectors: Matrix
        vectors = np.lib.format.open_memmap(paths.vectors, "w+", np.float32, (n_rows, dim))
        for start in range(0, n_rows, _ENCODE_BATCH):
            self._tell(Progress(Stage.ENCODE, start, n_rows))
            rows = range(start, min(start + _ENCODE_BATCH, n_rows))
            ledger.n_encoded += self._fill(vectors, store, rows)
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


def _vector_key(chunk: Chunk) -> bytes:
    return hashlib.blake2b(search_text(chunk).encode("utf-8"), digest_size=16).digest()


def _is_same(known: DocumentInfo | FailedFile, file: FoundFile) -> bool:
    return (known.size, known.mtime_ns) == (file.size, file.mtime_ns)
