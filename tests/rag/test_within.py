"""Only some documents are asked: of one folder, of several, by any interface of Python's."""

import pytest

from index.errors import SelectionError
from rag import Status, answer
from rag.asking import _opened
from rag.explanation import explain
from rag.federation import Federation
from rag.registry import Registry
from rag.within import keep_within
from tests.index.folders import write_documents

_QUESTION = "大会是哪一天召开的？"
_TEXTS = {
    "会议/2023.txt": "第一届茶叶大会\n\n大会于3月1日在岚谷县召开。",
    "会议/2024.txt": "第二届茶叶大会\n\n大会于5月2日在岚谷县召开。",
    "杂项.md": "# 食堂\n\n食堂每天供应三餐。",
}


@pytest.fixture(autouse=True)
def _forget_opened():
    _opened.cache_clear()


@pytest.fixture
def folder(tmp_path):
    return write_documents(tmp_path / "documents", _TEXTS)


def _sources(given):
    return {citation.source for citation in (*given.citations, *given.nearest)}


@pytest.mark.parametrize(
    ("within", "day"),
    [("2023.txt", "3月1日"), (["会议/2024.txt"], "5月2日"), (("*24*", "杂项.md"), "5月2日")],
)
def test_the_answer_is_that_of_the_documents_named(folder, within, day):
    given = answer(_QUESTION, documents=folder, within=within)

    assert day in given.text
    assert "会议/2023.txt" not in _sources(given) or day == "3月1日"
    assert "会议/2024.txt" not in _sources(given) or day == "5月2日"


def test_what_other_documents_say_is_not_found(folder):
    given = answer(_QUESTION, documents=folder, within="杂项.md")

    assert given.status is Status.NOT_FOUND
    assert _sources(given) <= {"杂项.md"}


def test_the_same_question_of_other_documents_is_another(folder):
    texts = [
        answer(_QUESTION, documents=folder, within=within).text
        for within in ("2023.txt", "2024.txt", "2023.txt", ["2024.txt"])
    ]

    assert texts[0] == texts[2] != texts[1] == texts[3]


@pytest.mark.parametrize("within", ["missing.txt", ["x", "y"], [3], [""], ["a"] * 101])
def test_what_names_no_document_is_refused(folder, within):
    with pytest.raises(SelectionError) as caught:
        answer(_QUESTION, documents=folder, within=within)
    assert str(folder) not in str(caught.value)


def test_of_several_collections_those_that_have_such_a_document_are_asked(tmp_path, home):
    for name, texts in (("甲", _TEXTS), ("乙", {"会议/2025.txt": "大会于7月9日在海口召开。"})):
        Registry().add(name, write_documents(tmp_path / name, texts))
    whole = answer(_QUESTION, collection="all")

    given = answer(_QUESTION, collection="all", within="2025.txt")

    assert "7月9日" in given.text
    assert {citation.collection for citation in given.citations} == {"乙"}
    assert given.generation == whole.generation
    both = answer(_QUESTION, collection="all", within="会议")
    assert {one.collection for one in (*both.citations, *both.nearest)} <= {"甲", "乙"}
    one = answer(_QUESTION, collection="甲", within="2023.txt")
    assert "3月1日" in one.text
    with pytest.raises(SelectionError):
        answer(_QUESTION, collection="all", within="2026.txt")


def test_why_nothing_was_found_is_said_of_the_documents_asked(folder):
    answer(_QUESTION, documents=folder)
    opened = Federation.of(_opened_answerer(folder))

    said = explain(opened, _QUESTION, "杂项.md")

    assert {miss.citation.source for miss in said.misses} <= {"杂项.md"}


def _opened_answerer(folder):
    from rag.answerer import Answerer

    return Answerer.open(folder)


def test_a_part_outlives_what_it_is_a_part_of(folder, bundled_encoder):
    answerer = _opened_answerer(folder)
    part = keep_within(answerer.asked, "2023.txt")
    (folder / "neu.txt").write_text("新的一页。", "utf-8")
    answerer.refresh()

    assert part.search_lexical(["大会"], 5)
    assert part.document(part.search_lexical(["大会"], 5)[0].chunk.doc_id).source == "会议/2023.txt"
