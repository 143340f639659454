import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.datatypes import Span
from index.sentences import split_sentences
from rag.span_decoding import MAX_ANSWER_TOKENS, Window, decode_windows


def _window(starts, ends, *, first=0, null=0.0, offsets=None):
    """Make a window of tokens of one character each, from the passage's character ``first``."""
    if offsets is None:
        offsets = [(at, at + 1) for at in range(first, first + len(starts))]
    return Window(
        np.array(starts, float),
        np.array(ends, float),
        np.array(offsets, np.int64).reshape(-1, 2),
        null,
    )


def _found(reading):
    return {(scored.span.start, scored.span.end): scored.score for scored in reading.spans}


def test_probabilities_are_shared_among_all_spans():
    reading = decode_windows([_window([1, 0], [0, 2])], [Span(0, 2)], 10)

    # The spans 0-1, 0-2 and 1-2 score 1 + 0, 1 + 2 and 0 + 2.
    total = math.log(math.exp(1) + math.exp(3) + math.exp(2))
    expected = {(0, 1): 1 - total, (0, 2): 3 - total, (1, 2): 2 - total}
    assert _found(reading) == pytest.approx(expected)
    assert [scored.span for scored in reading.spans] == [Span(0, 2), Span(1, 2), Span(0, 1)]


def test_relevance_is_the_log_odds_of_any_answer_against_none():
    reading = decode_windows([_window([1, 0], [0, 2], null=1.5)], [Span(0, 2)], 10)

    spans = math.exp(1) + math.exp(3) + math.exp(2)
    answered = spans / (spans + math.exp(1.5))
    assert 1 / (1 + math.exp(-reading.relevance)) == pytest.approx(answered)


def test_without_a_score_for_no_answer_nothing_is_known_of_the_relevance():
    assert decode_windows([_window([9], [9], null=None)], [Span(0, 1)], 1).relevance == 0


def test_no_span_crosses_a_sentence_s_end():
    text = "甲乙。丙丁。"
    reading = decode_windows([_window([0] * 6, [0] * 6)], split_sentences(text), 100)

    assert {(0, 3), (3, 6), (1, 2)} <= set(_found(reading))
    assert all(end <= 3 or start >= 3 for start, end in _found(reading))


def test_a_token_that_begins_with_the_space_before_its_sentence_belongs_to_it():
    window = _window([0, 1], [0, 1], offsets=[(0, 2), (2, 5)])

    assert (2, 5) in _found(decode_windows([window], [Span(0, 2), Span(3, 5)], 10))
    assert (0, 5) not in _found(decode_windows([window], [Span(0, 2), Span(3, 5)], 10))


def test_tokens_without_characters_are_left_out():
    window = _window([9, 0], [9, 0], offsets=[(0, 0), (0, 1)])

    assert _found(decode_windows([window], [Span(0, 1)], 10)) == {(0, 1): 0.0}


def test_no_span_is_longer_than_the_most_tokens():
    n = MAX_ANSWER_TOKENS + 5
    reading = decode_windows([_window([0] * n, [0] * n)], [Span(0, n)], n * n)

    assert max(end - start for start, end in _found(reading)) == MAX_ANSWER_TOKENS


def test_a_span_of_two_windows_counts_once_with_its_better_score():
    windows = [_window([0, 0], [0, 0]), _window([5, 0], [0, 0], first=1, null=9.0)]
    reading = decode_windows(windows, [Span(0, 3)], 10)

    scores = {(0, 1): 0, (0, 2): 0, (1, 2): 5, (1, 3): 5, (2, 3): 0}
    total = math.log(sum(map(math.exp, scores.values())))
    assert _found(reading) == pytest.approx({span: s - total for span, s in scores.items()})


def test_the_window_with_the_answer_says_how_relevant_the_passage_is():
    windows = [_window([0], [0], null=8.0), _window([5], [5], first=1, null=8.0)]

    assert decode_windows(windows, [Span(0, 2)], 1).relevance == pytest.approx(2.0)


@pytest.mark.parametrize("windows", [[], [_window([], [])]], ids=["no windows", "no tokens"])
def test_nothing_to_read_gives_no_spans(windows):
    reading = decode_windows(windows, [Span(0, 3)], 5)

    assert (reading.spans, reading.relevance) == ((), 0.0)


def test_equal_scores_come_in_the_order_of_the_text():
    reading = decode_windows([_window([0, 0, 0], [0, 0, 0])], [Span(0, 3)], 3)

    assert [scored.span for scored in reading.spans] == [Span(0, 1), Span(0, 2), Span(0, 3)]


def test_huge_logits_stay_finite():
    reading = decode_windows([_window([1e4, 0], [1e4, 0], null=-1e4)], [Span(0, 2)], 5)

    assert all(math.isfinite(scored.score) for scored in reading.spans)
    assert math.isfinite(reading.relevance)


_LOGITS = st.floats(-30, 30)


@settings(max_examples=40)
@given(st.lists(st.tuples(_LOGITS, _LOGITS), min_size=1, max_size=8), st.integers(1, 80))
def test_scores_are_log_probabilities_best_first(logits, n_spans):
    starts, ends = zip(*logits, strict=True)
    reading = decode_windows([_window(starts, ends)], [Span(0, len(starts))], n_spans)

    scores = [scored.score for scored in reading.spans]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == min(n_spans, len(starts) * (len(starts) + 1) // 2)
    assert sum(map(math.exp, scores)) <= 1 + 1e-9
