"""Retriever: a Query → the hits of both channels, fused."""

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Chunk, Hit
from index.knowledge_base import KnowledgeBase
from rag.datatypes import Query
from rag.fusion import ChannelScores, fuse_scores, rank_chunks
from rag.settings import RagSettings


def retrieve(
    knowledge_base: KnowledgeBase, query: Query, settings: RagSettings, top_k: int
) -> list[Hit]:
    """Search both channels and fuse.

    :param knowledge_base: Where to search.
    :param query: The analysed question.
    :param settings: Numbers of candidates and weights.
    :param top_k: Number of hits wanted.
    :return: At most top_k hits; none when the question or the knowledge base is empty.
    """
    if not query.terms or not knowledge_base.n_chunks:
        return []
    vector = knowledge_base.encoder.encode([query.text])[0]  # (dim,)
    chunks = _candidates(knowledge_base, query, vector, settings.n_candidates)
    if not chunks:
        return []
    scores = ChannelScores(
        knowledge_base.score_dense(vector, chunks),
        knowledge_base.score_lexical(query.terms, chunks),
        measure_coverage(knowledge_base, query, chunks),
    )
    return rank_chunks(chunks, fuse_scores(scores, settings), top_k)


def measure_coverage(
    knowledge_base: KnowledgeBase, query: Query, chunks: list[Chunk]
) -> NDArray[np.float64]:
    """Compute how much of the idf of a question's content each chunk holds.

    :param knowledge_base: Knows the idf; a term in no chunk weighs most.
    :param query: The question.
    :param chunks: Chunks of the knowledge base.
    :return: (len(chunks),) in [0, 1].
    """
    weights = {term: knowledge_base.idf(term) for term in sorted(set(query.content))}
    total = sum(weights.values())
    shares = [
        sum(weight for term, weight in weights.items() if term in counts) / total
        for counts in map(knowledge_base.term_counts, chunks)
    ]
    return np.array(shares)


def _candidates(
    knowledge_base: KnowledgeBase, query: Query, vector: NDArray[np.float32], n_each: int
) -> list[Chunk]:
    hits = [
        *knowledge_base.search_lexical(query.terms, n_each),
        *knowledge_base.search_dense(vector, n_each),
    ]
    return list({hit.chunk.chunk_id: hit.chunk for hit in hits}.values())
