"""The plan of the planted folder: what each file says, the facts in it, where each must be found.

``plan/*.toml`` holds the words, one document a ``[[file]]``. A part is what its format counts: a
page, a slide, a sheet, a chapter, a section. What is expected of a fact follows from the plan and
the format alone, never from what a loader says.
"""

import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from index.datatypes import PlaceKind
from rag.datatypes import CitedPlace

_PLAN_DIR = Path(__file__).parent / "plan"
_SENTENCE_END = re.compile(r"(?<=[。！？])|(?<=[.!?]) (?=[A-ZÀ-Þ])|\n")
_HEADED = ("docx", "eml", "epub", "htm", "html", "md", "pptx")
_LINED = ("md", "txt")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table."""

    value: str | int | float  # what is stored
    shown: str  # what a person sees
    number_format: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first of its rows names the columns."""

    rows: tuple[tuple[Cell, ...], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(cell.shown for cell in self.rows[0])


@dataclass(frozen=True, slots=True)
class Part:
    """A page, slide, sheet, chapter or section."""

    heading: str
    paragraphs: tuple[str, ...]
    table: Table | None
    facts: tuple[tuple[str, str], ...]  # question, answer; the answer stands once in the part
    above: tuple[str, ...]  # rows of a sheet over its table
    blank_rows: int  # of a sheet before its table
    notes: str  # of a slide


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A document to be written."""

    path: PurePosixPath
    title: str
    parts: tuple[Part, ...]
    encoding: str
    newline: str
    columns: int  # of a PDF's pages
    wrap: int  # columns that a text's lines are cut to, 0 for none
    mail: dict[str, str]  # from, to, date, and "html" as body

    @property
    def format(self) -> str:
        """The name's ending."""
        return self.path.suffix.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Fact:
    """A planted sentence and where it must be found."""

    file: PlannedFile
    question: str
    answer: str
    sentence: str  # as the document's text must hold it
    places: tuple[CitedPlace, ...]
    heading: str  # that it stands under; "" where the format has none
    is_lined: bool  # the file's own line numbers are cited


def load_plan() -> tuple[PlannedFile, ...]:
    """Read every planned document, in the order of the plan's files."""
    return tuple(
        _file(entry)
        for path in sorted(_PLAN_DIR.glob("*.toml"))
        for entry in tomllib.loads(path.read_text("utf-8"))["file"]
    )


def list_facts(file: PlannedFile) -> list[Fact]:
    """List a document's facts with what must be found of each."""
    return [
        _fact(file, number, question, answer)
        for number, part in enumerate(file.parts, 1)
        for question, answer in part.facts
    ]


def _file(entry: dict[str, Any]) -> PlannedFile:
    return PlannedFile(
        path=PurePosixPath(entry["path"]),
        title=entry.get("title", ""),
        parts=tuple(_part(part) for part in entry["part"]),
        encoding=entry.get("encoding", "utf-8"),
        newline=entry.get("newline", "\n"),
        columns=entry.get("columns", 1),
        wrap=entry.get("wrap", 0),
        mail={name: entry[name] for name in ("from", "to", "date", "body") if name in entry},
    )


def _part(entry: dict[str, Any]) -> Part:
    rows = tuple(tuple(_cell(cell) for cell in row) for row in entry.get("table", ()))
    return Part(
        heading=entry.get("heading", ""),
        paragraphs=tuple(entry.get("text", "").split("\n")[:-1]),
        table=Table(rows) if rows else None,
        facts=tuple((question, answer) for question, answer in entry["facts"]),
        above=tuple(entry.get("above", ())),
        blank_rows=entry.get("blank_rows", 0),
        notes=entry.get("notes", ""),
    )


def _cell(entry: Any) -> Cell:
    if isinstance(entry, list):
        value, number_format, shown = entry
        return Cell(value, shown, number_format)
    return Cell(entry, str(entry))


def _fact(file: PlannedFile, number: int, question: str, answer: str) -> Fact:
    part = file.parts[number - 1]
    prose = [
        _wrapped(paragraph, sentence, file.wrap)
        for paragraph in (*part.paragraphs, part.notes)
        for sentence in _SENTENCE_END.split(paragraph)
        if answer in sentence
    ]
    rows = [
        at
        for at, row in enumerate(part.table.rows if part.table else ())
        if any(answer in cell.shown for cell in row)
    ]
    assert len(prose) + len(rows) == 1, f"{answer} does not stand once in {file.path}, {number}"
    return Fact(
        file=file,
        question=question,
        answer=answer,
        sentence=prose[0] if prose else _row_words(file.format, part.table, rows[0], answer),
        places=_places(file, number, rows[0] if rows else 0),
        heading=_heading(file, part),
        is_lined=file.format in _LINED,
    )


def _wrapped(paragraph: str, sentence: str, wrap: int) -> str:
    """Return a sentence as it stands in its paragraph when that is cut into lines."""
    if not wrap:
        return sentence
    words = r"\s".join(re.escape(word) for word in sentence.split(" "))
    found = re.search(words, textwrap.fill(paragraph, wrap))
    assert found
    return found.group()


def _row_words(suffix: str, table: Table, at: int, answer: str) -> str:
    """Write a row as the text of its format must hold it."""
    cells = [cell.shown for cell in table.rows[at]]
    labelled = [f"{name}: {cell}" for name, cell in zip(table.labels, cells, strict=True)]
    match suffix:
        case "json" | "jsonl":  # each value is a line with its keys
            return next(line for line in labelled if answer in line).replace("/", " / ", 1)
        case "md":  # as the file has it
            return f"| {' | '.join(cells)} |"
        case "docx" | "pptx":  # whose tables need not have a header
            return " | ".join(cells)
    return " | ".join(labelled)


def _places(file: PlannedFile, number: int, at: int) -> tuple[CitedPlace, ...]:
    part = file.parts[number - 1]
    match file.format:
        case "pdf":
            return (CitedPlace(PlaceKind.PAGE, number),)
        case "pptx":
            return (CitedPlace(PlaceKind.SLIDE, number),)
        case "xlsx":
            row = len(part.above) + part.blank_rows + at + 1
            sheet = CitedPlace(PlaceKind.SHEET, number, part.heading)
            return (sheet, CitedPlace(PlaceKind.ROW, row))
        case "csv" | "tsv":
            return (CitedPlace(PlaceKind.ROW, at + 1),)
        case "json" | "jsonl":
            return (CitedPlace(PlaceKind.RECORD, at, part.heading),)
    return ()


def _heading(file: PlannedFile, part: Part) -> str:
    if file.format not in _HEADED:
        return ""
    return file.title if file.format == "eml" else part.heading
