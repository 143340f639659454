import io
import sys

from index.formats.extraction import Extraction
from index.formats.frames import Frame, read_frame, unpack_extraction, write_frame
from index.formats.worker import serve

# What the worker does as a process of its own is tested with index.isolation.


def _request(function: str, data: bytes) -> Frame:
    fields = {"module": "tests.index.misbehaving", "function": function, "seconds": 600}
    return Frame(fields, data)


def test_every_request_gets_one_reply_in_order_until_there_are_no_more():
    requests, replies = io.BytesIO(), io.BytesIO()
    for function in ("obey", "refuse", "be_unreadable", "give_surrogates", "obey"):
        write_frame(requests, _request(function, b"data"))
    requests.seek(0)

    serve(requests, replies)

    replies.seek(0)
    frames = []
    while frame := read_frame(replies, sys.maxsize):
        frames.append(frame)
    statuses = [frame.fields["status"] for frame in frames]
    assert statuses == ["ready", "ok", "refused", "unreadable", "refused", "ok"]
    assert isinstance(unpack_extraction(frames[1]), Extraction)
    assert frames[1] == frames[-1]
