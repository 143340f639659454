import json

import pytest

from index.datatypes import Span
from rag.datatypes import Answer, Citation, Role, Status
from rag.evaluation import Asked, evaluate, is_same_source
from rag.evaluation_file import EvaluationQuestion

_QUOTE = "大会于2月5日下午在济宁召开。"


def _answer(text="2月5日", status=Status.ANSWERED, confidence=0.9, source="a/纪要.txt"):
    at = _QUOTE.index(text)
    span = Span(at, at + len(text))
    citation = Citation(
        1, Role.ANSWER, source, "纪要", _QUOTE, Span(0, len(_QUOTE)), span, 1, None, (), "0"
    )
    return Answer("?", "?", text, status, confidence, "000001", (citation,), ())


_NOTHING = Answer("?", "?", "", Status.NOT_FOUND, 0.1, "000001", (), ())


def _gold(question="哪天召开？", answers=("2月5日",), source=None, line=1):
    return EvaluationQuestion(question, answers, source, line)


def _evaluate(*pairs):
    answers = iter([answer for _, answer in pairs])
    return evaluate([gold for gold, _ in pairs], lambda _: next(answers))


@pytest.fixture
def evaluation():
    return _evaluate(
        (_gold(source="纪要.txt"), _answer()),
        (_gold(line=2), _answer("济宁", confidence=0.7)),
        (_gold(line=3, source="b.txt"), _answer("2月5日下午", Status.UNCERTAIN, 0.4)),
        (_gold(line=4), _NOTHING),
        (_gold(line=5, answers=()), _NOTHING),
        (_gold("On which day?", line=6, answers=()), _answer(status=Status.UNCERTAIN)),
    )


def test_outcomes_are_counted_by_how_sure_the_answer_was(evaluation):
    body = evaluation.to_dict()

    assert (body["questions"], body["answerable"], body["unanswerable"]) == (6, 4, 2)
    assert (body["sure"], body["sure_right"]) == (2, 1)
    assert (body["unsure"], body["unsure_right"]) == (1, 1)
    assert body["not_found"] == 1
    assert body["right"] == 2
    assert body["refused_unanswerable"] == 1
    assert [asked.gold.line for asked in evaluation.wrong] == [2, 4, 6]


def test_quotes_and_sources_are_judged_where_there_are_any(evaluation):
    assert evaluation.quote_holds == 1.0  # 2月5日 stands in the one sentence, also beside 济宁
    assert evaluation.right_source == 0.5
    assert [asked.is_right_source for asked in evaluation.results[:3]] == [True, None, False]


def test_what_is_not_found_has_no_overlap_and_counts(evaluation):
    (row,) = evaluation.overlaps

    assert (row.language, row.metric, row.n_questions) == ("zh", "CMRC 2018", 4)
    # 2月5日 has four segments (2, 月, 5, 日), 2月5日下午 six: 2·4/(6+4); then 0 and 0
    assert row.f1 == pytest.approx((1 + 0 + 0.8 + 0) / 4)
    assert row.exact == 0.25


def test_calibration_is_of_the_answers_given(evaluation):
    # Bins: .9 twice (right, wrong as unanswerable), .7 wrong, .4 right.
    assert evaluation.calibration_error == pytest.approx((2 * 0.4 + 0.7 + 0.6) / 4)


def test_overlap_never_mixes_languages_or_metrics():
    evaluation = _evaluate(
        (_gold(), _answer()),
        (_gold("On which day?"), _answer()),
        (_gold("哪一年？", ("1998",)), _answer("2月5日")),  # a number is in its question's language
        (_gold("Who?", ("Ada Lovelace",)), _NOTHING),
        (_gold("いつですか？", ("二月五日です",)), _NOTHING),
    )

    assert [(row.language, row.metric, row.n_questions) for row in evaluation.overlaps] == [
        ("zh", "CMRC 2018", 2),
        ("en", "CMRC 2018", 1),
        ("en", "SQuAD 1.1", 1),
        ("ja", "characters", 1),
    ]


def test_nothing_given_leaves_shares_open():
    evaluation = _evaluate((_gold(), _NOTHING))
    body = evaluation.to_dict()

    assert body["quote_holds_answer"] is body["right_source"] is body["calibration_error"] is None


def test_the_figures_are_json(evaluation):
    body = json.loads(json.dumps(evaluation.to_dict()))

    assert body["results"][0]["text"] == "2月5日"
    assert body["results"][0]["source"] == "a/纪要.txt"
    assert body["results"][3]["quote"] is None
    assert body["results"][4]["f1"] is None


def test_progress_is_told_after_each_question():
    told = []
    evaluate([_gold(), _gold()], lambda _: _NOTHING, progress=lambda *at: told.append(at))

    assert told == [(1, 2), (2, 2)]


def test_no_questions_are_an_error():
    with pytest.raises(ValueError, match="no questions"):
        evaluate([], lambda _: _NOTHING)


def test_times_are_those_of_the_questions():
    evaluation = _evaluate(*[(_gold(), _NOTHING)] * 5)

    assert 0 <= evaluation.seconds(0.5) <= evaluation.seconds(0.9)


@pytest.mark.parametrize(
    ("named", "same"),
    [
        ("a/b/c.txt", True),
        (".\\a\\b\\c.txt", True),
        ("c.txt", True),
        ("b/c.txt", True),
        ("d/c.txt", False),
        ("c", False),
        ("x/a/b/c.txt", False),
        ("./", False),
    ],
)
def test_a_document_is_named_by_its_last_parts(named, same):
    assert is_same_source("a/b/c.txt", named) is same


def test_real_answers_are_evaluated(corpus_answerer):
    gold = _gold("岚谷县茶产业振兴大会是哪天召开的？", ("4月16日",), "tea_conference.txt")

    asked = Asked.of(gold, corpus_answerer.answer(gold.question), 0.01)

    assert asked.is_right
    assert asked.quote_holds
    assert asked.is_right_source
