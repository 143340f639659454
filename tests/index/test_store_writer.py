"""What one generation's store takes over from another's; builds as a whole are in test_build."""

import pytest

from index import store_statements as statements
from index.chunking import chunk_document
from index.datatypes import FailedFile
from index.errors import IndexCorruptError
from index.inventory import Inventory
from index.loading import LoadedDocument, hash_bytes, load_document
from index.store import ChunkStore
from index.store_writer import Run, StoreWriter
from tests.index.folders import edit, write_documents

_MAX_BYTES = 10**6
_TEXTS = {f"{name}.txt": f"{name}\n\n第一段。\n\n{name}的第二段。" for name in "abcde"}


def _write(folder, path, previous=None, max_chars=20):
    """Write the store of a folder; return the files read, the documents cut and the runs."""
    with (
        Inventory.take(folder, _MAX_BYTES, excluded=path.parent) as inventory,
        StoreWriter.create(path, inventory, previous) as store,
    ):
        read = []
        for file in store.unread():
            read.append(file.source)
            data = file.path.read_bytes()
            if not store.knows(hash_bytes(data), file):
                store.add_document(load_document(file, data), file, 0.0)
            store.settle(file, hash_bytes(data))
        store.place_documents()
        cut = []
        for document in store.fresh():
            cut.append(document.source)
            chunks = chunk_document(document, max_chars)
            store.add_chunks(document, chunks, [chunk.text.encode()[:16] for chunk in chunks])
        store.place_chunks()
        return read, cut, list(store.runs())


@pytest.fixture
def folder(tmp_path):
    return write_documents(tmp_path / "documents", _TEXTS)


@pytest.fixture
def old(folder, tmp_path):
    _write(folder, tmp_path / "old.sqlite")
    return tmp_path / "old.sqlite"


def _chunks(path) -> list:
    return [entry.chunk for entry in ChunkStore.load(path).iterate()]


def test_unchanged_documents_are_taken_over_as_one_run(folder, old, tmp_path):
    read, cut, runs = _write(folder, tmp_path / "new.sqlite", old)

    assert (read, cut) == ([], [])
    assert runs == [Run(0, 0, len(_chunks(old)))]
    assert _chunks(tmp_path / "new.sqlite") == _chunks(old)


def test_a_changed_document_parts_the_runs_and_is_the_only_one_cut(folder, old, tmp_path):
    edit(folder / "c.txt", "c\n\n只剩一段。")

    read, cut, runs = _write(folder, tmp_path / "new.sqlite", old)

    assert (read, cut) == (["c.txt"], ["c.txt"])
    assert [run.old_row is None for run in runs] == [False, True, False]
    _write(folder, tmp_path / "whole.sqlite")
    assert _chunks(tmp_path / "new.sqlite") == _chunks(tmp_path / "whole.sqlite")


def test_a_document_that_is_gone_leaves_two_runs(folder, old, tmp_path):
    (folder / "b.txt").unlink()

    read, cut, runs = _write(folder, tmp_path / "new.sqlite", old)

    assert (read, cut, len(runs)) == ([], [], 2)
    assert runs[1].old_row == runs[0].n_rows + len(_chunks(old)) - sum(run.n_rows for run in runs)


def test_another_name_takes_the_text_and_cuts_it_anew(folder, old, tmp_path):
    (folder / "a.txt").rename(folder / "z.txt")

    read, cut, _ = _write(folder, tmp_path / "new.sqlite", old)

    assert (read, cut) == (["z.txt"], ["z.txt"])
    store = ChunkStore.load(tmp_path / "new.sqlite")
    assert store.document(store.doc_id_of("z.txt")).text == _TEXTS["a.txt"]
    with pytest.raises(KeyError):
        store.doc_id_of("a.txt")


def test_the_first_of_equal_files_is_the_document_and_hands_it_on(folder, old, tmp_path):
    write_documents(folder, {"A.txt": _TEXTS["a.txt"], "f.txt": _TEXTS["a.txt"]})
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"

    assert _write(folder, first, old)[:2] == (["A.txt", "f.txt"], ["A.txt"])
    (folder / "A.txt").unlink()
    assert _write(folder, second, first)[:2] == ([], ["a.txt"])

    store = ChunkStore.load(first)
    assert store.document(store.doc_id_of("f.txt")).source == "A.txt"
    assert store.document(store.doc_id_of("f.txt")).copies == ("a.txt", "f.txt")
    assert list(store.copies_of(store.doc_id_of("A.txt"))) == ["a.txt", "f.txt"]
    store = ChunkStore.load(second)
    assert store.document(store.doc_id_of("f.txt")).copies == ("f.txt",)
    assert store.document(store.doc_id_of("f.txt")).source == "a.txt"


def test_equal_bytes_of_two_formats_are_two_documents(folder, tmp_path):
    write_documents(folder, {"a.md": _TEXTS["a.txt"]})
    _write(folder, tmp_path / "new.sqlite")

    store = ChunkStore.load(tmp_path / "new.sqlite")
    assert store.doc_id_of("a.md") != store.doc_id_of("a.txt")
    assert all(not info.copies for info in store.document_infos())


def test_very_many_copies_are_counted_and_not_all_named(folder, tmp_path):
    write_documents(folder, {f"copies/{at:03}.txt": _TEXTS["a.txt"] for at in range(50)})
    _write(folder, tmp_path / "new.sqlite")

    store = ChunkStore.load(tmp_path / "new.sqlite")
    doc_id = store.doc_id_of("a.txt")
    assert len(store.document(doc_id).copies) == 20
    assert len(list(store.copies_of(doc_id))) == 50


def test_a_file_that_fails_again_changes_nothing(folder, tmp_path):
    def write(path, previous):
        with (
            Inventory.take(folder, _MAX_BYTES) as inventory,
            StoreWriter.create(path, inventory, previous) as store,
        ):
            for file in store.unread():
                store.settle_failed(FailedFile(file.source, 0, 0, "It cannot be read."))
            return store.changes_nothing(), store.n_problems()

    assert write(tmp_path / "old.sqlite", None) == (False, 5)
    assert write(tmp_path / "new.sqlite", tmp_path / "old.sqlite") == (True, 5)


def test_a_title_that_is_the_files_name_goes_with_it(folder, tmp_path):
    write_documents(folder, {"无题.txt": "，" * 30 + "没有标题的一段话。"})
    _write(folder, tmp_path / "old.sqlite")
    (folder / "无题.txt").rename(folder / "换名.txt")
    _write(folder, tmp_path / "new.sqlite", tmp_path / "old.sqlite")

    store = ChunkStore.load(tmp_path / "new.sqlite")
    doc_id = store.doc_id_of("换名.txt")
    assert store.document(doc_id).title == store.document_info(doc_id).title == "换名"
    assert next(store.iterate(doc_id)).chunk.heading == ("换名",)


def test_damage_met_half_way_is_that_of_the_previous_store(folder, old, tmp_path, monkeypatch):
    data = bytearray(old.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    monkeypatch.setattr(statements, "TAKE_OVER", "SELECT 1")
    old.unlink()
    old.write_bytes(data)

    with pytest.raises(IndexCorruptError, match=r"old\.sqlite.*--full"):
        _write(folder, tmp_path / "new.sqlite", old)


def test_what_was_loaded_says_whether_its_title_is_its_own(folder):
    from index.loading import FoundFile

    file = FoundFile(folder / "无.txt", "无.txt", 1, 0)
    loaded: LoadedDocument = load_document(file, ("，" * 30 + "一段话。").encode())

    assert (loaded.own_title, loaded.document.title) == ("", "无")
