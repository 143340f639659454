"""Explanation: why a question was not answered, from the same steps that tried to answer it.

How the question was cut, which of its words no document holds, which quoted words stand nowhere as
they are quoted, the passages that came closest with what each of them lacks, and the files that
could not be read: where the answer may stand after all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from index.datatypes import Chunk, Problem
from index.normalization import fold_text
from index.selection import match_sources
from index.store import ChunkStore
from rag.answer_type import AnswerType, expected_type, type_fit
from rag.calibration import Judged
from rag.composer import cite_span
from rag.datatypes import Citation, CitationDict, Role
from rag.federation import Library
from rag.joined import Knowledge
from rag.within import Within, keep_within

_MOST_WORDS = 40  # of a question that are told of
_MOST_MISSES = 3
_MOST_FILES = 20


class WordDict(TypedDict):
    """A word of the question as JSON."""

    word: str
    n_chunks: int


class MissDict(TypedDict):
    """A passage that came close as JSON."""

    citation: CitationDict
    confidence: float
    missing: list[str]
    is_of_type: bool


class FileDict(TypedDict):
    """A file that could not be read as JSON."""

    source: str
    message: str


class ExplanationDict(TypedDict):
    """An explanation as JSON."""

    language: str
    expects: str
    words: list[WordDict]
    absent: list[str]
    misses: list[MissDict]
    files: list[FileDict]
    n_files: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word that the question was searched by."""

    word: str  # folded
    n_chunks: int  # that hold it; 0: no document does

    def to_dict(self) -> WordDict:
        """Return the word as JSON-ready values."""
        return {"word": self.word, "n_chunks": self.n_chunks}


@dataclass(frozen=True, slots=True)
class Miss:
    """A passage that came close, and what it lacks."""

    citation: Citation  # its highlight: the words that would have been the answer
    confidence: float  # that they are
    missing: tuple[str, ...]  # words of the question that neither it nor its headings hold
    is_of_type: bool  # False: it is no number or no time, where one is asked for

    def to_dict(self) -> MissDict:
        """Return the passage as JSON-ready values."""
        return {
            "citation": self.citation.to_dict(),
            "confidence": round(self.confidence, 4),
            "missing": list(self.missing),
            "is_of_type": self.is_of_type,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why no answer was given."""

    language: str  # of the question: zh | ja | ko | en | ru | other
    expects: AnswerType
    words: tuple[Word, ...]
    absent: tuple[str, ...]  # quoted words, folded, that no passage was found to hold exactly
    misses: tuple[Miss, ...]  # most probable first
    files: tuple[Problem, ...]  # the first of those that could not be read
    n_files: int  # all of those

    @property
    def unknown(self) -> tuple[str, ...]:
        """The words that no document holds."""
        return tuple(word.word for word in self.words if not word.n_chunks)

    def to_dict(self) -> ExplanationDict:
        """Return the explanation as JSON-ready values."""
        return {
            "language": self.language,
            "expects": self.expects.value,
            "words": [word.to_dict() for word in self.words],
            "absent": list(self.absent),
            "misses": [miss.to_dict() for miss in self.misses],
            "files": [{"source": file.source, "message": file.message} for file in self.files],
            "n_files": self.n_files,
        }


def explain(library: Library, question: str, within: Within = ()) -> Explanation:
    """Explain what became of a question.

    :param library: One folder, or several collections, that was asked.
    :param question: As it was understood.
    :param within: Of which documents it was asked; of all when empty.
    :return: The explanation.
    """
    knowledge = keep_within(library.asked, within) if within else library.asked
    read = library.reading.read(knowledge, question)
    query = read.query
    words = tuple(dict.fromkeys(query.content))[:_MOST_WORDS]
    expects = expected_type(query.normalized)
    misses = (_describe_miss(knowledge, words, expects, entry) for entry in read.judged)
    found = [miss for miss in misses if miss is not None]
    inventories = [answerer.knowledge_base.files for answerer in library.answerers]
    files = _problems(inventories, within)
    return Explanation(
        language=query.language,
        expects=expects,
        words=tuple(Word(word, knowledge.n_chunks_with(word)) for word in words),
        absent=tuple(
            phrase.text for phrase in query.phrases if not knowledge.search_phrase(phrase, 1)
        ),
        misses=tuple(found[:_MOST_MISSES]),
        files=tuple(files[:_MOST_FILES]),
        n_files=len(files) if within else sum(files.n_problems() for files in inventories),
    )


def _problems(inventories: Sequence[ChunkStore], within: Within) -> list[Problem]:
    """Return the first files that could not be read; of some documents, all that match."""
    if not within:
        return [file for files in inventories for file in files.problems(_MOST_FILES)]
    matches = match_sources((within,) if isinstance(within, str) else within)
    every = (file for files in inventories for file in files.problems())
    return [file for file in every if matches(file.source)]


def _describe_miss(
    knowledge_base: Knowledge, words: Sequence[str], expects: AnswerType, entry: Judged
) -> Miss | None:
    citation = cite_span(knowledge_base, entry.span, Role.NEAREST)
    if citation is None:
        return None
    return Miss(
        citation=citation,
        confidence=entry.confidence,
        missing=_missing(knowledge_base, words, entry.span.hit.chunk),
        is_of_type=type_fit(expects, fold_text(citation.words)) >= 0,
    )


def _missing(knowledge_base: Knowledge, words: Sequence[str], chunk: Chunk) -> tuple[str, ...]:
    if not words:
        return ()
    matches = knowledge_base.match(words, [chunk])
    counts = dict(zip(matches.terms, matches.counts[0].tolist(), strict=True))
    return tuple(word for word in words if not counts[word])
