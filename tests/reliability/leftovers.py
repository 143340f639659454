"""Leftovers: commands that end, are interrupted or killed leave no file and no process behind.

Each command runs as a user's would, with a home, a temporary and a current folder of its own, on
documents of which one needs a worker process. Then everything is looked through.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from docx import Document

from index.build import default_index_dir
from tests.reliability.report import Trial
from tests.reliability.scene import KEEP, assert_tidy, documents, write_edition

_ROOT = Path(__file__).parents[2]
_COMMANDS = (
    ("index",),
    ("index", "--full"),
    ("index", "--check"),
    ("index", "--report", "--json"),
    ("index", "log"),
    ("index", "rollback", "1"),
    ("ask", "逾期每天罚款多少？"),
    ("ask", "会费每年多少？", "--json"),
)
_SIGNALS = (None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
_LONGEST_S = 60.0


def leftovers(trial: Trial) -> None:
    """Run ``count`` commands on one folder, each ended in another way."""
    place = trial.workplace()
    folder, home, current = (place / name for name in ("文档", "home", "current"))
    for path in (folder, home, current):
        path.mkdir()
    _write(folder, 1)
    _run(trial, place, ("index",), None)
    for number in range(trial.count):
        command = trial.random.choice(_COMMANDS)
        ending = _SIGNALS[number % len(_SIGNALS)]
        _write(folder, number + 2)
        before = documents(folder)
        with trial.expect(f"yiju {' '.join(command)}, ended by {ending or 'itself'}, in {place}"):
            _run(trial, place, command, ending)
            assert documents(folder) == before, "a document was touched, or something put there"
            assert not list(current.iterdir()), "files in the current folder"
            _assert_no_processes(place)
    with trial.expect(f"after all commands, in {place}"):
        # A killed build's files stay until the next one; so do generations beyond the last three.
        _write(folder, 0)
        _run(trial, place, ("index",), None)
        assert_tidy(default_index_dir(folder), keep=KEEP)
        left = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
        assert not left, f"files in the home folder: {left}"
    trial.note("files in the temporary folder", len(list((place / "tmp").iterdir())))
    with trial.expect(f"the temporary folder of {place}"):
        left = [path.name for path in (place / "tmp").iterdir()]
        assert not left, f"left there: {left}"


def _write(folder: Path, edition: int) -> None:
    word = folder / "附件.docx"
    content = word.read_bytes() if word.exists() else b""
    write_edition(folder, edition)
    if edition % 2:  # so that every other build reads it anew
        document = Document()
        document.add_paragraph(f"会费每年{edition}元。")
        document.save(str(word))
    elif content:
        word.write_bytes(content)


def _run(
    trial: Trial, place: Path, command: tuple[str, ...], ending: signal.Signals | None
) -> None:
    (place / "tmp").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "webui.cli", *command, "--documents", place / "文档"],
        cwd=place / "current",
        env={
            **os.environ,
            "HOME": str(place / "home"),
            "PYTHONPATH": str(_ROOT),
            "TMPDIR": str(place / "tmp"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        if ending:
            time.sleep(trial.random.uniform(0.05, 1.5))
            process.send_signal(ending)
        output, _ = process.communicate(timeout=_LONGEST_S)
    finally:
        process.kill()
        process.wait()
    trial.note(f"ended by {ending.name}" if ending and process.returncode < 0 else "ended")
    if ending is None:
        # Nothing found; a generation that is not kept any more.
        wanted = (0, 1) if "ask" in command else (0, 2) if "rollback" in command else (0,)
        assert process.returncode in wanted, f"exit {process.returncode}: {output}"
    assert "Traceback" not in output or ending is signal.SIGINT, output


def _assert_no_processes(place: Path) -> None:
    """Assert that none of the processes that were given our temporary folder lives on."""
    if not Path("/proc/self/environ").exists():
        return
    mark = f"TMPDIR={place / 'tmp'}".encode()
    end = time.monotonic() + _LONGEST_S
    while alive := _with_environment(mark):
        assert time.monotonic() < end, f"still running: {alive}"
        time.sleep(0.05)


def _with_environment(mark: bytes) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes():
                found.append(path.parent.name)
        except OSError:  # another user's, or it has just ended
            continue
    return found
