"""Child processes: a module of ours run beside this process, spoken to over its pipes.

Plain ``python -m`` processes, not those of ``multiprocessing``: a user's script need not guard its
main module, and nothing is pickled. A child ends with its parent, whatever ends that.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_ROOT = Path(__file__).resolve().parents[1]
_PR_SET_PDEATHSIG = 1


def start_child(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Run a module as a child, which dies when the thread that started it does.

    :param module: Calls :func:`serve_parent` first of all.
    :param arguments: Of its command line, after this process's id.
    :return: The child, its stdin and stdout pipes.
    :raises OSError: When the system refuses.
    """
    command = [sys.executable, "-P", "-W", "ignore", "-m", module, str(os.getpid()), *arguments]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env=_environment(),
        # Ctrl-C is the parent's to handle; and no console window flashes up on Windows.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def end_child(child: subprocess.Popen[bytes]) -> None:
    """End a child with whatever it has started itself, and close its pipes.

    :param child: From :func:`start_child`; may have ended already.
    """
    kill_child(child)
    child.wait()
    for stream in (child.stdin, child.stdout):
        with suppress(OSError):  # closing sends what is left of a request, to nobody
            pipe(stream).close()


def kill_child(child: subprocess.Popen[bytes]) -> None:
    """End a child with whatever it has started itself.

    :param child: From :func:`start_child`; may have ended already.
    """
    if sys.platform == "win32":
        child.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # nothing of it is left
        os.killpg(child.pid, signal.SIGKILL)  # the group has its number: a session of its own


def pipe(stream: object) -> BinaryIO:
    """Return a child's pipe.

    :param stream: Its ``stdin`` or ``stdout``.
    """
    assert stream is not None  # start_child asks for it
    return stream  # type: ignore[return-value]  # IO[bytes] and BinaryIO differ in name only


def serve_parent() -> tuple[BinaryIO, BinaryIO]:
    """Begin as a child: die with the parent, and keep the pipes from what libraries print.

    :return: What the parent sends, and what it is answered through.
    """
    _die_with(int(sys.argv[1]))
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY)):
        nothing = os.open(os.devnull, mode)
        os.dup2(nothing, number)
        os.close(nothing)
    return requests, replies


def _die_with(parent: int) -> None:
    """Ask Linux to end this process with its parent, even in the midst of work."""
    if sys.platform == "linux":
        import ctypes

        # A C library without it (musl has it) or a sandbox that forbids it: the pipe's end tells.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before it could be asked
            sys.exit(0)


def _environment() -> dict[str, str]:
    """Return a child's variables: modules are found as here, but never in the current folder.

    Whoever asks about a folder of strangers' files may well stand in it.
    """
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        here = None
    paths = [path for path in map(Path, sys.path) if path.is_absolute() and path != here]
    if _ROOT not in paths:
        paths.insert(0, _ROOT)
    # A thread takes memory, and there are as many children as cores.
    # Nor need threads that come and go, such as tantivy's for each segment, a heap each: glibc
    # keeps those, and a worker that had written nine segments held 455 MB instead of 213.
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
    return {
        **os.environ,
        **one,
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }
