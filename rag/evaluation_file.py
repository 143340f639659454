"""Question files: a user's JSONL or CSV → questions with their gold answers.

JSONL has one object a line, CSV a header line; both have ``question``, ``answer`` and, when wished,
``source``. Several answers are a list in JSONL and stand between ``|`` in CSV. An empty answer
says that the documents do not hold one. ``not_answer`` has what is known to be wrong, of which an
empty text says that an answer must be found; the right answer may then be left out. All that is
wrong with a file is reported at once.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeGuard

from index.errors import DocumentError
from index.formats.plain_text import decode
from rag.errors import RagError

_JSONL = {".jsonl", ".ndjson", ".json"}
_CSV = {".csv", ".tsv"}
# What a column or a key may be called.
_QUESTION = ("question", "问题", "問題")
_ANSWER = ("answer", "answers", "答案", "回答")
_NOT_ANSWER = ("not_answer", "错误答案", "錯誤答案")
_SOURCE = ("source", "来源", "來源", "出处", "出處")
_BETWEEN_ANSWERS = re.compile(r"[|｜]")
_DELIMITERS = ",;\t"  # the second where the comma is the decimal mark
_LINE_END = re.compile(r"\r\n|\r|\n")  # not splitlines: U+2028 may stand inside a JSON string


class FileProblemKind(StrEnum):
    """What can be wrong with a question file."""

    UNREADABLE = "unreadable"  # detail: why
    UNKNOWN_FORMAT = "unknown_format"  # detail: the suffix
    NO_COLUMNS = "no_columns"  # detail: the missing ones
    NO_QUESTIONS = "no_questions"
    NOT_AN_OBJECT = "not_an_object"
    BAD_CSV = "bad_csv"  # detail: why
    TOO_MANY_CELLS = "too_many_cells"
    NO_QUESTION = "no_question"
    NO_ANSWER = "no_answer"  # the key is missing, which may be a slip
    BAD_ANSWER = "bad_answer"
    BAD_NOT_ANSWER = "bad_not_answer"
    BAD_SOURCE = "bad_source"


_ENGLISH = {
    FileProblemKind.UNREADABLE: "it cannot be read: {detail}",
    FileProblemKind.UNKNOWN_FORMAT: "its name must end in .jsonl or .csv, not {detail!r}",
    FileProblemKind.NO_COLUMNS: "the first line must name the columns; missing: {detail}",
    FileProblemKind.NO_QUESTIONS: "it has no questions",
    FileProblemKind.NOT_AN_OBJECT: "not a JSON object",
    FileProblemKind.BAD_CSV: "not CSV: {detail}",
    FileProblemKind.TOO_MANY_CELLS: "more cells than columns; put a cell with commas in quotes",
    FileProblemKind.NO_QUESTION: "no question",
    FileProblemKind.NO_ANSWER: 'no "answer"; write "" when the documents do not hold one',
    FileProblemKind.BAD_ANSWER: '"answer" must be a text or a list of texts',
    FileProblemKind.BAD_NOT_ANSWER: '"not_answer" must be a text or a list of texts',
    FileProblemKind.BAD_SOURCE: '"source" must be a text',
}


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing that is wrong with a question file."""

    kind: FileProblemKind
    line: int | None = None  # from 1; None: the whole file
    detail: str = ""


class QuestionFileError(RagError):
    """Raised when a question file cannot be used; ``problems`` are all that is wrong with it."""

    def __init__(self, path: Path, problems: Sequence[FileProblem]) -> None:
        """Say what is wrong in English; interfaces say it in the user's language.

        :param path: The file.
        :param problems: One or more.
        """
        self.path = path
        self.problems = tuple(problems)
        lines = (
            f"{path}{f':{problem.line}' if problem.line else ''}: "
            + _ENGLISH[problem.kind].format(detail=problem.detail)
            for problem in self.problems
        )
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class EvaluationQuestion:
    """A question with the answers that its asker would accept."""

    question: str
    answers: tuple[str, ...]  # () when the documents do not hold one, or it is not known
    source: str | None  # the document that holds them, as far as its asker says
    line: int  # in the file, from 1
    excluded: tuple[str, ...] = ()  # answers known to be wrong; "" is to find none

    @property
    def is_unanswerable(self) -> bool:
        """Whether it ought to be refused."""
        return not self.answers and not self.excluded

    @property
    def is_open(self) -> bool:
        """Whether only wrong answers are known."""
        return not self.answers and bool(self.excluded)


def read_questions(path: Path) -> tuple[EvaluationQuestion, ...]:
    """Read a question file.

    :param path: JSONL (``.jsonl``) or CSV (``.csv``, ``.tsv``), in any usual encoding.
    :return: The questions in the order of the file, at least one.
    :raises QuestionFileError: When the file or any of its lines cannot be used.
    """
    suffix = path.suffix.lower()
    if suffix not in _JSONL | _CSV:
        raise QuestionFileError(path, [FileProblem(FileProblemKind.UNKNOWN_FORMAT, None, suffix)])
    try:
        text, _ = decode(path.read_bytes())
    except (OSError, DocumentError) as exc:
        detail = (exc.strerror or str(exc)) if isinstance(exc, OSError) else str(exc)
        problem = FileProblem(FileProblemKind.UNREADABLE, None, detail)
        raise QuestionFileError(path, [problem]) from exc
    read = list(_read_jsonl(text) if suffix in _JSONL else _read_csv(text))
    problems = [entry for entry in read if isinstance(entry, FileProblem)]
    questions = tuple(entry for entry in read if isinstance(entry, EvaluationQuestion))
    if not read:
        problems.append(FileProblem(FileProblemKind.NO_QUESTIONS))
    if problems:
        raise QuestionFileError(path, problems)
    return questions


def _read_jsonl(text: str) -> Iterator[EvaluationQuestion | FileProblem]:
    for number, line in enumerate(_LINE_END.split(text), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, dict):
            yield _to_question(values, number)
        else:
            yield FileProblem(FileProblemKind.NOT_AN_OBJECT, number)


def _to_question(values: Mapping[str, object], line: int) -> EvaluationQuestion | FileProblem:
    question = _value(values, _QUESTION)
    if not isinstance(question, str) or not question.strip():
        return FileProblem(FileProblemKind.NO_QUESTION, line)
    if not any(name in values for name in (*_ANSWER, *_NOT_ANSWER)):
        return FileProblem(FileProblemKind.NO_ANSWER, line)
    answers, excluded = (_texts(values, names) for names in (_ANSWER, _NOT_ANSWER))
    if answers is None:
        return FileProblem(FileProblemKind.BAD_ANSWER, line)
    if excluded is None:
        return FileProblem(FileProblemKind.BAD_NOT_ANSWER, line)
    source = _value(values, _SOURCE)
    if source is not None and not isinstance(source, str):
        return FileProblem(FileProblemKind.BAD_SOURCE, line)
    kept = tuple(filter(None, answers))
    source = (source or "").strip() or None
    return EvaluationQuestion(question.strip(), kept, source, line, excluded)


def _value(values: Mapping[str, object], names: Sequence[str]) -> object:
    return next((values[name] for name in names if name in values), None)


def _texts(values: Mapping[str, object], names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the texts of a key, of which there may be one, several or none; None for others."""
    given = _value(values, names)
    entries = given if isinstance(given, list) else [] if given is None else [given]
    return tuple(str(entry).strip() for entry in entries) if _are_plain(entries) else None


def _are_plain(entries: Sequence[object]) -> TypeGuard[Sequence[str | int | float]]:
    # A bare number is taken as its digits; true and false are slips.
    return all(isinstance(e, str | int | float) and not isinstance(e, bool) for e in entries)


def _read_csv(text: str) -> Iterator[EvaluationQuestion | FileProblem]:
    header = _LINE_END.split(text, maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        missing = [columns[0] for columns in (_QUESTION, _ANSWER) if not {*columns} & {*names}]
        if missing:
            yield FileProblem(FileProblemKind.NO_COLUMNS, 1, ", ".join(missing))
            return
        line = rows.line_num + 1
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield _to_row_question(names, cells, line)
            line = rows.line_num + 1  # where the next row begins; a cell may hold line ends
    except csv.Error as exc:
        yield FileProblem(FileProblemKind.BAD_CSV, line, str(exc))


def _to_row_question(
    names: Sequence[str], cells: Sequence[str], line: int
) -> EvaluationQuestion | FileProblem:
    if any(cell.strip() for cell in cells[len(names) :]):
        return FileProblem(FileProblemKind.TOO_MANY_CELLS, line)
    values: dict[str, object] = {}
    answers: list[str] = []
    excluded: list[str] = []
    for name, cell in zip(names, cells, strict=False):  # spreadsheets leave out empty last cells
        if name in _ANSWER:
            answers += _BETWEEN_ANSWERS.split(cell)
        elif name in _NOT_ANSWER:
            excluded += filter(None, map(str.strip, _BETWEEN_ANSWERS.split(cell)))
        else:
            values.setdefault(name, cell)
    return _to_question({**values, _ANSWER[0]: answers, _NOT_ANSWER[0]: excluded}, line)
