"""Source panel: a reference → the document, opened at the place, with quote and words marked."""

from collections.abc import Sequence
from dataclasses import replace

from index.datatypes import Document, Span
from rag.composer import cite_places, page_of
from rag.datatypes import Citation
from rag.quotes import QuoteAnchor, find_quote
from webui.datatypes import Note, Reference, Shelf, SourceView, Turn
from webui.languages import Texts
from webui.rendering import escape, isolate, language_of, render_marked
from webui.wording import describe_place, describe_places

WHOLE_CHARS = 200_000  # a longer document is shown in part
_WINDOW_CHARS = 60_000  # before and after the place


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


def find_citation(turns: Sequence[Turn], reference: Reference | None) -> Citation | None:
    """Look a reference up in the conversation it belongs to.

    :param turns: The visitor's own.
    :param reference: From :func:`read_reference`.
    :return: The citation, None when the conversation has none there.
    """
    if reference is None or not 0 <= reference.turn < len(turns):
        return None
    answer = turns[reference.turn].answer
    if answer is None:
        return None
    shelf = answer.nearest if reference.shelf is Shelf.NEAREST else answer.citations
    return shelf[reference.index] if 0 <= reference.index < len(shelf) else None


def open_citation(citation: Citation, document: Document, opened: int) -> SourceView:
    """Open a document at a citation, finding the quote again when the document changed since.

    :param citation: From an answer, perhaps of an older generation.
    :param document: The document as it is now.
    :param opened: The number of this opening.
    :return: The view; without marks when the quote is no longer there.
    """
    if citation.span.of(document.text) == citation.quote:
        return SourceView(opened, document, citation)
    match = find_quote(document.text, QuoteAnchor(citation.quote, "", "", citation.span.start))
    if match is None:
        return SourceView(opened, document, note=Note.CHANGED)
    return SourceView(opened, document, _move(citation, document, match.span.start), Note.MOVED)


def render_source(view: SourceView | None, texts: Texts) -> str:
    """Render the source panel.

    :param view: What is open; None for nothing.
    :param texts: The language.
    :return: HTML, "" when nothing is open.
    """
    if view is None:
        return ""
    document = view.document
    title = document.title if document else texts.source
    body = _render_text(view, document, texts) if document else ""
    return (
        f'<article class="source" aria-labelledby="source-title" data-settle="{view.opened}">'
        f'<div class="bar"><button type="button" class="back" data-event="back">'
        f"← {escape(texts.back)}</button>{_render_copy(view, texts)}</div>"
        f'<h2 id="source-title" tabindex="-1" dir="auto" lang="{language_of(title)}">'
        f"{escape(title)}</h2>{_render_place(view, texts)}{_render_notes(view, texts)}{body}"
        "</article>"
    )


def _move(citation: Citation, document: Document, start: int) -> Citation:
    shift = start - citation.span.start
    span = Span(start, citation.span.end + shift)
    words = citation.highlight
    highlight = Span(words.start + shift, words.end + shift) if words else None
    at = highlight or span
    places = cite_places(document, at)
    return replace(
        citation,
        span=span,
        highlight=highlight,
        line=document.text.count("\n", 0, at.start) + 1,
        page=page_of(places),
        places=places,
    )


def _render_copy(view: SourceView, texts: Texts) -> str:
    if view.citation is None:
        return ""
    words = f"“{view.citation.quote}” — {describe_place(view.citation, texts)}"
    return (
        f'<button type="button" class="copy" data-copy="{escape(words)}" '
        f'data-copied="{escape(texts.copied)}">{escape(texts.copy_quote)}</button>'
    )


def _render_place(view: SourceView, texts: Texts) -> str:
    if view.citation:
        place = describe_place(view.citation, texts, has_title=True, isolate=isolate)
    else:
        place = isolate(view.document.source) if view.document else ""
    return f'<p class="place">{place}</p>' if place else ""


def _render_notes(view: SourceView, texts: Texts) -> str:
    notes = {
        Note.MOVED: texts.moved,
        Note.CHANGED: texts.changed,
        Note.GONE: texts.gone,
        Note.STALE_LINK: texts.stale_link,
    }
    return f'<p class="note" role="status">{escape(notes[view.note])}</p>' if view.note else ""


def _render_text(view: SourceView, document: Document, texts: Texts) -> str:
    text, citation = document.text, view.citation
    shown = _window(text, citation.span if citation else Span(0, 0))
    if citation is None:
        marked = escape(shown.of(text))
    else:
        quote = citation.span
        words = render_marked(
            citation.quote, quote.start, citation.highlight, mark_id="source-words"
        )
        marked = (
            f"{escape(text[shown.start : quote.start])}"
            f'<span id="source-quote">{words}</span>'
            f"{escape(text[quote.end : shown.end])}"
        )
    return (
        f'<p class="about">{_describe_extent(document, shown, texts)}</p>'
        f'<div class="source-text" role="region" tabindex="0" aria-label="{escape(texts.source)}" '
        f'dir="auto" lang="{language_of(text)}">{marked}</div>'
    )


def _describe_extent(document: Document, shown: Span, texts: Texts) -> str:
    text = document.text
    chars = f"{len(text):,}"
    if len(shown) == len(text):
        return escape(texts.whole_document.format(chars=chars))
    end = shown.start + len(shown.of(text).rstrip())
    first, last = (
        describe_places(cite_places(document, span), texts, isolate=isolate)
        for span in (shown, Span(max(shown.start, end - 1), shown.end))
    )
    if first and last:
        return texts.window_of_places.format(chars=chars, first=first, last=last)
    line = text.count("\n", 0, shown.start) + 1
    last_line = line + text.count("\n", shown.start, shown.end)
    return escape(texts.window.format(chars=chars, first=f"{line:,}", last=f"{last_line:,}"))


def _window(text: str, place: Span) -> Span:
    """Choose what is shown of a document: all, or the lines around the place."""
    if len(text) <= WHOLE_CHARS:
        return Span(0, len(text))
    start = max(0, place.start - _WINDOW_CHARS)
    end = min(len(text), place.end + _WINDOW_CHARS)
    if start:  # begin with a whole line where there is one; find() gives -1 where not
        start = max(start, text.find("\n", start, place.start) + 1)
    if end < len(text):
        line_end = text.rfind("\n", place.end, end)
        end = line_end if line_end >= 0 else end
    return Span(start, end)
