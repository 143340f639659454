"""Chunk store: the files, documents and chunks of a generation, in one SQLite file.

It is written by :mod:`index.store_writer`.
"""

import json
import sqlite3
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from index.datatypes import (
    Chunk,
    Document,
    DocumentInfo,
    FailedFile,
    Heading,
    Place,
    PlaceKind,
    Problem,
    Span,
)
from index.errors import IndexCorruptError
from index.loading import title_of
from index.store_access import damaged, read_only_uri

_CHUNK_COLUMNS = 'row, chunk_id, doc_id, "start", "end", heading, text'
_MAX_COPIES = 20  # of a document that are named with it; a folder may hold thousands
_COPIES = f"""(SELECT json_group_array(source) FROM
    (SELECT source FROM files WHERE doc_id = d.doc_id AND source <> d.source
    ORDER BY source LIMIT {_MAX_COPIES}))"""
_INFO = f"""
SELECT doc_id, source, own_title, media_type, encoding, d.sha256, text_sha256, size, mtime_ns,
    n_chars, n_chunks, n_pages, n_empty_pages, d.seconds, warnings, {_COPIES}
FROM documents AS d JOIN files USING (source, doc_id)"""
_FAILED = "SELECT source, size, mtime_ns, message, sha256, seconds FROM files WHERE doc_id IS NULL"
_PROBLEMS = """
SELECT source, message FROM passed_over
UNION ALL SELECT source, message FROM files WHERE doc_id IS NULL ORDER BY source, message LIMIT ?"""
_WANTED = "instr(lower(d.source), lower(?)) > 0"
_MAX_VARIABLES = 500  # SQLite's oldest limit is 999


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with its row number, which is also its row in the vectors."""

    row: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file that a build found a loader for."""

    source: str
    sha256: str  # of its bytes; "" when they could not be read
    is_indexed: bool


class ChunkStore:
    """An open store; safe to read from several threads."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Hold a connection; use :meth:`load`.

        :param connection: Open, usable from any thread.
        :param path: The file, for messages.
        """
        self._connection = connection
        self._close = weakref.finalize(self, connection.close)
        self._path = path
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Open a published store for reading.

        :param path: The file.
        :return: The store.
        :raises IndexCorruptError: When it is not such a file.
        """
        try:
            connection = sqlite3.connect(
                read_only_uri(path.resolve()), uri=True, check_same_thread=False
            )
            connection.execute(f"SELECT {_CHUNK_COLUMNS} FROM chunks LIMIT 1").fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as exc:
            raise damaged(path) from exc
        return cls(connection, path)

    def close(self) -> None:
        """Close; a store that is no longer used closes itself."""
        self._close()

    def document_info(self, doc_id: str) -> DocumentInfo:
        """Return what is known of a document without its text.

        :param doc_id: Its id.
        :raises KeyError: When there is none.
        :raises IndexCorruptError: When the file is damaged.
        """
        rows = self._query(f"{_INFO} WHERE d.doc_id = ?", (doc_id,))
        if not rows:
            raise KeyError(doc_id)
        return _info(rows[0])

    def document_infos(
        self,
        *,
        only_warned: bool = False,
        wanted: str = "",
        offset: int = 0,
        limit: int | None = None,
    ) -> Iterator[DocumentInfo]:
        """Go through what is known of the documents, by source, without holding it all.

        :param only_warned: Only of those that could not be read wholly.
        :param wanted: Only of those whose source holds this, in whatever case of a to z.
        :param offset: How many to leave out before.
        :param limit: Most of them; None for all.
        :raises IndexCorruptError: When the file is damaged.
        """
        where = f"{_WANTED} AND warnings <> '[]'" if only_warned else _WANTED
        sql = f"{_INFO} WHERE {where} ORDER BY d.source LIMIT ? OFFSET ?"
        return map(_info, self._stream(sql, (wanted, -1 if limit is None else limit, offset)))

    def n_documents(self, wanted: str) -> int:
        """Return how many documents' sources hold some text."""
        sql = f"SELECT count(*) FROM documents AS d WHERE {_WANTED}"
        return int(self._query(sql, (wanted,))[0][0])

    def n_bytes(self) -> int:
        """Return the size of all files that have a loader."""
        return int(self._query("SELECT coalesce(sum(size), 0) FROM files", ())[0][0])

    def sample_infos(self, places: Sequence[int]) -> list[DocumentInfo]:
        """Return what is known of some documents.

        :param places: Their places among all by source, from 0.
        :return: In the order of places.
        """
        nth = "SELECT source FROM documents ORDER BY source LIMIT 1 OFFSET ?"
        sql = f"{_INFO} WHERE d.source = ({nth})"
        return [_info(row) for place in places for row in self._query(sql, (place,))]

    def n_warned(self) -> int:
        """Return how many documents could not be read wholly."""
        return int(self._query("SELECT count(*) FROM documents WHERE warnings <> '[]'", ())[0][0])

    def doc_id_of(self, source: str) -> str:
        """Return the id of the document that holds a file's content.

        :param source: The file, which may be a copy of the document's own.
        :raises KeyError: When it is not indexed.
        """
        sql = "SELECT doc_id FROM files WHERE source = ? AND doc_id IS NOT NULL"
        try:
            rows = self._query(sql, (source,))
        except UnicodeEncodeError:  # a lone surrogate: no indexed file has such a name
            rows = []
        if not rows:
            raise KeyError(source)
        return str(rows[0][0])

    def doc_id_with_hash(self, prefix: str) -> str:
        """Return the id of a document by the sha256 of its file's bytes.

        :param prefix: The first hexadecimal digits.
        :raises KeyError: When there is none.
        """
        sql = "SELECT doc_id FROM documents WHERE sha256 >= ? AND sha256 < ? LIMIT 1"
        for (doc_id,) in self._query(sql, (prefix, prefix + "g")):
            return str(doc_id)
        raise KeyError(prefix)

    def files(self) -> Iterator[IndexedFile]:
        """Go through the files that have a loader, by source."""
        sql = "SELECT source, sha256, doc_id IS NOT NULL FROM files ORDER BY source"
        for source, sha256, is_indexed in self._stream(sql, ()):
            yield IndexedFile(source, sha256, bool(is_indexed))

    def rows_by_source(self) -> Iterator[tuple[str, str, int | None, int]]:
        """Go through the indexed files: source, doc_id, first row and number of chunks."""
        sql = "SELECT f.source, doc_id, first_row, n_chunks FROM files f JOIN documents USING "
        return self._stream(f"{sql} (doc_id)", ())

    def copies_of(self, doc_id: str) -> Iterator[str]:
        """Go through the files with the bytes of a document but its own, by source.

        :param doc_id: The document's id.
        """
        sql = """SELECT f.source FROM files AS f JOIN documents AS d USING (doc_id)
            WHERE doc_id = ? AND f.source <> d.source ORDER BY f.source"""
        return (source for (source,) in self._stream(sql, (doc_id,)))

    def failed_files(self) -> Iterator[FailedFile]:
        """Go through the files that could not be indexed though they have a loader, by source."""
        return (FailedFile(*row) for row in self._stream(f"{_FAILED} ORDER BY source", ()))

    def passed_over(self) -> Iterator[Problem]:
        """Go through the files that were not even tried, by source."""
        sql = "SELECT source, message FROM passed_over ORDER BY source, message"
        return (Problem(*row) for row in self._stream(sql, ()))

    def problems(self, limit: int | None = None) -> Iterator[Problem]:
        """Go through everything that was left out, by source.

        :param limit: Most of it; None for all.
        """
        return (Problem(*row) for row in self._stream(_PROBLEMS, (-1 if limit is None else limit,)))

    def n_problems(self) -> int:
        """Return how many files were left out."""
        failed = "(SELECT count(*) FROM files WHERE doc_id IS NULL)"
        return int(self._query(f"SELECT {failed} + count(*) FROM passed_over", ())[0][0])

    def document(self, doc_id: str) -> Document:
        """Return a stored document.

        :param doc_id: Its id.
        :return: The document with its text.
        :raises KeyError: When there is none.
        :raises IndexCorruptError: When the file is damaged.
        """
        rows = self._query(
            "SELECT doc_id, source, own_title, text, media_type, sha256, places, headings,"
            f" {_COPIES} FROM documents AS d JOIN texts USING (doc_id) WHERE d.doc_id = ?",
            (doc_id,),
        )
        if not rows:
            raise KeyError(doc_id)
        try:
            *values, copies = rows[0]
            return replace(unpack_document(*values), copies=tuple(json.loads(copies)))
        except (TypeError, ValueError) as exc:
            raise damaged(self._path) from exc

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

    def rows(self, start: int, stop: int) -> Iterator[StoredChunk]:
        """Go through chunks that follow one another without holding them all.

        :param start: The first row.
        :param stop: One past the last.
        """
        sql = f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE row >= ? AND row < ? ORDER BY row"
        return map(_stored, self._stream(sql, (start, stop)))

    def iterate(self, doc_id: str | None = None) -> Iterator[StoredChunk]:
        """Go through the chunks in row order without holding them all.

        :param doc_id: Only this document's when given.
        """
        if doc_id is None:
            return self.rows(0, sys.maxsize)
        found = self._query("SELECT first_row, n_chunks FROM documents WHERE doc_id = ?", (doc_id,))
        first_row, n_chunks = found[0] if found else (0, 0)
        return self.rows(first_row, first_row + n_chunks)

    def iterate_keys(self) -> Iterator[bytes]:
        """Go through the vector keys in their own order, without holding them all.

        :return: As many keys as there are chunks; equal chunks have equal ones.
        :raises IndexCorruptError: When the file is damaged.
        """
        for (key,) in self._stream("SELECT vector_key FROM chunks ORDER BY vector_key", ()):
            yield key

    def _query(self, sql: str, values: Sequence[str | int | bytes]) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as exc:
            raise damaged(self._path) from exc

    def _stream(self, sql: str, values: Sequence[str | int]) -> Iterator[Any]:
        try:
            yield from self._connection.execute(sql, values)
        except sqlite3.DatabaseError as exc:
            raise damaged(self._path) from exc


def unpack_document(  # noqa: PLR0913, PLR0917 - the columns of a row
    doc_id: str,
    source: str,
    own_title: str,
    text: str,
    media_type: str,
    sha256: str,
    places: str,
    headings: str,
) -> Document:
    """Make a document of what the tables ``documents`` and ``texts`` hold of it.

    :raises ValueError: When the layout is not JSON, or not of this shape; also TypeError.
    """
    return Document(
        doc_id,
        source,
        own_title or title_of(source),
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


def _stored(values: tuple[Any, ...]) -> StoredChunk:
    row, chunk_id, doc_id, start, end, heading, text = values
    chunk = Chunk(chunk_id, doc_id, Span(start, end), tuple(json.loads(heading)), text)
    return StoredChunk(row, chunk)


def _info(values: tuple[Any, ...]) -> DocumentInfo:
    doc_id, source, own_title, *middle, warnings, copies = values
    title, lists = own_title or title_of(source), map(json.loads, (warnings, copies))
    return DocumentInfo(doc_id, source, title, *middle, *map(tuple, lists))
