"""Builds that kill themselves at a named point, each in a process of its own.

``python -m tests.reliability.child`` imports once (0.6 s, the dictionary) and forks a build for
each request, ``[folder, point]``. A point is a progress report (``read 2``: the third one of that
stage) or the moment before an operation on a file of the index (``rename CURRENT.tmp 0``: the first
renaming of that file, which puts it in the place of ``CURRENT``). Without a point the build ends
and tells the points that it passed.
"""

import json
import os
import signal
import sys
import traceback
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

from index.progress import Progress
from tests.fakes import HashEncoder
from tests.index.folders import build

_EVENTS = {
    "open": "open",
    "os.mkdir": "make",
    "os.rename": "rename",
    "os.remove": "remove",
    "os.rmdir": "remove",
    "shutil.rmtree": "delete",
    "sqlite3.connect": "connect",
}


class Points:
    """Counts the points that a build passes and dies at the one named."""

    def __init__(self, index_dir: Path, fatal: str) -> None:
        """Name the folder whose files count and the point to die at, "" for none."""
        self.passed: list[str] = []
        self._index_dir = str(index_dir)
        self._fatal = fatal
        self._counts: Counter[str] = Counter()

    def report(self, progress: Progress) -> None:
        """Pass a progress report."""
        self._pass(progress.stage)

    def audit(self, event: str, arguments: tuple) -> None:
        """Pass an operation, before it is done."""
        if event not in _EVENTS or not isinstance(arguments[0], str | os.PathLike):
            return
        path = os.fspath(arguments[0])
        if path.startswith("file:"):
            path = unquote(path.removeprefix("file://").split("?")[0])
        # Python removes the files of a folder by their bare names.
        if path.startswith(self._index_dir) or (event == "os.remove" and "/" not in path):
            name = Path(path).name.replace(str(os.getpid()), "PID")
            self._pass(f"{_EVENTS[event]} {name}")

    def _pass(self, kind: str) -> None:
        point = f"{kind} {self._counts[kind]}"
        self._counts[kind] += 1
        self.passed.append(point)
        if point == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def run(folder: Path, fatal: str, out: int) -> None:
    """Build the folder, die at the point or write those passed."""
    points = Points(folder / ".yiju", fatal)
    sys.addaudithook(points.audit)
    build(folder, HashEncoder(), progress=points.report)
    os.write(out, "\n".join(points.passed).encode())


def fork_and_wait(folder: Path, fatal: str) -> dict[str, str | int]:
    """Run a build in a process of its own and tell how it ended."""
    incoming, outgoing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            run(folder, fatal, outgoing)
        except BaseException:  # noqa: BLE001 - nothing may return into the parent's loop
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(outgoing)
    with open(incoming, encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
        passed = pipe.read()
    _, status = os.waitpid(pid, 0)
    return {"returncode": os.waitstatus_to_exitcode(status), "passed": passed}


def main() -> None:
    """Serve requests: one line of JSON each way."""
    for line in sys.stdin:
        folder, fatal = json.loads(line)
        print(json.dumps(fork_and_wait(Path(folder), fatal)), flush=True)


if __name__ == "__main__":
    main()
