"""Mail headers: a field's raw value → its words, with encoded words (RFC 2047) decoded.

The standard library's own decoding gives U+FFFD for bytes it cannot read, and parses addresses by a
grammar that takes seconds for long lists; here a field is only text.
"""

import binascii
import quopri
import re
from itertools import groupby
from operator import itemgetter

from index.errors import DocumentError
from index.formats.charsets import decode_declared
from index.formats.text_builder import clean_text, one_line

_ENCODED = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_ENCODED = re.compile(r"(?<=\?=)\s+(?==\?)")


def decode_header(raw: str) -> str:
    """Decode a header field.

    :param raw: Its value as ``email`` keeps it: bytes outside ASCII are surrogate escapes.
    :return: Its words as one line.
    """
    value = _BETWEEN_ENCODED.sub("", _decode(raw.encode("ascii", "surrogateescape"), ""))
    runs: list[tuple[str, bytes]] = []  # charset and bytes
    at = 0
    for word in _ENCODED.finditer(value):
        runs += [("utf-8", _encode(value[at : word.start()])), (word[1].lower(), _unpack(word))]
        at = word.end()
    runs.append(("utf-8", _encode(value[at:])))
    # Together, for a character may be cut in two at the end of an encoded word.
    decoded = (
        _decode(b"".join(data for _, data in group), charset)
        for charset, group in groupby((run for run in runs if run[1]), itemgetter(0))
    )
    return one_line(clean_text("".join(decoded)))


def decode_parameter(value: str | tuple[str | None, str | None, str]) -> str:
    """Decode a parameter of a header field, such as a file's name.

    :param value: As ``email`` gives it: a charset, a language and bytes as Latin-1 where the sender
        followed RFC 2231, else only words.
    :return: Its words as one line.
    """
    if isinstance(value, str):
        return decode_header(value)
    charset, _, raw = value
    return one_line(clean_text(_decode(raw.encode("latin-1", "surrogateescape"), charset or "")))


def _encode(words: str) -> bytes:
    return words.encode("utf-8", "ignore")


def _unpack(word: re.Match[str]) -> bytes:
    if word[2] in "qQ":
        return quopri.decodestring(_encode(word[3]), header=True)
    try:
        return binascii.a2b_base64(_encode(word[3]) + b"===")
    except binascii.Error:
        return _encode(word[0])


def _decode(data: bytes, charset: str) -> str:
    try:
        return decode_declared(data, charset)[0]
    except DocumentError:
        return data.decode("ascii", "ignore")
