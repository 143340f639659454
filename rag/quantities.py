"""Quantities: amounts as people write them → numbers in one unit a dimension.

"3,200 元", "1.2千克", "百分之三十", "约350人", "20~30天", "half a minute", "$8". Everything here
reads folded text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from rag.numerals import NUMBER, read_number


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount, or a range of them; equal ends for one number."""

    low: Fraction  # in the dimension's own unit
    high: Fraction
    dimension: str = ""  # "" when no unit is said
    step: Fraction = Fraction(0)  # it was rounded to multiples of this; 0: it is exact
    is_rough: bool = False  # 约, nearly
    factor: Fraction = Fraction(1)  # the written unit in the dimension's own
    per: frozenset[str] = frozenset()  # of what it is a rate: the words after 每 or "per"


@dataclass(frozen=True, slots=True)
class FoundQuantity:
    """A quantity with where it stands in the folded text."""

    start: int
    end: int
    quantity: Quantity


# unit: how many of the dimension's own unit it is
# Of each dimension its units, each with how many of the dimension's own unit it is.
_UNITS = """
length: 米 m metre meter 公尺 1, 公里 千米 km kilometre kilometer 1000, 厘米 公分 cm .01, 里 500
length: 毫米 mm .001, 英里 mile 1609.344, 英寸 寸 inch inche .0254, 英尺 foot feet .3048
mass: 克 g gram 1, 千克 公斤 kg kilogram kilo 1000, 毫克 mg .001, 斤 500, 吨 公吨 tonne ton 1e6
mass: pound lb 453.592
area: 平方米 平米 ㎡ m2 square_metre square_meter 1, 公顷 hectare 1e4, 亩 666.667, acre 4046.86
area: 平方公里 平方千米 km2 square_kilometre square_kilometer 1e6
volume: 升 l litre liter 1, 毫升 ml .001, 立方米 m3 cubic_metre cubic_meter 1000
time: 秒 秒钟 second sec s 1, 毫秒 ms millisecond .001, 分钟 分 minute min 60
time: 小时 钟头 学时 hour h 3600, 天 日 day 86400, 周 星期 week 604800
months: 月 month 1, 年 周年 year 12, 季度 quarter 3
workdays: 工作日 working_day business_day 1
age: 岁 周岁 1
share: % percent per_cent 1, 成 10, ‰ .1
data: byte b 字节 1, kb kib 1024, mb mib 1048576, gb gib 1073741824, tb 1099511627776
celsius: ℃ °c 摄氏度 度 1
fahrenheit: °f 华氏度 1
voltage: 伏 伏特 v volt 1, 千伏 kv 1000
power: 瓦 w watt 1, 千瓦 kw kilowatt 1000, 兆瓦 mw 1e6
energy: 千瓦时 kwh 1
charge: 毫安时 mah 1, 安时 ah 1000
frequency: 赫兹 hz 1, khz 1000, mhz 1e6, ghz 1e9
light: 流明 lumen lm 1
people: 人 名 位 people person employee participant member visitor student resident 1
visits: 人次 visit 1
yuan: 元 块 块钱 圆 人民币 yuan rmb cny ¥ 1, 角 .1
dollar: 美元 $ usd us$ dollar 1, cent .01
euro: 欧元 € eur euro 1
sterling: 英镑 £ gbp 1
yen: 日元 日圆 yen 円 jpy 1
hong_kong: 港元 港币 hk$ hkd 1
taiwan: 新台币 nt$ twd 1
"""
_COUNTERS = (
    "册本部篇件项条家所座栋间台辆艘架只头匹张把支份批场次届期层楼排节站级种类套棵株枚颗户桌箱包袋"
    "瓶杯字页章"
)
ANY_COUNTER = "个"  # may stand for any other counter, but not for people, metres or hours
_COINS = "yuan dollar euro sterling yen hong_kong taiwan"


def _read_units() -> dict[str, tuple[str, Fraction]]:
    units = {counter: (counter, Fraction(1)) for counter in _COUNTERS}
    for line in _UNITS.strip().splitlines():
        dimension, _, groups = line.partition(": ")
        for group in groups.split(", "):
            *names, factor = group.split()
            for name in names:
                units[name.replace("_", " ")] = (dimension, Fraction(factor))
    return units


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_OF_UNIT = _read_units()
_HAN_UNITS = _any_of(unit for unit in _OF_UNIT if unit > "\u2e7f")
_LATIN_UNITS = _any_of(unit for unit in _OF_UNIT if unit <= "\u2e7f")
# Before a number stand signs and names of currencies, but no 元 and no 角.
_MONEY = _any_of(
    unit
    for unit, (dimension, factor) in _OF_UNIT.items()
    if dimension in _COINS.split() and factor == 1 and unit not in ("元", "块", "块钱", "圆")
)
_ROUGH = (
    r"约|大约|大概|近|将近|接近|超过|逾|about|around|approximately|approx\.?|nearly|almost|over"
    r"|roughly|some"
)
_PATTERN = re.compile(
    rf"(?P<rough>(?:{_ROUGH})\s*)?(?P<money>{_MONEY})?\s*(?P<share>百分之)?"
    rf"(?P<minus>零下|负|(?<![a-z0-9)])[-−](?=\d))?"
    rf"(?P<number>{NUMBER})(?P<more>[多余几来])?(?P<scale>[万亿])?"
    r"(?:\s*(?P<filler>个半|个|-(?=[a-z])|(?:full|whole|calendar|consecutive)\s))?"
    rf"(?:\s*(?P<unit>{_HAN_UNITS}|(?:{_LATIN_UNITS})(?:s|es)?(?![a-z])))?"
    r"(?P<half>半)?(?P<after>左右|上下|以上)?"
)
_TO = re.compile(r"\s*(?:-|–|—|~|至|到|\bto\b)\s*")
_PER = re.compile(r"每(?:一|个)?(平方米|[\u3400-\u9fff])")
_PER_CHARS = 12  # before a number
_PER_AFTER = re.compile(r"\s*(?:/|每|\b(?:per|an?|every)\b)\s*([a-z]+|[\u3400-\u9fff])")
_PERIODS = {"day": "天", "night": "晚", "month": "月", "year": "年", "日": "天"} | dict.fromkeys(
    ("hour", "h"), "小"
)


def find_quantities(text: str) -> list[FoundQuantity]:
    """Find amounts.

    :param text: Folded.
    :return: What is found, in order; "20 to 30 days" is one.
    """
    found: list[FoundQuantity] = []
    for part in _find_single(text):
        joined = _join(found[-1], part, text[found[-1].end : part.start]) if found else None
        if joined:
            found[-1] = joined
        else:
            found.append(part)
    return found


def _join(one: FoundQuantity, other: FoundQuantity, gap: str) -> FoundQuantity | None:
    """Join the ends of a range; the first may leave its unit to the second."""
    first, last = one.quantity, other.quantity
    if not _TO.fullmatch(gap) or first.dimension not in ("", last.dimension):
        return None
    low = first.low if first.dimension else first.low * last.factor
    if low > last.high:
        return None
    quantity = replace(last, low=low, step=Fraction(0), is_rough=first.is_rough or last.is_rough)
    return FoundQuantity(one.start, other.end, quantity)


def _find_single(text: str) -> Iterator[FoundQuantity]:
    for match in _PATTERN.finditer(text):
        if match["number"] == "半" and not match["unit"]:
            continue
        dimension, factor = _dimension(match)
        factor *= {"万": 10**4, "亿": 10**8}.get(match["scale"] or "", 1)
        number = read_number(match["number"])
        is_half_more = match["half"] or match["filler"] == "个半"
        value = (number.value + (Fraction(1, 2) if is_half_more else 0)) * factor
        if match["minus"]:
            value = -value
        quantity = Quantity(
            low=value,
            high=value,
            dimension=dimension,
            step=number.step * factor,
            is_rough=bool(match["rough"] or match["more"] or match["after"]),
            factor=factor,
            per=_per(text, match),
        )
        yield FoundQuantity(match.start(), match.end(), quantity)


def _dimension(match: re.Match[str]) -> tuple[str, Fraction]:
    if match["share"]:
        return "share", Fraction(1)
    unit = match["unit"] or ""
    if match["money"] and unit in ("", "元", "块"):
        return _OF_UNIT[match["money"]]
    for name in (unit, unit.removesuffix("s"), unit.removesuffix("es")):
        if name in _OF_UNIT:
            return _OF_UNIT[name]
    return (ANY_COUNTER if match["filler"] == ANY_COUNTER else ""), Fraction(1)


def _per(text: str, match: re.Match[str]) -> frozenset[str]:
    before = text[max(0, match.start() - _PER_CHARS) : match.start()]
    words = _PER.findall(re.split("[,。;]", before)[-1])
    after = _PER_AFTER.match(text, match.end())
    return frozenset(
        _PERIODS.get(word, word) for word in (*words, *(after.groups() if after else ()))
    )
