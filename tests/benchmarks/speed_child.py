"""Questions to a loaded index, in a process of its own: how long they take, one line of JSON."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from index.dense import DenseIndex
from index.generations import IndexDir
from index.manifest import GenerationPaths
from rag import Answerer
from rag.query import analyze_question
from rag.reading import Reading
from rag.retriever import retrieve
from rag.settings import RagSettings
from tests.memory import own_peak_mb

_WARMING = 200  # other questions before those that are timed: a file is mapped as it is read
_AT_ONCE = (4, 16)
_N_COMPARED = 50  # questions whose nearest chunks are also found exactly


def main() -> None:
    """Ask the index that the command line names the questions of a file."""
    index_dir, questions = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text("utf-8"))
    answerer = Answerer.load(index_dir)
    knowledge_base, settings = answerer.knowledge_base, RagSettings()

    def ask(question: str) -> object:
        # Not the answerer's own: that remembers what it was asked.
        return answerer.reading.answer(knowledge_base, question)

    def search(question: str) -> object:
        return retrieve(knowledge_base, analyze_question(question), settings, 5)

    for question in questions[:_WARMING]:
        ask(question)
    asked = questions[_WARMING:]
    figures = {
        "retrieval": _summarize(_time_each(search, asked)),
        "answer": _summarize(_time_each(ask, asked)),
        "at_once": {n: _summarize(_time_at_once(ask, asked, n)) for n in _AT_ONCE},
        "memory_mb": own_peak_mb(),
    }
    paths = IndexDir(index_dir).paths(knowledge_base.manifest.generation)
    figures["recall"] = _measure_recall(answerer.reading, answerer, paths, asked[:_N_COMPARED])
    print(json.dumps(figures))


def _time_each(ask: Callable[[str], object], questions: Sequence[str]) -> list[float]:
    times = []
    for question in questions:
        started = time.perf_counter()
        ask(question)
        times.append(1000 * (time.perf_counter() - started))
    return times


def _time_at_once(
    ask: Callable[[str], object], questions: Sequence[str], n_people: int
) -> list[float]:
    shares = [questions[at::n_people] for at in range(n_people)]
    with ThreadPoolExecutor(n_people) as people:
        return [
            ms for times in people.map(lambda one: _time_each(ask, one), shares) for ms in times
        ]


def _summarize(times: Sequence[float]) -> dict[str, float]:
    return {f"p{part}": round(float(np.percentile(times, part)), 2) for part in (50, 95, 99)}


def _measure_recall(
    reading: Reading, answerer: Answerer, paths: GenerationPaths, questions: Sequence[str]
) -> float:
    exact, shares = DenseIndex.load(paths.dense), []
    knowledge_base = answerer.knowledge_base
    for vector in reading.encoder.encode(list(questions)):
        nearest = exact.search(vector, 10)
        found = knowledge_base.search_dense(vector, 10)
        least = nearest.scores.min(initial=1.0) - 1e-5
        shares.append(sum(hit.score >= least for hit in found) / max(len(nearest.rows), 1))
    return round(float(np.mean(shares)), 4)


if __name__ == "__main__":
    main()
