"""Small chunks, hits and spans for the tests of the stages behind the retriever."""

from index.datatypes import Channel, Chunk, Hit, Span
from index.sentences import split_sentences
from rag.datatypes import AnswerSpan, Query
from rag.query import analyze_question
from tests.strategies import make_document


def make_query(question: str = "会议什么时候召开？") -> Query:
    """Analyse a question."""
    return analyze_question(question)


def make_hit(text: str, *, base: int = 0, rank: int = 1, chunk_id: str = "", doc_id="d") -> Hit:
    """Make a hit on a chunk that begins at ``base`` of its document."""
    span = Span(base, base + len(text))
    chunk = Chunk(chunk_id or f"chunk-{rank}", doc_id, span, ("题",), text)
    return Hit(chunk, 1 / rank, rank, Channel.FUSED)


def make_span(
    hit: Hit, words: str | Span, *, score: float = -0.1, relevance: float = 1.0
) -> AnswerSpan:
    """Make the reader's span of the first occurrence of the words, in their sentence."""
    text, base = hit.chunk.text, hit.chunk.span.start
    at = (
        words
        if isinstance(words, Span)
        else Span(text.index(words), text.index(words) + len(words))
    )
    touched = [one for one in split_sentences(text) if one.start < at.end and at.start < one.end]
    sentence = Span(
        min([at.start, *(one.start for one in touched)]),
        max([at.end, *(one.end for one in touched)]),
    )
    return AnswerSpan(
        hit,
        Span(base + at.start, base + at.end),
        Span(base + sentence.start, base + sentence.end),
        score,
        relevance,
    )


__all__ = ["make_document", "make_hit", "make_query", "make_span"]
