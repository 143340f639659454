"""Loading: a file → its Document, by way of the format's own loader in ``index.formats``."""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from index.datatypes import Document, Problem
from index.errors import DocumentError, IndexMissingError, UnreadableError
from index.formats.extraction import Extraction
from index.formats.registry import USUAL_FORMATS, Loader, find_loader

PASSED_OVER = (".", "~$")  # hidden files, and what Office leaves beside a document that is open
_NO_TEXT = "It has no text."
_MAX_TITLE_CHARS = 200  # it is shown beside every quote
_TICK_NS = 20_000_000  # of the clock that files' times are taken from; the slowest is Windows'
_WRITE_NS = 2  # that writing a byte may take


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the documents' folder before it is read."""

    path: Path
    source: str  # relative to the folder, with /
    size: int  # bytes
    mtime_ns: int


class ListedFile(NamedTuple):  # a dataclass takes thrice as long to make
    """A file that a walk over the documents' folder came by."""

    source: str  # relative to the folder, with /
    size: int  # bytes
    mtime_ns: int
    format: str  # its loader's name, such as ``pdf``


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
    own_title: str  # what the file calls itself; "" when its name is its only title


def scan_documents(
    documents_dir: Path, max_file_bytes: int, *, excluded: Path | None = None
) -> Scan:
    """Walk the folder without reading any file, and hold all that was found.

    :param documents_dir: The documents' folder.
    :param max_file_bytes: A larger file is reported, not read.
    :param excluded: A folder in it that holds no documents: the index's own.
    :return: The files that have a loader, and a problem for each other one.
    :raises IndexMissingError: When the folder does not exist or cannot be listed.
    """
    files: list[FoundFile] = []
    problems: list[Problem] = []
    for found in walk_documents(documents_dir, max_file_bytes, excluded=excluded):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            path = documents_dir / found.source
            files.append(FoundFile(path, found.source, found.size, found.mtime_ns))
    return Scan(
        tuple(sorted(files, key=lambda file: file.source)),
        tuple(sorted(problems, key=lambda problem: problem.source)),
    )


def walk_documents(
    documents_dir: Path, max_file_bytes: int, *, excluded: Path | None = None
) -> Iterator[ListedFile | Problem]:
    """Walk the folder without reading any file, in no order, holding nothing.

    Hidden files and folders are passed over, links that lead out of the folder too.

    :param documents_dir: The documents' folder.
    :param max_file_bytes: A larger file is reported, not read.
    :param excluded: A folder in it that holds no documents: the index's own.
    :return: Each file that has a loader, and a problem for each other one.
    :raises IndexMissingError: When the folder does not exist or cannot be listed.
    """
    if not documents_dir.is_dir():
        raise IndexMissingError(
            f"No documents' folder at {documents_dir}. Make it and put documents "
            f"({USUAL_FORMATS}) into it, or name another one with --documents."
        )
    return _Walk(documents_dir, max_file_bytes, excluded).run()


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
    own_title = _shorten(title or next(iter(chapters), ""))
    document = Document(
        doc_id=hash_source(file.source),
        source=file.source,
        title=own_title or title_of(file.source),
        text=extraction.text,
        media_type=extraction.media_type,
        sha256=hash_bytes(data),
        places=extraction.places,
        headings=extraction.headings,
    )
    nothing = () if extraction.text.strip() else (_NO_TEXT,)
    return LoadedDocument(document, extraction.encoding, extraction.warnings or nothing, own_title)


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


def format_of(source: str) -> str:
    """Return the name of a file's loader, such as ``pdf``.

    :param source: The file.
    :raises DocumentError: When there is none.
    """
    return find_loader(PurePosixPath(source)).function.removeprefix("extract_")


def title_of(source: str) -> str:
    """Return the title of a document that has none of its own: its file's name."""
    return _shorten(PurePosixPath(source).stem)


def _shorten(title: str) -> str:
    return title if len(title) <= _MAX_TITLE_CHARS else f"{title[:_MAX_TITLE_CHARS]}…"


def hash_source(source: str) -> str:
    """Return the doc_id of a relative path: 16 hexadecimal digits."""
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def hash_bytes(data: bytes) -> str:
    """Return the sha256 of the bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def printable(source: str) -> str:
    """Return a file name that can be printed: undecodable bytes become escapes."""
    return source.encode("utf-8", "backslashreplace").decode("utf-8")


class _Walk:
    """One walk over a folder; names are strings throughout, for paths cost more than the walk."""

    def __init__(self, documents_dir: Path, max_file_bytes: int, excluded: Path | None) -> None:
        self._documents_dir = documents_dir
        self._max_file_bytes = max_file_bytes
        self._root = documents_dir.resolve()
        self._excluded = excluded.resolve() if excluded else None
        self._formats: dict[str, str] = {}  # by the ending of a name

    def run(self) -> Iterator[ListedFile | Problem]:
        waiting = [("", self._documents_dir)]
        while waiting:
            prefix, folder = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name.startswith(PASSED_OVER):
                            continue
                        if not _is_folder(entry):
                            yield self._examine(entry, prefix + entry.name)
                        elif entry.is_symlink():
                            source = printable(prefix + entry.name)
                            yield Problem(source, "It is a link to a folder, which is not entered.")
                        elif self._is_ours(Path(entry.path)):
                            waiting.append((f"{prefix}{entry.name}/", Path(entry.path)))
            except OSError as exc:
                yield Problem(printable(prefix.rstrip("/") or folder.name), _reason(exc))

    def _is_ours(self, folder: Path) -> bool:
        # Windows' junctions are no links to Python before 3.12, and may lead anywhere.
        target = folder.resolve()
        return target != self._excluded and target.is_relative_to(self._root)

    def _examine(self, entry: os.DirEntry[str], source: str) -> ListedFile | Problem:
        try:
            return self._accept(entry, source)
        except (DocumentError, OSError, RuntimeError) as exc:  # RuntimeError: a circle of links
            return Problem(printable(source), _reason(exc))

    def _accept(self, entry: os.DirEntry[str], source: str) -> ListedFile:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(self._root):
            raise DocumentError("It is a link that leads out of the documents' folder.")
        # Not the entry's own: on Windows that may be older than the file.
        status = os.stat(entry.path)  # noqa: PTH116 - a Path costs more than the call
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError("It is not an ordinary file.")
        name = self._format_of(entry.name)
        if not os.access(entry.path, os.R_OK):
            raise DocumentError("It cannot be read: permission denied.")
        if status.st_size > self._max_file_bytes:
            raise DocumentError(
                f"It has {status.st_size:,} bytes; the limit is {self._max_file_bytes:,} "
                "(YIJU_MAX_FILE_BYTES)."
            )
        try:
            source.encode("utf-8")
        except UnicodeEncodeError as exc:
            raise DocumentError("Its name is not valid Unicode; rename it.") from exc
        return ListedFile(source, status.st_size, status.st_mtime_ns, name)

    def _format_of(self, name: str) -> str:
        ending = name[name.rfind(".") :] if "." in name else ""
        if ending not in self._formats:
            self._formats[ending] = format_of(name)
        return self._formats[ending]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circle of links
        return False


def _read_unchanged(path: Path, max_file_bytes: int) -> bytes | None:
    """Read a file; None when it was changed a moment ago or meanwhile."""
    # A pipe that has taken the file's place would be waited for without O_NONBLOCK.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as stream:
        before = _status_of(stream, max_file_bytes)
        if unsettled_ns := _unsettled_ns(before):
            time.sleep(unsettled_ns / 1e9)
            before = _status_of(stream, max_file_bytes)
        data = stream.read(before.st_size)
        after = os.fstat(stream.fileno())
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    is_whole = is_same and len(data) == before.st_size
    return data if is_whole and not _unsettled_ns(after) else None


def _status_of(stream: BinaryIO, max_file_bytes: int) -> os.stat_result:
    status = os.fstat(stream.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("It is not an ordinary file any more.")
    if status.st_size > max_file_bytes:
        raise UnreadableError("It grew beyond the limit (YIJU_MAX_FILE_BYTES).")
    return status


def _unsettled_ns(status: os.stat_result) -> int:
    """Return for how long a file may still be being written, as far as its time can tell.

    A file has its new time before its new bytes, and all changes within one tick of the clock have
    one time: whoever reads before that has passed may read half of a change and not notice.
    """
    age = time.time_ns() - status.st_mtime_ns
    if age < -_TICK_NS:  # a time that is to come says nothing
        return 0
    return max(0, _TICK_NS + _WRITE_NS * status.st_size - max(age, 0))


def _reason(exc: Exception) -> str:
    if isinstance(exc, OSError):
        return f"It cannot be read: {exc.strerror or type(exc).__name__}."
    if isinstance(exc, RuntimeError):
        return "It is a link that leads back to itself."
    return str(exc)
