import asyncio
import json
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from index.settings import IndexSettings
from rag.federation import Federation, Member
from rag.registry import Collection
from webui import uploading
from webui.library_trash import TRASH
from webui.uploading import PATH, open_upload, upload_route

LIMIT = 1000
CUT = object()  # the browser goes in the middle
SILENT = object()  # it sends nothing more, and stays


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "documents").mkdir()
    return tmp_path / "documents"


@pytest.fixture
def app(folder, tmp_path, monkeypatch):
    """The route alone, over a collection, one whose folder is gone, and a limit of a file."""
    monkeypatch.setenv("YIJU_MAX_FILE_BYTES", str(LIMIT))
    members = [
        Member(Collection("规章", folder), None),
        Member(Collection("gone", tmp_path / "gone"), None),
    ]
    return Starlette(routes=[upload_route(Federation(members, None))])


async def post(app, *blocks, **query):
    """Send an upload block by block; return what comes back, None when nothing does."""
    asked = {"collection": "规章", "name": "a.txt", "lang": "en"} | query
    waiting, sent = list(blocks), []

    async def receive():
        if not waiting:
            return {"type": "http.request", "body": b"", "more_body": False}
        block = waiting.pop(0)
        if block is CUT:
            return {"type": "http.disconnect"}
        if block is SILENT:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": block, "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "headers": [],
        "query_string": urlencode(asked).encode(),
    }
    await app(scope, receive, send)
    return json.loads(b"".join(message.get("body", b"") for message in sent))


def upload(app, *blocks, **query):
    return asyncio.run(post(app, *blocks, **query))


def kept(folder):
    """Return everything that lies in the folder but the lock beside the documents."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != TRASH}


def test_a_file_comes_whole_however_it_is_cut(app, folder):
    told = upload(app, b"one ", b"", b"two ", b"x" * 500)
    assert told == {"outcome": "added", "said": "Taken in: a.txt"}
    assert kept(folder) == {"a.txt": b"one two " + b"x" * 500}


def test_more_than_is_written_at_a_time_comes_whole(app, folder, monkeypatch):
    monkeypatch.setattr(uploading, "_BLOCK", 7)
    upload(app, *(bytes([number]) * 5 for number in range(100)))
    assert kept(folder) == {"a.txt": b"".join(bytes([number]) * 5 for number in range(100))}


def test_a_file_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(app, folder):
    assert upload(app, b"x" * LIMIT)["outcome"] == "added"
    told = upload(app, b"y" * LIMIT, b"y", name="b.txt")
    assert told["outcome"] == "refused"
    assert list(kept(folder)) == ["a.txt"]


def test_a_file_that_is_too_large_is_refused_before_all_of_it_came(app, folder, monkeypatch):
    monkeypatch.setattr(uploading, "_BLOCK", 100)
    assert upload(app, b"x" * 2 * LIMIT, SILENT)["outcome"] == "refused"
    assert kept(folder) == {}


def test_the_guard_lets_as_much_through_as_a_file_may_have():
    route = open_upload(IndexSettings(max_file_bytes=LIMIT))
    assert (route.method, route.pattern, route.max_bytes) == ("POST", PATH, LIMIT)
    assert route.is_streamed


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"name": ""}, "name"),
        ({"name": ".hidden.txt"}, "beginning with"),
        ({"name": "../"}, "name"),
        ({"name": "b.exe"}, ".exe"),
        ({"name": "noending"}, "format"),
        ({"collection": "nothing"}, "folder"),
        ({"collection": ""}, "folder"),
        ({"collection": "gone"}, "folder"),
        ({"collection": "规章/../gone"}, "folder"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words_that_name_no_place(
    app, folder, tmp_path, query, words
):
    told = upload(app, b"x", **query)
    assert told["outcome"] == "refused"
    assert words in told["said"]
    assert str(tmp_path) not in told["said"]
    assert kept(folder) == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents"]


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", "C:\\x\\evil.txt", "a/../evil.txt", "e\0vil.txt"]
)
def test_a_name_never_leads_out_of_the_folder(app, folder, tmp_path, name):
    assert upload(app, b"x", name=name)["outcome"] == "added"
    assert kept(folder) == {"evil.txt": b"x"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents"]


def test_the_words_are_in_the_language_of_the_page(app):
    assert upload(app, b"x", lang="zh-Hans")["said"] == "已收下：a.txt"
    assert upload(app, b"x", lang="zh-Hant")["outcome"] == "there"
    assert upload(app, b"x", lang="<script>")["outcome"] == "there"


def test_an_empty_file_is_refused(app, folder):
    assert upload(app, b"", name="a.txt")["outcome"] == "refused"
    assert kept(folder) == {}


def test_nothing_is_left_of_what_did_not_come_whole(app, folder):
    assert upload(app, b"half", CUT)["outcome"] == "refused"
    assert kept(folder) == {}


def test_whoever_falls_silent_is_not_waited_for(app, folder, monkeypatch):
    monkeypatch.setattr(uploading, "_WAIT_S", 0.05)
    assert upload(app, b"half", SILENT)["outcome"] == "refused"
    assert kept(folder) == {}


def test_one_that_is_broken_off_by_the_server_leaves_nothing(app, folder):
    async def stop():
        task = asyncio.create_task(post(app, b"x" * 300, SILENT))
        while not kept(folder):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stop())
    assert kept(folder) == {}


def test_a_full_disk_is_told(app, folder, monkeypatch):
    def refuse(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("webui.library.os.fsync", refuse)
    told = upload(app, b"x")
    assert (told["outcome"], "full" in told["said"]) == ("refused", True)
    assert kept(folder) == {}


def test_two_who_send_one_name_at_once_both_keep_their_file(app, folder):
    async def send_all():
        contents = [bytes([number]) * 900 for number in range(20)]
        return await asyncio.gather(*(post(app, one[:400], one[400:]) for one in contents))

    told = asyncio.run(send_all())
    assert [one["outcome"] for one in told] == ["added"] * 20
    assert sorted(kept(folder).values()) == [bytes([number]) * 900 for number in range(20)]


def test_two_who_send_the_same_file_at_once_leave_one(app, folder):
    async def send_all():
        return await asyncio.gather(*(post(app, b"same") for _ in range(6)))

    told = asyncio.run(send_all())
    assert sorted(one["outcome"] for one in told) == ["added", *["there"] * 5]
    assert kept(folder) == {"a.txt": b"same"}


def test_those_beyond_the_few_at_once_wait_for_their_turn(app, folder, monkeypatch):
    monkeypatch.setattr(uploading, "_WAIT_S", 0.1)

    async def send_all():
        slow = [post(app, b"x", SILENT, name=f"slow{number}.txt") for number in range(4)]
        return await asyncio.gather(*slow, post(app, b"quick"))

    told = asyncio.run(send_all())
    assert [one["outcome"] for one in told] == ["refused"] * 4 + ["added"]
    assert kept(folder) == {"a.txt": b"quick"}
