"""Span decoding: start and end logits of a transformers model → the spans of a passage, scored.

As the script for SQuAD 2.0 does it (Devlin et al. 2019, "BERT", section 4.3): a span from token i
to token j scores start_i + end_j, no answer scores start_CLS + end_CLS. We go on to probabilities,
over every span that could be an answer, and leave out the spans that cross a sentence's end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Span

MAX_ANSWER_TOKENS = 64
_MOST_LOGIT = 50.0  # finite also when a model is certain

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What the model says of a stretch of a passage; a long passage has several that overlap."""

    starts: Floats  # (n_tokens,) logits
    ends: Floats  # (n_tokens,) logits
    offsets: NDArray[np.int64]  # (n_tokens, 2) of each token's characters, in the passage
    null: float | None  # start_CLS + end_CLS; None for a model without such a token


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A possible answer."""

    span: Span  # characters of the passage
    score: float  # log p(span | passage), at most 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the windows of one passage say together."""

    spans: tuple[ScoredSpan, ...]  # best first
    relevance: float  # logit that the passage holds the answer; 0 where the model cannot tell


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Spans of a window, one row each; the token of an accent, say, may hold no characters."""

    starts: NDArray[np.int64]  # (n_pairs,) characters
    ends: NDArray[np.int64]  # (n_pairs,) characters
    scores: Floats  # (n_pairs,)


def decode_windows(windows: Sequence[Window], sentences: Sequence[Span], n_spans: int) -> Reading:
    """Find the most probable spans of a passage.

    p(span | passage) = exp(score(span)) / Σ exp(score(other span)), over the spans of at most
    ``MAX_ANSWER_TOKENS`` tokens in one sentence; one that two windows hold counts once, with its
    better score. relevance = max over windows of log Σ exp(score(span)) - score(no answer).

    :param windows: In any order.
    :param sentences: The passage's, in order.
    :param n_spans: Spans wanted.
    :return: At most so many spans; none without tokens or sentences.
    """
    of_windows = [_list_pairs(window, sentences) for window in windows]
    pairs = _unite(of_windows)
    if not len(pairs.scores):
        return Reading((), 0.0)
    scores = pairs.scores - _log_sum(pairs.scores)
    order = np.lexsort((pairs.ends, pairs.starts, -scores))[:n_spans]
    spans = tuple(
        ScoredSpan(Span(int(pairs.starts[at]), int(pairs.ends[at])), min(0.0, float(scores[at])))
        for at in order
    )
    logits = [
        _log_sum(of_window.scores) - window.null
        for window, of_window in zip(windows, of_windows, strict=True)
        if window.null is not None and len(of_window.scores)
    ]
    return Reading(spans, max(-_MOST_LOGIT, min(_MOST_LOGIT, max(logits, default=0.0))))


def _list_pairs(window: Window, sentences: Sequence[Span]) -> _Pairs:
    has_text = window.offsets[:, 1] > window.offsets[:, 0]  # (n_tokens,)
    offsets = window.offsets[has_text]
    starts, ends = window.starts[has_text], window.ends[has_text]
    # By its last character: a token may begin with the space before its word.
    bounds = np.array([sentence.start for sentence in sentences], np.int64)
    sentence = np.searchsorted(bounds, offsets[:, 1] - 1, side="right")  # (n_tokens,)
    first = np.repeat(np.arange(len(starts)), MAX_ANSWER_TOKENS)  # (n_tokens * MAX,)
    last = first + np.tile(np.arange(MAX_ANSWER_TOKENS), len(starts))
    is_inside = last < len(starts)
    first, last = first[is_inside], last[is_inside]
    is_whole = (sentence[first] == sentence[last]) & (sentence[first] > 0)
    first, last = first[is_whole], last[is_whole]
    return _Pairs(offsets[first, 0], offsets[last, 1], starts[first] + ends[last])


def _unite(windows: Sequence[_Pairs]) -> _Pairs:
    """Keep of equal spans the one with the best score."""
    if not windows:
        return _Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    starts = np.concatenate([pairs.starts for pairs in windows])
    ends = np.concatenate([pairs.ends for pairs in windows])
    scores = np.concatenate([pairs.scores for pairs in windows])
    order = np.lexsort((-scores, ends, starts))
    starts, ends, scores = starts[order], ends[order], scores[order]
    is_first = np.ones(len(starts), bool)
    is_first[1:] = (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])
    return _Pairs(starts[is_first], ends[is_first], scores[is_first])


def _log_sum(scores: Floats) -> float:
    most = scores.max()
    return float(most + np.log(np.exp(scores - most).sum()))
