import sqlite3
from contextlib import closing
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from index.errors import IndexCorruptError
from index.store_access import attach_store, read_only_uri
from tests.index.folders import write_store


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (
            PurePosixPath("/文档 1/c?.sqlite"),
            "file:///%E6%96%87%E6%A1%A3%201/c%3F.sqlite?mode=ro&immutable=1",
        ),
        (PureWindowsPath("C:\\a\\c.sqlite"), "file:///C:/a/c.sqlite?mode=ro&immutable=1"),
        (
            PureWindowsPath("\\\\server\\share\\c.sqlite"),
            "file:////server/share/c.sqlite?mode=ro&immutable=1",
        ),
    ],
    ids=["posix", "drive", "share"],
)
def test_a_path_becomes_the_uri_that_sqlite_takes(path, uri):
    assert read_only_uri(path) == uri


def test_an_attached_store_is_read_and_cannot_be_written(tmp_path):
    path = tmp_path / "块 #1?mode=rw.sqlite"
    write_store(path, {}).close()
    before = path.read_bytes()

    with closing(sqlite3.connect("", uri=True)) as connection:
        attach_store(connection, path, "old")
        assert connection.execute("SELECT count(*) FROM old.chunks").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM old.files")

    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"no database" * 100], ids=["empty", "other"])
def test_what_is_no_store_is_not_attached(data, tmp_path):
    (tmp_path / "chunks.sqlite").write_bytes(data)

    with (
        closing(sqlite3.connect("", uri=True)) as connection,
        pytest.raises(IndexCorruptError, match=r"chunks\.sqlite.*--full"),
    ):
        attach_store(connection, tmp_path / "chunks.sqlite", "old")
