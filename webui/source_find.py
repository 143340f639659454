"""Find: words and a document's text → every place where they stand, spelled in whatever way.

Both are folded as for the index, so traditional and simplified, full-width and upper-case letters
are the same. A long text is folded piece by piece: a copy of it would take its size again. Pieces
that lack a character of the words are passed over, for folding takes far longer than looking.
"""

import re
import sys
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from index.datatypes import Span
from index.normalization import fold, fold_text

MAX_WORDS_CHARS = 200
MAX_FOUND = 1000
_SECONDS = 3.0  # that a search may take
_PIECE = 4096  # characters folded at once
_LONG = 1_000_000  # characters from which pieces are looked at before they are folded
_MAX_GAP = 64  # white space between two of the words
_PER_CHAR = 8  # characters of a text, at most, that fold to one: a letter with its marks
_MAX_MARKS = 256  # that stand in a row on one letter


@dataclass(frozen=True, slots=True)
class Found:
    """The places of words in a document, and which of them is looked at."""

    words: str  # as typed
    spans: tuple[Span, ...]  # in text order; at most MAX_FOUND
    is_complete: bool  # there are no others; else there may be
    current: int = 0  # from 0; also where there are none


def find_words(text: str, words: str) -> Found:
    """Find words in a text.

    :param text: A document's.
    :param words: As typed; what is beyond 200 characters is not looked for.
    :return: The places, none for blank words.
    """
    words = words.strip()[:MAX_WORDS_CHARS]
    pattern = _pattern(words)
    if pattern is None:
        return Found(words, (), is_complete=True)
    needed = _needed(words) if len(text) > _LONG else ()
    reach = _PER_CHAR * len(words) + _MAX_GAP * len(words.split())
    ends_at = time.monotonic() + _SECONDS
    spans: list[Span] = []
    for piece in _pieces(text, reach):
        if len(spans) > MAX_FOUND or time.monotonic() > ends_at:
            return Found(words, tuple(spans[:MAX_FOUND]), is_complete=False)
        if not all(one.search(text, piece.span.start, piece.reach) for one in needed):
            continue
        last = spans[-1].end if spans else 0
        spans += (span for span in _search(text, piece, pattern) if span.start >= last)
    return Found(words, tuple(spans[:MAX_FOUND]), is_complete=len(spans) <= MAX_FOUND)


def _pattern(words: str) -> re.Pattern[str] | None:
    parts = fold_text(words).split()
    if not parts:
        return None
    return re.compile(rf"\s{{1,{_MAX_GAP}}}".join(map(re.escape, parts)))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a text: what begins in ``span`` ends before ``reach``."""

    span: Span
    reach: int


def _pieces(text: str, reach: int) -> Iterator[_Piece]:
    start = 0
    while start < len(text):
        end = _boundary(text, start + _PIECE)
        yield _Piece(Span(start, end), _boundary(text, end + reach))
        start = end


def _search(text: str, piece: _Piece, pattern: re.Pattern[str]) -> Iterator[Span]:
    start = piece.span.start
    folded = fold(text[start : piece.reach])
    for match in pattern.finditer(folded.text):
        span = folded.to_original(match.start(), match.end())
        if start + span.start < piece.span.end:  # else the next piece finds it
            yield Span(start + span.start, start + span.end)


def _needed(words: str) -> Sequence[re.Pattern[str]]:
    """Return a pattern for each character of the folded words: how a text may spell it."""
    spellings = _spellings()
    return [
        # A text may have a letter and its mark as two characters that fold to one.
        re.compile(f"[{re.escape(char + spellings.get(char, '') + spellings.get(base, ''))}]")
        for char in sorted(set(fold_text(words)))
        if not char.isspace() and (base := unicodedata.normalize("NFD", char)[0])
    ]


@cache
def _spellings() -> dict[str, str]:
    """Return by folded character those that fold to it, or to it and others."""
    every = map(chr, range(sys.maxunicode + 1))
    chars = [char for char in every if unicodedata.category(char) not in {"Cc", "Cn", "Co", "Cs"}]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for char, folded in zip(chars, fold_text("\n".join(chars)).split("\n"), strict=True):
        for one in folded:
            found[one].append(char)
    return {folded: "".join(spelled) for folded, spelled in found.items()}


def _boundary(text: str, at: int) -> int:
    """Return the first place from one on where a letter does not part from its marks."""
    at = min(at, len(text))
    for place in range(at, min(at + _MAX_MARKS, len(text))):
        if text[place].isascii() or unicodedata.category(text[place])[0] != "M":
            return place
    return at
