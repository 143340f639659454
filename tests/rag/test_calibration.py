import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calibration import FEATURES, Calibration, extract_features
from rag.datatypes import Status
from rag.errors import ReaderError
from rag.reader import BUNDLED_DIR
from tests.rag.samples import make_hit, make_span

TEXT = "会议于2月5日召开，由林武主持。"
ONLY_SCORE = Calibration(tuple(float(name == "score") for name in FEATURES), 2.0, 0.7, 0.3)


def _spans(*strengths, relevance=0.0):
    return [
        make_span(make_hit(TEXT, rank=rank), "林武", score=score, relevance=relevance)
        for rank, score in enumerate(strengths, 1)
    ]


def _column(spans, name):
    return [row[FEATURES.index(name)] for row in extract_features(spans)]


def test_the_bundled_calibration_loads_and_its_thresholds_are_in_order():
    calibration = Calibration.load()

    assert 0 < calibration.uncertain <= calibration.answered < 1
    assert len(calibration.weights) == len(FEATURES)


def _bundled_body():
    return json.loads((BUNDLED_DIR / "calibration.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{}",
        json.dumps({**_bundled_body(), "features": ["score"]}).encode(),
        json.dumps({**_bundled_body(), "weights": None}).encode(),
        json.dumps({**_bundled_body(), "answered": "sure"}).encode(),
    ],
    ids=["empty", "cut", "null", "list", "bytes", "no keys", "features", "weights", "threshold"],
)
def test_a_calibration_that_does_not_fit_is_refused_by_name(tmp_path, content):
    path = tmp_path / "calibration.json"
    path.write_bytes(content)

    with pytest.raises(ReaderError, match=r"calibration\.json"):
        Calibration.load(path)


def test_a_missing_calibration_is_refused_by_name(tmp_path):
    with pytest.raises(ReaderError, match=r"nothing\.json"):
        Calibration.load(tmp_path / "nothing.json")


def test_a_calibration_with_too_few_weights_is_refused(tmp_path):
    body = _bundled_body()
    body["weights"] = body["weights"][:-1]
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(body))

    with pytest.raises(ReaderError):
        Calibration.load(path)


@given(st.lists(st.floats(-1e6, 1e6), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_a_probability_is_one_whatever_the_values(values):
    probability = Calibration((1.0,) * len(FEATURES), 0.0, 0.5, 0.2).probability(values)

    assert 0 <= probability <= 1
    if abs(sum(values)) < 30:
        assert probability == pytest.approx(1 / (1 + math.exp(-sum(values))))


@pytest.mark.parametrize(
    ("answered", "uncertain", "status"),
    [
        (0.4, 0.2, Status.ANSWERED),
        (0.5, 0.2, Status.ANSWERED),
        (0.6, 0.2, Status.UNCERTAIN),
        (0.6, 0.5, Status.UNCERTAIN),
        (0.7, 0.6, Status.NOT_FOUND),
    ],
)
def test_the_thresholds_are_the_least_probabilities_of_their_status(answered, uncertain, status):
    even = Calibration((0.0,) * len(FEATURES), 0.0, answered, uncertain)

    (judged,) = even.judge(_spans(-1.0))

    assert (judged.confidence, judged.status) == (0.5, status)


def test_the_most_probable_span_comes_first():
    judged = ONLY_SCORE.judge(_spans(-3.0, -0.1, -1.0))

    assert [entry.span.hit.rank for entry in judged] == [2, 3, 1]
    confidences = [entry.confidence for entry in judged]
    assert confidences == sorted(confidences, reverse=True)


def test_equally_probable_spans_keep_the_order_of_their_hits():
    judged = ONLY_SCORE.judge(_spans(-1.0, -1.0, -1.0)[::-1])

    assert [entry.span.hit.rank for entry in judged] == [1, 2, 3]


def test_nothing_read_is_nothing_judged():
    assert ONLY_SCORE.judge([]) == []


def test_features_are_the_reader_s_own_figures_and_the_logarithm_of_the_rank():
    spans = _spans(-0.5, -0.25, relevance=1.5)

    assert _column(spans, "score") == [-0.5, -0.25]
    assert _column(spans, "relevance") == [1.5, 1.5]
    assert _column(spans, "rank") == [0, pytest.approx(math.log(2))]


def test_the_margin_is_the_lead_over_the_best_of_the_others():
    assert _column(_spans(-1.0, -3.0, -2.0), "margin") == [1, -2, -1]


def test_a_span_without_rivals_has_the_largest_margin():
    assert _column(_spans(-1.0), "margin") == [5]


def test_features_are_bounded_however_wild_the_reader():
    wild = [*_spans(-500.0, relevance=900.0), *_spans(-500.0, relevance=-900.0)]

    for row in extract_features(wild):
        assert max(map(abs, row)) <= 10
