"""Store statements: the tables of a store, and the SQL that takes one generation into the next.

``main`` is the inventory, ``old`` the store of the generation before, ``new`` the one that is
written (:mod:`index.store_writer`).
"""

SCHEMA = """
CREATE TABLE {0}.files (
    source TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    format TEXT NOT NULL, sha256 TEXT, message TEXT, seconds REAL, doc_id TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE {0}.passed_over (source TEXT NOT NULL, message TEXT NOT NULL) STRICT;
CREATE TABLE {0}.documents (
    source TEXT PRIMARY KEY, doc_id TEXT NOT NULL, own_title TEXT NOT NULL, format TEXT NOT NULL,
    media_type TEXT NOT NULL, encoding TEXT NOT NULL, sha256 TEXT NOT NULL,
    text_sha256 TEXT NOT NULL, n_chars INTEGER NOT NULL, n_pages INTEGER NOT NULL,
    n_empty_pages INTEGER NOT NULL, seconds REAL NOT NULL, warnings TEXT NOT NULL,
    first_row INTEGER, n_chunks INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX {0}.documents_by_content ON documents (sha256, format);
CREATE TABLE {0}.texts (
    doc_id TEXT PRIMARY KEY, text TEXT NOT NULL, places TEXT NOT NULL, headings TEXT NOT NULL
) STRICT;
CREATE TABLE {0}.chunks (
    row INTEGER PRIMARY KEY, chunk_id TEXT NOT NULL, doc_id TEXT NOT NULL,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL,
    vector_key BLOB NOT NULL
) STRICT;
"""
STAGES = """
CREATE TABLE main.kept (
    source TEXT PRIMARY KEY, doc_id TEXT NOT NULL, old_row INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE main.staged (
    source TEXT NOT NULL, doc_id TEXT NOT NULL, at INTEGER NOT NULL, chunk_id TEXT NOT NULL,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, heading TEXT NOT NULL,
    text TEXT NOT NULL, vector_key BLOB NOT NULL
) STRICT;
"""
TAKE_OVER = """
INSERT INTO new.files
SELECT now.source, now.size, now.mtime_ns, now.format, sha256, message, seconds, NULL
FROM main.found AS now LEFT JOIN old.files AS before
    ON (before.source, before.size, before.mtime_ns, before.format)
     = (now.source, now.size, now.mtime_ns, now.format)
ORDER BY now.source
"""
# The first file with a content, by source, is the document; what it was before stays if it was it.
HEADS = """
CREATE TABLE main.heads AS
SELECT min(source) AS source, sha256, format FROM new.files WHERE message = ''
GROUP BY sha256, format ORDER BY 1
"""
COPY_DOCUMENTS = """
INSERT INTO new.documents SELECT o.*
FROM main.heads AS h CROSS JOIN old.documents AS o
    ON (o.source, o.sha256, o.format) = (h.source, h.sha256, h.format)
"""
KEEP = """
INSERT INTO main.kept SELECT source, doc_id, first_row FROM new.documents
WHERE n_chunks IS NOT NULL ORDER BY source
"""
COPY_TEXTS = """
INSERT INTO new.texts SELECT t.* FROM main.kept CROSS JOIN old.texts AS t USING (doc_id)
"""
# Known content under another name: its text is that of the old document, its chunks are cut anew
# because their ids and perhaps their heading hold the name.
ORPHANS = """
CREATE TABLE main.orphans AS SELECT h.source, o.source AS old_source
FROM main.heads AS h LEFT JOIN new.documents AS n USING (source)
    CROSS JOIN old.documents AS o ON (o.sha256, o.format) = (h.sha256, h.format)
WHERE n.source IS NULL
"""
ADOPT = """
INSERT INTO new.documents
SELECT h.source, hash_source(h.source), o.own_title, o.format, o.media_type, o.encoding, o.sha256,
    o.text_sha256, o.n_chars, o.n_pages, o.n_empty_pages, o.seconds, o.warnings, NULL, NULL
FROM main.orphans AS h JOIN old.documents AS o ON o.source = h.old_source
"""
ADOPT_TEXTS = """
INSERT INTO new.texts SELECT hash_source(h.source), t.text, t.places, t.headings
FROM main.orphans AS h JOIN old.documents AS o ON o.source = h.old_source
    JOIN old.texts AS t ON t.doc_id = o.doc_id
"""
ASSIGN = """
UPDATE new.files SET doc_id = (
    SELECT doc_id FROM new.documents AS d WHERE d.source = files.source)
WHERE message = ''
"""
ASSIGN_COPIES = """
UPDATE new.files SET doc_id = (
    SELECT doc_id FROM new.documents AS d
    WHERE (d.sha256, d.format) = (files.sha256, files.format))
WHERE message = '' AND doc_id IS NULL
"""
NUMBER = """
UPDATE new.documents SET first_row = numbered.first_row FROM (
    SELECT source, sum(n_chunks) OVER (ORDER BY source ROWS UNBOUNDED PRECEDING) - n_chunks
        AS first_row
    FROM new.documents) AS numbered
WHERE numbered.source = documents.source AND documents.first_row IS NOT numbered.first_row
"""
COPY_CHUNKS = """
INSERT INTO new.chunks
SELECT c.row - k.old_row + n.first_row, c.chunk_id, c.doc_id, c."start", c."end", c.heading,
    c.text, c.vector_key
FROM main.kept AS k CROSS JOIN new.documents AS n ON n.source = k.source
    CROSS JOIN old.chunks AS c ON c.row >= k.old_row AND c.row < k.old_row + n.n_chunks
"""
PLACE_STAGED = """
INSERT INTO new.chunks
SELECT s.at + n.first_row, s.chunk_id, s.doc_id, s."start", s."end", s.heading, s.text,
    s.vector_key
FROM main.staged AS s CROSS JOIN new.documents AS n ON n.source = s.source ORDER BY s.rowid
"""
RUNS = """
SELECT n.first_row, k.old_row, n.n_chunks
FROM new.documents AS n LEFT JOIN main.kept AS k USING (source)
WHERE n.n_chunks > 0 ORDER BY n.source
"""
FRESH = """
SELECT doc_id, source, own_title, text, media_type, sha256, places, headings
FROM new.documents CROSS JOIN new.texts USING (doc_id)
WHERE n_chunks IS NULL AND source > ? ORDER BY source LIMIT 1
"""
SAME_FILES = """
SELECT (SELECT count(*) FROM new.files) = (SELECT count(*) FROM old.files)
    AND NOT EXISTS (
        SELECT source, size, mtime_ns, format, sha256, message FROM new.files
        EXCEPT SELECT source, size, mtime_ns, format, sha256, message FROM old.files)
    AND (SELECT count(*) FROM main.passed_over) = (SELECT count(*) FROM old.passed_over)
    AND NOT EXISTS (SELECT * FROM main.passed_over EXCEPT SELECT * FROM old.passed_over)
"""
PROBLEMS = """
SELECT source, message FROM new.passed_over
UNION ALL SELECT source, message FROM new.files WHERE message <> ''
ORDER BY source, message LIMIT ?
"""
N_PROBLEMS = """
SELECT (SELECT count(*) FROM new.passed_over)
    + (SELECT count(*) FROM new.files WHERE message <> '')
"""

# In order; see :meth:`index.store_writer.StoreWriter.place_documents` and ``place_chunks``.
PLACE_DOCUMENTS = (
    HEADS,
    "DROP INDEX new.documents_by_content",  # in bulk it is made in half the time
    COPY_DOCUMENTS,
    KEEP,
    COPY_TEXTS,
    ORPHANS,
    ADOPT,
    "CREATE INDEX new.documents_by_content ON documents (sha256, format)",
    ADOPT_TEXTS,
    ASSIGN,
    ASSIGN_COPIES,
)
PLACE_CHUNKS = (
    NUMBER,
    COPY_CHUNKS,
    PLACE_STAGED,
    "CREATE INDEX new.chunks_by_vector ON chunks (vector_key)",
    "CREATE UNIQUE INDEX new.documents_by_id ON documents (doc_id)",
    "CREATE INDEX new.files_by_document ON files (doc_id)",
    "CREATE INDEX new.documents_warned ON documents (source) WHERE warnings <> '[]'",
)
