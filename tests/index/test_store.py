import sqlite3
import tempfile
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.chunking import chunk_document
from index.datatypes import DocumentInfo, Place, PlaceKind, Span
from index.errors import IndexCorruptError
from index.loading import hash_bytes
from index.store import ChunkStore
from tests.index.folders import write_store
from tests.strategies import documents, make_document

_TEXT = "# 规章\n\n总则。\n\n## 借书\n\n每人十册。借期三十日。\n\n## 罚款\n\n每天一角。\n"
_PLACES = (
    Place(PlaceKind.SHEET, 1, Span(0, 5), '预算 "2024"\n'),
    Place(PlaceKind.ROW, 1, Span(0, 2)),
    Place(PlaceKind.ROW, 1048576, Span(2, 5)),
    Place(PlaceKind.PAGE, 3, Span(5, 5)),
)


@pytest.fixture
def stored(tmp_path):
    """A store of three documents, closed and opened again, with what was put into it."""
    originals = [
        make_document(f"{_TEXT}\n第{number}份。", f"{number}/规章.md") for number in range(3)
    ]
    chunks = [chunk_document(document, 60) for document in originals]
    path = tmp_path / "块 #1?mode=rw%20.sqlite"
    store = write_store(path, dict(zip(originals, chunks, strict=True)))
    return store, originals, [chunk for own in chunks for chunk in own]


def test_documents_come_back_whole(stored):
    store, originals, _ = stored

    assert [store.document(document.doc_id) for document in originals] == originals


@settings(max_examples=30)
@given(documents(), st.sampled_from([(), _PLACES]))
def test_any_document_comes_back_whole(document, places):
    document = replace(document, places=places)
    chunks = chunk_document(document, 50)
    with tempfile.TemporaryDirectory() as folder:
        store = write_store(Path(folder) / "chunks.sqlite", {document: chunks})

        assert store.document(document.doc_id) == document
        assert [entry.chunk for entry in store.iterate()] == chunks
        store.close()


def test_chunks_come_in_the_order_they_are_asked_for_and_as_often(stored):
    store, _, chunks = stored
    rows = [5, 0, 5, 2]

    found = store.chunks(rows)

    assert [(entry.row, entry.chunk) for entry in found] == [(row, chunks[row]) for row in rows]


def test_more_chunks_than_sqlite_has_variables_are_found(tmp_path):
    document = make_document("。".join(f"第{number}句话在这里" for number in range(3000)) + "。")
    chunks = chunk_document(document, 20)
    store = write_store(tmp_path / "chunks.sqlite", {document: chunks})
    assert len(chunks) > 2000

    assert [entry.chunk for entry in store.chunks(range(len(chunks)))] == chunks


def test_all_chunks_and_those_of_one_document_come_in_row_order(stored):
    store, originals, chunks = stored

    assert [entry.chunk for entry in store.iterate()] == chunks
    assert [entry.row for entry in store.iterate()] == list(range(len(chunks)))
    own = [chunk for chunk in chunks if chunk.doc_id == originals[1].doc_id]
    assert [entry.chunk for entry in store.iterate(originals[1].doc_id)] == own


def test_keys_of_vectors_come_sorted(stored):
    store, _, chunks = stored

    assert list(store.iterate_keys()) == sorted(chunk.text.encode()[:16] for chunk in chunks)


def test_what_is_known_of_documents_comes_by_source_all_some_or_one(stored):
    store, originals, chunks = stored

    infos = list(store.document_infos())

    assert [info.source for info in infos] == [document.source for document in originals]
    assert infos[0] == DocumentInfo(
        doc_id=originals[0].doc_id,
        source="0/规章.md",
        title=originals[0].title,
        media_type=originals[0].media_type,
        encoding="gb18030",
        sha256=originals[0].sha256,
        text_sha256=hash_bytes(originals[0].text.encode()),
        size=len(originals[0].text),
        mtime_ns=1,
        n_chars=len(originals[0].text),
        n_chunks=len(chunks) // 3,
        seconds=0.5,
    )
    assert list(store.document_infos(limit=2)) == infos[:2]
    assert list(store.document_infos(only_warned=True)) == []
    assert store.sample_infos([2, 0]) == [infos[2], infos[0]]
    assert store.document_info(infos[1].doc_id) == infos[1]
    assert store.doc_id_of("1/规章.md") == infos[1].doc_id
    with pytest.raises(KeyError):
        store.document_info("nobody")


@pytest.mark.parametrize("source", ["nobody", "", "\udcff"])
def test_a_file_that_is_not_indexed_has_no_document(source, stored):
    with pytest.raises(KeyError):
        stored[0].doc_id_of(source)


def test_a_document_that_is_not_there_is_a_key_error(stored):
    with pytest.raises(KeyError, match="nobody"):
        stored[0].document("nobody")


@pytest.mark.parametrize(
    "places", ["", "[1]", '[["chapter", 1, 0, 1, ""]]', '[["page", 1]]'], ids=range(4)
)
def test_a_layout_that_was_altered_means_that_the_index_is_corrupt(places, tmp_path):
    document = make_document("会议。")
    path = tmp_path / "chunks.sqlite"
    write_store(path, {document: []}).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE texts SET places = ?", (places,))
        connection.commit()

    with pytest.raises(IndexCorruptError, match=r"chunks\.sqlite.*yiju index --full"):
        ChunkStore.load(path).document(document.doc_id)


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
    write_store(path, {}).close()
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
