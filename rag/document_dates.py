"""Document dates: a document and the headings over a place → the date it gives itself, or none.

Only what is written down: a heading, the title, the file's name, a line at the beginning that is a
date or says what of ("二〇二四年三月修订", "Last updated: 5 May 2023"). Where two years stand, none
is taken. Without any, the file's own time of change is given, and told to be that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from index.datatypes import Document
from index.normalization import fold_text
from rag.datatypes import DateOrigin
from rag.moments import Moment, find_moments

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_MOST_CHARS = 200  # of a heading, a title or a line
_N_LINES, _N_CHARS = 8, 1000  # of the beginning
_MOST_BESIDE = 24  # letters and digits of a line beside its date
_SAYS_WHAT = re.compile(
    r"修订|修正|发布|印发|颁布|公布|施行|实施|生效|日期|时间|更新|版本|编制|制定|发文|出版|成文|签发"
    r"|\b(?:dated?|updated?|published|issued|effective|revised|revision|version|released?)\b"
)
# A year alone, as editions and file names have it: 2021版, report-2023.
_YEAR = re.compile(r"(?<![\d.])(?P<year>(?:19|20)\d\d)(?![\d.]*\d)")
_OLDEST_FILE_NS = 631_152_000 * 10**9  # 1990: archives without times unpack to 1970 or 1980


@dataclass(frozen=True, slots=True)
class DocumentDate:
    """The date that a document gives itself, as exactly as it does."""

    date: str = ""  # ISO 8601: 2024, 2024-03 or 2024-03-15; "" when there is none
    origin: DateOrigin = DateOrigin.NONE


def date_document(
    document: Document, heading: Sequence[str], modified_ns: int | None
) -> DocumentDate:
    """Say what date a document gives itself.

    :param document: The document.
    :param heading: The headings over the cited place, outermost first.
    :param modified_ns: The file's time of change since 1970; None when not known.
    :return: The date, as exactly as it is written, and where; empty when there is none.
    """
    stem = document.source.rpartition("/")[2].rpartition(".")[0]
    inner = [words for words in reversed(heading) if words != document.title]
    places = [
        *((DateOrigin.HEADING, words) for words in inner),
        (DateOrigin.TITLE, document.title),
        (DateOrigin.NAME, stem),
    ]
    for origin, words in places:
        if date := _read_name(words):
            return DocumentDate(date, origin)
    for line in islice(filter(str.strip, document.text[:_N_CHARS].splitlines()), _N_LINES):
        if date := _read_line(line):
            return DocumentDate(date, DateOrigin.TEXT)
    if modified_ns is None or modified_ns < _OLDEST_FILE_NS:
        return DocumentDate()
    changed = datetime.fromtimestamp(modified_ns // 10**9, UTC).date()
    return DocumentDate(changed.isoformat(), DateOrigin.FILE)


def _read_name(words: str) -> str:
    """Read the date in a heading, a title or a name; "" without one, or when there are several."""
    folded = fold_text(words[:_MOST_CHARS])
    dates = {_write(found.moment) for found in find_moments(folded) if not found.until} - {""}
    years = {match["year"] for match in _YEAR.finditer(folded)} | {date[:4] for date in dates}
    longest = max(dates or years, key=len, default="")
    is_one = len(years) == 1 and all(longest.startswith(date) for date in dates)
    return longest if is_one and _FIRST_YEAR <= int(longest[:4]) <= _LAST_YEAR else ""


def _read_line(line: str) -> str:
    """Read a line that is a date, or says what date it is."""
    folded = fold_text(line[:_MOST_CHARS])
    found = find_moments(folded)
    if len(found) != 1 or found[0].until or len(line) > _MOST_CHARS:
        return ""
    beside = folded[: found[0].start] + folded[found[0].end :]
    n_beside = sum(map(str.isalnum, beside))
    if n_beside and (n_beside > _MOST_BESIDE or not _SAYS_WHAT.search(beside)):
        return ""
    return _write(found[0].moment)


def _write(moment: Moment) -> str:
    """Write a date as ISO 8601 does, as far as it is known: 2024, 2024-03, 2024-03-15."""
    if moment.year is None or moment.is_lunar:
        return ""
    date = ""
    for bounds, form in ((moment.year, "{:04}"), (moment.month, "-{:02}"), (moment.day, "-{:02}")):
        if bounds is None or bounds.low != bounds.high:
            break
        date += form.format(bounds.low)
    return date
