"""Selection: the reader's spans of each hit → the words to answer with.

The reader spreads its probability over overlapping spans. Of each hit we take the clause that holds
most of it and answer with the shortest stretch around its best span that holds ``_SHARE`` of what
the clause holds: a sure reader's own words, an unsure one's whole clause, rather than half a name.
README's end-to-end table has what comes of it.

A question that asks for several things is answered with several spans where the reader puts most of
its probability on spans apart from each other: it was trained to see all items of a list as likely.
Items side by side ("甲、乙和丙") are one span. On the list questions of held-out CMRC articles,
whose answers are one span each, this costs 1 point of F1; without both conditions it costs 5.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from index.datatypes import Span
from index.sentences import strip_span
from rag.datatypes import AnswerSpan
from rag.reader import trim_span

_CLAUSE = re.compile(r"[^，,；;：:。！？!?\n]+")
_SHARE = 0.8
_MAX_CHARS = 120
_LEAST = 1e-9  # keeps the logarithm finite
_ITEM_SHARE = 0.25  # of the best item's probability that another item of a list has at least
_LEAST_OF_LIST = 0.4  # of all probability that the items of a list hold together
_JOINS_ITEMS = re.compile(
    r"[\s、，,]*(?:以?及|和|与|與|或|并|並|and|or|&|や|と)?\s*", re.IGNORECASE
)


def select_spans(spans: Sequence[AnswerSpan], *, several: bool = False) -> list[AnswerSpan]:
    """Choose one span a hit.

    :param spans: From the reader, those of a hit together.
    :param several: The question asks for several things: a hit may give a list of spans, the first
        one with the others ``following`` it.
    :return: One span for each hit that has any, in their order; ``score`` is the log of the
        probability that lies inside it and those that follow it.
    """
    select = _select_several if several else _select
    return [select(list(group)) for _, group in groupby(spans, key=lambda span: span.hit.rank)]


def _select_several(spans: list[AnswerSpan]) -> AnswerSpan:
    items = _pick_items(spans)
    mass = sum(math.exp(item.score) for item in items)
    if len(items) < 2 or mass < _LEAST_OF_LIST:
        return _select(spans)
    first, *others = _join_neighbours(sorted(items, key=lambda item: item.span))
    return replace(first, following=tuple(others), score=math.log(min(1.0, mass)))


def _join_neighbours(items: list[AnswerSpan]) -> list[AnswerSpan]:
    """Make one span of items with nothing but a comma or "and" between them."""
    joined = items[:1]
    for item in items[1:]:
        last = joined[-1]
        chunk = last.hit.chunk
        gap = Span(last.span.end - chunk.span.start, item.span.start - chunk.span.start)
        whole = Span(last.span.start, item.span.end)
        if not _JOINS_ITEMS.fullmatch(gap.of(chunk.text)) or len(whole) > _MAX_CHARS:
            joined.append(item)
            continue
        sentence = Span(last.sentence.start, max(last.sentence.end, item.sentence.end))
        score = math.log(min(1.0, math.exp(last.score) + math.exp(item.score)))
        joined[-1] = replace(last, span=whole, sentence=sentence, score=score)
    return joined


def _pick_items(spans: Iterable[AnswerSpan]) -> list[AnswerSpan]:
    """Take the most probable spans that do not overlap, down to a share of the best one's."""
    items: list[AnswerSpan] = []
    for span in sorted(spans, key=lambda span: (-span.score, span.span)):
        if items and span.score < items[0].score + math.log(_ITEM_SHARE):
            break
        if not any(_overlap(span.span, item.span) for item in items):
            items.append(span)
    return items


def _select(spans: list[AnswerSpan]) -> AnswerSpan:
    clauses = {_clause_around(span) for span in spans}
    clause = max(clauses, key=lambda area: (_mass(spans, area), -area.start))
    inside = [span for span in spans if _contains(clause, span.span)]
    best = max(inside, key=lambda span: (span.score, -span.span.start))
    enough = _SHARE * _mass(spans, clause)
    areas = {span.span for span in inside if _contains(span.span, best.span)} | {clause}
    area = min(
        (area for area in areas if _mass(spans, area) >= enough),
        key=lambda area: (len(area), area.start),
    )
    return _resize(best, spans, area if len(area) <= _MAX_CHARS else best.span)


def _resize(best: AnswerSpan, spans: list[AnswerSpan], area: Span) -> AnswerSpan:
    base = best.hit.chunk.span.start
    words = trim_span(best.hit.chunk.text, Span(area.start - base, area.end - base))
    span = Span(base + words.start, base + words.end)
    sentence = Span(min(best.sentence.start, span.start), max(best.sentence.end, span.end))
    mass = _mass(spans, span)
    return replace(best, span=span, sentence=sentence, score=math.log(min(1.0, max(mass, _LEAST))))


def _clause_around(span: AnswerSpan) -> Span:
    """Return the clause of the span's sentence that holds it; several when it crosses a comma."""
    text, base = span.hit.chunk.text, span.hit.chunk.span.start
    start, end = span.span.start - base, span.span.end - base
    for match in _CLAUSE.finditer(text, span.sentence.start - base, span.sentence.end - base):
        if match.start() < end and span.span.start - base < match.end():
            start, end = min(start, match.start()), max(end, match.end())
    clause = strip_span(text, Span(start, end))
    return Span(base + clause.start, base + clause.end)


def _mass(spans: Iterable[AnswerSpan], area: Span) -> float:
    return sum(math.exp(span.score) for span in spans if _contains(area, span.span))


def _contains(area: Span, span: Span) -> bool:
    return area.start <= span.start and span.end <= area.end


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
