"""Opening: a citation or a link → the place in the document as it is now.

Quotes are found again with the very functions that ``yiju verify`` uses, so both say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.datatypes import Document, Span
from rag.datatypes import Citation, Role
from rag.quotes import QuoteAnchor, find_closest, find_quote, match_in_place
from rag.reciting import cite_again
from webui.datatypes import Reference, Shelf, Turn
from webui.source_link import Link
from webui.source_view import Note


@dataclass(frozen=True, slots=True)
class Place:
    """A place found again."""

    citation: Citation | None  # as of the document as it is now; None when nothing is to be marked
    note: Note | None = None


def read_reference(data: object) -> Reference | None:
    """Read what a click on a citation sent.

    :param data: Anything; it comes from a browser.
    :return: The reference, None when it is not one.
    """
    if not isinstance(data, dict):
        return None
    try:
        return Reference(int(data["turn"]), Shelf(data["shelf"]), int(data["index"]))
    except (KeyError, TypeError, ValueError):
        return None


def find_shelf(turns: Sequence[Turn], reference: Reference | None) -> tuple[Citation, ...]:
    """Look up the list of an answer that a reference is into.

    :param turns: The visitor's own.
    :param reference: From :func:`read_reference`.
    :return: The citations; () when the reference leads nowhere.
    """
    if reference is None or not 0 <= reference.turn < len(turns):
        return ()
    answer = turns[reference.turn].answer
    if answer is None:
        return ()
    shelf = answer.nearest if reference.shelf is Shelf.NEAREST else answer.citations
    return shelf if 0 <= reference.index < len(shelf) else ()


def find_place(citation: Citation, document: Document) -> Place:
    """Find a citation's quote in its document, which may have changed since.

    :param citation: From an answer, perhaps of an older generation.
    :param document: The document as it is now.
    :return: The place.
    """
    start, words = citation.span.start, citation.highlight
    is_same = citation.sha256 == document.sha256
    if is_same and citation.span.of(document.text) == citation.quote:
        return Place(citation)
    anchor = QuoteAnchor(citation.quote, "", "", start)
    within = Span(words.start - start, words.end - start) if words else None
    return _find(citation, document, anchor, within)


def find_linked_place(link: Link, document: Document, *, is_renamed: bool = False) -> Place:
    """Find what a link names in its document, which may have changed since.

    :param link: Anybody may have written it.
    :param document: The document as it is now.
    :param is_renamed: The document was found by its bytes, not by the name in the link.
    :return: The place.
    """
    place = Place(None)
    if link.anchor:
        # Where the bytes are the same, another place that looks alike is not meant.
        is_same = bool(link.sha256) and document.sha256.startswith(link.sha256)
        blank = _blank(document, link.collection)
        place = _find(blank, document, link.anchor, link.words, is_same=is_same)
    return replace(place, note=place.note or (Note.RENAMED if is_renamed else None))


def _find(
    citation: Citation,
    document: Document,
    anchor: QuoteAnchor,
    words: Span | None,
    *,
    is_same: bool = False,
) -> Place:
    match = match_in_place(document.text, anchor) if is_same else None
    match = match or find_quote(document.text, anchor)
    if match is None:
        return _find_closest(citation, document, anchor)
    start = match.span.start
    highlight = Span(start + words.start, start + words.end) if words else None
    found = cite_again(citation, document, match.span, highlight)
    return Place(found, None if start == anchor.start else Note.MOVED)


def _find_closest(citation: Citation, document: Document, anchor: QuoteAnchor) -> Place:
    span = find_closest(document.text, anchor)
    if span is None:
        return Place(None, Note.CHANGED)
    return Place(cite_again(citation, document, span, None), Note.CLOSEST)


def _blank(document: Document, collection: str) -> Citation:
    """Return what is known of a citation that no answer gave."""
    return Citation(
        number=1,
        role=Role.NEAREST,
        source=document.source,
        title=document.title,
        quote="",
        span=Span(0, 0),
        highlight=None,
        line=1,
        page=None,
        heading=(),
        sha256=document.sha256,
        collection=collection,
    )
