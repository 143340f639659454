"""Sheet: a place in a PDF → the picture of its page with the words boxed."""

import logging
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlencode

from index.datatypes import Document, Place, Span
from index.errors import DocumentError
from index.originals import ChangedError, Original
from rag import Answerer
from webui.page_image import PageImages
from webui.source_link import HASH_DIGITS
from webui.source_view import BoxKind, MarkedBox, PageNote, Sheet, SourceView

logger = logging.getLogger(__name__)

PDF = "application/pdf"
_MOST_FOUND = 200  # boxed on a page


def page_at(document: Document, at: int) -> int:
    """Tell on which page of a PDF a place of its text is.

    :param document: Any document.
    :param at: The place.
    :return: The page's number from 1; 0 when the document is no PDF.
    """
    if not has_pages(document):
        return 0
    return max(1, bisect_right(document.places, at, key=lambda place: place.span.start))


def has_pages(document: Document) -> bool:
    """Tell whether a document's pages can be shown as pictures."""
    return document.media_type == PDF and bool(document.places)


def lay_sheet(
    view: SourceView, document: Document, number: int, *, answerer: Answerer, images: PageImages
) -> SourceView:
    """Show a page of a PDF, or say why it cannot be shown.

    :param view: What is open.
    :param document: A PDF.
    :param number: The page's, from 1.
    :param answerer: What it was indexed by.
    :param images: Draws it.
    :return: The view with the page; without it, the text is shown.
    :raises ValueError: When there is no such page.
    """
    if not has_pages(document) or not 1 <= number <= len(document.places):
        raise ValueError("no such page")
    page = document.places[number - 1]
    asked = list(_wanted(view, page))
    original = Original(answerer.documents_dir, document.source, document.sha256)
    try:
        layout = images.find_boxes(
            original, number, page.span.of(document.text), [span for _, span in asked]
        )
    except ChangedError as exc:
        logger.info("%s is shown as text: %s", document.source, exc)
        return replace(view, sheet=None, page_note=PageNote.FILE_CHANGED)
    except DocumentError as exc:
        logger.warning("Page %d of %s cannot be shown: %s", number, document.source, exc)
        return replace(view, sheet=None, page_note=PageNote.UNDRAWABLE)
    boxes = [
        MarkedBox(kind, box)
        for (kind, _), found in zip(asked, layout.boxes, strict=False)
        for box in found
    ]
    sheet = Sheet(
        number,
        len(document.places),
        _address(document, number, view.collection),
        layout.width,
        layout.height,
        tuple(boxes),
    )
    note = PageNote.NO_BOXES if asked and not boxes else None
    return replace(view, sheet=sheet, page_note=note)


def _wanted(view: SourceView, page: Place) -> Iterator[tuple[BoxKind, Span]]:
    """Yield what is to be boxed on a page, in its text; what lies on top comes last."""
    marked: list[tuple[BoxKind, Span]] = []
    if view.citation:
        marked.append((BoxKind.QUOTE, view.citation.span))
        if view.citation.highlight:
            marked.append((BoxKind.WORDS, view.citation.highlight))
    if view.found and view.found.spans:
        current = view.found.spans[view.found.current]
        here = [span for span in view.found.spans if _overlap(span, page.span)][:_MOST_FOUND]
        marked += [(BoxKind.FOUND, span) for span in here if span != current]
        marked.append((BoxKind.CURRENT, current))
    for kind, span in marked:
        if _overlap(span, page.span):
            start = page.span.start
            yield kind, Span(max(0, span.start - start), min(span.end, page.span.end) - start)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _address(document: Document, number: int, collection: str) -> str:
    parts = {
        "doc": document.doc_id,
        "page": str(number),
        "hash": document.sha256[:HASH_DIGITS],
        "collection": collection,
    }
    return "page-image?" + urlencode(parts, quote_via=quote)
