"""Evaluation in the terminal: a question file → lines and tables of how good the answers are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from rag.datatypes import Status
from rag.evaluation import Asked, Evaluation, evaluate, is_same_source, n_right
from rag.evaluation_file import (
    EvaluationQuestion,
    FileProblem,
    QuestionFileError,
    read_questions,
)
from rag.federation import Library
from webui.controls import neutralize, neutralize_line
from webui.failures import fail
from webui.languages import Texts
from webui.languages.evaluation import EVALUATION_TEXTS, EvaluationTexts
from webui.wording import describe_percent

_MOST_PROBLEMS = 20
_BETWEEN = " | "


def ask_file(path: Path, load: Callable[[], Library], texts: Texts) -> Evaluation:
    """Ask the questions of a file as :func:`ask_questions` does.

    :param path: The question file.
    :param load: Opens the documents; called once the file is known to be right.
    :param texts: The language.
    :return: The outcomes.
    :raises Exit: With status 2, when the file cannot be used.
    """
    try:
        questions = read_questions(path)
    except QuestionFileError as exc:
        fail(describe_file_error(exc, texts))
    return ask_questions(questions, load(), texts)


def ask_questions(
    questions: Sequence[EvaluationQuestion], library: Library, texts: Texts
) -> Evaluation:
    """Ask questions, saying on the standard error how far it is and what looks amiss.

    :param questions: At least one.
    :param library: The documents.
    :param texts: The language.
    :return: The outcomes.
    """
    console = Console(stderr=True, highlight=False, emoji=False)
    sources = [
        file.source
        for answerer in library.answerers
        for file in answerer.knowledge_base.files.files()
        if file.is_indexed
    ]
    for line in describe_unknown_sources(questions, sources, texts):
        _print(console, Text(line))
    with AskingProgress(console, texts) as progress:
        return evaluate(questions, library.answer, progress=progress)


def describe_file_error(error: QuestionFileError, texts: Texts) -> str:
    """Say what is wrong with a question file, a line each.

    :param error: What reading it raised.
    :param texts: The language.
    """
    words = EVALUATION_TEXTS[texts.code]
    lines = [words.bad_file.format(path=error.path)]
    lines += [_describe_problem(problem, words) for problem in error.problems[:_MOST_PROBLEMS]]
    if more := len(error.problems) - _MOST_PROBLEMS:
        lines += [words.more_problems.format(count=more)] if more > 0 else []
    return "\n  ".join(lines)


def describe_unknown_sources(
    questions: Sequence[EvaluationQuestion], sources: Sequence[str], texts: Texts
) -> list[str]:
    """Say which questions name a document that is not there.

    :param questions: All questions.
    :param sources: All documents.
    :param texts: The language.
    """
    words = EVALUATION_TEXTS[texts.code]
    named = {gold.source for gold in questions if gold.source}
    unknown = {name for name in named if not any(is_same_source(at, name) for at in sources)}
    return [
        words.unknown_source.format(line=gold.line, source=gold.source)
        for gold in questions
        if gold.source in unknown
    ]


def print_evaluation(console: Console, evaluation: Evaluation, texts: Texts) -> None:
    """Print how good the answers are and list those that are not right.

    :param console: Where to.
    :param evaluation: The outcomes.
    :param texts: The language.
    """
    words = EVALUATION_TEXTS[texts.code]
    summary = words.summary.format(
        questions=len(evaluation.results),
        answerable=len(evaluation.answerable),
        unanswerable=len(evaluation.unanswerable),
    )
    _print(console, Text(summary, "bold"))
    if evaluation.answerable:
        console.print(_outcomes(evaluation, words))
        console.print(_overlaps(evaluation, words))
    for line in _details(evaluation, words):
        _print(console, Text(line))
    if not evaluation.wrong:
        _print(console, Text(f"\n{words.all_right}"))
        return
    _print(console, Text(f"\n{words.wrong.format(count=len(evaluation.wrong))}", "bold"))
    for asked in evaluation.wrong:
        _print_wrong(console, asked, texts)


class AskingProgress:
    """Shows how many questions are answered: a bar on a terminal, one line elsewhere."""

    def __init__(self, console: Console, texts: Texts) -> None:
        """Prepare.

        :param console: Where to, usually the standard error.
        :param texts: The language.
        """
        self._console = console
        self._words = EVALUATION_TEXTS[texts.code]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(self._words.asking, total=None)

    def __enter__(self) -> Self:
        """Begin."""
        if self._console.is_terminal:
            self._bar.start()
        else:
            _print(self._console, Text(f"{self._words.asking}…"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._console.is_terminal:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show how many are answered."""
        self._bar.update(self._task, completed=done, total=total)


def _describe_problem(problem: FileProblem, words: EvaluationTexts) -> str:
    said = words.file_problems[problem.kind].format(detail=problem.detail)
    return words.in_line.format(line=problem.line, problem=said) if problem.line else said


def _outcomes(evaluation: Evaluation, words: EvaluationTexts) -> Table:
    table = Table(words.outcome)
    table.add_column(words.n_questions, justify="right")
    table.add_column(words.n_right, justify="right")
    for name, status in ((words.sure, Status.ANSWERED), (words.unsure, Status.UNCERTAIN)):
        results = evaluation.with_status(status)
        table.add_row(name, str(len(results)), _share_of(results))
    table.add_row(words.not_found, str(len(evaluation.with_status(Status.NOT_FOUND))), "")
    table.add_section()
    everything = evaluation.answerable
    table.add_row(words.together, str(len(everything)), _share_of(everything))
    return table


def _share_of(results: Sequence[Asked]) -> str:
    right = n_right(results)
    return f"{right} ({_percent(right / len(results))})" if results else "0"


def _overlaps(evaluation: Evaluation, words: EvaluationTexts) -> Table:
    table = Table(words.language, words.metric)
    for head in (words.n_questions, "F1", "EM"):
        table.add_column(head, justify="right")
    for row in evaluation.overlaps:
        scores = (f"{100 * row.f1:.1f}", f"{100 * row.exact:.1f}")
        table.add_row(row.language, row.metric, str(row.n_questions), *scores)
    return table


def _details(evaluation: Evaluation, words: EvaluationTexts) -> list[str]:
    lines = []
    if evaluation.quote_holds is not None:
        lines.append(words.quote.format(percent=_percent(evaluation.quote_holds)))
    if evaluation.right_source is not None:
        lines.append(words.source.format(percent=_percent(evaluation.right_source)))
    if unanswerable := evaluation.unanswerable:
        refused = n_right(unanswerable)
        lines.append(words.refused.format(refused=refused, count=len(unanswerable)))
    if open_ended := evaluation.open_ended:
        avoided = n_right(open_ended)
        lines.append(words.avoided.format(avoided=avoided, count=len(open_ended)))
    if (error := evaluation.calibration_error) is not None:
        lines.append(words.ece.format(error=f"{error:.2f}"))
    median, p90 = (f"{1000 * evaluation.seconds(share):.0f}" for share in (0.5, 0.9))
    return [*lines, words.latency.format(median=median, p90=p90)]


def _print_wrong(console: Console, asked: Asked, texts: Texts) -> None:
    words = EVALUATION_TEXTS[texts.code]
    line = texts.line.format(line=asked.gold.line)
    _print(console, Text(f"\n{line} · {neutralize_line(asked.gold.question)}", "bold"))
    expected = describe_expected(asked.gold, texts)
    if asked.gold.source:
        expected += f" ({words.expected_source.format(source=asked.gold.source)})"
    _print(console, Text(f"  {neutralize_line(expected)}"))
    if not asked.answer.citations:
        _print(console, Text(f"  {texts.not_found}"))
        return
    first = asked.answer.citations[0]
    sure = words.sure if asked.answer.status is Status.ANSWERED else words.unsure
    said = Text(f"  {sure} {describe_percent(asked.answer)}: ", "dim")
    said.append(neutralize_line(asked.answer.text), "not dim")
    said.append(f"  {neutralize_line(first.source)}:{first.line}", "not dim cyan")
    _print(console, said)


def describe_expected(gold: EvaluationQuestion, texts: Texts) -> str:
    """Say what a question ought to be answered with.

    :param gold: The question.
    :param texts: The language.
    :return: Words that hold what the question does, to be neutralized or escaped.
    """
    words = EVALUATION_TEXTS[texts.code]
    if gold.is_unanswerable:
        return words.expected_nothing
    if gold.answers:
        return words.expected.format(answers=_BETWEEN.join(gold.answers))
    wrong = [answer for answer in gold.excluded if answer]
    return words.expected_not.format(answers=_BETWEEN.join(wrong)) if wrong else words.expected_any


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _print(console: Console, text: Text) -> None:
    """Print without wrapping, so that lines can be searched and piped."""
    text.plain = neutralize(text.plain)
    console.print(text, soft_wrap=True)
