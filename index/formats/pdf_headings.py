"""Headings: the lines of all pages → which of them are headings, and of which level.

The outline (bookmarks) decides where its titles stand in the text; else the size of the font.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from index.formats.pdf_glyphs import Line

_MAX_LEVEL = 6
_LARGER = 1.15  # times the size of most characters
_MAX_CHARS = 120
_MAX_TITLE_LINES = 3
_MAX_SHARE = 0.4  # of the lines; where more are large, size says nothing
_FOUND = 0.5  # of the outline's titles
_NO_HEADING = re.compile(r"[。！？!?；;，,]$|\t")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A title of the outline."""

    level: int  # from 1
    title: str
    page: int  # from 0


@dataclass(frozen=True, slots=True)
class HeadingLine:
    """A line that is a heading or a part of one."""

    level: int
    goes_on: bool  # it is the same heading's as the line before


def find_headings(lines: list[Line], outline: list[Bookmark]) -> dict[int, HeadingLine]:
    """Tell which lines are headings.

    :param lines: The lines of all pages in reading order.
    :param outline: The file's bookmarks in their order.
    :return: The headings by their index in ``lines``.
    """
    found = _from_outline(lines, outline)
    n_headings = sum(not heading.goes_on for heading in found.values())
    if found and n_headings >= _FOUND * len(outline):
        return found
    return _from_sizes(lines)


def _from_outline(lines: list[Line], outline: list[Bookmark]) -> dict[int, HeadingLine]:
    first: dict[int, int] = {}  # by page
    for at, line in enumerate(lines):
        first.setdefault(line.page, at)
    found: dict[int, HeadingLine] = {}
    for bookmark in outline:
        title = _key(bookmark.title)
        for at in range(first.get(bookmark.page, len(lines)), len(lines)):
            if lines[at].page != bookmark.page:
                break
            n_lines = 0 if at in found else _match(lines, at, title)
            if n_lines:
                level = min(bookmark.level, _MAX_LEVEL)
                for part in range(at, at + n_lines):
                    found[part] = HeadingLine(level, part > at)
                break
    return dict(sorted(found.items()))


def _match(lines: list[Line], at: int, title: str) -> int:
    """Return how many lines from one on make up a title; 0 when they do not."""
    words = ""
    for n_lines, line in enumerate(lines[at : at + _MAX_TITLE_LINES], 1):
        words += _key(line.text)
        # The outline may leave out the number: "2.1 Scope" is its "Scope".
        if title and (words == title or words.lstrip("0123456789.") == title):
            return n_lines
        if len(words) > len(title) + 12:
            break
    return 0


def _key(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _from_sizes(lines: list[Line]) -> dict[int, HeadingLine]:
    n_chars: Counter[float] = Counter()
    for line in lines:
        n_chars[_size(line)] += len(line.text)
    if not n_chars:
        return {}
    usual = max(n_chars, key=lambda size: (n_chars[size], -size))
    large = [at for at, line in enumerate(lines) if _is_large(line, usual)]
    if not large or len(large) > max(1, _MAX_SHARE * len(lines)):
        return {}
    levels = _levels({_size(lines[at]) for at in large})
    found: dict[int, HeadingLine] = {}
    for at in large:
        level = levels[_size(lines[at])]
        found[at] = HeadingLine(level, _goes_on(lines, at, level, found.get(at - 1)))
    return found


def _size(line: Line) -> float:
    return round(2 * line.size) / 2


def _is_large(line: Line, usual: float) -> bool:
    return (
        line.turn == 0
        and _size(line) >= _LARGER * usual
        and len(line.text) <= _MAX_CHARS
        and sum(char.isalpha() for char in line.text) >= 2
        and not _NO_HEADING.search(line.text)
    )


def _levels(sizes: set[float]) -> dict[float, int]:
    levels: dict[float, int] = {}
    level, last = 0, 0.0
    for size in sorted(sizes, reverse=True):
        if not last or size < 0.96 * last:
            level, last = min(level + 1, _MAX_LEVEL), size
        levels[size] = level
    return levels


def _goes_on(lines: list[Line], at: int, level: int, before: HeadingLine | None) -> bool:
    if before is None or before.level != level:
        return False
    last, line = lines[at - 1], lines[at]
    return last.page == line.page and 0 < last.y - line.y < 1.8 * line.size
