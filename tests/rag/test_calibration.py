import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calibration import (
    FEATURES,
    Calibration,
    Group,
    GroupCalibration,
    extract_features,
    group_of,
)
from rag.datatypes import Status
from rag.errors import ReaderError
from rag.reader import BUNDLED_DIR
from tests.rag.samples import make_hit, make_query, make_span

TEXT = "会议于2月5日召开，由林武主持。"
QUERY = make_query("会议什么时候召开？")
_BY_SCORE = GroupCalibration(tuple(float(name == "score") for name in FEATURES), 2.0, 0.7, 0.3)
ONLY_SCORE = Calibration(dict.fromkeys(Group, _BY_SCORE))


def _spans(*strengths, relevance=0.0):
    return [
        make_span(make_hit(TEXT, rank=rank), "林武", score=score, relevance=relevance)
        for rank, score in enumerate(strengths, 1)
    ]


def _column(spans, name):
    return [row[FEATURES.index(name)] for row in extract_features(QUERY, spans)]


def test_the_bundled_calibration_loads_and_its_thresholds_are_in_order():
    calibration = Calibration.load()

    assert set(calibration.groups) == set(Group)
    for fitted in calibration.groups.values():
        assert 0 < fitted.uncertain <= fitted.answered <= 1
        assert len(fitted.weights) == len(FEATURES)


def _bundled_body():
    return json.loads((BUNDLED_DIR / "calibration.json").read_text("utf-8"))


def _with_group(**changed):
    body = _bundled_body()
    body["groups"]["zh"] |= changed
    return json.dumps(body).encode()


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
        _with_group(weights=None),
        _with_group(answered="sure"),
    ],
    ids=[
        *("empty", "cut", "null", "list", "bytes", "no keys", "features", "groups"),
        *("weights", "threshold"),
    ],
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
    body["groups"]["en"]["weights"].pop()
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(body))

    with pytest.raises(ReaderError):
        Calibration.load(path)


@given(st.lists(st.floats(-1e6, 1e6), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_a_probability_is_one_whatever_the_values(values):
    probability = GroupCalibration((1.0,) * len(FEATURES), 0.0, 0.5, 0.2).probability(values)

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
    even = GroupCalibration((0.0,) * len(FEATURES), 0.0, answered, uncertain)

    (judged,) = Calibration(dict.fromkeys(Group, even)).judge(QUERY, _spans(-1.0))

    assert (judged.confidence, judged.status) == (0.5, status)


def test_the_most_probable_span_comes_first():
    judged = ONLY_SCORE.judge(QUERY, _spans(-3.0, -0.1, -1.0))

    assert [entry.span.hit.rank for entry in judged] == [2, 3, 1]
    confidences = [entry.confidence for entry in judged]
    assert confidences == sorted(confidences, reverse=True)


def test_equally_probable_spans_keep_the_order_of_their_hits():
    judged = ONLY_SCORE.judge(QUERY, _spans(-1.0, -1.0, -1.0)[::-1])

    assert [entry.span.hit.rank for entry in judged] == [1, 2, 3]


def test_nothing_read_is_nothing_judged():
    assert ONLY_SCORE.judge(QUERY, []) == []


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

    for row in extract_features(QUERY, wild):
        assert max(map(abs, row)) <= 10


@pytest.mark.parametrize(
    ("question", "text", "group"),
    [
        ("会议什么时候召开？", TEXT, Group.CHINESE),
        ("會議什麼時候召開？", TEXT, Group.CHINESE),
        ("When was the meeting?", TEXT, Group.CROSS),
        ("When was the meeting?", "The meeting was held on 5 February.", Group.ENGLISH),
        ("会议什么时候召开？", "The meeting was held on 5 February.", Group.CROSS),
        ("会議はいつ開かれたか", "会議は2月5日に開かれた。", Group.OTHER),
        ("2026?", TEXT, Group.CHINESE),
    ],
)
def test_each_pair_of_languages_has_its_group(question, text, group):
    assert group_of(make_query(question), make_hit(text).chunk) is group


def test_each_group_is_judged_by_its_own_model():
    sure = GroupCalibration((0.0,) * len(FEATURES), 9.0, 0.5, 0.2)
    calibration = Calibration({**dict.fromkeys(Group, _BY_SCORE), Group.CROSS: sure})

    (own,) = calibration.judge(QUERY, _spans(-4.0))
    (foreign,) = calibration.judge(make_query("When was the meeting?"), _spans(-4.0))

    assert own.confidence < 0.2
    assert foreign.confidence > 0.99


@pytest.mark.parametrize(
    ("question", "words", "fit"),
    [
        ("会议什么时候召开？", "2月5日", 1),
        ("会议什么时候召开？", "林武", -1),
        ("谁主持？", "林武", 0),
    ],
)
def test_words_that_cannot_be_what_is_asked_for_are_told(question, words, fit):
    span = make_span(make_hit(TEXT), words)

    ((*_, type_feature),) = extract_features(make_query(question), [span])

    assert type_feature == fit
