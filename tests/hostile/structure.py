"""Structure: a sample file → a copy damaged inside: in an archive's members, a PDF's objects.

What is damaged is put back so that the outer format holds again (checksums, lengths, offsets), or
the damage would never be reached.
"""

import base64
import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence

from tests.hostile.damage import MAX_BYTES, damage, damage_markup
from tests.hostile.samples import pack, samples, unpack
from tests.hostile.words import WORDS

ARCHIVES = ("docx", "epub", "pptx", "xlsx")
_MARKUP = ("html", *ARCHIVES)
# What loaders read of an Office file; the rest (themes, layouts) is damaged less often.
_READ = re.compile(
    r"document\.xml|styles\.xml|footnotes|header\d|slides/slide|notesSlide|sheets/sheet|workbook"
    r"|sharedStrings|tables/|_rels/(?:\.rels|document|presentation|workbook|slide|sheet)|core\.xml"
    r"|presentation\.xml|container|\.opf|html|\.ncx"
)
_OBJECT = re.compile(rb"(?m)^(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)
_TRAILER = re.compile(rb"trailer\s*(<<.*?>>)\s*startxref", re.DOTALL)
_REFERENCE = re.compile(rb"(\d+) 0 R")
_NAME = re.compile(rb"/[A-Za-z][A-Za-z0-9]*")
_BASE64 = re.compile(rb"(?:^[A-Za-z0-9+/=]{4,76}\r?\n)+", re.MULTILINE)
_MAX_VALUES = 20_000  # of a JSON file
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def make_case(name: str, source: random.Random) -> bytes:
    """Make a damaged file.

    :param name: The format.
    :param source: Decides everything.
    :return: The file's bytes.
    """
    data, other = source.choice(samples()[name]), source.choice(samples()[name])
    deep = _DEEP.get(name)
    if deep and source.random() < 0.75:
        return deep(name, data, source, other)
    if name in _MARKUP and name not in ARCHIVES and source.random() < 0.6:
        return damage_markup(data, source, WORDS[name], other)
    return damage(data, source, WORDS[name], other)


def _damage_archive(name: str, data: bytes, source: random.Random, other: bytes) -> bytes:
    if source.random() < 0.1:
        return _lie(data, source)
    parts = unpack(data)
    others = unpack(other)
    for _ in range(source.choice((1, 1, 2))):
        read = [part for part in parts if _READ.search(part)]
        part = source.choice(read if read and source.random() < 0.9 else list(parts))
        chance = source.random()
        if chance < 0.05:
            parts.pop(part)
        elif chance < 0.15:
            parts[part] = parts[source.choice(list(parts))]
        else:
            how = damage_markup if source.random() < 0.8 else damage
            like = others.get(part) or source.choice(list(others.values()))
            parts[part] = how(parts[part], source, WORDS[name], like)
        if not parts:
            break
    return pack(parts)


def _lie(data: bytes, source: random.Random) -> bytes:
    """Change a field of an archive's own headers."""
    magic, fields = source.choice(
        (
            (_LOCAL, ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2))),
            (
                _CENTRAL,
                ((6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (42, 4)),
            ),
            (_END, ((4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2))),
        )
    )
    starts = [match.start() for match in re.finditer(re.escape(magic), data)]
    if not starts:
        return data
    offset, width = source.choice(fields)
    at = source.choice(starts) + offset
    old = int.from_bytes(data[at : at + width], "little")
    most = 2 ** (8 * width) - 1
    new = (
        source.choice((0, 1, most, most // 2 + 1, old + 1, max(0, old - 1), 2 * old, 8, 99)) & most
    )
    return data[:at] + new.to_bytes(width, "little") + data[at + width :]


def _damage_pdf(name: str, data: bytes, source: random.Random, other: bytes) -> bytes:
    objects = {int(match[1]): match[2] for match in _OBJECT.finditer(data)}
    trailer = _TRAILER.search(data)
    if not objects or not trailer:
        return damage(data, source, WORDS[name], other)
    words, root = WORDS[name], trailer[1]
    for _ in range(source.choice((1, 1, 2, 4))):
        number = source.choice(list(objects))
        objects[number] = _damage_object(objects[number], source, words, other, list(objects))
        chance = source.random()
        if chance < 0.06:
            objects[number] = source.choice(list(objects.values()))
        elif chance < 0.1 and len(objects) > 1:
            del objects[number]
        elif chance < 0.14:
            root = damage(root, source, words, other)
    return _write_pdf(objects, root, source)


def _damage_object(
    body: bytes, source: random.Random, words: Sequence[bytes], other: bytes, numbers: list[int]
) -> bytes:
    stream = _STREAM.search(body)
    if stream and source.random() < 0.6:
        return _damage_stream(body, stream, source, words)
    kind = source.randrange(4)
    pattern = _REFERENCE if kind == 0 else _NAME
    found = list(pattern.finditer(body))
    if kind > 1 or not found:
        return damage(body, source, words, other)
    match = source.choice(found)
    new = b"%d 0 R" % source.choice(numbers) if kind == 0 else source.choice(found).group()
    return body[: match.start()] + new + body[match.end() :]


def _damage_stream(
    body: bytes, stream: re.Match[bytes], source: random.Random, words: Sequence[bytes]
) -> bytes:
    packed = stream[1]
    coded = packed.strip()
    is_ascii = coded.endswith(b"~>")
    try:
        inner = base64.a85decode(coded, adobe=coded.startswith(b"<~")) if is_ascii else packed
    except ValueError:
        try:
            inner = base64.a85decode(coded.removesuffix(b"~>"))
        except ValueError:
            inner, is_ascii = packed, False
    try:
        plain, is_packed = zlib.decompress(inner), True
    except zlib.error:
        plain, is_packed = inner, False
    new = damage(plain, source, words, plain)
    if is_packed:
        new = zlib.compress(new)
    if is_ascii:
        new = base64.a85encode(new) + b"~>"
    head = body[: stream.start()]
    if source.random() < 0.9:
        head = re.sub(rb"/Length \d+", b"/Length %d" % len(new), head)
    return head + b"stream\n" + new + b"\nendstream" + body[stream.end() :]


def _write_pdf(objects: dict[int, bytes], trailer: bytes, source: random.Random) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj" % number + body + b"endobj\n"
    start = len(out)
    if source.random() < 0.1:  # where the table lies, PDFium looks for the objects itself
        offsets = {number: source.randrange(len(out)) for number in offsets}
    most = max(offsets)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (most + 1)
    for number in range(1, most + 1):
        out += b"%010d 00000 %s \n" % (offsets.get(number, 0), b"n" if number in offsets else b"f")
    return bytes(out) + b"trailer\n" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % start


def _damage_mail(name: str, data: bytes, source: random.Random, other: bytes) -> bytes:
    found = list(_BASE64.finditer(data))
    if not found or source.random() < 0.5:
        head, _, body = data.partition(b"\r\n\r\n")
        if source.random() < 0.5:
            return damage(head, source, WORDS[name], other) + b"\r\n\r\n" + body
        return head + b"\r\n\r\n" + damage(body, source, WORDS[name], other)
    match = source.choice(found)
    inner = base64.b64decode(match.group() + b"===")
    new = base64.encodebytes(damage(inner, source, WORDS["html"], other))
    return data[: match.start()] + new + data[match.end() :]


def _damage_json(name: str, data: bytes, source: random.Random, other: bytes) -> bytes:
    value = json.loads(data)
    for _ in range(source.choice((1, 2, 5))):
        value = _change(value, source, 0)
    if _is_vast(value):
        return data
    text = json.dumps(value, ensure_ascii=source.random() < 0.5)
    return text.encode("utf-8", "surrogatepass") if len(text) < MAX_BYTES else data


def _is_vast(value: object) -> bool:
    """Tell whether a value, which shares its parts in memory, would not fit when written out."""
    waiting, n_values = [value], 0
    while waiting and n_values < _MAX_VALUES:
        inner = waiting.pop()
        n_values += 1
        if isinstance(inner, list | dict):
            waiting += inner if isinstance(inner, list) else inner.values()
    return bool(waiting)


def _change(value: object, source: random.Random, depth: int) -> object:
    """Change a value somewhere in it."""
    if source.random() < 0.15 or depth > 50:
        return _odd_value(value, source)
    if isinstance(value, list) and value:
        at = source.randrange(len(value))
        changed = [*value[:at], _change(value[at], source, depth + 1), *value[at + 1 :]]
        return changed * source.choice((1, 1, 1, 30))
    if isinstance(value, dict) and value:
        key = source.choice(list(value))
        new = {**value, key: _change(value[key], source, depth + 1)}
        if source.random() < 0.2:
            new[source.choice(("", "a\nb", "\ud800", "标题", "x" * 500))] = new.pop(key)
        return new
    return _odd_value(value, source)


def _odd_value(value: object, source: random.Random) -> object:
    nested: object = value
    for _ in range(source.choice((1, 20, 99, 101, 300))):
        nested = [nested] if source.random() < 0.7 else {"k": nested}
    odd = (None, True, 10**40, -1e-300, float("nan"), "", "\ud83d", "\x00\x1b", "行\n" * 50, [], {})
    return source.choice((*odd, [[]] * 40, nested, nested, "\u202e字", "x" * 3000))


def corrupt_size(data: bytes, name: str, size: int) -> bytes:
    """Give a member of an archive another size in both of its headers.

    :param data: The archive.
    :param name: The member's.
    :param size: What it claims to unpack to.
    :return: The archive that lies.
    """
    changed = bytearray(data)
    for magic, size_at, name_at in ((_LOCAL, 22, 30), (_CENTRAL, 24, 46)):
        for match in re.finditer(re.escape(magic), data):
            at = match.start()
            if data[at + name_at :].startswith(name.encode()):
                struct.pack_into("<I", changed, at + size_at, size)
    return bytes(changed)


_DEEP: dict[str, Callable[[str, bytes, random.Random, bytes], bytes]] = {
    **dict.fromkeys(ARCHIVES, _damage_archive),
    "eml": _damage_mail,
    "json": _damage_json,
    "pdf": _damage_pdf,
}
