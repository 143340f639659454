"""Source text: the shown part of a document → its HTML with quote, words and finds marked.

What is between the marks is the document's own text, so the text content of all is a slice of it.
"""

from bisect import bisect_left
from collections.abc import Iterator

from index.datatypes import Document, Span
from rag.composer import cite_places
from rag.datatypes import Citation
from webui.languages import Texts
from webui.languages.source import SourceTexts
from webui.rendering import escape, isolate, language_of
from webui.source_view import SourceView, Target
from webui.wording import describe_places


def render_text(view: SourceView, document: Document, texts: Texts, words: SourceTexts) -> str:
    """Render what is shown of the text.

    :param view: What is open.
    :param document: Its document.
    :param texts: The language.
    :param words: The same language's words of the panel.
    :return: HTML; the text content of ``.source-text`` is ``view.shown`` of the document's text.
    """
    text, shown = document.text, view.shown
    above = _render_more("earlier", "↑", words.earlier) if shown.start else ""
    below = _render_more("later", "↓", words.later) if shown.end < len(text) else ""
    marked = _Marker(view, document).mark()
    return (
        f'{above}<div class="source-text" role="region" tabindex="0" dir="auto" '
        f'aria-label="{escape(texts.source)}" lang="{language_of(text)}">{marked}</div>{below}'
    )


def describe_extent(document: Document, shown: Span, texts: Texts, words: SourceTexts) -> str:
    """Say how long a document is and which part of it is shown.

    :param document: The document.
    :param shown: The part.
    :param texts: The language.
    :param words: The same language's words of the panel.
    :return: HTML.
    """
    text = document.text
    chars = f"{len(text):,}"
    if len(shown) == len(text):
        return escape(words.whole.format(chars=chars))
    end = shown.start + len(shown.of(text).rstrip())
    first, last = (
        describe_places(cite_places(document, span), texts, isolate=isolate)
        for span in (shown, Span(max(shown.start, end - 1), shown.end))
    )
    if first and last:
        return words.window_of_places.format(chars=chars, first=first, last=last)
    line = text.count("\n", 0, shown.start) + 1
    last_line = line + text.count("\n", shown.start, max(shown.start, shown.end - 1))
    return escape(words.window.format(chars=chars, first=f"{line:,}", last=f"{last_line:,}"))


def find_target(view: SourceView) -> str:
    """Name what the text is to be scrolled to, as a CSS selector."""
    citation = view.citation
    if view.target is Target.FOUND:
        return "#source-found"
    if view.target is Target.JUMP:
        return "#source-jump"
    if view.target is Target.PLACE and citation:
        return "#source-words" if citation.highlight else "#source-quote"
    return ""


def _render_more(action: str, arrow: str, words: str) -> str:
    return (
        f'<button type="button" class="more" data-event="act" data-action="{action}" '
        f'data-value="">{arrow} {escape(words)}</button>'
    )


class _Marker:
    """The marks of one view."""

    def __init__(self, view: SourceView, document: Document) -> None:
        self._view = view
        self._text = document.text
        self._found = view.found.spans if view.found else ()

    def mark(self) -> str:
        shown, citation = self._view.shown, self._view.citation
        quote = _within(citation.span, shown) if citation else None
        if citation is None or quote is None:
            return self._plain(shown)
        return (
            f"{self._plain(Span(shown.start, quote.start))}"
            f'<span id="source-quote">{self._quote(citation, quote)}</span>'
            f"{self._plain(Span(quote.end, shown.end))}"
        )

    def _quote(self, citation: Citation, quote: Span) -> str:
        words = _within(citation.highlight, quote) if citation.highlight else None
        if words is None:
            return self._plain(quote)
        return (
            f"{self._plain(Span(quote.start, words.start))}"
            f'<mark id="source-words">{self._plain(words)}</mark>'
            f"{self._plain(Span(words.end, quote.end))}"
        )

    def _plain(self, part: Span) -> str:
        """Render a part that no citation divides, with what was found in it."""
        pieces, position = [], part.start
        for number, span in self._found_in(part):
            pieces += [self._words(Span(position, span.start)), self._match(number, span)]
            position = span.end
        return "".join([*pieces, self._words(Span(position, part.end))])

    def _found_in(self, part: Span) -> Iterator[tuple[int, Span]]:
        first = bisect_left(self._found, part.start, key=lambda span: span.end)
        for number in range(first, len(self._found)):
            span = self._found[number]
            if span.start >= part.end:
                return
            if inside := _within(span, part):
                yield number, inside

    def _match(self, number: int, part: Span) -> str:
        found = self._view.found
        if found is None or number != found.current:
            return f'<mark class="found">{self._words(part)}</mark>'
        # A match may be in two parts; the first has the name.
        name = ' id="source-found"' if part.start == found.spans[number].start else ""
        return f'<mark class="found current"{name}>{self._words(part)}</mark>'

    def _words(self, part: Span) -> str:
        jump = self._view.jump
        if self._view.target is not Target.JUMP or not part.start <= jump < part.end:
            return escape(part.of(self._text))
        before, after = Span(part.start, jump), Span(jump, part.end)
        anchor = '<span id="source-jump"></span>'
        return f"{escape(before.of(self._text))}{anchor}{escape(after.of(self._text))}"


def _within(span: Span, part: Span) -> Span | None:
    """Return what of a span is in a part; None when nothing is."""
    start, end = max(span.start, part.start), min(span.end, part.end)
    return Span(start, end) if start < end else None
