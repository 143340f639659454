"""Children: one process each, forked from a server that has imported and loaded everything once.

``python -m tests.reliability.children`` reads requests, one line of JSON each, and forks a child
that calls the function named, ``module:function`` of this package. What becomes of the child is
the answer: its value, its exception, the signal it died by, or that it did not end.
"""

import ctypes
import importlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_ROOT = Path(__file__).parents[2]
_CAPABILITY_VERSION_3 = 0x20080522
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a child."""

    pid: int
    returncode: int
    value: Any
    error: str  # the exception's class, "" for none
    message: str
    traceback: str
    timed_out: bool
    seconds: float

    @property
    def is_ours(self) -> bool:
        """Whether it ended in one of our own errors."""
        return self.error.startswith(("index.errors.", "rag.errors."))

    @property
    def was_killed(self) -> bool:
        """Whether it died by the signal that these tests send."""
        return self.returncode == -signal.SIGKILL and not self.timed_out

    def __str__(self) -> str:
        """Say what happened, in a line."""
        if self.timed_out:
            return f"did not end in {self.seconds:.0f} s"
        if self.returncode < 0:
            return f"died by {signal.Signals(-self.returncode).name}"
        if self.error:
            return f"{self.error}: {self.message}\n{self.traceback if not self.is_ours else ''}"
        return f"returned {str(self.value)[:200]}"


class Children:
    """Runs functions of this package in processes of their own, one at a time."""

    def __init__(self) -> None:
        """Start the server."""
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.children"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **single, "TOKENIZERS_PARALLELISM": "false"},
        )
        self.temporary = Path(tempfile.gettempdir())  # the children's

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server."""
        self._server.stdin.close()
        self._server.stdout.close()
        try:
            self._server.wait(10)
        finally:
            self._server.kill()
            self._server.wait()

    def start(
        self,
        task: str,
        *,
        timeout_s: float = TIMEOUT_S,
        kill_after_s: float | None = None,
        unprivileged: bool = False,
        **arguments: Any,
    ) -> None:
        """Start a child; :meth:`finish` tells what became of it.

        :param task: ``module:function`` of this package; takes and gives JSON.
        :param timeout_s: When it counts as hanging, and is killed.
        :param kill_after_s: When it is killed.
        :param unprivileged: As root, give up the right to pass over the modes of files.
        :param arguments: The function's.
        """
        request = {
            "task": task,
            "arguments": arguments,
            "timeout_s": timeout_s,
            "kill_after_s": kill_after_s,
            "unprivileged": unprivileged,
            "temporary": self.temporary,
        }
        self._server.stdin.write(json.dumps(request, default=str) + "\n")
        self._server.stdin.flush()

    def finish(self) -> Outcome:
        """Wait for the child."""
        line = self._server.stdout.readline()
        assert line, "the server of the children died"
        return Outcome(**json.loads(line))

    def run(self, task: str, **arguments: Any) -> Outcome:
        """Start a child and wait for it; the arguments are those of :meth:`start`."""
        self.start(task, **arguments)
        return self.finish()


class Crew:
    """As many servers as are needed at once, started when they are; for many parts."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._stack = ExitStack()
        self._servers: list[Children] = []

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the servers."""
        self._stack.close()

    def take(self, number: int, temporary: Path) -> list[Children]:
        """Return so many servers.

        :param number: How many children may live at once.
        :param temporary: The temporary folder of their children from now on.
        """
        while len(self._servers) < number:
            self._servers.append(self._stack.enter_context(Children()))
        for server in self._servers:
            server.temporary = temporary
        return self._servers[:number]


def _drop_capabilities() -> None:
    """Let the modes of files count for root, too, as they do for everybody else."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    if libc.capset(header, bytes(24)):  # effective, permitted and inheritable: none
        raise OSError(ctypes.get_errno(), "capset")


def _work(request: dict[str, Any], out: int) -> None:
    """Do what is asked, in the child."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)  # where panics of Rust are written
    if request["unprivileged"] and os.geteuid() == 0:
        _drop_capabilities()
    os.environ["TMPDIR"] = tempfile.tempdir = request["temporary"]
    answer: dict[str, Any] = {}
    try:
        module, function = request["task"].split(":")
        task = getattr(importlib.import_module(f"tests.reliability.{module}"), function)
        answer["value"] = task(**request["arguments"])
    except BaseException as exc:  # noqa: BLE001 - panics are no Exception, and any is an outcome
        kind = type(exc)
        answer["error"] = f"{kind.__module__}.{kind.__qualname__}"
        answer["message"] = str(exc)
        answer["traceback"] = traceback.format_exc()[-3000:]
    with os.fdopen(out, "w", encoding="utf-8") as pipe:
        pipe.write(json.dumps(answer))


def _follow(pid: int, incoming: int, request: dict[str, Any]) -> dict[str, Any]:
    """Read what a child says, kill it when its time has come, and tell what became of it."""
    started = time.monotonic()
    kill_after_s = request["kill_after_s"]
    limit = request["timeout_s"] if kill_after_s is None else kill_after_s
    said, is_killed = b"", False
    while True:
        left = started + limit - time.monotonic()
        if not is_killed and not select.select([incoming], [], [], max(left, 0))[0]:
            os.kill(pid, signal.SIGKILL)
            is_killed = True
        part = os.read(incoming, 1 << 16)
        if not part:
            break
        said += part
    os.close(incoming)
    _, status = os.waitpid(pid, 0)
    returncode = os.waitstatus_to_exitcode(status)
    empty = {"value": None, "error": "", "message": "", "traceback": ""}
    return {
        **empty,
        **(json.loads(said) if said and returncode == 0 else {}),
        "pid": pid,
        "returncode": returncode,
        "timed_out": is_killed and kill_after_s is None,
        "seconds": time.monotonic() - started,
    }


def _serve() -> None:
    from tests.reliability.scene import models  # the parent side needs none of it

    models()
    for line in sys.stdin:
        request = json.loads(line)
        incoming, outgoing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(incoming)
            try:
                _work(request, outgoing)
            finally:
                os._exit(0)
        os.close(outgoing)
        print(json.dumps(_follow(pid, incoming, request)), flush=True)


if __name__ == "__main__":
    _serve()
