"""Joining: the lines of all pages → one text, paragraphs put together over line and page ends.

A line goes on in the next one when it is full and the next one neither begins an item nor is
indented as the first of a paragraph. Words divided at a line's end are made whole.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.datatypes import Span
from index.formats.pdf_glyphs import HYPHEN, Line
from index.formats.pdf_headings import HeadingLine

_CJK = re.compile(
    r"[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f]|[\U00020000-\U0003ffff]"
)
_CJK_MARK = re.compile(r"[“”‘’—…·]")
_ITEM = re.compile(
    r"[•▪➢✓●■◆○□◇※·–*-]\s|[（(]?(?:\d{1,3}(?:\.\d{1,3}){0,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)）、．]\s?(?!\d)"
    r"|[（(]?[一二三四五六七八九十]{1,3}[、)）．.]|第[\d一二三四五六七八九十百零〇]{1,6}[章节節条條编編篇款]"
    r"|[①-⑳]"
)
_BULLET = re.compile(r"[•▪➢✓●■◆○□◇※·①-⑳]")
_LEADER = re.compile(r"(?:[.．·…⋯] ?){5,}\s*\w{1,6}$")  # a line of a table of contents
_ITEM_END = re.compile(r"[。！？!?.:：；;…]\s*$")
_END = re.compile(r"[。！？!?.…][”’」』）)】》\"'\]]*$")
_NUMBER_END = re.compile(r"\d[.,]?$")
LINE_HYPHEN = re.compile(r"(?<=\w)[-\u2010\u00ad]$")  # ends a line within a word
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]*$")
_FIRST_WORD = re.compile(r"[^\W\d_]*")
# These keep their hyphen before most words; before the others it only marks the line's end.
_KEEP_HYPHEN = re.compile(
    r"all|anti|co|cross|ex?|half|high|long|low|multi|non|post|pre|self|semi|short|so|sub|two|three|"
    r"well|x"
)
_PROSE_EMS = 8  # lines of a column are longer
_MAX_LEADING = 2.0  # sizes from line to line within a paragraph
_INDENT_EMS = 2.6  # of a paragraph's first line; two characters in Chinese


@dataclass(frozen=True, slots=True)
class JoinedText:
    """The text of all pages."""

    text: str
    spans: tuple[Span, ...]  # of each line, in the text; without a hyphen that was undone


@dataclass(frozen=True, slots=True)
class _Run:
    """The edges of the lines in a row that are set alike, one below the other."""

    left: float
    right: float
    n_lines: int


def join_lines(lines: list[Line], headings: dict[int, HeadingLine]) -> JoinedText:
    """Make one text of lines.

    :param lines: The lines of all pages in reading order.
    :param headings: Which of them are headings, by index.
    :return: The text with the place of each line.
    """
    parts: list[str] = []
    spans: list[Span] = []
    position = 0
    runs = list(_runs(lines))
    hyphens = _Hyphens(lines)
    separator = ""
    for at, line in enumerate(lines):
        words = line.text.replace(HYPHEN, "-")
        start = position + len(separator)
        following = lines[at + 1] if at + 1 < len(lines) else None
        next_separator = ""
        if following is not None:
            next_separator = _separator(lines, at, runs, headings)
            if next_separator == " " and LINE_HYPHEN.search(words):
                next_separator = ""
                words = words if hyphens.is_kept(words, following.text) else words[:-1]
        parts += (separator, words)
        position = start + len(words)
        spans.append(Span(start, position))
        separator = next_separator
    return JoinedText("".join(parts), tuple(spans))


class _Hyphens:
    """Decides by the document's own words whether a hyphen at a line's end belongs to the word."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._words: set[str] | None = None

    def is_kept(self, words: str, following: str) -> bool:
        head = _last(_LAST_WORD, words[:-1])
        tail = _last(_FIRST_WORD, following)
        if not head or not tail or not tail[0].islower() or not head[-1].islower():
            return True  # COVID-19, Jean-Paul, pH-Wert
        if self._words is None:
            self._words = set(_vocabulary(self._lines))
        if (head + tail).casefold() in self._words:
            return False
        is_known = f"{head}-{tail}".casefold() in self._words
        return (
            is_known or words[:-1].endswith(f"-{head}") or _KEEP_HYPHEN.fullmatch(head) is not None
        )


def _last(pattern: re.Pattern[str], words: str) -> str:
    match = pattern.search(words)
    return match.group() if match else ""


def _vocabulary(lines: Iterable[Line]) -> Iterator[str]:
    """Yield the words that stand within lines."""
    for line in lines:
        words = [match.group().casefold() for match in _WORD.finditer(line.text)]
        yield from words[:-1] if LINE_HYPHEN.search(line.text) else words


def _runs(lines: list[Line]) -> Iterator[_Run]:
    """Yield for each line the edges of the run that it is part of."""
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and _is_next(lines[end - 1], lines[end]):
            continue
        part = [line for line in lines[start:end] if "\t" not in line.text] or lines[start:end]
        run = _Run(min(line.x0 for line in part), max(line.x1 for line in part), end - start)
        yield from [run] * (end - start)
        start = end


def _is_next(upper: Line, lower: Line) -> bool:
    size = max(upper.size, lower.size)
    return (
        (upper.page, upper.turn) == (lower.page, lower.turn)
        and upper.turn >= 0
        and _is_alike(upper, lower)
        and 0.5 * size < upper.y - lower.y < _MAX_LEADING * size
        and min(upper.x1, lower.x1) > max(upper.x0, lower.x0) - _hidden(upper, lower)
    )


def _hidden(upper: Line, lower: Line) -> float:
    """Return how far a paragraph's first line may reach over the whole of its short last one."""
    indent = upper.x0 - lower.x0
    return indent if 0 < indent < _INDENT_EMS * upper.size else 0.0


def _is_alike(one: Line, other: Line) -> bool:
    return abs(one.size - other.size) < 0.1 * max(one.size, other.size)


def _separator(
    lines: list[Line], at: int, runs: list[_Run], headings: dict[int, HeadingLine]
) -> str:
    line, following = lines[at], lines[at + 1]
    heading = headings.get(at + 1)
    if heading is not None and heading.goes_on:
        return _between(line, following)
    if heading is not None or at in headings:
        return "\n\n"
    if "\t" in line.text or "\t" in following.text:
        return "\n" if _is_next(line, following) else "\n\n"
    if line.page == following.page and abs(line.y - following.y) < 0.5 * line.size:
        return "\n"  # cells of a row
    if _is_next(line, following):
        return _within(lines, at, runs[at])
    return _over(line, following, runs[at], runs[at + 1])


def _within(lines: list[Line], at: int, run: _Run) -> str:
    """Separate two lines of one run."""
    line, following = lines[at], lines[at + 1]
    if following.x0 > line.x0 + following.size and _is_first_line(lines, at + 1):
        return "\n\n"
    is_listed = _LEADER.search(line.text) or _begins_item(line, following)
    if is_listed or not _is_full(line, following, run.right):
        return "\n"
    return _between(line, following)


def _is_first_line(lines: list[Line], at: int) -> bool:
    """Tell an indented line that begins a paragraph from one under a bullet."""
    line = lines[at]
    if _ITEM.match(lines[at - 1].text):
        return False
    if at + 1 < len(lines) and _is_next(line, lines[at + 1]):
        return lines[at + 1].x0 < line.x0 - 0.5 * line.size
    return True


def _over(line: Line, following: Line, run: _Run, next_run: _Run) -> str:
    """Separate two lines between which a page or a column ends, or a space stands."""
    goes_on = (
        (following.page == line.page + 1 or _is_next_column(line, following, run, next_run))
        and line.turn == following.turn >= 0
        and _is_alike(line, following)
        and (not _END.search(line.text) or _is_number_cut(line, following))
        and not _ITEM.match(following.text)
        and (run.n_lines == 1 or _is_full(line, following, run.right))
        and (next_run.n_lines == 1 or following.x0 < next_run.left + following.size)
    )
    return _between(line, following) if goes_on else "\n\n"


def _is_next_column(line: Line, following: Line, run: _Run, next_run: _Run) -> bool:
    """Tell the top of a column of prose from the next cell of a table."""
    is_prose = min(run.right - run.left, next_run.right - next_run.left) > _PROSE_EMS * line.size
    is_higher = following.page == line.page and following.y > line.y
    return is_higher and is_prose and min(run.n_lines, next_run.n_lines) > 1


def _is_full(line: Line, following: Line, right: float) -> bool:
    """Tell whether the next line's beginning would not have fitted into the line."""
    if LINE_HYPHEN.search(line.text):
        return True
    if _CJK.match(following.text):
        # Punctuation that must not begin a line takes a character along.
        needed = 2.6 * line.size
    else:
        word = following.text.split(maxsplit=1)[0]
        width = (following.x1 - following.x0) / max(len(following.text), 1)
        needed = (len(word) + 1) * width + 0.5 * line.size
    return right - line.x1 < needed


def _begins_item(line: Line, following: Line) -> bool:
    if _BULLET.match(following.text):
        return True
    return bool(_ITEM.match(following.text)) and bool(_ITEM_END.search(line.text))


def _is_number_cut(line: Line, following: Line) -> bool:
    """Tell a number that a line's end divides: Chinese may be broken anywhere."""
    return (
        _NUMBER_END.search(line.text) is not None
        and following.text[:1].isdecimal()
        and _CJK.search(line.text) is not None
        and _CJK.search(following.text) is not None
    )


def _between(line: Line, following: Line) -> str:
    last, first = line.text[-1:], following.text[:1]
    if _is_number_cut(line, following):
        return ""
    if _CJK.match(last) or _CJK.match(first):
        return ""
    # “ ” — … are Chinese among Chinese.
    if _CJK_MARK.match(last) and _CJK.match(line.text[-2:-1]):
        return ""
    if _CJK_MARK.match(first) and _CJK.match(following.text[1:2]):
        return ""
    return " "
