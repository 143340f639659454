"""Build: a documents' folder → a new generation, doing only the work that its changes ask for.

Stages, each reported to ``progress``: read (changed files → chunks), encode (chunks whose vector is
not known), dense, lexical, publish.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np

from index.chunking import chunk_document
from index.datatypes import BuildReport, Chunk, DocumentInfo, Problem
from index.dense import DenseIndex
from index.encoder import Encoder
from index.errors import DocumentError, IndexFormatError, IndexingError, IndexMissingError
from index.generations import (
    FailedFile,
    GenerationPaths,
    IndexDir,
    Manifest,
    describe_folder,
    read_manifest,
    utc_now,
)
from index.lexical import LexicalIndex
from index.loading import (
    FoundFile,
    Scan,
    hash_bytes,
    load_document,
    read_bytes,
    scan_documents,
)
from index.normalization import fold_text
from index.segmentation import extract_terms
from index.settings import IndexSettings
from index.store import ChunkStore

_ENCODE_BATCH = 1024  # chunks


class Stage(StrEnum):
    """The parts of a build, in order."""

    READ = "read"
    ENCODE = "encode"
    DENSE = "dense"
    LEXICAL = "lexical"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build has come."""

    stage: Stage
    done: int
    total: int
    name: str = ""  # the file at hand


class ProgressCallback(Protocol):
    """Is told of progress; an exception from it stops the build and leaves the old index."""

    def __call__(self, progress: Progress, /) -> None:
        """Receive one report."""
        ...


@dataclass(frozen=True, slots=True)
class _Previous:
    """The generation that unchanged documents and vectors are taken from."""

    manifest: Manifest
    store: ChunkStore
    vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]


@dataclass(slots=True)
class _Ledger:
    """What a build finds out as it goes through the files."""

    documents: list[DocumentInfo]
    failed: list[FailedFile]
    added: list[str]
    changed: list[str]
    n_read: int = 0
    n_rows: int = 0
    n_encoded: int = 0


def default_index_dir(documents_dir: Path) -> Path:
    """Return where the index of a folder lies unless it is put elsewhere."""
    return documents_dir / ".yiju"


def search_text(chunk: Chunk) -> str:
    """Return what is searched for a chunk: its heading path and its text."""
    return "\n".join((*chunk.heading, chunk.text))


def is_stale(documents_dir: Path, manifest: Manifest, settings: IndexSettings) -> bool:
    """Tell from sizes and times alone whether any document changed since a generation.

    :param documents_dir: The documents' folder.
    :param manifest: The generation's.
    :param settings: For the size limit.
    :return: True when a build would find something to do.
    :raises IndexMissingError: When the folder is gone.
    """
    scan = scan_documents(documents_dir, settings.max_file_bytes)
    return _differs(manifest, scan)


def build_index(  # noqa: PLR0913 - two places, a model, and how
    documents_dir: Path,
    index_dir: Path,
    encoder: Encoder,
    *,
    settings: IndexSettings,
    full: bool = False,
    progress: ProgressCallback | None = None,
) -> BuildReport:
    """Bring the index of a folder up to date.

    :param documents_dir: The documents' folder.
    :param index_dir: The index's folder; made when absent.
    :param encoder: Makes the vectors.
    :param settings: How to build.
    :param full: Read and encode everything again, and accept an empty folder.
    :param progress: Told of each step.
    :return: What was done.
    :raises IndexMissingError: When the folder is missing or has no document (unless full).
    :raises IndexFormatError: When the index was made for another folder.
    :raises IndexLockedError: When another build does not end.
    :raises IndexingError: When the disk refuses.
    """
    started = time.monotonic()
    tell = progress or (lambda _: None)
    scan = scan_documents(documents_dir, settings.max_file_bytes)
    home = IndexDir(index_dir)
    with home.lock(settings.lock_timeout_s), _disk_errors(index_dir):
        previous = None if full else _load_previous(home, documents_dir, encoder, settings)
        if not scan.files and not full:
            raise _nothing_to_index(documents_dir, scan, previous)
        if previous and not _has_changed(previous.manifest, scan):
            return _unchanged(previous.manifest, scan, started)
        with home.write_generation() as paths:
            builder = _Builder(documents_dir, encoder, settings, previous, tell)
            manifest, ledger = builder.write(paths, scan, home.next_generation(), index_dir)
            if not manifest.documents and not full:
                raise _nothing_to_index(documents_dir, scan, previous, manifest.problems)
            tell(Progress(Stage.PUBLISH, 0, 1))
            if previous:
                previous.store.close()
            home.publish(paths, manifest, keep=settings.keep_generations)
            tell(Progress(Stage.PUBLISH, 1, 1))
    return _report(manifest, ledger, previous, started)


class _Builder:
    """Writes one generation's files."""

    def __init__(
        self,
        documents_dir: Path,
        encoder: Encoder,
        settings: IndexSettings,
        previous: _Previous | None,
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
    ) -> tuple[Manifest, _Ledger]:
        ledger = _Ledger([], [], [], [])
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
            problems=_problems(scan, ledger.failed),
        )
        return manifest, ledger

    def _add_file(self, store: ChunkStore, file: FoundFile, ledger: _Ledger) -> None:
        known = self._known.get(file.source)
        failed = self._known_failed.get(file.source)
        if known and _is_same(known, file):
            self._copy(store, known, ledger)
        elif failed and _is_same(failed, file):
            ledger.failed.append(failed)
        else:
            self._read(store, file, known, ledger)

    def _read(
        self, store: ChunkStore, file: FoundFile, known: DocumentInfo | None, ledger: _Ledger
    ) -> None:
        ledger.n_read += 1
        try:
            data = read_bytes(file)
            if known and known.sha256 == hash_bytes(data):
                self._copy(store, replace(known, size=file.size, mtime_ns=file.mtime_ns), ledger)
                return
            loaded = load_document(file, data)
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

    def _copy(self, store: ChunkStore, info: DocumentInfo, ledger: _Ledger) -> None:
        assert self._previous is not None  # only a previous generation knows a document
        old = self._previous.store
        store.add_document(old.document(info.doc_id), info.encoding)
        self._add_chunks(store, [stored.chunk for stored in old.iterate(info.doc_id)], ledger)
        ledger.documents.append(info)

    def _add_chunks(self, store: ChunkStore, chunks: list[Chunk], ledger: _Ledger) -> None:
        keys = [_vector_key(chunk) for chunk in chunks]
        store.add_chunks(ledger.n_rows, chunks, keys)
        ledger.n_rows += len(chunks)

    def _write_vectors(
        self, paths: GenerationPaths, store: ChunkStore, ledger: _Ledger
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        n_rows, dim = ledger.n_rows, self._encoder.dim
        if not n_rows:  # an empty file cannot be mapped
            np.save(paths.vectors, np.empty((0, dim), np.float32), allow_pickle=False)
            return np.empty((0, dim), np.float32)
        vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]
        vectors = np.lib.format.open_memmap(
            paths.vectors, "w+", np.float32, (n_rows, dim)
        )
        for start in range(0, n_rows, _ENCODE_BATCH):
            self._tell(Progress(Stage.ENCODE, start, n_rows))
            rows = range(start, min(start + _ENCODE_BATCH, n_rows))
            ledger.n_encoded += self._fill(vectors, store, rows)
        vectors.flush()
        self._tell(Progress(Stage.ENCODE, n_rows, n_rows))
        return vectors

    def _fill(
        self,
        vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]],
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


def _vector_key(chunk: Chunk) -> bytes:
    return hashlib.blake2b(search_text(chunk).encode("utf-8"), digest_size=16).digest()


def _is_same(known: DocumentInfo | FailedFile, file: FoundFile) -> bool:
    return (known.size, known.mtime_ns) == (file.size, file.mtime_ns)


def _load_previous(
    home: IndexDir, documents_dir: Path, encoder: Encoder, settings: IndexSettings
) -> _Previous | None:
    """Open the live generation if its chunks and vectors can be used again."""
    generation = home.current()
    if generation is None:
        return None
    paths = home.paths(generation)
    manifest = read_manifest(paths)
    check_folder(manifest, documents_dir, home.path)
    if (manifest.encoder_fingerprint, manifest.max_chunk_chars) != (
        encoder.fingerprint,
        settings.max_chunk_chars,
    ):
        return None
    vectors = np.load(paths.vectors, mmap_mode="r" if manifest.n_chunks else None)
    return _Previous(manifest, ChunkStore.load(paths.store), vectors)


def check_folder(manifest: Manifest, documents_dir: Path, index_dir: Path) -> None:
    """Refuse an index that was made for another folder.

    :param manifest: The index's.
    :param documents_dir: The folder asked about.
    :param index_dir: The index's folder.
    :raises IndexFormatError: When they differ, naming both.
    """
    wanted = describe_folder(documents_dir, index_dir)
    if manifest.documents_dir != wanted:
        raise IndexFormatError(
            f"The index at {index_dir} was made for {manifest.documents_dir}, not for "
            f"{documents_dir}. Give each folder its own index with --index."
        )


def _has_changed(manifest: Manifest, scan: Scan) -> bool:
    return _differs(manifest, scan) or _problems(scan, manifest.failed) != manifest.problems


def _differs(manifest: Manifest, scan: Scan) -> bool:
    known = {(d.source, d.size, d.mtime_ns) for d in manifest.documents}
    known |= {(f.source, f.size, f.mtime_ns) for f in manifest.failed}
    return known != {(f.source, f.size, f.mtime_ns) for f in scan.files}


def _problems(scan: Scan, failed: tuple[FailedFile, ...] | list[FailedFile]) -> tuple[Problem, ...]:
    unreadable = [Problem(entry.source, entry.message) for entry in failed]
    return tuple(sorted([*scan.problems, *unreadable], key=lambda problem: problem.source))


def _nothing_to_index(
    documents_dir: Path,
    scan: Scan,
    previous: _Previous | None,
    problems: tuple[Problem, ...] = (),
) -> IndexMissingError:
    skipped = problems or scan.problems
    why = f" {skipped[0].source}: {skipped[0].message}" if skipped else ""
    if previous:
        return IndexMissingError(
            f"{documents_dir} has no readable document any more, so the old index is kept.{why} "
            "To empty it on purpose, run: yiju index --full"
        )
    return IndexMissingError(
        f"No document to index in {documents_dir}.{why} Put .txt or .md files into it, or name "
        "another folder with --documents."
    )


@contextmanager
def _disk_errors(index_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise IndexingError(
            f"The index at {index_dir} could not be written: {exc.strerror or exc}. The old index "
            "is untouched. Free some space or mend the folder, then run: yiju index"
        ) from exc


def _unchanged(manifest: Manifest, scan: Scan, started: float) -> BuildReport:
    return BuildReport(
        generation=manifest.generation,
        is_new=False,
        n_documents=len(manifest.documents),
        n_chunks=manifest.n_chunks,
        n_encoded=0,
        n_read=0,
        problems=_problems(scan, manifest.failed),
        seconds=time.monotonic() - started,
    )


def _report(
    manifest: Manifest, ledger: _Ledger, previous: _Previous | None, started: float
) -> BuildReport:
    kept = {document.source for document in manifest.documents}
    before = previous.manifest.documents if previous else ()
    return BuildReport(
        generation=manifest.generation,
        is_new=True,
        n_documents=len(manifest.documents),
        n_chunks=manifest.n_chunks,
        n_encoded=ledger.n_encoded,
        n_read=ledger.n_read,
        added=tuple(ledger.added),
        changed=tuple(ledger.changed),
        removed=tuple(old.source for old in before if old.source not in kept),
        problems=manifest.problems,
        seconds=time.monotonic() - started,
    )
