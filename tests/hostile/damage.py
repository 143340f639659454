"""Damage: bytes or markup → a copy with something wrong in it, the same for the same random source.

The operators are those of AFL and libFuzzer (flips, splices, repeats, dictionary words, numbers at
the edges of their ranges), with more for markup, whose damage must stay nearly well formed to reach
what lies behind the parser.
"""

import random
import re
from collections.abc import Callable, Sequence

MAX_BYTES = 1 << 20  # of a damaged copy; more only makes the run slow
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_TAG = re.compile(rb"<[^<>]{1,300}>")
_VALUE = re.compile(rb"""=\s*("[^"]*"|'[^']*')""")
_EDGES = tuple(
    str(number).encode()
    for number in (
        *(0, -1, 1, 2, 127, 128, 255, 256, 32768, 65535, 65536, 2**31 - 1, 2**31, -(2**31)),
        *(2**32 - 1, 2**32, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30, 10**400),
        *("1e308", "1e400", "-0.0", "nan", "inf", "1e-320", "0x41", "٣", "1_000"),
    )
)
# Characters at which text code errs: unseen, combining, wide, right-to-left, none at all.
_CHARS = (
    *(
        char.encode("utf-8", "surrogatepass")
        for char in (
            *("\x00", "\x0b", "\x1b[31m", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u200d"),
            *("\u2028", "\u202e", "\u2060", "\ufeff", "\ufffd", "\ufffe", "\ud800", "\udc00"),
            *("\U000e0001", "\U0010ffff", "\u0301" * 40, "👩\u200d👩\u200d👧", "\u0e33", "ﬁ", "㈱"),
            *("\u1100\u1161", "İ", "ß", "。", "……", "」』", "第三章 总则", "\r", "\r\n", "\n\n"),
            *("\t", " " * 50, "…" * 30, "." * 60),
        )
    ),
    *(b"\xc0\x80", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x81\x30\x81\x30", b"\x1b$B"),
)
Words = Sequence[bytes]
Operator = Callable[[bytes, random.Random, Words, bytes], bytes]


def damage(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    """Damage bytes a few times.

    :param data: The bytes.
    :param source: Decides everything.
    :param words: The format's own, to be put in.
    :param other: Bytes of a like file, to be spliced in.
    :return: A damaged copy, not always another one.
    """
    for _ in range(source.choice((1, 1, 1, 2, 3, 5, 12))):
        operator = source.choice(_OPERATORS)
        data = operator(data, source, words, other)[:MAX_BYTES]
    return data


def damage_markup(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    """Damage markup; most often its tags and values, so that much of it still parses.

    :param data: The markup.
    :param source: Decides everything.
    :param words: The format's own, to be put in.
    :param other: Markup of a like file, to be spliced in.
    :return: A damaged copy, not always another one.
    """
    for _ in range(source.choice((1, 1, 2, 3, 6))):
        operator = source.choice(_MARKUP_OPERATORS)
        data = operator(data, source, words, other)[:MAX_BYTES]
    return data


def _range(data: bytes, source: random.Random, most: int = 4096) -> tuple[int, int]:
    start = source.randrange(len(data) + 1)
    return start, min(len(data), start + int(2 ** (source.random() * most.bit_length())))


def _flip(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(source.choice((1, 1, 4, 32)) if data else 0):
        changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
    return bytes(changed)


def _set(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    start, end = _range(data, source, 16)
    return (
        data[:start] + source.choice((b"\x00", b"\xff", b" ", b"\n")) * (end - start) + data[end:]
    )


def _cut_off(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    return data[: source.randrange(len(data) + 1)]


def _drop(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    start, end = _range(data, source)
    return data[:start] + data[end:]


def _repeat(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    start, end = _range(data, source, 512)
    return data[:start] + data[start:end] * source.choice((2, 2, 3, 20, 300, 3000)) + data[end:]


def _move(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    start, end = _range(data, source)
    at = source.randrange(len(data) + 1)
    return data[:at] + data[start:end] + data[at:]


def _splice(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    start, end = _range(other, source)
    at, to = _range(data, source, 64)
    return data[:at] + other[start:end] + data[to:]


def _cross(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    return data[: source.randrange(len(data) + 1)] + other[source.randrange(len(other) + 1) :]


def _put_word(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    at, end = _range(data, source, 8)
    return data[:at] + source.choice(words) + data[source.choice((at, end)) :]


def _put_char(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.choice(_CHARS) * source.choice((1, 1, 3, 200)) + data[at:]


def _put_bytes(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.randbytes(source.choice((1, 2, 4, 40))) + data[at:]


def _put_binary(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    """Overwrite a binary number with one at the edge of its range."""
    width = source.choice((1, 2, 4, 8))
    number = source.choice((0, 1, -1, 2 ** (8 * width - 1) - 1, 2 ** (8 * width - 1), 2, 0x10000))
    packed = (number % 2 ** (8 * width)).to_bytes(width, source.choice(("little", "big")))
    at = source.randrange(len(data) + 1)
    return data[:at] + packed + data[at + width :]


def _put_number(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    found = list(_NUMBER.finditer(data[:65536]))
    if not found:
        return data
    match = source.choice(found)
    return data[: match.start()] + source.choice(_EDGES) + data[match.end() :]


def _tags(data: bytes) -> list[re.Match[bytes]]:
    return list(_TAG.finditer(data[:262_144]))


def _drop_tag(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    if not (tags := _tags(data)):
        return data
    tag = source.choice(tags)
    return data[: tag.start()] + data[tag.end() :]


def _swap_tag(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    if not (tags := _tags(data)):
        return data
    tag, by = source.choice(tags), source.choice(_tags(other) or tags)
    return data[: tag.start()] + by.group() + data[tag.end() :]


def _copy_between(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    """Repeat what stands between two tags."""
    if not (tags := _tags(data)):
        return data
    start, end = sorted(source.choice(tags).start() for _ in range(2))
    part = data[start:end]
    return data[:start] + part * source.choice((2, 2, 10, 200)) + data[end:]


def _copy_element(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    """Put a whole element of one name into another place, where it may never stand."""
    tags = [tag for tag in _tags(data) if not tag.group().startswith((b"</", b"<?", b"<!"))]
    if not tags:
        return data
    tag = source.choice(tags)
    name = re.split(rb"[\s/>]", tag.group()[1:])[0]
    end = data.find(b"</" + name + b">", tag.end())
    element = data[tag.start() : end + len(name) + 3] if end >= 0 else tag.group()
    at = source.choice(tags).start()
    return data[:at] + element * source.choice((1, 1, 5, 50)) + data[at:]


def _nest(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    """Wrap the rest into many elements of one name, closed in order or not at all."""
    tags = [tag for tag in _tags(data) if not tag.group().startswith((b"</", b"<?", b"<!"))]
    if not tags:
        return data
    tag = source.choice(tags)
    name = re.split(rb"[\s/>]", tag.group()[1:])[0]
    depth = source.choice((2, 10, 100, 1000))
    opened = (b"<" + name + b">") * depth
    closed = (b"</" + name + b">") * depth * source.choice((1, 1, 0))
    at = tag.start()
    end = source.choice((at, min(len(data), at + 2000)))
    return data[:at] + opened + data[at:end] + closed + data[end:]


def _set_value(data: bytes, source: random.Random, words: Words, other: bytes) -> bytes:
    found = list(_VALUE.finditer(data[:262_144]))
    if not found:
        return data
    match = source.choice(found)
    value = source.choice((source.choice(_EDGES), source.choice(_CHARS), b"", b"A" * 5000, b"0"))
    if source.random() < 0.4:
        value = source.choice(found).group(1)[1:-1]
    return data[: match.start()] + b'="' + value + b'"' + data[match.end() :]


_OPERATORS: tuple[Operator, ...] = (
    *(_flip, _set, _cut_off, _drop, _repeat, _move, _splice, _cross, _put_word, _put_word),
    *(_put_char, _put_bytes, _put_binary, _put_number),
)
_MARKUP_OPERATORS: tuple[Operator, ...] = (
    *(_drop_tag, _swap_tag, _swap_tag, _copy_between, _copy_element, _copy_element, _nest),
    *(_set_value, _set_value, _put_word, _put_word, _put_char, _put_number, _flip, _drop, _splice),
)
