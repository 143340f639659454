import pytest

from index.datatypes import Problem, Span
from rag.answer_type import AnswerType
from rag.datatypes import Role
from rag.explanation import Explanation, Miss, Word
from tests.webui.samples import HOSTILE, Page, make_citation, make_document
from webui.languages import CATALOGUE
from webui.why import describe_why, render_why

ZH, *_ = CATALOGUE
TAGS = {"section", "h3", "p", "ol", "ul", "li", "span", "bdi"}


def _explanation(name="冰壶", **changes):
    document = make_document("三号泵站于四月检修。" + name)
    citation = make_citation(document, Span(0, 9), Span(5, 7), role=Role.NEAREST, heading=(name,))
    values = {
        "language": "zh",
        "expects": AnswerType.NUMBER,
        "words": (Word("泵站", 1200), Word(name, 0)),
        "absent": (f"{name}裁判",),
        "misses": (Miss(citation, 0.06, (name,), is_of_type=False),),
        "files": (Problem(f"{name}.pdf", f"It is damaged: {name}"),),
        "n_files": 3,
    }
    return Explanation(**(values | changes))


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_until_it_is_asked_for_there_is_one_button(texts):
    page = Page(render_why(4, None, texts))

    (button,) = page.find("button")
    attributes = button[1]
    assert (attributes["data-event"], attributes["data-turn"]) == ("why", "4")


def test_words_misses_and_files_are_told():
    page = Page(render_why(0, _explanation(), ZH))

    told = " ".join(page.texts("section"))
    assert "泵站 1,200 个片段" in told
    assert "一字不差地写着“冰壶裁判”的片段" in told
    assert "冰壶 文档里没有" in told
    assert "最像答案的是“四月”，但只有 6% 的把握。 它不是数量。 这一段里没有：冰壶。" in told
    assert "冰壶.pdf: It is damaged: 冰壶" in told
    assert "还有 2 个。" in told


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_hostile_words_and_names_stay_text(texts):
    page = Page(render_why(0, _explanation(HOSTILE), texts))

    assert {element[0] for element in page.elements} <= TAGS
    assert HOSTILE in page.texts("bdi")
    names = {name for element in page.elements for name in element[1]}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href", "style"}]


def test_a_question_of_unknown_words_only_is_told_to_be_asked_otherwise():
    foreign = _explanation(words=(Word("curling", 0),), misses=(), files=(), n_files=0)

    assert "换成文档用的语言" in "\n".join(describe_why(foreign, ZH))


def test_a_passage_with_all_words_says_that_no_answer_was_read():
    miss = _explanation().misses[0]
    explanation = _explanation(misses=(Miss(miss.citation, 0.2, (), is_of_type=True),))

    assert "没有读出答案" in "\n".join(describe_why(explanation, ZH))


def test_without_words_only_that_is_said():
    assert list(describe_why(_explanation(words=()), ZH)) == ["问题里没有可查的词。"]
