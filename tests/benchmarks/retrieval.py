"""Recall of each channel and of their fusion on the pooled protocol (see ``pool``)."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from index.datatypes import Chunk
from index.encoder import load_encoder
from index.knowledge_base import KnowledgeBase
from index.loading import hash_source
from rag.datatypes import Query
from rag.query import analyze_question
from rag.retriever import retrieve
from rag.settings import RagSettings
from tests.benchmarks.pool import GoldQuestion, build_pool

KS = (1, 5, 10)
REPORTED = ("cmrc2018_trial", "xquad_zh")  # DRCD dev chose the weights: only its paragraphs count
Search = Callable[[Query], Sequence[Chunk]]


def rank_of_gold(chunks: Sequence[Chunk], gold: GoldQuestion) -> int | None:
    """Return the 0-based rank of the first chunk that holds the start of a gold answer."""
    doc_id = hash_source(gold.source)
    for at, chunk in enumerate(chunks):
        if chunk.doc_id == doc_id and any(
            chunk.span.start <= start < chunk.span.end for start in gold.starts
        ):
            return at
    return None


def recall(ranks: Sequence[int | None]) -> dict[str, float]:
    """Compute recall@k in percent: the share of questions whose gold chunk is among the first k."""
    return {
        f"recall@{k}": round(100 * sum(r is not None and r < k for r in ranks) / len(ranks), 1)
        for k in KS
    }


def channels(knowledge_base: KnowledgeBase) -> dict[str, Search]:
    """Return the rankings that are compared."""
    encoder = knowledge_base.encoder
    settings = RagSettings()

    def dense(query: Query) -> list[Chunk]:
        vector = encoder.encode([query.text])[0]
        return [hit.chunk for hit in knowledge_base.search_dense(vector, max(KS))]

    def lexical(query: Query) -> list[Chunk]:
        hits = knowledge_base.search_lexical(query.terms, settings.n_candidates)
        return [hit.chunk for hit in hits[: max(KS)]]

    def fused(query: Query) -> list[Chunk]:
        return [hit.chunk for hit in retrieve(knowledge_base, query, settings, max(KS))]

    return {"dense": dense, "lexical": lexical, "fused": fused}


def run(data_dir: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Measure every channel on every reported set."""
    with tempfile.TemporaryDirectory() as work:
        knowledge_base, questions = build_pool(data_dir, Path(work), load_encoder())
        return {
            name: {
                channel: recall(
                    [
                        rank_of_gold(search(analyze_question(gold.question)), gold)
                        for gold in questions[name]
                    ]
                )
                for channel, search in channels(knowledge_base).items()
            }
            for name in REPORTED
        }


def to_markdown(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return README's table."""
    lines = [
        "| recall@1 / @5 / @10 | " + " | ".join(results) + " |",
        "|---" * (len(results) + 1) + "|",
    ]
    for channel in next(iter(results.values())):
        cells = [" / ".join(str(v) for v in results[name][channel].values()) for name in results]
        lines.append(f"| {channel} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
