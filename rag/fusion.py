"""Fusion: the scores of both channels → one ranking.

    fused(d) = trust · (lexical(d) / max lexical + w_c · coverage(d) / max coverage)
             + w_d · dense(d) / max dense
    trust    = min(1, coverage of the best lexical hit / trusted coverage)

Coverage is the share of the question's idf, question words apart, that a chunk holds: BM25 lets a
short chunk with one repeated term pass a chunk that holds them all, coverage does not (recall@1
88.3 → 89.6 on 700 questions of DRCD dev). A question in another language than the documents shares
next to no terms with them: its few accidental matches are not trusted, the dense channel decides.
Ranks are not fused (RRF): with a lexical channel as strong as this that costs ten points of
recall@1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Channel, Chunk, Hit
from rag.settings import RagSettings


@dataclass(frozen=True, slots=True)
class ChannelScores:
    """What is known of the same n chunks."""

    dense: NDArray[np.float32]  # (n,) cosines
    lexical: NDArray[np.float32]  # (n,) BM25, >= 0
    coverage: NDArray[np.float64]  # (n,) in [0, 1]


def fuse_scores(scores: ChannelScores, settings: RagSettings) -> NDArray[np.float64]:
    """Combine the scores of chunks; each part counts relative to its own best.

    :param scores: The chunks' scores in both channels.
    :param settings: The weights.
    :return: (n,) float64.
    """
    if not len(scores.lexical):
        return np.empty(0)
    best = float(scores.coverage[scores.lexical == scores.lexical.max()].max())
    trust = min(1.0, best / settings.trusted_coverage)
    lexical = _relative(scores.lexical) + settings.coverage_weight * _relative(scores.coverage)
    return trust * lexical + settings.dense_weight * _relative(scores.dense)


def rank_chunks(chunks: Sequence[Chunk], scores: NDArray[np.float64], top_k: int) -> list[Hit]:
    """Order chunks by fused score.

    :param chunks: Chunks, each once.
    :param scores: (n,) fused scores.
    :param top_k: Number kept.
    :return: Hits, ranks from 1, equal scores by chunk_id.
    """
    order = sorted(range(len(chunks)), key=lambda at: (-scores[at], chunks[at].chunk_id))
    return [
        Hit(chunks[at], float(scores[at]), number, Channel.FUSED)
        for number, at in enumerate(order[:top_k], 1)
    ]


def _relative(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    best = float(scores.max(initial=0.0))
    if best <= 0:
        return np.zeros(len(scores))
    return np.asarray(scores, np.float64) / best
