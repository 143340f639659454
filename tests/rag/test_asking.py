"""``answer(collection=…)``; the other arguments are tested with the answerer."""

import shutil

import pytest

from index.errors import IndexMissingError
from rag import Status, answer
from rag.asking import _opened
from rag.registry import CollectionError, Registry
from tests.index.folders import TEXTS, edit, write_documents

QUESTION = "大会是哪一天召开的？"


@pytest.fixture(autouse=True)
def _forget_opened():
    """Let every test begin as a new process does."""
    _opened.cache_clear()


@pytest.fixture
def registered(tmp_path, home):
    """Two collections."""
    folders = {
        "规章": write_documents(tmp_path / "one", TEXTS),
        "年会": write_documents(tmp_path / "two", {"会议.txt": "年会\n\n年会于9月1日召开。"}),
    }
    for name, folder in folders.items():
        Registry().add(name, folder)
    return folders


def test_one_collection_is_asked_by_its_name(registered):
    given = answer(QUESTION, collection="规章")

    assert "2月5日" in given.text
    assert [citation.collection for citation in given.citations] == ["规章"]
    assert given.generation == "000001"


def test_a_folder_has_no_collection(registered):
    given = answer(QUESTION, documents=registered["规章"])
    assert [citation.collection for citation in given.citations] == [""]


@pytest.mark.parametrize("refresh", [True, False])
def test_all_are_asked_and_brought_up_to_date_unless_it_is_not_wished(registered, refresh):
    before = answer("年会是哪一天召开的？", collection="all")
    edit(registered["年会"] / "会议.txt", "年会\n\n年会于10月3日召开。")
    after = answer("年会是哪一天召开的？", collection="all", refresh=refresh)

    assert "9月1日" in before.citations[0].quote
    assert ("10月3日" if refresh else "9月1日") in after.citations[0].quote


def test_without_refresh_what_was_never_indexed_is_left_out(registered, caplog):
    answer(QUESTION, collection="规章")
    given = answer(QUESTION, collection="全部", refresh=False)

    assert "2月5日" in given.text
    assert given.unsearched == ("年会",)
    assert "'年会' is left out" in caplog.text


def test_a_missing_collection_fails_by_itself_but_not_among_all(registered):
    shutil.rmtree(registered["年会"])

    with pytest.raises(IndexMissingError):
        answer(QUESTION, collection="年会")
    given = answer(QUESTION, collection="all")
    assert "2月5日" in given.text
    assert given.unsearched == ("年会",)


def test_an_index_elsewhere_is_found_by_the_name(tmp_path, home):
    folder = write_documents(tmp_path / "documents", TEXTS)
    Registry().add("规章", folder, tmp_path / "index")

    assert answer(QUESTION, collection="规章").status is not Status.NOT_FOUND
    assert (tmp_path / "index" / "CURRENT").is_file()
    assert not (folder / ".yiju").exists()


def test_an_unknown_collection_is_told(registered):
    with pytest.raises(CollectionError, match="There are: 规章, 年会"):
        answer(QUESTION, collection="合同")


@pytest.mark.parametrize("other", [{"documents": "docs"}, {"index_dir": "index"}])
def test_a_collection_and_a_folder_are_not_mixed(registered, other):
    with pytest.raises(ValueError, match="not both"):
        answer(QUESTION, collection="规章", **other)
