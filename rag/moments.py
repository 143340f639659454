"""Moments: dates and times of day as people write them → their fields.

"2月5日下午", "二〇二四年三月", "民国一一二年六月", "Feb. 5", "2024-02-05", "周三 8:30", "8 p.m.".
What is not said is not known; a field may be a range (19世纪80年代, 第三季度, 上旬, 下午).
Everything here reads folded text.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

from rag.numerals import read_integer


@dataclass(frozen=True, slots=True)
class Bounds:
    """A whole number that is known to lie in a range, both ends included."""

    low: int
    high: int

    def overlaps(self, other: "Bounds") -> bool:
        """Tell whether both may be the same number."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time of day; None for what is not said."""

    year: Bounds | None = None  # before Christ below zero
    month: Bounds | None = None
    day: Bounds | None = None  # of the month
    weekday: Bounds | None = None  # Monday is 1
    minute: Bounds | None = None  # of the day
    is_lunar: bool = False  # of the Chinese calendar

    @property
    def known(self) -> dict[str, Bounds]:
        """The fields that are said."""
        named = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: value for name, value in named.items() if isinstance(value, Bounds)}


@dataclass(frozen=True, slots=True)
class FoundMoment:
    """A moment, or a stretch from one to another, with where it stands in the folded text."""

    start: int
    end: int
    moment: Moment
    until: Moment | None = None


_Match = re.Match[str]
_GLUE = re.compile(r"[\s,的()]*(?:\b(?:at|on|in the|of|in)\b)?[\s,的()]*")
_TO = re.compile(r"\s*(?:-|–|—|~|至|到|\bto\b|\buntil\b|\btill\b|\band\b)\s*")
_NUMBER = r"(?:\d{1,2}|[〇零一二三四五六七八九十廿卅]{1,3})"
_YEAR = r"(?:(?:1\d|20)\d\d|[一二][〇零一二三四五六七八九]{3})"
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 - to be read
_MONTH_NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
_ERAS = {"民国": 1911, "令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
_THIRDS = {"上旬": (1, 10), "初": (1, 10), "中旬": (11, 20)} | dict.fromkeys(
    ("下旬", "底", "末"), (21, 31)
)
_HOURS = {
    "凌晨": (0, 6),
    **dict.fromkeys(("清晨", "早上", "早晨", "早"), (4, 12)),
    **dict.fromkeys(("上午", "morning"), (0, 12)),
    **dict.fromkeys(("中午", "正午"), (11, 14)),
    **dict.fromkeys(("下午", "午后", "afternoon"), (12, 19)),
    **dict.fromkeys(("傍晚", "晚上", "晚间", "夜间", "晚", "evening"), (16, 24)),
}
_HAN_PART = "|".join(word for word in sorted(_HOURS, key=len, reverse=True) if word > "\u2e7f")
_MINUTES = {"半": 30, "一刻": 15, "三刻": 45, "整": 0}
# 15日内 and 3日后 are stretches of time, not days of a month.
_NO_STRETCH = "(?!以?[内前后]|之[内前后])"
_DAY = (
    rf"(?:(?P<day>{_NUMBER})[日号]{_NO_STRETCH}|初(?P<first>[一二三四五六七八九十])"
    r"|(?P<third>上旬|中旬|下旬|初|底|末))"
)
_MONTH = (
    rf"(?:(?P<lunar>农历|阴历)?(?P<month>{_NUMBER}|正|腊)月份?(?!\s*[间内])"
    r"|第?(?P<quarter>[一二三四1-4])季度)"
)


def find_moments(text: str) -> list[FoundMoment]:
    """Find dates and times of day.

    :param text: Folded.
    :return: What is found, in order; what is said of one moment (a date, its weekday, an hour) is
        one, "from … to …" is one with both ends.
    """
    found: list[FoundMoment] = []
    for part in _find_parts(text):
        joined = _join(found[-1], part, text[found[-1].end : part.start]) if found else None
        if joined:
            found[-1] = joined
        else:
            found.append(part)
    return found


def _join(one: FoundMoment, other: FoundMoment, gap: str) -> FoundMoment | None:
    """Join two parts; None when they are two moments."""
    if one.until is None and _TO.fullmatch(gap):
        return replace(one, end=other.end, until=other.moment)
    last = one.until or one.moment
    if not _GLUE.fullmatch(gap) or last.known.keys() & other.moment.known.keys():
        return None
    moment = Moment(**last.known | other.moment.known, is_lunar=last.is_lunar)
    if one.until:
        return replace(one, end=other.end, until=moment)
    return replace(one, end=other.end, moment=moment)


def _find_parts(text: str) -> Iterator[FoundMoment]:
    """Take of what the patterns find the leftmost, of those the longest, and go on after it."""
    matches = [(match, read) for pattern, read in _RULES for match in pattern.finditer(text)]
    matches.sort(key=lambda entry: (entry[0].start(), -entry[0].end()))
    end = 0
    for match, read in matches:
        moment = read(match) if match.start() >= end else None
        if moment and moment.known:
            end = match.end()
            yield FoundMoment(match.start(), end, moment)


def _exactly(value: int | None) -> Bounds | None:
    return None if value is None else Bounds(value, value)


def _number(literal: str | None, least: int, most: int) -> Bounds | None:
    value = read_integer(literal) if literal else None
    return _exactly(value) if value is not None and least <= value <= most else None


def _read_month_day(match: _Match) -> Moment:
    if match["quarter"]:
        last = 3 * (read_integer(match["quarter"]) or 1)
        return Moment(month=Bounds(last - 2, last))
    third, first = match["third"], match["first"]
    month = {"正": Bounds(1, 1), "腊": Bounds(12, 12)}.get(match["month"] or "")
    return Moment(
        month=month or _number(match["month"], 1, 12),
        day=Bounds(*_THIRDS[third]) if third else _number(match["day"] or first, 1, 31),
        is_lunar=bool(match["lunar"] or month or first),
    )


def _read_year_month_day(match: _Match) -> Moment:
    return replace(_read_month_day(match), year=_number(match["year"], 1, 2999))


def _read_era(match: _Match) -> Moment:
    year = read_integer(match["year"]) or 0
    return replace(_read_month_day(match), year=_exactly(year + _ERAS[match["era"]]))


def _read_before_christ(match: _Match) -> Moment:
    return Moment(_exactly(-(read_integer(match["year"]) or 0)))


def _read_digits(match: _Match) -> Moment:
    day = match["day"]
    return Moment(_exactly(int(match["year"])), _number(match["month"], 1, 12), _number(day, 1, 31))


def _read_slashes(match: _Match) -> Moment:
    """Read 5/2/2024, of which only a number over 12 tells the day from the month."""
    low, high = sorted((int(match["one"]), int(match["other"])))
    year = _exactly(int(match["year"]))
    return Moment(year, _exactly(low), _exactly(high)) if 12 < high < 32 else Moment(year)


def _read_day(match: _Match) -> Moment:
    return Moment(day=_number(match["day"], 1, 31))


def _read_english(match: _Match) -> Moment | None:
    month = _MONTHS.index(match["name"][:3]) + 1
    day = match["before"] or match["after"]
    if match["name"] == "may" and not day and not match["year"]:
        return None  # a verb
    return Moment(_number(match["year"], 1, 2999), _exactly(month), _number(day, 1, 31))


def _read_century(match: _Match) -> Moment:
    first = 100 * ((read_integer(match["century"] or match["nth"]) or 1) - 1)
    if match["decade"]:
        first += read_integer(match["decade"]) or 0
        return Moment(Bounds(first, first + 9))
    return Moment(Bounds(first, first + 99))


def _read_decade(match: _Match) -> Moment:
    first = int(match["year"])
    return Moment(Bounds(first, first + 9))


def _read_weekday(match: _Match) -> Moment:
    if match["name"]:
        return Moment(weekday=_exactly(_WEEKDAYS.split().index(match["name"]) + 1))
    return Moment(weekday=_exactly("一二三四五六日".index(match["day"].replace("天", "日")) + 1))


def _read_clock(match: _Match) -> Moment | None:
    hour, rest = read_integer(match["hour"]), match["rest"]
    minute = _MINUTES.get(rest) if rest in _MINUTES else read_integer(rest or "0")
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    is_late = hour < 12 and ((match["part"] or "") in _LATE or match["half"] == "p")
    is_midnight = match["half"] == "a" and hour == 12
    return Moment(minute=_exactly(60 * (hour + 12 * is_late - 12 * is_midnight) + minute))


_LATE = {word for word, (low, _) in _HOURS.items() if low >= 12}


def _read_part(match: _Match) -> Moment:
    named = {"noon": 720, "midnight": 1440}.get(match.group())
    if named:
        return Moment(minute=_exactly(named))
    low, high = _HOURS[match.group()]
    return Moment(minute=Bounds(60 * low, 60 * high))


def _read_year(match: _Match) -> Moment:
    return Moment(_number(match.group(), 1, 2999))


_CLOCK = rf"(?:(?P<part>{_HAN_PART})\s*)?(?<![\d.:])(?P<hour>{_NUMBER})"
_HALF = r"\s*(?P<half>[ap])\.?m\b\.?"
_RULES: tuple[tuple[re.Pattern[str], Callable[[_Match], Moment | None]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (
            rf"(?<!\d)(?P<year>{_YEAR})\s*年度?(?!代)(?:\s*{_MONTH}(?:\s*{_DAY})?)?",
            _read_year_month_day,
        ),
        (
            rf"(?P<era>{'|'.join(_ERAS)})(?P<year>\d+|元|[〇零一二三四五六七八九十百]+)年度?"
            rf"(?:\s*{_MONTH}(?:\s*{_DAY})?)?",
            _read_era,
        ),
        (r"公元前(?P<year>\d+)年|\b(?P<_year>\d+) bce?\b", _read_before_christ),
        (rf"(?<![\d.]){_MONTH}(?:\s*{_DAY})?", _read_month_day),
        (rf"(?<![\d.])(?P<day>{_NUMBER})日{_NO_STRETCH}", _read_day),
        (
            r"(?<![\d.])(?P<year>(?:19|20)\d\d)(?P<sep>[-/.])(?P<month>\d{1,2})"
            r"(?:(?P=sep)(?P<day>\d{1,2}))?(?![\d.]*\d)",
            _read_digits,
        ),
        (r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)", _read_digits),
        (
            r"(?<![\d/])(?P<one>\d{1,2})/(?P<other>\d{1,2})/(?P<year>(?:19|20)\d\d)(?!\d)",
            _read_slashes,
        ),
        (
            r"(?:\b(?P<before>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?)?\b"
            rf"{_MONTH_NAME}(?:\s+(?P<after>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.]*\d))?"
            r"(?:,?\s+(?P<year>(?:1\d|20)\d\d)\b)?",
            _read_english,
        ),
        (
            rf"(?:(?P<century>{_NUMBER})世纪|\b(?P<nth>\d{{1,2}})(?:st|nd|rd|th) century)"
            r"(?:(?P<decade>\d0|[一二三四五六七八九]十)年代)?",
            _read_century,
        ),
        (r"(?<!\d)(?P<year>(?:1\d|20)\d0)(?:年代|s\b)", _read_decade),
        (
            r"(?:星期|周|礼拜)(?P<day>[一二三四五六日天])"
            rf"|\b(?P<name>{_WEEKDAYS.replace(' ', '|')})s?\b",
            _read_weekday,
        ),
        (
            rf"{_CLOCK}(?::(?P<rest>\d\d)(?!\d))(?:{_HALF})?",
            _read_clock,
        ),
        (
            rf"{_CLOCK}(?:点钟?|时(?![间段]))(?:(?P<rest>半|一刻|三刻|整|{_NUMBER}(?=分))分?)?(?P<half>$^)?",
            _read_clock,
        ),
        (rf"(?P<part>$^)?\b(?P<hour>\d{{1,2}})(?P<rest>$^)?{_HALF}", _read_clock),
        (
            rf"(?:{_HAN_PART})|\b(?:morning|afternoon|evening|noon|midnight)\b",
            _read_part,
        ),
        (
            rf"(?<![\d.,:-]){_YEAR}(?![\d.,:%-]*\d|\s?[\u3400-\u9fff])",
            _read_year,
        ),
    )
)
