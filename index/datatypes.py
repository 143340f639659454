"""The records of the build side: what a file becomes on its way into the index.

All offsets are half-open code points in ``Document.text``, the decoded text that is never altered.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the characters of the text that the span covers."""
        return text[self.start : self.end]

    def __len__(self) -> int:
        """Return the number of code points covered."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line of a document: its level from 1, its words, where the line stands."""

    level: int
    title: str
    span: Span


class PlaceKind(StrEnum):
    """What a format counts its parts by."""

    PAGE = "page"  # of a PDF
    SLIDE = "slide"
    SHEET = "sheet"
    ROW = "row"  # of a sheet or a CSV file, as the program that opens it numbers them
    RECORD = "record"  # of a JSON array or a JSONL file


@dataclass(frozen=True, slots=True)
class Place:
    """A numbered part of a document: how a person who opens the file finds the words again."""

    kind: PlaceKind
    number: int  # from 1
    span: Span  # everything extracted from the part; empty when nothing was
    name: str = ""  # a sheet's; "" where the parts have none


@dataclass(frozen=True, slots=True)
class Document:
    """A file's decoded text with what is known of its layout."""

    doc_id: str  # hash of source, equal in every build
    source: str  # path relative to the documents' folder, with /
    title: str
    text: str
    media_type: str
    sha256: str  # of the file's bytes
    places: tuple[Place, ...] = ()  # by start, an outer one before those in it; () in plain text
    headings: tuple[Heading, ...] = ()
    copies: tuple[str, ...] = ()  # other files with the same bytes, the first twenty by source


@dataclass(frozen=True, slots=True)
class Chunk:
    """The stored retrieval unit: ``text == span.of(document.text)``."""

    chunk_id: str
    doc_id: str
    span: Span
    heading: tuple[str, ...]  # titles from the outermost to the innermost; not part of text
    text: str


class Channel(StrEnum):
    """The ranking that a hit comes from."""

    DENSE = "dense"
    LEXICAL = "lexical"
    FUSED = "fused"


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its place in one ranking; a higher score is better."""

    chunk: Chunk
    score: float  # dense: cosine in [-1, 1]; lexical: BM25, >= 0; fused: relative to the best
    rank: int  # from 1
    channel: Channel


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What the index knows of one indexed file without its text."""

    doc_id: str
    source: str
    title: str
    media_type: str
    encoding: str
    sha256: str  # of the file's bytes
    text_sha256: str  # of the decoded text, as UTF-8
    size: int  # bytes
    mtime_ns: int
    n_chars: int
    n_chunks: int
    n_pages: int = 0  # pages, slides or sheets; 0 where the format has none
    n_empty_pages: int = 0  # of those, without text: scans, pictures
    seconds: float = 0.0  # that reading it took
    warnings: tuple[str, ...] = ()  # what was read but not wholly, one sentence each
    copies: tuple[str, ...] = ()  # other files with the same bytes, the first twenty by source


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be indexed, so that it is not read again until it changes."""

    source: str
    size: int
    mtime_ns: int
    message: str
    sha256: str = ""  # of the file's bytes; "" when they could not be read
    seconds: float = 0.0  # that trying took


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was not indexed, and why, in one sentence."""

    source: str
    message: str


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did; of each list of files the first thousand."""

    generation: str
    is_new: bool  # False: nothing had changed, the live generation stays
    n_documents: int  # of files with equal bytes only one counts
    n_chunks: int
    n_encoded: int  # chunks whose vector was computed; the others kept theirs
    n_read: int  # files opened
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # old and new source; neither removed nor added
    problems: tuple[Problem, ...] = ()
    n_added: int = 0
    n_changed: int = 0
    n_removed: int = 0
    n_renamed: int = 0
    n_problems: int = 0
    seconds: float = 0.0
