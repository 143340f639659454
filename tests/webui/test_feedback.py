"""Judging answers: what it makes of them, who sees what, and what a rebuild changes."""

import json
import threading
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from rag.datatypes import Status
from rag.evaluation_file import EvaluationQuestion, read_questions
from tests.webui.samples import HOSTILE, Page, list_answer, make_answer, sample_answer
from webui.cases import Case, Outcome, make_gold, write_case
from webui.datatypes import Turn
from webui.feedback import Checks, render_checks, render_feedback
from webui.feedback_page import FeedbackPage
from webui.history import History
from webui.history_records import Fault, Judgement, Verdict
from webui.judgements import MAX_COMMENT_CHARS, MAX_EXPECTED_CHARS, Judgements
from webui.languages.feedback import FEEDBACK_TEXTS
from webui.layout import Parts
from webui.messages import texts_for
from webui.rechecking import Rechecker, RecheckState, folders_of, recheck

EN = texts_for("en")
WORDS = FEEDBACK_TEXTS["en"]
GOOD, BAD = Verdict.GOOD, Verdict.BAD
NOTHING = make_answer(status=Status.NOT_FOUND)


class FakeLibrary:
    """One folder that answers what it is told to, from a generation that a test renames."""

    collection = ""
    documents_dir = Path("/documents")

    def __init__(self, answer=None):
        self.said = answer or sample_answer()
        self.manifest = SimpleNamespace(generation="000001", created_at="then")
        self.questions = []

    @property
    def answerers(self):
        return (self,)

    def answer(self, question):
        self.questions.append(question)
        return self.said

    def rebuild(self, answer):
        self.said = answer
        number = int(self.manifest.generation) + 1
        self.manifest = SimpleNamespace(generation=f"{number:06d}", created_at="now")


@pytest.fixture
def judgements():
    history = History()
    yield Judgements(history)
    history.close()


@pytest.fixture
def library():
    return FakeLibrary()


def keep(judgements, answer, judgement, *, user="", question="哪天？", talk="", folders=None):
    turn = Turn(question, replace(answer, question=question, interpreted=question))
    talk = talk or f"talk of {user}"
    judgements.history.keep(user, talk, turn)
    folders = ("/documents",) if folders is None else folders
    assert judgements.judge(user, talk, turn.key, judgement, folders=folders)
    return turn


def finish():
    for thread in threading.enumerate():
        if thread.name == "yiju-recheck":
            thread.join(10)


@pytest.mark.parametrize(
    ("answer", "judgement", "answers", "excluded", "is_right"),
    [
        (sample_answer(), Judgement(GOOD), ("2月5日",), (), True),
        (list_answer(), Judgement(GOOD), ("许明", "林澈", "沈禾"), (), True),
        (NOTHING, Judgement(GOOD), (), (), True),
        (sample_answer(), Judgement(BAD, fault=Fault.WRONG), (), ("2月5日",), False),
        (
            sample_answer(),
            Judgement(BAD, fault=Fault.WRONG, expected="2月5日下午"),
            ("2月5日下午",),
            ("2月5日",),
            False,
        ),
        (sample_answer(), Judgement(BAD, fault=Fault.UNWARRANTED), (), (), False),
        (NOTHING, Judgement(BAD, fault=Fault.MISSING), (), ("",), False),
        (NOTHING, Judgement(BAD, fault=Fault.MISSING, expected="甲"), ("甲",), ("",), False),
    ],
    ids=["good", "list", "refused", "wrong", "corrected", "unwarranted", "missing", "given"],
)
def test_praise_is_a_case_that_holds_and_blame_one_that_fails(  # noqa: PLR0917 - a table's columns
    judgements, tmp_path, answer, judgement, answers, excluded, is_right
):
    keep(judgements, answer, judgement)

    (case,) = judgements.cases({"/documents"})
    (tmp_path / "cases.jsonl").write_text(json.dumps(write_case(case)), "utf-8")
    (read,) = read_questions(tmp_path / "cases.jsonl")

    assert (case.gold.answers, case.gold.excluded) == (answers, excluded)
    assert case.now.is_right is case.before.is_right is is_right
    assert read == case.gold


def test_right_words_that_are_the_answers_own_exclude_nothing():
    said = Judgement(BAD, fault=Fault.WRONG, expected=" ２月５日 ")
    assert make_gold("?", sample_answer(), said).excluded == ()


def test_a_judgement_can_be_changed_and_taken_back(judgements):
    turn = keep(judgements, sample_answer(), Judgement(GOOD))
    wrong = Judgement(BAD, "x" * 9000, Fault.WRONG, "y" * 9000)

    judgements.judge("", "talk of ", turn.key, wrong, folders=["/documents"])
    (kept,) = judgements.history.read("", "talk of ")
    judgements.judge("", "talk of ", turn.key, Judgement())

    assert kept.judgement.verdict is BAD
    assert len(kept.judgement.comment) == MAX_COMMENT_CHARS
    assert len(kept.judgement.expected) == MAX_EXPECTED_CHARS
    assert judgements.cases({"/documents"}) == ()


def test_only_cases_of_the_documents_at_hand_are_read_the_newest_first_of_all(judgements):
    for number in range(5):
        keep(judgements, sample_answer(), Judgement(GOOD), question=f"{number}？")
    keep(judgements, sample_answer(), Judgement(GOOD), question="别处？", folders=("/other",))
    keep(
        judgements,
        sample_answer(),
        Judgement(GOOD),
        question="两处？",
        folders=("/documents", "/b"),
    )

    cases = judgements.cases({"/documents"}, limit=3)

    assert [(case.gold.line, case.gold.question) for case in cases] == [
        (1, "2？"),
        (2, "3？"),
        (3, "4？"),
    ]


def test_cases_are_asked_once_of_each_generation_and_tell_what_it_changed(judgements, library):
    keep(judgements, sample_answer(), Judgement(GOOD), question="一？")
    keep(judgements, sample_answer(), Judgement(BAD, fault=Fault.WRONG), question="二？")

    library.rebuild(sample_answer(words="3月6日"))
    first = recheck(library, judgements)
    again = recheck(library, judgements)

    assert library.questions == ["一？", "二？"]
    assert first == again
    assert [(case.is_broken, case.is_mended) for case in again] == [(True, False), (False, True)]
    assert again[0].before == Outcome("2月5日", True)
    assert again[0].now == Outcome("3月6日", False)


def test_a_stop_leaves_the_rest_as_it_was(judgements, library):
    for number in range(3):
        keep(judgements, sample_answer(), Judgement(GOOD), question=f"{number}？")
    library.rebuild(NOTHING)

    cases = recheck(library, judgements, is_unwanted=lambda: len(library.questions) == 1)

    assert [case.is_broken for case in cases] == [True, False, False]


def test_the_background_asks_after_every_new_generation(judgements, library):
    keep(judgements, sample_answer(), Judgement(GOOD))
    rechecker = Rechecker(library, judgements)
    rechecker.look()
    finish()
    library.rebuild(NOTHING)
    rechecker.look()
    finish()
    rechecker.look()
    finish()

    assert len(library.questions) == 2
    assert rechecker.state == RecheckState(is_running=False, done=0, total=1)
    assert [case.is_broken for case in rechecker.cases] == [True]


def test_an_answer_names_the_folders_that_were_asked():
    one, two = FakeLibrary(), FakeLibrary()
    one.collection, one.documents_dir = "甲", Path("/甲")
    two.collection, two.documents_dir = "乙", Path("/乙")
    both = SimpleNamespace(answerers=(one, two))

    assert folders_of(both) == tuple(sorted(("/甲", "/乙")))
    assert folders_of(both, replace(sample_answer(), generation="乙@000003")) == ("/乙",)


# The page.


def visitor(name=""):
    return SimpleNamespace(username=name or None)


@pytest.fixture
def parts():
    return SimpleNamespace(**{field.name: field.name for field in fields(Parts)})


def click(page, turns, user="", **data):
    event = SimpleNamespace(_data=data)
    changes = page.judge(turns, "talk", "en", "", event, visitor(user))
    finish()
    return changes


def test_a_click_is_kept_at_once_and_the_same_click_takes_it_back(judgements, library, parts):
    page = FeedbackPage(library, judgements, parts)
    turns = (Turn("哪天？", sample_answer()),)

    judged = click(page, turns, turn="0", verdict="good")["turns"]
    (kept,) = judgements.history.read("", "talk")
    undone = click(page, judged, turn="0", verdict="good")["turns"]

    assert kept.judgement == judged[0].judgement == Judgement(GOOD)
    assert undone[0].judgement == Judgement()


def test_a_form_says_what_is_wrong_and_only_what_can_be(judgements, library, parts):
    page = FeedbackPage(library, judgements, parts)
    turns = (Turn("哪天？", NOTHING),)
    sent = {"turn": "0", "verdict": "bad", "fault": "unwarranted", "expected": "甲", "comment": "!"}

    judged = click(page, turns, **sent)["turns"]

    assert judged[0].judgement == Judgement(BAD, "!", Fault.MISSING, "甲")


@pytest.mark.parametrize(
    "data",
    [{}, {"turn": "7", "verdict": "good"}, {"turn": "0", "verdict": "x"}, {"turn": "0"}],
    ids=str,
)
def test_what_is_no_judgement_changes_nothing(judgements, library, parts, data):
    turns = (Turn("哪天？", sample_answer()),)
    changes = click(FeedbackPage(library, judgements, parts), turns, **data)

    assert "turns" not in changes
    assert judgements.cases({"/documents"}) == ()


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_judgement_that_cannot_be_kept_is_not_shown_as_kept(
    judgements, library, parts, is_broken
):
    page = FeedbackPage(library, judgements if is_broken else None, parts)
    judgements.history.close()
    changes = click(page, (Turn("哪天？", sample_answer()),), turn="0", verdict="good")

    assert changes["turns"][0].judgement == Judgement()
    assert WORDS.lost in changes["conversation"]


def test_everybodys_cases_count_but_only_ones_own_are_shown(judgements, library, parts):
    keep(judgements, sample_answer(), Judgement(GOOD), user="amy", question="甲？")
    keep(judgements, sample_answer(), Judgement(GOOD), user="bob", question="乙？")
    library.rebuild(NOTHING)

    *_, shown = FeedbackPage(library, judgements, parts).check("en", visitor("amy"))

    assert "0 of 2 judged questions hold." in shown["checks"]
    assert "甲？" in shown["checks"]
    assert "乙？" not in shown["checks"]
    assert WORDS.others.format(count=1) in Page(shown["checks"]).text
    finish()


@pytest.mark.parametrize("code", ["zh-Hans", "zh-Hant", "en"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_buttons_tell_what_was_judged(code, verdict):
    turn = Turn("?", sample_answer(), judgement=Judgement(verdict, HOSTILE, Fault.WRONG, HOSTILE))
    page = Page(render_feedback(3, turn, texts_for(code)))

    buttons = page.find("button", class_="judge")
    assert [button[1]["aria-pressed"] for button in buttons] == [
        str(verdict is one).lower() for one in (GOOD, BAD)
    ]
    areas = {"": [], "good": ["comment"], "bad": ["expected", "comment"]}[verdict.value]
    assert [area[1]["name"] for area in page.find("textarea")] == areas
    assert all(area[2].strip() == HOSTILE.strip() for area in page.find("textarea"))
    assert not page.find("script") + page.find("img")


def test_the_list_escapes_what_questions_and_documents_say():
    gold = EvaluationQuestion(HOSTILE, (HOSTILE,), None, 1)
    case = Case(1, 0, "", gold, "", (), Outcome(HOSTILE, True), Outcome("", False), "x")
    page = Page(render_checks(Checks((case,), RecheckState()), "", EN))

    (button,) = page.find("button", data_event="ask")
    assert button[1]["data-question"] == button[2] == HOSTILE
    assert not page.find("script") + page.find("img")
    assert EN.not_found in page.text


def test_nothing_judged_shows_nothing():
    assert render_checks(Checks((), RecheckState()), "", EN) == ""
