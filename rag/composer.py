"""Composer: judged spans → the Answer with its verified citations.

Nothing is shown that is not a slice of its document: every citation is compared with the document's
text when the answer is made, and one that differs is dropped and logged.
"""

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from index.datatypes import Chunk, Document, Hit, Place, PlaceKind, Span
from index.errors import IndexCorruptError
from index.normalization import fold_text
from rag.calibration import Judged
from rag.datatypes import Answer, AnswerSpan, Citation, CitedPlace, Query, Role, Status
from rag.document_dates import date_document
from rag.joined import Knowledge
from rag.values import Agreement

logger = logging.getLogger(__name__)


def compose_answer(
    knowledge_base: Knowledge,
    query: Query,
    *,
    judged: Sequence[Judged],
    nearest: Sequence[Hit],
) -> Answer:
    """Make the answer.

    :param knowledge_base: Holds the documents.
    :param query: The question.
    :param judged: The reader's spans, most probable first.
    :param nearest: The closest hits, shown unless the answer is sure.
    :return: The answer; its text is the first citation's highlighted words.
    """
    shown = [
        (entry, citation)
        for entry in judged
        if entry.status is not Status.NOT_FOUND
        and (citation := cite_span(knowledge_base, entry.span, Role.ANSWER)) is not None
    ]
    status = shown[0][0].status if shown else Status.NOT_FOUND
    supporting = _keep_supporting(shown)
    items = shown[0][0].span.following if shown else ()
    also = [cite_span(knowledge_base, item, Role.ALSO) for item in items]
    citations = _number([*supporting[:1], *filter(None, also), *supporting[1:]])
    near = () if status is Status.ANSWERED else cite_hits(knowledge_base, nearest)
    best = shown[0][0] if shown else (judged[0] if judged else None)
    return Answer(
        question=query.question,
        interpreted=query.text,
        text=citations[0].words if citations else "",
        status=status,
        confidence=round(best.confidence, 4) if best else 0.0,
        generation=knowledge_base.generation,
        citations=citations,
        nearest=near,
    )


def cite_places(document: Document, span: Span) -> tuple[CitedPlace, ...]:
    """Say which parts of a document words stand in.

    Words that run over two pages stand on the one where they begin. A sheet may hold a hundred
    thousand rows, so parts are searched by halves, level by level.

    :param document: The document.
    :param span: Of the words.
    :return: The parts, outermost first; () where the format or the place has none.
    """
    words = span.of(document.text)
    at = span.start + len(words) - len(words.lstrip())  # a chunk may begin between two pages
    places, found = document.places, []
    here, end = 0, bisect_right(places, at, key=_start)
    while here < end:
        if places[here].kind is places[end - 1].kind:
            here = end - 1  # the innermost level: of its parts only the last reaches this far
        place = places[here]
        if at < place.span.end:
            found.append(CitedPlace(place.kind, place.number, place.name))
            here += 1
        else:
            here = _next_of_kind(places, here, end)
    return tuple(found)


def _next_of_kind(places: Sequence[Place], here: int, end: int) -> int:
    """Find the part that follows one, past those in it."""
    following = bisect_left(places, places[here].span.end, here + 1, end, key=_start)
    while following < end and places[following].kind is not places[here].kind:
        following += 1  # rows without text where their sheet ends
    return following


def page_of(places: Sequence[CitedPlace]) -> int | None:
    """Return the number of the page among cited places; None without one."""
    return next((place.number for place in places if place.kind is PlaceKind.PAGE), None)


def _start(place: Place) -> int:
    return place.span.start


def _keep_supporting(shown: Sequence[tuple[Judged, Citation]]) -> list[Citation]:
    """Keep the first, the other places that say the same, then those that say something else."""
    kept: list[Citation] = []
    for entry, citation in shown:
        role = _role(entry, citation, kept[0]) if kept else Role.ANSWER
        if role and not any(_overlap(citation, old) for old in kept):
            kept.append(replace(citation, role=role))
    return sorted(kept, key=lambda citation: citation.role is Role.CONFLICT)


def _role(entry: Judged, citation: Citation, first: Citation) -> Role | None:
    """Tell why a citation stands beside the first; None when there is no reason."""
    is_alike = entry.agreement in (Agreement.SAME, Agreement.COMPATIBLE)
    if is_alike or _normal_words(citation) == _normal_words(first):
        return Role.SAME
    return Role.CONFLICT if entry.agreement is Agreement.DIFFERENT else None


def _normal_words(citation: Citation) -> str:
    return "".join(char for char in fold_text(citation.words) if char.isalnum())


def _overlap(one: Citation, other: Citation) -> bool:
    return (
        (one.collection, one.source) == (other.collection, other.source)
        and one.span.start < other.span.end
        and other.span.start < one.span.end
    )


def _number(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    return tuple(replace(entry, number=number) for number, entry in enumerate(citations, 1))


def cite_span(knowledge_base: Knowledge, span: AnswerSpan, role: Role) -> Citation | None:
    """Cite the words that the reader took, after comparing them with the document's text.

    :param knowledge_base: Holds the document.
    :param span: The reader's.
    :param role: Why it is cited.
    :return: The citation; None when it differs from the document.
    """
    return _cite(
        knowledge_base, span.hit.chunk, quote=span.sentence, highlight=span.span, role=role
    )


def cite_hits(
    knowledge_base: Knowledge,
    hits: Sequence[Hit],
    marked: Mapping[str, Span] = MappingProxyType({}),
) -> tuple[Citation, ...]:
    """Cite whole chunks, after comparing them with their documents' texts.

    :param knowledge_base: Holds the documents.
    :param hits: The chunks, closest first.
    :param marked: By chunk_id, what to highlight, where there is something.
    :return: Citations of role nearest; a chunk that differs from its document is left out.
    """
    citations = [
        _cite(
            knowledge_base,
            hit.chunk,
            quote=hit.chunk.span,
            highlight=marked.get(hit.chunk.chunk_id),
            role=Role.NEAREST,
        )
        for hit in hits
    ]
    return _number([citation for citation in citations if citation is not None])


def _cite(
    knowledge_base: Knowledge, chunk: Chunk, *, quote: Span, highlight: Span | None, role: Role
) -> Citation | None:
    try:
        document = knowledge_base.document(chunk.doc_id)
    except (KeyError, IndexCorruptError):
        logger.exception("Dropped a citation of %s", chunk.doc_id)
        return None
    if not _is_exact(document, chunk, quote, highlight):
        logger.error("Dropped a citation of %s: it differs from the document", document.source)
        return None
    at = highlight or quote
    places = cite_places(document, at)
    dated = date_document(document, chunk.heading, knowledge_base.modified_ns(chunk.doc_id))
    return Citation(
        number=1,
        role=role,
        source=document.source,
        title=document.title,
        quote=quote.of(document.text),
        span=quote,
        highlight=highlight,
        line=document.text.count("\n", 0, at.start) + 1,
        page=page_of(places),
        heading=chunk.heading,
        sha256=document.sha256,
        places=places,
        collection=knowledge_base.collection_of(chunk.doc_id),
        date=dated.date,
        date_origin=dated.origin,
        copies=document.copies,
    )


def _is_exact(document: Document, chunk: Chunk, quote: Span, highlight: Span | None) -> bool:
    if chunk.span.of(document.text) != chunk.text or not len(quote):
        return False
    inside_chunk = chunk.span.start <= quote.start and quote.end <= chunk.span.end
    if highlight is None:
        return inside_chunk
    return inside_chunk and quote.start <= highlight.start < highlight.end <= quote.end
