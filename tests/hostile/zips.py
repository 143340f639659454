"""Zip archives written by hand, so that every field can lie."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

_STORED, _DEFLATED = 0, 8
_FULL = 0xFFFFFFFF
_READ_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """A member and what is said of it."""

    name: str | bytes
    packed: bytes
    size: int  # that it claims to unpack to
    crc: int = 0
    method: int = _DEFLATED
    flags: int = 0
    at: int = -1  # where its local header is said to be; -1: where it is


def member(name: str | bytes, content: bytes, **lies: int) -> Member:
    """Make a true member, but for what is given."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    said = {"size": len(content), "crc": zlib.crc32(content), **lies}
    return Member(name, packed, **said)


def repeated(name: str, unit: bytes, times: int, *, head: bytes = b"", tail: bytes = b"") -> Member:
    """Make a member that unpacks to a unit again and again, without unpacking it here.

    :param name: Its name.
    :param unit: What is repeated.
    :param times: How often.
    :param head: What stands before.
    :param tail: What stands after.
    :return: The member, true but for the checksum of one that is too large to be read.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    packed += block * times + packer.compress(tail) + packer.flush()
    size = len(head) + len(unit) * times + len(tail)
    crc = zlib.crc32(head)
    for _ in range(times if size < _READ_BYTES else 0):
        crc = zlib.crc32(unit, crc)
    return Member(name, packed, size, zlib.crc32(tail, crc))


def archive(members: Sequence[Member], *, n_said: int | None = None, end: bytes = b"") -> bytes:
    """Write an archive.

    :param members: In order; names may repeat.
    :param n_said: How many it says there are.
    :param end: What stands before the end record.
    :return: Its bytes.
    """
    body, listing = bytearray(), bytearray()
    for one in members:
        name = one.name if isinstance(one.name, bytes) else one.name.encode()
        flags = one.flags | 0x800
        at = len(body) if one.at < 0 else one.at
        sizes = (one.crc, len(one.packed) & _FULL, min(one.size, _FULL), len(name))
        extra = struct.pack("<HHQ", 1, 8, one.size) if one.size >= _FULL else b""
        body += struct.pack(
            "<4s5H3I2H", b"PK\3\4", 20, flags, one.method, 0, 33, *sizes, len(extra)
        )
        body += name + extra + one.packed
        listing += struct.pack("<4s6H3I", b"PK\1\2", 20, 20, flags, one.method, 0, 33, *sizes[:3])
        listing += struct.pack("<5H2I", len(name), len(extra), 0, 0, 0, 0, at) + name + extra
    count = min(0xFFFF, len(members) if n_said is None else n_said)
    last = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(listing), len(body), 0)
    return bytes(body + listing + end) + last
