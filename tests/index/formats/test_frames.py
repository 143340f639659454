import io
import struct
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Heading, Place, PlaceKind, Span
from index.formats.extraction import Extraction
from index.formats.frames import (
    Frame,
    FrameError,
    pack_extraction,
    read_frame,
    unpack_extraction,
    write_frame,
)

_LIMIT = 1000


def _sent(frame: Frame) -> bytes:
    stream = io.BytesIO()
    write_frame(stream, frame)
    return stream.getvalue()


def _received(data: bytes) -> Frame | None:
    return read_frame(io.BytesIO(data), _LIMIT)


@st.composite
def extractions(draw) -> Extraction:
    words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    text = draw(words)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    spans = [Span(start, end) for start, end in pairwise(cuts)]
    return Extraction(
        text,
        draw(words),
        draw(words),
        draw(words),
        tuple(Heading(draw(st.integers(1, 6)), draw(words), span) for span in spans),
        tuple(
            Place(draw(st.sampled_from(PlaceKind)), draw(st.integers(1)), span, draw(words))
            for span in spans
        ),
        tuple(draw(st.lists(words, max_size=3))),
    )


@given(extractions())
def test_any_extraction_comes_back_whole(extraction):
    assert unpack_extraction(_received(_sent(pack_extraction(extraction)))) == extraction


@given(st.binary(max_size=60))
def test_bytes_that_are_no_frame_are_refused_or_too_few(data):
    try:
        assert _received(data) is None
    except FrameError:
        return


@given(extractions(), st.data())
def test_a_frame_that_was_cut_short_or_altered_is_never_an_exception_of_another_kind(
    extraction, data
):
    sent = bytearray(_sent(pack_extraction(extraction)))
    at = data.draw(st.integers(0, len(sent) - 1))
    sent[at] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(sent)))

    try:
        frame = _received(bytes(sent[:cut]))
        if frame is not None:
            unpack_extraction(frame)
    except FrameError:
        return


def test_one_frame_after_the_other_is_read_and_then_none():
    stream = io.BytesIO(_sent(Frame({"a": 1}, b"x")) + _sent(Frame({})))

    frames = [read_frame(stream, _LIMIT) for _ in range(3)]

    assert frames == [Frame({"a": 1}, b"x"), Frame({}), None]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">4sIQ", b"YJF1", 2, _LIMIT + 1),
        struct.pack(">4sIQ", b"YJF1", 2**32 - 1, 0),
        struct.pack(">4sIQ", b"YJF0", 2, 0) + b"{}",
        struct.pack(">4sIQ", b"YJF1", 2, 0) + b"[]",
        struct.pack(">4sIQ", b"YJF1", 2, 0) + b"{\xff",
        struct.pack(">4sIQ", b"YJF1", 100_000, 0) + b"[" * 100_000,
    ],
    ids=["too many bytes", "too many fields", "magic", "list", "not UTF-8", "deep"],
)
def test_a_frame_that_promises_too_much_or_holds_something_else_is_refused(data):
    with pytest.raises(FrameError):
        _received(data)


_SOUND = Extraction("甲乙丙", "utf-8", "text/plain")


@pytest.mark.parametrize(
    "change",
    [
        {"encoding": None},
        {"title": 3},
        {"title": "\ud800"},
        {"headings": [[1, "甲", 0]]},
        {"headings": [[True, "甲", 0, 1]]},
        {"headings": [[1, "甲", 0.0, 1]]},
        {"headings": [[1, "甲", -1, 1]]},
        {"headings": [[1, "甲", 2, 1]]},
        {"headings": [[1, "甲", 0, 4]]},
        {"headings": [[1, "乙", 1, 2], [1, "甲", 0, 1]]},
        {"headings": 7},
        {"places": [["chapter", 1, 0, 1, ""]]},
        {"places": [["page", 1, 0, 9, ""]]},
        {"warnings": [1]},
        {"warnings": None},
    ],
    ids=str,
)
def test_fields_that_are_not_those_of_an_extraction_are_refused(change):
    frame = pack_extraction(_SOUND)

    with pytest.raises(FrameError):
        unpack_extraction(replace(frame, fields=frame.fields | change))


def test_a_text_that_is_no_utf_8_is_refused():
    with pytest.raises(FrameError):
        unpack_extraction(replace(pack_extraction(_SOUND), raw=b"\xff"))


def test_more_headings_than_anyone_could_index_are_not_sent():
    heading = Heading(1, "题", Span(0, 1))
    extraction = Extraction("题", "utf-8", "text/plain", headings=(heading,) * 1_000_001)

    with pytest.raises(FrameError, match="more than 1,000,000 headings"):
        pack_extraction(extraction)
