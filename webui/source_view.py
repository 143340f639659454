"""The records of the source panel: what is open, where, and what of it is shown."""

from dataclasses import dataclass
from enum import StrEnum

from index.datatypes import Document, Span
from index.formats.page_layout import Box
from rag.datatypes import Citation
from webui.source_find import Found


class Note(StrEnum):
    """What has to be said about a place that was looked up again."""

    MOVED = "moved"  # the words stand, but elsewhere
    CLOSEST = "closest"  # they do not; what is marked is most like them
    CHANGED = "changed"  # they do not, nor anything like them
    RENAMED = "renamed"  # the file has another name now
    GONE = "gone"  # there is no such document
    STALE_LINK = "stale_link"  # the click or address names nothing


class PageNote(StrEnum):
    """Why a page of a PDF is not shown as it should be."""

    FILE_CHANGED = "file_changed"  # on disk since it was indexed
    UNDRAWABLE = "undrawable"
    NO_BOXES = "no_boxes"  # the page is shown, but not where the words stand on it


class Target(StrEnum):
    """What a view is scrolled to."""

    PLACE = "place"  # the words or quote, or else the beginning
    FOUND = "found"
    JUMP = "jump"  # where the outline led
    START = "start"  # the first of what is shown
    END = "end"


class BoxKind(StrEnum):
    """What is boxed on a page."""

    QUOTE = "quote"
    WORDS = "words"
    FOUND = "found"
    CURRENT = "current"  # of what was found, the one looked at


_NOTHING = Span(0, 0)


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """A box with what it is drawn around."""

    kind: BoxKind
    box: Box


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a PDF, shown as a picture."""

    number: int  # from 1
    n_pages: int
    address: str  # of the picture
    width: float  # points
    height: float
    boxes: tuple[MarkedBox, ...]


@dataclass(frozen=True, slots=True)
class SourceView:
    """A document opened in the source panel.

    It is kept with the page's state from one click to the next and never changed, only replaced.
    """

    opened: int  # counts openings, so that opening a place again scrolls to it again
    document: Document | None = None  # None when it is gone
    citation: Citation | None = None  # as of this document; None when opened as a whole
    note: Note | None = None
    collection: str = ""  # that the document is in
    shelf: tuple[Citation, ...] = ()  # what "next" and "previous" lead through
    at: int = 0  # which of them is open, from 0
    shown: Span = _NOTHING  # of the document's text
    target: Target = Target.PLACE
    jump: int = 0  # where the outline led, in the text
    found: Found | None = None  # None while nothing is looked for
    wants_page: bool = True  # rather than the text, where there are pages
    sheet: Sheet | None = None  # None while the text is shown
    page_note: PageNote | None = None
