"""One retrieval system in a process of its own: a build and questions, one line of JSON.

    python -m tests.benchmarks.peers_child SYSTEM TASK.json

TASK.json holds ``folder``, ``model``, ``batch``, ``passages`` and ``questions`` (see ``peers``).
What loads models and what is first used is done before the clocks start. Nothing here or in
``peers_systems`` imports the project at once: other systems run where it is not installed.
"""

import importlib.metadata
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.peers_systems import SYSTEMS, System, Task
from tests.memory import own_peak_mb

TOP_K = 10
_WARMING = 5  # questions before those that are timed
_WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def main() -> None:
    """Measure the system that the command line names."""
    task = Task(**json.loads(Path(sys.argv[2]).read_text("utf-8")))
    started = time.perf_counter()
    system = SYSTEMS[sys.argv[1]](task)
    loaded, used = time.perf_counter(), _processor_seconds()
    n_chunks = system.build()
    built = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=Path(task.folder).parent) as folder:
        system.save(Path(folder))
        saved, used_until_saved = time.perf_counter(), _processor_seconds()
    figures = {
        "version": importlib.metadata.version(system.package) if system.package else "",
        "chunks": n_chunks,
        "load_seconds": round(loaded - started, 2),
        "seconds": round(built - loaded, 3),
        "save_seconds": round(saved - built, 3),
        "processor_seconds": round(used_until_saved - used, 3),
        "peak_mb": round(own_peak_mb()),
        **_ask(system, task.questions),
    }
    print(f"\n{json.dumps(figures)}")  # others may have printed something, too


def _processor_seconds() -> float:
    """Return the time that processors spent on this process and on its own that ended."""
    used = [resource.getrusage(who) for who in _WHOSE]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _ask(system: System, questions: Sequence[dict[str, str]]) -> dict[str, float]:
    for asked in questions[:_WARMING]:
        system.search(asked["question"], TOP_K)
    times, ranks = [], []
    for asked in questions:
        started = time.perf_counter()
        found = system.search(asked["question"], TOP_K)
        times.append(1000 * (time.perf_counter() - started))
        ranks.append(found.index(asked["source"]) if asked["source"] in found else TOP_K)
    times.sort()
    return {
        "p50_ms": round(times[len(times) // 2], 2),
        "p95_ms": round(times[int(0.95 * len(times))], 2),
        "recall@1": round(100 * sum(rank < 1 for rank in ranks) / len(ranks), 1),
        "recall@10": round(100 * sum(rank < TOP_K for rank in ranks) / len(ranks), 1),
    }


if __name__ == "__main__":
    main()
