"""Isolation: a risky file's bytes → its extraction, read in a child process with limits.

The child is started by the first file that needs it and reads one file after the other.
"""

import logging
import math
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from index.child_process import end_child, kill_child, pipe, start_child
from index.errors import DocumentError, UnreadableError
from index.formats.extraction import Extraction
from index.formats.frames import Frame, FrameError, read_frame, unpack_extraction, write_frame
from index.formats.limits import MAX_TEXT_CHARS
from index.formats.registry import Loader
from index.settings import IndexSettings

logger = logging.getLogger(__name__)

T = TypeVar("T")  # what the worker is asked for

_END_S = 5  # from the end of the pipe to the end of the process
_START_S = 120  # importing Python's library from a cold or busy disk
_SECONDS_PER_MB = 2
_TRUSTED_BYTES = 1 << 18  # of a format that is not risky; more takes time and memory in any format
_MAX_REPLY_BYTES = 4 * MAX_TEXT_CHARS  # of UTF-8
_SURVIVED = ("ok", "refused", "unreadable")  # replies after which the worker goes on


class _BrokenError(DocumentError):
    """Raised when a file broke the worker, or an earlier one had."""


class IsolatedExtractor:
    """Reads files of any format, the risky ones in a worker; a context manager, for one thread."""

    def __init__(self, settings: IndexSettings) -> None:
        """Start nothing yet.

        :param settings: How much time and memory a file may take.
        """
        self._seconds = settings.max_file_seconds
        self._memory = settings.max_file_memory
        self._child: subprocess.Popen[bytes] | None = None
        self._expired = threading.Event()

    def __enter__(self) -> Self:
        """Return the extractor."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the worker."""
        self.close()

    def close(self) -> None:
        """End the worker; the next file that needs one starts another."""
        self._discard()

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while there is none."""
        return self._child.pid if self._child else None

    def extract(self, loader: Loader, data: bytes) -> Extraction:
        """Read a file's bytes.

        :param loader: The format's.
        :param data: The file's bytes.
        :return: The text and its layout.
        :raises DocumentError: When the bytes are not what the file's name says, or reading them
            takes too long, too much memory, or crashes.
        :raises UnreadableError: When the worker or the format's library is missing.
        """
        if not loader.is_risky and len(data) <= _TRUSTED_BYTES:
            return loader.extract(data)
        return self._try(_request(loader), data, unpack_extraction)

    def run(
        self,
        loader: Loader,
        data: bytes,
        arguments: Mapping[str, object],
        read: Callable[[Frame], T],
    ) -> T:
        """Have a function of a format work on a file's bytes in the worker.

        :param loader: Names the function, which takes the bytes and the arguments and returns a
            frame.
        :param data: The file's bytes.
        :param arguments: Any JSON.
        :param read: Takes the result out of the frame, which may hold anything; raises
            :class:`~index.formats.frames.FrameError` for what is no result.
        :return: The result.
        :raises DocumentError: As :meth:`extract`.
        """
        return self._try({**_request(loader), "arguments": dict(arguments)}, data, read)

    def _try(self, request: dict[str, object], data: bytes, read: Callable[[Frame], T]) -> T:
        is_fresh = self._child is None
        try:
            return self._ask(request, data, read)
        except _BrokenError:
            if is_fresh:
                raise
            # The files before it may have used up or damaged the worker's memory.
            return self._ask(request, data, read)

    def _ask(self, asked: dict[str, object], data: bytes, read: Callable[[Frame], T]) -> T:
        seconds = self._seconds + math.ceil(_SECONDS_PER_MB * len(data) / 2**20)
        child = self._child or self._start()
        request = Frame({**asked, "seconds": seconds}, data)
        is_sound = False
        try:
            reply = self._exchange(child, request, seconds)
            if reply is None:
                raise self._explain(child, seconds)
            is_sound = reply.fields.get("status") in _SURVIVED and not self._expired.is_set()
            return self._interpret(reply, read)
        except FrameError as exc:
            is_sound = False
            raise _nonsense() from exc
        finally:
            if not is_sound:  # also when the build is interrupted half-way through a frame
                self._discard()

    def _exchange(
        self, child: subprocess.Popen[bytes], request: Frame | None, seconds: float
    ) -> Frame | None:
        """Send a request, if any, and wait for the reply; None when the worker ends instead."""
        self._expired.clear()
        timer = threading.Timer(seconds, self._expire, (child,))
        timer.daemon = True
        timer.start()
        try:
            if request:
                with suppress(OSError):  # it ended before it had read everything, and may say why
                    write_frame(pipe(child.stdin), request)
            return read_frame(pipe(child.stdout), _MAX_REPLY_BYTES)
        finally:
            timer.cancel()

    def _expire(self, child: subprocess.Popen[bytes]) -> None:
        self._expired.set()
        kill_child(child)

    def _interpret(self, reply: Frame, read: Callable[[Frame], T]) -> T:
        status, error = reply.fields.get("status"), reply.fields.get("error")
        if status == "ok":
            return read(reply)
        if not isinstance(error, str):
            raise FrameError("no reason")
        if status == "refused":
            raise DocumentError(error)
        if status == "unreadable":
            raise UnreadableError(error)
        if status == "memory":
            raise self._too_large()
        raise DocumentError(f"Reading it failed ({error}); the file may be damaged.")

    def _explain(self, child: subprocess.Popen[bytes], seconds: int) -> DocumentError:
        """Tell why a worker ended without an answer."""
        if self._expired.is_set():
            return DocumentError(
                f"It took longer than {seconds} s to read; YIJU_MAX_FILE_SECONDS sets the limit."
            )
        try:
            code = child.wait(_END_S)
        except subprocess.TimeoutExpired:  # it only closed the pipe
            return _nonsense()
        if sys.platform != "win32" and code == -signal.SIGKILL:  # the system was out of memory
            return self._too_large()
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return _BrokenError(
            f"Reading it crashed ({name}); the file may be damaged, or need more than "
            f"{self._memory / 2**30:.3g} GB of memory (YIJU_MAX_FILE_MEMORY)."
        )

    def _too_large(self) -> DocumentError:
        return _BrokenError(
            f"It needs more than {self._memory / 2**30:.3g} GB of memory to read; "
            "YIJU_MAX_FILE_MEMORY sets the limit."
        )

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            child = start_child("index.formats.worker", str(self._memory))
        except OSError as exc:
            raise UnreadableError(
                f"The process that reads this format could not be started: {exc.strerror}."
            ) from exc
        self._child = child
        is_ready = False
        try:
            reply = self._exchange(child, None, _START_S)
            is_ready = reply is not None and reply.fields.get("status") == "ready"
        finally:
            if not is_ready:
                self._discard()
        if not is_ready:
            raise UnreadableError("The process that reads this format ended as it was started.")
        logger.debug("worker %d reads risky formats", child.pid)
        return child

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child:
            end_child(child)


def _request(loader: Loader) -> dict[str, object]:
    return {"module": loader.module, "function": loader.function}


def _nonsense() -> DocumentError:
    return DocumentError("Reading it gave an answer that makes no sense; the file may be damaged.")
