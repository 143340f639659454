"""Build: a documents' folder → a new generation, doing only the work that its changes ask for.

Stages, each reported to ``progress``: read (changed files → chunks), encode (chunks whose vector is
not known), dense, lexical, publish.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.datatypes import BuildReport, Problem
from index.encoder import Encoder
from index.errors import (
    IndexCorruptError,
    IndexFormatError,
    IndexingError,
    IndexMissingError,
    SettingsError,
)
from index.formats.registry import USUAL_FORMATS
from index.generation_writer import GenerationWriter, Matrix, Previous, Tally, list_problems
from index.generations import IndexDir
from index.loading import Scan, scan_documents
from index.manifest import GenerationPaths, Manifest, check_files, check_folder, read_manifest
from index.progress import Progress, ProgressCallback, Stage
from index.settings import IndexSettings
from index.store import ChunkStore


def default_index_dir(documents_dir: Path) -> Path:
    """Return where the index of a folder lies unless it is put elsewhere."""
    return documents_dir / ".yiju"


def check_index(index_dir: Path) -> str:
    """Compare every byte of the live generation with what was written.

    :param index_dir: The index's folder.
    :return: The generation's name.
    :raises IndexMissingError: When there is no index.
    :raises IndexCorruptError: Naming every file that differs.
    :raises IndexFormatError: When it was written in another format version.
    """
    with IndexDir(index_dir).pin_current() as pin:
        check_files(pin.paths)
        return pin.paths.root.name


def is_stale(
    documents_dir: Path, index_dir: Path, manifest: Manifest, settings: IndexSettings
) -> bool:
    """Tell from sizes and times alone whether any document changed since a generation.

    :param documents_dir: The documents' folder.
    :param index_dir: The index's folder.
    :param manifest: The generation's.
    :param settings: For the size limit.
    :return: True when an automatic build would find something to do.
    :raises IndexMissingError: When the folder is gone.
    """
    if manifest.restored_from:
        return False
    scan = scan_documents(documents_dir, settings.max_file_bytes, excluded=index_dir)
    return manifest.max_chunk_chars != settings.max_chunk_chars or _differs(manifest, scan)


def build_index(  # noqa: PLR0913 - two places, a model, and how
    documents_dir: Path,
    index_dir: Path,
    encoder: Encoder,
    *,
    settings: IndexSettings,
    full: bool = False,
    automatic: bool = False,
    progress: ProgressCallback | None = None,
) -> BuildReport:
    """Bring the index of a folder up to date.

    :param documents_dir: The documents' folder.
    :param index_dir: The index's folder; made when absent.
    :param encoder: Makes the vectors.
    :param settings: How to build.
    :param full: Read and encode everything again, and accept an empty folder.
    :param automatic: Nobody asked for this build, so what a rollback brought back stays.
    :param progress: Told of each step.
    :return: What was done.
    :raises IndexMissingError: When the folder is missing or has no document (unless full).
    :raises IndexFormatError: When the index was made for another folder.
    :raises SettingsError: When both folders are the same.
    :raises IndexLockedError: When another build does not end.
    :raises IndexingError: When the disk refuses.
    """
    if index_dir.resolve() == documents_dir.resolve():
        raise SettingsError(
            f"The index cannot be the documents' folder {documents_dir} itself. Give --index "
            "another folder, or leave it out."
        )
    started = time.monotonic()
    home, tell = IndexDir(index_dir), progress or (lambda _: None)
    job = _Job(documents_dir, home, encoder, settings, tell, automatic)
    scan = scan_documents(documents_dir, settings.max_file_bytes, excluded=index_dir)
    if not full:
        if not scan.files and job.home.stamp() is None:
            raise _nothing_to_index(documents_dir, scan, None)  # before the folder is made
        if report := _up_to_date(job, scan):
            return report  # without the lock: another build may hold it, or nobody may write here
    with job.home.lock(settings.lock_timeout_s, job.wait), disk_errors(index_dir):
        if full:
            _refuse_other_folder(job)
        report = _build(job, scan, full=full)
    return replace(report, seconds=time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Job:
    """What a build is about."""

    documents_dir: Path
    home: IndexDir
    encoder: Encoder
    settings: IndexSettings
    tell: ProgressCallback
    automatic: bool

    def wait(self) -> None:
        """Tell that another build is waited for."""
        self.tell(Progress(Stage.WAIT, 0, 1))


def _build(job: _Job, scan: Scan, *, full: bool) -> BuildReport:
    previous = None if full else _load_previous(job)
    if not scan.files and not full:
        raise _nothing_to_index(job.documents_dir, scan, previous)
    if previous and not _has_changed(job, previous.manifest, scan):  # the build waited for did it
        return _unchanged(previous, scan)
    with job.home.write_generation() as paths:
        writer = GenerationWriter(job.documents_dir, job.encoder, job.settings, previous, job.tell)
        manifest, tally = writer.write(paths, scan, job.home.next_generation(), job.home.path)
        if not manifest.documents and not full:
            raise _nothing_to_index(job.documents_dir, scan, previous, manifest.problems)
        if previous and _is_equal(manifest, previous.manifest):
            return _unchanged(previous, scan)  # a file that is refused again and again
        job.tell(Progress(Stage.PUBLISH, 0, 1))
        if previous:
            previous.store.close()
        job.home.publish(paths, manifest, keep=job.settings.keep_generations)
        job.tell(Progress(Stage.PUBLISH, 1, 1))
    return _report(manifest, tally, previous)


def _is_equal(new: Manifest, old: Manifest) -> bool:
    return replace(new, generation=old.generation, created_at=old.created_at) == old


def _up_to_date(job: _Job, scan: Scan) -> BuildReport | None:
    """Report on the live generation when a build would have nothing to do."""
    if not scan.files or job.home.has_unfinished():
        return None
    previous = _load_previous(job)
    if previous is None or _has_changed(job, previous.manifest, scan):
        return None
    return _unchanged(previous, scan)


def _refuse_other_folder(job: _Job) -> None:
    """Refuse to replace the index of another folder; a damaged or older index may be replaced."""
    try:
        generation = job.home.current()
        manifest = read_manifest(job.home.paths(generation)) if generation else None
    except (IndexCorruptError, IndexFormatError):
        return
    if manifest:
        check_folder(manifest, job.documents_dir, job.home.path)


def _load_previous(job: _Job) -> Previous | None:
    """Open the live generation if its chunks and vectors can be used again."""
    if job.home.current() is None:
        return None
    with job.home.pin_current() as pin:
        manifest = read_manifest(pin.paths)
        check_folder(manifest, job.documents_dir, job.home.path)
        stays = job.automatic and manifest.restored_from
        if not stays and (manifest.encoder_fingerprint, manifest.max_chunk_chars) != (
            job.encoder.fingerprint,
            job.settings.max_chunk_chars,
        ):
            return None
        vectors = _map_vectors(pin.paths, is_empty=not manifest.n_chunks)
        return Previous(manifest, ChunkStore.load(pin.paths.store), vectors)


def _map_vectors(paths: GenerationPaths, *, is_empty: bool) -> Matrix:
    try:
        vectors: Matrix = np.load(paths.vectors, mmap_mode=None if is_empty else "r")
    except (ValueError, EOFError) as exc:
        raise IndexCorruptError(f"{paths.vectors} cannot be read. Run: yiju index --full") from exc
    return vectors


def _has_changed(job: _Job, manifest: Manifest, scan: Scan) -> bool:
    if manifest.restored_from:
        return not job.automatic
    return _differs(manifest, scan) or list_problems(scan, manifest.failed) != manifest.problems


def _differs(manifest: Manifest, scan: Scan) -> bool:
    known = {(d.source, d.size, d.mtime_ns) for d in manifest.documents}
    known |= {(f.source, f.size, f.mtime_ns) for f in manifest.failed}
    return known != {(f.source, f.size, f.mtime_ns) for f in scan.files}


def _nothing_to_index(
    documents_dir: Path,
    scan: Scan,
    previous: Previous | None,
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
        f"No document to index in {documents_dir}.{why} Put documents ({USUAL_FORMATS}) into it, "
        "or name another folder with --documents."
    )


@contextmanager
def disk_errors(index_dir: Path) -> Iterator[None]:
    """Turn what the system refuses while an index is written into our own error.

    :param index_dir: The index's folder.
    :raises IndexingError: For any ``OSError``.
    """
    try:
        yield
    except OSError as exc:
        raise IndexingError(
            f"The index at {index_dir} could not be written: {exc.strerror or exc}. The old index "
            "is untouched. Free some space or mend the folder, then run: yiju index"
        ) from exc


def _unchanged(previous: Previous, scan: Scan) -> BuildReport:
    manifest = previous.manifest
    previous.store.close()
    return BuildReport(
        generation=manifest.generation,
        is_new=False,
        n_documents=len(manifest.documents),
        n_chunks=manifest.n_chunks,
        n_encoded=0,
        n_read=0,
        problems=list_problems(scan, manifest.failed),
    )


def _report(manifest: Manifest, tally: Tally, previous: Previous | None) -> BuildReport:
    kept = {document.source for document in manifest.documents}
    before = previous.manifest.documents if previous else ()
    return BuildReport(
        generation=manifest.generation,
        is_new=True,
        n_documents=len(manifest.documents),
        n_chunks=manifest.n_chunks,
        n_encoded=tally.n_encoded,
        n_read=tally.n_read,
        added=tuple(tally.added),
        changed=tuple(tally.changed),
        removed=tuple(old.source for old in before if old.source not in kept),
        problems=manifest.problems,
    )
