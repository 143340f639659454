"""Numerals: a number as people write it (3,200, 1.2 million, 一百二十万, half a) → its value.

Everything here reads folded text: NFKC, lower case, simplified.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

_HAN_DIGITS = dict(zip("〇零一二三四五六七八九", (0, *range(10)), strict=True)) | {
    **dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True)),
    "两": 2,
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "廿": 20, "卅": 30}
_LARGE = {"万": 10**4, "亿": 10**8}
_ENGLISH_SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
}
_BELOW_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ENGLISH = {word: value for value, word in enumerate(_BELOW_TWENTY.split())} | {
    word: 10 * tens for tens, word in enumerate(_TENS.split(), start=2)
}
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_HAN = "[〇零一二两三四五六七八九壹贰叁肆伍陆柒捌玖十拾百佰千仟廿卅万亿]"
# 1.2千克 is no 1,200 of anything.
_SCALED = (
    r"(?:(?<=[\d百千])(?:万亿|[百千万亿])(?!(?<=千)[克米瓦伏赫卡帕])"
    r"|\s?(?:thousand|million|billion|trillion)\b)"
)
_WORD = "|".join(sorted([*_ENGLISH, *_ENGLISH_SCALES], key=len, reverse=True))
# 3万5千 is several pieces; a year's digits must not run into the number before it.
NUMBER = (
    rf"(?:(?<![\d.])(?:(?:{_DIGITS}){_SCALED}?(?:\d+[百千万])*"
    rf"|{_HAN}+(?:点[〇零一二三四五六七八九]+)?[万亿]?)"
    rf"|\b(?:an? )?(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*\b"
    r"|半|\bhalf(?: an?\b)?)"
)
_TOKEN = re.compile(rf"{_DIGITS}|{_HAN}|点|[a-z]+|半")
_FRACTION = re.compile(r"\.(\d+)")
_HAN_DECIMALS = re.compile(r"点([〇零一二三四五六七八九]+)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written."""

    value: Fraction
    step: int = 0  # it was rounded to multiples of this: 1.2 million to 100,000; 0: it is exact


def read_number(literal: str) -> Number:
    """Read one number.

    :param literal: What :data:`NUMBER` matched.
    """
    if literal.startswith(("半", "half")):
        return Number(Fraction(1, 2))
    if literal[:1].isalpha() and literal.isascii():
        return Number(Fraction(_read_english(literal)))
    if len(literal) > 1 and all(char in _HAN_DIGITS for char in literal):
        return Number(Fraction(int(_digits(literal))))
    return _read_tokens(literal)


def read_integer(literal: str) -> int | None:
    """Read a whole number such as the month in 十二月; None when it is none.

    :param literal: Digits of either kind; 元 is the first year of an era.
    """
    value = Fraction(1) if literal == "元" else read_number(literal).value
    return int(value) if value.denominator == 1 else None


def _digits(literal: str) -> str:
    return "".join(str(_HAN_DIGITS[char]) for char in literal)


def _read_english(literal: str) -> int:
    total, section = 0, 0
    for word in re.findall("[a-z]+", literal):
        if word in _ENGLISH:
            section += _ENGLISH[word]
        elif word in ("hundred", "dozen"):
            section = max(section, 1) * _ENGLISH_SCALES[word]
        elif word in _ENGLISH_SCALES:
            total += max(section, 1) * _ENGLISH_SCALES[word]
            section = 0
    return total + section


def _read_tokens(literal: str) -> Number:
    """Read digits and Chinese numerals, also mixed: 3万5千, 1.2亿, 三点五万, 三千五."""
    scale = _last_scale(literal)
    if decimals := _HAN_DECIMALS.search(literal):
        places = len(decimals[1])
        whole = _read_tokens(literal[: decimals.start()]).value if decimals.start() else 0
        value = (whole + Fraction(int(_digits(decimals[1])), 10**places)) * scale
    else:
        scanner = _Scanner()
        for token in _TOKEN.findall(literal):
            scanner.take(token)
        value = scanner.finish()
        fraction = _FRACTION.search(literal)
        places = len(fraction[1]) if fraction else 0
    return Number(value, scale // 10**places if scale > 1 else 0)


def _last_scale(literal: str) -> int:
    """Return what the last written digit is counted in."""
    if match := re.search(r"[a-z]+$", literal):
        return _ENGLISH_SCALES.get(match.group(), 1)
    scale = 1
    for char in reversed(literal):
        if char not in _LARGE and not (char == "千" and literal[:1].isdigit()):
            break
        scale *= _LARGE.get(char, 1000)
    return scale


class _Scanner:
    """Adds up numerals from left to right."""

    def __init__(self) -> None:
        self._total = Fraction(0)
        self._section = Fraction(0)
        self._current: Fraction | None = None
        self._scale = 1  # of the last multiplier, for what follows it without its own
        self._scale_of_total = 1
        self._after_zero = False

    def take(self, token: str) -> None:
        """Read on.

        :param token: Digits, one Chinese numeral or an English scale.
        """
        scale = _ENGLISH_SCALES.get(token) or _LARGE.get(token)
        if token in _HAN_DIGITS:
            self._current = Fraction(_HAN_DIGITS[token])
            self._after_zero = self._after_zero or token in "〇零"
        elif token in _SMALL:
            self._section += self._one() * _SMALL[token]
            self._close(_SMALL[token])
        elif scale:
            section = self._section + (self._current or 0)
            if self._total and scale > self._scale_of_total:
                self._total = (self._total + section) * scale
            else:
                self._total += (section or 1) * scale
            self._section, self._scale_of_total = Fraction(0), scale
            self._close(scale)
        else:
            self._current = Fraction(token.replace(",", ""))

    def finish(self) -> Fraction:
        """Return the whole number: what follows a scale without its own counts tenths of it."""
        last = self._current or Fraction(0)
        is_short = self._scale >= 100 and 0 < last < 10 and not self._after_zero
        return self._total + self._section + (last * self._scale / 10 if is_short else last)

    def _one(self) -> Fraction:
        return Fraction(1) if self._current is None else self._current

    def _close(self, scale: int) -> None:
        self._current, self._scale, self._after_zero = None, scale, False
