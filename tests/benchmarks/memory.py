"""Memory of a process and of all that it started, together: each shared page counted once."""

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

_PROC = Path("/proc")
_EVERY_S = 0.2


def run_watched(command: list[str], **options: Any) -> tuple[subprocess.CompletedProcess, float]:
    """Run a command to its end.

    :param command: Program and arguments.
    :param options: Of :class:`subprocess.Popen`, which captures the output as text.
    :return: What it gave, and the most megabytes that it and its children were seen to use at one
        time; 0 where the system does not tell (only Linux does).
    """
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    peak = 0.0
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                output, errors = child.communicate(timeout=_EVERY_S)
                break
            peak = max(peak, tree_mb(child.pid))
    finally:
        child.kill()
    return subprocess.CompletedProcess(command, child.returncode, output, errors), peak


def tree_mb(pid: int) -> float:
    """Return the proportional set size of a process and its descendants, MiB."""
    total_kb, waiting = 0, [str(pid)]
    while waiting:
        process = _PROC / waiting.pop()
        with suppress(OSError):  # it has ended, or the system has no such files
            for line in (process / "smaps_rollup").read_text("ascii").splitlines():
                if line.startswith("Pss:"):
                    total_kb += int(line.split()[1])
            for thread in (process / "task").iterdir():
                waiting += (thread / "children").read_text("ascii").split()
    return total_kb / 1024
