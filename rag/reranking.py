"""Reranking: what is cheaply known of the candidates → one ranking of them.

A listwise logistic model (Cao et al. 2007, "Learning to rank: from pairwise approach to listwise
approach", its top-one probability), fitted by ``rag.training.rerank``:

    P(d) = exp(w · x(d)) / Σ_c exp(w · x(c)),  c over the question's candidates

Every feature is a share or relative to the best candidate, so that it means the same in collections
of any size. BM25 of the chunk itself is not among them: it finds the candidates, but beside the
coverages it adds nothing (recall@1 of 1,422 held-out questions 87.8 with and without it).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Channel, Chunk, Hit
from index.matching import TermMatches
from index.scripts import count_scripts
from rag.datatypes import Query
from rag.errors import RerankerError
from rag.joined import Knowledge

BUNDLED_PATH = Path(__file__).parent / "models" / "reranker" / "weights.json"
FEATURES = (
    "coverage",  # share of the idf of the question's content words that the chunk holds
    "linked_coverage",  # the same of the chunk and the one before it: what "he" and "it" stand for
    "sentence_coverage",  # share of the idf of words and pieces in its best sentence, with headings
    "close_pieces",  # idf of pieces in two sentences on end, relative to the best candidate's
    "exact_words",  # share of the idf of numbers, codes and words of alphabets
    "next_lexical",  # BM25 of the chunk after it, relative to the best candidate's
    "dense",  # cosine, relative to the best candidate's
    "foreign",  # 1 when nothing in the chunk is in the question's script, 0 from a fifth on
    "foreign_dense",  # foreign · dense: between languages only the vectors can tell
    "foreign_cosine",  # foreign · cosine
)
_OWN_SHARE = 0.2  # of a chunk in the question's script, from which terms can be expected to match


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of n candidates of a question with m distinct terms."""

    dense: NDArray[np.float32]  # (n,) cosines
    lexical: NDArray[np.float32]  # (n,) BM25, >= 0
    matches: TermMatches
    idf: NDArray[np.float64]  # (m,) of matches.terms
    before: NDArray[np.int64]  # (n,) number of the candidate right before it in its document, or -1
    after: NDArray[np.int64]  # (n,) of the one right after it, or -1


@dataclass(frozen=True, slots=True)
class Reranker:
    """The fitted model."""

    weights: NDArray[np.float64]  # (n_features,) in the order of FEATURES

    @classmethod
    def load(cls, path: Path = BUNDLED_PATH) -> Self:
        """Read the fitted weights.

        :param path: Written by the recipe.
        :return: The model.
        :raises RerankerError: When the file is missing or does not fit this version.
        """
        try:
            weights = json.loads(path.read_text("utf-8"))["weights"]
            if tuple(weights) != FEATURES:
                raise ValueError("it was fitted for other features")
            return cls(np.array([float(weights[name]) for name in FEATURES]))
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise RerankerError(f"{path} cannot be used: {exc}. Install yiju again.") from exc

    def score(
        self, features: NDArray[np.float64], logits: NDArray[np.float64] | float = 0.0
    ) -> NDArray[np.float64]:
        """Compute log P of each candidate.

        :param features: (n, n_features).
        :param logits: (n,) what is known of them besides, added to w · x.
        :return: (n,) float64, <= 0.
        """
        if not len(features):
            return np.empty(0)
        # Row by row, not by BLAS: there a row's last bits depend on its place, and ties would go.
        scores = (features * self.weights).sum(axis=1) + logits
        best = scores.max()
        total = np.sort(np.exp(scores - best)).sum()  # sorted: the same in any order of candidates
        return np.asarray(scores - best - np.log(total))


@cache
def bundled_reranker() -> Reranker:
    """Return the bundled model, read once."""
    return Reranker.load()


def gather_evidence(
    knowledge_base: Knowledge,
    query: Query,
    vector: NDArray[np.float32],
    chunks: Sequence[Chunk],
) -> Evidence:
    """Look up what is known of candidates.

    :param knowledge_base: The chunks'.
    :param query: The question.
    :param vector: (dim,) float32, the encoded question.
    :param chunks: The candidates, each once.
    :return: The evidence, in the order of chunks.
    """
    matches = knowledge_base.match(query.terms, chunks)
    statistics = knowledge_base.statistics(query.terms)
    rows = knowledge_base.rows(chunks)
    places = [(chunk.doc_id, row) for chunk, row in zip(chunks, rows, strict=True)]
    number = {place: at for at, place in enumerate(places)}
    before, after = (
        np.array([number.get((doc_id, row + step), -1) for doc_id, row in places], np.int64)
        for step in (-1, 1)
    )
    return Evidence(
        dense=knowledge_base.score_dense(vector, chunks),
        lexical=statistics.score(query.terms, matches),
        matches=matches,
        idf=np.array([statistics.idf(term) for term in matches.terms]),
        before=before,
        after=after,
    )


def extract_features(query: Query, evidence: Evidence) -> NDArray[np.float64]:
    """Compute the features of each candidate.

    :param query: The question.
    :param evidence: What is known of n candidates.
    :return: (n, n_features) float64, in the order of FEATURES.
    """
    matches, idf = evidence.matches, evidence.idf
    content = frozenset(query.content)
    is_content = np.array([term in content for term in matches.terms], np.bool_)
    is_piece = np.array([term.startswith("#") for term in matches.terms], np.bool_)
    is_exact = np.array([_is_exact(term) for term in matches.terms], np.bool_) & is_content
    held = matches.counts > 0  # (n, m)
    linked = held | (held[evidence.before] & (evidence.before >= 0)[:, None])
    sentences = _with_headings(matches)  # (s, m)
    first = matches.first_sentence
    pairs = _with_next(sentences, first)
    dense = _relative(np.maximum(evidence.dense, 0))
    foreign = _foreign_share(query, matches)
    lexical = _relative(evidence.lexical)
    columns = {
        "coverage": _share(held, idf * is_content),
        "linked_coverage": _share(linked, idf * is_content),
        "sentence_coverage": _best(_share(sentences, idf * (is_content | is_piece)), first),
        "close_pieces": _relative(_best(_share(pairs, idf * is_piece), first)),
        "exact_words": _share(held, idf * is_exact),
        "next_lexical": np.where(evidence.after >= 0, lexical[evidence.after], 0),
        "dense": dense,
        "foreign": foreign,
        "foreign_dense": foreign * dense,
        "foreign_cosine": foreign * evidence.dense,
    }
    return np.stack([columns[name] for name in FEATURES], axis=1)


def rank_chunks(chunks: Sequence[Chunk], scores: NDArray[np.float64], top_k: int) -> list[Hit]:
    """Order chunks by score.

    :param chunks: Chunks, each once.
    :param scores: (n,) from the model.
    :param top_k: Number kept.
    :return: Hits, ranks from 1, equal scores by chunk_id.
    """
    order = sorted(range(len(chunks)), key=lambda at: (-scores[at], chunks[at].chunk_id))
    return [
        Hit(chunks[at], float(scores[at]), number, Channel.FUSED)
        for number, at in enumerate(order[:top_k], 1)
    ]


def _is_exact(term: str) -> bool:
    """Tell words of alphabets, numbers and codes from words and pieces of unspaced scripts."""
    return not any(count_scripts(term)[:2]) and not term.startswith("#")


def _share(held: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the share of the weight of m terms that each of r rows of (r, m) holds."""
    total = weights.sum()
    return np.asarray((held * (weights / total if total else weights)).sum(axis=1))


def _with_headings(matches: TermMatches) -> NDArray[np.bool_]:
    """Let every sentence hold its chunk's headings, too."""
    sentences, first = matches.in_sentence, matches.first_sentence
    n_sentences = np.diff(first, append=len(sentences))
    return np.asarray(sentences | np.repeat(sentences[first], n_sentences, axis=0))


def _with_next(sentences: NDArray[np.bool_], first: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Let every sentence hold the one after it in its chunk, too."""
    pairs = sentences.copy()
    has_next = np.ones(len(sentences), np.bool_)
    has_next[first[1:] - 1] = False
    at = np.flatnonzero(has_next[:-1])
    pairs[at] |= sentences[at + 1]
    return pairs


def _best(of_sentences: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each chunk's greatest value."""
    return np.asarray(np.maximum.reduceat(of_sentences, first)) if len(first) else np.empty(0)


def _foreign_share(query: Query, matches: TermMatches) -> NDArray[np.float64]:
    asked = count_scripts(query.normalized)
    if not any(asked):
        return np.zeros(len(matches.scripts))
    total = matches.scripts.sum(axis=1)
    own = matches.scripts[:, int(np.argmax(asked))] / np.maximum(total, 1)
    return np.where(total > 0, 1 - np.minimum(own / _OWN_SHARE, 1), 0.0)


def _relative(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    best = float(scores.max(initial=0.0))
    if best <= 0:
        return np.zeros(len(scores))
    return np.asarray(scores, np.float64) / best
