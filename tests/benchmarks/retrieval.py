"""Recall of each channel, of their fusion and after reading, on the pooled protocol (``pool``)."""

from collections.abc import Callable, Sequence

from index.datatypes import Chunk
from index.knowledge_base import KnowledgeBase
from index.loading import hash_source
from rag.answer_type import asks_several
from rag.evaluation_metrics import mean_reciprocal_rank, recall_at
from rag.query import analyze_question
from rag.retriever import retrieve
from rag.selection import select_spans
from rag.settings import N_READ, RagSettings
from tests.benchmarks import lexical_baseline
from tests.benchmarks.models import Models
from tests.benchmarks.pool import ASKED, IndexedSets
from tests.benchmarks.sets import GoldQuestion

KS = (1, 5, 10)
Search = Callable[[Sequence[str]], list[list[Chunk]]]  # questions → ranked chunks of each


def rank_of_gold(chunks: Sequence[Chunk], gold: GoldQuestion) -> int | None:
    """Return the rank, from 1, of the first chunk that holds the start of a gold answer."""
    doc_id = hash_source(gold.source)
    for rank, chunk in enumerate(chunks, 1):
        if chunk.doc_id == doc_id and any(
            chunk.span.start <= start < chunk.span.end for start in gold.starts
        ):
            return rank
    return None


def run(
    pool: IndexedSets, models: Models, *, limit: int | None = None, baselines: bool = True
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure every ranking on every set."""
    knowledge_base = KnowledgeBase.load(pool.index_dir, encoder=models.encoder)
    searches = rankings(knowledge_base, models)
    if baselines:
        searches[lexical_baseline.NAME] = _bm25s(knowledge_base)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name in ASKED:
        asked = [gold for _, gold in pool.of(name).answerable(limit)]
        figures[name] = {
            ranking: _measure(search([gold.question for gold in asked]), asked)
            for ranking, search in searches.items()
        }
    return figures


def rankings(knowledge_base: KnowledgeBase, models: Models) -> dict[str, Search]:
    """Return our own rankings: each channel, fused, and read where there is a reader."""
    settings = RagSettings()

    def dense(questions: Sequence[str]) -> list[list[Chunk]]:
        vectors = models.encoder.encode(questions)
        hits = [knowledge_base.search_dense(vector, max(KS)) for vector in vectors]
        return [[hit.chunk for hit in found] for found in hits]

    def lexical(questions: Sequence[str]) -> list[list[Chunk]]:
        queries = map(analyze_question, questions)
        hits = [knowledge_base.search_lexical(q.terms, settings.n_candidates) for q in queries]
        return [[hit.chunk for hit in found[: max(KS)]] for found in hits]

    def fused(questions: Sequence[str]) -> list[list[Chunk]]:
        queries = map(analyze_question, questions)
        hits = [retrieve(knowledge_base, query, settings, max(KS)) for query in queries]
        return [[hit.chunk for hit in found] for found in hits]

    def read(questions: Sequence[str]) -> list[list[Chunk]]:
        return [_read(knowledge_base, models, question) for question in questions]

    searches: dict[str, Search] = {"dense": dense, "lexical": lexical, "fused": fused}
    return {**searches, "read": read} if models.reader else searches


def _read(knowledge_base: KnowledgeBase, models: Models, question: str) -> list[Chunk]:
    """Rank as ``Answerer`` does: what was read by confidence, then the other hits."""
    query = analyze_question(question)
    hits = retrieve(knowledge_base, query, RagSettings(), max(KS))
    found = models.require_reader().read(query, hits[:N_READ])
    spans = select_spans(found, several=asks_several(query.normalized))
    judged = [entry.span.hit.chunk for entry in models.calibration.judge(query, spans)]
    rest = [hit.chunk for hit in hits]
    return list({chunk.chunk_id: chunk for chunk in [*judged, *rest]}.values())


def _bm25s(knowledge_base: KnowledgeBase) -> Search:
    chunks = knowledge_base.chunks(range(knowledge_base.n_chunks))
    texts = [chunk.text for chunk in chunks]

    def search(questions: Sequence[str]) -> list[list[Chunk]]:
        rows = lexical_baseline.rank_texts(texts, questions, max(KS))
        return [[chunks[at] for at in row] for row in rows]

    return search


def _measure(found: Sequence[Sequence[Chunk]], asked: Sequence[GoldQuestion]) -> dict[str, float]:
    ranks = [rank_of_gold(chunks, gold) for chunks, gold in zip(found, asked, strict=True)]
    return {
        **{f"recall@{k}": round(100 * recall_at(ranks, k), 1) for k in KS},
        "mrr@10": round(100 * mean_reciprocal_rank(ranks, max(KS)), 1),
    }


def to_markdown(result: dict) -> str:
    """Return README's table of a kept result: recall in percent."""
    figures = result["figures"]
    lines = [
        "| recall@1 / @5 / @10 | " + " | ".join(figures) + " |",
        "|---" * (len(figures) + 1) + "|",
    ]
    for ranking in next(iter(figures.values())):
        cells = [
            " / ".join(str(figures[name][ranking][f"recall@{k}"]) for k in KS) for name in figures
        ]
        lines.append(f"| {ranking} | {' | '.join(cells)} |")
    return "\n".join(lines)
