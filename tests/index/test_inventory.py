from pathlib import Path

import pytest

from index.datatypes import Problem
from index.errors import IndexCorruptError, IndexMissingError
from index.generations import IndexDir
from index.inventory import Inventory
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, build, edit, touch, write_documents

_MAX_BYTES = 10**6


@pytest.fixture
def folder(tmp_path):
    """An indexed folder."""
    folder = write_documents(tmp_path / "文档", {**TEXTS, "旧.doc": "x"})
    build(folder, HashEncoder())
    return folder


def _differs(folder: Path, *, heeds_problems: bool = True) -> bool:
    store = IndexDir(folder / ".yiju").paths("000001").store
    with Inventory.take(folder, _MAX_BYTES, excluded=folder / ".yiju") as inventory:
        return inventory.differs(store, heeds_problems=heeds_problems)


def test_it_counts_the_files_with_a_loader_and_names_the_others(folder):
    write_documents(folder, {".hidden.txt": "x", "b.xyz": "x"})

    with Inventory.take(folder, _MAX_BYTES) as inventory:
        assert inventory.n_files == len(TEXTS)
        assert [problem.source for problem in inventory.problems(9)] == ["b.xyz", "旧.doc"]
        assert isinstance(inventory.problems(1)[0], Problem)
        assert len(inventory.problems(1)) == 1


def test_nothing_differs_from_the_index_just_built(folder):
    assert not _differs(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: edit(folder / "hoist.md", "# Other"),
        lambda folder: touch(folder / "hoist.md"),
        lambda folder: (folder / "hoist.md").unlink(),
        lambda folder: write_documents(folder, {"new.txt": "x"}),
        lambda folder: (folder / "hoist.md").rename(folder / "other.md"),
    ],
    ids=["edited", "touched", "deleted", "added", "renamed"],
)
def test_any_change_of_a_file_is_seen(change, folder):
    change(folder)

    assert _differs(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: write_documents(folder, {"more.xyz": "x"}),
        lambda folder: (folder / "旧.doc").unlink(),
        lambda folder: (folder / "旧.doc").rename(folder / "更旧.doc"),
    ],
    ids=["one more", "one less", "another"],
)
def test_files_that_are_passed_over_count_where_they_are_to(change, folder):
    change(folder)

    assert _differs(folder)
    assert not _differs(folder, heeds_problems=False)


def test_a_store_that_is_damaged_is_corrupt(folder):
    store = IndexDir(folder / ".yiju").paths("000001").store
    store.write_bytes(b"\xff" * store.stat().st_size)

    with pytest.raises(IndexCorruptError, match="--full"):
        _differs(folder)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(IndexMissingError, match="nowhere"):
        Inventory.take(tmp_path / "nowhere", _MAX_BYTES)
