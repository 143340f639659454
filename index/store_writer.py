"""Store writer: what is there now, and a generation's store → the store of the next generation.

One SQLite connection holds the inventory (``main``), the previous store (``old``) and the new one
(``new``), so that what did not change goes from one to the other inside SQLite, in bulk. Files are
settled first: each gets the sha256 of its bytes, and content that is not known yet is extracted.
Then it is known which document each file belongs to, and documents and chunks are placed in order.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from index import store_statements as statements
from index.changes import ChangeTable
from index.datatypes import Chunk, Document, FailedFile, PlaceKind, Problem
from index.inventory import Inventory
from index.loading import FoundFile, LoadedDocument, format_of, hash_bytes, hash_source
from index.store import unpack_document
from index.store_access import attach_store, damaged

_PAGES = (PlaceKind.PAGE, PlaceKind.SLIDE, PlaceKind.SHEET)
_BATCH = 500
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that follow one another, all new or all taken from rows that follow one another."""

    first_row: int
    old_row: int | None  # None: new
    n_rows: int


class StoreWriter:
    """Writes one store; a context manager, for one thread."""

    def __init__(self, inventory: Inventory, previous: Path | None) -> None:
        """Hold the inventory's connection; use :meth:`create`.

        :param inventory: Its tables are written to, so it serves one writer only.
        :param previous: The store of the generation before, for messages.
        """
        self._previous = previous
        self._connection = inventory.connection
        self._documents_dir = inventory.documents_dir

    @classmethod
    def create(cls, path: Path, inventory: Inventory, previous: Path | None) -> Self:
        """Begin a store with every file that is there and what is known of it already.

        :param path: A file that does not exist yet.
        :param inventory: What is there.
        :param previous: The store of the generation before; None to know nothing.
        :return: The writer.
        :raises IndexCorruptError: When the previous store is damaged.
        """
        connection, writer = inventory.connection, cls(inventory, previous)
        connection.create_function("hash_source", 1, hash_source, deterministic=True)
        if previous:
            attach_store(connection, previous, "old")
        else:
            connection.execute("ATTACH ':memory:' AS old")
            connection.executescript(statements.SCHEMA.format("old"))
        connection.execute("ATTACH ? AS new", (str(path),))
        # Nobody sees the file before the generation is published, and a crash discards it whole.
        connection.executescript(
            "PRAGMA new.journal_mode=OFF; PRAGMA new.synchronous=OFF;"
            + statements.SCHEMA.format("new")
            + statements.STAGES
        )
        connection.execute("BEGIN")
        connection.execute(statements.TAKE_OVER)
        connection.execute(
            "INSERT INTO new.passed_over SELECT * FROM main.passed_over ORDER BY source, message"
        )
        return writer

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit and let the store go.

        :raises IndexCorruptError: When the previous store turned out to be damaged.
        """
        # After an error the store is thrown away, and the error at hand says more.
        with suppress(*((sqlite3.Error,) if error else ())):
            self._connection.commit()
            for name in ("new", "old"):
                self._connection.execute(f"DETACH {name}")
        if self._previous and getattr(error, "sqlite_errorcode", None) in _DAMAGE:
            raise damaged(self._previous) from error

    # Files.

    def n_unread(self) -> int:
        """Return how many files have to be read: they are new, or their size or time is."""
        return self._number("SELECT count(*) FROM new.files WHERE message IS NULL")

    def unread(self) -> Iterator[FoundFile]:
        """Go through the files that have to be read, by source; each is to be settled."""
        after = ""
        sql = """SELECT source, size, mtime_ns FROM new.files
            WHERE message IS NULL AND source > ? ORDER BY source LIMIT ?"""
        while rows := self._connection.execute(sql, (after, _BATCH)).fetchall():
            for source, size, mtime_ns in rows:
                yield FoundFile(self._documents_dir / source, source, size, mtime_ns)
            after = rows[-1][0]

    def knows(self, sha256: str, file: FoundFile) -> bool:
        """Tell whether a content was extracted before, now or for the generation before.

        :param sha256: Of a file's bytes.
        :param file: The file; its format decides what is extracted from the bytes.
        """
        content = (sha256, format_of(file.source))
        return any(
            self._connection.execute(
                f"SELECT 1 FROM {name}.documents WHERE (sha256, format) = (?, ?)", content
            ).fetchone()
            for name in ("new", "old")
        )

    def settle(self, file: FoundFile, sha256: str) -> None:
        """Say what a file holds; its content is known.

        :param file: The file.
        :param sha256: Of its bytes.
        """
        self._settle(FailedFile(file.source, file.size, file.mtime_ns, "", sha256))

    def settle_failed(self, failed: FailedFile) -> None:
        """Say why a file could not be indexed.

        :param failed: The file.
        """
        self._settle(failed)

    def add_document(self, loaded: LoadedDocument, file: FoundFile, seconds: float) -> None:
        """Add a content that was not known.

        :param loaded: What was extracted.
        :param file: From this file.
        :param seconds: That it took.
        """
        document = loaded.document
        pages = [place for place in document.places if place.kind in _PAGES]
        self._connection.execute(
            f"INSERT INTO new.documents VALUES ({','.join('?' * 15)})",
            (
                document.source,
                document.doc_id,
                loaded.own_title,
                format_of(file.source),
                document.media_type,
                loaded.encoding,
                document.sha256,
                hash_bytes(document.text.encode("utf-8")),
                len(document.text),
                len(pages),
                sum(not page.span.of(document.text).strip() for page in pages),
                seconds,
                json.dumps(loaded.warnings, ensure_ascii=False),
                None,
                None,
            ),
        )
        self._connection.execute(
            "INSERT INTO new.texts VALUES (?, ?, ?, ?)", (document.doc_id, *_pack(document))
        )

    def changes_nothing(self) -> bool:
        """Tell whether the files, all settled, are those of the generation before."""
        return bool(self._number(statements.SAME_FILES))

    # Documents and chunks.

    def place_documents(self) -> None:
        """Decide which documents there are, once every file is settled."""
        for sql in statements.PLACE_DOCUMENTS:
            self._connection.execute(sql)

    def fresh(self) -> Iterator[Document]:
        """Go through the documents that have to be cut into chunks, by source."""
        after = ""
        while row := self._connection.execute(statements.FRESH, (after,)).fetchone():
            document = unpack_document(*row)
            yield document
            after = document.source

    def add_chunks(self, document: Document, chunks: Sequence[Chunk], keys: list[bytes]) -> None:
        """Add a document's chunks.

        :param document: From :meth:`fresh`.
        :param chunks: All of it, in order.
        :param keys: What each chunk's vector depends on, hashed.
        """
        self._connection.executemany(
            "INSERT INTO main.staged VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    document.source,
                    document.doc_id,
                    at,
                    chunk.chunk_id,
                    chunk.span.start,
                    chunk.span.end,
                    json.dumps(chunk.heading, ensure_ascii=False),
                    chunk.text,
                    key,
                )
                for at, (chunk, key) in enumerate(zip(chunks, keys, strict=True))
            ),
        )
        self._connection.execute(
            "UPDATE new.documents SET n_chunks = ? WHERE source = ?",
            (len(chunks), document.source),
        )

    def place_chunks(self) -> int:
        """Give every chunk its row, once all fresh documents have theirs.

        :return: Number of chunks.
        """
        for sql in statements.PLACE_CHUNKS:
            self._connection.execute(sql)
        return self._number("SELECT count(*) FROM new.chunks")

    def commit(self) -> None:
        """Write everything out; nothing may be added any more."""
        self._connection.execute("COMMIT")

    def runs(self) -> Iterator[Run]:
        """Go through the rows in runs as long as can be, new ones and those taken over."""
        first: int | None = None
        old: int | None = None
        n_rows = 0
        for first_row, old_row, n_here in self._connection.execute(statements.RUNS):
            if first is not None:
                if old_row == (None if old is None else old + n_rows):
                    n_rows += n_here
                    continue
                yield Run(first, old, n_rows)
            first, old, n_rows = first_row, old_row, n_here
        if first is not None:
            yield Run(first, old, n_rows)

    def old_rows(self, start: int, end: int) -> list[int | None]:
        """Find rows of the previous store that read like rows start to end - 1, if any."""
        sql = """SELECT (SELECT row FROM old.chunks AS o
                WHERE o.vector_key = n.vector_key AND o.heading = n.heading LIMIT 1)
            FROM new.chunks AS n WHERE n.row >= ? AND n.row < ? ORDER BY n.row"""
        return [row for (row,) in self._connection.execute(sql, (start, end))]

    def vector_keys(self) -> Iterator[bytes]:
        """Go through the vector keys in row order."""
        sql = "SELECT vector_key FROM new.chunks ORDER BY row"
        return chain.from_iterable(self._connection.execute(sql))

    def n_documents(self) -> int:
        """Return the number of documents."""
        return self._number("SELECT count(*) FROM new.documents")

    def changes(self) -> ChangeTable:
        """Return what became of the files since the generation before."""
        return ChangeTable(self._connection)

    def problems(self, limit: int) -> tuple[Problem, ...]:
        """Return what was left out, the first by source.

        :param limit: Most of it.
        """
        rows = self._connection.execute(statements.PROBLEMS, (limit,))
        return tuple(Problem(*row) for row in rows)

    def n_problems(self) -> int:
        """Return how many files were left out."""
        return self._number(statements.N_PROBLEMS)

    def _settle(self, file: FailedFile) -> None:
        self._connection.execute(
            """UPDATE new.files SET size = ?, mtime_ns = ?, sha256 = ?, message = ?, seconds = ?
            WHERE source = ?""",
            (file.size, file.mtime_ns, file.sha256, file.message, file.seconds, file.source),
        )

    def _number(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchone()[0])


def _pack(document: Document) -> tuple[str, str, str]:
    places = [(p.kind, p.number, p.span.start, p.span.end, p.name) for p in document.places]
    headings = [(h.level, h.title, h.span.start, h.span.end) for h in document.headings]
    return (
        document.text,
        json.dumps(places, ensure_ascii=False),
        json.dumps(headings, ensure_ascii=False),
    )
