"""Loading: a file → its Document, by way of the format's own loader in ``index.formats``."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from index.datatypes import Document, Problem
from index.errors import DocumentError, IndexMissingError, UnreadableError
from index.formats import plain_text
from index.formats.extraction import Extraction

# One loader a format. The name's ending decides, never a guess from the content.
_LOADERS: dict[str, Callable[[bytes], Extraction]] = {
    ".txt": plain_text.extract_text,
    ".md": plain_text.extract_markdown,
    ".markdown": plain_text.extract_markdown,
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the documents' folder before it is read."""

    path: Path
    source: str  # relative to the folder, with /
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What a walk over the folder found."""

    files: tuple[FoundFile, ...]  # sorted by source
    problems: tuple[Problem, ...]  # files that will not be indexed


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document with the encoding its bytes were in."""

    document: Document
    encoding: str


def scan_documents(
    documents_dir: Path, max_file_bytes: int, *, excluded: Path | None = None
) -> Scan:
    """Walk the folder without reading any file.

    Hidden files and folders are passed over, links that lead out of the folder too.

    :param documents_dir: The documents' folder.
    :param max_file_bytes: A larger file is reported, not read.
    :param excluded: A folder in it that holds no documents: the index's own.
    :return: The files that have a loader, and a problem for each other one.
    :raises IndexMissingError: When the folder does not exist or cannot be listed.
    """
    if not documents_dir.is_dir():
        raise IndexMissingError(
            f"No documents' folder at {documents_dir}. Make it and put .txt or .md files into it, "
            "or name another one with --documents."
        )
    files: list[FoundFile] = []
    problems: list[Problem] = []
    root = documents_dir.resolve()
    for path in _walk(documents_dir, excluded, problems):
        source = path.relative_to(documents_dir).as_posix()
        try:
            files.append(_examine(path, source, root, max_file_bytes))
        except (DocumentError, OSError, RuntimeError) as exc:  # RuntimeError: a circle of links
            problems.append(Problem(printable(source), _reason(exc)))
    return Scan(tuple(sorted(files, key=lambda file: file.source)), tuple(problems))


def load_document(file: FoundFile, data: bytes) -> LoadedDocument:
    """Turn a file's bytes into a Document.

    :param file: Where the bytes come from.
    :param data: All bytes of the file.
    :return: The document and its encoding.
    :raises DocumentError: When the bytes are not what the file's name says.
    """
    suffix = PurePosixPath(file.source).suffix.lower()
    extraction = _LOADERS[suffix](data)
    title = next((h.title for h in extraction.headings if h.level == 1), "") or extraction.title
    document = Document(
        doc_id=hash_source(file.source),
        source=file.source,
        title=title or PurePosixPath(file.source).stem,
        text=extraction.text,
        media_type=extraction.media_type,
        sha256=hash_bytes(data),
        pages=extraction.pages,
        headings=extraction.headings,
    )
    return LoadedDocument(document, extraction.encoding)


def read_bytes(file: FoundFile) -> bytes:
    """Read a file whole.

    :param file: The file.
    :return: Its bytes.
    :raises UnreadableError: When the system refuses.
    """
    try:
        return file.path.read_bytes()
    except OSError as exc:
        raise UnreadableError(_reason(exc)) from exc


def hash_source(source: str) -> str:
    """Return the doc_id of a relative path: 16 hexadecimal digits."""
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def hash_bytes(data: bytes) -> str:
    """Return the sha256 of the bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def printable(source: str) -> str:
    """Return a file name that can be printed: undecodable bytes become escapes."""
    return source.encode("utf-8", "backslashreplace").decode("utf-8")


def _walk(documents_dir: Path, excluded: Path | None, problems: list[Problem]) -> Iterator[Path]:
    root = documents_dir.resolve()
    left_out = excluded.resolve() if excluded else None

    def is_ours(folder: Path) -> bool:
        # os.walk follows Windows' junctions before Python 3.12; they may lead anywhere.
        target = folder.resolve()
        return target != left_out and target.is_relative_to(root)

    def refuse(exc: OSError) -> None:
        name = Path(exc.filename or documents_dir).name
        problems.append(Problem(printable(name), _reason(exc)))

    for folder, folders, names in os.walk(documents_dir, onerror=refuse):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and is_ours(Path(folder, name))
        )
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder, name)


def _examine(path: Path, source: str, root: Path, max_file_bytes: int) -> FoundFile:
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        raise DocumentError("It is a link that leads out of the documents' folder.")
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DocumentError("It is not an ordinary file.")
    if path.suffix.lower() not in _LOADERS:
        known = ", ".join(sorted(_LOADERS))
        raise DocumentError(f"Its format is not supported; the supported ones are {known}.")
    if not os.access(path, os.R_OK):
        raise DocumentError("It cannot be read: permission denied.")
    if status.st_size > max_file_bytes:
        raise DocumentError(
            f"It has {status.st_size:,} bytes; the limit is {max_file_bytes:,} "
            "(YIJU_MAX_FILE_BYTES)."
        )
    try:
        source.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise DocumentError("Its name is not valid Unicode; rename it.") from exc
    return FoundFile(path, source, status.st_size, status.st_mtime_ns)


def _reason(exc: Exception) -> str:
    if isinstance(exc, OSError):
        return f"It cannot be read: {exc.strerror or type(exc).__name__}."
    if isinstance(exc, RuntimeError):
        return "It is a link that leads back to itself."
    return str(exc)
