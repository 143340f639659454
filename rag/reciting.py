"""Reciting: a citation and where its quote stands now → the citation of that place."""

from dataclasses import replace

from index.datatypes import Document, Span
from rag.composer import cite_places, page_of
from rag.datatypes import Citation


def cite_again(
    citation: Citation, document: Document, span: Span, highlight: Span | None
) -> Citation:
    """Cite a place of a document as it is now.

    :param citation: As it was; it may be of another document.
    :param document: The document.
    :param span: Of the quote in its text.
    :param highlight: Of the answering words, inside span.
    :return: The citation; its headings are the titles that the place stands under.
    """
    at = highlight or span
    places = cite_places(document, at)
    return replace(
        citation,
        source=document.source,
        title=document.title,
        quote=span.of(document.text),
        span=span,
        highlight=highlight,
        line=document.text.count("\n", 0, at.start) + 1,
        page=page_of(places),
        heading=_headings_above(document, at.start),
        sha256=document.sha256,
        places=places,
    )


def _headings_above(document: Document, at: int) -> tuple[str, ...]:
    """Return the titles that a place stands under, the outermost first."""
    above: list[tuple[int, str]] = []
    for heading in document.headings:
        if heading.span.start > at:
            break
        above = [entry for entry in above if entry[0] < heading.level]
        above.append((heading.level, heading.title))
    return tuple(title for _, title in above)
