import io
import re
from dataclasses import fields
from pathlib import Path

import pytest
from rich.console import Console

from index.datatypes import Span
from rag.datatypes import Answer, Citation, Role, Status
from rag.evaluation import evaluate
from rag.evaluation_file import (
    EvaluationQuestion,
    FileProblem,
    FileProblemKind,
    QuestionFileError,
)
from webui.evaluation import (
    AskingProgress,
    describe_file_error,
    describe_unknown_sources,
    print_evaluation,
)
from webui.languages import CATALOGUE
from webui.languages.evaluation import EVALUATION_TEXTS, EvaluationTexts
from webui.messages import texts_for

ENGLISH = texts_for("en")
NAMES = [field.name for field in fields(EvaluationTexts) if field.name != "file_problems"]


def _holes(text):
    return set(re.findall(r"{(\w+)}", text))


def _console(*, is_terminal=False):
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=100, color_system=None)


def _printed(evaluation, texts=ENGLISH):
    console = _console()
    print_evaluation(console, evaluation, texts)
    return console.file.getvalue()


def _evaluated(gold, answer):
    return evaluate([gold], lambda _: answer)


def _nothing(question="?"):
    return Answer(question, question, "", Status.NOT_FOUND, 0.0, "", (), ())


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_every_language_has_every_word(texts):
    words = EVALUATION_TEXTS[texts.code]

    assert all(getattr(words, name).strip() for name in NAMES)
    assert set(words.file_problems) == set(FileProblemKind)


@pytest.mark.parametrize("name", NAMES)
def test_every_language_fills_in_the_same_things(name):
    assert len({frozenset(_holes(getattr(w, name))) for w in EVALUATION_TEXTS.values()}) == 1


@pytest.mark.parametrize("kind", FileProblemKind)
def test_every_problem_is_described_with_its_line(kind):
    error = QuestionFileError(Path("q.csv"), [FileProblem(kind, 7, "this")])

    for texts in CATALOGUE:
        first, second = describe_file_error(error, texts).splitlines()
        assert "q.csv" in first
        assert "7" in second
        has_detail = "detail" in _holes(EVALUATION_TEXTS[texts.code].file_problems[kind])
        assert ("this" in second) is has_detail


def test_very_many_problems_are_cut_short():
    problems = [FileProblem(FileProblemKind.NO_QUESTION, line) for line in range(1, 101)]

    lines = describe_file_error(QuestionFileError(Path("q.csv"), problems), ENGLISH).splitlines()

    assert len(lines) == 22
    assert lines[-1] == "  and 80 more"


def test_sources_are_known_by_their_last_parts():
    golds = [
        EvaluationQuestion("?", ("x",), source, line)
        for line, source in enumerate(["a/b.txt", "b.txt", "c.txt", None], 1)
    ]

    assert describe_unknown_sources(golds, ["a/b.txt"], ENGLISH) == [
        "Note: line 3 names c.txt, which is not among these documents."
    ]


def test_nothing_of_a_document_or_question_is_acted_upon():
    quote = "\x1b[31m[bold]5日\x1b[0m"
    span = Span(0, len(quote))
    citation = Citation(1, Role.ANSWER, "a\x1b.txt", "t", quote, span, span, 3, None, (), "0")
    answer = Answer("?", "?", quote, Status.ANSWERED, 0.9, "1", (citation,), ())
    gold = EvaluationQuestion("\x1b[2J[red]谁？", ("\x1b甲",), None, 1)

    printed = _printed(_evaluated(gold, answer))

    assert "\x1b" not in printed
    assert "sure 90%: \ufffd[31m[bold]5日\ufffd[0m  a\ufffd.txt:3" in printed
    assert "Line 1 · \ufffd[2J[red]谁？" in printed or "line 1 · \ufffd[2J[red]谁？" in printed


def test_without_answerable_questions_there_are_no_tables():
    printed = _printed(_evaluated(EvaluationQuestion("?", (), None, 1), _nothing()))

    assert "F1" not in printed
    assert "Without an answer: 1 of 1 refused" in printed
    assert "All are right." in printed


def test_what_was_not_found_says_so():
    gold = EvaluationQuestion("谁？", ("甲", "乙"), "a.txt", 5)

    printed = _printed(_evaluated(gold, _nothing()))

    assert "expected: 甲 | 乙 (in a.txt)" in printed
    assert ENGLISH.not_found in printed


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_a_bar_on_a_terminal_and_one_line_elsewhere(is_terminal):
    console = _console(is_terminal=is_terminal)
    with AskingProgress(console, ENGLISH) as progress:
        for done in range(1, 4):
            progress(done, 3)

    printed = console.file.getvalue()

    assert (printed == "Asking…\n") is not is_terminal
    assert ("3/3" in printed) is is_terminal
