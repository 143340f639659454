"""Lexical writer: the chunks' terms → a tantivy index of segments, the unchanged ones linked.

tantivy's segments are immutable, so a segment whose chunks are those of the generation before is
not written again. The rows are cut into segments where the chunks themselves say so
(content-defined cuts, as rsync and deduplicating stores make them): a full build and any sequence
of small ones arrive at the same segments. Each is an index of its own while it is written;
``meta.json`` then names those of all in row order. There are no deleted rows in any, so tantivy's
counts are exact.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from index.lexical import Segment, make_schema, read_segments, register_tokenizer
from index.matching import ChunkTerms, make_tokens
from index.segmentation import TERMS_VERSION
from index.terms_file import SUFFIX, TermsWriter

_HEAP_BYTES = 1_000_000_000  # reached by no segment, so that none is split; taken as it is needed
KEY_BYTES = 16
_KEYS_AT_ONCE = 4096
_N_SEGMENTS = 64  # at most; each costs a question 30 µs, and a change the writing of one
_LEAST_ROWS, _MOST_ROWS = 256, 16_384  # aimed at in a segment, whatever their number


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows that become a segment."""

    key: str  # of their content
    n_rows: int


def cut_segments(keys: Iterable[bytes], n_rows: int) -> Iterator[Cut]:
    """Cut rows into segments, each between half and twice the size aimed at but the last.

    A cut depends on the few hundred rows before it only, so that a change moves those near it.

    :param keys: Of each row what its terms depend on, hashed to :data:`KEY_BYTES`, in row order.
    :param n_rows: Their number.
    :return: The segments in row order.
    """
    # A power of two, so that it seldom changes; where it does, all segments do.
    aim = min(max(_LEAST_ROWS, 1 << (n_rows // _N_SEGMENTS).bit_length()), _MOST_ROWS)
    least = aim // 2
    content = np.empty((n_rows, KEY_BYTES), np.uint8)  # not a list, which takes four times as much
    left = iter(keys)
    for at in range(0, n_rows, _KEYS_AT_ONCE):
        block = b"".join(islice(left, _KEYS_AT_ONCE))
        content[at : at + _KEYS_AT_ONCE] = np.frombuffer(block, np.uint8).reshape(-1, KEY_BYTES)
    cuts = np.flatnonzero(content[:, :4].copy().view("<u4")[:, 0] % least == 0) + 1  # after a row
    start = 0
    while start < len(content):
        number = np.searchsorted(cuts, start + least)
        cut = int(cuts[number]) if number < len(cuts) else len(content)
        stop = min(cut, start + 2 * aim, len(content))
        key = hashlib.blake2b(content[start:stop].data, digest_size=16).hexdigest()
        yield Cut(key, stop - start)
        start = stop


class LexicalWriter:
    """Puts the index of one generation together, segment after segment in row order."""

    def __init__(self, path: Path, previous: Path | None) -> None:
        """Begin.

        :param path: An empty folder.
        :param previous: The folder of the generation before, whose segments may be used again.
        """
        self._path = path
        known = read_segments(previous) if previous else ()
        self._known: dict[str, list[Segment]] = {}
        for one in known:
            if one.terms_version == TERMS_VERSION:
                self._known.setdefault(one.key, []).append(one)
        # What meta.json says besides the segments is the same in every index.
        self._head = _read_json(previous / "meta.json") if self._known and previous else {}
        self._old_metas = _metas_of(self._head)
        self._old_files: dict[str, list[Path]] = {}  # by the name of their segment
        for file in previous.iterdir() if self._known and previous else ():
            self._old_files.setdefault(file.stem, []).append(file)
        self._metas: list[dict[str, Any]] = []
        self._segments: list[Segment] = []
        self._n_folders = 0

    def find(self, cut: Cut) -> Segment | None:
        """Find a segment of the generation before; it is given once only.

        :param cut: Its rows.
        :return: None when it is not there.
        """
        segments = self._known.get(cut.key)
        return segments.pop() if segments else None  # none can stand in an index twice

    def reuse(self, segment: Segment) -> None:
        """Take a segment over from the generation before.

        :param segment: From :meth:`find`.
        """
        for path in self._old_files[segment.name]:
            link_file(path, self._path / path.name)
        self._metas.append(self._old_metas[segment.name])
        self._segments.append(segment)

    def folder(self) -> Path:
        """Return a folder that is not there yet, for :func:`write_segment`."""
        self._n_folders += 1
        return self._path / f"writing-{self._n_folders}"

    def take(self, cut: Cut, folder: Path, n_terms: int) -> None:
        """Take a segment that was written.

        :param cut: Its rows.
        :param folder: Where it was written to; is gone then.
        :param n_terms: Its number of terms.
        """
        self._head = _read_json(folder / "meta.json")
        ((name, meta),) = _metas_of(self._head).items()
        for path in folder.glob(f"{name}.*"):
            path.rename(self._path / path.name)
        shutil.rmtree(folder)
        self._metas.append(meta)
        self._segments.append(Segment(cut.key, name, cut.n_rows, n_terms, TERMS_VERSION))

    def finish(self) -> float:
        """Write what names the segments.

        :return: Mean number of terms a row.
        """
        if not self._head:
            write_segment(self._path, ())
            self._head = _read_json(self._path / "meta.json")
        _write_json(self._path / "meta.json", self._head | {"segments": self._metas})
        _write_json(self._path / "segments.json", [asdict(segment) for segment in self._segments])
        n_rows = sum(segment.n_rows for segment in self._segments)
        return sum(segment.n_terms for segment in self._segments) / max(n_rows, 1)


def write_segment(folder: Path, rows: Iterable[ChunkTerms]) -> int:
    """Write an index of one segment, with the terms as questions are compared with them.

    tantivy is given the numbers of the terms, so that rows of the generation before, of which only
    those are kept, need not be cut into terms again. Among a million terms, one shares its number
    with another with a probability of 1 in 4,300, and then both count as one.

    :param folder: For the index; made when absent.
    :param rows: The terms of each row.
    :return: Number of terms.
    :raises OSError: When the disk refuses.
    """
    folder.mkdir(exist_ok=True)
    schema, n_terms = make_schema(), 0
    with _refusal():
        index = tantivy.Index(schema, path=str(folder))
        register_tokenizer(index)
        # One thread and one commit: rows stay in order, and two builds give equal segments.
        writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    with TermsWriter(folder) as numbered:
        for row in rows:
            n_terms += len(row.numbers)
            numbered.add(row)
            with _refusal():
                tokens = make_tokens(row.numbers)
                writer.add_document(tantivy.Document.from_dict({"terms": tokens}, schema))
        with _refusal():
            writer.commit()
            writer.wait_merging_threads()
        for name in _metas_of(_read_json(folder / "meta.json")):
            numbered.save((folder / name).with_suffix(SUFFIX))
    return n_terms


def link_file(path: Path, link: Path) -> None:
    """Give a file that never changes a second name, where that cannot be a copy.

    :param path: The file.
    :param link: The name, in an existing folder.
    """
    try:
        os.link(path, link)
    except OSError:  # a file system without hard links
        shutil.copyfile(path, link)


@contextmanager
def _refusal() -> Iterator[None]:
    """Turn tantivy's error when it cannot write into the one that Python itself would raise."""
    try:
        yield
    except ValueError as exc:
        raise OSError(f"tantivy: {exc}") from exc


def _metas_of(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what meta.json says of each segment, by the name of its files."""
    metas = body.get("segments", [])
    return {str(meta["segment_id"]).replace("-", ""): meta for meta in metas}


def _read_json(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return body


def _write_json(path: Path, body: object) -> None:
    path.write_text(json.dumps(body), "utf-8", newline="\n")
