"""Glyphs: a page of PDFium's characters → its segments, runs of characters that stand together.

PDFium gives characters in the file's own order with the spaces and line ends that it made up; the
boxes of the characters tell where a run really ends. Ligatures, radicals used as characters and
marks that nobody sees become what a reader sees.
"""

import ctypes
import re
import unicodedata
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw as pdfium

from index.datatypes import Span

HYPHEN = "\u00ad"  # at the end of a line: a word goes on in the next one
_LINE_END_HYPHENS = (0x02, 0xFFFE)  # how PDFium marks it, by character and in bulk
_SPLIT_EMS = 0.9  # a wider gap is no word space: a column or a cell begins
_SPACE_EMS = 0.12
_SKEW = 0.2  # tangent; text that slants more is a stamp across the page
_UNREADABLE = 0.5  # of a page's characters without a Unicode value
_FAR = 1e6  # points; a page has at most 14,400
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_INVISIBLE = (0xAD, 0x200B, 0x200C, 0x2060, 0xFEFF)
# Fonts for bullets have no Unicode values; Word's Symbol and Wingdings put them here.
_BULLETS = dict(
    zip((0xF0B7, 0xF0A7, 0xF0D8, 0xF0FC, 0xF06C, 0xF06E, 0xF075), "•▪➢✓●■◆", strict=True)
)
# Browsers and macOS write radicals for the characters that look like them; NFKC knows the rest.
_RADICALS = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)
_SHOWN: dict[int, str | None] = {
    **dict.fromkeys(_CONTROLS),
    **dict.fromkeys(_INVISIBLE),
    **_BULLETS,
    **{ord(radical): char for radical, char in _RADICALS.items()},
    **{
        code: unicodedata.normalize("NFKC", chr(code))
        for code in (*range(0x2F00, 0x2FD6), *range(0xFB00, 0xFB07))
    },
    0xA0: " ",
    **dict.fromkeys(_LINE_END_HYPHENS, HYPHEN),
}
_SPACES = re.compile(r"[ \t]{2,}|\t")

Codes = NDArray[np.uint32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Line:
    """A run of characters and where it stands, seen so that its writing runs to the right."""

    text: str
    x0: float  # points
    x1: float
    y: float  # of its lower edge; higher is nearer to the page's top
    size: float  # of its font, points
    order: int  # its place in the file's own order
    page: int  # from 0
    turn: int  # quarter turns that make the writing run to the right; -1: it slants
    elevation: float  # 0 at the page's lower edge, 1 at its upper one
    runs: tuple[Span, ...] = ()  # the page's characters it is made of; () when OCR read it


@dataclass(frozen=True, slots=True)
class PageGlyphs:
    """A page's segments in the file's own order, and the characters that they are made of."""

    segments: tuple[Line, ...]
    n_chars: int
    n_unknown: int  # characters that have no Unicode value and were left out
    text: str = ""  # n_chars as they are in the file, but for those left out; "" without segments
    boxes: Floats = field(default_factory=lambda: np.empty((0, 4), np.float32))  # (n_chars, 4)

    @property
    def is_readable(self) -> bool:
        """Tell whether most characters are known; where not, the page is as good as a picture."""
        return self.n_unknown <= _UNREADABLE * self.n_chars


def read_glyphs(page: pypdfium2.PdfPage, number: int, max_chars: int) -> PageGlyphs:
    """Read the characters of a page.

    :param page: The page.
    :param number: Its number, from 0.
    :param max_chars: A page with more is not read; its segments are ().
    :return: Its segments.
    :raises pypdfium2.PdfiumError: When PDFium cannot read the page.
    """
    textpage = page.get_textpage()
    try:
        n_chars = max(0, pdfium.FPDFText_CountChars(textpage.raw))
        if n_chars == 0 or n_chars > max_chars:
            return PageGlyphs((), n_chars, 0)
        return _Reader(textpage, n_chars, number, page.get_bbox()).read()
    finally:
        textpage.close()


class _Reader:
    """The characters of one page: ``codes`` (n,) and ``boxes`` (n, 4): left, top, right, bottom."""

    def __init__(
        self,
        textpage: pypdfium2.PdfTextPage,
        n_chars: int,
        number: int,
        bounds: tuple[float, float, float, float],
    ) -> None:
        self._raw = textpage.raw
        self._number = number
        self._bounds = bounds
        self._codes = _read_codes(self._raw, n_chars)
        self._boxes = _read_boxes(self._raw, n_chars)

    def read(self) -> PageGlyphs:
        unknown = _is_unknown(self._codes)
        self._codes[unknown] = 0
        self._drop_made_up_spaces()
        text = self._codes.astype("<u4").tobytes().decode("utf-32-le", "replace")
        seen = np.flatnonzero(_is_seen(self._codes))  # (n_seen,)
        n_chars, n_unknown = len(self._codes), int(unknown.sum())
        if not len(seen):
            return PageGlyphs((), n_chars, n_unknown)
        starts = np.flatnonzero(np.append(True, self._breaks(seen)))
        centres = (self._boxes[seen, :2] + self._boxes[seen, 2:]) / 2  # (n_seen, 2)
        spans = np.maximum.reduceat(centres, starts) - np.minimum.reduceat(centres, starts)
        lower = np.minimum.reduceat(self._boxes[seen], starts)  # (n_segments, 4)
        upper = np.maximum.reduceat(self._boxes[seen], starts)
        segments = []
        for at, (start, end) in enumerate(pairwise([*starts.tolist(), len(seen)])):
            words = _shown(text[seen[start] : seen[end - 1] + 1])
            if words.strip(HYPHEN):
                middle = int(seen[(start + end - 1) // 2])
                turn, size = self._direction(middle, spans[at])
                box = (lower[at, 0], upper[at, 1], upper[at, 2], lower[at, 3])
                run = Span(int(seen[start]), int(seen[end - 1]) + 1)
                segment = self._segment(words, turn, size, box, middle)
                segments.append(replace(segment, runs=(run,)))
        return PageGlyphs(tuple(segments), n_chars, n_unknown, text, self._boxes)

    def _breaks(self, seen: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell between which two seen characters a segment ends, (n_seen - 1,)."""
        codes, boxes = self._codes, self._boxes[seen]
        line = np.cumsum((codes == 10) | (codes == 13))[seen]
        left, top, right, bottom = boxes.T
        gap_x = np.maximum(left[1:] - right[:-1], left[:-1] - right[1:])
        gap_y = np.maximum(bottom[1:] - top[:-1], bottom[:-1] - top[1:])
        ems = np.maximum(right - left, top - bottom)
        is_far = np.maximum(gap_x, gap_y) > _SPLIT_EMS * np.maximum(ems[1:], ems[:-1])
        # PDFium has put a line with right-to-left words into reading order: neighbours stand apart.
        lines_rtl = np.unique(line[_is_rtl(codes[seen])])
        is_far &= ~np.isin(line[1:], lines_rtl)
        is_cut: NDArray[np.bool_] = (
            is_far | (line[1:] != line[:-1]) | np.isin(codes[seen[:-1]], _LINE_END_HYPHENS)
        )
        return is_cut

    def _drop_made_up_spaces(self) -> None:
        """Drop the spaces that PDFium makes up in Chinese set with wide letter spacing."""
        codes, boxes = self._codes, self._boxes
        cjk = _is_cjk(codes)
        between = np.flatnonzero((codes[1:-1] == 32) & cjk[:-2] & cjk[2:]) + 1
        if not len(between):
            return
        line = np.cumsum((codes == 10) | (codes == 13))
        gaps = boxes[between + 1, 0] - boxes[between - 1, 2]
        ems = boxes[between - 1, 2] - boxes[between - 1, 0]
        for number in np.unique(line[between]).tolist():
            # Where all characters stand apart, that is no word's end.
            at_once = np.flatnonzero((line[1:] == number) & cjk[1:] & cjk[:-1]) + 1
            here = line[between] == number
            close = boxes[at_once, 0] - boxes[at_once - 1, 2]
            usual = float(np.median(np.concatenate([close, gaps[here]])))
            for at in between[here & (gaps < usual + _SPACE_EMS * ems)].tolist():
                if pdfium.FPDFText_IsGenerated(self._raw, at) == 1:
                    codes[at] = 0

    def _direction(self, at: int, spans: Floats) -> tuple[int, float]:
        """Return the turn of the segment around a character, and its font's size."""
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self._raw, at, matrix)
        a, b, c, d = matrix.a, matrix.b, matrix.c, matrix.d
        size = abs(pdfium.FPDFText_GetFontSize(self._raw, at)) * (c * c + d * d) ** 0.5
        if not 0.1 < size < _FAR:
            left, top, right, bottom = self._boxes[at].tolist()
            size = max(right - left, top - bottom, 1.0)
        if abs(a) >= abs(b):
            turn = 2 if a < 0 and d < 0 else 0
            slant = abs(b) > _SKEW * abs(a)
        else:
            turn = 1 if b > 0 else 3
            slant = abs(a) > _SKEW * abs(b)
        # Upright characters below one another are lines of Chinese from top to bottom.
        if turn == 0 and spans[1] > 0.8 * size and spans[0] < 0.6 * size:
            turn = 3
        return (-1 if slant else turn), size

    def _segment(
        self, words: str, turn: int, size: float, box: tuple[float, ...], middle: int
    ) -> Line:
        x0, _, x1, _ = _turned(box, turn)
        y = _turned(tuple(self._boxes[middle].tolist()), turn)[3]
        left, bottom, right, top = self._bounds
        _, highest, _, lowest = _turned((left, top, right, bottom), turn)
        elevation = (y - lowest) / max(highest - lowest, 1.0)
        return Line(
            words, float(x0), float(x1), float(y), size, middle, self._number, turn, elevation
        )


def _turned(box: tuple[float, ...], turn: int) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom as they are when the page has been turned."""
    left, top, right, bottom = box
    if turn == 1:
        return bottom, -left, top, -right
    if turn == 2:
        return -right, -bottom, -left, -top
    if turn == 3:
        return -top, right, -bottom, left
    return left, top, right, bottom


def _shown(text: str) -> str:
    words = _SPACES.sub(" ", text.translate(_SHOWN)).strip(" \u3000")
    return words[:-1].replace(HYPHEN, "") + words[-1:]


def trace_line(line: Line, glyphs: PageGlyphs) -> list[int]:
    """Say which character of its page each character of a line is.

    :param line: One of that page.
    :param glyphs: The page's.
    :return: The characters' numbers, one for each character of the line that is no white space, in
        the line's order. The letters of a ligature share its number.
    """
    traced: list[int] = []
    for run in line.runs:
        shown = [
            (char, at)
            for at in range(run.start, run.end)
            for char in glyphs.text[at].translate(_SHOWN)
            if not char.isspace()
        ]
        traced += [at for char, at in shown[:-1] if char != HYPHEN]
        traced += [at for _, at in shown[-1:]]
    return traced


def _read_codes(raw: pdfium.FPDF_TEXTPAGE, n_chars: int) -> Codes:
    """Return the characters' code points, (n_chars,); 0 where there is none."""
    buffer = (ctypes.c_ushort * (n_chars + 1))()
    n_written = pdfium.FPDFText_GetText(raw, 0, n_chars, buffer)
    units: Codes = np.frombuffer(memoryview(buffer), np.uint16)[:n_chars].astype(np.uint32)
    # In bulk, characters without a code are left out and rare ones take two units.
    if n_written != n_chars + 1 or ((units >= 0xD800) & (units < 0xE000)).any():
        get = pdfium.FPDFText_GetUnicode
        units = np.array([get(raw, at) for at in range(n_chars)], dtype=np.uint32)
        _join_surrogates(units)
    return units


def _join_surrogates(units: Codes) -> None:
    """Where wide characters have 16 bits (Windows) PDFium gives a rare one as two."""
    high = (units[:-1] >= 0xD800) & (units[:-1] < 0xDC00)
    low = (units[1:] >= 0xDC00) & (units[1:] < 0xE000)
    for at in np.flatnonzero(high & low).tolist():
        units[at] = 0x10000 + ((int(units[at]) - 0xD800) << 10) + int(units[at + 1]) - 0xDC00
        units[at + 1] = 0x200B


def _read_boxes(raw: pdfium.FPDF_TEXTPAGE, n_chars: int) -> Floats:
    """Return the boxes of the characters, (n_chars, 4) float32: left, top, right, bottom."""
    boxes = (pdfium.FS_RECTF * n_chars)()
    get = pdfium.FPDFText_GetLooseCharBox
    for at, box in enumerate(boxes):
        get(raw, at, box)
    found: Floats = np.frombuffer(memoryview(boxes), np.float32).reshape(n_chars, 4)
    return np.clip(np.nan_to_num(found), -_FAR, _FAR)


def _is_unknown(codes: Codes) -> NDArray[np.bool_]:
    is_private = ((codes >= 0xE000) & (codes < 0xF900)) | (codes >= 0xF0000)
    is_private &= ~np.isin(codes, list(_BULLETS))
    is_surrogate = (codes >= 0xD800) & (codes < 0xE000)
    is_nothing = (codes == 0) | (codes == 0xFFFD) | (codes == 0xFFFF)
    is_unknown: NDArray[np.bool_] = is_private | is_surrogate | is_nothing
    return is_unknown


def _is_seen(codes: Codes) -> NDArray[np.bool_]:
    unseen = [at for at in (*_CONTROLS, *_INVISIBLE[1:]) if at not in _LINE_END_HYPHENS]
    is_seen: NDArray[np.bool_] = ~np.isin(codes, [*unseen, 0x20, 0xA0, 0x3000])
    return is_seen


def _is_rtl(codes: Codes) -> NDArray[np.bool_]:
    return (
        ((codes >= 0x590) & (codes < 0x900))
        | ((codes >= 0xFB1D) & (codes < 0xFE00))
        | ((codes >= 0xFE70) & (codes < 0xFEFD))
    )


def _is_cjk(codes: Codes) -> NDArray[np.bool_]:
    is_hangul = (codes >= 0x3130) & (codes < 0x3190)
    is_wide = (codes >= 0x2E80) & (codes < 0xA4D0) & ~is_hangul
    is_form = ((codes >= 0xF900) & (codes < 0xFB00)) | ((codes >= 0xFE30) & (codes < 0xFE50))
    is_full = (codes >= 0xFF00) & (codes < 0xFFA0)
    is_rare = (codes >= 0x20000) & (codes < 0x32000)
    return is_wide | is_form | is_full | is_rare
