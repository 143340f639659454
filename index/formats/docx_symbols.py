"""Symbols: a character of a font that is not encoded in Unicode → the one that means it."""

import re

# Letters of fonts that are not encoded in Unicode, as far as they mean something in a text.
_SYMBOL = dict(
    zip(
        map(ord, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "αβχδεφγηιϕκλμνοπθρστυϖωξψζΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ",
        strict=True,
    )
) | {0xA3: "≤", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈"}
_WINGDINGS = {0x6F: "□", 0xA8: "□", 0xFC: "✓", 0xFE: "☑", 0xFD: "☒", 0xFB: "✗", 0xE0: "→"}
_SYMBOL_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}
_PRIVATE = range(0xF000, 0xF100)  # where such letters stand
_CODE = re.compile("[0-9A-Fa-f]{4}")


def symbol(font: str, code: str) -> str:
    """Return the character that a ``w:sym`` element shows.

    :param font: Its font's name.
    :param code: Four hexadecimal digits.
    :return: The character; "" when nobody knows what it means.
    """
    number = int(code, 16) if _CODE.fullmatch(code) else 0
    if number in _PRIVATE:
        return _SYMBOL_FONTS.get(font.lower(), {}).get(number & 0xFF, "")
    return chr(number) if number else ""
