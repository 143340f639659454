import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.changes import DocumentChanges, Renaming, compare_stores
from index.chunking import chunk_document
from index.errors import IndexCorruptError
from tests.index.folders import write_store
from tests.strategies import make_document

_FOLDERS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("xyz"))


def _store(path: Path, files: dict[str, str]) -> Path:
    documents = [make_document(text, f"{name}.txt") for name, text in files.items()]
    write_store(path, {document: chunk_document(document, 50) for document in documents}).close()
    return path


def _compare(old: dict[str, str], new: dict[str, str]) -> DocumentChanges:
    with tempfile.TemporaryDirectory() as folder:
        stores = Path(folder, "old.sqlite"), Path(folder, "new.sqlite")
        return compare_stores(_store(stores[0], old), _store(stores[1], new))


def _stem(source: str) -> str:
    return source.removesuffix(".txt")


@settings(max_examples=40)
@given(_FOLDERS, _FOLDERS)
def test_the_changes_lead_from_one_folder_to_the_other(old, new):
    changes = _compare(old, new)

    made = {name: text for name, text in old.items() if f"{name}.txt" not in changes.removed}
    for renaming in changes.renamed:
        made[_stem(renaming.after)] = made.pop(_stem(renaming.before))
    for name in map(_stem, (*changes.added, *changes.edited)):
        assert made.get(name) != new[name]
        made[name] = new[name]
    assert made == new
    assert changes.is_empty == (old == new)
    come, gone = ({_stem(name) for name in names} for names in (changes.added, changes.removed))
    assert not {new[name] for name in come} & {old[name] for name in gone}


def test_a_copy_is_added_and_not_renamed():
    assert _compare({"a": "x"}, {"a": "x", "b": "x"}) == DocumentChanges(("b.txt",), (), (), ())


def test_of_equal_files_the_first_to_go_is_the_first_to_have_come():
    changes = _compare({"a": "x", "b": "x"}, {"c": "x", "d": "x", "e": "x"})

    assert changes.renamed == (Renaming("a.txt", "c.txt"), Renaming("b.txt", "d.txt"))
    assert changes.added == ("e.txt",)


def test_before_the_first_generation_there_was_nothing(tmp_path):
    changes = compare_stores(None, _store(tmp_path / "new.sqlite", {"b": "x", "a": "y"}))

    assert changes == DocumentChanges(("a.txt", "b.txt"), (), (), ())


def test_a_store_that_is_damaged_is_corrupt(tmp_path):
    (tmp_path / "old.sqlite").write_bytes(b"no database" * 100)

    with pytest.raises(IndexCorruptError, match=r"old\.sqlite.*--full"):
        compare_stores(tmp_path / "old.sqlite", _store(tmp_path / "new.sqlite", {}))
