"""Catalogue: what a generation knows of its files, as the tables of a local index's store.

In the engine they are records, a row a line. Here they are a temporary SQLite file with the tables
of :mod:`index.store_statements` but without texts and chunks, so that whatever tells an index's
changes, lists its documents or explains what is missing works on it as it is.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from index import store_statements as statements
from index.milvus.client import Row
from index.milvus.records import Records, split_text

# In the order of the tables' columns; rows are renumbered wherever they are needed.
_COLUMNS = {
    "files": "source, size, mtime_ns, format, sha256, message, seconds, doc_id",
    "passed_over": "source, message",
    "documents": (
        "source, doc_id, own_title, format, media_type, encoding, sha256, text_sha256, n_chars, "
        "n_pages, n_empty_pages, seconds, warnings, 0, n_chunks"
    ),
}
TABLES = tuple(_COLUMNS)
_INDEXES = (
    "CREATE UNIQUE INDEX main.documents_by_id ON documents (doc_id)",
    "CREATE INDEX main.files_by_document ON files (doc_id)",
    "CREATE INDEX main.documents_warned ON documents (source) WHERE warnings <> '[]'",
)


def write_table(connection: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Make the records of one of ``TABLES`` of the generation that is written.

    :param connection: Has it as ``new``.
    :param table: Its name.
    :return: The rows of its pieces, at least one.
    """
    rows = connection.execute(f"SELECT {_COLUMNS[table]} FROM new.{table} ORDER BY source")
    return split_text(table, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def restore_catalogue(records: Records, n_pieces: dict[str, int], path: Path) -> None:
    """Make the file of a generation.

    :param records: The generation's.
    :param n_pieces: Of each table's text, as its manifest has them.
    :param path: A file that does not exist yet.
    :raises KeyError: When a record is missing.
    :raises ValueError: When a record is damaged; also sqlite3.Error.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + statements.SCHEMA.format("main")
        )
        connection.execute("BEGIN")
        for table, columns in _COLUMNS.items():
            marks = ",".join("?" * len(columns.split(",")))
            lines = records.lines(table, n_pieces[table])
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", map(json.loads, lines))
        for sql in _INDEXES:
            connection.execute(sql)
        connection.execute("COMMIT")


def empty_catalogue(path: Path) -> None:
    """Make the file of a generation without files.

    :param path: A file that does not exist yet.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements.SCHEMA.format("main"))
