"""Changes: the files of two generations → which were added, edited, removed and renamed.

Both stores are attached to one SQLite connection, as ``old`` and ``new``; only indexed files count.
"""

import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.errors import IndexCorruptError
from index.store_access import attach_store

_TABLE = """
CREATE TEMP TABLE changes (kind TEXT NOT NULL, source TEXT NOT NULL, sha256 TEXT, after TEXT);
INSERT INTO changes SELECT 'removed', o.source, o.sha256, NULL
FROM old.files AS o LEFT JOIN new.files AS n USING (source)
WHERE o.doc_id IS NOT NULL AND n.doc_id IS NULL;
INSERT INTO changes
SELECT CASE WHEN o.doc_id IS NULL THEN 'added' ELSE 'edited' END, n.source, n.sha256, NULL
FROM new.files AS n LEFT JOIN old.files AS o USING (source)
WHERE n.doc_id IS NOT NULL AND (o.doc_id IS NULL OR n.sha256 <> o.sha256);
-- Of several equal files, the first to go is the first to have come.
CREATE TEMP TABLE pairs AS
WITH numbered AS (
    SELECT kind, source, sha256,
        row_number() OVER (PARTITION BY kind, sha256 ORDER BY source) AS number
    FROM changes WHERE kind <> 'edited')
SELECT gone.source AS before, come.source AS after
FROM numbered AS gone JOIN numbered AS come USING (sha256, number)
WHERE gone.kind = 'removed' AND come.kind = 'added';
DELETE FROM changes WHERE kind = 'removed' AND source IN (SELECT before FROM pairs);
DELETE FROM changes WHERE kind = 'added' AND source IN (SELECT after FROM pairs);
INSERT INTO changes SELECT 'renamed', before, NULL, after FROM pairs;
"""
_EMPTY = "ATTACH ':memory:' AS old; CREATE TABLE old.files (source PRIMARY KEY, sha256, doc_id);"


@dataclass(frozen=True, slots=True)
class Renaming:
    """A file that went by another name, its bytes unchanged."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DocumentChanges:
    """What became of the files from one generation to another; all sorted by source."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]  # of the same name, with other bytes
    renamed: tuple[Renaming, ...]  # neither among the added nor the removed

    @property
    def is_empty(self) -> bool:
        """Whether the files are the same."""
        return not (self.added or self.removed or self.edited or self.renamed)

    def to_dict(self) -> dict[str, Any]:
        """Return the changes as JSON-ready values."""
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "edited": list(self.edited),
            "renamed": [asdict(renaming) for renaming in self.renamed],
        }


class ChangeTable:
    """The changes from ``old`` to ``new``, in a temporary table of the connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Compare the two.

        :param connection: With both attached.
        """
        self._connection = connection
        connection.execute("DROP TABLE IF EXISTS temp.changes")
        connection.execute("DROP TABLE IF EXISTS temp.pairs")
        for statement in filter(str.strip, _TABLE.split(";\n")):
            connection.execute(statement)

    def count(self, kind: str) -> int:
        """Return the number of changes of one kind.

        :param kind: added, removed, edited or renamed.
        """
        sql = "SELECT count(*) FROM changes WHERE kind = ?"
        return int(self._connection.execute(sql, (kind,)).fetchone()[0])

    def list(self, limit: int | None = None) -> DocumentChanges:
        """Return the changes.

        :param limit: Most of each kind; None for all.
        """
        renamed = tuple(Renaming(*pair) for pair in self._select("renamed", limit))
        added, removed, edited = (
            tuple(str(source) for source, _ in self._select(kind, limit))
            for kind in ("added", "removed", "edited")
        )
        return DocumentChanges(added, removed, edited, renamed)

    def _select(self, kind: str, limit: int | None) -> sqlite3.Cursor:
        sql = "SELECT source, after FROM changes WHERE kind = ? ORDER BY source LIMIT ?"
        return self._connection.execute(sql, (kind, -1 if limit is None else limit))


def compare_stores(before: Path | None, after: Path) -> DocumentChanges:
    """Compare the files of two generations by name and sha256.

    :param before: The store of one; None for one without files.
    :param after: The store of the other.
    :return: What changed.
    :raises IndexCorruptError: When a store is damaged.
    """
    connection = sqlite3.connect("", uri=True, isolation_level=None)
    try:
        if before:
            attach_store(connection, before, "old")
        else:
            connection.executescript(_EMPTY)
        attach_store(connection, after, "new")
        return ChangeTable(connection).list()
    except sqlite3.DatabaseError as exc:
        raise IndexCorruptError(
            f"{before or after} or {after} cannot be read. Run: yiju index --full"
        ) from exc
    finally:
        connection.close()
