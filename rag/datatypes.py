"""The records of the question side; every interface shows the same ``Answer``."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from index.datatypes import Hit, Span

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON in UTF-8 has no lone ones


class Status(StrEnum):
    """What may be made of an answer."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    NOT_FOUND = "not_found"


class Role(StrEnum):
    """Why a citation is there."""

    ANSWER = "answer"  # supports the text
    SAME = "same"  # another place that says the same
    NEAREST = "nearest"  # only close to the question


@dataclass(frozen=True, slots=True)
class Query:
    """An analysed question."""

    question: str  # as asked
    text: str  # as understood: stripped, cut to what is searched, a follow-up's subject put back
    normalized: str  # its folded copy
    language: str  # zh | ja | ko | en | ru | other
    terms: tuple[str, ...]  # of the lexical index
    content: tuple[str, ...]  # those that name something, without words that only ask or bind
    previous: tuple[str, ...] = ()  # earlier questions of the conversation


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """What the reader takes from one hit; spans are into the document's text."""

    hit: Hit
    span: Span
    sentence: Span
    score: float  # log probability of the span in its chunk, <= 0
    relevance: float  # logit that the chunk answers the question; higher is better


class SpanDict(TypedDict):
    """A span as JSON."""

    start: int
    end: int


class CitationDict(TypedDict):
    """A citation as JSON."""

    number: int
    role: str
    source: str
    title: str
    quote: str
    span: SpanDict
    highlight: SpanDict | None
    line: int
    page: int | None
    heading: list[str]
    sha256: str


class AnswerDict(TypedDict):
    """An answer as JSON, the same for every interface; keys may be added, never changed."""

    question: str
    interpreted: str
    text: str
    status: str
    confidence: float
    generation: str
    citations: list[CitationDict]
    nearest: list[CitationDict]


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered reference: ``span.of(document.text) == quote``."""

    number: int  # from 1
    role: Role
    source: str  # relative to the documents' folder, with /
    title: str
    quote: str  # the sentence(s) around the words, or a whole chunk for role nearest
    span: Span  # of the quote, in the document's text
    highlight: Span | None  # of the answering words, inside span
    line: int  # from 1; counts \n
    page: int | None  # from 1; None where the format has none
    heading: tuple[str, ...]
    sha256: str  # of the file's bytes

    def to_dict(self) -> CitationDict:
        """Return the citation as JSON-ready values."""
        return {
            "number": self.number,
            "role": self.role.value,
            "source": self.source,
            "title": self.title,
            "quote": self.quote,
            "span": _span_dict(self.span),
            "highlight": _span_dict(self.highlight) if self.highlight else None,
            "line": self.line,
            "page": self.page,
            "heading": list(self.heading),
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The exact words that answer a question, or an honest no."""

    question: str  # as asked
    interpreted: str  # as understood; differs from question for follow-ups
    text: str  # the words themselves; "" when not found
    status: Status
    confidence: float  # probability in [0, 1] that the best span found answers the question
    generation: str  # of the index it was answered from; "" without an index
    citations: tuple[Citation, ...]  # [0] supports text; () when not found
    nearest: tuple[Citation, ...]  # closest passages when not found or uncertain

    def to_dict(self) -> AnswerDict:
        """Return the answer as JSON-ready values."""
        return {
            "question": _SURROGATE.sub("\ufffd", self.question),
            "interpreted": _SURROGATE.sub("\ufffd", self.interpreted),
            "text": self.text,
            "status": self.status.value,
            "confidence": self.confidence,
            "generation": self.generation,
            "citations": [citation.to_dict() for citation in self.citations],
            "nearest": [citation.to_dict() for citation in self.nearest],
        }


def _span_dict(span: Span) -> SpanDict:
    return {"start": span.start, "end": span.end}
