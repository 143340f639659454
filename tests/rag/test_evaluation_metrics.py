import re
import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from rag.evaluation_metrics import (
    RiskCoverage,
    character_overlap,
    cmrc_overlap,
    expected_calibration_error,
    holds_gold,
    is_in_gold_sentence,
    is_right,
    mean_reciprocal_rank,
    metric_for,
    metric_name,
    recall_at,
    refused_unanswerable,
    sentence_spans,
    squad_overlap,
)
from tests.strategies import mixed_texts

METRICS = [cmrc_overlap, squad_overlap, character_overlap]
_RANKS = st.lists(st.one_of(st.none(), st.integers(1, 20)), min_size=1, max_size=30)
_ASKINGS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


# CMRC 2018.


@pytest.mark.parametrize(
    ("prediction", "gold", "f1", "exact"),
    [
        ("踢爆", "踢爆", 1.0, 1.0),
        # 3 of 5 characters and all 3 of gold: P 3/5, R 1, 2PR/(P+R) = 2·3/(5+3)
        ("被踢爆了吗", "踢爆了", 0.75, 0.0),
        # Common are 北京 and 大学, but only the longer substring counts: 2·2/(4+6)
        ("北京大学", "北京师范大学", 0.4, 0.0),
        # Latin runs are one segment a word: iphone, 6, 手, 机 against iphone, 6: 2·2/(4+2)
        ("iPhone 6手机", "iphone 6", 2 / 3, 0.0),
        ("“1998年”。", "1998年", 1.0, 1.0),
        # Neither half-width stops nor … are on the script's list of punctuation.
        ("甲,乙", "甲乙", 2 * 1 / (3 + 2), 0.0),
        ("甲…", "甲", 2 * 1 / (2 + 1), 0.0),
        ("GB/T 5972-2023", "gbt 59722023", 1.0, 1.0),
        ("甲", "乙", 0.0, 0.0),
        ("", "乙", 0.0, 0.0),
    ],
)
def test_cmrc_gives_what_is_reckoned_by_hand(prediction, gold, f1, exact):
    overlap = cmrc_overlap(prediction, [gold])

    assert overlap.f1 == pytest.approx(f1)
    assert overlap.exact == exact


def test_the_best_of_several_gold_answers_counts():
    overlap = cmrc_overlap("2月5日", ["2月", "2月5日", "5日下午"])

    assert (overlap.f1, overlap.exact) == (1.0, 1.0)


@given(st.text("甲乙丙丁", max_size=8), st.text("甲乙丙丁", max_size=8))
def test_cmrc_counts_the_longest_common_substring(prediction, gold):
    substrings = {
        prediction[start:end] for end in range(len(prediction) + 1) for start in range(end)
    }
    longest = max((len(part) for part in substrings if part in gold), default=0)
    expected = 2 * longest / (len(prediction) + len(gold)) if longest else 0.0

    assert cmrc_overlap(prediction, [gold]).f1 == pytest.approx(expected)


# SQuAD.


@pytest.mark.parametrize(
    ("prediction", "gold", "f1", "exact"),
    [
        ("the Denver Broncos", "Denver Broncos", 1.0, 1.0),
        # Three words of the prediction, two of them in gold: 2·2/(3+2)
        ("Denver Broncos won", "The Denver Broncos!", 0.8, 0.0),
        # The order does not count, multiplicity does: 2·2/(4+2)
        ("to be to be", "be to", 2 / 3, 0.0),
        ("3.5 million", "35 million", 1.0, 1.0),
        ("another", "a nother", 0.0, 0.0),
        ("the", "a", 0.0, 1.0),  # nothing is left of either: the script has EM 1, F1 0
        ("", "word", 0.0, 0.0),
    ],
)
def test_squad_gives_what_is_reckoned_by_hand(prediction, gold, f1, exact):
    overlap = squad_overlap(prediction, [gold])

    assert overlap.f1 == pytest.approx(f1)
    assert overlap.exact == exact


def _official_squad(prediction, gold):
    """The steps of the SQuAD v1.1 script one by one."""

    def normalize(text):
        text = "".join(char for char in text.lower() if char not in set(string.punctuation))
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())

    found, true = normalize(prediction).split(), normalize(gold).split()
    same = sum((Counter(found) & Counter(true)).values())
    exact = float(normalize(prediction) == normalize(gold))
    if same == 0:
        return 0.0, exact
    precision, recall = same / len(found), same / len(true)
    return 2 * precision * recall / (precision + recall), exact


_ENGLISH = st.lists(
    st.sampled_from(["the", "A", "an", "cat", "Cat.", "dog's", "3,000", "U.S.", "-", "sat"]),
    max_size=8,
).map(" ".join)


@given(_ENGLISH, _ENGLISH)
def test_squad_equals_the_official_steps(prediction, gold):
    f1, exact = _official_squad(prediction, gold)

    assert squad_overlap(prediction, [gold]).f1 == pytest.approx(f1)
    assert squad_overlap(prediction, [gold]).exact == exact


def test_japanese_and_korean_are_compared_by_character():
    # 3 of 4 and all 3: 2·3/(4+3); white space does not count
    assert character_overlap("東京都で", ["東京 都"]).f1 == pytest.approx(6 / 7)
    assert character_overlap("東京都", ["東京 都"]).exact == 0.0  # as words they differ


# All overlaps.


@pytest.mark.parametrize("metric", METRICS)
@given(mixed_texts(max_pieces=6), st.lists(mixed_texts(max_pieces=6), max_size=3))
def test_overlap_stays_in_its_range(metric, prediction, golds):
    overlap = metric(prediction, golds)

    assert 0.0 <= overlap.f1 <= 1.0
    assert overlap.exact in (0.0, 1.0)


@pytest.mark.parametrize("metric", METRICS)
@given(mixed_texts(max_pieces=6), mixed_texts(max_pieces=6))
def test_f1_does_not_care_which_is_gold(metric, one, other):
    assert metric(one, [other]).f1 == pytest.approx(metric(other, [one]).f1)


@pytest.mark.parametrize("metric", METRICS)
@given(mixed_texts(max_pieces=6))
def test_a_text_equals_itself(metric, text):
    assert metric(text, [text]).exact == 1.0


@pytest.mark.parametrize("metric", METRICS)
def test_without_gold_answers_nothing_overlaps(metric):
    assert (metric("word", []).f1, metric("word", []).exact) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("zh", "CMRC 2018"),
        ("ja", "characters"),
        ("ko", "characters"),
        ("en", "SQuAD 1.1"),
        ("ru", "SQuAD 1.1"),
        ("other", "SQuAD 1.1"),
    ],
)
def test_each_language_has_its_metric(language, name):
    assert metric_name(language) == name
    assert metric_for(language)("甲乙", ["甲乙"]).exact == 1.0


# Right or not.


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2月5日下午", True),
        ("２月５日", True),  # another spelling
        ("会议于2月5日下午在市里召开", True),  # some words more
        ("月5日", True),  # over half
        ("5日", False),  # half
        ("", False),
        ("3月5日", False),
        ("2月5日" + "。" * 120, False),  # lost in a long text
    ],
)
def test_an_answer_is_right_give_or_take_a_few_words(text, right):
    assert is_right(text, ["2月5日"]) is right


def test_a_quote_holds_a_gold_answer_in_any_spelling():
    assert holds_gold("圖書館於九點開放", ["图书馆"])
    assert not holds_gold("圖書館", ["博物馆", ""])


# Sentences.


@given(mixed_texts())
def test_sentences_cover_the_text(text):
    spans = sentence_spans(text)

    assert "".join(span.of(text) for span in spans) == text
    assert all(len(span) for span in spans)


def test_sentences_end_where_the_reader_was_taught_that_they_end():
    text = "甲。乙；丙 a 3.5 b. c\n丁"

    assert [span.of(text) for span in sentence_spans(text)] == [
        "甲。",
        "乙；",
        "丙 a 3.5 b.",
        " c\n",
        "丁",
    ]


_TEXT = "甲乙丙。丁戊己。庚辛。"


@pytest.mark.parametrize(
    ("found", "gold", "inside"),
    [
        (Span(5, 6), Span(4, 7), True),
        (Span(4, 8), Span(4, 5), True),  # with its mark
        (Span(3, 6), Span(4, 7), False),  # begins in the sentence before
        (Span(0, 3), Span(4, 7), False),
        (Span(4, 9), Span(4, 7), False),  # runs on
        (Span(4, 10), Span(4, 11), True),  # runs on as gold does
        (Span(8, 10), Span(4, 11), False),  # only in the sentence where gold ends
        (Span(4, 4), Span(4, 7), False),  # nothing found
    ],
)
def test_a_prediction_lies_in_the_sentence_where_gold_begins(found, gold, inside):
    assert is_in_gold_sentence(_TEXT, found, [gold]) is inside


# Ranks.


def test_recall_and_reciprocal_rank_are_those_reckoned_by_hand():
    ranks = [1, 3, None, 12, 2]

    assert recall_at(ranks, 1) == pytest.approx(1 / 5)
    assert recall_at(ranks, 3) == pytest.approx(3 / 5)
    assert mean_reciprocal_rank(ranks, 10) == pytest.approx((1 + 1 / 3 + 1 / 2) / 5)


@given(_RANKS)
def test_recall_grows_with_the_cut_off(ranks):
    recalls = [recall_at(ranks, k) for k in range(1, 21)]

    assert recalls == sorted(recalls)
    assert all(0 <= recall <= 1 for recall in recalls)


@given(_RANKS, st.integers(1, 20))
def test_reciprocal_rank_lies_between_recall_at_1_and_at_k(ranks, k):
    low, high = recall_at(ranks, 1), recall_at(ranks, k)

    assert low - 1e-9 <= mean_reciprocal_rank(ranks, k) <= high + 1e-9


def test_no_questions_are_no_error():
    assert recall_at([], 1) == mean_reciprocal_rank([], 10) == 0.0
    assert expected_calibration_error([], []) == 0.0
    assert refused_unanswerable([], [0.5]) == refused_unanswerable([0.5], []) == 0.0
    assert RiskCoverage.of([], []).coverage_at_precision(0.9) == 0.0


# Confidence.


def test_calibration_error_is_the_one_reckoned_by_hand():
    # Two bins: .9 and .95 came true once of twice (gap .425 · 2), .1 never of once (gap .1).
    error = expected_calibration_error([0.9, 0.95, 0.1], [True, False, False])

    assert error == pytest.approx((2 * 0.425 + 0.1) / 3)


@given(_ASKINGS)
def test_calibration_error_is_0_for_an_oracle_and_never_leaves_its_range(askings):
    right = [entry[1] for entry in askings]

    assert expected_calibration_error([float(r) for r in right], right) == 0.0
    assert 0.0 <= expected_calibration_error([entry[0] for entry in askings], right) <= 1.0


def test_risk_and_coverage_are_those_reckoned_by_hand():
    curve = RiskCoverage.of([0.9, 0.5, 0.5, 0.2], [True, True, False, False])

    # .5 twice: both are answered or neither is
    assert curve.coverage.tolist() == [0.25, 0.75, 1.0]
    assert curve.risk.tolist() == pytest.approx([0.0, 1 / 3, 0.5])
    assert curve.threshold.tolist() == [0.9, 0.5, 0.2]
    assert curve.area == pytest.approx(0.25 * 0 + 0.5 / 3 + 0.25 * 0.5)
    assert curve.coverage_at_precision(0.95) == 0.25
    assert curve.coverage_at_precision(0.6) == 0.75
    assert curve.coverage_at_precision(0.5) == 1.0


def test_a_precision_that_is_never_reached_covers_nothing():
    assert RiskCoverage.of([0.9, 0.1], [False, True]).coverage_at_precision(0.9) == 0.0


@given(_ASKINGS, st.floats(0, 1))
def test_coverage_keeps_its_promise(askings, precision):
    sure, right = map(np.array, zip(*askings, strict=True))
    curve = RiskCoverage.of(sure, right)
    coverage = curve.coverage_at_precision(precision)

    assert curve.coverage[-1] == 1.0
    assert curve.risk[-1] == pytest.approx(1 - right.mean())
    assert np.all(np.diff(curve.coverage) > 0)
    assert 0 <= curve.area <= 1
    if coverage:
        given = np.sort(sure)[::-1][round(coverage * len(sure)) - 1]
        assert right[sure >= given].mean() >= precision - 1e-9


def test_refusals_are_those_reckoned_by_hand():
    answerable = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05]
    unanswerable = [0.01, 0.06, 0.09, 0.1, 0.5]

    # One of ten may be refused: the threshold is .1, and what is not below it is answered.
    assert refused_unanswerable(answerable, unanswerable) == pytest.approx(3 / 5)
    assert refused_unanswerable(answerable, unanswerable, false_refusal=0.0) == pytest.approx(1 / 5)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.floats(0, 0.9),
)
def test_more_false_refusals_refuse_more(answerable, unanswerable, price):
    cheap = refused_unanswerable(answerable, unanswerable, false_refusal=price)
    dear = refused_unanswerable(answerable, unanswerable, false_refusal=price + 0.1)

    assert 0.0 <= cheap <= dear <= 1.0
