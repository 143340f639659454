"""Ranking: scored chunks → hits, and chunks that may hold a phrase → those that do."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from index.chunking import search_text
from index.datatypes import Channel, Chunk, Hit
from index.normalization import fold_text
from index.phrases import Phrase

MOST_COMPARED = 256  # chunks with a phrase's terms; bounds the time of any phrase
MOST_BROKEN = 64  # with all terms but one


def rank_hits(chunks: Sequence[Chunk], scores: NDArray[np.float32], channel: Channel) -> list[Hit]:
    """Order chunks by score.

    :param chunks: Chunks, each once.
    :param scores: (n,) higher is better.
    :param channel: Where they come from.
    :return: Hits, best first, equal scores by chunk_id.
    """
    pairs = zip(scores.tolist(), chunks, strict=True)
    ordered = sorted(pairs, key=lambda pair: (-pair[0], pair[1].chunk_id))  # L5
    return [Hit(chunk, score, number, channel) for number, (score, chunk) in enumerate(ordered, 1)]


def find_phrase(phrase: Phrase, chunks: Iterable[Chunk], top_k: int) -> list[Chunk]:
    """Look for a phrase.

    :param phrase: Words to be found exactly.
    :param chunks: Where, taken as they are needed.
    :param top_k: Number of chunks wanted.
    :return: The first that hold it in their text or headings.
    """
    found: list[Chunk] = []
    for chunk in chunks:
        if len(found) == top_k:
            break
        if phrase.stands_in(fold_text(search_text(chunk))):
            found.append(chunk)
    return found
