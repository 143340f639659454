"""Loading: a file → its Document, by way of the format's own loader in ``index.formats``."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from index.datatypes import Document, Problem
from index.errors import DocumentError, IndexMissingError, UnreadableError
from index.formats.extraction import Extraction
from index.formats.registry import USUAL_FORMATS, Loader, find_loader

PASSED_OVER = (".", "~$")  # hidden files, and what Office leaves beside a document that is open


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
    """A document with the encoding its bytes were in, and what could not be taken over."""

    document: Document
    encoding: str
    warnings: tuple[str, ...]


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
            f"No documents' folder at {documents_dir}. Make it and put documents "
            f"({USUAL_FORMATS}) into it, or name another one with --documents."
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


def load_document(
    file: FoundFile,
    data: bytes,
    extract: Callable[[Loader, bytes], Extraction] = Loader.extract,
) -> LoadedDocument:
    """Turn a file's bytes into a Document.

    :param file: Where the bytes come from.
    :param data: All bytes of the file.
    :param extract: Runs the format's loader; by default in this process.
    :return: The document with its encoding and warnings.
    :raises DocumentError: When the bytes are not what the file's name says.
    """
    extraction = extract(find_loader(PurePosixPath(file.source)), data)
    # Several headings of the first level are chapters; the title is what the file says of itself.
    chapters = [heading.title for heading in extraction.headings if heading.level == 1]
    title = extraction.title if len(chapters) > 1 else next(iter(chapters), extraction.title)
    document = Document(
        doc_id=hash_source(file.source),
        source=file.source,
        title=title or next(iter(chapters), PurePosixPath(file.source).stem),
        text=extraction.text,
        media_type=extraction.media_type,
        sha256=hash_bytes(data),
        places=extraction.places,
        headings=extraction.headings,
    )
    return LoadedDocument(document, extraction.encoding, extraction.warnings)


def read_bytes(file: FoundFile, max_file_bytes: int) -> bytes:
    """Read a file whole, as it was at one moment.

    :param file: The file.
    :param max_file_bytes: More are not read.
    :return: Its bytes.
    :raises UnreadableError: When the system refuses, or the file is being written.
    """
    try:
        for _ in range(2):
            data = _read_unchanged(file.path, max_file_bytes)
            if data is not None:
                return data
    except OSError as exc:
        raise UnreadableError(_reason(exc)) from exc
    raise UnreadableError("It changed while it was read; the next build reads it again.")


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
            name
            for name in folders
            if not name.startswith(PASSED_OVER) and is_ours(Path(folder, name))
        )
        for name in sorted(names):
            if not name.startswith(PASSED_OVER):
                yield Path(folder, name)


def _examine(path: Path, source: str, root: Path, max_file_bytes: int) -> FoundFile:
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        raise DocumentError("It is a link that leads out of the documents' folder.")
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DocumentError("It is not an ordinary file.")
    find_loader(path)
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


def _read_unchanged(path: Path, max_file_bytes: int) -> bytes | None:
    """Read a file; None when its size or time is another afterwards."""
    # A pipe that has taken the file's place would be waited for without O_NONBLOCK.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as stream:
        before = os.fstat(stream.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableError("It is not an ordinary file any more.")
        if before.st_size > max_file_bytes:
            raise UnreadableError("It grew beyond the limit (YIJU_MAX_FILE_BYTES).")
        data = stream.read(before.st_size)
        after = os.fstat(stream.fileno())
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return data if is_same and len(data) == before.st_size else None


def _reason(exc: Exception) -> str:
    if isinstance(exc, OSError):
        return f"It cannot be read: {exc.strerror or type(exc).__name__}."
    if isinstance(exc, RuntimeError):
        return "It is a link that leads back to itself."
    return str(exc)
