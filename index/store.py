"""Chunk store: documents and chunks ↔ one SQLite file."""

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Self
from urllib.parse import quote

from index.datatypes import Chunk, Document, Heading, Place, PlaceKind, Span
from index.errors import IndexCorruptError

_SCHEMA = """
CREATE TABLE documents (
    doc_id TEXT PRIMARY KEY, source TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
    media_type TEXT NOT NULL, encoding TEXT NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL,
    places TEXT NOT NULL, headings TEXT NOT NULL
) STRICT;
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, chunk_id TEXT NOT NULL UNIQUE,
    doc_id TEXT NOT NULL REFERENCES documents (doc_id),
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL,
    vector_key BLOB NOT NULL
) STRICT;
CREATE INDEX chunks_by_document ON chunks (doc_id, row);
"""
_KEY_INDEX = "CREATE INDEX chunks_by_vector ON chunks (vector_key)"
_CHUNK_COLUMNS = 'row, chunk_id, doc_id, "start", "end", heading, text'
_MAX_VARIABLES = 500  # SQLite's oldest limit is 999


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with its row number, which is also its row in the vectors."""

    row: int
    chunk: Chunk


class ChunkStore:
    """An open store; safe to read from several threads."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Hold a connection; use :meth:`create` or :meth:`load`.

        :param connection: Open, usable from any thread.
        :param path: The file, for messages.
        """
        self._connection = connection
        self._close = weakref.finalize(self, connection.close)
        self._path = path
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make an empty store.

        :param path: A file that does not exist yet.
        :return: The store, writable.
        """
        connection = sqlite3.connect(path, check_same_thread=False)
        # Nobody sees the file before the generation is published, and a crash discards it whole.
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        return cls(connection, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Open a published store for reading.

        :param path: The file.
        :return: The store.
        :raises IndexCorruptError: When it is not such a file.
        """
        uri = f"{read_only_uri(path.resolve())}?mode=ro&immutable=1"
        try:
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            connection.execute(f"SELECT {_CHUNK_COLUMNS} FROM chunks LIMIT 1").fetchall()
        except sqlite3.Error as exc:
            raise IndexCorruptError(f"{path} cannot be read. Run: yiju index --full") from exc
        return cls(connection, path)

    def close(self) -> None:
        """Commit and close; a store that is no longer used closes itself."""
        self._connection.commit()
        self._close()

    def add_document(self, document: Document, encoding: str) -> None:
        """Store a document's text and layout.

        :param document: The document.
        :param encoding: The file's encoding.
        """
        places = json.dumps(
            [(p.kind, p.number, p.span.start, p.span.end, p.name) for p in document.places],
            ensure_ascii=False,
        )
        headings = json.dumps(
            [(h.level, h.title, h.span.start, h.span.end) for h in document.headings],
            ensure_ascii=False,
        )
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.doc_id,
                document.source,
                document.title,
                document.media_type,
                encoding,
                document.sha256,
                document.text,
                places,
                headings,
            ),
        )

    def add_chunks(self, first_row: int, chunks: Sequence[Chunk], keys: Sequence[bytes]) -> None:
        """Store chunks under consecutive rows.

        :param first_row: The first one's row.
        :param chunks: Chunks of a stored document, in order.
        :param keys: What each chunk's vector depends on, hashed.
        """
        self._connection.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row,
                    chunk.chunk_id,
                    chunk.doc_id,
                    chunk.span.start,
                    chunk.span.end,
                    json.dumps(chunk.heading, ensure_ascii=False),
                    chunk.text,
                    key,
                )
                for row, (chunk, key) in enumerate(zip(chunks, keys, strict=True), first_row)
            ],
        )

    def index_keys(self) -> None:
        """Make vector keys findable; called once, after the last chunk."""
        self._connection.execute(_KEY_INDEX)
        self._connection.commit()

    def document(self, doc_id: str) -> Document:
        """Return a stored document.

        :param doc_id: Its id.
        :return: The document with its text.
        :raises KeyError: When there is none.
        :raises IndexCorruptError: When the file is damaged.
        """
        rows = self._query(
            "SELECT doc_id, source, title, text, media_type, sha256, places, headings"
            " FROM documents WHERE doc_id = ?",
            (doc_id,),
        )
        if not rows:
            raise KeyError(doc_id)
        doc_id, source, title, text, media_type, sha256, places, headings = rows[0]
        try:
            return Document(
                doc_id,
                source,
                title,
                text,
                media_type,
                sha256,
                places=tuple(
                    Place(PlaceKind(kind), number, Span(start, end), name)
                    for kind, number, start, end, name in json.loads(places)
                ),
                headings=tuple(
                    Heading(level, title, Span(start, end))
                    for level, title, start, end in json.loads(headings)
                ),
            )
        except (TypeError, ValueError) as exc:
            raise self._damaged() from exc

    def chunks(self, rows: Iterable[int]) -> list[StoredChunk]:
        """Return chunks by row.

        :param rows: Row numbers.
        :return: The chunks in the order of rows.
        :raises IndexCorruptError: When a row is not there.
        """
        wanted = [int(row) for row in rows]
        found: dict[int, StoredChunk] = {}
        for at in range(0, len(wanted), _MAX_VARIABLES):
            part = wanted[at : at + _MAX_VARIABLES]
            marks = ",".join("?" * len(part))
            for values in self._query(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE row IN ({marks})", part
            ):
                stored = _stored(values)
                found[stored.row] = stored
        if missing := [row for row in wanted if row not in found]:
            raise IndexCorruptError(
                f"{self._path} lacks chunk {missing[0]}. Run: yiju index --full"
            )
        return [found[row] for row in wanted]

    def iterate(self, doc_id: str | None = None) -> Iterator[StoredChunk]:
        """Go through the chunks in row order without holding them all.

        :param doc_id: Only this document's when given.
        :return: The chunks.
        """
        sql = f"SELECT {_CHUNK_COLUMNS} FROM chunks"
        cursor = (
            self._connection.execute(sql + " ORDER BY row")
            if doc_id is None
            else self._connection.execute(sql + " WHERE doc_id = ? ORDER BY row", (doc_id,))
        )
        try:
            for values in cursor:
                yield _stored(values)
        except sqlite3.DatabaseError as exc:
            raise self._damaged() from exc

    def vector_keys(self, start: int, end: int) -> list[bytes]:
        """Return the vector keys of rows start to end - 1."""
        sql = "SELECT vector_key FROM chunks WHERE row >= ? AND row < ? ORDER BY row"
        return [key for (key,) in self._query(sql, (start, end))]

    def iterate_keys(self) -> Iterator[bytes]:
        """Go through the vector keys in their own order, without holding them all.

        :return: As many keys as there are chunks; equal chunks have equal ones.
        :raises IndexCorruptError: When the file is damaged.
        """
        try:
            for (key,) in self._connection.execute(
                "SELECT vector_key FROM chunks ORDER BY vector_key"
            ):
                yield key
        except sqlite3.DatabaseError as exc:
            raise self._damaged() from exc

    def rows_by_key(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Find rows whose vector has one of the keys.

        :param keys: Vector keys.
        :return: For each known key, one row.
        """
        found: dict[bytes, int] = {}
        for at in range(0, len(keys), _MAX_VARIABLES):
            part = list(keys[at : at + _MAX_VARIABLES])
            marks = ",".join("?" * len(part))
            sql = f"SELECT vector_key, row FROM chunks WHERE vector_key IN ({marks})"
            found.update((key, row) for key, row in self._query(sql, part))
        return found

    def _query(self, sql: str, values: Sequence[str | int | bytes]) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as exc:
            raise self._damaged() from exc

    def _damaged(self) -> IndexCorruptError:
        return IndexCorruptError(f"{self._path} cannot be read. Run: yiju index --full")


def read_only_uri(path: PurePath) -> str:
    """Return SQLite's URI of an absolute path.

    SQLite takes no authority, so a Windows share ``//server/share`` needs two more slashes.

    :param path: Absolute, of either kind of system.
    :return: ``file:///…`` for drives and POSIX, ``file:////server/…`` for shares.
    """
    posix = path.as_posix()
    return "file://" + ("" if posix.startswith("/") else "/") + quote(posix, safe="/:")


def _stored(values: tuple[Any, ...]) -> StoredChunk:
    row, chunk_id, doc_id, start, end, heading, text = values
    chunk = Chunk(chunk_id, doc_id, Span(start, end), tuple(json.loads(heading)), text)
    return StoredChunk(row, chunk)
