import pytest

from rag.answerer import Answerer
from rag.federation import Federation
from rag.search import search_passages
from tests.index.folders import write_documents

# The phrase's words stand, apart from each other, more often in every other document.
_OTHERS = {
    f"{number:02}.txt": f"数字平台{number}：底座的数字、数字的底座，数字与底座都提到了。" * 3
    for number in range(80)
}
_HOLDING = {
    "乙/记录.md": "# 会议记录\n\n"
    + "会上说了许多别的话，大家都很高兴。" * 9
    + "最后说到數字底座。",
    "甲/标题.md": "# 数字底座\n\n这一节什么也没有写。",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("search"), _OTHERS | _HOLDING)
    return Federation.of(Answerer.open(folder))


def test_passages_with_the_quoted_words_come_first_and_show_them(library):
    passages = search_passages(library, "谁提到了“数字底座”", 5)

    assert {passage.source for passage in passages[:2]} == set(_HOLDING)
    marked = [passage for passage in passages if passage.highlight]
    assert marked == [passage for passage in passages[:2] if passage.highlight]
    for passage in marked:
        assert passage.words in {"數字底座", "数字底座"}
        assert passage.highlight.of(library.document(passage.source, "").text) == passage.words
        text = library.document(passage.source, "").text
        assert passage.line == text.count("\n", 0, passage.highlight.start) + 1
    assert len(passages) == 5


def test_without_the_marks_others_are_closer(library):
    passages = search_passages(library, "谁提到了数字底座", 5)

    assert "乙/记录.md" not in {passage.source for passage in passages}
    assert not any(passage.highlight for passage in passages)


def test_quoted_words_that_stand_nowhere_are_searched_as_without_the_marks(library):
    passages = search_passages(library, "谁提到了“数字 的底盘”", 5)

    assert len(passages) == 5
    assert not any(passage.highlight for passage in passages)


def test_what_holds_more_of_the_phrases_comes_first(library):
    first, second, *_ = search_passages(library, "“会议记录”里的“数字底座”", 5)

    assert (first.source, second.source) == ("乙/记录.md", "甲/标题.md")


def test_a_question_about_quoted_words_is_answered_from_where_they_stand(library):
    answer = library.answer("谁提到了“数字底座”？")

    shown = (*answer.citations, *answer.nearest)
    assert set(_HOLDING) & {citation.source for citation in shown}
