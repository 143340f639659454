"""Plain text and Markdown: bytes in any usual encoding → text and headings.

Decoding is strict: a byte that does not fit an encoding rules that encoding out, so U+FFFD never
enters a text that did not hold it.
"""

import codecs
import re
from collections.abc import Iterator
from itertools import chain, pairwise

from charset_normalizer import from_bytes

from index.datatypes import Heading, Span
from index.errors import DocumentError
from index.formats.common_han import COMMON_HAN
from index.formats.extraction import Extraction
from index.formats.text_builder import refuse_too_much
from index.normalization import fold_text

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHINESE = ("gb18030", "big5hkscs")
_SURELY_CHINESE = 0.55  # share of common characters; charset-normalizer errs on short Chinese
_SAMPLE_CHARS = 100_000  # enough to tell; folding takes 100 bytes a character
_MAYBE_CHINESE = 0.3  # where charset-normalizer has no idea
_LEGACY = ("gb18030", "big5hkscs", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1251")
# Control characters that no text holds; \t \n \v \f \r and ESC may occur.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BINARY = "It is a binary file, not text."
_MAX_CONTROL_SHARE = 0.002
_FEW_CONTROLS = 1  # a stray one in a short file
# As str.splitlines cuts them.
_LINE = re.compile(
    "([^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*+)(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|$)"
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(\S.*)$")
_MAX_TITLE_CHARS = 40
_ALONE = 6  # the level of a short line that only stands alone
_MAX_ALONE = 100_000
# "第三章 …", "一、…": the usual numbering of Chinese documents, as a line of its own.
_NUMBERED = re.compile(
    r"^\s*(?:(第[0-9一二三四五六七八九十百零〇]{1,6}[编編篇])|(第[0-9一二三四五六七八九十百零〇]{1,6}章)"
    r"|(第[0-9一二三四五六七八九十百零〇]{1,6}[节節])|([一二三四五六七八九十]{1,3}、))"
)
_NO_TITLE = re.compile(r"^[(（\[【]|[。！？!?；;：:，,.…]\s*$")  # a remark, or a sentence


def extract_text(data: bytes) -> Extraction:
    """Read plain text.

    :param data: The file's bytes.
    :return: The text; short lines that stand alone or are numbered as chapters are its headings.
    :raises DocumentError: When the bytes are not text.
    """
    text, encoding = decode(data)
    refuse_too_much(len(text))
    return Extraction(text, encoding, "text/plain", _first_line(text), _plain_headings(text))


def extract_markdown(data: bytes) -> Extraction:
    """Read Markdown as it stands: marks stay in the text, ``#`` lines are its headings.

    :param data: The file's bytes.
    :return: The text and its headings.
    :raises DocumentError: When the bytes are not text.
    """
    text, encoding = decode(data)
    refuse_too_much(len(text))
    return Extraction(text, encoding, "text/markdown", _first_line(text), _markdown_headings(text))


def decode(data: bytes) -> tuple[str, str]:
    """Find the encoding and decode strictly.

    A byte order mark decides; then UTF-8 when it fits; then UTF-16 when zero bytes say so; then
    GB18030 or Big5 when most characters are common ones; then the legacy encoding under which the
    bytes look most like a language (charset-normalizer).

    :param data: The file's bytes.
    :return: The text without a byte order mark, and the encoding's name.
    :raises DocumentError: When no encoding gives text.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _checked(_decode_as(data, name), name)
    if _fits(data, "utf-8") and not _is_binary(text := data.decode("utf-8")):
        return text, "utf-8"
    if b"\x00" in data and not _is_utf8(data):
        name = _utf16_by_zeros(data)
        if not _fits(data, name):
            raise DocumentError(_BINARY)
        return _checked(data.decode(name), name)
    if _fits(data, "utf-8"):
        raise DocumentError(_BINARY)
    return _decode_legacy(data)


def _is_utf8(data: bytes) -> bool:
    """Tell UTF-8 with zero bytes from UTF-16, which is valid UTF-8 only where it is all ASCII."""
    return not data.isascii() and _fits(data, "utf-8")


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise DocumentError(f"It looks like {encoding} but is not: {exc.reason}.") from exc


def _utf16_by_zeros(data: bytes) -> str:
    even, odd = data[0::2].count(0), data[1::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def _decode_legacy(data: bytes) -> tuple[str, str]:
    candidates = [name for name in _LEGACY if _fits(data, name)]
    shares = {name: _common_share(data.decode(name)) for name in candidates if name in _CHINESE}
    chinese = max(shares, key=lambda name: shares[name], default="")
    if shares.get(chinese, 0.0) >= _SURELY_CHINESE:
        return _checked(data.decode(chinese), chinese)
    best = from_bytes(data, cp_isolation=candidates).best() if candidates else None
    name = best.encoding if best else chinese
    if not best and shares.get(chinese, 0.0) < _MAYBE_CHINESE:
        raise DocumentError("It is not text in any known encoding; save it as UTF-8.")
    # big5hkscs holds everything of big5, gb18030 everything of gb2312 and gbk.
    name = {"big5": "big5hkscs", "gb2312": "gb18030", "gbk": "gb18030"}.get(name, name)
    return _checked(_decode_as(data, name), name)


def _common_share(text: str) -> float:
    """Return the share of a text's Han characters that are among the commonest 1,000.

    It is about 0.8 in Chinese; bytes read in the wrong encoding give rarer ones.
    """
    han = [char for char in fold_text(text[:_SAMPLE_CHARS]) if "\u3400" <= char <= "\u9fff"]
    return sum(char in COMMON_HAN for char in han) / max(len(han), 1)


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _checked(text: str, encoding: str) -> tuple[str, str]:
    if _is_binary(text):
        raise DocumentError(_BINARY)
    return text, encoding


def _is_binary(text: str) -> bool:
    return len(_CONTROL.findall(text)) > max(_FEW_CONTROLS, _MAX_CONTROL_SHARE * len(text))


def _first_line(text: str) -> str:
    line = next((line for span in _lines(text) if (line := span.of(text).strip())), "")
    line = line.strip("#*_` \t")
    return line if len(line) <= 2 * _MAX_TITLE_CHARS and not _NO_TITLE.search(line) else ""


def _lines(text: str) -> Iterator[Span]:
    """Give the lines one by one: a list of them could be many times as large as the text."""
    for match in _LINE.finditer(text):
        yield Span(*match.span(1))


def _markdown_headings(text: str) -> tuple[Heading, ...]:
    headings = []
    fence = ""  # what opened the code block at hand; only as many of the same close it
    for span in _lines(text):
        line = span.of(text)
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark.group(1)
            elif mark.group(1).startswith(fence) and not line[mark.end() :].strip():
                fence = ""
        elif not fence and (match := _ATX.match(line)):
            title = match.group(2).rstrip(" \t").rstrip("#").strip("*_` \t")
            if title:
                headings.append(Heading(len(match.group(1)), title, span))
    return tuple(headings)


def _plain_headings(text: str) -> tuple[Heading, ...]:
    headings: list[Heading] = []
    n_alone = 0
    is_after_blank = True
    for span, following in pairwise(chain(_lines(text), (Span(0, 0),))):
        line = span.of(text).strip()
        title = line.strip("*_ ")  # of which a rule across the page consists
        stands_alone = is_after_blank and not following.of(text).strip()
        is_after_blank = not line
        if not title or len(line) > _MAX_TITLE_CHARS or _NO_TITLE.search(line):
            continue
        if numbered := _NUMBERED.match(line):
            level = next(i for i, group in enumerate(numbered.groups(), 2) if group)
            headings.append(Heading(level, title, span))
        elif stands_alone:
            n_alone += 1
            if n_alone <= _MAX_ALONE:
                headings.append(Heading(_ALONE, title, span))
    if n_alone > _MAX_ALONE:  # it is how the whole text is set
        return tuple(heading for heading in headings if heading.level < _ALONE)
    return tuple(headings)
