import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index.datatypes import Place, PlaceKind, Span
from rag.datatypes import DateOrigin, Status
from tests.webui.samples import (
    HOSTILE,
    disputed_answer,
    list_answer,
    make_answer,
    make_citation,
    make_document,
    sample_answer,
)
from webui.cite_style import CiteStyle
from webui.citing import cite_answer, cite_gbt, escape_markdown
from webui.messages import texts_for

ZH, EN = texts_for("zh-Hans"), texts_for("en")
TODAY = date(2026, 3, 9)


def _cite(answer, style, texts=ZH):
    return cite_answer(answer, style, texts, today=TODAY)


def test_text_has_the_question_the_words_the_quote_its_place_and_hash():
    assert _cite(sample_answer(), CiteStyle.TEXT) == (
        "问：哪天？\n\n2月5日\n\n“会议于2月5日召开。”\n"
        "— notes/报告.txt · 第 2 行 (sha256 abababababab)"
    )


def test_text_says_what_other_documents_say():
    text = _cite(disputed_answer(), CiteStyle.TEXT)
    assert (
        text.index("一百二十人")
        < text.index("共120人参加")
        < text.index("另一份文档说法不同：350人")
    )
    assert text.index("另一份文档说法不同：350人") < text.index("到场350人。")


def test_markdown_marks_each_thing_said_with_its_own_footnotes():
    text = _cite(disputed_answer(), CiteStyle.MARKDOWN)
    first, other, *notes = text.split("\n\n")
    assert first == "一百二十人[^1][^2]"
    assert other == "另一份文档说法不同：350人[^3]"
    assert [note[:6] for note in notes] == ["[^1]: ", "[^2]: ", "[^3]: "]


def test_the_items_of_a_list_are_cited_together():
    assert _cite(list_answer(), CiteStyle.MARKDOWN).startswith("许明; 林澈; 沈禾; 沈禾[^1]")
    assert _cite(list_answer(), CiteStyle.GBT7714).count("\n") == 1  # two places


def test_nothing_found_is_cited_as_nothing():
    answer = make_answer(status=Status.NOT_FOUND, confidence=0.0)
    assert {_cite(answer, style) for style in CiteStyle} == {""}


def _document_citation(places=(), **changes):
    document = make_document("甲。", "规章/手册.pdf", "手册", places)
    return replace(make_citation(document, Span(0, 2), Span(0, 1)), **changes)


@pytest.mark.parametrize(
    ("citation", "reference"),
    [
        (
            _document_citation(),
            "手册[Z/DK]. [2026-03-09]. 规章/手册.pdf, 第 1 行.",
        ),
        (
            _document_citation((Place(PlaceKind.PAGE, 12, Span(0, 2)),)),
            "手册[Z/DK]. 12[2026-03-09]. 规章/手册.pdf.",
        ),
        (
            _document_citation(
                (Place(PlaceKind.PAGE, 12, Span(0, 2)),),
                date="2024-03-15",
                date_origin=DateOrigin.TITLE,
            ),
            "手册[Z/DK]. 2024: 12(2024-03-15)[2026-03-09]. 规章/手册.pdf.",
        ),
        (
            _document_citation(date="2024-03", date_origin=DateOrigin.NAME),
            "手册[Z/DK]. 2024[2026-03-09]. 规章/手册.pdf, 第 1 行.",
        ),
        (
            _document_citation(date="2024-03-15", date_origin=DateOrigin.FILE),
            "手册[Z/DK]. (2024-03-15)[2026-03-09]. 规章/手册.pdf, 第 1 行.",
        ),
        (
            _document_citation(title="手\n册  [3] 伪造"),
            "手 册 [3] 伪造[Z/DK]. [2026-03-09]. 规章/手册.pdf, 第 1 行.",
        ),
    ],
    ids=["bare", "page", "dated page", "month", "file", "line ends"],
)
def test_a_reference_follows_the_standard_as_far_as_the_document_tells(citation, reference):
    assert cite_gbt(citation, ZH, today=TODAY) == reference


def test_references_carry_the_numbers_of_the_page():
    lines = _cite(disputed_answer(), CiteStyle.GBT7714).splitlines()
    assert [line[:3] for line in lines] == ["[1]", "[2]", "[3]"]


HARMFUL = [
    *("![a](http://x.test/a.png)", "[a](javascript:alert)", "<img src=x>", "<https://x.test>"),
    *("https://x.test", "www.x.test", "a@x.test", "# h", "- item", "+ item", "1. item", "1) item"),
    *("> quote", "---", "===", "`code`", "**b**", "_i_", "~~s~~", "a | b", "$x$", "[^2]: note"),
    *("&lt;b&gt;", "\\", "a\n\nb", "    code", "{{x}}", HOSTILE),
]


def _assert_inert(text):
    escaped = escape_markdown(text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"{escaped}[^1]")
    kinds = {token.type for token in tokens}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}
    for token in tokens:
        inside = {child.type for child in token.children or ()}
        assert inside <= {"text", "text_special"}
    assert not re.search(r"(?<!\\)://|www\.", escaped, re.IGNORECASE)  # links of some dialects
    shown = "".join(child.content for token in tokens for child in token.children or ())
    assert shown == " ".join(text.split()) + "[^1]"


@pytest.mark.parametrize("text", HARMFUL)
def test_nothing_acts_as_markdown(text):
    _assert_inert(text)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cc"])))
def test_any_text_reads_as_itself_in_markdown(text):
    _assert_inert(text)


def test_hostile_titles_and_quotes_stay_on_their_line():
    document = make_document(HOSTILE + "\n\n[^1]: forged", f"{HOSTILE}.txt", HOSTILE)
    cited = make_citation(document, Span(0, len(document.text)), Span(0, 9), heading=(HOSTILE,))
    text = _cite(make_answer(cited, question=HOSTILE), CiteStyle.MARKDOWN, EN)
    assert len(text.split("\n")) == 3
    assert "\n[^1]: forged" not in text
