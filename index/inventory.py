"""Inventory: a documents' folder → its files as they are now, in a temporary database.

The walk is neither held nor sorted in memory, so that a folder may have any number of files; SQLite
keeps the table in a file of its own as soon as it is large, and deletes it with the connection.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from index.datatypes import Problem
from index.loading import ListedFile, walk_documents
from index.store_access import attach_store, damaged

_SCHEMA = """
CREATE TABLE found (
    source TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, format TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE passed_over (source TEXT NOT NULL, message TEXT NOT NULL) STRICT;
"""
_BATCH = 1000  # files
# What is only on one side, of the files that a generation knows and of those that are there.
_DIFFERS = """
SELECT (SELECT count(*) FROM main.found) <> (SELECT count(*) FROM old.files)
    OR EXISTS (
        SELECT 1 FROM main.found AS now LEFT JOIN old.files AS before USING (source)
        WHERE (before.size, before.mtime_ns, before.format)
            IS NOT (now.size, now.mtime_ns, now.format))
"""
_PROBLEMS_DIFFER = """
SELECT (SELECT count(*) FROM main.passed_over) <> (SELECT count(*) FROM old.passed_over)
    OR EXISTS (SELECT * FROM main.passed_over EXCEPT SELECT * FROM old.passed_over)
"""


class Inventory:
    """What a walk over a folder found; a context manager, for one thread."""

    def __init__(self, connection: sqlite3.Connection, documents_dir: Path) -> None:
        """Hold a filled database; use :meth:`take`.

        :param connection: To a database with the tables ``found`` and ``passed_over``.
        :param documents_dir: The folder.
        """
        self.connection = connection
        self.documents_dir = documents_dir

    @classmethod
    def take(
        cls, documents_dir: Path, max_file_bytes: int, *, excluded: Path | None = None
    ) -> Self:
        """Walk a folder (:func:`index.loading.walk_documents`).

        :param documents_dir: The documents' folder.
        :param max_file_bytes: A larger file is passed over.
        :param excluded: A folder in it that holds no documents: the index's own.
        :return: What is there.
        :raises IndexMissingError: When the folder does not exist or cannot be listed.
        """
        walk = walk_documents(documents_dir, max_file_bytes, excluded=excluded)
        connection = sqlite3.connect("", uri=True, isolation_level=None)
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO found VALUES (?, ?, ?, ?)", _note_problems(connection, walk)
        )
        connection.execute("COMMIT")
        return cls(connection, documents_dir)

    def __enter__(self) -> Self:
        """Return the inventory."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Delete the database."""
        self.connection.close()

    @property
    def n_files(self) -> int:
        """Number of files that have a loader."""
        return int(self.connection.execute("SELECT count(*) FROM found").fetchone()[0])

    def problems(self, limit: int) -> tuple[Problem, ...]:
        """Return files that were passed over, the first by source.

        :param limit: Most of them.
        """
        sql = "SELECT source, message FROM passed_over ORDER BY source, message LIMIT ?"
        return tuple(Problem(*row) for row in self.connection.execute(sql, (limit,)))

    def differs(self, store: Path, *, heeds_problems: bool) -> bool:
        """Tell from sizes and times alone whether anything changed since a generation.

        :param store: The generation's ``chunks.sqlite``.
        :param heeds_problems: Whether other files that are passed over are a change.
        :raises IndexCorruptError: When the store is damaged.
        """
        with self.attached(store):
            try:
                if self.connection.execute(_DIFFERS).fetchone()[0]:
                    return True
                asked = self.connection.execute(_PROBLEMS_DIFFER) if heeds_problems else None
                return bool(asked and asked.fetchone()[0])
            except (sqlite3.DatabaseError, UnicodeDecodeError) as exc:
                raise damaged(store) from exc

    @contextmanager
    def attached(self, store: Path) -> Iterator[None]:
        """Give the connection a generation's store as ``old``.

        :param store: The generation's ``chunks.sqlite``.
        :raises IndexCorruptError: When the store is damaged.
        """
        attach_store(self.connection, store, "old")
        try:
            yield
        finally:
            self.connection.execute("DETACH old")


def _note_problems(
    connection: sqlite3.Connection, walk: Iterator[ListedFile | Problem]
) -> Iterator[ListedFile]:
    for found in walk:
        if isinstance(found, Problem):
            connection.execute(
                "INSERT INTO passed_over VALUES (?, ?)", (found.source, found.message)
            )
        else:
            yield found
