import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calibration import (
    FEATURES,
    GROUPS,
    Calibration,
    Features,
    Logistic,
    extract_features,
)
from rag.datatypes import Status
from rag.errors import ReaderError
from rag.reader import BUNDLED_DIR
from rag.retriever import Retrieved
from tests.rag.samples import make_hit, make_query, make_span

TEXT = "会议于2月5日召开，由林武主持。"
ONLY_SCORE = Logistic(tuple(float(name == "score") for name in FEATURES), 2.0, 0.7, 0.3)


def _calibration(model=ONLY_SCORE):
    return Calibration(dict.fromkeys(GROUPS, model))


def _retrieved(*hits, coverage=0.5, dense=0.6):
    return Retrieved(hits, (dense,) * len(hits), (coverage,) * len(hits))


def _value(features: Features, name: str) -> float:
    return features.values[FEATURES.index(name)]


def test_the_bundled_calibration_loads_and_its_thresholds_are_in_order():
    calibration = Calibration.load()

    assert set(calibration.models) == set(GROUPS)
    for model in calibration.models.values():
        assert 0 < model.uncertain <= model.answered < 1
        assert len(model.weights) == len(FEATURES)


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
        json.dumps({**_bundled_body(), "groups": {}}).encode(),
        json.dumps({**_bundled_body(), "groups": {name: {} for name in GROUPS}}).encode(),
    ],
    ids=["empty", "cut", "null", "list", "bytes", "no keys", "features", "groups", "group"],
)
def test_a_calibration_that_does_not_fit_is_refused_by_name(tmp_path, content):
    path = tmp_path / "calibration.json"
    path.write_bytes(content)

    with pytest.raises(ReaderError, match=r"calibration\.json"):
        Calibration.load(path)


def test_a_missing_calibration_is_refused_by_name(tmp_path):
    with pytest.raises(ReaderError, match=r"nothing\.json"):
        Calibration.load(tmp_path / "nothing.json")


@pytest.mark.xfail(
    strict=True, reason="the number of weights is only checked by the first question"
)
def test_a_calibration_with_too_few_weights_is_refused(tmp_path):
    body = _bundled_body()
    for group in body["groups"].values():
        group["weights"] = group["weights"][:-1]
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(body))

    with pytest.raises(ReaderError):
        Calibration.load(path)


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6))
def test_a_probability_is_one_whatever_the_values(values):
    probability = Logistic((1.0,) * 6, 0.0, 0.5, 0.2).probability(values)

    assert 0 <= probability <= 1
    if abs(sum(values)) < 30:
        assert probability == pytest.approx(1 / (1 + math.exp(-sum(values))))


@pytest.mark.parametrize(
    ("probability", "status"),
    [
        (0.71, Status.ANSWERED),
        (0.7, Status.ANSWERED),
        (0.69, Status.UNCERTAIN),
        (0.3, Status.UNCERTAIN),
        (0.29, Status.NOT_FOUND),
    ],
)
def test_the_thresholds_decide_the_status(probability, status):
    model = Logistic((0.0,) * len(FEATURES), math.log(probability / (1 - probability)), 0.7, 0.3)
    exact = Logistic(model.weights, model.bias, 0.7 - 1e-12, 0.3 - 1e-12)
    hit = make_hit(TEXT)

    (judged,) = _calibration(exact).judge(make_query(), _retrieved(hit), [make_span(hit, "林武")])

    assert judged.status is status
    assert judged.confidence == pytest.approx(probability)


def test_the_most_probable_span_comes_first():
    hits = [make_hit(TEXT, rank=rank) for rank in (1, 2, 3)]
    scores = (-3.0, -0.1, -1.0)
    spans = [make_span(hit, "林武", score=score) for hit, score in zip(hits, scores, strict=True)]

    judged = _calibration().judge(make_query(), _retrieved(*hits), spans)

    assert [entry.span.hit.rank for entry in judged] == [2, 3, 1]
    confidences = [entry.confidence for entry in judged]
    assert confidences == sorted(confidences, reverse=True)


def test_equally_probable_spans_keep_the_order_of_their_hits():
    hits = [make_hit(TEXT, rank=rank) for rank in (1, 2, 3)]
    spans = [make_span(hit, "林武") for hit in reversed(hits)]

    judged = _calibration().judge(make_query(), _retrieved(*hits), spans)

    assert [entry.span.hit.rank for entry in judged] == [1, 2, 3]


def test_nothing_read_is_nothing_judged():
    assert _calibration().judge(make_query(), Retrieved((), (), ()), []) == []


def test_the_features_are_those_of_the_span_s_own_hit():
    hits = (make_hit(TEXT, rank=1), make_hit(TEXT, rank=2))
    retrieved = Retrieved(hits, (0.9, 0.1), (0.8, 0.2))

    (features,) = extract_features(
        make_query(), retrieved, [make_span(hits[1], "林武", score=-0.5, relevance=1.5)]
    )

    assert _value(features, "dense") == 0.1
    assert _value(features, "coverage") == 0.2
    assert _value(features, "rank") == pytest.approx(math.log(2))
    assert _value(features, "score") == -0.5
    assert _value(features, "relevance") == 1.5


def test_the_margin_is_the_lead_over_the_best_span_of_another_hit():
    hits = (make_hit(TEXT, rank=1), make_hit(TEXT, rank=2))
    spans = [
        make_span(hits[0], "林武", score=-1, relevance=3),
        make_span(hits[0], "2月5日", score=-2, relevance=3),
        make_span(hits[1], "林武", score=-1, relevance=1),
    ]

    margins = [
        _value(entry, "margin")
        for entry in extract_features(make_query(), _retrieved(*hits), spans)
    ]

    assert margins == [2, 1, -2]


def test_a_span_without_rivals_has_the_largest_margin():
    hit = make_hit(TEXT)

    (features,) = extract_features(make_query(), _retrieved(hit), [make_span(hit, "林武")])

    assert _value(features, "margin") == 5


def test_features_are_bounded_however_wild_the_reader():
    hits = (make_hit(TEXT, rank=1), make_hit(TEXT, rank=2))
    spans = [
        make_span(hits[0], "林武", score=-500, relevance=900),
        make_span(hits[1], "林武", score=-500, relevance=-900),
    ]

    for features in extract_features(make_query(), _retrieved(*hits), spans):
        assert max(map(abs, features.values)) <= 10


@pytest.mark.parametrize(
    ("question", "text", "group"),
    [
        ("会议什么时候召开？", TEXT, "same"),
        ("When was the meeting?", TEXT, "cross"),
        ("When was the meeting?", "The meeting was held on May 2.", "same"),
        ("會議什麼時候召開？", TEXT, "same"),
        ("회의는 언제입니까?", TEXT, "cross"),
    ],
)
def test_the_model_is_that_of_the_languages_at_hand(question, text, group):
    hit = make_hit(text)

    (features,) = extract_features(
        make_query(question), _retrieved(hit), [make_span(hit, text[:4])]
    )

    assert features.group == group
