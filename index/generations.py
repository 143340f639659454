"""Generations: immutable snapshots of an index and one pointer that is switched atomically.

``CURRENT`` names the live generation. A build writes a new folder beside the old ones, flushes it,
renames it to its final name and only then replaces ``CURRENT``: a crash at any instant leaves the
old generation answering. The scheme is that of LevelDB's CURRENT file and Lucene's commit points.
Old generations are collected by the next publication that finds them neither wanted nor pinned.
"""

import os
import platform
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import (
    IndexCorruptError,
    IndexingError,
    IndexLockedError,
    IndexMissingError,
)
from index.manifest import (
    GenerationPaths,
    Manifest,
    data_files,
    find_shared,
    utc_now,
    write_manifest,
)
from index.pins import Pin, collect, take_pin
from index.sealing import FileEntry, flush, flush_all, seal_files

_MAX_NAME_CHARS = 12
_TEMPORARY = ".building-"
_COLLECTED = ".dropped-"
_SIGNED_AT = 1  # Windows locks the byte before
_MAX_SIGNATURE_BYTES = 300
_PAUSES = (0.05, 0.2, 1.0)  # seconds between attempts to remove a folder that fills up again
_REBUILD = "Run: yiju index --full"


class IndexDir:
    """The folder of an index: its generations, the pointer, the writer's lock."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is touched.

        :param path: The index's folder, which need not exist.
        """
        self.path = path

    @property
    def generations_dir(self) -> Path:
        """The folder of the generations."""
        return self.path / "generations"

    def current(self) -> str | None:
        """Return the live generation's name, None when there is no index.

        :raises IndexCorruptError: When the pointer names nothing.
        """
        name = self._read_pointer()
        while name is not None and not self._has(name):
            again = self._read_pointer()
            if again == name:
                raise IndexCorruptError(
                    f"{self.path / 'CURRENT'} names the generation {name[:_MAX_NAME_CHARS]!r}, "
                    f"which is not there. {_REBUILD}"
                )
            name = again  # builds have published and collected between the two looks
        return name

    def _read_pointer(self) -> str | None:
        pointer = self.path / "CURRENT"
        try:
            text = pointer.read_text("utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as exc:
            raise IndexCorruptError(f"{pointer} cannot be read. {_REBUILD}") from exc
        name = text.split(" ")[0]
        if text != _sign_name(name):  # one bit makes the name that of an older generation
            raise IndexCorruptError(
                f"{pointer} names no generation but {text[:_MAX_NAME_CHARS]!r}. {_REBUILD}"
            )
        return name

    def _has(self, name: str) -> bool:
        is_name = name.isdecimal() and len(name) <= _MAX_NAME_CHARS
        return is_name and (self.generations_dir / name).is_dir()

    def stamp(self) -> tuple[int, int] | None:
        """Return what changes whenever a generation is published, None when there is no index."""
        try:
            status = (self.path / "CURRENT").stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_ino, status.st_mtime_ns

    def require_current(self) -> str:
        """Return the live generation's name.

        :return: The name.
        :raises IndexMissingError: When there is no index.
        """
        name = self.current()
        if name is None:
            raise IndexMissingError(f"No index at {self.path}. Run: yiju index")
        return name

    def kept(self) -> tuple[str, ...]:
        """Return the names of the published generations that are left, the oldest first.

        :raises IndexMissingError: When there is no index.
        :raises IndexCorruptError: When the pointer names nothing.
        """
        live = self.require_current()
        # A later one was never published: its build died before it replaced the pointer.
        return tuple(name for name in self._names() if int(name) <= int(live))

    def pin_current(self) -> Pin:
        """Hold the live generation, so that it is not collected while it is used.

        :raises IndexMissingError: When there is no index.
        :raises IndexCorruptError: When the pointer names nothing.
        """
        while True:
            if pin := take_pin(self.paths(self.require_current())):
                return pin

    def pin(self, generation: str) -> Pin:
        """Hold a kept generation, so that it is not collected while it is used.

        :param generation: Its number, with or without the zeros before it.
        :raises IndexMissingError: When it is not kept, or there is no index.
        :raises IndexCorruptError: When the pointer names nothing.
        """
        kept = self.kept()
        for name in kept:
            if _number(name) == _number(generation) and (pin := take_pin(self.paths(name))):
                return pin
        raise IndexMissingError(
            f"There is no generation {generation} in {self.path}; kept are {', '.join(kept)}. "
            "Run: yiju index log"
        )

    def paths(self, generation: str) -> GenerationPaths:
        """Return the paths of a generation's files."""
        return GenerationPaths(self.generations_dir / generation)

    @contextmanager
    def lock(
        self, timeout_s: float, on_wait: Callable[[str], None] | None = None
    ) -> Iterator[None]:
        """Hold the right to write; readers need none.

        :param timeout_s: Seconds to wait for another build.
        :param on_wait: Told once who it is when there is one to wait for.
        :raises IndexLockedError: When the wait was in vain.
        :raises IndexingError: When the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / "build.lock", timeout=timeout_s)
            _acquire(lock, on_wait or (lambda _: None))
        except Timeout as exc:
            raise IndexLockedError(
                f"Another build ({_holder(lock)}) still held {self.path} after {timeout_s:.0f} s. "
                "Wait for it, or stop that process."
            ) from exc
        except OSError as exc:
            raise IndexingError(
                f"The index folder {self.path} cannot be written ({exc.strerror}). Make it "
                "writable, or put the index elsewhere with --index."
            ) from exc
        try:
            _sign(lock)
            self._discard_unfinished()
            yield
        finally:
            lock.release()

    @contextmanager
    def write_generation(self) -> Iterator[GenerationPaths]:
        """Give an empty folder for a new generation; it is deleted unless published.

        :return: The paths to write to.
        """
        self.generations_dir.mkdir(parents=True, exist_ok=True)
        paths = GenerationPaths(self.generations_dir / f"{_TEMPORARY}{os.getpid()}")
        paths.lexical.mkdir(parents=True)
        try:
            yield paths
        finally:
            _remove(paths.root)

    def publish(
        self,
        paths: GenerationPaths,
        manifest: Manifest,
        *,
        keep: int,
        shared_with: GenerationPaths | None = None,
        sealed: Mapping[str, FileEntry] | None = None,
    ) -> None:
        """Make a written generation the live one and collect the oldest.

        :param paths: From :meth:`write_generation`, complete but for the manifest.
        :param manifest: What it holds.
        :param keep: Number of generations left, the live one included; those that a reader holds
            stay besides until a later publication finds them free.
        :param shared_with: A kept generation that some files are taken from.
        :param sealed: Files that are on the disk for certain, described.
        """
        _seal(
            paths,
            manifest,
            {**(sealed or {}), **(find_shared(paths, shared_with) if shared_with else {})},
        )
        final = self.generations_dir / manifest.generation
        if final.exists():  # left by a build that died between the rename and the pointer
            shutil.rmtree(final)
        try:
            # All that needs space comes before the first renaming.
            self._new_pointer.write_text(
                _sign_name(manifest.generation) + "\n", "utf-8", newline="\n"
            )
            flush(self._new_pointer)
            paths.root.rename(final)
            flush(self.generations_dir)
            pointer = self.path / "CURRENT"
            if pointer.is_dir():  # somebody's doing; it would stand in the way for ever
                shutil.rmtree(pointer)
            self._new_pointer.replace(pointer)
        finally:
            self._new_pointer.unlink(missing_ok=True)
        flush(self.path)
        self._collect_old(manifest.generation, keep)

    def next_generation(self) -> str:
        """Return the name after the live one, 000001 when there is none."""
        try:
            live = int(self.current() or 0)
        except IndexCorruptError:
            live = max((int(name) for name in self._names()), default=0)
        return f"{live + 1:06d}"

    def _names(self) -> list[str]:
        if not self.generations_dir.is_dir():
            return []
        return sorted(path.name for path in self.generations_dir.iterdir() if path.name.isdecimal())

    def _collect_old(self, live: str, keep: int) -> None:
        others = [name for name in self._names() if name != live]
        for name in others[: max(0, len(others) - keep + 1)]:
            collected = self.generations_dir / f"{_COLLECTED}{name}"
            # Renamed first: whoever looks sees all of a generation or nothing of it.
            if collect(self.generations_dir / name, collected):
                shutil.rmtree(collected, ignore_errors=True)

    def has_unfinished(self) -> bool:
        """Tell whether a build that died has left something, or one is under way."""
        return self._new_pointer.exists() or bool(self._unfinished())

    @property
    def _new_pointer(self) -> Path:
        return self.path / "CURRENT.tmp"

    def _unfinished(self) -> list[Path]:
        marks = (_TEMPORARY, _COLLECTED)
        left = [path for mark in marks for path in self.generations_dir.glob(f"{mark}*")]
        try:
            live = int(self.current() or sys.maxsize)
        except IndexCorruptError:
            return left  # any of the others may be the one that was live
        return [*left, *(self.generations_dir / name for name in self._names() if int(name) > live)]

    def _discard_unfinished(self) -> None:
        self._new_pointer.unlink(missing_ok=True)
        for path in self._unfinished():
            shutil.rmtree(path, ignore_errors=True)


def _number(generation: str) -> int | None:
    return int(generation) if generation.isdecimal() else None


def _remove(folder: Path) -> None:
    """Remove a folder that threads of an interrupted lexical writer may still write to."""
    for pause in _PAUSES:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(pause)


def _acquire(lock: FileLock, on_wait: Callable[[str], None]) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_wait(_holder(lock))
        lock.acquire()


def _sign(lock: FileLock) -> None:
    """Write into the lock's file who holds it, for whoever waits."""
    signature = f"process {os.getpid()} on {platform.node()}, since {utc_now()}\n"
    # A disk that is full refuses it; the build will say so itself.
    with suppress(OSError), Path(lock.lock_file).open("r+b") as file:
        file.seek(_SIGNED_AT)
        file.write(signature.encode("utf-8", "replace")[:_MAX_SIGNATURE_BYTES])
        file.truncate()


def _holder(lock: FileLock) -> str:
    with suppress(OSError), Path(lock.lock_file).open("rb") as file:
        file.seek(_SIGNED_AT)
        if signature := file.read(_MAX_SIGNATURE_BYTES).decode("utf-8", "replace").strip():
            return signature
    return "of an unknown process"


def _sign_name(name: str) -> str:
    """Return a generation's name with the checksum that ``CURRENT`` has it with."""
    return f"{name} {zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def _seal(paths: GenerationPaths, manifest: Manifest, known: Mapping[str, FileEntry]) -> None:
    """Write the manifest and force everything to disk but the files that are there already."""
    names = {path.relative_to(paths.root).as_posix(): path for path in data_files(paths)}
    fresh = {name: path for name, path in names.items() if name not in known}
    entries = dict(zip(fresh, seal_files(list(fresh.values())), strict=True))
    write_manifest(paths, manifest, {name: known.get(name) or entries[name] for name in names})
    folders = (path for path in paths.root.rglob("*") if path.is_dir())
    flush_all([paths.manifest, *folders, paths.root])
