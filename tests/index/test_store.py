import threading
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.chunking import chunk_document
from index.datatypes import Place, PlaceKind, Span
from index.errors import IndexCorruptError
from index.store import ChunkStore, read_only_uri
from tests.strategies import documents, make_document

_TEXT = "# 规章\n\n总则。\n\n## 借书\n\n每人十册。借期三十日。\n\n## 罚款\n\n每天一角。\n"
_PLACES = (
    Place(PlaceKind.SHEET, 1, Span(0, 5), '预算 "2024"\n'),
    Place(PlaceKind.ROW, 1, Span(0, 2)),
    Place(PlaceKind.ROW, 1048576, Span(2, 5)),
    Place(PlaceKind.PAGE, 3, Span(5, 5)),
)


def _keys(chunks: list) -> list[bytes]:
    return [chunk.text.encode()[:16] for chunk in chunks]


@pytest.fixture
def stored(tmp_path):
    """A store of three documents, closed and opened again, with what was put into it."""
    path = tmp_path / "块 #1?mode=rw%20.sqlite"
    store = ChunkStore.create(path)
    originals, chunks = [], []
    for number in range(3):
        document = make_document(f"{_TEXT}\n第{number}份。", f"{number}/规章.md")
        own = chunk_document(document, 60)
        store.add_document(document, "gb18030")
        store.add_chunks(len(chunks), own, _keys(own))
        originals.append(document)
        chunks += own
    store.index_keys()
    store.close()
    return ChunkStore.load(path), originals, chunks


def test_documents_come_back_whole(stored):
    store, originals, _ = stored

    assert [store.document(document.doc_id) for document in originals] == originals


@settings(max_examples=30)
@given(documents(), st.sampled_from([(), _PLACES]))
def test_any_document_comes_back_whole(document, places):
    document = replace(document, places=places)
    chunks = chunk_document(document, 50)
    store = ChunkStore.create(":memory:")

    store.add_document(document, "utf-8")
    store.add_chunks(0, chunks, [b"k"] * len(chunks))

    assert store.document(document.doc_id) == document
    assert [entry.chunk for entry in store.iterate()] == chunks


def test_chunks_come_in_the_order_they_are_asked_for_and_as_often(stored):
    store, _, chunks = stored
    rows = [5, 0, 5, 2]

    found = store.chunks(rows)

    assert [(entry.row, entry.chunk) for entry in found] == [(row, chunks[row]) for row in rows]


def test_more_chunks_than_sqlite_has_variables_are_found(tmp_path):
    document = make_document("。".join(f"第{number}句话在这里" for number in range(3000)) + "。")
    chunks = chunk_document(document, 20)
    store = ChunkStore.create(tmp_path / "chunks.sqlite")
    store.add_document(document, "utf-8")
    keys = [str(row).encode() for row in range(len(chunks))]
    store.add_chunks(0, chunks, keys)
    assert len(chunks) > 2000

    assert [entry.chunk for entry in store.chunks(range(len(chunks)))] == chunks
    assert store.rows_by_key(keys) == {key: row for row, key in enumerate(keys)}


def test_all_chunks_and_those_of_one_document_come_in_row_order(stored):
    store, originals, chunks = stored

    assert [entry.chunk for entry in store.iterate()] == chunks
    assert [entry.row for entry in store.iterate()] == list(range(len(chunks)))
    own = [chunk for chunk in chunks if chunk.doc_id == originals[1].doc_id]
    assert [entry.chunk for entry in store.iterate(originals[1].doc_id)] == own


def test_rows_are_found_by_vector_key(stored):
    store, _, chunks = stored
    keys = _keys(chunks)

    found = store.rows_by_key([*keys, b"unknown"])

    assert found.keys() == set(keys)
    assert all(keys[row] == key for key, row in found.items())
    assert store.vector_keys(2, 5) == keys[2:5]
    assert store.vector_keys(0, 0) == []


def test_a_document_that_is_not_there_is_a_key_error(stored):
    with pytest.raises(KeyError, match="nobody"):
        stored[0].document("nobody")


@pytest.mark.parametrize(
    "places", ["", "[1]", '[["chapter", 1, 0, 1, ""]]', '[["page", 1]]'], ids=range(4)
)
def test_a_layout_that_was_altered_means_that_the_index_is_corrupt(places, tmp_path):
    store = ChunkStore.create(tmp_path / "chunks.sqlite")
    document = make_document("会议。")
    store.add_document(document, "utf-8")
    store._query("UPDATE documents SET places = ?", (places,))

    with pytest.raises(IndexCorruptError, match=r"chunks\.sqlite.*yiju index --full"):
        store.document(document.doc_id)


@pytest.mark.parametrize("row", [-1, 1000])
def test_a_chunk_that_is_not_there_means_that_the_index_is_corrupt(row, stored):
    with pytest.raises(IndexCorruptError, match=rf"lacks chunk {row}.*yiju index --full"):
        stored[0].chunks([0, row])


def test_no_rows_give_no_chunks(stored):
    assert stored[0].chunks([]) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a database" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:200]),
        lambda path: path.unlink(),
    ],
    ids=["empty", "other", "short", "missing"],
)
def test_a_damaged_file_is_corrupt(damage, tmp_path):
    path = tmp_path / "chunks.sqlite"
    ChunkStore.create(path).close()
    damage(path)

    with pytest.raises(IndexCorruptError, match=r"chunks\.sqlite.*yiju index --full"):
        ChunkStore.load(path)


def test_a_published_store_cannot_be_written(stored):
    with pytest.raises(IndexCorruptError):
        stored[0]._query("DELETE FROM chunks", ())


def test_several_threads_read_the_same(stored):
    store, originals, chunks = stored
    wrong: list[int] = []

    def read(number: int) -> None:
        for row in range(len(chunks)):
            at = (row + number) % len(chunks)
            document = originals[at % 3]
            if (
                store.chunks([at])[0].chunk != chunks[at]
                or store.document(document.doc_id) != document
            ):
                wrong.append(at)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/文档 1/c?.sqlite"), "file:///%E6%96%87%E6%A1%A3%201/c%3F.sqlite"),
        (PureWindowsPath("C:\\a\\c.sqlite"), "file:///C:/a/c.sqlite"),
        (PureWindowsPath("\\\\server\\share\\c.sqlite"), "file:////server/share/c.sqlite"),
    ],
    ids=["posix", "drive", "share"],
)
def test_a_path_becomes_the_uri_that_sqlite_takes(path, uri):
    assert read_only_uri(path) == uri
