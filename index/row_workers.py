"""Row workers: pieces of row work → done by this process and others, one for each core.

Python's threads would share one core. Whoever waits for a piece works meanwhile, so that no process
fills memory only to wait. A build of a few thousand rows is done before processes have
started, so it is done in this one; so is that of an encoder other than the bundled one, which may
fill the memory once already.
"""

import logging
import os
import queue
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from index.child_process import end_child, pipe, start_child
from index.encoder import Encoder, StaticEncoder
from index.formats.frames import Frame, FrameError, read_frame, write_frame
from index.known_terms import KnownRows
from index.row_work import RowWork

logger = logging.getLogger(__name__)

_MODULE = "index.row_worker"
_LEAST_ROWS = 8192  # to encode; a process starts in 0.44 s, in which another does 1,200
_MOST_WORKERS = 16
# What a process that ended, or that replies nonsense, is noticed by.
_UNSOUND = (ArithmeticError, LookupError, MemoryError, OSError, TypeError, ValueError)
_LOOK_S = 0.2  # from one look whether a process has ended to the next

Ranges = Sequence[tuple[int, int]]  # of rows, half-open
Wait = Callable[[], int]  # until a piece of work is done; gives its result


class Workers(Protocol):
    """Takes pieces of work."""

    def encode(self, ranges: Ranges) -> Wait:
        """Take :meth:`index.row_work.RowWork.encode`."""
        ...

    def write_segment(
        self, start: int, stop: int, folder: Path, known: Sequence[KnownRows] = ()
    ) -> Wait:
        """Take :meth:`index.row_work.RowWork.write_segment`."""
        ...


@dataclass(frozen=True, slots=True)
class RowFiles:
    """What the work is on."""

    store: Path
    vectors: Path
    n_rows: int


@contextmanager
def open_workers(
    files: RowFiles, encoder: Encoder, n_encoded: int, n_workers: int
) -> Iterator[Workers]:
    """Make ready for work; ends whatever was started.

    :param files: What the work is on.
    :param encoder: Makes the vectors.
    :param n_encoded: Rows to encode, which tells how much work there is.
    :param n_workers: Processes; 0 for as many as there are cores.
    """
    n_workers = n_workers or min(count_cores(), _MOST_WORKERS)
    with RowWork(files.store, files.vectors, files.n_rows, encoder) as work:
        here = _Here(work)
        if n_encoded < _LEAST_ROWS or n_workers < 2 or not isinstance(encoder, StaticEncoder):
            yield here
            return
        arguments = (str(files.store), str(files.vectors), str(files.n_rows), encoder.fingerprint)
        children: list[subprocess.Popen[bytes]] = []
        with ThreadPoolExecutor(n_workers) as pool:
            beside = _Beside(here)
            try:
                with suppress(OSError):  # the system refuses more: fewer do, or none
                    # In this thread, whose end would be theirs.
                    started = (start_child(_MODULE, *arguments) for _ in range(n_workers - 1))
                    children.extend(started)
                for child in children:
                    pool.submit(beside.serve, child)
                yield beside
            finally:
                beside.close(len(children))
                for child in children:
                    end_child(child)


def count_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1


class _Here:
    """Does the work in this process, when it is waited for."""

    def __init__(self, work: RowWork) -> None:
        self._work = work

    def encode(self, ranges: Ranges) -> Wait:
        def do() -> int:
            self._work.encode(ranges)
            return 0

        return do

    def write_segment(
        self, start: int, stop: int, folder: Path, known: Sequence[KnownRows] = ()
    ) -> Wait:
        return partial(self._work.write_segment, start, stop, folder, known)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of work that somebody has to do."""

    request: Frame
    do_here: Wait
    result: "Future[int]"


class _Beside:
    """Shares the work between processes and this one, which works whenever it waits."""

    def __init__(self, here: _Here) -> None:
        self._here = here
        self._left: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._is_closed = False

    def encode(self, ranges: Ranges) -> Wait:
        return self._add({"ranges": ranges}, self._here.encode(ranges))

    def write_segment(
        self, start: int, stop: int, folder: Path, known: Sequence[KnownRows] = ()
    ) -> Wait:
        request = {
            "start": start,
            "stop": stop,
            "folder": str(folder),
            "known": [asdict(rows) for rows in known],
        }
        return self._add(request, self._here.write_segment(start, stop, folder, known))

    def serve(self, child: subprocess.Popen[bytes]) -> None:
        """Have a process do pieces of work until there are no more or it ends."""
        while piece := self._left.get():
            try:
                _ask(child, piece)
            except _UNSOUND:
                if not self._is_closed:
                    logger.warning("a process of the build ended; its work is done again")
                return
            finally:
                if not piece.result.done():
                    self._left.put(piece)  # whatever happened, somebody waits for it

    def close(self, n_served: int) -> None:
        """Take away what is left to do, and let so many threads end."""
        self._is_closed = True
        with suppress(queue.Empty):
            while True:
                self._left.get_nowait()
        for _ in range(n_served):
            self._left.put(None)

    def _add(self, request: dict[str, object], do_here: Wait) -> Wait:
        piece = _Piece(Frame(request), do_here, Future())
        self._left.put(piece)
        return partial(self._wait, piece.result)

    def _wait(self, result: "Future[int]") -> int:
        while not result.done():
            try:
                piece = self._left.get_nowait()
            except queue.Empty:
                with suppress(TimeoutError):  # whoever does it may end, and put it back
                    return result.result(_LOOK_S)
                continue
            if piece:
                piece.result.set_result(piece.do_here())
        return result.result()


def _ask(child: subprocess.Popen[bytes], piece: _Piece) -> None:
    """Have a process do a piece of work; raise an error of its pipes when it ends instead."""
    write_frame(pipe(child.stdin), piece.request)
    reply = read_frame(pipe(child.stdout), 0)
    if reply is None:
        raise FrameError("no reply")
    if "error" in reply.fields:
        piece.result.set_exception(OSError(reply.fields["errno"], reply.fields["error"]))
    else:
        piece.result.set_result(int(reply.fields["result"]))
