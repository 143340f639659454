"""Row workers: pieces of row work → done by as many processes as there are cores.

Python's threads would share one core. A build of a few thousand rows is done before processes have
started, so it is done in this one; so is that of an encoder other than the bundled one, which may
fill the memory once already.
"""

import logging
import os
import queue
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
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
            try:
                with suppress(OSError):  # the system refuses more: fewer do, or none
                    # In this thread, whose end would be theirs.
                    started = (start_child(_MODULE, *arguments) for _ in range(n_workers))
                    children.extend(started)
                yield _Beside(pool, children, here) if children else here
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
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
        def do() -> int:
            shutil.rmtree(folder, ignore_errors=True)  # what a process left that was killed
            return self._work.write_segment(start, stop, folder, known)

        return do


class _DeadError(Exception):
    """Raised when a process ended instead of answering."""


class _Beside:
    """Hands the work to processes; does itself what one did not live to do."""

    def __init__(
        self, pool: ThreadPoolExecutor, children: Iterable[subprocess.Popen[bytes]], here: _Here
    ) -> None:
        self._pool = pool
        self._here = here
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        for child in children:
            self._idle.put(child)

    def encode(self, ranges: Ranges) -> Wait:
        return self._submit({"ranges": ranges}, self._here.encode(ranges))

    def write_segment(
        self, start: int, stop: int, folder: Path, known: Sequence[KnownRows] = ()
    ) -> Wait:
        request = {
            "start": start,
            "stop": stop,
            "folder": str(folder),
            "known": [asdict(rows) for rows in known],
        }
        return self._submit(request, self._here.write_segment(start, stop, folder, known))

    def _submit(self, request: dict[str, object], do_here: Wait) -> Wait:
        answered = self._pool.submit(self._ask, Frame(request))

        def wait() -> int:
            try:
                return answered.result()
            except _DeadError:
                logger.warning("a process of the build ended; its work is done again")
                return do_here()

        return wait

    def _ask(self, request: Frame) -> int:
        child = self._idle.get()
        try:
            write_frame(pipe(child.stdin), request)
            reply = read_frame(pipe(child.stdout), 0)
        except (OSError, FrameError) as exc:
            raise _DeadError from exc
        finally:
            self._idle.put(child)  # a dead one, too: the next piece of work finds it dead at once
        if reply is None:
            raise _DeadError
        if "error" in reply.fields:
            raise OSError(reply.fields["errno"], reply.fields["error"])
        return int(reply.fields["result"])
