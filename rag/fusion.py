"""Fusion: both channels' hits, where quoted words stand, what is beside the best → candidates."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Chunk
from rag.datatypes import Query
from rag.joined import Knowledge
from rag.settings import RagSettings

# Neither channel needs Python's lock for most of its work: at a million chunks the vectors cost
# 5 ms of 20 when they wait for the terms. Where there are few, the thread costs more, 0.4 ms.
_beside = ThreadPoolExecutor(thread_name_prefix="yiju-dense")
_LEAST_CHUNKS = 20_000  # that are searched by two threads


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
    search_dense = partial(knowledge_base.search_dense, vector, settings.n_candidates)
    is_large = knowledge_base.n_chunks >= _LEAST_CHUNKS
    ahead = _beside.submit(search_dense) if is_large else None
    lexical = knowledge_base.search_lexical(query.terms, settings.n_candidates)
    channels = (lexical, ahead.result() if ahead else search_dense())
    ranked = [[hit.chunk for hit in hits] for hits in channels]
    n_each = settings.n_candidates // max(1, len(query.phrases))
    ranked += [knowledge_base.search_phrase(phrase, n_each) for phrase in query.phrases]
    found = [chunk for chunks in ranked for chunk in chunks]
    best = [chunk for chunks in ranked for chunk in chunks[: settings.n_with_neighbours]]
    beside = knowledge_base.neighbours(best)
    return list({chunk.chunk_id: chunk for chunk in [*found, *beside]}.values())
