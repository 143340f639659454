"""Number formats: a cell's stored number → what the spreadsheet shows for it.

The codes are those of ECMA-376 part 1, 18.8.31. Fractions, alignment and colours are not shown;
names of days and months are English, or Chinese where the code asks for it.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise

from index.formats.date_format import is_date_code, render_date

_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    # The system's own short date in every program; year first is read right everywhere.
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: "#,##0;-#,##0;-",
    42: "#,##0;-#,##0;-",
    43: "#,##0.00;-#,##0.00;-",
    44: "#,##0.00;-#,##0.00;-",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "0.0E+0",
}
# The numbers that East Asian versions give their own dates, as simplified Chinese ones show them.
_EAST_ASIAN = {
    **dict.fromkeys((27, 36, 50, 57), 'yyyy"年"m"月"'),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"'),
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    **dict.fromkeys((34, 55), '上午/下午h"时"mm"分"'),
    **dict.fromkeys((35, 56), '上午/下午h"时"mm"分"ss"秒"'),
    52: 'yyyy"年"m"月"',
}
BUILT_IN = {**_BUILT_IN, **_EAST_ASIAN}
_MAX_CODE_CHARS = 255
_DIGITS = 15  # that a spreadsheet keeps of a number
_GENERAL_CHARS = 11  # that General shows
_WIDE = Context(prec=400)  # the longest double has 309 digits before the point
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.?)|[_*].?|\[(?P<bracket>[^\]]*)\]?'
    r"|(?P<general>General|G/通用格式)|(?P<exponent>E[+-])|(?P<mark>[0#?.,%@])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+)")
_PLACEHOLDERS = "0#?"


@dataclass(frozen=True, slots=True)
class _Section:
    """One of the up to four parts of a code, between its semicolons."""

    code: str
    tokens: tuple[tuple[str, str], ...]  # (kind, characters); kind is literal, general or a mark
    condition: tuple[str, Decimal] | None

    def has(self, kind: str) -> bool:
        return any(token[0] == kind for token in self.tokens)


def show_number(raw: str, code: str, *, is_1904: bool = False) -> str:
    """Return what a numeric cell shows.

    :param raw: The number as stored; whatever is none is returned as it stands.
    :param code: The number format; "" is General.
    :param is_1904: Whether days are counted from 1904.
    :return: The text shown, without white space around it.
    """
    try:
        number = Decimal(format(float(raw), f".{_DIGITS}g"))
    except (ValueError, InvalidOperation):
        return raw
    if not number.is_finite():
        return raw
    sections = _sections(code)
    section, hides_sign = _choose(sections, number)
    if is_date_code(section.code):
        shown = render_date(float(raw), section.code, is_1904=is_1904)
        return (shown if shown is not None else show_general(number)).strip()
    shown = _render(abs(number), section)
    is_negative = number < 0 and not hides_sign and any(char in "123456789" for char in shown)
    return ("-" if is_negative else "") + shown.strip()


def show_text(text: str, code: str) -> str:
    """Return what a cell with words shows: some formats put others around them.

    :param text: The words.
    :param code: The number format; "" is General.
    :return: The text shown.
    """
    section = next((section for section in _sections(code) if section.has("@")), None)
    if section is None:
        return text
    shown = (text if kind == "@" else chars for kind, chars in section.tokens)
    return "".join(shown)


def show_general(number: Decimal) -> str:
    """Return a number as the format General shows it, whole numbers with all digits."""
    whole = len(str(abs(int(number)))) if abs(number) < Decimal(10) ** 21 else 0
    if not whole or 0 < abs(number) < Decimal("1e-9"):
        return f"{number:.5E}".replace(".00000E", "E")
    places = max(0, _GENERAL_CHARS - 1 - whole)
    rounded = _round(number, places)
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    if not code or len(code) > _MAX_CODE_CHARS:
        code = "General"
    codes = [""]
    for match in _TOKEN.finditer(code):
        if match.group() == ";":
            codes.append("")
        else:
            codes[-1] += match.group()
    return tuple(_section(part) for part in codes[:4])


def _section(code: str) -> _Section:
    tokens: list[tuple[str, str]] = []
    condition = None
    for match in _TOKEN.finditer(code):
        kind, chars = match.lastgroup, match.group(match.lastgroup) if match.lastgroup else ""
        if kind == "bracket":
            found = _CONDITION.fullmatch(chars)
            condition = (found.group(1), Decimal(found.group(2))) if found else condition
            if chars.startswith("$"):  # currency and language: [$¥-804]
                tokens.append(("literal", chars[1:].partition("-")[0]))
        elif kind == "mark":
            tokens.append((chars, chars))
        elif kind:
            is_plain = kind in ("quoted", "escaped", "other")
            tokens.append(("literal" if is_plain else kind, chars))
    return _Section(code, tuple(tokens), condition)


def _choose(sections: tuple[_Section, ...], number: Decimal) -> tuple[_Section, bool]:
    """Choose the section of a number, and whether it shows the sign by itself."""
    numeric = sections[:3]
    for section in numeric:
        if section.condition and _meets(number, section.condition):
            return section, section.condition[0] in ("<", "<=") and len(numeric) > 1
    if any(section.condition for section in numeric):
        return numeric[-1], False
    if number < 0 and len(numeric) > 1:
        return numeric[1], True
    if number == 0 and len(numeric) > 2:
        return numeric[2], True
    return numeric[0], False


def _meets(number: Decimal, condition: tuple[str, Decimal]) -> bool:
    sign, limit = condition
    return {
        "<": number < limit,
        "<=": number <= limit,
        ">": number > limit,
        ">=": number >= limit,
        "=": number == limit,
        "<>": number != limit,
    }[sign]


def _render(number: Decimal, section: _Section) -> str:
    kinds = [kind for kind, _ in section.tokens]
    if not any(kind in _PLACEHOLDERS for kind in kinds):
        shown = {"general": show_general(number), "@": show_general(number)}
        return "".join(
            shown.get(kind, chars if kind in ("literal", "%") else "")
            for kind, chars in section.tokens
        )
    if "exponent" in kinds:
        places = _decimals(kinds[: kinds.index("exponent")])
        mantissa, _, exponent = f"{number:.{places}E}".partition("E")
        return f"{mantissa}E{int(exponent):+03d}"
    number = number * Decimal(100) ** kinds.count("%")
    last = max(at for at, kind in enumerate(kinds) if kind in _PLACEHOLDERS)
    scale = 0  # each comma after the last digit shows thousands
    while last + 1 + scale < len(kinds) and kinds[last + 1 + scale] == ",":
        scale += 1
    number = number / Decimal(1000) ** scale
    return _place_digits(_round(number, _decimals(kinds)), section.tokens, kinds)


def _decimals(kinds: list[str]) -> int:
    if "." not in kinds:
        return 0
    return sum(kind in _PLACEHOLDERS for kind in kinds[kinds.index(".") :])


def _place_digits(number: Decimal, tokens: tuple[tuple[str, str], ...], kinds: list[str]) -> str:
    """Put the digits where the code has its placeholders, with the words between them."""
    whole, _, fraction = format(number, "f").partition(".")
    point = kinds.index(".") if "." in kinds else len(kinds)
    places = [at for at in range(point) if kinds[at] in _PLACEHOLDERS]
    is_grouped = any("," in kinds[first:last] for first, last in pairwise(places))
    after = _after_point(fraction, tokens[point + 1 :])
    shown: list[str] = []  # from right to left
    digits = "" if whole == "0" else whole
    n_shown = 0
    for at in range(point - 1, -1, -1):
        kind, chars = tokens[at]
        if kind in ("literal", "%"):
            shown.append(chars)
        if kind not in _PLACEHOLDERS:
            continue
        taken, digits = (digits, "") if at == places[0] else (digits[-1:], digits[:-1])
        for digit in reversed(taken or ("0" if kind == "0" else "")):
            if is_grouped and n_shown and n_shown % 3 == 0:
                shown.append(",")
            shown.append(digit)
            n_shown += 1
    return "".join(reversed(shown)) + after


def _after_point(fraction: str, tokens: tuple[tuple[str, str], ...]) -> str:
    shown, words = "", ""
    n_places = sum(kind in _PLACEHOLDERS for kind, _ in tokens)
    needed = max(
        (at + 1 for at, (kind, _) in enumerate(_only_places(tokens)) if kind == "0"), default=0
    )
    digits = fraction[:n_places].rstrip("0").ljust(needed, "0")
    for kind, chars in tokens:
        if kind in _PLACEHOLDERS:
            shown, words = shown + words + digits[:1], ""
            digits = digits[1:]
        elif kind in ("literal", "%"):
            words += chars
    return ("." + shown if shown else "") + words


def _only_places(tokens: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [token for token in tokens if token[0] in _PLACEHOLDERS]


def _round(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, context=_WIDE)
