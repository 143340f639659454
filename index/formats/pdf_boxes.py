"""Boxes: a span of a PDF page's text → where its characters stand on the page's picture.

The page is read once more by the code that made the text. Its lines are laid along the text that
the index has of the page, for only the whole file tells which running titles were left out and
which words were made whole at a line's end; where they cover it to the last character, every
character of the text is one of the page's. Nothing is guessed: where they do not, there are no
boxes.
"""

from collections.abc import Iterator, Sequence
from ctypes import c_int
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw as pdfium

from index.datatypes import Span
from index.formats.limits import MAX_TEXT_CHARS
from index.formats.page_layout import Box, PageLayout
from index.formats.pdf_file import open_page, open_pdf
from index.formats.pdf_glyphs import HYPHEN, Floats, Line, PageGlyphs, read_glyphs, trace_line
from index.formats.pdf_joining import LINE_HYPHEN
from index.formats.pdf_layout import order_lines
from index.formats.pdf_margins import outermost

_GRID = 1_000_000  # PDFium tells places in whole numbers; fractions are kept to a millionth
_JOIN_EMS = 1.0  # a wider gap between two characters parts their boxes
_MAX_STATES = 4096  # ways to lay lines along a text that are followed at once; usually one


def find_boxes(data: bytes, number: int, text: str, spans: Sequence[Span]) -> PageLayout:
    """Find where words of a page stand on its picture.

    :param data: The file's bytes.
    :param number: The page's number, from 0.
    :param text: Everything extracted from the page.
    :param spans: Of words in that text; what reaches beyond it is ignored.
    :return: The page's size, and for each span its boxes, a line's after the other's.
    :raises DocumentError: When it is no PDF, damaged or protected.
    """
    with open_pdf(data) as document, open_page(document, number) as page:
        glyphs = read_glyphs(page, number, MAX_TEXT_CHARS)
        places = _Places.of(page)
        traced = _trace(text, glyphs) if glyphs.is_readable else None
        boxes = [
            tuple(map(places.place, _enclose(traced[max(0, span.start) : span.end], glyphs)))
            if traced
            else ()
            for span in spans
        ]
        return PageLayout(places.width, places.height, tuple(boxes))


@dataclass(frozen=True, slots=True)
class _Glyph:
    """A character of the text: which of the page's characters it is, in which line it stands."""

    at: int
    line: Line


def _trace(text: str, glyphs: PageGlyphs) -> list[_Glyph | None] | None:
    """Say which of the page's characters each character of its text is.

    :return: As many as the text has characters, None for white space; None when the page's lines
        do not make up the text.
    """
    lines = order_lines(glyphs.segments)
    traces = [trace_line(line, glyphs) for line in lines]
    places = [at for at, char in enumerate(text) if not char.isspace()]
    kept = _lay("".join(text[at] for at in places), lines)
    if kept is None:
        return None
    drawn = [
        _Glyph(at, line)
        for line, trace, n_chars in zip(lines, traces, kept, strict=True)
        for at in trace[:n_chars]
    ]
    if len(drawn) != len(places):  # a character that only its line's end hides or shows
        return None
    traced: list[_Glyph | None] = [None] * len(text)
    for at, glyph in zip(places, drawn, strict=True):
        traced[at] = glyph
    return traced


@dataclass(frozen=True, slots=True)
class _State:
    """A way to lay the lines so far along the text."""

    cost: float  # how near to the page's edges the kept lines stand that might be running ones
    n_chars: int  # of the last line that are kept
    before: "_State | None"


def _lay(text: str, lines: Sequence[Line]) -> list[int] | None:
    """Lay lines along a text without white space.

    A line is in it whole or without the hyphen that ends it, or it was left out as a running one.
    Where two lines alike could be the one left out, it is the one nearer to the page's edge.

    :return: How many characters of each line are in the text; None when no way covers it.
    """
    running = {id(line) for line, _ in outermost(list(lines))}
    states: dict[int, _State] = {0: _State(0.0, 0, None)}  # by how much of the text is covered
    for line in lines:
        words = "".join(line.text.replace(HYPHEN, "-").split())
        options = [words, words[:-1]] if _is_divided(line) else [words]
        is_running = id(line) in running
        cost = abs(line.elevation - 0.5) if is_running else 0.0
        following: dict[int, _State] = {}
        for position, state in states.items():
            if is_running:
                _keep_better(following, position, _State(state.cost, 0, state))
            for option in options:
                if text.startswith(option, position):
                    later = _State(state.cost + cost, len(option), state)
                    _keep_better(following, position + len(option), later)
        if not 0 < len(following) <= _MAX_STATES:
            return None
        states = following
    last = states.get(len(text))
    return _n_kept(last)[::-1] if last else None


def _is_divided(line: Line) -> bool:
    """Tell whether a line may end within a word."""
    return LINE_HYPHEN.search(line.text) is not None


def _keep_better(states: dict[int, _State], position: int, state: _State) -> None:
    known = states.get(position)
    if known is None or state.cost < known.cost:
        states[position] = state


def _n_kept(state: _State) -> list[int]:
    """Return the kept characters of each line, from the last line to the first."""
    counts = []
    while state.before is not None:
        counts.append(state.n_chars)
        state = state.before
    return counts


def _enclose(traced: Sequence[_Glyph | None], glyphs: PageGlyphs) -> Iterator[Floats]:
    """Yield the boxes of characters, those that stand together in a line in one."""
    seen = (glyph for glyph in traced if glyph is not None)
    for _, group in groupby(seen, key=lambda glyph: id(glyph.line)):
        line_glyphs = list(group)
        numbers = list(dict.fromkeys(glyph.at for glyph in line_glyphs))
        boxes = glyphs.boxes[numbers]  # (n_chars, 4): left, top, right, bottom
        boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 1] > boxes[:, 3])]
        # No rectangle holds slanted characters closely but one for each.
        is_apart = _stand_apart(boxes) | (line_glyphs[0].line.turn < 0)
        for part in np.split(boxes, np.flatnonzero(is_apart) + 1):
            if len(part):
                lower, upper = part.min(axis=0), part.max(axis=0)
                yield np.array([lower[0], upper[1], upper[2], lower[3]], np.float32)


def _stand_apart(boxes: Floats) -> NDArray[np.bool_]:
    """Tell between which neighbours a gap is wide, (n_boxes - 1,), () of none."""
    left, top, right, bottom = boxes.T
    gap_x = np.maximum(left[1:] - right[:-1], left[:-1] - right[1:])
    gap_y = np.maximum(bottom[1:] - top[:-1], bottom[:-1] - top[1:])
    ems = np.maximum(right - left, top - bottom)
    is_apart: NDArray[np.bool_] = np.maximum(gap_x, gap_y) > _JOIN_EMS * np.maximum(
        ems[1:], ems[:-1]
    )
    return is_apart


@dataclass(frozen=True, slots=True)
class _Places:
    """Where points of a page are on its picture, turned and cropped as it is shown."""

    page: pypdfium2.PdfPage
    width: float
    height: float

    @classmethod
    def of(cls, page: pypdfium2.PdfPage) -> "_Places":
        width, height = page.get_size()
        return cls(page, width, height)

    def place(self, box: Floats) -> Box:
        left, top, right, bottom = box.tolist()
        one, other = self._point(left, top), self._point(right, bottom)
        return Box(
            min(one[0], other[0]),
            min(one[1], other[1]),
            max(one[0], other[0]),
            max(one[1], other[1]),
        )

    def _point(self, x: float, y: float) -> tuple[float, float]:
        across, down = c_int(), c_int()
        pdfium.FPDF_PageToDevice(self.page.raw, 0, 0, _GRID, _GRID, 0, x, y, across, down)
        return _fraction(across.value), _fraction(down.value)


def _fraction(value: int) -> float:
    return min(1.0, max(0.0, value / _GRID))
