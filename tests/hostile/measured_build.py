"""Measured build: ``python -m tests.hostile.measured_build FOLDER`` in a process of its own.

Prints JSON: the build's seconds, its own peak memory, and of each file the worker's peak while it
was read.
"""

import json
import sys
import threading
import time
from pathlib import Path

from index.build import build_index, default_index_dir
from index.encoder import StaticEncoder
from index.progress import Progress, Stage
from index.settings import IndexSettings
from tests.memory import own_peak_mb

_EVERY_S = 0.01


class Sampler(threading.Thread):
    """Looks at the worker again and again and notes the most memory it holds at each file."""

    def __init__(self) -> None:
        """Start with no file."""
        super().__init__(daemon=True)
        self.file = ""
        self.peaks: dict[str, int] = {}
        self.stopped = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        while not self.stopped.wait(_EVERY_S):
            for pid in _children():
                self.peaks[self.file] = max(self.peaks.get(self.file, 0), _resident(pid))

    def note(self, progress: Progress) -> None:
        """Take over which file is read."""
        self.file = progress.name if progress.stage is Stage.READ else ""


def main() -> None:
    """Build the folder named on the command line."""
    folder = Path(sys.argv[1])
    encoder = StaticEncoder.load()
    before = own_peak_mb()
    sampler = Sampler()
    sampler.start()
    started = time.monotonic()
    report = build_index(
        folder,
        default_index_dir(folder),
        encoder,
        settings=IndexSettings.from_env(),
        progress=sampler.note,
    )
    seconds = time.monotonic() - started
    sampler.stopped.set()
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "idle_kb": before * 1024,
                "peak_kb": own_peak_mb() * 1024,
                "worker_kb": sampler.peaks,
                "n_documents": report.n_documents,
                "n_chunks": report.n_chunks,
            }
        )
    )


def _children() -> list[int]:
    listing = Path("/proc/self/task") / str(threading.main_thread().native_id) / "children"
    try:
        return [int(pid) for pid in listing.read_text("ascii").split()]
    except OSError:
        return []


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) if lines else 0


if __name__ == "__main__":
    main()
