"""HTML page: elements and texts in order → lines, paragraphs and headings.

Lines and paragraphs begin where the HTML standard's default rendering begins them; white space
collapses as in CSS Text 3, where a line break between two ideographs is no space.
"""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from index.datatypes import Heading, Span
from index.formats.html_elements import BREAKS, HEADINGS, LISTS, PREFORMATTED, UNSEEN
from index.formats.html_table import Table
from index.formats.text_builder import LINE, PARAGRAPH, TextBuilder, clean_text, one_line

_WIDE = (
    "\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\ufe30-\ufe4f\uff01-\uff60\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t]*\n[ \t\n]*(?=[{_WIDE}])")
_SPACES = re.compile(r"[ \t\n\xa0]+")
_BREAK_CHANCES = re.compile("[\u200b\u2060]")
_HIDING = re.compile(r"(?i)(?<![\w-])(?:display\s*:\s*none|visibility\s*:\s*hidden)\b")
_NEXT_CELL = "\x00"  # no page holds one: zero bytes were dropped
_CELLS = {"td", "th"}
_MAX_HEADING_CHARS = 300  # more is a heading that was never closed


class _Line(NamedTuple):
    span: Span
    words: str


class Page:
    """The text so far, and the line at hand."""

    def __init__(self) -> None:
        """Begin a page."""
        self._builder = TextBuilder()
        self._line: list[str] = []
        self._gap = 0  # lines to end before the next one: from 2 on a paragraph ends
        self._lines: list[_Line] = []
        self._open_headings: list[int] = []  # the line each begins with
        self._headings: list[Heading] = []
        self._tables: list[Table] = []
        self._is_row = False  # the line is a row of a table that holds data
        self._n_lists = 0
        self._n_preformatted = 0

    def add(self, text: str) -> None:
        """Add text to the line."""
        self._line.append(text)

    def open(self, node: LexborNode, tag: str) -> bool:
        """Begin an element.

        :param node: The element.
        :param tag: Its name.
        :return: False when nothing in it is shown; it is not closed then.
        """
        if tag in UNSEEN or _is_hidden(node, tag):
            return False
        if tag == "br":
            self._break_line()
        elif tag == "button":
            self._line.append(" ")
        elif tag in BREAKS:
            self._open_block(node, tag)
        return True

    def close(self, tag: str) -> None:
        """End an element that was begun.

        :param tag: Its name.
        """
        if tag == "button":
            self._line.append(" ")
        elif tag in BREAKS:
            self._close_block(tag)

    def text(self) -> str:
        """End the page.

        :return: Its whole text.
        """
        self._flush()
        return self._builder.extraction("", "", []).text

    def headings(self) -> tuple[Heading, ...]:
        """Return the headings in the order of the text."""
        return tuple(sorted(self._headings, key=lambda heading: (heading.span, heading.level)))

    def _open_block(self, node: LexborNode, tag: str) -> None:
        if self._is_row:
            self._line.append(_NEXT_CELL if tag in _CELLS else " ")
            return
        self._break(tag)
        self._n_lists += tag in LISTS
        if tag == "table":
            self._tables.append(Table(node))
        elif tag == "tr" and self._tables:
            self._is_row = self._tables[-1].open_row(node)
        elif tag in HEADINGS:
            self._open_headings.append(len(self._lines))
        self._n_preformatted += tag in PREFORMATTED

    def _close_block(self, tag: str) -> None:
        if self._is_row and tag != "tr":
            self._line.append(" ")
            return
        self._n_lists -= tag in LISTS
        self._break(tag)
        self._is_row = False
        if tag == "table":
            self._tables.pop()
        elif tag in HEADINGS:
            self._close_heading(HEADINGS[tag])
        self._n_preformatted -= tag in PREFORMATTED

    def _close_heading(self, level: int) -> None:
        first = self._open_headings.pop()
        if first == len(self._lines):
            return
        span = Span(self._lines[first].span.start, self._lines[-1].span.end)
        if len(span) <= _MAX_HEADING_CHARS:
            title = " ".join(line.words for line in self._lines[first:])
            self._headings.append(Heading(level, one_line(title), span))

    def _break(self, tag: str) -> None:
        self._flush()
        self._gap = max(self._gap, 1 if tag in LISTS and self._n_lists else BREAKS[tag])

    def _break_line(self) -> None:
        if self._is_row:
            self._line.append(" ")
        elif self._n_preformatted:
            self._line.append("\n")
        else:
            self._flush()
            self._gap += 1

    def _flush(self) -> None:
        words = self._take_line() if self._line else ""
        if words:
            span = self._builder.add(words, LINE if self._gap == 1 else PARAGRAPH)
            self._lines.append(_Line(span, words))
            self._gap = 0

    def _take_line(self) -> str:
        line = "".join(self._line)
        self._line.clear()
        if self._n_preformatted:
            kept = clean_text(line.replace("\xa0", " "))
            return kept.strip("\n") if kept.strip() else ""
        if self._is_row:
            return self._tables[-1].close_row(
                [_collapse(cell) for cell in line.split(_NEXT_CELL)[1:]]
            )
        return _collapse(line)


def _is_hidden(node: LexborNode, tag: str) -> bool:
    attributes = node.attributes
    if not attributes:
        return tag == "dialog"
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if tag == "dialog" and "open" not in attributes:
        return True
    return bool(_HIDING.search(attributes.get("style") or ""))


def _collapse(text: str) -> str:
    text = clean_text(text)
    if "\n" in text:
        text = _WIDE_BREAK.sub("", text)
    if not text.isascii():
        text = _BREAK_CHANCES.sub("", text)
    return _SPACES.sub(" ", text).strip()
