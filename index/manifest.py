"""Manifest: what a generation holds, what it was made with, and the checksums that prove it."""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.errors import IndexCorruptError, IndexFormatError
from index.sealing import FileEntry, describe_files, stamp_file

FORMAT_VERSION = 6
_REBUILD = "Run: yiju index --full"


@dataclass(frozen=True, slots=True)
class Manifest:
    """How much a generation holds and what it was made with; what it holds is in its store."""

    generation: str
    documents_dir: str  # relative to the index when the index lies in it, else absolute
    created_at: str  # ISO 8601, UTC
    encoder: str  # "" for the bundled one
    encoder_fingerprint: str
    dim: int
    max_chunk_chars: int
    n_documents: int
    n_chunks: int
    mean_terms: float
    n_scored: int  # rows that a search scores exactly, found by their codes; 0: every row
    recall: float  # of the ten nearest rows, as measured when it was built
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
        """Files, documents and chunks."""
        return self.root / "chunks.sqlite"

    @property
    def dense(self) -> Path:
        """The chunks' vectors, as FAISS's bytes."""
        return self.root / "dense.faiss"

    @property
    def codes(self) -> Path:
        """A bit for each dimension of the vectors; only where there are many."""
        return self.root / "codes.faiss"

    @property
    def lexical(self) -> Path:
        """The folder of tantivy."""
        return self.root / "lexical"


def utc_now() -> str:
    """Return the time for a manifest, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_manifest(
    paths: GenerationPaths, manifest: Manifest, files: Mapping[str, FileEntry]
) -> None:
    """Write a manifest with the size and sha256 of every other file and its own checksum.

    :param paths: A generation that is complete but for it.
    :param manifest: What the generation holds.
    :param files: All of them, by their paths in the generation.
    """
    body = {"format_version": FORMAT_VERSION, **asdict(manifest), "files": dict(files)}
    body["checksum"] = _checksum(body)
    paths.manifest.write_text(json.dumps(body, ensure_ascii=False, indent=1), "utf-8", newline="\n")


def find_shared(paths: GenerationPaths, other: GenerationPaths) -> dict[str, FileEntry]:
    """Find the files that one generation shares with another, being links to the same.

    :param paths: The one.
    :param other: The other, published.
    :return: Their names, each with what the other's manifest says of the file.
    """
    shared = {}
    root, other_root = str(paths.root), str(other.root)  # for hundreds of files, Paths are slow
    for name, entry in _read_json(other.manifest)["files"].items():
        with suppress(OSError):  # the one has no such file
            if os.path.samefile(f"{root}/{name}", f"{other_root}/{name}"):  # noqa: PTH121 - as above
                shared[name] = entry
    return shared


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
    root = str(paths.root)
    wrong = [
        name for name, entry in body["files"].items() if _size_of(f"{root}/{name}") != entry["size"]
    ]
    if wrong:
        raise IndexCorruptError(
            f"Missing or cut short in {paths.root}: {', '.join(sorted(wrong))}. {_REBUILD}"
        )
    try:
        return _from_json(body)
    except (KeyError, TypeError) as exc:
        raise IndexCorruptError(f"{paths.manifest} is incomplete. {_REBUILD}") from exc


def check_loaded(paths: GenerationPaths) -> None:
    """Hash what a load relies on and was touched since it was written: all but the vectors.

    Names, titles, pages and headings of citations come from the store, and a flipped bit in a
    segment can keep tantivy busy for ever. Damage to a vector can cost an answer, but never make a
    wrong one. An index that was copied to another place is new to it, and hashed, a gigabyte a
    second.

    :param paths: A published generation.
    :raises IndexCorruptError: Naming every file that is not as it was written.
    """
    recorded = _read_json(paths.manifest)["files"]
    names = [name for name in recorded if name != paths.dense.name]
    _compare(
        paths,
        {name: recorded[name] for name in names if not _is_untouched(paths, name, recorded[name])},
    )


def check_files(paths: GenerationPaths) -> None:
    """Hash every file of a generation.

    :param paths: A published generation.
    :raises IndexFormatError: When it was written in another format version.
    :raises IndexCorruptError: Naming every file that is not as it was written.
    """
    read_manifest(paths)
    _check_files(paths, lambda _: True)


def check_copied(paths: GenerationPaths) -> None:
    """Hash the files that the next generation copies; those it links keep their checksums.

    :param paths: A published generation.
    :raises IndexCorruptError: Naming every file that is not as it was written.
    """
    # Of the lexical index, segments are linked, and the two files that name them written anew.
    _check_files(paths, lambda name: "/" not in name or name.endswith(".json"))


def check_linked(paths: GenerationPaths, path: Path) -> None:
    """Hash a file that the next generation reads although it does not copy it.

    :param paths: A published generation.
    :param path: One of its files.
    :raises IndexCorruptError: When it is not as it was written.
    """
    name = path.relative_to(paths.root).as_posix()
    _check_files(paths, lambda other: other == name)


def _check_files(paths: GenerationPaths, is_wanted: Callable[[str], bool]) -> None:
    recorded = _read_json(paths.manifest)["files"]
    _compare(paths, {name: entry for name, entry in recorded.items() if is_wanted(name)})


def _compare(paths: GenerationPaths, recorded: Mapping[str, FileEntry]) -> None:
    found = describe_files([paths.root / name for name in recorded])
    pairs = zip(recorded.items(), found, strict=True)
    wrong = [name for (name, entry), now in pairs if entry["sha256"] != now["sha256"]]
    if wrong:
        raise IndexCorruptError(f"Altered in {paths.root}: {', '.join(sorted(wrong))}. {_REBUILD}")


def _is_untouched(paths: GenerationPaths, name: str, recorded: FileEntry) -> bool:
    return stamp_file(paths.root / name).items() <= recorded.items()


def _from_json(body: dict[str, Any]) -> Manifest:
    return Manifest(**{field.name: body[field.name] for field in fields(Manifest)})


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


def _size_of(path: str) -> int | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path costs more than the call
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


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
