"""Speed: folders of up to a million chunks → what a build, a question and a change take.

Everything is measured in one run on one machine: the limit, which is nothing but tokenising and
cutting the same text into terms; a build from nothing, in a process of its own; ``yiju ask`` from
its start to its end; retrieval and whole answers of a loaded index, by one and by several at once;
one changed document. Questions are people's where a data folder is given, else words of the text.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from index.build import build_index, default_index_dir
from index.chunking import search_text
from index.encoder import StaticEncoder
from index.knowledge_base import KnowledgeBase
from index.normalization import fold_text
from index.segmentation import extract_terms
from index.settings import IndexSettings
from tests.benchmarks.speed_texts import write_texts
from tests.memory import peak_of, run_child

SIZES = (1_000, 100_000, 1_000_000)
_CHARS_A_CHUNK = 215  # of such texts; the numbers of chunks come out near those asked for
_LIMIT_CHUNKS = 20_000  # that the limit is measured on
N_QUESTIONS = 400  # half of them before those that are timed
_BATCH = 1024  # texts tokenised at once
_COLD = 3  # times that a question is asked by a new process
_EVERY_S = 0.005
_ROOT = Path(__file__).parents[2]
_MIB = 2**20


def run(
    work_dir: Path, *, sizes: Sequence[int], data_dir: Path | None
) -> Iterator[tuple[str, dict[str, object]]]:
    """Measure folders of several sizes.

    :param work_dir: For the texts and their indexes.
    :param sizes: Numbers of chunks.
    :param data_dir: Holds ``corpora`` and ``qa/train``; None for invented texts.
    :return: For each size its figures, for :func:`to_markdown`.
    """
    for size in sizes:
        folder = work_dir / f"{size}"
        n_chars = write_texts(folder, size * _CHARS_A_CHUNK, data_dir)
        yield f"{size}", _measure(folder, n_chars, data_dir)


def _measure(folder: Path, n_chars: int, data_dir: Path | None) -> dict[str, object]:
    built = run_child("tests.benchmarks.changes_child", str(folder), "0")
    index_dir = default_index_dir(folder)
    questions = _write_questions(folder, data_dir)
    limit_s = _measure_limit(index_dir)
    asked = run_child("tests.benchmarks.speed_child", str(index_dir), str(questions))
    return {
        "characters": n_chars,
        **built,
        "limit_seconds": round(limit_s * built["chunks"], 1),
        "disk_mb": round(_disk_bytes(index_dir) / _MIB),
        "cold": _measure_cold(folder),
        **asked,
        "changed_seconds": _measure_change(folder),
        "load average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _measure_limit(index_dir: Path) -> float:
    """Return the seconds a chunk for tokenising and terms alone."""
    encoder = StaticEncoder.load()
    knowledge_base = KnowledgeBase.load(index_dir, encoder=encoder)
    n_rows = min(_LIMIT_CHUNKS, knowledge_base.manifest.n_chunks)
    texts = [search_text(chunk) for chunk in knowledge_base.chunks(range(n_rows))]
    encoder.encode(texts[:10])
    extract_terms(fold_text(texts[0]))
    started = time.perf_counter()
    for first in range(0, len(texts), _BATCH):
        encoder.tokenizer.encode_batch(texts[first : first + _BATCH])
    for text in texts:
        extract_terms(fold_text(text))
    return (time.perf_counter() - started) / len(texts)


def _write_questions(folder: Path, data_dir: Path | None) -> Path:
    if data_dir:
        path = data_dir / "qa" / "train" / "cmrc2018_train.json"
        articles = json.loads(path.read_text("utf-8"))["data"]
        paragraphs = [one for article in articles for one in article["paragraphs"]]
        questions = [one["qas"][0]["question"] for one in paragraphs]
    else:
        paragraphs = (
            paragraph
            for path in sorted(folder.rglob("*.md"))
            for paragraph in path.read_text("utf-8").split("\n\n")[1:]
        )
        questions = [f"{words[:12]}是什么？" for words in islice(paragraphs, N_QUESTIONS)]
    path = folder.with_suffix(".questions.json")
    path.write_text(json.dumps(questions[:N_QUESTIONS], ensure_ascii=False), "utf-8")
    return path


def _measure_cold(folder: Path) -> dict[str, float]:
    """Ask with new processes; return the median of their times and the most memory."""
    command = [sys.executable, "-m", "webui.cli", "ask", "这是什么？", "--documents", str(folder)]
    times, peaks = [], []
    for _ in range(_COLD):
        started = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, peak_of(child.pid))
            time.sleep(_EVERY_S)
        if child.returncode not in {0, 1}:
            raise RuntimeError(f"yiju ask failed with {child.returncode}")
        times.append(time.perf_counter() - started)
        peaks.append(peak)
    return {"seconds": round(statistics.median(times), 2), "peak_mb": round(max(peaks))}


def _measure_change(folder: Path) -> float:
    path = min(folder.rglob("*.md"))
    path.write_text(path.read_text("utf-8") + "\n\n改过了。\n", "utf-8", newline="")
    encoder = StaticEncoder.load()
    encoder.encode(["first use"])
    time.sleep(0.1)  # a file that was written a moment ago is waited for
    started = time.perf_counter()
    build_index(folder, default_index_dir(folder), encoder, settings=IndexSettings())
    return round(time.perf_counter() - started, 2)


def _disk_bytes(index_dir: Path) -> int:
    return sum(path.stat().st_size for path in index_dir.rglob("*") if path.is_file())


def to_markdown(result: dict) -> str:
    """Return the table of a kept result, a column for each size."""
    columns = list(result["figures"].values())
    rows: Sequence[tuple[str, Callable[[dict], str]]] = (
        ("chunks", lambda one: f"{one['chunks']:,}"),
        ("build, s", lambda one: f"{one['seconds']:.1f}"),
        ("of the limit", lambda one: f"{one['seconds'] / one['limit_seconds']:.2f} ×"),
        ("peak memory of the build, MB", lambda one: f"{one['peak_mb']:.0f}"),
        ("of it private, MB", lambda one: f"{one['private_mb']:.0f}"),
        ("index on disk, MB", lambda one: f"{one['disk_mb']:,}"),
        ("one changed document, s", lambda one: f"{one['changed_seconds']:.2f}"),
        ("cold `yiju ask`, s", lambda one: f"{one['cold']['seconds']:.2f}"),
        ("its memory, MB", lambda one: f"{one['cold']['peak_mb']:.0f}"),
        ("retrieval p50 / p95 / p99, ms", lambda one: _describe(one["retrieval"])),
        ("answer p50 / p95 / p99, ms", lambda one: _describe(one["answer"])),
        ("4 ask at once, p95, ms", lambda one: f"{one['at_once']['4']['p95']:.0f}"),
        ("16 ask at once, p95, ms", lambda one: f"{one['at_once']['16']['p95']:.0f}"),
        ("dense recall@10 of exact", lambda one: f"{one['recall']:.4f}"),
        ("memory when warm, MB", lambda one: f"{one['memory_mb']:,.0f}"),
    )
    lines = ["| " + " | ".join(["", *("" for _ in columns)]) + " |"]
    lines.append("|---|" + "---:|" * len(columns))
    lines += [f"| {label} | {' | '.join(map(show, columns))} |" for label, show in rows]
    return "\n".join(lines)


def _describe(times: dict[str, float]) -> str:
    return f"{times['p50']:.1f} / {times['p95']:.1f} / {times['p99']:.1f}"
