"""Values: a folded text → its typed values, which a follow-up may exchange for others."""

import re
from enum import StrEnum

_DIGITS = "[〇零一二三四五六七八九十百两]"
_MONTHS = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_DAYS = r"(?:mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?)"


class ValueKind(StrEnum):
    """The types of value that patterns can tell."""

    DATE = "date"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEKDAY = "weekday"
    ORDINAL = "ordinal"
    CODE = "code"
    QUANTITY = "quantity"


# In this order: a date holds a month, a year is a number.
_PATTERNS = {
    ValueKind.DATE: re.compile(
        rf"(?:\d{{4}}年)?\d{{1,2}}月\d{{1,2}}[日号]|{_DIGITS}{{1,3}}月{_DIGITS}{{1,3}}[日号]"
        rf"|(?<!\d)\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?!\d)"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTHS}\b(?: \d{{4}}\b)?"
        rf"|\b{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
    ),
    ValueKind.YEAR: re.compile(
        r"(?<![\d.,-])(?:1\d|20)\d\d(?:年度?|财年|년)?(?![\d-])|[〇零一二三四五六七八九]{4}年"
        r"|民国\d{1,3}年|[去今前明]年|上一?年度?|\b(?:last|this|next) year\b"
    ),
    ValueKind.QUARTER: re.compile(
        r"第?[一二三四1-4]季度|[上下]半年|\bq[1-4]\b|\b(?:first|second|third|fourth|last) quarter\b"
        r"|\b(?:first|second) half\b"
    ),
    ValueKind.MONTH: re.compile(
        rf"\d{{1,2}}月份?|{_DIGITS}{{1,2}}月份?|[上这本下]个?月|\b(?:last|this|next) month\b"
        rf"|\b(?!may\b){_MONTHS}\b|\bin may\b|\d{{1,2}}월"
    ),
    ValueKind.WEEKDAY: re.compile(
        r"(?:周|星期|礼拜)[一二三四五六日天末]|平日|工作日|双休日|公休日|周末|(?:法定)?(?:节假日|假日)"
        rf"|\b{_DAYS}\b|\bweekends?\b|\bweekdays?\b|\bholidays\b|[月火水木金土日]曜日|[월화수목금토일]요일"
    ),
    ValueKind.ORDINAL: re.compile(
        rf"第(?:\d+|{_DIGITS}+)[条届次章节期名个版款项代卷部]?"
        r"|\b(?:article|section|chapter|item|recommendation|part|phase|step) \d+(?:\.\d+)*\b"
    ),
    ValueKind.CODE: re.compile(
        r"(?<![a-z\d./-])(?=[a-z./-]*\d)(?=[\d./-]*[a-z])[a-z\d]+(?:[-./][a-z\d]+)*(?![a-z\d])"
    ),
    ValueKind.QUANTITY: re.compile(
        r"(?<![\d.,])\d+(?:[.,]\d+)*\s?(?:%|岁|天|小时|分钟|年|公斤|吨|元|人|公里|米|级|号|"
        r"days?|hours?|minutes?|years?|months?|weeks?|kg|tonnes?|people|km|miles?|percent)"
    ),
}


def kind_of(words: str) -> ValueKind | None:
    """Tell which type of value words are as a whole.

    :param words: Folded.
    """
    return next((kind for kind, form in _PATTERNS.items() if form.fullmatch(words)), None)


def find_value(kind: ValueKind, text: str) -> re.Match[str] | None:
    """Find the first value of a type.

    :param kind: The type.
    :param text: Folded.
    """
    return _PATTERNS[kind].search(text)


def find_time(text: str) -> str:
    """Return the first date, year, month or weekday in a text; "" when it has none.

    :param text: Folded.
    """
    kinds = (ValueKind.DATE, ValueKind.YEAR, ValueKind.MONTH, ValueKind.WEEKDAY)
    found = (find_value(kind, text) for kind in kinds)
    return next((match.group() for match in found if match), "")
