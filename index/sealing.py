"""Sealing: finished files → forced to disk, and their checksums.

The disk and the processor work at the same time: every file is hashed in one thread while another
waits for the disk, which halves what it takes to publish a small change.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The sha256 of a file's content, and what tells without reading it that it was not touched: its
# size in bytes, when it was last written, and the number that the file system knows it by.
FileEntry = dict[str, int | str]

_N_AT_ONCE = 4


def describe_file(path: Path) -> FileEntry:
    """Return the checksum of a file, and what tells that it was not touched.

    :param path: The file.
    :raises OSError: When it cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, **stamp_file(path)}


def stamp_file(path: Path) -> FileEntry:
    """Return what tells that a file was not touched.

    :param path: The file.
    :raises OSError: When it is not there.
    """
    found = path.stat()
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "inode": found.st_ino}


def describe_files(paths: Sequence[Path]) -> list[FileEntry]:
    """Return the checksums of files, and what tells that they were not touched.

    :param paths: The files.
    :return: In the same order.
    :raises OSError: When one cannot be read.
    """
    with ThreadPoolExecutor(_N_AT_ONCE) as pool:
        return list(pool.map(describe_file, paths))


def seal_files(paths: Sequence[Path]) -> list[FileEntry]:
    """Force files to disk and describe them.

    :param paths: The files, which are not written any more.
    :return: In the same order.
    :raises OSError: When the disk refuses.
    """
    with ThreadPoolExecutor(_N_AT_ONCE) as pool:
        flushed = [pool.submit(flush, path) for path in paths]
        entries = list(pool.map(describe_file, paths))
        for one in flushed:
            one.result()
    return entries


def flush_all(paths: Iterable[Path]) -> None:
    """Force files and folders to disk.

    :param paths: In any order.
    :raises OSError: When the disk refuses.
    """
    with ThreadPoolExecutor(_N_AT_ONCE) as pool:
        for _ in pool.map(flush, paths):
            pass


def flush(path: Path) -> None:
    """Force a file or folder to disk.

    Windows flushes only handles that may write, and cannot open folders, which need no flush there.

    :param path: The file or folder.
    :raises OSError: When the disk refuses.
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
