"""Chunking: a Document → its Chunks, exact slices that end where sentences and items end.

Together the chunks cover every character that is not white space, in order and without overlap.
"""

import hashlib
import re
from collections.abc import Iterator

import regex

from index.datatypes import Chunk, Document, Heading, Span
from index.sentences import split_sentences, strip_span

_CLAUSE_END = re.compile(r"[，、；;）)】]\s*|[,：:](?!\d)\s*|\s+")  # but not in 1,152 or 10:30
_IN_WORD = re.compile(r"[A-Za-z0-9.,:][A-Za-z0-9.,:]")
_MAX_HEADING_DEPTH = 6
_MAX_HEADING_CHARS = 120  # a whole paragraph marked as a heading is not repeated in each chunk
_LONGEST_CLUSTER = 32


def chunk_document(document: Document, max_chars: int) -> list[Chunk]:
    """Cut a document into chunks.

    Sentences are packed into a chunk until the next does not fit. A heading opens a new chunk; a
    new paragraph does when the chunk is already half full. A sentence longer than a chunk is cut
    at its clauses, a clause longer than that anywhere but inside a combined character.

    :param document: The document.
    :param max_chars: Longest chunk in code points.
    :return: Chunks in text order.
    """
    text = document.text
    starts = {strip_span(text, heading.span).start for heading in document.headings}
    chunks = []
    heading_at = -1
    path: tuple[Heading, ...] = ()
    for span in _pack(text, _units(text, max_chars), starts, max_chars):
        # The path is that of the chunk's first character: headings that the chunk itself opens
        # with are part of it, for they name what follows.
        while (
            heading_at + 1 < len(document.headings)
            and document.headings[heading_at + 1].span.start < span.end
        ):
            heading_at += 1
            path = _descend(path, document.headings[heading_at])
        titles = tuple(_shorten(heading.title) for heading in path)
        if not titles or titles[0] != _shorten(document.title):
            titles = (_shorten(document.title), *titles)
        chunks.append(_make_chunk(document, span, titles))
    return chunks


def search_text(chunk: Chunk) -> str:
    """Return what is searched for a chunk: its heading path and its text."""
    return "\n".join((*chunk.heading, chunk.text))


def _make_chunk(document: Document, span: Span, titles: tuple[str, ...]) -> Chunk:
    text = span.of(document.text)
    key = f"{document.doc_id}\x00{span.start}\x00{text}"
    chunk_id = hashlib.blake2b(key.encode("utf-8"), digest_size=8).hexdigest()
    return Chunk(chunk_id, document.doc_id, span, titles, text)


def _descend(path: tuple[Heading, ...], heading: Heading) -> tuple[Heading, ...]:
    kept = tuple(outer for outer in path if outer.level < heading.level)
    return (*kept, heading)[:_MAX_HEADING_DEPTH]


def _shorten(title: str) -> str:
    return title if len(title) <= _MAX_HEADING_CHARS else title[:_MAX_HEADING_CHARS] + "…"


def _units(text: str, max_chars: int) -> Iterator[Span]:
    """Give the pieces that are never split: sentences, or parts of too long ones."""
    for sentence in split_sentences(text):
        if len(sentence) <= max_chars:
            yield sentence
            continue
        start = sentence.start
        while sentence.end - start > max_chars:
            cut = _cut_position(text, start, start + max_chars)
            piece = strip_span(text, Span(start, cut))
            if len(piece):
                yield piece
            start = cut
        rest = strip_span(text, Span(start, sentence.end))
        if len(rest):
            yield rest


def _cut_position(text: str, start: int, limit: int) -> int:
    ends = [match.end() for match in _CLAUSE_END.finditer(text, start, limit + 1)]
    later = [end for end in ends if start + (limit - start) // 3 < end <= limit]
    if later:
        return later[-1]
    # Before the grapheme cluster (Unicode Annex 29) that crosses the limit, unless it is the first.
    clusters = regex.finditer(r"\X", text, pos=start, endpos=limit + _LONGEST_CLUSTER)
    cuts: list[int] = [match.start() for match in clusters if start < match.start() <= limit]
    whole = [at for at in cuts[-_LONGEST_CLUSTER:] if not _IN_WORD.match(text, at - 1)]
    return (whole or cuts or [limit])[-1]


def _pack(text: str, units: Iterator[Span], starts: set[int], max_chars: int) -> Iterator[Span]:
    begin = end = -1
    opens_with_heading = False
    for unit in units:
        is_heading = unit.start in starts
        if begin >= 0 and (
            unit.end - begin > max_chars
            or (is_heading and not opens_with_heading)
            or (_is_paragraph(text, end, unit.start) and end - begin > max_chars // 2)
        ):
            yield Span(begin, end)
            begin = -1
        if begin < 0:
            begin = unit.start
            opens_with_heading = True
        # Headings in a row stay together; the first other sentence ends the row.
        opens_with_heading = opens_with_heading and is_heading
        end = unit.end
    if begin >= 0:
        yield Span(begin, end)


def _is_paragraph(text: str, end: int, start: int) -> bool:
    return text.count("\n", end, start) > 1
