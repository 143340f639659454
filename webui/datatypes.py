"""The records of the page: what was asked, and what a click names."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from secrets import token_urlsafe
from typing import Any

from rag.datatypes import Answer
from rag.explanation import Explanation
from webui.history_records import Judgement


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer; neither answered nor failed while it is being searched."""

    question: str
    answer: Answer | None = None
    has_failed: bool = False
    explanation: Explanation | None = None  # of why nothing was found, once asked for
    receipt: dict[str, Any] | None = field(default=None, compare=False)  # as its file holds it
    judgement: Judgement = field(default_factory=Judgement)
    is_judgement_lost: bool = False  # it could not be kept
    key: str = field(default_factory=partial(token_urlsafe, 9), compare=False)  # names it


class Shelf(StrEnum):
    """Which of an answer's two lists a reference is taken from."""

    CITATIONS = "citations"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a citation's button names: a place in the conversation, never a place in a file."""

    turn: int  # from 0
    shelf: Shelf
    index: int  # from 0
