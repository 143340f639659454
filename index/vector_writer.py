"""Vector writer: the chunks of a new generation → its vectors; only unknown texts are encoded."""

from collections.abc import Callable

import numpy as np

from index.dense import VectorFile
from index.encoder import Encoder
from index.progress import Progress, Stage
from index.store_writer import StoreWriter

_BATCH = 1024  # chunks encoded at once
_BLOCK = 256  # rows copied at once


class VectorWriter:
    """Fills one generation's vectors, holding a batch at a time."""

    def __init__(
        self, encoder: Encoder, store: StoreWriter, tell: Callable[[Progress], None]
    ) -> None:
        """Prepare.

        :param encoder: Makes the vectors.
        :param store: Has all chunks in their rows.
        :param tell: Told of each step.
        """
        self._encoder = encoder
        self._store = store
        self._tell = tell
        self._rows: list[int] = []  # waiting to be encoded, with their texts
        self._texts: list[str] = []
        self.n_encoded = 0

    def write(self, new: VectorFile, old: VectorFile | None, n_rows: int) -> None:
        """Write every row.

        :param new: The new generation's vectors.
        :param old: Those of the generation before; None when it has none to give.
        :param n_rows: Of the new one.
        """
        for run in self._store.runs():
            size = _BATCH if old is None or run.old_row is None else _BLOCK
            for at in range(0, run.n_rows, size):
                row, n_here = run.first_row + at, min(size, run.n_rows - at)
                self._tell(Progress(Stage.ENCODE, row, n_rows))
                if old is None or run.old_row is None:
                    self._fill(new, old, range(row, row + n_here))
                else:
                    new.write(row, old.read(run.old_row + at, n_here))
        self._encode(new)
        self._tell(Progress(Stage.ENCODE, n_rows, n_rows))

    def _fill(self, new: VectorFile, old: VectorFile | None, rows: range) -> None:
        known = self._store.old_rows(rows.start, rows.stop)
        texts = self._store.search_texts(rows.start, rows.stop)
        for row, old_row, text in zip(rows, known, texts, strict=True):
            if old is not None and old_row is not None:
                new.write(row, old.read(old_row, 1))
            else:
                self._rows.append(row)
                self._texts.append(text)
        if len(self._rows) >= _BATCH:
            self._encode(new)

    def _encode(self, new: VectorFile) -> None:
        if not self._rows:
            return
        vectors = self._encoder.encode(self._texts)  # (n, dim)
        rows = np.asarray(self._rows)  # (n,) rising
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        for block in np.split(np.arange(len(rows)), breaks):
            new.write(int(rows[block[0]]), vectors[block])
        self.n_encoded += len(rows)
        self._rows.clear()
        self._texts.clear()
