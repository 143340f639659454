"""Results: measured figures → ``results/NAME.json`` with what they were measured on."""

import datetime
import json
import os
import platform
import subprocess
from pathlib import Path

from index.encoder import Encoder

RESULTS_DIR = Path(__file__).parent / "results"
_CPU_INFO = Path("/proc/cpuinfo")


def describe_run(figures: dict[str, object], encoder: Encoder) -> dict[str, object]:
    """Put beside figures the commit, date, machine and encoder that they were measured with."""
    return {
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{_processor()}, {os.cpu_count()} cores",
        "encoder": encoder.fingerprint,
        "figures": figures,
    }


def save_result(name: str, result: dict[str, object], results_dir: Path) -> None:
    """Write a result."""
    results_dir.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    (results_dir / f"{name}.json").write_text(text, "utf-8", newline="\n")


def load_result(name: str, results_dir: Path = RESULTS_DIR) -> dict | None:
    """Read a result, None when it was not measured yet."""
    path = results_dir / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def _commit() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return described.stdout.strip()


def _processor() -> str:
    """Return the processor's name; Linux has it in a file, other systems in ``platform``."""
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
