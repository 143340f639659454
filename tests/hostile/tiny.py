"""Very many tiny files: how long a build of them takes, and how much memory."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PER_FOLDER = 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """A build of many files, and one with nothing to do after it."""

    n_documents: int
    laying_s: float
    build_s: float
    build_kb: int  # peak of the build's process
    again_s: float
    again_kb: int
    idle_kb: int  # with the encoder loaded, before the build


def measure(folder: Path, n_files: int, timeout_s: float) -> Measured:
    """Write many tiny files and build their index twice.

    :param folder: Where to; made.
    :param n_files: How many files of one sentence, a thousand in a folder.
    :param timeout_s: Each build may take as long.
    :return: What it took.
    """
    started = time.monotonic()
    for number in range(n_files):
        home = folder / f"{number // _PER_FOLDER:04}"
        if number % _PER_FOLDER == 0:
            home.mkdir(parents=True)
        (home / f"{number}.txt").write_bytes(f"第{number}号仓库的钥匙由值班员保管。".encode())
    laying_s = time.monotonic() - started
    first, again = (_build(folder, timeout_s) for _ in range(2))
    return Measured(
        n_documents=first["n_documents"],
        laying_s=laying_s,
        build_s=first["seconds"],
        build_kb=first["peak_kb"],
        again_s=again["seconds"],
        again_kb=again["peak_kb"],
        idle_kb=first["idle_kb"],
    )


def _build(folder: Path, timeout_s: float) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.measured_build", folder],
        cwd=_ROOT,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(done.stdout)
