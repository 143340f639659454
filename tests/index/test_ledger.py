import json
from dataclasses import replace

import pytest

from index.build import default_index_dir
from index.datatypes import Chunk, Span
from index.errors import IndexCorruptError, IndexMissingError
from index.formats import registry
from index.formats.registry import Loader
from index.generations import IndexDir
from index.ledger import reachable_share, read_ledger
from index.loading import hash_bytes
from index.settings import IndexSettings
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, build, edit, write_documents, write_store
from tests.strategies import make_document


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with files that are read whole, read in part, refused, and not read at all."""
    for name in ("obey", "refuse", "be_unreadable"):
        monkeypatch.setitem(registry._LOADERS, f".{name}", Loader("tests.index.misbehaving", name))
    others = {
        "表.obey": "预算 一百万元",
        "空.obey": " ",
        "坏.refuse": "x" * 9,
        "缺.be_unreadable": "x",
        "旧.doc": "x",
        "大.txt": "大" * 4000,
    }
    write_documents(tmp_path, {**TEXTS, **others})
    build(tmp_path, HashEncoder(), settings=IndexSettings(max_file_bytes=10_000))
    return tmp_path


def test_every_file_has_its_row_in_order(folder):
    rows = read_ledger(default_index_dir(folder))

    sources = [path.relative_to(folder).as_posix() for path in folder.rglob("*.*")]
    assert [row.source for row in rows] == sorted(s for s in sources if ".yiju" not in s)


def test_an_indexed_file_is_described_whole(folder):
    rows = {row.source: row for row in read_ledger(default_index_dir(folder))}

    row = rows["表.obey"]
    assert (row.media_type, row.encoding) == ("application/pdf", "utf-8")
    assert (row.n_pages, row.n_empty_pages, row.n_chars, row.n_chunks) == (1, 0, 7, 1)
    assert row.warnings == ("One thing was left out.",)
    assert row.sha256 == hash_bytes("预算 一百万元".encode())
    assert (row.size, row.error) == (len("预算 一百万元".encode()), "")
    assert 0 <= row.seconds < 60
    assert (rows["空.obey"].n_empty_pages, rows["空.obey"].n_chunks) == (1, 0)


def test_a_file_that_was_left_out_says_why(folder):
    rows = {row.source: row for row in read_ledger(default_index_dir(folder))}

    assert rows["坏.refuse"].error == "It is not a file of this kind."
    assert (rows["坏.refuse"].size, rows["坏.refuse"].sha256) == (9, hash_bytes(b"x" * 9))
    for source, error in (("旧.doc", ".docx"), ("大.txt", "limit"), ("缺.be_unreadable", "needs")):
        assert error in rows[source].error
        assert (rows[source].sha256, rows[source].n_chunks) == ("", 0)
    left_out = {row.source for row in rows.values() if row.reachable is None}
    assert left_out == {row.source for row in rows.values() if row.error}
    assert len(left_out) == 4


def test_every_character_of_every_indexed_file_is_reachable(folder):
    shares = [row.reachable for row in read_ledger(default_index_dir(folder)) if not row.error]

    assert shares == [1.0] * 6


def test_a_row_can_be_written_as_json(folder):
    rows = [row.to_dict() for row in read_ledger(default_index_dir(folder))]

    assert json.loads(json.dumps(rows)) == rows
    assert {"source", "reachable", "warnings", "seconds"} <= rows[0].keys()


@pytest.mark.parametrize(
    ("spans", "share"),
    [
        ([(0, 2), (2, 5)], 1.0),
        ([(0, 2)], 0.5),
        ([(0, 2), (1, 2), (0, 2)], 0.5),
        ([(0, 1), (4, 5)], 0.5),
        ([], 0.0),
    ],
)
def test_reachable_is_the_share_of_visible_characters_in_chunks(spans, share, tmp_path):
    document = make_document("甲乙 丙丁")
    chunks = [
        Chunk(f"{number}", document.doc_id, Span(*span), (), Span(*span).of(document.text))
        for number, span in enumerate(spans)
    ]
    store = write_store(tmp_path / "chunks.sqlite", {document: chunks})

    assert reachable_share(document.doc_id, store) == share


def test_a_chunk_that_is_not_the_slice_it_says_makes_nothing_reachable(tmp_path):
    document = make_document("甲乙丙丁")
    chunk = Chunk("a", document.doc_id, Span(0, 4), (), "甲乙丙戊")
    store = write_store(tmp_path / "chunks.sqlite", {document: [chunk]})

    assert reachable_share(document.doc_id, store) == 0.0


def test_without_an_index_there_is_no_ledger(tmp_path):
    with pytest.raises(IndexMissingError, match="yiju index"):
        read_ledger(tmp_path)


def test_a_damaged_index_is_refused(folder):
    home = IndexDir(default_index_dir(folder))
    path = home.paths(home.require_current()).store
    path.write_bytes(b"\xff" * path.stat().st_size)

    with pytest.raises(IndexCorruptError, match="--full"):
        read_ledger(home.path)


def test_an_edited_file_gets_a_new_row(folder):
    edit(folder / "坏.refuse", "y")
    build(folder, HashEncoder(), settings=IndexSettings(max_file_bytes=10_000))

    rows = {row.source: row for row in read_ledger(default_index_dir(folder))}

    assert rows["坏.refuse"].sha256 == hash_bytes(b"y")


def test_a_copy_has_a_row_that_names_its_document(folder):
    write_documents(folder, {"又一份.md": TEXTS["hoist.md"], "hoist2.md": TEXTS["hoist.md"]})
    build(folder, HashEncoder(), settings=IndexSettings(max_file_bytes=10_000))

    rows = {row.source: row for row in read_ledger(default_index_dir(folder))}

    original = rows["hoist.md"]
    assert original.copy_of == ""
    for source in ("又一份.md", "hoist2.md"):
        assert rows[source] == replace(
            original, source=source, copy_of="hoist.md", n_chunks=0, seconds=0.0
        )
