"""History: the kept generations → a log, the difference of two of them, an older one live again."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.build import disk_errors
from index.changes import DocumentChanges, compare_stores
from index.encoder import Encoder, load_encoder
from index.errors import (
    IndexCorruptError,
    IndexFormatError,
    IndexingError,
    IndexMissingError,
)
from index.generations import IndexDir
from index.lexical_writer import link_file
from index.manifest import (
    GenerationPaths,
    Manifest,
    check_files,
    check_folder,
    data_files,
    read_manifest,
    utc_now,
)
from index.progress import Progress, ProgressCallback, Stage
from index.settings import IndexSettings
from index.store import ChunkStore


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What is known of one kept generation."""

    generation: str
    is_live: bool
    n_bytes: int  # on disk, without what it shares with a newer one
    created_at: str = ""  # ISO 8601, UTC; "" when it cannot be read
    restored_from: str = ""  # the generation that a rollback brought back
    n_documents: int = 0
    n_chunks: int = 0
    changes: DocumentChanges | None = None  # since the one before; None when that is not kept
    problem: str = ""  # why it cannot be read

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as JSON-ready values."""
        return {
            "generation": self.generation,
            "live": self.is_live,
            "created_at": self.created_at,
            "restored_from": self.restored_from or None,
            "documents": self.n_documents,
            "chunks": self.n_chunks,
            "changes": self.changes.to_dict() if self.changes else None,
            "bytes": self.n_bytes,
            "problem": self.problem or None,
        }


@dataclass(frozen=True, slots=True)
class GenerationDiff:
    """What is different in one generation from another."""

    before: str
    after: str
    documents: DocumentChanges
    n_chunks_added: int  # chunks whose headings and text the other does not have, or has less often
    n_chunks_removed: int

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as JSON-ready values."""
        return {
            "before": self.before,
            "after": self.after,
            "documents": self.documents.to_dict(),
            "chunks": {"added": self.n_chunks_added, "removed": self.n_chunks_removed},
        }


def read_log(index_dir: Path) -> tuple[LogEntry, ...]:
    """List the kept generations, each compared with the one before it.

    :param index_dir: The index's folder.
    :return: The generations, newest first; the first one is live.
    :raises IndexMissingError: When there is no index.
    :raises IndexCorruptError: When the pointer to the live one names nothing.
    """
    home = IndexDir(index_dir)
    kept = home.kept()
    entries: list[LogEntry] = []
    with ExitStack() as pins:
        before: GenerationPaths | None = None
        for name in kept:
            try:
                pin = pins.enter_context(home.pin(name))
            except IndexMissingError:
                continue  # a build has collected it meanwhile
            entries.append(_describe(pin.paths, before, is_live=name == kept[-1]))
            before = None if entries[-1].problem else pin.paths
    counted: set[tuple[int, int]] = set()
    return tuple(
        replace(entry, n_bytes=measure(home.paths(entry.generation).root, counted))
        for entry in reversed(entries)
    )


def _describe(paths: GenerationPaths, before: GenerationPaths | None, *, is_live: bool) -> LogEntry:
    """Describe a generation; what changed is known since the one before, if that is kept."""
    entry = LogEntry(paths.root.name, is_live, 0)
    try:
        manifest = read_manifest(paths)
        # Before any index there were no documents; what was before a collected one is not known.
        is_known = before is not None or manifest.generation == "000001"
        changes = compare_stores(before.store if before else None, paths.store)
    except (IndexCorruptError, IndexFormatError) as exc:
        return replace(entry, problem=str(exc))
    return replace(
        entry,
        created_at=manifest.created_at,
        restored_from=manifest.restored_from,
        n_documents=manifest.n_documents,
        n_chunks=manifest.n_chunks,
        changes=changes if is_known else None,
    )


def diff_generations(index_dir: Path, before: str, after: str) -> GenerationDiff:
    """Compare two kept generations.

    :param index_dir: The index's folder.
    :param before: The number of one, with or without the zeros before it.
    :param after: The number of the other.
    :return: What is different in the second.
    :raises IndexMissingError: When one is not kept, or there is no index.
    :raises IndexFormatError: When one was written in another format version.
    :raises IndexCorruptError: When one is damaged.
    """
    home = IndexDir(index_dir)
    with home.pin(before) as old, home.pin(after) as new:
        first, second = read_manifest(old.paths), read_manifest(new.paths)
        changes = compare_stores(old.paths.store, new.paths.store)
        n_removed, n_added = _count_differences(old.paths, new.paths)
    return GenerationDiff(
        before=first.generation,
        after=second.generation,
        documents=changes,
        n_chunks_added=n_added,
        n_chunks_removed=n_removed,
    )


def rollback(  # noqa: PLR0913 - two places, which one, and how
    documents_dir: Path,
    index_dir: Path,
    generation: str,
    *,
    settings: IndexSettings,
    encoder: Encoder | None = None,
    progress: ProgressCallback | None = None,
) -> Manifest:
    """Make a kept generation live again, as a new one with the same files.

    Numbers only grow, so that readers, answers and the log never mean two things by one number. The
    documents have not gone back, so the next automatic build would undo this at once: the new
    generation says where it comes from, and only a build that somebody asks for leaves it.

    :param documents_dir: The documents' folder.
    :param index_dir: The index's folder.
    :param generation: The number of the one to restore, with or without the zeros before it.
    :param settings: How long to wait for a build, and how many generations to keep.
    :param encoder: An already loaded encoder; by default the one the manifest names.
    :param progress: Told of the wait for a build and of each step.
    :return: The manifest of the new generation.
    :raises IndexMissingError: When the generation is not kept, or there is no index.
    :raises IndexFormatError: When it was made in another format, with another encoder than the one
        of that name now, or for another folder.
    :raises IndexCorruptError: When any byte of it is not as it was written.
    :raises IndexLockedError: When another build does not end.
    :raises IndexingError: When it is live already, or the disk refuses.
    """
    home = IndexDir(index_dir)
    tell = progress or (lambda _: None)
    home.require_current()  # before the lock would make a folder
    wait_s = settings.lock_timeout_s

    def wait(holder: str) -> None:
        tell(Progress(Stage.WAIT, 0, 1, holder))

    with home.lock(wait_s, wait), disk_errors(index_dir):
        with home.pin(generation) as pin:  # no longer: the lock keeps others from collecting
            old = read_manifest(pin.paths)
        check_folder(old, documents_dir, index_dir)
        _check_usable(old, home, encoder)
        source = home.paths(old.generation)
        check_files(source)
        tell(Progress(Stage.PUBLISH, 0, 1))
        manifest = replace(
            old,
            generation=home.next_generation(),
            created_at=utc_now(),
            restored_from=old.generation,
        )
        with home.write_generation() as paths:
            _link_files(source, paths)
            home.publish(paths, manifest, keep=settings.keep_generations, shared_with=source)
        tell(Progress(Stage.PUBLISH, 1, 1))
    return manifest


def _check_usable(manifest: Manifest, home: IndexDir, encoder: Encoder | None) -> None:
    if manifest.generation == home.current():
        raise IndexingError(
            f"Generation {manifest.generation} is live already. To see the others, run: "
            "yiju index log"
        )
    encoder = encoder or load_encoder(manifest.encoder)
    if encoder.fingerprint != manifest.encoder_fingerprint:
        raise IndexFormatError(
            f"Generation {manifest.generation} was made with another encoder "
            f"({manifest.encoder or 'an older bundled one'}), so it could not be searched."
        )


def _link_files(source: GenerationPaths, target: GenerationPaths) -> None:
    """Give the files of one generation to another; they never change, so one copy serves both."""
    for path in data_files(source):
        link = target.root / path.relative_to(source.root)
        link.parent.mkdir(parents=True, exist_ok=True)
        link_file(path, link)


def measure(root: Path, counted: set[tuple[int, int]]) -> int:
    """Sum the sizes of a folder's files.

    :param root: The folder.
    :param counted: Files by device and inode that are left out; those counted are added.
    :return: Bytes.
    """
    n_bytes = 0
    for path in root.rglob("*"):
        try:
            status = path.stat()
        except OSError:  # collected meanwhile
            continue
        if path.is_file() and (status.st_dev, status.st_ino) not in counted:
            counted.add((status.st_dev, status.st_ino))
            n_bytes += status.st_size
    return n_bytes


def _count_differences(before: GenerationPaths, after: GenerationPaths) -> tuple[int, int]:
    """Count the chunks that only the first and only the second has, without holding any."""
    stores = ChunkStore.load(before.store), ChunkStore.load(after.store)
    try:
        return _count_unmatched(*(store.iterate_keys() for store in stores))
    finally:
        for store in stores:
            store.close()


def _count_unmatched(first: Iterator[bytes], second: Iterator[bytes]) -> tuple[int, int]:
    n_first = n_second = 0
    one, other = next(first, None), next(second, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one < other):
            n_first += 1
            one = next(first, None)
        elif one is None or other < one:
            n_second += 1
            other = next(second, None)
        else:
            one, other = next(first, None), next(second, None)
    return n_first, n_second
