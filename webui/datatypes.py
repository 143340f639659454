"""The records of the page: what was asked, what a click names, what the source panel shows."""

from dataclasses import dataclass
from enum import StrEnum

from index.datatypes import Document
from rag.datatypes import Answer, Citation


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer; neither answered nor failed while it is being searched."""

    question: str
    answer: Answer | None = None
    has_failed: bool = False


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


class Note(StrEnum):
    """What has to be said about a place that was looked up again; each is a field of Texts."""

    MOVED = "moved"
    CHANGED = "changed"
    GONE = "gone"
    STALE_LINK = "stale_link"


@dataclass(frozen=True, slots=True)
class SourceView:
    """A document opened in the source panel."""

    opened: int  # counts openings, so that opening a place again scrolls to it again
    document: Document | None = None  # None when it is gone
    citation: Citation | None = None  # as of this document; None when opened as a whole
    note: Note | None = None
