"""Training passages with their questions, and how they are written: one JSON line a passage."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MAX_ANSWER_CHARS = 60
MIN_QUESTION_CHARS, MAX_QUESTION_CHARS = 5, 70
MIN_PASSAGE_CHARS, MAX_PASSAGE_CHARS = 80, 500
_EDGES = frozenset(" \t\n,.、。:;!?，；：！？·-—~")
_BREAKS = frozenset("。!?;！？；\n")


class Question(NamedTuple):
    """A question and its answer, the code points ``[start, end)`` of its passage."""

    question: str
    start: int
    end: int
    kind: str


class TrainingPassage(NamedTuple):
    """A passage with what it answers and what it only seems to answer.

    ``document`` is shared by the passages of one document.
    """

    source: str
    document: str
    passage: str
    questions: tuple[Question, ...]
    unanswerable: tuple[str, ...]

    def to_json(self) -> str:
        """Return the passage as one line of JSON, without a line break."""
        record = self._asdict() | {"questions": [q._asdict() for q in self.questions]}
        return json.dumps(record, ensure_ascii=False)


def is_clean(question: Question, passage: str) -> bool:
    """Tell whether a question can teach: its answer is a tidy slice that it does not give away."""
    answer = passage[question.start : question.end]
    return (
        0 < len(answer) <= MAX_ANSWER_CHARS
        and MIN_QUESTION_CHARS <= len(question.question) <= MAX_QUESTION_CHARS
        and answer[0] not in _EDGES
        and answer[-1] not in _EDGES
        and not _BREAKS.intersection(answer)
        and answer not in question.question
    )


def write_passages(path: Path, passages: Iterable[TrainingPassage]) -> None:
    """Write the passages as UTF-8 JSON lines, under a temporary name until complete."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(passage.to_json() + "\n" for passage in passages)
    partial.replace(path)
