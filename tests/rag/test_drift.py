import json
import shutil

import pytest

from index.datatypes import Span
from index.errors import IndexMissingError
from rag.answerer import Answerer
from rag.datatypes import Answer, Citation, Role, Status
from rag.drift import Drift, Drifted, GenerationAsker, compare_evaluations
from rag.evaluation import Asked, evaluate
from rag.evaluation_file import EvaluationQuestion

_QUOTE = "大会于2月5日下午在济宁召开，由刘建国、王芳主持。"
_GOLD = ("2月5日",)
_NONE: tuple[str, ...] = ()


def _cite(words: str, *, source: str = "纪要.txt", shift: int = 0, role: Role = Role.ANSWER):
    at = shift + _QUOTE.index(words)
    span, quote = Span(at, at + len(words)), Span(shift, shift + len(_QUOTE))
    return Citation(1, role, source, "纪要", _QUOTE, quote, span, 1, None, (), "0")


def _answer(*citations: Citation, status: Status = Status.ANSWERED) -> Answer:
    first = citations[0]
    words = first.highlight.start - first.span.start, first.highlight.end - first.span.start
    return Answer("?", "?", _QUOTE[slice(*words)], status, 0.9, "000001", citations, ())


_NOTHING = Answer("?", "?", "", Status.NOT_FOUND, 0.1, "000001", (), ())
_DAY = _answer(_cite("2月5日"))
_TOWN = _answer(_cite("济宁"))


def _asked(answer: Answer, golds: tuple[str, ...] = _GOLD) -> Asked:
    return Asked.of(EvaluationQuestion("哪天召开？", golds, None, 1), answer, 0.01)


def _drift(before: Answer, after: Answer, golds: tuple[str, ...] = _GOLD) -> Drift:
    return Drifted.of(_asked(before, golds), _asked(after, golds)).drift


@pytest.mark.parametrize(
    ("before", "after", "golds", "drift"),
    [
        (_DAY, _DAY, _GOLD, Drift.UNCHANGED),
        (_DAY, _answer(_cite("2月5日"), status=Status.UNCERTAIN), _GOLD, Drift.UNCHANGED),
        (_NOTHING, _NOTHING, _GOLD, Drift.UNCHANGED),
        (_NOTHING, _NOTHING, _NONE, Drift.UNCHANGED),
        (_DAY, _answer(_cite("2月5日", shift=7)), _GOLD, Drift.MOVED),
        (_DAY, _answer(_cite("2月5日", source="b.txt")), _GOLD, Drift.MOVED),
        (_DAY, _answer(_cite("2月5日下午")), _GOLD, Drift.REWORDED),
        (_TOWN, _answer(_cite("刘建国")), _GOLD, Drift.REWORDED),
        (_DAY, _NOTHING, _GOLD, Drift.GONE),
        (_TOWN, _NOTHING, _GOLD, Drift.GONE),
        (_DAY, _NOTHING, _NONE, Drift.BETTER),
        (_NOTHING, _DAY, _GOLD, Drift.BETTER),
        (_TOWN, _DAY, _GOLD, Drift.BETTER),
        (_DAY, _TOWN, _GOLD, Drift.WORSE),
        (_NOTHING, _TOWN, _GOLD, Drift.WORSE),
        (_NOTHING, _TOWN, _NONE, Drift.WORSE),
    ],
    ids=[
        "the same",
        "less sure of the same",
        "never found",
        "rightly refused both times",
        "further down",
        "in another file",
        "more words, still right",
        "other words, still wrong",
        "right, then not found",
        "wrong, then not found",
        "words, then the honest no that was right",
        "not found, then right",
        "wrong, then right",
        "right, then wrong",
        "not found, then wrong",
        "the honest no that was right, then words",
    ],
)
def test_what_became_of_an_answer(before, after, golds, drift):
    assert _drift(before, after, golds) is drift


def test_every_item_of_a_list_counts_and_other_citations_do_not():
    first, second = _cite("刘建国"), _cite("王芳", role=Role.ALSO)
    names = _answer(first, second)

    assert _drift(names, _answer(first), ("刘建国",)) is Drift.REWORDED
    moved = _answer(first, _cite("王芳", role=Role.ALSO, source="b.txt"))
    assert _drift(names, moved, ("刘建国",)) is Drift.MOVED
    beside = _answer(first, second, _cite("刘建国", role=Role.SAME, source="c.txt"))
    assert _drift(names, beside, ("刘建国",)) is Drift.UNCHANGED


def _evaluate(*answers: Answer):
    given = iter(answers)
    questions = [
        EvaluationQuestion(f"第{line}问", _GOLD, None, line) for line in range(1, len(answers) + 1)
    ]
    return evaluate(questions, lambda _: next(given))


def test_a_report_counts_every_kind_and_knows_losses():
    report = compare_evaluations(_evaluate(_DAY, _DAY, _NOTHING), _evaluate(_DAY, _NOTHING, _DAY))

    assert [entry.drift for entry in report.results] == [
        *(Drift.UNCHANGED, Drift.GONE, Drift.BETTER)
    ]
    assert report.has_losses
    body = json.loads(json.dumps(report.to_dict()))
    assert body["counts"] == {
        "better": 1,
        "worse": 0,
        "gone": 1,
        "unchanged": 1,
        "moved": 0,
        "reworded": 0,
    }
    assert body["results"][1]["line"] == 2
    assert (body["results"][1]["right_before"], body["results"][1]["right_after"]) == (True, False)
    assert body["results"][1]["before"]["text"] == "2月5日"
    assert body["results"][1]["after"]["status"] == "not_found"


def test_better_moved_and_other_words_are_no_losses():
    report = compare_evaluations(
        _evaluate(_NOTHING, _DAY, _DAY),
        _evaluate(_DAY, _answer(_cite("2月5日", shift=1)), _answer(_cite("2月5日下午"))),
    )

    assert not report.has_losses


def test_evaluations_of_different_questions_cannot_be_compared():
    with pytest.raises(ValueError, match="different questions"):
        compare_evaluations(_evaluate(_DAY), _evaluate(_DAY, _DAY))


@pytest.fixture(scope="module")
def three_generations(corpus_dir, tmp_path_factory):
    """A file, the same file under another name, and another file in its place."""
    folder = tmp_path_factory.mktemp("drift")
    path = folder / "会议.txt"
    shutil.copy(corpus_dir / "tea_conference.txt", path)
    answerer = Answerer.open(folder)
    path.rename(folder / "茶.txt")
    answerer.refresh()
    shutil.copy(corpus_dir / "museum.txt", folder)
    (folder / "茶.txt").unlink()
    answerer.refresh()
    return folder


_QUESTIONS = (
    EvaluationQuestion("岚谷县茶产业振兴大会是哪天召开的？", ("4月16日", "四月十六日"), None, 1),
)


def test_kept_generations_are_asked_as_they_are(three_generations):
    asker = GenerationAsker(three_generations, three_generations / ".yiju")
    told: list[tuple[int, int]] = []

    first, second, third = (
        asker.ask(name, _QUESTIONS, lambda *step: told.append(step)) for name in "123"
    )

    assert told == [(1, 1)] * 3
    generations = [evaluation.results[0].answer.generation for evaluation in (first, second, third)]
    assert generations == ["000001", "000002", "000003"]
    assert first.results[0].is_right
    (renamed,) = compare_evaluations(first, second).results
    assert renamed.drift is Drift.MOVED
    assert renamed.after.answer.citations[0].source == "茶.txt"
    assert compare_evaluations(second, third).has_losses
    assert compare_evaluations(third, second).results[0].drift is Drift.BETTER
    assert sorted(path.name for path in three_generations.glob("*.txt")) == ["museum.txt"]


def test_a_generation_that_is_not_kept_cannot_be_asked(three_generations):
    asker = GenerationAsker(three_generations, three_generations / ".yiju")

    with pytest.raises(IndexMissingError, match="no generation 9"):
        asker.ask("9", _QUESTIONS)
