"""Sealing: what is described, and that a disk that refuses is heard."""

import errno
import hashlib
import os
import threading

import pytest

from index import sealing
from index.sealing import describe_files, flush, flush_all, seal_files


def test_checksums_and_stamps_come_in_the_order_of_the_files(tmp_path):
    contents = [bytes([number]) * (1000 * number) for number in range(9)]
    paths = [tmp_path / f"{number}.bin" for number in range(9)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)

    expected = [
        {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "mtime_ns": path.stat().st_mtime_ns,
            "inode": path.stat().st_ino,
        }
        for path, content in zip(paths, contents, strict=True)
    ]
    assert seal_files(paths) == describe_files(paths) == expected


def test_every_file_and_folder_is_forced_to_disk_once(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    paths = [tmp_path / "a", tmp_path / "folder" / "b", tmp_path / "folder", tmp_path]
    for path in paths[:2]:
        path.write_bytes(b"x")
    seen, lock = [], threading.Lock()

    def note(handle):
        with lock:
            seen.append(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", note)
    flush_all(paths)
    assert sorted(seen) == sorted(path.stat().st_ino for path in paths)
    seen.clear()
    seal_files(paths[:2])
    assert sorted(seen) == sorted(path.stat().st_ino for path in paths[:2])


@pytest.mark.parametrize("seal", [seal_files, flush_all])
def test_a_disk_that_refuses_one_file_is_heard(tmp_path, monkeypatch, seal):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(b"x")
    refused = paths[1].stat().st_ino

    def refuse(handle):
        if os.fstat(handle).st_ino == refused:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sealing.os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        seal(paths)


def test_a_folder_on_a_file_system_that_cannot_flush_one_is_no_error(tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    flush(tmp_path)
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(OSError, match="Invalid"):
        flush(tmp_path / "a")
