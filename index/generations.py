"""Generations: immutable snapshots of an index and one pointer that is switched atomically.

``CURRENT`` names the live generation. A build writes a new folder beside the old ones, flushes it,
renames it to its final name and only then replaces ``CURRENT``: a crash at any instant leaves the
old generation answering. The scheme is that of LevelDB's CURRENT file and Lucene's commit points.
Old generations are collected by the next publication that finds them neither wanted nor pinned.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import (
    IndexCorruptError,
    IndexingError,
    IndexLockedError,
    IndexMissingError,
)
from index.manifest import GenerationPaths, Manifest, write_manifest
from index.pins import Pin, collect, take_pin

_MAX_NAME_CHARS = 12
_TEMPORARY = ".building-"
_COLLECTED = ".dropped-"
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
        try:
            return (self.path / "CURRENT").read_text("utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as exc:
            raise IndexCorruptError(f"{self.path / 'CURRENT'} cannot be read. {_REBUILD}") from exc

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
    def lock(self, timeout_s: float, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the right to write; readers need none.

        :param timeout_s: Seconds to wait for another build.
        :param on_wait: Called once when there is one to wait for.
        :raises IndexLockedError: When the wait was in vain.
        :raises IndexingError: When the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / "build.lock", timeout=timeout_s)
            _acquire(lock, on_wait or (lambda: None))
        except Timeout as exc:
            raise IndexLockedError(
                f"Another build has held {self.path} for {timeout_s:.0f} s. Wait for it, or stop "
                "that process."
            ) from exc
        except OSError as exc:
            raise IndexingError(
                f"The index folder {self.path} cannot be written ({exc.strerror}). Make it "
                "writable, or put the index elsewhere with --index."
            ) from exc
        try:
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

    def publish(self, paths: GenerationPaths, manifest: Manifest, *, keep: int) -> None:
        """Make a written generation the live one and collect the oldest.

        :param paths: From :meth:`write_generation`, complete but for the manifest.
        :param manifest: What it holds.
        :param keep: Number of generations left, the live one included; those that a reader holds
            stay besides until a later publication finds them free.
        """
        write_manifest(paths, manifest)
        _flush_tree(paths.root)
        final = self.generations_dir / manifest.generation
        if final.exists():  # left by a build that died between the rename and the pointer
            shutil.rmtree(final)
        paths.root.rename(final)
        _flush(self.generations_dir)
        temporary = self.path / "CURRENT.tmp"
        temporary.write_text(manifest.generation + "\n", "utf-8", newline="\n")
        _flush(temporary)
        pointer = self.path / "CURRENT"
        if pointer.is_dir():  # somebody's doing; it would stand in the way for ever
            shutil.rmtree(pointer)
        temporary.replace(pointer)
        _flush(self.path)
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
        return bool(self._unfinished())

    def _unfinished(self) -> list[Path]:
        marks = (_TEMPORARY, _COLLECTED)
        return [path for mark in marks for path in self.generations_dir.glob(f"{mark}*")]

    def _discard_unfinished(self) -> None:
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


def _acquire(lock: FileLock, on_wait: Callable[[], None]) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_wait()
        lock.acquire()


def _flush_tree(root: Path) -> None:
    for path in [*root.rglob("*"), root]:
        _flush(path)


def _flush(path: Path) -> None:
    """Force a file or folder to disk.

    Windows flushes only handles that may write, and cannot open folders, which need no flush there.
    """
    try:
        handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    except (PermissionError, IsADirectoryError):
        return
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(handle)
