"""Frames: what the build and the worker say to each other over pipes.

A frame is 4 bytes of magic, two lengths (32 and 64 bits, big-endian), that many bytes of UTF-8
JSON and that many raw bytes: the file's on the way in, the text's as UTF-8 on the way out. What
comes out of the worker is not trusted: it has handled a stranger's file.
"""

import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from index.datatypes import Heading, Place, PlaceKind, Span
from index.formats.extraction import Extraction
from index.formats.limits import MAX_HEADINGS, MAX_TEXT_CHARS

_HEADER = struct.Struct(">4sIQ")
_MAGIC = b"YJF1"
_MAX_FIELDS_BYTES = 128 * 1024 * 1024  # headings and places of three million rows


class FrameError(ValueError):
    """Raised when bytes are not a frame, or a frame does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    fields: dict[str, Any]
    raw: bytes = b""


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Send a message.

    :param stream: A pipe.
    :param frame: The message.
    :raises FrameError: When it is too large or holds lone surrogates.
    """
    try:
        fields = json.dumps(frame.fields, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as exc:
        raise FrameError("lone surrogates") from exc
    if len(fields) > _MAX_FIELDS_BYTES:
        raise FrameError("too large")
    stream.write(_HEADER.pack(_MAGIC, len(fields), len(frame.raw)))
    stream.write(fields)
    stream.write(frame.raw)
    stream.flush()


def read_frame(stream: BinaryIO, max_raw_bytes: int) -> Frame | None:
    """Receive a message.

    :param stream: A pipe.
    :param max_raw_bytes: More raw bytes are refused before they are read.
    :return: The message; None when the stream has ended, also in the midst of one.
    :raises FrameError: When the bytes are not a message.
    """
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    magic, n_fields, n_raw = _HEADER.unpack(header)
    if magic != _MAGIC or n_fields > _MAX_FIELDS_BYTES or n_raw > max_raw_bytes:
        raise FrameError("not a frame")
    fields, raw = stream.read(n_fields), stream.read(n_raw)
    if len(fields) < n_fields or len(raw) < n_raw:
        return None
    try:
        value = json.loads(fields)
    except (ValueError, RecursionError) as exc:
        raise FrameError("not JSON") from exc
    if not isinstance(value, dict):
        raise FrameError("not an object")
    return Frame(value, raw)


def pack_extraction(extraction: Extraction) -> Frame:
    """Make the message that holds what a loader found.

    :param extraction: A loader's result.
    :return: The message.
    :raises FrameError: When it is none, or its text is too long or no valid Unicode.
    """
    if not isinstance(extraction, Extraction):
        raise FrameError("not an extraction")
    if len(extraction.text) > MAX_TEXT_CHARS:
        raise FrameError("too much text")
    if len(extraction.headings) > MAX_HEADINGS:
        raise FrameError(f"it has more than {MAX_HEADINGS:,} headings")
    try:
        raw = extraction.text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise FrameError("lone surrogates") from exc
    return Frame(
        {
            "encoding": extraction.encoding,
            "media_type": extraction.media_type,
            "title": extraction.title,
            "headings": [[h.level, h.title, h.span.start, h.span.end] for h in extraction.headings],
            "places": [
                [place.kind, place.number, place.span.start, place.span.end, place.name]
                for place in extraction.places
            ],
            "warnings": extraction.warnings,
        },
        raw,
    )


def unpack_extraction(frame: Frame) -> Extraction:
    """Take what a loader found out of a message, and check it.

    :param frame: The message.
    :return: A result whose spans all lie in its text, in order.
    :raises FrameError: When it is not that.
    """
    fields = frame.fields
    try:
        extraction = Extraction(
            text=frame.raw.decode("utf-8"),
            encoding=_string(fields["encoding"]),
            media_type=_string(fields["media_type"]),
            title=_string(fields["title"]),
            headings=tuple(
                Heading(_count(level), _string(title), Span(_count(start), _count(end)))
                for level, title, start, end in fields["headings"]
            ),
            places=tuple(
                Place(PlaceKind(kind), _count(n), Span(_count(start), _count(end)), _string(name))
                for kind, n, start, end, name in fields["places"]
            ),
            warnings=tuple(_string(warning) for warning in fields["warnings"]),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise FrameError("not an extraction") from exc
    for spans in ([h.span for h in extraction.headings], [p.span for p in extraction.places]):
        _check(spans, len(extraction.text))
    return extraction


def _check(spans: list[Span], n_chars: int) -> None:
    last = 0
    for span in spans:
        if not last <= span.start <= span.end <= n_chars:
            raise FrameError("spans outside the text or out of order")
        last = span.start


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise FrameError("not a string")
    value.encode("utf-8")  # JSON can spell lone surrogates, which SQLite cannot hold
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise FrameError("not a number")
    return value
