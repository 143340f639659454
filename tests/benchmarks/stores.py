"""Stores: the same documents asked of a local index and of Milvus Lite.

CMRC 2018's training paragraphs, a file each, and questions spread over them: none of them is among
those that models are measured on. Answers agree when their first citation is the same place of the
same document; figures of both stores are of one run in one process, one after the other.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.build import build_index
from index.encoder import Encoder
from index.milvus.address import StoreAddress
from index.milvus.build import build_store
from index.settings import IndexSettings
from rag.answerer import Answerer
from rag.datatypes import Answer
from rag.store_answerer import StoreAnswerer
from tests.benchmarks.sets import load_file, thin_out

N_QUESTIONS = 600
_WARM_UP = 20
_SET = Path("qa/train/cmrc2018_train.json")


@dataclass(frozen=True, slots=True)
class _Asked:
    answers: list[Answer]
    seconds: list[float]


def run(data_dir: Path, work_dir: Path, encoder: Encoder, n_questions: int = N_QUESTIONS) -> dict:
    """Build both stores and ask both the same.

    :param data_dir: Holds ``qa/train``.
    :param work_dir: For the documents and both indexes.
    :param encoder: Made the vectors of both.
    :param n_questions: Number of questions.
    :return: Figures of both, and what they agree on.
    """
    reading_set = load_file(data_dir / _SET, "cmrc2018_train")
    pairs = thin_out(reading_set.answerable(), n_questions)
    folder = work_dir / "documents"
    folder.mkdir(parents=True)
    for number, paragraph in enumerate(reading_set.paragraphs):
        (folder / f"{number:05d}.txt").write_text(paragraph.context, "utf-8", newline="")
    questions = [question.question for _, question in pairs]
    address = StoreAddress.parse(f"milvus:{work_dir / 'store.db'}")
    settings = IndexSettings()
    index_dir = work_dir / "index"
    first = folder / "00000.txt"
    builds: dict[str, Callable[[], object]] = {
        "local": lambda: build_index(folder, index_dir, encoder, settings=settings),
        "milvus": lambda: build_store(folder, address, encoder, settings=settings),
    }
    figures: dict[str, dict] = {}
    for name, build in builds.items():
        figures[name] = {"build_s": _time(build)}
    first.write_text(first.read_text("utf-8") + "另有一句。", "utf-8", newline="")
    for name, build in builds.items():
        figures[name]["first_change_s"] = _time(build)
    first.write_text(first.read_text("utf-8") + "再有一句。", "utf-8", newline="")
    for name, build in builds.items():
        figures[name]["change_s"] = _time(build)
    opened = {
        "local": Answerer.load(index_dir, documents_dir=folder),
        "milvus": StoreAnswerer.load_store(address.text),
    }
    asked = {name: _ask(answerer, questions) for name, answerer in opened.items()}
    for name, one in asked.items():
        p50, p95 = np.percentile(one.seconds, [50, 95])
        figures[name] |= {"p50_ms": round(1000 * p50, 1), "p95_ms": round(1000 * p95, 1)}
    both = list(zip(asked["local"].answers, asked["milvus"].answers, strict=True))
    manifest = opened["milvus"].manifest
    return {
        "n_documents": manifest.n_documents,
        "n_chunks": manifest.n_chunks,
        "n_questions": len(questions),
        "same_citation": _share(_cited(one) == _cited(other) for one, other in both),
        "same_text": _share(one.text == other.text for one, other in both),
        "same_status": _share(one.status == other.status for one, other in both),
        "stores": figures,
    }


def to_markdown(result: dict) -> str:
    """Write the figures as a table, and the agreement below it."""
    figures = result["figures"]
    lines = [
        "| store | build | one changed file | p50 | p95 |",
        "|---|---|---|---|---|",
    ]
    for name, one in figures["stores"].items():
        lines.append(
            f"| {name} | {one['build_s']:.1f} s | {one['change_s']:.1f} s "
            f"| {one['p50_ms']:.0f} ms | {one['p95_ms']:.0f} ms |"
        )
    return "\n".join(lines) + (
        f"\n\n{figures['n_chunks']:,} chunks, {figures['n_questions']} questions: the same first "
        f"citation for {figures['same_citation']:.1%}, the same text for "
        f"{figures['same_text']:.1%}, the same status for {figures['same_status']:.1%}."
    )


def _ask(answerer: Answerer, questions: Sequence[str]) -> _Asked:
    for question in questions[:_WARM_UP]:
        answerer.answer(question)
    answerer.answers.clear()
    answers, seconds = [], []
    for question in questions:
        started = time.perf_counter()
        answers.append(answerer.answer(question))
        seconds.append(time.perf_counter() - started)
    return _Asked(answers, seconds)


def _time(build: Callable[[], object]) -> float:
    started = time.perf_counter()
    build()
    return round(time.perf_counter() - started, 2)


def _cited(answer: Answer) -> tuple | None:
    first = next(iter(answer.citations or answer.nearest), None)
    return (first.source, first.span, first.highlight) if first else None


def _share(agreeing: object) -> float:
    found = list(agreeing)
    return round(sum(found) / len(found), 4)
