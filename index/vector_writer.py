"""Vector writer: the chunks of a new generation → its known vectors, and the rows without one."""

from collections.abc import Callable, Iterator, Sequence

from index.dense import VectorFile
from index.progress import Progress, Stage
from index.row_workers import Workers
from index.store_writer import Run, StoreWriter

_BATCH = 1024  # rows encoded at once
_BLOCK = 256  # rows copied at once

Range = tuple[int, int]  # of rows, half-open


class VectorWriter:
    """Fills one generation's vectors."""

    def __init__(self, store: StoreWriter, n_rows: int, tell: Callable[[Progress], None]) -> None:
        """Prepare.

        :param store: Has all chunks in their rows.
        :param n_rows: Their number.
        :param tell: Told of each step.
        """
        self._store = store
        self._n_rows = n_rows
        self._tell = tell
        self._copied: list[Run] = []
        self._unknown: list[Range] = []
        self._n_done = 0

    @property
    def n_unknown(self) -> int:
        """Number of rows whose vector was not copied."""
        return sum(stop - start for start, stop in self._unknown)

    @property
    def copied(self) -> Sequence[Run]:
        """The rows whose vector was copied, in order."""
        return self._copied

    def copy(self, new: VectorFile, old: VectorFile | None) -> None:
        """Write the rows whose vectors are known.

        :param new: The new generation's vectors.
        :param old: Those of the generation before; None when it has none to give.
        """
        self._step(0)
        for run in self._store.runs():
            if run.old_row is not None:
                self._copied.append(run)
            if old is None:
                self._miss(run.first_row, run.n_rows)
                continue
            for at in range(0, run.n_rows, _BLOCK):
                row, n_here = run.first_row + at, min(_BLOCK, run.n_rows - at)
                if run.old_row is None:
                    self._look_up(new, old, row, row + n_here)
                else:
                    new.write(row, old.read(run.old_row + at, n_here))
                    self._step(n_here)

    def encode(self, workers: Workers) -> None:
        """Have the other rows encoded.

        :param workers: Do it.
        """
        batches = [(ranges, workers.encode(ranges)) for ranges in _batch(self._unknown)]
        for ranges, wait in batches:
            wait()
            self._step(sum(stop - start for start, stop in ranges))

    def _look_up(self, new: VectorFile, old: VectorFile, start: int, stop: int) -> None:
        """Find the vectors of new rows among those of equal texts."""
        for row, old_row in enumerate(self._store.old_rows(start, stop), start):
            if old_row is None:
                self._miss(row, 1)
            else:
                new.write(row, old.read(old_row, 1))
                self._note(row, old_row)
                self._step(1)

    def _note(self, row: int, old_row: int) -> None:
        if self._copied:
            last = self._copied[-1]
            assert last.old_row is not None
            if (last.first_row + last.n_rows, last.old_row + last.n_rows) == (row, old_row):
                self._copied[-1] = Run(last.first_row, last.old_row, last.n_rows + 1)
                return
        self._copied.append(Run(row, old_row, 1))

    def _miss(self, row: int, n_rows: int) -> None:
        start = row
        if self._unknown and self._unknown[-1][1] == row:
            start, _ = self._unknown.pop()
        self._unknown.append((start, row + n_rows))

    def _step(self, n_rows: int) -> None:
        self._n_done += n_rows
        self._tell(Progress(Stage.ENCODE, self._n_done, self._n_rows))


def _batch(ranges: list[Range]) -> Iterator[list[Range]]:
    """Cut ranges into batches of as many rows, the last of fewer."""
    batch: list[Range] = []
    n_free = _BATCH
    for first, stop in ranges:
        start = first
        while start < stop:
            end = min(stop, start + n_free)
            batch.append((start, end))
            n_free -= end - start
            start = end
            if not n_free:
                yield batch
                batch, n_free = [], _BATCH
    if batch:
        yield batch
