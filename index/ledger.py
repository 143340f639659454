"""Ledger: the live generation → one row a file, what became of it and how much can be found."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from index.datatypes import DocumentInfo, FailedFile
from index.generations import IndexDir
from index.manifest import read_manifest
from index.store import ChunkStore


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What became of one file."""

    source: str
    media_type: str  # "" when the file was not indexed
    encoding: str
    n_pages: int  # pages, slides or sheets
    n_empty_pages: int
    n_chars: int
    n_chunks: int
    reachable: float | None  # share of the characters but white space that lie in a chunk
    warnings: tuple[str, ...]
    error: str  # "" when the file was indexed
    seconds: float
    sha256: str  # of the file's bytes; "" when they could not be or were not read
    size: int  # bytes; 0 when the file was not read
    copy_of: str = ""  # the file of equal bytes whose chunks stand for this one's, too

    def to_dict(self) -> dict[str, Any]:
        """Return the row for JSON."""
        return {**asdict(self), "warnings": list(self.warnings)}


def read_ledger(index_dir: Path) -> tuple[LedgerRow, ...]:
    """Read what the live generation knows of every file.

    :param index_dir: The index's folder.
    :return: A row for each indexed file and each that was left out, sorted by source.
    :raises IndexMissingError: When there is no index.
    :raises IndexFormatError: When it was written in another format version.
    :raises IndexCorruptError: When a file of it is missing or damaged.
    """
    with IndexDir(index_dir).pin_current() as pin:
        read_manifest(pin.paths)
        store = ChunkStore.load(pin.paths.store)
        try:
            rows = [row for info in store.document_infos() for row in _indexed(info, store)]
            rows += map(_left_out, store.failed_files())
            rows += [
                _left_out(FailedFile(problem.source, 0, 0, problem.message))
                for problem in store.passed_over()
            ]
        finally:
            store.close()
    return tuple(sorted(rows, key=lambda row: row.source))


def _indexed(info: DocumentInfo, store: ChunkStore) -> list[LedgerRow]:
    """Describe a document's file, then its copies, which have no chunks of their own."""
    row = LedgerRow(
        source=info.source,
        media_type=info.media_type,
        encoding=info.encoding,
        n_pages=info.n_pages,
        n_empty_pages=info.n_empty_pages,
        n_chars=info.n_chars,
        n_chunks=info.n_chunks,
        reachable=reachable_share(info.doc_id, store),
        warnings=info.warnings,
        error="",
        seconds=info.seconds,
        sha256=info.sha256,
        size=info.size,
    )
    copies = [
        replace(row, source=source, copy_of=info.source, n_chunks=0, seconds=0.0)
        for source in (store.copies_of(info.doc_id) if info.copies else ())
    ]
    return [row, *copies]


def _left_out(entry: FailedFile) -> LedgerRow:
    return LedgerRow(
        source=entry.source,
        media_type="",
        encoding="",
        n_pages=0,
        n_empty_pages=0,
        n_chars=0,
        n_chunks=0,
        reachable=None,
        warnings=(),
        error=entry.message,
        seconds=entry.seconds,
        sha256=entry.sha256,
        size=entry.size,
    )


def reachable_share(doc_id: str, store: ChunkStore) -> float:
    """Return the share of a document's characters that lie in its chunks; 1 when it has none.

    White space does not count, nor does a chunk that is not the slice of the text it says it is.

    :param doc_id: The document.
    :param store: The generation's.
    :raises IndexingError: When the index is damaged or gone.
    """
    text = store.document(doc_id).text
    n_covered = end = 0
    for stored in store.iterate(doc_id):
        span = stored.chunk.span
        if span.of(text) == stored.chunk.text:
            n_covered += _n_visible(text[max(end, span.start) : span.end])
            end = max(end, span.end)
    n_chars = _n_visible(text)
    return n_covered / n_chars if n_chars else 1.0


def _n_visible(text: str) -> int:
    return sum(map(len, text.split()))
