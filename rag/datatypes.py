"""The records of the question side; every interface shows the same ``Answer``."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from index.datatypes import Hit, PlaceKind, Span
from index.phrases import Phrase

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
    ALSO = "also"  # the next item of an answer that is a list
    CONFLICT = "conflict"  # another document that says something else
    NEAREST = "nearest"  # only close to the question


@dataclass(frozen=True, slots=True)
class Query:
    """An analysed question."""

    question: str  # as asked
    text: str  # as understood: stripped, cut to what is searched, a follow-up completed
    normalized: str  # its folded copy
    language: str  # zh | ja | ko | en | ru | other
    terms: tuple[str, ...]  # of the lexical index
    content: tuple[str, ...]  # those that name something, without words that only ask or bind
    phrases: tuple[Phrase, ...] = ()  # what stands in quotation marks


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """What the reader takes from one hit; spans are into the document's text."""

    hit: Hit
    span: Span
    sentence: Span
    score: float  # log probability of the span and what follows it in its chunk, <= 0
    relevance: float  # logit that the chunk answers the question; higher is better
    following: tuple["AnswerSpan", ...] = ()  # further items of a list answer, in text order


class SpanDict(TypedDict):
    """A span as JSON."""

    start: int
    end: int


class CitedPlaceDict(TypedDict):
    """A numbered part of a document as JSON."""

    kind: str
    number: int
    name: str


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
    places: list[CitedPlaceDict]
    heading: list[str]
    sha256: str
    collection: str
    date: str
    date_origin: str
    copies: list[str]


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
    unsearched: list[str]


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """A numbered part of a document that a citation stands in."""

    kind: PlaceKind
    number: int  # from 1
    name: str = ""  # a sheet's; as hostile as any text of a document

    def to_dict(self) -> CitedPlaceDict:
        """Return the place as JSON-ready values."""
        return {"kind": self.kind.value, "number": self.number, "name": self.name}


class DateOrigin(StrEnum):
    """Where the date of a document was found."""

    HEADING = "heading"  # over the cited place
    TITLE = "title"
    NAME = "name"  # of the file
    TEXT = "text"  # one of its first lines
    FILE = "file"  # the file system's: when it was last changed
    NONE = ""


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
    places: tuple[CitedPlace, ...] = ()  # where the words begin, outermost first
    collection: str = ""  # that the document is in; "" when no collection was asked
    date: str = ""  # of the document, ISO 8601: 2024, 2024-03 or 2024-03-15; "" without one
    date_origin: DateOrigin = DateOrigin.NONE
    copies: tuple[str, ...] = ()  # other files with the same bytes, the first twenty by source

    @property
    def words(self) -> str:
        """The answering words; "" where none are marked."""
        if self.highlight is None:
            return ""
        start = self.highlight.start - self.span.start
        return self.quote[start : start + len(self.highlight)]

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
            "places": [place.to_dict() for place in self.places],
            "heading": list(self.heading),
            "sha256": self.sha256,
            "collection": self.collection,
            "date": self.date,
            "date_origin": self.date_origin.value,
            "copies": list(self.copies),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The exact words that answer a question, or an honest no."""

    question: str  # as asked
    interpreted: str  # as understood; differs from question for follow-ups
    text: str  # the words themselves, of a list those of its first item; "" when not found
    status: Status
    confidence: float  # probability in [0, 1] that the best span found answers the question
    # Of the index it was answered from; of several, each collection's: "合同@000003, 年报@000012".
    generation: str
    citations: tuple[Citation, ...]  # [0] supports text; () when not found
    nearest: tuple[Citation, ...]  # closest passages when not found or uncertain
    unsearched: tuple[str, ...] = ()  # collections that were asked and could not be searched

    @property
    def items(self) -> tuple[str, ...]:
        """The words of each span of the answer, in text order; more than one for a list."""
        parts = (Role.ANSWER, Role.ALSO)
        return tuple(citation.words for citation in self.citations if citation.role in parts)

    @property
    def agreeing(self) -> int:
        """Number of places that say what the answer says, its own among them."""
        return sum(one.role in (Role.ANSWER, Role.SAME) for one in self.citations)

    @property
    def conflicting(self) -> tuple[Citation, ...]:
        """The places in other documents that say something else."""
        return tuple(one for one in self.citations if one.role is Role.CONFLICT)

    @property
    def sides(self) -> tuple[tuple[Citation, ...], ...]:
        """The citations by what they say: the answer's and its like, then each thing else said."""
        sides: dict[str, list[Citation]] = {"": []}
        for citation in self.citations:
            words = citation.words if citation.role is Role.CONFLICT else ""
            sides.setdefault(words, []).append(citation)
        return tuple(tuple(side) for side in sides.values() if side)

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
            "unsearched": list(self.unsearched),
        }


def _span_dict(span: Span) -> SpanDict:
    return {"start": span.start, "end": span.end}
