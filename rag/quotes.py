"""Quotes: words that once stood in a document → where they stand in its text now."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from index.datatypes import Span
from index.sentences import split_sentences

CONTEXT_CHARS = 32  # before and after a quote
_MAX_OCCURRENCES = 1000  # that are compared by what stands around them
_NEAR = 200_000  # characters before and after the old place
_MAX_CLOSEST_CHARS = 1000
_LEAST_LIKENESS = 0.4


@dataclass(frozen=True, slots=True)
class QuoteAnchor:
    """A quote with what stood around it, and where."""

    quote: str  # not empty
    prefix: str  # up to 32 characters; fewer at the document's start
    suffix: str
    start: int  # of the quote in the text it was taken from


@dataclass(frozen=True, slots=True)
class QuoteMatch:
    """A place where a quote stands, to the character."""

    span: Span
    context: str  # the characters of prefix and suffix that stand around it there, too
    is_whole: bool  # all of them do


def anchor_quote(text: str, span: Span) -> QuoteAnchor:
    """Remember a quote with what stands around it.

    :param text: A document's.
    :param span: Of the quote in it.
    :return: What finds it again.
    """
    prefix = text[max(0, span.start - CONTEXT_CHARS) : span.start]
    suffix = text[span.end : span.end + CONTEXT_CHARS]
    return QuoteAnchor(span.of(text), prefix, suffix, span.start)


def find_quote(text: str, anchor: QuoteAnchor) -> QuoteMatch | None:
    """Find a quote in a text.

    :param text: Any text.
    :param anchor: The quote.
    :return: Of all places where it stands, the one with most of the same characters around it, and
        of several such the one closest to where it was; None when it stands nowhere.
    """
    whole = anchor.prefix + anchor.quote + anchor.suffix
    before = len(anchor.prefix)
    starts = [at + before for at in _occurrences(text, whole, anchor.start - before)]
    matches = [
        _match(text, anchor, start)
        for start in starts or _occurrences(text, anchor.quote, anchor.start)
    ]
    return max(
        matches,
        key=lambda found: (len(found.context), -_distance(found, anchor), -found.span.start),
        default=None,
    )


def match_in_place(text: str, anchor: QuoteAnchor) -> QuoteMatch | None:
    """Look at where a quote stood.

    :param text: Any text.
    :param anchor: The quote.
    :return: The place; None when the quote no longer stands there.
    """
    span = Span(anchor.start, anchor.start + len(anchor.quote))
    return _match(text, anchor, anchor.start) if span.of(text) == anchor.quote else None


def find_closest(text: str, anchor: QuoteAnchor) -> Span | None:
    """Find the sentence that is most like a quote that no longer stands in a text.

    Alike is measured by Dice's coefficient of the pairs of neighbouring characters (Dice 1945,
    "Measures of the amount of ecologic association between species"): 2 |A ∩ B| / (|A| + |B|).

    :param text: Any text; only what is around the quote's old place is compared.
    :param anchor: The quote.
    :return: The sentence; None when none is much like it.
    """
    end = min(len(text), anchor.start + len(anchor.quote) + _NEAR)
    base = max(0, min(anchor.start, len(text)) - _NEAR)
    around = text[base:end]
    wanted = _pairs(anchor.quote)
    best, likeness = None, _LEAST_LIKENESS
    for sentence in split_sentences(around):
        pairs = _pairs(around[sentence.start : min(sentence.end, sentence.start + _NEAR)])
        total = len(wanted) + len(pairs)
        alike = 2 * len(wanted & pairs) / total if total else 0.0
        if alike > likeness:
            best, likeness = sentence, alike
    if best is None:
        return None
    return Span(base + best.start, base + min(best.end, best.start + _MAX_CLOSEST_CHARS))


def _occurrences(text: str, words: str, start: int) -> set[int]:
    """Find where words stand: near their old place, after it and from the text's beginning.

    Only forwards: str.rfind takes the product of both lengths in a text made for it.
    """
    near = islice(_iterate(text, words, max(0, start - _NEAR)), _MAX_OCCURRENCES)
    after = islice(_iterate(text, words, max(0, start)), 1)
    return {*near, *after, *islice(_iterate(text, words, 0), _MAX_OCCURRENCES)}


def _iterate(text: str, words: str, start: int) -> Iterator[int]:
    at = text.find(words, start)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def _match(text: str, anchor: QuoteAnchor, start: int) -> QuoteMatch:
    end = start + len(anchor.quote)
    before = text[max(0, start - len(anchor.prefix)) : start]
    n_before = _n_alike(anchor.prefix[::-1], before[::-1])
    n_after = _n_alike(anchor.suffix, text[end : end + len(anchor.suffix)])
    context = anchor.prefix[len(anchor.prefix) - n_before :] + anchor.suffix[:n_after]
    is_whole = len(context) == len(anchor.prefix) + len(anchor.suffix)
    return QuoteMatch(Span(start, end), context, is_whole)


def _n_alike(one: str, other: str) -> int:
    """Count the characters that two strings begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _distance(match: QuoteMatch, anchor: QuoteAnchor) -> int:
    return abs(match.span.start - anchor.start)


def _pairs(words: str) -> set[str]:
    return {words[at : at + 2] for at in range(len(words) - 1)}
