"""Memory of a process and of all that it started, together: each shared page counted once."""

import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

_ROOT = Path(__file__).parents[1]
_PROC = Path("/proc")
_EVERY_S = 0.2


class Memory(NamedTuple):
    """Memory of some processes, MiB."""

    total: float = 0.0
    private: float = 0.0  # without files that are mapped, which the system takes back as it needs


def run_watched(command: list[str], **options: Any) -> tuple[subprocess.CompletedProcess, Memory]:
    """Run a command to its end.

    :param command: Program and arguments.
    :param options: Of :class:`subprocess.Popen`, which captures the output as text.
    :return: What it gave, and the most that it and its children were seen to use at one time; 0
        where the system does not tell (only Linux does).
    """
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    peak = Memory()
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                output, errors = child.communicate(timeout=_EVERY_S)
                break
            peak = Memory(*map(max, peak, _used_by(child.pid)))
    finally:
        child.kill()
    return subprocess.CompletedProcess(command, child.returncode, output, errors), peak


def run_child(module: str, *arguments: str) -> dict[str, float]:
    """Run a module that prints figures as JSON, in a process of its own.

    :param module: Its name.
    :param arguments: For it.
    :return: The figures; ``peak_mb``, where there is one, with the processes that it started, and
        ``private_mb`` beside it.
    :raises RuntimeError: With its last words, when it fails.
    """
    child, peak = run_watched([sys.executable, "-m", module, *arguments], cwd=_ROOT)
    if child.returncode:
        raise RuntimeError(f"{module} failed:\n{child.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(child.stdout)
    if "peak_mb" in figures:
        figures["peak_mb"] = round(max(figures["peak_mb"], peak.total), 1)
        figures["private_mb"] = round(peak.private, 1)
    return figures


def own_peak_mb() -> float:
    """Return the most that this process had in memory at one time, MiB.

    Not ``ru_maxrss`` where there is something else: a new process begins with its parent's.
    """
    if peak := peak_of(os.getpid()):
        return peak
    unit = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit / 1024


def peak_of(pid: int) -> float:
    """Return the most that a process had in memory at one time, MiB; 0 where that is not told."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _used_by(pid: int) -> Memory:
    """Return the proportional set size of a process and its descendants."""
    total_kb, private_kb, waiting = 0, 0, [str(pid)]
    while waiting:
        process = _PROC / waiting.pop()
        with suppress(OSError):  # it has ended, or the system has no such files
            for line in (process / "smaps_rollup").read_text("ascii").splitlines():
                if line.startswith("Pss:"):
                    total_kb += int(line.split()[1])
                elif line.startswith("Pss_Anon:"):
                    private_kb += int(line.split()[1])
            for thread in (process / "task").iterdir():
                waiting += (thread / "children").read_text("ascii").split()
    return Memory(total_kb / 1024, private_kb / 1024)
