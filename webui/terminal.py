"""Terminal: answers, progress and outcomes → lines; nothing from a document is ever interpreted."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from index.datatypes import BuildReport
from index.progress import Progress, Stage
from rag.datatypes import Answer, Citation, Status
from rag.explanation import Explanation
from webui.cite_style import CiteStyle
from webui.citing import cite_answer
from webui.controls import escape_controls, neutralize, neutralize_line
from webui.languages import Texts
from webui.languages.answers import ANSWER_TEXTS
from webui.languages.why import WHY_TEXTS
from webui.why import describe_why
from webui.wording import (
    describe_confidence,
    describe_copies,
    describe_dating,
    describe_number,
    describe_percent,
    describe_places,
    describe_report,
    describe_role,
    describe_source,
    describe_stage,
    describe_unsearched,
    repeats_quote,
)

_WORDS_STYLE = "bold underline"


class TerminalConsole(Console):
    """Prints what documents say as it stands, and leaves a closed pipe to the command."""

    def __init__(self) -> None:
        """Write to the standard output; documents' own marks mean nothing here."""
        super().__init__(highlight=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Let the error through: rich would exit with 1, which here means not found."""
        raise  # noqa: PLE0704 - rich calls this while it handles the BrokenPipeError


def print_answer(console: Console, answer: Answer, texts: Texts) -> None:
    """Print an answer with its evidence, or the honest no with the nearest passages.

    :param console: Where to.
    :param answer: The answer.
    :param texts: The language.
    """
    if answer.status is Status.NOT_FOUND:
        _print(console, Text(texts.not_found, "bold"))
    else:
        _print_found(console, answer, texts)
    if answer.nearest and answer.status is not Status.ANSWERED and not answer.conflicting:
        _print(console, Text(f"\n{texts.nearest}", "bold"))
        for citation in answer.nearest:
            _print_citation(console, citation, texts)
    if said := describe_unsearched(answer, texts):
        _print(console, Text(f"\n{neutralize_line(said)}"))


def _print_found(console: Console, answer: Answer, texts: Texts) -> None:
    for words in answer.items:
        _print(console, Text(neutralize(words), "bold"))
    _print(console, Text(_describe_verdict(answer, texts), "dim"))
    for at, citation in enumerate(answer.citations):
        is_repeated = repeats_quote(answer.citations, at)
        _print_citation(console, citation, texts, is_repeated=is_repeated)
        if answer.conflicting:
            _print(console, Text(describe_dating(citation, texts), "dim"))
    if answer.conflicting:
        _print(console, Text(f"\n{ANSWER_TEXTS[texts.code].disputed_more}"))
    elif answer.status is Status.UNCERTAIN:
        _print(console, Text(f"\n{texts.check_original}"))


def print_cited(console: Console, answer: Answer, style: CiteStyle, texts: Texts) -> None:
    """Print an answer as it is cited elsewhere.

    :param console: Where to.
    :param answer: With citations.
    :param style: How.
    :param texts: The language of what is not quoted.
    """
    today = datetime.now(UTC).astimezone().date()
    _print(console, Text(neutralize(cite_answer(answer, style, texts, today=today))))


def print_json(body: object) -> None:
    """Print one line of JSON in UTF-8, whatever the terminal's own encoding.

    :param body: JSON-ready values.
    """
    line = escape_controls(json.dumps(body, ensure_ascii=False)) + "\n"
    sys.stdout.buffer.write(line.encode("utf-8", "replace"))
    sys.stdout.flush()


def print_report(console: Console, report: BuildReport, texts: Texts) -> None:
    """Print what a build did and a table of the files it had to leave out.

    :param console: Where to.
    :param report: Of the build.
    :param texts: The language.
    """
    _print(console, Text(describe_report(report, texts)))
    if not report.problems:
        return
    problems = [(problem.source, problem.message) for problem in report.problems]
    title = texts.problems.format(count=f"{report.n_problems:,}")
    console.print(make_file_table(title, problems, texts))


def make_file_table(title: str, remarks: Sequence[tuple[str, str]], texts: Texts) -> Table:
    """Lay out what is to be said of files.

    :param title: Of the table.
    :param remarks: Files, each with a sentence.
    :param texts: The language.
    :return: The table.
    """
    table = Table(title=title, title_justify="left")
    table.add_column(texts.column_name, overflow="fold")
    table.add_column(texts.column_problem, overflow="fold")
    for source, sentence in remarks:
        table.add_row(Text(neutralize_line(source)), Text(neutralize_line(sentence)))
    return table


class BuildProgress:
    """Shows a build as it goes: a bar on a terminal, a line a stage elsewhere, nothing if none."""

    def __init__(self, console: Console, texts: Texts) -> None:
        """Prepare; nothing is shown before the first report.

        :param console: Where to, usually the standard error.
        :param texts: The language.
        """
        self._console = console
        self._texts = texts
        self._bar: ProgressBar | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far the build has come."""
        stage = describe_stage(progress.stage, self._texts)
        if not self._console.is_terminal:
            if stage != self._stage:
                holder = progress.name if progress.stage is Stage.WAIT else ""
                by = f" ({neutralize_line(holder)})" if holder else ""
                _print(self._console, Text(f"{stage}{by}…"))
            self._stage = stage
            return
        if self._bar is None:
            self._bar = ProgressBar(*_columns(), console=self._console, transient=True)
            self._bar.add_task("", name="")
            self._bar.start()
        self._bar.update(
            self._bar.task_ids[0],
            description=stage,
            completed=progress.done,
            total=progress.total,
            name=neutralize_line(progress.name),
        )


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )


def _describe_verdict(answer: Answer, texts: Texts) -> str:
    words = ANSWER_TEXTS[texts.code]
    said = words.disputed if answer.conflicting else describe_confidence(answer, texts)
    agreeing = words.agreeing.format(count=answer.agreeing) if answer.agreeing > 1 else ""
    return " · ".join(filter(None, (f"{said} {describe_percent(answer)}", agreeing)))


def print_why(console: Console, explanation: Explanation, texts: Texts) -> None:
    """Print why a question was not answered.

    :param console: Where to.
    :param explanation: Of the question.
    :param texts: The language.
    """
    _print(console, Text())
    _print(console, Text(WHY_TEXTS[texts.code].ask, "bold"))
    for line in describe_why(explanation, texts):
        _print(console, Text(neutralize(line)))


def _print_citation(
    console: Console, citation: Citation, texts: Texts, *, is_repeated: bool = False
) -> None:
    quote = Text(neutralize(citation.words if is_repeated else citation.quote))
    if citation.highlight and not is_repeated:
        start = citation.highlight.start - citation.span.start
        quote.stylize(_WORDS_STYLE, start, start + len(citation.highlight))
    role = "" if is_repeated else describe_role(citation, texts)
    places = describe_places(citation.places, texts)
    at = f" {places}" if places else f":{citation.line}"
    place = " › ".join((f"{describe_source(citation)}{at}", *citation.heading))
    number = describe_number(citation, texts)
    _print(console, Text())
    if role:
        _print(console, Text(neutralize_line(role), "dim"))
    _print(console, quote)
    _print(console, Text(f"{number} {neutralize_line(place)}", "cyan"))
    if copies := describe_copies(citation, texts):
        _print(console, Text(neutralize_line(copies), "dim"))


def _print(console: Console, text: Text) -> None:
    """Print without wrapping, so that quotes stay whole when they are copied or piped."""
    console.print(text, soft_wrap=True)
