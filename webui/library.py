"""Library: a folder of documents, changed by several people at once.

No operation ever overwrites a file. Those of all who use this module, in whatever process, come one
after another by a lock in the folder; against other programs they rely on what the system does in
one step: a hard link or an exclusive creation fails where a name is taken. What is deleted is moved
into a hidden folder beside the documents, from where it can be brought back.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from webui.document_names import check_format, check_path, clean_name, numbered, renamed
from webui.library_trash import Trash, flush_folder
from webui.refusals import LibraryError, Refusal

_UPLOAD_PREFIX = ".yiju-upload-"
_ABANDONED_S = 24 * 3600.0  # after which what is left of an upload goes
_LOCK_TIMEOUT_S = 20.0
_MOST_NUMBERS = 1000  # tried for a name that is taken
_BLOCK = 1024 * 1024
# File systems without hard links: FAT, some network drives, some phones.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_REFUSALS = {
    errno.EROFS: Refusal.READ_ONLY,
    errno.EACCES: Refusal.READ_ONLY,
    errno.EPERM: Refusal.READ_ONLY,
    errno.ENOSPC: Refusal.FULL,
    errno.EDQUOT: Refusal.FULL,
    errno.ENAMETOOLONG: Refusal.NAME,
}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an uploaded file."""

    source: str  # relative to the folder, with /
    is_new: bool  # False when a file of that name and content was there already


@dataclass(frozen=True, slots=True)
class Deleted:
    """A file that can be brought back."""

    source: str
    token: str  # known only to whom it was given


@dataclass(frozen=True, slots=True)
class Stamp:
    """The state of a file that somebody saw, so that nothing is done to another one."""

    size: int  # bytes
    mtime_ns: int


class DocumentFolder:
    """The operations on one documents' folder; safe to use from several threads and processes."""

    def __init__(self, folder: Path, *, max_file_bytes: int, excluded: Path | None = None) -> None:
        """Name the folder; nothing is read or made.

        :param folder: The documents'.
        :param max_file_bytes: Most of an added file.
        :param excluded: A folder in it that holds no documents: the index's own.
        """
        self._folder = folder
        self._excluded = excluded
        self._max_file_bytes = max_file_bytes

    def begin(self, name: str) -> "Upload":
        """Begin to add a file; nobody sees it before :meth:`Upload.finish`.

        :param name: What the file is called where it comes from.
        :return: A context manager that takes its bytes.
        :raises LibraryError: When the name or its format cannot be taken, or the folder not be
            written.
        """
        clean = clean_name(name)
        check_format(clean)
        with _system_errors():
            root = self._root()
            _sweep(root)
            return Upload(self, root, clean, self._max_file_bytes)

    def add(self, name: str, blocks: Iterable[bytes]) -> Added:
        """Add a file as a whole.

        :param name: What the file is called where it comes from.
        :param blocks: Its bytes.
        :raises LibraryError: See :meth:`begin` and :class:`Upload`.
        """
        with self.begin(name) as upload:
            for block in blocks:
                upload.write(block)
            return upload.finish()

    def rename(self, source: str, stem: str, seen: Stamp | None = None) -> str:
        """Rename a file where it lies; its ending stays.

        :param source: The file.
        :param stem: Its new name, with or without the ending.
        :param seen: What it was when it was chosen.
        :return: The new source.
        :raises LibraryError: When the file is gone or another one, or the name is taken.
        """
        new = renamed(source, stem)
        if new == source:
            return new
        with _system_errors(), self._locked():
            path, target = self._find(source, seen), self._root() / new
            if _is_same_file(path, target):  # only in another case, where that is no difference
                path.rename(target)
            else:
                place(path, target)
            flush_folder(path.parent)
        return new

    def delete(self, source: str, seen: Stamp | None = None) -> Deleted:
        """Move a file out of sight.

        :param source: The file.
        :param seen: What it was when it was chosen.
        :return: What brings it back.
        :raises LibraryError: When the file is gone or another one.
        """
        with _system_errors(), self._locked() as trash:
            token = trash.put(self._find(source, seen), source)
        return Deleted(source, token)

    def restore(self, token: str) -> str:
        """Bring a deleted file back to its place; where that is taken, beside it.

        :param token: From :meth:`delete`.
        :return: The source it has now.
        :raises LibraryError: When it is not kept any more.
        """
        with _system_errors(), self._locked() as trash:
            kept, source = trash.find(token)
            check_path(source)
            folder = self._root()
            for part in source.split("/")[:-1]:
                folder /= part
                folder.mkdir(exist_ok=True)
                self._check_inside(folder)  # before anything is made in it
            added = place_numbered(kept, folder, source.rpartition("/")[2])
            if not added.is_new:
                kept.unlink()
            trash.forget(token)
            return f"{source.rpartition('/')[0]}/{added.source}".lstrip("/")

    def accept(self, path: Path, name: str) -> Added:
        """Give an uploaded file its name; for :class:`Upload`."""
        with _system_errors(), self._locked():
            return place_numbered(path, path.parent, name)

    def _root(self) -> Path:
        try:
            return self._folder.resolve(strict=True)
        except FileNotFoundError as exc:
            raise LibraryError(Refusal.NO_FOLDER) from exc

    def _check_inside(self, folder: Path) -> None:
        """Refuse a folder that a link leads to."""
        if folder.resolve() != folder or not folder.is_relative_to(self._root()):
            raise LibraryError(Refusal.LINK)
        if self._excluded and folder.is_relative_to(self._excluded.resolve()):
            raise LibraryError(Refusal.GONE)

    def _find(self, source: str, seen: Stamp | None) -> Path:
        check_path(source)
        path = self._root() / source
        try:
            self._check_inside(path.parent)
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise LibraryError(Refusal.GONE, source) from exc
        if not stat.S_ISREG(status.st_mode):
            raise LibraryError(Refusal.LINK, source)
        if seen and seen != Stamp(status.st_size, status.st_mtime_ns):
            raise LibraryError(Refusal.CHANGED, source)
        return path

    @contextmanager
    def _locked(self) -> Iterator[Trash]:
        trash = Trash.open(self._root())
        try:
            with FileLock(trash.lock, timeout=_LOCK_TIMEOUT_S):
                yield trash
        except Timeout as exc:
            raise LibraryError(Refusal.BUSY) from exc


class Upload:
    """A file that is being added; a context manager, for one thread at a time.

    What was not finished is removed at its end.
    """

    def __init__(self, folder: DocumentFolder, root: Path, name: str, max_bytes: int) -> None:
        """Begin a hidden file; made by :meth:`DocumentFolder.begin`."""
        self._folder = folder
        self._name = name
        self._path = root / f"{_UPLOAD_PREFIX}{secrets.token_hex(8)}"
        self._left = max_bytes
        self._max_bytes = max_bytes
        # Not tempfile's: that nobody else may read, and the documents are everybody's.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(self._path, flags, 0o666), "wb")

    def __enter__(self) -> "Upload":
        """Return the upload."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was not finished."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def write(self, block: bytes) -> None:
        """Take the next bytes.

        :param block: Of any length.
        :raises LibraryError: When the file becomes too large, or the disk is full.
        """
        self._left -= len(block)
        if self._left < 0:
            raise LibraryError(Refusal.LARGE, f"{self._max_bytes:,}")
        with _system_errors():
            self._file.write(block)

    def finish(self) -> Added:
        """Give the file its name, or one with a number where that is taken by another content.

        :return: Where it is.
        :raises LibraryError: When it is empty, or the folder cannot be written.
        """
        if self._left == self._max_bytes:
            raise LibraryError(Refusal.EMPTY)
        with _system_errors():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self._folder.accept(self._path, self._name)


def place(path: Path, target: Path) -> None:
    """Move a file without ever overwriting one.

    :param path: The file.
    :param target: Its new place, in the same file system.
    :raises LibraryError: When the place is taken.
    """
    try:
        os.link(path, target)
    except FileExistsError as exc:
        raise LibraryError(Refusal.TAKEN, target.name) from exc
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        _claim(target)
        path.replace(target)
    else:
        try:
            path.unlink()
        except OSError:
            target.unlink()
            raise


def place_numbered(path: Path, folder: Path, name: str) -> Added:
    """Move a file into a folder, under a name with a number where its own is taken.

    :param path: The file; it stays where a file of that name and content is there already.
    :param folder: In the same file system.
    :param name: What it is to be called.
    :return: The name it has.
    :raises LibraryError: When a thousand such names are taken.
    """
    for number in range(1, _MOST_NUMBERS + 1):
        target = folder / numbered(name, number)
        try:
            place(path, target)
        except LibraryError as exc:
            if exc.refusal is not Refusal.TAKEN:
                raise
            if _has_same_content(path, target):
                return Added(target.name, is_new=False)
        else:
            flush_folder(folder)
            return Added(target.name, is_new=True)
    raise LibraryError(Refusal.TAKEN, name)


def _claim(target: Path) -> None:
    """Take a name with an empty file, which is then replaced; fails where it is taken."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError as exc:
        raise LibraryError(Refusal.TAKEN, target.name) from exc


def _is_same_file(path: Path, target: Path) -> bool:
    is_same_name = path.name.casefold() == target.name.casefold()
    return is_same_name and target.exists() and path.samefile(target)


def _has_same_content(path: Path, other: Path) -> bool:
    try:
        if not stat.S_ISREG(other.lstat().st_mode) or path.stat().st_size != other.stat().st_size:
            return False
        with path.open("rb") as ours, other.open("rb") as theirs:
            while block := ours.read(_BLOCK):
                if block != theirs.read(_BLOCK):
                    return False
    except OSError:  # it cannot be read, or has gone meanwhile
        return False
    return True


def _sweep(root: Path) -> None:
    """Remove what uploads left behind whose process died."""
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.startswith(_UPLOAD_PREFIX):
                with suppress(OSError):
                    Trash.remove_older(Path(entry.path), _ABANDONED_S)


@contextmanager
def _system_errors() -> Iterator[None]:
    """Turn what the system refuses into our own error, which names no place."""
    try:
        yield
    except OSError as exc:
        refusal = _REFUSALS.get(exc.errno or 0, Refusal.SYSTEM)
        raise LibraryError(refusal, exc.strerror or type(exc).__name__) from exc
