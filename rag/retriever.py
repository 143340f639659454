"""Retriever: a Query → the best of both channels' hits, by what is cheaply known of them."""

import numpy as np

from index.datatypes import Hit
from rag.datatypes import Query
from rag.fusion import fuse_hits
from rag.joined import Knowledge
from rag.quotation import share_held
from rag.reranking import bundled_reranker, extract_features, gather_evidence, rank_chunks
from rag.settings import RagSettings


def retrieve(
    knowledge_base: Knowledge, query: Query, settings: RagSettings, top_k: int
) -> list[Hit]:
    """Search both channels, fuse and rerank.

    :param knowledge_base: Where to search.
    :param query: The analysed question.
    :param settings: Numbers of candidates.
    :param top_k: Number of hits wanted.
    :return: At most top_k hits; none when the question or the knowledge base is empty.
    """
    if not query.terms or not knowledge_base.n_chunks:
        return []
    vector = knowledge_base.encoder.encode([query.text])[0]  # (dim,)
    chunks = fuse_hits(knowledge_base, query, vector, settings)
    if not chunks:
        return []
    evidence = gather_evidence(knowledge_base, query, vector, chunks)
    logits = np.zeros(len(chunks))
    if query.phrases:
        logits = settings.phrase_logit * share_held(knowledge_base, query.phrases, chunks)
    scores = bundled_reranker().score(extract_features(query, evidence), logits)
    return rank_chunks(chunks, scores, top_k)
