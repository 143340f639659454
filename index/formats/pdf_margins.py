"""Margins: pages of lines → the same without page numbers and with each running title once.

They would stand between the two halves of a sentence that goes over a page's end. Only what stands
at the same height at the edge of most pages is taken for one, and its words are kept once: a
header's on the first page that has it, a footer's on the last, or where else they stand.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from index.formats.pdf_glyphs import Line

_EDGE = 0.13  # share of the page's height
_N_OUTERMOST = 3  # lines at each edge
_MOST = 0.4  # of the pages; running titles may differ on left and right pages
_MAX_NUMBERS = 3  # in a line: "12 / 2024 / 30"
_NUMBER = re.compile(r"\d{1,5}")
_PAGE_WORDS = re.compile(
    r"page|seite|pagina|p\.|of|von|de|sur|第|共|页|頁|ページ|쪽", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a line at an edge is compared by: its words, with numbers as such or from the page."""

    is_top: bool
    height: int  # percent of the page's
    words: tuple[str, ...]
    numbers: tuple[str, ...]  # "12" as it is, "+0" from the page


def drop_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """Take out page numbers, and running titles but for one each.

    :param pages: The lines of each page; a page may have none.
    :return: The lines that stay, page by page.
    """
    n_pages = sum(bool(lines) for lines in pages)
    found: dict[_Mark, list[Line]] = defaultdict(list)
    for lines in pages:
        for line, is_top in outermost(lines):
            for mark in _marks(line, is_top):
                found[mark].append(line)
    running = {
        mark: lines
        for mark, lines in found.items()
        if len(lines) >= _least(lines[0], mark, n_pages)
    }
    dropped = {id(line) for lines in running.values() for line in lines}
    body = {_key(line) for lines in pages for line in lines if id(line) not in dropped}
    for mark, lines in running.items():
        kept = lines[0] if mark.is_top else lines[-1]
        if not _is_page_number(kept) and _key(kept) not in body:
            dropped.discard(id(kept))
            body.add(_key(kept))
    return [[line for line in lines if id(line) not in dropped] for lines in pages]


def outermost(lines: list[Line]) -> Iterator[tuple[Line, bool]]:
    """Yield the lines of a page that may be running ones, each with whether it is at the top."""
    by_height = sorted((line for line in lines if line.turn >= 0), key=lambda s: s.elevation)
    for line in by_height[:_N_OUTERMOST]:
        if line.elevation < _EDGE:
            yield line, False
    for line in by_height[-_N_OUTERMOST:]:
        if line.elevation > 1 - _EDGE:
            yield line, True


def _marks(line: Line, is_top: bool) -> Iterator[_Mark]:
    """Yield the line's marks, each of its numbers as it is or as what it is above the page."""
    numbers = [int(match) for match in _NUMBER.findall(line.text)]
    if len(numbers) > _MAX_NUMBERS:
        return
    between = tuple("".join(part.split()) for part in _NUMBER.split(line.text))
    height = round(100 * line.elevation)
    options = [(str(number), f"{number - line.page:+d}") for number in numbers]
    for choice in product(*options):
        yield _Mark(is_top, height, between, choice)


def _least(line: Line, mark: _Mark, n_pages: int) -> float:
    if _is_page_number(line):
        follows = any(number[0] in "+-" for number in mark.numbers)
        # A number that stays the same, or is not the page's, is something else.
        return max(2, 0.6 * n_pages) if follows else n_pages + 1
    return max(3, _MOST * n_pages)


def _key(line: Line) -> str:
    return "".join(line.text.split())


def _is_page_number(line: Line) -> bool:
    rest = _PAGE_WORDS.sub("", _NUMBER.sub("", line.text))
    return not any(char.isalpha() for char in rest)
