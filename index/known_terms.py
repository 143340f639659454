"""Known terms: the rows of a new generation whose terms the generation before has ↔ where.

A segment of which one row changed is written anew with all its rows, and cutting a row's text into
terms takes twelve times as long as reading what it was cut into.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.lexical import read_segments
from index.manifest import GenerationPaths, check_linked
from index.segmentation import TERMS_VERSION
from index.store_writer import Run
from index.terms_file import SUFFIX


@dataclass(frozen=True, slots=True)
class KnownRows:
    """Rows that follow one another, as in a terms file of the generation before."""

    first_row: int
    n_rows: int
    path: str  # the terms file
    n_held: int  # rows in it
    at: int  # the row in it that is the first


class KnownTerms:
    """Finds them."""

    def __init__(self, previous: GenerationPaths | None, copied: Sequence[Run]) -> None:
        """Prepare.

        :param previous: The generation before.
        :param copied: Rows of the new one that are rows of it, in order.
        :raises IndexCorruptError: When its segments cannot be told.
        """
        self._previous = previous
        self._segments = read_segments(previous.lexical) if previous else ()
        self._starts = np.cumsum([0, *(segment.n_rows for segment in self._segments)]).tolist()
        self._copied = copied
        self._checked: set[str] = set()

    def find(self, start: int, stop: int) -> list[KnownRows]:
        """Find the known ones among rows.

        :param start: The first row.
        :param stop: One past the last.
        :return: Those rows, in order.
        :raises IndexCorruptError: When a terms file is not as it was written.
        """
        found: list[KnownRows] = []
        number = max(bisect_right(self._copied, start, key=lambda run: run.first_row) - 1, 0)
        for run in self._copied[number:]:
            if run.first_row >= stop:
                break
            first, last = max(start, run.first_row), min(stop, run.first_row + run.n_rows)
            if run.old_row is not None and first < last:
                found.extend(self._locate(first, run.old_row + first - run.first_row, last - first))
        return found

    def _locate(self, row: int, old_row: int, n_rows: int) -> Iterator[KnownRows]:
        """Cut rows where the old segments end."""
        stop = old_row + n_rows
        number = bisect_right(self._starts, old_row) - 1
        while old_row < stop and number < len(self._segments):
            segment, first = self._segments[number], self._starts[number]
            n_here = min(stop, self._starts[number + 1]) - old_row
            if segment.terms_version == TERMS_VERSION:
                path = self._check(f"{segment.name}{SUFFIX}")
                yield KnownRows(row, n_here, str(path), segment.n_rows, old_row - first)
            row, old_row, number = row + n_here, old_row + n_here, number + 1

    def _check(self, name: str) -> Path:
        """Look for damage that would be written, and signed, anew."""
        assert self._previous is not None  # it has segments
        path = self._previous.lexical / name
        if name not in self._checked:
            check_linked(self._previous, path)
            self._checked.add(name)
        return path
