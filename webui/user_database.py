"""User database: ``user.sqlite`` in the folder of a user's own data → a connection to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.user_data import user_data_dir

_WAIT_S = 5.0  # for another process that writes


def user_database_path() -> Path:
    """Return where the database is, or will be."""
    return user_data_dir() / "user.sqlite"


def connect(schema: str) -> sqlite3.Connection:
    """Open the database, made where there is none; only its owner may read what is made.

    :param schema: SQL that makes the caller's own tables where they are missing.
    :return: A connection that any thread may use, one at a time; it commits by itself.
    :raises OSError: When the folder cannot be made or the file not be opened.
    """
    path = user_database_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with clear_database_errors():
        path.touch(mode=0o600, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.executescript(schema)
        except sqlite3.Error:
            connection.close()
            raise
    return connection


@contextmanager
def clear_database_errors() -> Iterator[None]:
    """Turn what SQLite reports of the file into an ``OSError`` that names it."""
    try:
        yield
    except sqlite3.Error as exc:
        raise OSError(
            f"{user_database_path()} cannot be used: {exc}. YIJU_HOME names another folder."
        ) from exc
