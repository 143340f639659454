"""Charsets: bytes with the name of their encoding, as pages and mails declare it → text.

Names are read as the WHATWG Encoding Standard reads them: each stands for the widest encoding that
is in use under it, for Windows writes GBK under the name of GB 2312.
"""

import codecs
import re

from index.formats.plain_text import decode

_LABEL = re.compile(r"[a-z0-9][a-z0-9._:+-]*")
# Python's name of a declared encoding → what is tried, in order.
_WIDER = {
    "ascii": ("cp1252",),
    "big5": ("big5hkscs", "cp950"),
    "big5hkscs": ("big5hkscs", "cp950"),
    "cp950": ("cp950", "big5hkscs"),
    "euc_kr": ("cp949",),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004"),
    "iso8859-1": ("cp1252", "latin-1"),
    "iso8859-9": ("cp1254",),
    "iso8859-11": ("cp874",),
    "shift_jis": ("cp932", "shift_jis_2004"),
    "tis-620": ("cp874",),
    # A page whose declaration can be read as ASCII is not in UTF-16.
    "utf-16": ("utf-8",),
    "utf-16-be": ("utf-8",),
    "utf-16-le": ("utf-8",),
}
_KNOWN = {
    *("cp437", "cp850", "cp866", "cp874", "cp932", "cp949", "koi8-r", "koi8-u", "mac-roman"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *(f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    *("euc_jis_2004", "euc_jp", "gb18030", "hz", "iso2022_kr", "mac-cyrillic", "utf-7", "utf-8"),
}
_ALIASES = {
    "gb_2312-80": "gb2312",
    "iso-8859-8-i": "iso8859-8",
    "unicode": "utf-16",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-936": "gbk",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gbk",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-sjis": "cp932",
    "x-x-big5": "big5",
}
_HIGH_BYTES = bytes(range(0x80, 0x100))
_SURELY_UTF8 = 12  # bytes outside ASCII; fewer may be both ("木模" in GBK is valid UTF-8)
_MAX_LOST_SHARE = 0.001
_FEW_LOST = 4  # bytes of a short text: one character cut in half


def decode_declared(data: bytes, label: str) -> tuple[str, str]:
    """Decode bytes as declared, unless they plainly are something else.

    UTF-8 wins over another declaration, for files are re-encoded and their declarations forgotten.
    A text declared as UTF-8 that has a few broken bytes, such as characters cut in half, loses
    just those. Where the declaration does not fit at all, the bytes themselves decide.

    :param data: The bytes; a byte order mark decides and is dropped.
    :param label: The declared name; "" when there is none.
    :return: The text and the encoding's name for Python.
    :raises DocumentError: When no encoding gives text.
    """
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(data)
    names = _candidates(label)
    n_high = len(data) - len(data.translate(None, _HIGH_BYTES))
    for name in ("utf-8", *names) if n_high >= _SURELY_UTF8 else names:
        try:
            return data.decode(name), name
        except UnicodeError:
            continue
    if "utf-8" in names:
        text = data.decode("utf-8", "ignore")
        n_lost = len(data) - len(text.encode("utf-8"))
        if n_lost <= max(_FEW_LOST, _MAX_LOST_SHARE * len(data)):
            return text, "utf-8"
    return decode(data)


def _candidates(label: str) -> tuple[str, ...]:
    label = label.strip().lower()
    if not _LABEL.fullmatch(label):
        return ()
    try:
        name = codecs.lookup(_ALIASES.get(label, label)).name
    except LookupError:
        return ()
    return _WIDER.get(name, (name,) if name in _KNOWN else ())
