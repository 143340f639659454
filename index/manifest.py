"""Manifest: what a generation holds, what it was made with, and the checksums that prove it."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.datatypes import DocumentInfo, Problem
from index.errors import IndexCorruptError, IndexFormatError

FORMAT_VERSION = 2
_REBUILD = "Run: yiju index --full"


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be indexed, so that it is not read again until it changes."""

    source: str
    size: int
    mtime_ns: int
    message: str
    sha256: str = ""  # of the file's bytes; "" when they could not be read
    seconds: float = 0.0  # that trying took


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
    restored_from: str = ""  # the generation that a rollback brought back; "" for a build's own


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
            path.relative_to(paths.root).as_posix(): _describe(path) for path in data_files(paths)
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
    try:
        return _from_json(body)
    except (KeyError, TypeError) as exc:
        raise IndexCorruptError(f"{paths.manifest} is incomplete. {_REBUILD}") from exc


def check_files(paths: GenerationPaths) -> None:
    """Hash every file of a generation: sizes are checked at each load, bytes only here.

    :param paths: A published generation.
    :raises IndexFormatError: When it was written in another format version.
    :raises IndexCorruptError: Naming every file that is not as it was written.
    """
    read_manifest(paths)
    recorded = _read_json(paths.manifest)["files"]
    wrong = [name for name, entry in recorded.items() if _describe(paths.root / name) != entry]
    if wrong:
        raise IndexCorruptError(f"Altered in {paths.root}: {', '.join(sorted(wrong))}. {_REBUILD}")


def _from_json(body: dict[str, Any]) -> Manifest:
    values = {field.name: body[field.name] for field in fields(Manifest)}
    values["documents"] = tuple(
        DocumentInfo(**{**entry, "warnings": tuple(entry["warnings"])})
        for entry in body["documents"]
    )
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


def _describe(path: Path) -> dict[str, int | str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def data_files(paths: GenerationPaths) -> list[Path]:
    """Return every file of a generation but its manifest, sorted."""
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
