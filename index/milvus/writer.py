"""Writer: documents → the idle slot, which is brought from what it holds to what there is now.

What the slot has already stays; what the live generation has is copied, vectors and all; only what
is new comes from its file. A slot that is not finished has no manifest, and the next build throws
it away.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from index.chunking import search_text
from index.datatypes import Chunk, Document
from index.milvus.client import Row, RowWriter, StoreClient
from index.milvus.documents import INFO_SQL, info_key, info_row, n_pieces_of, text_name, text_rows
from index.milvus.records import Records, piece_key
from index.milvus.schema import (
    CHUNK_FIELDS,
    COPIED_FIELDS,
    Slot,
    chunk_keys,
    chunk_row,
    read_chunk,
    record_row,
)
from index.milvus.terms import TermCounts
from index.normalization import fold_text
from index.segmentation import extract_terms

_T = TypeVar("_T")
_COPIED_AT_ONCE = 200  # chunks, of a few kilobytes each
_TEXTS_AT_ONCE = 64  # pieces of 60 KB
_SCHEMA = """
CREATE TABLE main.written (doc_id TEXT PRIMARY KEY, n_chunks INTEGER NOT NULL) STRICT, WITHOUT ROWID
"""
# Documents of the idle slot that are not as they are now, with the chunks that each has and is to
# have. Content of the same name is the same when the bytes and the loader are.
_DIFFERENT = """
SELECT i.doc_id, i.n_chunks, coalesce(n.n_chunks, 0), n.doc_id IS NULL
FROM idle.documents AS i LEFT JOIN new.documents AS n USING (doc_id)
WHERE n.doc_id IS NULL OR (i.sha256, i.format, i.own_title, i.n_chunks)
    IS NOT (n.sha256, n.format, n.own_title, n.n_chunks)
"""
_ABSENT = """
SELECT n.doc_id, n.n_chunks FROM new.documents AS n LEFT JOIN idle.documents AS i
    ON (i.doc_id, i.sha256, i.format, i.own_title, i.n_chunks)
     = (n.doc_id, n.sha256, n.format, n.own_title, n.n_chunks)
WHERE i.doc_id IS NULL AND n.doc_id NOT IN (SELECT doc_id FROM main.written)
ORDER BY n.source
"""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document with all that is searched for in it."""

    document: Document
    chunks: Sequence[Chunk]
    vectors: NDArray[np.float32]  # (n, dim)
    terms: Sequence[Sequence[str]]  # of each chunk


class SlotWriter:
    """Writes one slot; for one thread.

    The connection has the catalogue of the idle slot as ``idle``, that of the live generation as
    ``old`` and the one that is made as ``new``.
    """

    def __init__(
        self, client: StoreClient, slot: Slot, connection: sqlite3.Connection, counts: TermCounts
    ) -> None:
        """Begin.

        :param client: The connection to the engine.
        :param slot: The idle slot, open.
        :param connection: With the three catalogues.
        :param counts: Those of the live generation; they become the new one's.
        """
        self._client = client
        self._slot = slot
        self._connection = connection
        self._counts = counts
        self._chunks = RowWriter(client, slot.chunks)
        self._records = RowWriter(client, slot.records)
        connection.execute(_SCHEMA)

    def add(self, read: ReadDocument) -> None:
        """Write a document that was read from its file.

        :param read: The document; written once more it replaces itself.
        """
        doc_id, rows = read.document.doc_id, text_rows(read.document)
        self._drop_surplus_text(doc_id, len(rows))
        self._chunks.put(
            chunk_row(chunk, at, vector, terms)
            for at, (chunk, vector, terms) in enumerate(
                zip(read.chunks, read.vectors, read.terms, strict=True)
            )
        )
        self._records.put(rows)
        for terms in read.terms:
            self._counts.add(terms)
        self._connection.execute(
            "INSERT INTO main.written VALUES (?, ?)", (doc_id, len(read.chunks))
        )

    def take_back(self, doc_id: str) -> None:
        """Delete what was added of a document: another file with its bytes comes before it.

        :param doc_id: The document's.
        """
        self.flush()
        (n_chunks,) = self._connection.execute(
            "DELETE FROM main.written WHERE doc_id = ? RETURNING n_chunks", (doc_id,)
        ).fetchone()
        self.forget_terms(self._slot, doc_id, n_chunks)
        self._client.delete(self._slot.chunks, chunk_keys(doc_id, 0, n_chunks))
        self._drop_surplus_text(doc_id, 0)

    def forget_terms(self, slot: Slot, doc_id: str, n_chunks: int) -> None:
        """Take a document's terms out of the counts.

        :param slot: Where its chunks are.
        :param doc_id: The document's.
        :param n_chunks: Their number.
        """
        for keys in _batches(chunk_keys(doc_id, 0, n_chunks), _COPIED_AT_ONCE):
            for row in self._client.get(slot.chunks, keys, CHUNK_FIELDS).values():
                text = search_text(read_chunk(row).chunk)
                self._counts.add(extract_terms(fold_text(text)), -1)

    def finish_documents(self, live: Slot | None) -> None:
        """Bring the slot to the documents that there are, all of which are placed.

        :param live: The live generation's, which unchanged documents are copied from.
        """
        self._connection.execute(
            """UPDATE new.documents SET n_chunks = w.n_chunks FROM main.written AS w
            WHERE w.doc_id = documents.doc_id"""
        )
        self._connection.execute("CREATE UNIQUE INDEX new.documents_by_id ON documents (doc_id)")
        self._connection.execute("CREATE INDEX new.files_by_document ON files (doc_id)")
        for doc_id, n_chunks, wanted, is_gone in self._connection.execute(_DIFFERENT).fetchall():
            self._client.delete(self._slot.chunks, chunk_keys(doc_id, wanted, n_chunks))
            if is_gone:
                self._drop_surplus_text(doc_id, 0)
                self._client.delete(self._slot.records, [info_key(doc_id)])
        if live:
            absent = self._connection.execute(_ABSENT).fetchall()
            self._copy_chunks(live, absent)
            self._copy_texts(live, [doc_id for doc_id, _ in absent])
        self._write_infos()
        self.flush()

    def put_records(self, rows: Iterable[Row]) -> int:
        """Write further records.

        :param rows: The rows.
        :return: Their number.
        """
        return self._records.put(rows)

    def put_terms(self) -> int:
        """Write how many chunks hold each term.

        :return: Number of records.
        """
        return self._records.put(
            record_row(piece_key("terms", number), bucket)
            for number, bucket in enumerate(self._counts.buckets())
        )

    def drop_records(self, name: str, first: int, end: int) -> None:
        """Delete pieces of the slot's generation before that the new one lacks."""
        self._client.delete(
            self._slot.records, [piece_key(name, number) for number in range(first, end)]
        )

    def flush(self) -> None:
        """Send what was gathered."""
        self._chunks.flush()
        self._records.flush()

    def _copy_chunks(self, live: Slot, documents: Iterable[tuple[str, int]]) -> None:
        keys = (key for doc_id, n in documents for key in chunk_keys(doc_id, 0, n))
        for some in _batches(keys, _COPIED_AT_ONCE):
            rows = self._client.get(live.chunks, some, COPIED_FIELDS)
            self._chunks.put(rows[key] for key in some)

    def _copy_texts(self, live: Slot, doc_ids: Iterable[str]) -> None:
        records = Records(self._client, live)
        for some in _batches(doc_ids, _TEXTS_AT_ONCE):
            firsts = records.get(piece_key(text_name(doc_id), 0) for doc_id in some)
            for doc_id in some:
                name = text_name(doc_id)
                n_pieces = n_pieces_of(firsts[piece_key(name, 0)])
                self._drop_surplus_text(doc_id, n_pieces)
                for number, body in enumerate(records.pieces(name, n_pieces)):
                    self._records.put([record_row(piece_key(name, number), body)])

    def _drop_surplus_text(self, doc_id: str, wanted: int) -> None:
        """Delete pieces of what the slot holds of a text beyond those that it is to have."""
        known = self._connection.execute(
            "SELECT 1 FROM idle.documents WHERE doc_id = ?", (doc_id,)
        ).fetchone()
        if not known and wanted:
            return
        name = text_name(doc_id)
        first = Records(self._client, self._slot).get([piece_key(name, 0)])
        if first:
            self.drop_records(name, wanted, n_pieces_of(first[piece_key(name, 0)]))

    def _write_infos(self) -> None:
        new, idle = INFO_SQL.format("new"), INFO_SQL.format("idle")
        rows = self._connection.execute(f"{new} EXCEPT {idle}")
        self._records.put(info_row(doc_id, body) for doc_id, body in rows)


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
