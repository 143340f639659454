"""HTML source: the bytes of a page → markup that a parser reads fast and without inventing text."""

import codecs
import re
import sys
from collections import Counter
from html import escape

from index.formats.charsets import decode_declared
from index.formats.html_elements import BREAKS, ENDED_BY_OTHERS, FORMATTING, RAW, VOID
from index.formats.plain_text import decode

# Browsers look for a declaration in 1,024 bytes; pages saved by programs begin with more.
_PRESCAN = 4096
_XML_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:+-]+)""")
_META_CHARSET = re.compile(rb"""(?i)<meta\s[^>]*?charset\s*=\s*["']?\s*([\w.:+-]+)""")
_XHTML = re.compile(r"(?i)\s*(?:<\?xml\s|<!doctype[^>]*//DTD XHTML|<html[^>]*/xhtml)")
_DTD = re.compile(r"(?is)(<!doctype[^>\[]*)\[.*?\]\s*(?=>)")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_MAX_DIGITS = 7
_UNSEEN = "&#xFEFF;"  # not nothing: what stands around it could make another reference
# Each branch takes all that is left when its end is missing, as the HTML standard does; so no
# character is looked at more than a few times.
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?--!?>|.*)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<(?P<slash>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<rest>[^>]*+)(?:>|\Z)",
    re.DOTALL,
)
_RAW_END = {name: re.compile(rf"(?i)</{name}(?=[\s/>])") for name in RAW}
# As deep as Chromium builds a page. Building the tree takes time by the square of the depth: 30,000
# nested lists took lexbor a minute.
_MAX_DEPTH = 512
_MAX_FORMATTING = 8
_MAX_ATTRIBUTES = 1000  # of a tag; 100,000 took lexbor a minute, for it compares each with all
_QUOTED = re.compile("\"[^\"]*\"|'[^']*'")


def decode_html(data: bytes) -> tuple[str, str]:
    """Decode a page: by its byte order mark, its own declaration, or else as plain text.

    :param data: The page's bytes.
    :return: The markup and the encoding's name.
    :raises DocumentError: When no encoding gives text.
    """
    start = data[:_PRESCAN]
    if start.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(data)
    declared = _XML_ENCODING.match(start) or _META_CHARSET.search(start)
    return decode_declared(data, declared[1].decode("ascii", "ignore") if declared else "")


def prepare_markup(markup: str, *, is_xml: bool = False) -> str:
    """Rewrite what an HTML parser would misread.

    Zero bytes and references to what is no character would become U+FFFD; ``<title/>`` and CDATA
    mean in XHTML what they do not mean in HTML; elements nested very deep would take minutes, so
    they lose their tags.

    :param markup: The page as decoded.
    :param is_xml: Read it as XHTML even when it does not begin as such.
    :return: Markup with the same words.
    """
    markup = markup.replace("\r\n", "\n").replace("\x00", "")
    if "&#" in markup:
        markup = _REFERENCE.sub(_check_reference, markup)
    if is_xml or _XHTML.match(markup[:_PRESCAN]):
        return _Rewriter(is_xml=True).rewrite(_DTD.sub(r"\1", markup, count=1))
    return _Rewriter(is_xml=False).rewrite(markup)


def _check_reference(reference: re.Match[str]) -> str:
    """Give a reference to zero, to a surrogate or beyond Unicode a character that is not shown."""
    digits = (reference[1] or reference[2]).lstrip("0")
    if not digits or len(digits) > _MAX_DIGITS:
        return _UNSEEN
    number = int(digits, 16 if reference[1] else 10)
    return reference[0] if number < 0xD800 or 0xDFFF < number <= sys.maxunicode else _UNSEEN


def _has_swarm(rest: str) -> bool:
    """Tell whether what follows a tag's name is more attributes than any page needs."""
    if len(rest) < _MAX_ATTRIBUTES:
        return False
    words = _QUOTED.sub(" ", rest).split(maxsplit=_MAX_ATTRIBUTES)
    return len(words) > _MAX_ATTRIBUTES


class _Rewriter:
    """Replaces tags; counts the elements that are open, never fewer than the parser has.

    Of what closes elements only their own ends are counted; what is made to deceive that is left
    to the time limit.
    """

    def __init__(self, *, is_xml: bool) -> None:
        self._is_xml = is_xml
        self._depth = 0
        self._opened: Counter[str] = Counter()
        self._cut: Counter[str] = Counter()

    def rewrite(self, markup: str) -> str:
        pieces = []
        start = at = 0
        while token := _TOKEN.search(markup, at):
            at = token.end()
            replacement = self._replace(token)
            if replacement is None and _has_swarm(token["rest"] or ""):
                replacement = f"<{token['slash']}{token['name']}>"
            if replacement is not None:
                pieces += [markup[start : token.start()], replacement]
                start = at
            name = (token["name"] or "").lower()
            if name in RAW and not token["slash"] and not self._is_empty(token):
                end = _RAW_END[name].search(markup, at)
                at = end.start() if end else len(markup)
        return "".join([*pieces, markup[start:]]) if pieces else markup

    def _replace(self, token: re.Match[str]) -> str | None:
        """Return what stands for a tag, None when it may stay."""
        if token["name"] is None:
            is_words = self._is_xml and token["cdata"] is not None
            return escape(token["cdata"], quote=False) if is_words else None
        name = token["name"].lower()
        if name in VOID:
            return "" if self._is_xml and token["slash"] else None
        if self._is_empty(token):
            rest = "" if _has_swarm(token["rest"]) else token["rest"][:-1]
            return f"<{token['name']}{rest}></{token['name']}>"
        if name in ENDED_BY_OTHERS or name in RAW or self._is_drawing(name, token):
            return None
        is_cut = self._close(name) if token["slash"] else self._open(name)
        return None if not is_cut else "<br>" if name in BREAKS else ""

    def _is_empty(self, token: re.Match[str]) -> bool:
        return self._is_xml and not token["slash"] and token["rest"].endswith("/")

    def _is_drawing(self, name: str, token: re.Match[str]) -> bool:
        """Tell whether a tag is of SVG or MathML and ends itself."""
        is_foreign = name in {"svg", "math"} or self._opened["svg"] or self._opened["math"]
        return bool(is_foreign) and token["rest"].endswith("/")

    def _open(self, name: str) -> bool:
        """Count an element's begin; True when it is too deep."""
        is_repeated = name in FORMATTING and self._opened[name] >= _MAX_FORMATTING
        is_cut = is_repeated or self._depth >= _MAX_DEPTH
        (self._cut if is_cut else self._opened)[name] += 1
        self._depth += not is_cut
        return is_cut

    def _close(self, name: str) -> bool:
        """Count an element's end; True when its begin was too deep."""
        if self._cut[name]:
            self._cut[name] -= 1
            return True
        if self._opened[name]:
            self._opened[name] -= 1
            self._depth -= 1
        return False
