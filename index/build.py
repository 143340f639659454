"""Build: a documents' folder → a new generation, doing only the work that its changes ask for.

Stages, each reported to ``progress``: read (changed files → chunks), encode (chunks whose vector is
not known), dense, lexical, publish.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

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
from index.generation_writer import N_LISTED, GenerationWriter, Previous, Written
from index.generations import IndexDir
from index.inventory import Inventory
from index.manifest import (
    Manifest,
    check_copied,
    check_files,
    check_folder,
    describe_folder,
    read_manifest,
    utc_now,
)
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
    if manifest.max_chunk_chars != settings.max_chunk_chars:
        return True
    store = IndexDir(index_dir).paths(manifest.generation).store
    with Inventory.take(documents_dir, settings.max_file_bytes, excluded=index_dir) as inventory:
        return inventory.differs(store, heeds_problems=False)


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
    with Inventory.take(documents_dir, settings.max_file_bytes, excluded=index_dir) as inventory:
        compared = None  # the generation that the folder is known to differ from
        if not full:
            if not inventory.n_files and job.home.stamp() is None:
                raise _nothing_to_index(job, inventory)  # before the folder is made
            if not job.home.has_unfinished():
                compared = job.home.stamp()
                if report := _up_to_date(job, inventory):
                    return report  # without the lock: another may hold it, or nobody may write
        with job.home.lock(settings.lock_timeout_s, job.wait), disk_errors(index_dir):
            if full:
                _refuse_other_folder(job)
            is_compared = compared is not None and compared == job.home.stamp()
            report = _build(job, inventory, full=full, is_compared=is_compared)
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

    def wait(self, holder: str) -> None:
        """Tell which other build is waited for."""
        self.tell(Progress(Stage.WAIT, 0, 1, holder))


def _build(job: _Job, inventory: Inventory, *, full: bool, is_compared: bool) -> BuildReport:
    previous = None if full else _load_previous(job)
    if previous:
        previous.pin.close()  # the lock keeps others from collecting it, and it may have to go
    if not inventory.n_files and not full:
        raise _nothing_to_index(job, inventory, previous)
    if previous and not is_compared and not _has_changed(job, previous, inventory):
        return _unchanged(previous)  # the build waited for did it
    is_forced = full or bool(previous and previous.manifest.restored_from)
    with job.home.write_generation() as paths, _check_beside(previous) as wait_for_check:
        writer = GenerationWriter(job.encoder, job.settings, previous, job.tell)
        written = writer.write(paths, inventory, is_forced=is_forced)
        if previous and not written.is_new:
            return _unchanged(previous)  # a file that is refused again and again
        if not written.n_documents and not full:
            raise _nothing_to_index(job, inventory, previous, written.problems)
        manifest = _describe(job, written)
        job.tell(Progress(Stage.PUBLISH, 0, 1))
        wait_for_check()
        job.home.publish(
            paths,
            manifest,
            keep=job.settings.keep_generations,
            shared_with=previous.paths if previous else None,
            sealed=written.sealed,
        )
        job.tell(Progress(Stage.PUBLISH, 1, 1))
    return _report(manifest, written)


@contextmanager
def _check_beside(previous: Previous | None) -> Iterator[Callable[[], None]]:
    """Look for damage that would be copied and signed anew, in a thread while it is copied.

    :return: Waits for the thread and raises what it found.
    """
    if previous is None:
        yield lambda: None
        return
    with ThreadPoolExecutor(1) as pool:
        check = pool.submit(check_copied, previous.paths)
        try:
            yield check.result
        finally:
            check.result()  # an error of the copying is but a sign of the damage


def _describe(job: _Job, written: Written) -> Manifest:
    return Manifest(
        generation=job.home.next_generation(),
        documents_dir=describe_folder(job.documents_dir, job.home.path),
        created_at=utc_now(),
        encoder=job.settings.encoder,
        encoder_fingerprint=job.encoder.fingerprint,
        dim=job.encoder.dim,
        max_chunk_chars=job.settings.max_chunk_chars,
        n_documents=written.n_documents,
        n_chunks=written.n_chunks,
        mean_terms=written.mean_terms,
        n_scored=written.quality.n_scored,
        recall=written.quality.recall,
    )


def _up_to_date(job: _Job, inventory: Inventory) -> BuildReport | None:
    """Report on the live generation when a build would have nothing to do."""
    if not inventory.n_files:
        return None
    previous = _load_previous(job)
    if previous is None or _has_changed(job, previous, inventory):
        return None
    return _unchanged(previous)


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
    pin = job.home.pin_current()
    manifest = read_manifest(pin.paths)
    check_folder(manifest, job.documents_dir, job.home.path)
    stays = job.automatic and manifest.restored_from
    if not stays and (manifest.encoder_fingerprint, manifest.max_chunk_chars) != (
        job.encoder.fingerprint,
        job.settings.max_chunk_chars,
    ):
        return None
    return Previous(manifest, pin.paths, pin)


def _has_changed(job: _Job, previous: Previous, inventory: Inventory) -> bool:
    if previous.manifest.restored_from:
        return not job.automatic
    return inventory.differs(previous.paths.store, heeds_problems=True)


def _nothing_to_index(
    job: _Job,
    inventory: Inventory,
    previous: Previous | None = None,
    problems: tuple[Problem, ...] = (),
) -> IndexMissingError:
    documents_dir, skipped = job.documents_dir, problems or inventory.problems(1)
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
    :raises IndexingError: For any ``OSError``, and for SQLite's own when it writes.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise IndexingError(
            f"The index at {index_dir} could not be written: {reason}. The old index "
            "is untouched. Free some space or mend the folder, then run: yiju index"
        ) from exc


def _unchanged(previous: Previous) -> BuildReport:
    manifest = previous.manifest
    store = ChunkStore.load(previous.paths.store)
    try:
        problems, n_problems = tuple(store.problems(N_LISTED)), store.n_problems()
    finally:
        store.close()
    return BuildReport(
        generation=manifest.generation,
        is_new=False,
        n_documents=manifest.n_documents,
        n_chunks=manifest.n_chunks,
        n_encoded=0,
        n_read=0,
        problems=problems,
        n_problems=n_problems,
    )


def _report(manifest: Manifest, written: Written) -> BuildReport:
    changes, counts = written.changes, written.n_changes
    return BuildReport(
        generation=manifest.generation,
        is_new=True,
        n_documents=manifest.n_documents,
        n_chunks=manifest.n_chunks,
        n_encoded=written.n_encoded,
        n_read=written.n_read,
        added=changes.added,
        changed=changes.edited,
        removed=changes.removed,
        renamed=tuple((one.before, one.after) for one in changes.renamed),
        problems=written.problems,
        n_added=counts["added"],
        n_changed=counts["edited"],
        n_removed=counts["removed"],
        n_renamed=counts["renamed"],
        n_problems=written.n_problems,
    )
