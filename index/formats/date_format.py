"""Date formats: a spreadsheet's day number → the date and time that its format shows."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.?)|[_*].?|\[(?P<elapsed>h+|m+|s+)\]'
    r"|\[(?P<bracket>[^\]]*)\]?|(?P<number>General|G/通用格式|E[+-]|[#?]|(?<!\.)0)"
    r"|(?P<half>AM/PM|A/P|上午/下午)|\.(?P<fraction>0+)|(?P<unit>y+|e+|m+|d+|a{3,4}|h+|s+)"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_LAST_DAY = 2_958_465  # 9999-12-31
_FALSE_LEAP_DAY = 60  # 1900-02-29, which the first spreadsheets counted and all others keep
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_START, _START_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_HAN_DAYS = "一二三四五六日"
_HAN_DIGITS = "〇一二三四五六七八九"
_CHINESE = re.compile(r"\$[^-]*-(?:\w*0?(?:804|404|1004|c04|1404))", re.IGNORECASE)
_NUMBERS = {"y": "year", "m": "month", "d": "day", "h": "hour", "M": "minute", "s": "second"}


@dataclass(frozen=True, slots=True)
class _Code:
    """A section of a number format, read as a date."""

    tokens: tuple[tuple[str, str], ...]  # (kind, characters); minutes are M, months m
    is_date: bool
    is_chinese: bool  # names of days and months
    is_han: bool  # numerals
    is_halved: bool  # hours up to 12


def is_date_code(code: str) -> bool:
    """Tell whether a section of a number format shows a date or a time."""
    return _read(code).is_date


def render_date(serial: float, code: str, *, is_1904: bool = False) -> str | None:
    """Show a day number.

    :param serial: Days since the end of 1899, or since 1904-01-01.
    :param code: One section of a number format.
    :param is_1904: Which of the two it is.
    :return: The text shown; None for a day that no calendar of a spreadsheet has.
    """
    if not 0 <= serial <= _LAST_DAY:
        return None
    read = _read(code)
    places = max((len(chars) for kind, chars in read.tokens if kind == "fraction"), default=0)
    seconds = round(serial * 86_400, min(places, 3))
    moment = _moment(seconds, is_1904=is_1904)
    return "".join(_show(token, seconds, moment, read) for token in read.tokens)


def serial_of(text: str, *, is_1904: bool = False) -> float | None:
    """Return the day number of a date in ISO 8601, None when it is none."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return (moment - (_START_1904 if is_1904 else _START)) / timedelta(days=1)


@lru_cache(maxsize=1024)
def _read(code: str) -> _Code:
    found = [
        (match.lastgroup, match.group(match.lastgroup))
        for match in _TOKEN.finditer(code)
        if match.lastgroup
    ]
    brackets = [chars for kind, chars in found if kind == "bracket"]
    tokens = [
        ("literal" if kind in ("quoted", "escaped", "other") else kind, chars)
        for kind, chars in found
        if kind != "bracket"
    ]
    units = [at for at, (kind, _) in enumerate(tokens) if kind in ("unit", "elapsed")]
    firsts = ["", *(tokens[at][1][0].lower() for at in units), ""]
    for at, before, after in zip(units, firsts, firsts[2:], strict=False):
        kind, chars = tokens[at]
        is_minute = chars[0] in "mM" and (before == "h" or after == "s")
        tokens[at] = (kind, chars.upper() if is_minute else chars.lower())
    kinds = {kind for kind, _ in tokens}
    return _Code(
        tokens=tuple(tokens),
        is_date=bool(kinds & {"unit", "elapsed", "half"}) and "number" not in kinds,
        is_chinese=any(_CHINESE.fullmatch(chars) for chars in brackets),
        is_han=any(chars.lower() == "dbnum1" for chars in brackets),
        is_halved="half" in kinds,
    )


def _moment(seconds: float, *, is_1904: bool) -> datetime:
    start = _START_1904 if is_1904 else _START
    if not is_1904 and seconds < _FALSE_LEAP_DAY * 86_400:
        start += timedelta(days=1)
    return min(start, datetime.max - timedelta(seconds=seconds)) + timedelta(seconds=seconds)


def _show(token: tuple[str, str], seconds: float, moment: datetime, read: _Code) -> str:
    kind, chars = token
    if kind == "literal":
        return chars
    if kind == "elapsed":
        size = {"h": 3600, "m": 60, "s": 1}[chars[0].lower()]
        return str(int(seconds // size)).zfill(len(chars))
    if kind == "fraction":
        return f"{seconds % 1:.{min(len(chars), 3)}f}"[1:]
    if kind == "half":
        is_chinese = read.is_chinese or "午" in chars
        return (("上午", "下午") if is_chinese else ("AM", "PM"))[moment.hour >= 12]
    return _show_unit(moment, chars, read)


def _show_unit(moment: datetime, chars: str, read: _Code) -> str:
    first, n = chars[0], len(chars)
    if first == "a":
        return ("星期" if n > 3 else "") + _HAN_DAYS[moment.weekday()]
    if first in "md" and n > 2:
        return _show_name(moment, first, n, is_chinese=read.is_chinese)
    if first in "ye":
        year = f"{moment.year:04d}"[2 if first == "y" and n < 3 else 0 :]
        return "".join(_HAN_DIGITS[int(digit)] for digit in year) if read.is_han else year
    number: int = getattr(moment, _NUMBERS[first])
    if first == "h" and read.is_halved:
        number = number % 12 or 12
    return _han_number(number) if read.is_han else str(number).zfill(min(n, 2))


def _show_name(moment: datetime, first: str, n: int, *, is_chinese: bool) -> str:
    if is_chinese and first == "m":
        return _han_number(moment.month) + "月"
    if is_chinese:
        return ("周" if n == 3 else "星期") + _HAN_DAYS[moment.weekday()]
    name = _MONTHS[moment.month - 1] if first == "m" else _DAYS[moment.weekday()]
    return name[: {3: 3, 5: 1}.get(n, len(name))]


def _han_number(number: int) -> str:
    """Write a number below 100 in Chinese."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _HAN_DIGITS[ones]
    return (_HAN_DIGITS[tens] if tens > 1 else "") + "十" + (_HAN_DIGITS[ones] if ones else "")
