"""Reading: the files that a folder has now → the documents of a slot.

Files are settled as a local index does it (:mod:`index.store_writer`), but a document is written as
soon as its file was read, in whatever order that is done; of files with equal bytes the first by
source is the document in the end.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

from index.chunking import chunk_document, search_text
from index.datatypes import Document, FailedFile
from index.encoder import Encoder
from index.errors import DocumentError
from index.file_batches import Engine, FileBatch
from index.loading import FoundFile, format_of, hash_bytes, hash_source, read_bytes, title_of
from index.milvus.client import StoreClient
from index.milvus.documents import info_key, read_document, read_info
from index.milvus.records import Records
from index.milvus.schema import Slot
from index.milvus.writer import ReadDocument, SlotWriter
from index.normalization import fold_text
from index.progress import Progress, ProgressCallback, Stage
from index.segmentation import extract_terms
from index.settings import IndexSettings
from index.store_writer import StoreWriter

_BEFORE = """
SELECT 1 FROM new.files
WHERE (sha256, format) = (?, ?) AND message = '' AND source < ? LIMIT 1"""
_LATER_COPIES = """
SELECT doc_id FROM new.documents WHERE source NOT IN (
    SELECT min(source) FROM new.files WHERE message = '' GROUP BY sha256, format)"""
_GONE = """
SELECT o.doc_id, o.n_chunks FROM old.documents AS o LEFT JOIN main.kept AS k USING (source)
WHERE k.source IS NULL"""
_ORPHANS = """
SELECT h.source, o.doc_id FROM main.orphans AS h JOIN old.documents AS o ON o.source = h.old_source
"""


class FileReader:
    """Reads what has to be read into a slot; for one thread."""

    def __init__(
        self,
        encoder: Encoder,
        settings: IndexSettings,
        store: StoreWriter,
        connection: sqlite3.Connection,
        writer: SlotWriter,
    ) -> None:
        """Begin.

        :param encoder: Makes the vectors.
        :param settings: How to read and chunk.
        :param store: Settles the files.
        :param connection: The store's.
        :param writer: Takes the documents.
        """
        self._encoder = encoder
        self._settings = settings
        self._store = store
        self._connection = connection
        self._writer = writer
        self.n_read = 0  # files
        self.n_indexed = 0  # of those
        self.n_encoded = 0  # chunks

    def read(self, engine: Engine, tell: ProgressCallback) -> None:
        """Read every file that is new or whose size or time is.

        :param engine: Does it.
        :param tell: Told of every file.
        """
        n_files = self._store.n_unread()
        for batch in engine.run(self._unknown(self._store.unread())):
            tell(Progress(Stage.READ, self.n_read, n_files, batch.file.source))
            self.n_read += 1
            self._take(batch)
        tell(Progress(Stage.READ, n_files, n_files))

    def place(self, live: Slot | None, client: StoreClient) -> None:
        """Decide which documents there are, once every file is settled.

        :param live: The live generation's slot; None without one to take documents from.
        :param client: The connection to it.
        """
        for (doc_id,) in self._connection.execute(_LATER_COPIES).fetchall():
            self._writer.take_back(doc_id)
            self._connection.execute("DELETE FROM new.documents WHERE doc_id = ?", (doc_id,))
        self._store.place_documents()
        if live:
            for source, old_id in self._connection.execute(_ORPHANS).fetchall():
                self._adopt(Records(client, live), source, old_id)
            for doc_id, n_chunks in self._connection.execute(_GONE).fetchall():
                self._writer.forget_terms(live, doc_id, n_chunks)

    def _unknown(self, files: Iterator[FoundFile]) -> Iterator[FoundFile]:
        """Settle the files of which only the time is new; they need not be encoded again."""
        sql = "SELECT 1 FROM old.files WHERE (source, size) = (?, ?) AND doc_id IS NOT NULL"
        for file in files:
            if not self._connection.execute(sql, (file.source, file.size)).fetchone():
                yield file
                continue
            try:
                sha256 = hash_bytes(read_bytes(file, self._settings.max_file_bytes))
            except DocumentError:
                yield file  # fails again, and is settled as failed
                continue
            if self._is_as_before(file, sha256):
                self.n_read += 1
                self.n_indexed += 1
                self._store.settle(file, sha256)
            else:
                yield file

    def _is_as_before(self, file: FoundFile, sha256: str) -> bool:
        sql = "SELECT 1 FROM old.documents WHERE (source, sha256, format) = (?, ?, ?)"
        content = (file.source, sha256, format_of(file.source))
        return self._connection.execute(sql, content).fetchone() is not None

    def _take(self, batch: FileBatch) -> None:
        file, loaded = batch.file, batch.loaded
        if loaded is None:
            # Of a file that could not be read size 0 and time 0 match no file, so the next build
            # reads it anew.
            size, mtime_ns = (file.size, file.mtime_ns) if batch.sha256 else (0, 0)
            failed = FailedFile(file.source, size, mtime_ns, batch.error, batch.sha256)
            self._store.settle_failed(failed)
            return
        self.n_indexed += 1
        self.n_encoded += len(batch.chunks)
        content = (batch.sha256, format_of(file.source), file.source)
        is_copy = self._connection.execute(_BEFORE, content).fetchone()
        if not is_copy and not self._is_as_before(file, batch.sha256):
            self._store.add_document(loaded, file, 0.0)
            self._connection.execute("DELETE FROM new.texts")  # the engine keeps them
            read = ReadDocument(loaded.document, batch.chunks, batch.vectors, batch.terms)
            self._writer.add(read)
        self._store.settle(file, batch.sha256)

    def _adopt(self, records: Records, source: str, old_id: str) -> None:
        """Write known content under another name: the file that it came from has gone."""
        key = info_key(old_id)
        info = read_info(old_id, records.get([key])[key])
        document = replace(
            read_document(records, info),
            doc_id=hash_source(source),
            source=source,
            title=info.own_title or title_of(source),
        )
        self._writer.add(self._make(document))

    def _make(self, document: Document) -> ReadDocument:
        chunks = chunk_document(document, self._settings.max_chunk_chars)
        texts = [search_text(chunk) for chunk in chunks]
        self.n_encoded += len(chunks)
        terms = [extract_terms(fold_text(text)) for text in texts]
        return ReadDocument(document, chunks, self._encoder.encode(texts), terms)
