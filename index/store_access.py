"""Store access: the published SQLite file of a generation, opened so that nothing can change it."""

import sqlite3
from pathlib import Path, PurePath
from urllib.parse import quote

from index.errors import IndexCorruptError


def damaged(path: Path) -> IndexCorruptError:
    """Return the error of a store that cannot be read."""
    return IndexCorruptError(f"{path} cannot be read. Run: yiju index --full")


def read_only_uri(path: PurePath) -> str:
    """Return SQLite's URI of a store that nobody will ever change.

    SQLite takes no authority, so a Windows share ``//server/share`` needs two more slashes.

    :param path: Absolute, of either kind of system.
    :return: ``file:///…`` for drives and POSIX, ``file:////server/…`` for shares.
    """
    posix = path.as_posix()
    name = ("" if posix.startswith("/") else "/") + quote(posix, safe="/:")
    return f"file://{name}?mode=ro&immutable=1"


def attach_store(connection: sqlite3.Connection, path: Path, name: str) -> None:
    """Give a connection the tables of a published store.

    :param connection: One that takes URIs.
    :param path: The store's file.
    :param name: What the tables' names are to be preceded by.
    :raises IndexCorruptError: When it is not such a file.
    """
    try:
        connection.execute(f"ATTACH ? AS {name}", (read_only_uri(path.resolve()),))
        connection.execute(f"SELECT row, vector_key FROM {name}.chunks LIMIT 1").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as exc:  # also of SQLite's words on bad names
        raise damaged(path) from exc
