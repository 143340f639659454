"""A build that kills itself at one named point: ``python -m tests.reliability.child FOLDER POINT``.

A point is a progress report (``read 2``: the third one of that stage) or the moment before an
operation on a file of the index (``rename CURRENT.tmp 0``: the first renaming of that file, which
puts it in the place of ``CURRENT``). Without a point the build ends and prints those it passed.
"""

import os
import signal
import sys
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
            path = unquote(path.removeprefix("file:").split("?")[0])
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


def main() -> None:
    """Build the folder and die at the point."""
    folder, fatal = Path(sys.argv[1]), sys.argv[2]
    points = Points(folder / ".yiju", fatal)
    sys.addaudithook(points.audit)
    build(folder, HashEncoder(), progress=points.report)
    print("\n".join(points.passed))


if __name__ == "__main__":
    main()
