"""Sentences: text → the spans of its sentences, without the white space around them."""

import re
from collections.abc import Iterator

from index.datatypes import Span

# A sentence ends after 。！？ or a full stop, with the closing quotes and brackets that follow, or
# at a line's end. A Latin full stop ends one only before white space, and not after an initial, a
# number that begins a line ("1. "), or a usual abbreviation.
_CLOSERS = r"[”’」』）)】》〉\"'\]*]*"
# Each run is taken whole and only from its first character (++ and the look-behinds), or a line of
# ten thousand dots would be tried from every one of them.
_END = re.compile(
    rf"(?:[。！？!?｡]++|(?<!…)…++(?=\s|$)){_CLOSERS}+|(?<!\.)\.++{_CLOSERS}+(?=\s|$)|\n++"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Art|vs|etc|e\.g|i\.e|cf|Fig|Inc|Ltd|Co|Jr|Sr"
    r"|Gen|Rep|Sen|approx|[A-Za-z](?:\.[A-Za-z])+)$|(?:^|\n)[ \t]*\d{1,3}$"
)
_LOOKBACK = 12  # characters that the longest abbreviation needs


def split_sentences(text: str) -> list[Span]:
    """Cut a text into sentences.

    :param text: Any text; offsets are into it.
    :return: Spans in order; together they cover every character that is not white space.
    """
    spans = []
    start = 0
    for end in _ends(text):
        words = text[start:end]
        if stripped := words.strip():
            first = start + len(words) - len(words.lstrip())
            spans.append(Span(first, first + len(stripped)))
        start = end
    return spans


def strip_span(text: str, span: Span) -> Span:
    """Shrink a span so that it neither begins nor ends with white space.

    :param text: The text of the span.
    :param span: A range of it.
    :return: The smaller range; empty, at the old start, when there is nothing else in it.
    """
    words = span.of(text)
    stripped = words.strip()
    if not stripped:
        return Span(span.start, span.start)
    start = span.start + len(words) - len(words.lstrip())
    return Span(start, start + len(stripped))


def _ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        start, end = match.span()
        if text[start] == "." and _ABBREVIATION.search(text[max(0, start - _LOOKBACK) : start]):
            continue
        yield end
    yield len(text)
