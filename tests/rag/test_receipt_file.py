import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import PlaceKind, Span
from rag.datatypes import Citation, CitedPlace, Role, Status
from rag.quotes import anchor_quote
from rag.receipt_checking import verify_receipt
from rag.receipt_file import is_receipt, load_receipt, save_receipt
from rag.receipt_records import (
    CitedQuote,
    ModelFingerprints,
    Receipt,
    ReceiptError,
    SearchedCollection,
    SearchedFile,
    hash_files,
    hash_json,
)
from rag.registry import Collection, name_key
from rag.verification import Outcome
from tests.strategies import mixed_texts

TEXT = "会议纪要\n\n大会于2月5日召开，由刘建国主持。会后参观了图书馆。"
QUOTE = Span(6, 23)
WORDS = Span(17, 20)


def make_receipt(document=TEXT, quote=QUOTE, words=WORDS, **changes):
    """Make the receipt of an answer from a text file."""
    anchor = anchor_quote(document, quote)
    citation = Citation(
        number=1,
        role=Role.ANSWER,
        source="会议.txt",
        title="会议纪要",
        quote=quote.of(document),
        span=quote,
        highlight=words,
        line=document.count("\n", 0, quote.start) + 1,
        page=None,
        heading=("会议纪要",),
        sha256="ab" * 32,
        places=(CitedPlace(PlaceKind.SHEET, 2, "员工"), CitedPlace(PlaceKind.ROW, 5)),
    )
    receipt = Receipt(
        created_at="2026-03-04T05:06:07+00:00",
        yiju_version="0.1.0",
        question="大会由谁主持？",
        interpreted="大会由谁主持？",
        text=words.of(document),
        status=Status.ANSWERED,
        confidence=0.91,
        citations=(CitedQuote(citation, anchor.prefix, anchor.suffix, "cd" * 32, 99),),
        models=ModelFingerprints("ef" * 32, ""),
        searched=(searched(""),),
    )
    return replace(receipt, **changes)


def searched(collection, files=()):
    """Describe a collection of which the given files are listed, or three that are not."""
    if not files:
        return SearchedCollection(collection, "000001", "some-encoder", 3, "01" * 32)
    digest = hash_files((file.source, file.sha256) for file in files)
    return SearchedCollection(collection, "000001", "some-encoder", len(files), digest, files)


def make_joined_receipt(*names):
    """Make the receipt of an answer with one quote of each of several collections."""
    receipt = make_receipt()
    (cited,) = receipt.citations
    citations = tuple(
        replace(cited, citation=replace(cited.citation, number=number, collection=name))
        for number, name in enumerate(names, 1)
    )
    return replace(receipt, citations=citations, searched=tuple(map(searched, names)))


collection_names = mixed_texts().filter(str.strip)


@st.composite
def receipts(draw):
    text = draw(mixed_texts().filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    words = draw(st.integers(start, end - 1))
    highlight = Span(words, draw(st.integers(words + 1, end)))
    files = draw(
        st.dictionaries(st.sampled_from(["甲.txt", "b/c.md"]), st.sampled_from(["", "ab" * 32]))
    )
    listed = tuple(SearchedFile(at, sha256, bool(sha256)) for at, sha256 in sorted(files.items()))
    names = draw(st.just([""]) | st.lists(collection_names, min_size=1, unique_by=name_key))
    changes = {
        "question": draw(mixed_texts()),
        "confidence": draw(st.floats(0, 1)),
        "searched": tuple(searched(name, listed) for name in names),
        "unsearched": tuple(draw(st.lists(collection_names, max_size=2))),
    }
    if draw(st.booleans()):
        return make_receipt(status=Status.NOT_FOUND, citations=(), **changes | {"text": ""})
    receipt = make_receipt(text, Span(start, end), highlight, **changes)
    cited = receipt.citations[0]
    named = replace(cited.citation, collection=draw(st.sampled_from(names)))
    return replace(receipt, citations=(replace(cited, citation=named),))


def _json_values():
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(), max_size=9)
        | st.sampled_from(
            ["../a", "/etc/passwd", "a/../../b", "\x00", 10**30, -1, "C:\\x", "ab" * 32]
        )
    )
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
    )


def _places(body):
    """List every place of a JSON value: a way of keys and numbers."""
    items = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in items:
        yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *rest) for rest in _places(value))


def _put(body, way, value):
    for key in way[:-1]:
        body = body[key]
    body[way[-1]] = value


def saved(receipt, path):
    save_receipt(receipt, path, replace=True)
    return json.loads(path.read_text("utf-8"))


def write(body, path, *, is_signed=True):
    """Write a receipt as a forger would, with a checksum that fits."""
    body.pop("sha256", None)
    if is_signed:
        body["sha256"] = hash_json(body)
    path.write_text(json.dumps(body), "utf-8")


@given(receipts())
def test_a_receipt_comes_back_equal(tmp_path_factory, receipt):
    path = tmp_path_factory.mktemp("receipts") / "r.json"

    save_receipt(receipt, path)

    assert load_receipt(path) == receipt
    assert is_receipt(path.read_bytes())


def test_a_saved_receipt_holds_what_the_answer_was_made_of(tmp_path):
    body = saved(make_receipt(), tmp_path / "r.json")

    assert (body["kind"], body["format_version"]) == ("yiju receipt", 2)
    (citation,) = body["citations"]
    assert citation["quote"] == "大会于2月5日召开，由刘建国主持。"
    assert citation["quote"][11:14] == body["text"] == "刘建国"
    assert (citation["prefix"], citation["suffix"]) == ("会议纪要\n\n", "会后参观了图书馆。")
    assert citation["span"] == {"start": 6, "end": 23}
    assert body["sha256"] == hash_json({key: body[key] for key in body if key != "sha256"})


def test_a_file_that_exists_is_never_overwritten_unless_asked(tmp_path):
    path = tmp_path / "r.json"
    path.write_text("mine", "utf-8")

    with pytest.raises(ReceiptError, match="exists already"):
        save_receipt(make_receipt(), path)
    assert path.read_text("utf-8") == "mine"

    save_receipt(make_receipt(), path, replace=True)
    assert load_receipt(path) == make_receipt()
    assert [each.name for each in tmp_path.iterdir()] == ["r.json"]


def test_of_many_that_save_at_once_one_does(tmp_path):
    def save(number):
        try:
            save_receipt(make_receipt(question=str(number)), tmp_path / "r.json")
        except ReceiptError:
            return None
        return str(number)

    with ThreadPoolExecutor(8) as pool:
        (winner,) = [number for number in pool.map(save, range(64)) if number]

    assert load_receipt(tmp_path / "r.json").question == winner
    assert [each.name for each in tmp_path.iterdir()] == ["r.json"]


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path):
    path = tmp_path / "r.json"
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ReceiptError, match="exists already"):
        save_receipt(make_receipt(), path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("kind", [OSError(95, "Operation not supported"), NotImplementedError()])
def test_a_receipt_is_saved_where_there_are_no_hard_links(tmp_path, monkeypatch, kind):
    def refuse(*_):
        raise kind

    monkeypatch.setattr(os, "link", refuse)
    save_receipt(make_receipt(), tmp_path / "r.json")
    with pytest.raises(ReceiptError, match="exists already"):
        save_receipt(make_receipt(), tmp_path / "r.json")

    assert load_receipt(tmp_path / "r.json") == make_receipt()
    assert [each.name for each in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.parametrize("name", ["nowhere/r.json", "n" * 300, "a\x00b"])
def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path, name):
    with pytest.raises(ReceiptError, match="cannot be written"):
        save_receipt(make_receipt(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(ReceiptError, match="No space left"):
        save_receipt(make_receipt(), tmp_path / "r.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"yiju receipt"',
        b"{}",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"kind": "yiju receipt"}',
        b'{"kind": "yiju receipt", "format_version": NaN}',
        b'{"kind": "yiju receipt", "format_version": 2}',
        b'{"kind": "yiju receipt", "format_version": true}',
        b'{"kind": "yiju receipt", "format_version": ' + b"9" * 5000 + b"}",
        b'{"kind": "yiju receipt", "format_version": -Infinity}',
        b'{"kind": "yiju receipt", "format_version": 1e999}',
        b'{"kind": "x", "kind": "yiju receipt"}',
        b'{"kind": "yiju receipt", "format_version": 2, "text": "\\ud800"}',
        b" " * (16 * 2**20 + 1),
    ],
    ids=lambda data: ascii(data[:50]),
)
def test_what_is_no_receipt_is_a_clear_error(tmp_path, data):
    path = tmp_path / "r.json"
    path.write_bytes(data)

    with pytest.raises(ReceiptError, match=r"r\.json") as error:
        load_receipt(path)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("name", ["missing.json", ".", "a\x00b"])
def test_a_receipt_that_cannot_be_read_is_a_clear_error(tmp_path, name):
    with pytest.raises(ReceiptError):
        load_receipt(tmp_path / name)


@pytest.mark.parametrize("version", [0, 1, 99, "2", None, [[]], 2.5])
def test_another_format_version_is_named(tmp_path, version):
    body = saved(make_receipt(), tmp_path / "r.json")
    body["format_version"] = version
    write(body, tmp_path / "r.json")

    with pytest.raises(ReceiptError, match="has format version"):
        load_receipt(tmp_path / "r.json")


def test_every_altered_value_is_noticed(tmp_path):
    path = tmp_path / "r.json"
    body = saved(make_receipt(), path)

    for way in list(_places(body)):
        altered = json.loads(json.dumps(body))
        _put(altered, way, "other")
        path.write_text(json.dumps(altered), "utf-8")
        with pytest.raises(ReceiptError):
            load_receipt(path)


def test_every_flipped_byte_is_noticed_or_changes_nothing(tmp_path):
    path = tmp_path / "r.json"
    saved(make_receipt(), path)
    data = path.read_bytes()

    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with suppress(ReceiptError):
            assert load_receipt(path) == make_receipt()  # white space became other white space


def test_a_receipt_written_by_another_hand_is_read_whatever_its_layout(tmp_path):
    path = tmp_path / "r.json"
    body = saved(make_receipt(), path)
    body["note"] = {"kept by": "a later version"}
    write(dict(reversed(body.items())), path)

    assert load_receipt(path) == make_receipt()


def _forgeries():
    return [
        ("confidence", -0.5),
        ("confidence", 1.5),
        ("confidence", True),
        ("status", "maybe"),
        ("status", "not_found"),
        ("text", "王小明"),
        ("created_at", "yesterday"),
        ("citations", []),
        ("citations.0", None),
        ("citations.0.source", ""),
        ("citations.0.source", ".."),
        ("citations.0.source", "../会议.txt"),
        ("citations.0.source", "a/../../会议.txt"),
        ("citations.0.source", "/etc/passwd"),
        ("citations.0.source", "a//b"),
        ("citations.0.source", 7),
        ("citations.0.span", {"start": 6, "end": 24}),
        ("citations.0.span", {"start": -1, "end": 17}),
        ("citations.0.span", {"start": 10**15, "end": 10**15 + 17}),
        ("citations.0.span", {"start": 6.0, "end": 23.0}),
        ("citations.0.highlight", {"start": 0, "end": 3}),
        ("citations.0.highlight", None),
        ("citations.0.quote", "大会由王小明主持。"),
        ("citations.0.prefix", "长" * 33),
        ("citations.0.line", 0),
        ("citations.0.page", "1"),
        ("citations.0.heading", [1]),
        ("citations.0.places.0.kind", "chapter"),
        ("citations.0.places.0.number", 10**400),
        ("citations.0.sha256", "AB" * 32),
        ("citations.0.text_sha256", ""),
        ("citations.0.size", -1),
        ("models", []),
        ("models.reader", "latest"),
        ("models.reranker", None),
        ("unsearched", "年报"),
        ("unsearched", [7]),
        ("searched", []),
        ("searched", {}),
        ("searched.0", "规章"),
        ("searched.0.collection", None),
        ("searched.0.collection", "合同"),
        ("searched.0.generation", 1),
        ("searched.0.encoder", None),
        ("searched.0.n_files", "3"),
        ("searched.0.files", [{"source": "a.txt", "sha256": "ab" * 32, "was_read": True}]),
        ("searched.0.files", [{"source": "a.txt", "sha256": "", "was_read": 1}]),
        ("searched.0.files", [{"source": "../a", "sha256": "", "was_read": True}]),
        ("citations.0.collection", "合同"),
        ("citations.0.collection", None),
    ]


@pytest.mark.parametrize(("way", "value"), _forgeries(), ids=str)
def test_a_forged_value_is_refused_by_its_name(tmp_path, way, value):
    body = saved(make_receipt(), tmp_path / "r.json")
    keys = [int(key) if key.isdecimal() else key for key in way.split(".")]
    _put(body, keys, value)
    write(body, tmp_path / "r.json")

    with pytest.raises(ReceiptError, match="cannot be used"):
        load_receipt(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("Annual", "ANNUAL", "apart"),
        ("合同", "合同 ", "apart"),
        ("a", "ａ", "apart"),
        ("合同", "", "apart"),
        ("合同", "年报", "was not searched"),
    ],
)
def test_collections_that_a_receipt_mixes_up_are_refused(tmp_path, first, second, words):
    receipt = make_joined_receipt("合同", "规章")
    body = saved(receipt, tmp_path / "r.json")
    for each, name in zip(body["searched"], (first, second), strict=True):
        each["collection"] = name
    write(body, tmp_path / "r.json")

    with pytest.raises(ReceiptError, match=words):
        load_receipt(tmp_path / "r.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the cited text and another file."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "会议.txt").write_text(TEXT, "utf-8")
    (folder / "b.txt").write_text("An entirely different text.", "utf-8")
    return folder


def _load_and_verify(path, folder):
    try:
        receipt = load_receipt(path)
    except ReceiptError as exc:
        assert str(exc)
        return
    verification = verify_receipt(receipt, [Collection("", folder)])
    json.dumps(verification.to_dict(), allow_nan=False).encode("utf-8")


@given(_json_values())
def test_no_json_whatever_breaks_loading_or_verifying(tmp_path_factory, folder, body):
    path = tmp_path_factory.mktemp("receipts") / "r.json"
    path.write_text(json.dumps(body), "utf-8")

    _load_and_verify(path, folder)


@given(st.data())
def test_no_forged_value_whatever_breaks_loading_or_verifying(tmp_path_factory, folder, data):
    path = tmp_path_factory.mktemp("receipts") / "r.json"
    body = saved(
        data.draw(st.sampled_from([make_receipt(), make_joined_receipt("甲", "乙")])), path
    )
    way = data.draw(st.sampled_from(list(_places(body))))
    _put(body, way, data.draw(_json_values()))
    try:
        write(body, path)
    except UnicodeEncodeError:  # a forger cannot compute the checksum either
        write(body, path, is_signed=False)

    _load_and_verify(path, folder)


@given(receipts(), st.data())
def test_any_receipt_can_be_verified_against_any_folders(folder, receipt, data):
    known = data.draw(st.sets(st.sampled_from(receipt.searched)))
    given = [Collection(one.collection, folder) for one in known]
    given.append(Collection("@ another @", folder))

    verification = verify_receipt(receipt, given)

    assert len(verification.citations) == len(receipt.citations)
    names = {one.collection for one in known}
    for check in verification.citations:
        assert check.stands == (check.found is not None)
        is_known = check.citation.collection in names
        assert (check.outcome is Outcome.UNREADABLE) == (not is_known)
    asked = {cited.citation.collection for cited in receipt.citations}
    asked = asked or {one.collection for one in receipt.searched}
    assert {check.collection for check in verification.collections} == asked
    assert verification.is_complete == (asked <= names)
