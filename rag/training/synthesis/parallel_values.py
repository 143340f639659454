"""Dates and numbers of an English sentence found in its Chinese translation by their value."""

from __future__ import annotations

import re

from rag.training.synthesis.english_words import MONTHS, WEEKDAYS

Span = tuple[int, int]
_WEEKDAY_ZH = dict(zip(WEEKDAYS, ("一", "二", "三", "四", "五", "六", "[日天]"), strict=True))
_HALF_ZH = {
    "night": "(?:晚上|晚间|晚|夜间|夜)",
    "morning": "(?:早上|上午|早晨|清晨|早)",
    "afternoon": "下午",
    "evening": "(?:晚上|晚间|傍晚|晚)",
}
_FROM_TWO = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_ENGLISH_DIGITS = {word: value for value, word in enumerate(_FROM_TWO, 2)} | {
    "twelve": 12,
    "thirteen": 13,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
}
_ENGLISH_SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
}
_CHINESE_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_MYRIADS = {"万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9}
_CHINESE_SCALES = _MYRIADS | {"百": 1e2, "千": 1e3, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12}
_ENGLISH_NUMBER = re.compile(
    rf"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?!\w*\d)|\b({'|'.join(_ENGLISH_DIGITS)})\b"
)
_ENGLISH_SCALE = re.compile(rf"[ -]?({'|'.join(_ENGLISH_SCALES)})\b")
_NUMERAL = "一二三四五六七八九十两百千万亿"
_CHINESE_NUMBER = re.compile(
    r"(?<![\d.,A-Za-z-])(\d[\d,]*(?:\.\d+)?)"
    r"\s?(万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百)?(?!\d|[.,]\d|-\d|[A-Za-z])"
    rf"|(?<![{_NUMERAL}第几数])([{_NUMERAL}]{{1,7}})(?![{_NUMERAL}])"
)
_UNITS = """
    % 个百分点 平方公里 平方米 立方米 公里 千米 英里 英尺 厘米 毫米 公斤 千克 公顷 摄氏度 美元
    欧元 英镑 日元 港元 卢布 韩元 人民币 元 人次 小时 分钟 秒 个月 个小时 星期 周 年 天 岁
    名 位 人 个 家 所 座 条 件 项 次 场 种 艘 架 辆 本 册 支 枚 票 分 户 例 届 倍 吨 米 克 篇
    部 首 份 张 只 头 棵 台 套 间 处 起 段 层 点 度 株 节 轮 块 幅 字节 字符 比特 位数 参数
"""
_UNIT = re.compile(rf"\s?(?:多|余)?\s?({'|'.join(_UNITS.split())})")
_RANGE_AFTER = re.compile(r"\s?(?:到|至|-|—|~|、\d|/)")
_RANGE_BEFORE = re.compile(r"(?:到|至|-|—|~|/)\s?$")
_DATED = re.compile(r"\s?[月日号年时点届]")


def date_span(date: str, target: str) -> Span | None:
    """Find an English date in Chinese by its year, month, day and weekday.

    :return: Code points of the target; None unless it stands there exactly once.
    """
    century = re.search(r"(\d+)(?:th|st|nd|rd) century", date)
    if century:
        return only_match(rf"{century[1]}\s?世纪", target)
    weekday = next((name for name in WEEKDAYS if name in date), None)
    pattern = _weekday_pattern(weekday, date) if weekday else _calendar_pattern(date)
    return only_match(rf"(?<!\d){pattern}", target) if pattern else None


def _weekday_pattern(weekday: str, date: str) -> str | None:
    if re.search(rf"\d|{'|'.join(MONTHS)}", date):
        return None
    before = "下个?" if date.startswith("next") else "(?:上个?|本|这个?)?"
    half = next((zh for word, zh in _HALF_ZH.items() if date.endswith(word)), "")
    return rf"{before}(?:周|星期|礼拜){_WEEKDAY_ZH[weekday]}(?:当天)?\s?{half}"


def _calendar_pattern(date: str) -> str | None:
    year = re.search(r"\b(\d{4})(s?)\b", date)
    month = next((number for number, name in enumerate(MONTHS, 1) if name in date), None)
    if year and year[2]:
        decade = year[1][2:]
        part = "(?:初|末|中期|初期|末期|后期)?"
        return (
            rf"(?:(?:20|上个?)?\s?世纪)?\s?(?:{year[1]}|{decade})\s?年代{part}"
            if not month
            else None
        )
    pattern = rf"{year[1]}\s?年" if year else ""
    if month is None:
        return pattern + r"(?!\s?\d+\s?月)" if pattern else None
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", date)
    end = rf"\s?{int(day[1])}\s?[日号]" if day else r"份?(?!\s?\d+\s?[日号])"
    return rf"{pattern}\s?(?<!\d){month}\s?月{end}"


def only_match(pattern: str, target: str) -> Span | None:
    """Return the span of a pattern's only match, without white space at its ends."""
    found = list(re.finditer(pattern, target))
    if len(found) != 1 or not found[0].group().strip():
        return None
    text = found[0].group()
    return found[0].end() - len(text.lstrip()), found[0].start() + len(text.rstrip())


def english_value(phrase: str) -> float | None:
    """Return the value of an English number with its scale; None when it is not one number."""
    match = _ENGLISH_NUMBER.search(phrase.lower())
    if not match or len(re.findall(r"\d[\d,.]*", phrase)) > 1:
        return None
    value = float(match[1].replace(",", "")) if match[1] else float(_ENGLISH_DIGITS[match[2]])
    scale = _ENGLISH_SCALE.match(phrase.lower(), match.end())
    return value * _ENGLISH_SCALES[scale[1]] if scale else value


def chinese_value(numeral: str) -> float | None:
    """Return the value of a numeral in Chinese characters; None when it is not well formed."""
    total, section, digit = 0.0, 0.0, 0.0
    for char in numeral:
        if char in _CHINESE_DIGITS:
            if digit:
                return None
            digit = _CHINESE_DIGITS[char]
        elif char in "十百千":
            section, digit = (
                section + (digit or 1) * (10 if char == "十" else _CHINESE_SCALES[char]),
                0,
            )
        else:
            total, section, digit = (total + section + digit) * _CHINESE_SCALES[char], 0, 0
    return total + section + digit


def number_span(phrase: str, target: str) -> Span | None:
    """Find the number of equal value in Chinese, with its unit.

    :return: Code points of the target; None unless exactly one number has the value.
    """
    value = english_value(phrase)
    if value is None:
        return None
    percent = "%" in phrase or "cent" in phrase
    found = []
    for match in _CHINESE_NUMBER.finditer(target):
        other = _match_value(match)
        if other is not None and abs(other - value) <= 1e-6 * max(value, 1):
            span = _with_unit(match, target, percent=percent)
            if span:
                found.append(span)
    return found[0] if len(found) == 1 else None


def _match_value(match: re.Match[str]) -> float | None:
    if match[3]:
        return chinese_value(match[3])
    return float(match[1].replace(",", "")) * (_CHINESE_SCALES[match[2]] if match[2] else 1)


def _with_unit(match: re.Match[str], target: str, *, percent: bool) -> Span | None:
    """Return the span of a number with its unit, None for one end of a range and for dates."""
    start, end = match.span()
    if _RANGE_AFTER.match(target, end) or _RANGE_BEFORE.search(target[:start]):
        return None
    if percent and target[max(0, start - 3) : start] == "百分之":
        return start - 3, end
    unit = _UNIT.match(target, end)
    if unit:
        return None if percent and unit[1] not in ("%", "个百分点") else (start, unit.end())
    # A numeral in characters without a unit may be part of any word.
    plain = match[1] and not percent and not _DATED.match(target, end)
    return (start, end) if plain else None
