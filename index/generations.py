"""Generations: immutable snapshots of an index and one pointer that is switched atomically.

``CURRENT`` names the live generation. A build writes a new folder beside the old ones, flushes it,
renames it to its final name and only then replaces ``CURRENT``: a crash at any instant leaves the
old generation answering. The scheme is that of LevelDB's CURRENT file and Lucene's commit points.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from index.datatypes import DocumentInfo, Problem
from index.errors import (
    IndexCorruptError,
    IndexFormatError,
    IndexingError,
    IndexLockedError,
    IndexMissingError,
)

FORMAT_VERSION = 1
_TEMPORARY = ".building-"
_REBUILD = "Run: yiju index --full"


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be indexed, so that it is not read again until it changes."""

    source: str
    size: int
    mtime_ns: int
    message: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds and what it was made with."""

    generation: str
    documents_dir: str  # relative to the index when the index lies in it, else absolute
    created_at: str  # ISO 8601, UTC
    encoder: str  # "" for the bundled one
    encoder_fingerprint: str
    dim: int
    max_chunk_chars: int
    n_chunks: int
    mean_terms: float
    documents: tuple[DocumentInfo, ...]  # sorted by source
    failed: tuple[FailedFile, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class GenerationPaths:
    """The files of one generation."""

    root: Path

    @property
    def manifest(self) -> Path:
        """What the generation holds."""
        return self.root / "manifest.json"

    @property
    def store(self) -> Path:
        """Documents and chunks."""
        return self.root / "chunks.sqlite"

    @property
    def vectors(self) -> Path:
        """(n_chunks, dim) float32, one row a chunk."""
        return self.root / "vectors.npy"

    @property
    def dense(self) -> Path:
        """FAISS's bytes."""
        return self.root / "dense.faiss"

    @property
    def lexical(self) -> Path:
        """The folder of tantivy."""
        return self.root / "lexical"


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
        try:
            name = (self.path / "CURRENT").read_text("utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as exc:
            raise IndexCorruptError(f"{self.path / 'CURRENT'} cannot be read. {_REBUILD}") from exc
        if not name.isdecimal() or not (self.generations_dir / name).is_dir():
            raise IndexCorruptError(
                f"{self.path / 'CURRENT'} names the generation {name!r}, which is not there. "
                f"{_REBUILD}"
            )
        return name

    def require_current(self) -> str:
        """Return the live generation's name.

        :return: The name.
        :raises IndexMissingError: When there is no index.
        """
        name = self.current()
        if name is None:
            raise IndexMissingError(f"No index at {self.path}. Run: yiju index")
        return name

    def paths(self, generation: str) -> GenerationPaths:
        """Return the paths of a generation's files."""
        return GenerationPaths(self.generations_dir / generation)

    @contextmanager
    def lock(self, timeout_s: float) -> Iterator[None]:
        """Hold the right to write; readers need none.

        :param timeout_s: Seconds to wait for another build.
        :raises IndexLockedError: When the wait was in vain.
        :raises IndexingError: When the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / "build.lock", timeout=timeout_s)
            lock.acquire()
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
            yield
        finally:
            lock.release()

    @contextmanager
    def write_generation(self) -> Iterator[GenerationPaths]:
        """Give an empty folder for a new generation; it is deleted unless published.

        :return: The paths to write to.
        """
        self.generations_dir.mkdir(parents=True, exist_ok=True)
        self._discard_unfinished()
        paths = GenerationPaths(self.generations_dir / f"{_TEMPORARY}{os.getpid()}")
        paths.lexical.mkdir(parents=True)
        try:
            yield paths
        finally:
            shutil.rmtree(paths.root, ignore_errors=True)

    def publish(self, paths: GenerationPaths, manifest: Manifest, *, keep: int) -> None:
        """Make a written generation the live one and drop the oldest.

        :param paths: From :meth:`write_generation`, complete but for the manifest.
        :param manifest: What it holds.
        :param keep: Number of generations left, the live one included.
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
        temporary.replace(self.path / "CURRENT")
        _flush(self.path)
        self._drop_old(manifest.generation, keep)

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

    def _drop_old(self, live: str, keep: int) -> None:
        others = [name for name in self._names() if name != live]
        for name in others[: max(0, len(others) - keep + 1)]:
            # On Windows a folder that a reader has open stays until the next build.
            shutil.rmtree(self.generations_dir / name, ignore_errors=True)

    def _discard_unfinished(self) -> None:
        for path in self.generations_dir.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(path, ignore_errors=True)


def utc_now() -> str:
    """Return the time for a manifest, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_manifest(paths: GenerationPaths, manifest: Manifest) -> None:
    """Write a manifest with the size and sha256 of every other file and its own checksum.

    :param paths: A generation that is complete but for it.
    :param manifest: What the generation holds.
    """
    body = {
        "format_version": FORMAT_VERSION,
        **asdict(manifest),
        "files": {
            path.relative_to(paths.root).as_posix(): _describe(path) for path in _files(paths)
        },
    }
    body["checksum"] = _checksum(body)
    paths.manifest.write_text(json.dumps(body, ensure_ascii=False, indent=1), "utf-8", newline="\n")


def read_manifest(paths: GenerationPaths) -> Manifest:
    """Read a manifest and check it, the format and every file's size.

    :param paths: A published generation.
    :return: The manifest.
    :raises IndexFormatError: When it was written in another format version.
    :raises IndexCorruptError: When it, or a file it names, is missing or altered.
    """
    body = _read_json(paths.manifest)
    if body.get("format_version") != FORMAT_VERSION:
        raise IndexFormatError(
            f"The index at {paths.root.parent.parent} has format version "
            f"{body.get('format_version')}; this yiju reads version {FORMAT_VERSION}. {_REBUILD}"
        )
    checksum = body.pop("checksum", None)
    if checksum != _checksum(body):
        raise IndexCorruptError(f"{paths.manifest} was altered. {_REBUILD}")
    wrong = [
        name
        for name, entry in body["files"].items()
        if not (paths.root / name).is_file() or (paths.root / name).stat().st_size != entry["size"]
    ]
    if wrong:
        raise IndexCorruptError(
            f"Missing or cut short in {paths.root}: {', '.join(sorted(wrong))}. {_REBUILD}"
        )
    values = {field.name: body[field.name] for field in fields(Manifest)}
    values["documents"] = tuple(DocumentInfo(**entry) for entry in body["documents"])
    values["failed"] = tuple(FailedFile(**entry) for entry in body["failed"])
    values["problems"] = tuple(Problem(**entry) for entry in body["problems"])
    return Manifest(**values)


def describe_folder(documents_dir: Path, index_dir: Path) -> str:
    """Return how a manifest names its documents' folder.

    :param documents_dir: The folder.
    :param index_dir: The index's folder.
    :return: Relative when the index lies in the folder, so that both may move; else absolute.
    """
    documents, index = documents_dir.resolve(), index_dir.resolve()
    if index.is_relative_to(documents):
        return Path(*[".."] * len(index.relative_to(documents).parts)).as_posix()
    return documents.as_posix()


@dataclass(frozen=True, slots=True)
class _File:
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        with path.open("rb") as file:
            return cls(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _describe(path: Path) -> dict[str, int | str]:
    return asdict(_File.of(path))


def _files(paths: GenerationPaths) -> list[Path]:
    # tantivy's lock files are not data, and opening the index makes them again.
    return sorted(
        path
        for path in paths.root.rglob("*")
        if path.is_file() and not path.name.endswith(".lock") and path != paths.manifest
    )


def _checksum(body: dict[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False).encode("utf-8")
    return hashlib.sha256(canonical).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise IndexCorruptError(f"{path} cannot be read. {_REBUILD}") from exc
    if not isinstance(body, dict):
        raise IndexCorruptError(f"{path} is not a manifest. {_REBUILD}")
    return body


def _flush_tree(root: Path) -> None:
    for path in [*root.rglob("*"), root]:
        _flush(path)


def _flush(path: Path) -> None:
    """Force a file or folder to disk; Windows cannot open folders and needs no flush of them."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except (PermissionError, IsADirectoryError):
        return
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(handle)
