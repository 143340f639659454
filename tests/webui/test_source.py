from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Heading, Place, PlaceKind, Span
from index.formats.page_layout import Box
from tests.webui.samples import HOSTILE, Page, make_citation, make_document, make_sheet
from webui.languages.source import SOURCE_TEXTS
from webui.messages import texts_for
from webui.source import render_source
from webui.source_find import find_words
from webui.source_view import BoxKind, MarkedBox, Note, PageNote, Sheet, SourceView, Target
from webui.source_window import WHOLE_CHARS, show_around

ZH = texts_for("zh-Hans")
WORDS = SOURCE_TEXTS["zh-Hans"]
any_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def show(view):
    return Page(render_source(view, ZH))


def opened(document, citation=None, **kwargs):
    at = citation.span if citation else Span(0, 0)
    shown = kwargs.pop("shown", show_around(document.text, at))
    return SourceView(1, document, citation, shown=shown, **kwargs)


def quote_of(page):
    return page.texts("span", id="source-quote")


def text_of(page):
    return page.texts("div", class_="source-text")[0]


# As text.


@given(any_text, any_text, any_text, any_text, st.text(st.sampled_from("aé甲 \n"), max_size=2))
def test_panel_reads_as_the_document_with_quote_and_words_in_place(head, quote, words, tail, find):
    document = make_document(head + quote + words + tail)
    span = Span(len(head), len(head + quote + words))
    highlight = Span(len(head + quote), span.end)
    citation = make_citation(document, span, highlight)
    found = find_words(document.text, find)
    page = show(opened(document, citation, found=found, target=Target.JUMP, jump=len(head)))
    assert text_of(page) == document.text
    if len(span):
        assert quote_of(page) == [quote + words]
    if len(highlight):
        assert page.texts("mark", id="source-words") == [words]
    marked = "".join(words for words in page.texts("mark", class_="found"))
    current = "".join(page.texts("mark", class_="found current"))
    assert len(marked) + len(current) == sum(map(len, found.spans))


def test_a_match_over_the_edge_of_the_quote_is_marked_in_both_parts():
    document = make_document("前文甲乙后文")
    citation = make_citation(document, Span(0, 3))
    page = show(opened(document, citation, found=find_words(document.text, "甲乙")))
    assert page.texts("mark", class_="found current") == ["甲", "乙"]
    assert page.texts("mark", id="source-found") == ["甲"]


def test_long_document_is_shown_in_whole_lines_around_the_place():
    lines = [f"第{number}行的内容在这里" for number in range(40_000)]
    document = make_document("\n".join(lines))
    start = document.text.index("第20000行")
    citation = make_citation(document, Span(start, start + 12), Span(start, start + 7))
    page = show(opened(document, citation))
    shown = text_of(page).split("\n")
    assert quote_of(page) == [citation.quote]
    assert len(text_of(page)) < WHOLE_CHARS
    assert set(filter(None, shown)) <= set(lines)
    first, last = lines.index(shown[0]) + 1, lines.index(shown[-2]) + 1
    (about,) = page.texts("p", class_="about")
    assert f"第 {first:,}–{last:,} 行" in about
    actions = [button[1]["data-action"] for button in page.find("button", class_="more")]
    assert actions == ["earlier", "later"]


def test_at_the_ends_of_a_long_document_there_is_nothing_more():
    document = make_document("字" * 500_000)
    for at, action in ((0, "later"), (499_990, "earlier")):
        page = show(opened(document, make_citation(document, Span(at, at + 10))))
        assert quote_of(page) == ["字" * 10]
        assert [one[1]["data-action"] for one in page.find("button", class_="more")] == [action]


def test_what_is_shown_of_a_long_workbook_is_told_in_rows():
    document = make_sheet(*(f"第{number}行的内容在这里" for number in range(1, 40_001)))
    start = document.text.index("第20000行")
    page = show(opened(document, make_citation(document, Span(start, start + 12))))
    lines = text_of(page).strip("\n").split("\n")
    (about,) = page.texts("p", class_="about")
    first, last = (line.removeprefix("第").split("行")[0] for line in (lines[0], lines[-1]))
    assert f"从工作表“员工” 第 {first} 行到工作表“员工” 第 {last} 行" in about


@pytest.mark.parametrize(
    ("target", "scroll"),
    [
        (Target.PLACE, "#source-words"),
        (Target.FOUND, "#source-found"),
        (Target.JUMP, "#source-jump"),
        (Target.START, ""),
        (Target.END, "end"),
    ],
)
def test_the_panel_says_where_to_scroll_to(target, scroll):
    document = make_document("前文。会议于2月5日召开。")
    citation = make_citation(document, Span(3, 13), Span(6, 10))
    found = find_words(document.text, "召开")
    page = show(opened(document, citation, target=target, jump=1, found=found))
    assert page.find("article")[0][1]["data-scroll"] == scroll
    if scroll.startswith("#"):
        assert [one for one in page.elements if one[1].get("id") == scroll[1:]]


# As a page.


def paged(*texts, **kwargs):
    """A document of pages and its view, opened at the first of them."""
    places, start = [], 0
    for number, text in enumerate(texts, 1):
        places.append(Place(PlaceKind.PAGE, number, Span(start, start + len(text))))
        start += len(text) + 2
    document = make_document("\n\n".join(texts), source="年鉴.pdf", places=tuple(places))
    document = replace(document, media_type="application/pdf")
    boxes = tuple(MarkedBox(kind, Box(0.25, 0.5, 0.75, 0.625)) for kind in kwargs.pop("kinds", ()))
    sheet = Sheet(1, len(texts), "page-image?doc=1&page=1", 600.0, 800.0, boxes)
    citation = make_citation(document, Span(0, 3), Span(1, 2))
    return SourceView(1, document, citation, sheet=sheet, **kwargs)


def test_a_page_is_a_picture_with_boxes_where_the_words_stand():
    page = show(paged("第一页。", "第二页。", kinds=(BoxKind.QUOTE, BoxKind.WORDS)))
    (image,) = page.find("img")
    assert image[1]["src"] == "page-image?doc=1&page=1"
    assert image[1]["alt"] == "第 1 页的图片"
    (box,) = page.find("span", class_="box words")
    assert box[1]["style"] == "left:25.000%;top:50.000%;width:50.000%;height:12.500%"
    assert box[1]["id"] == page.find("article")[0][1]["data-scroll"].removeprefix("#")
    assert page.texts("p", class_="unseen") == ["图上标出的原文：第一页"]
    assert not page.find("div", class_="source-text")


def test_pages_can_be_turned_but_not_beyond_the_last():
    page = show(paged("第一页。", "第二页。"))
    before, after = page.find("button", data_action="page")[1:3]
    assert before[1]["aria-disabled"] == "true"
    assert (after[1]["data-value"], "aria-disabled" in after[1]) == ("2", False)
    assert "第 1 / 2 页" in page.text


def test_text_and_page_can_be_switched_only_where_there_are_pages():
    view = paged("第一页。")
    pressed = [one[1]["aria-pressed"] for one in show(view).find("button", aria_pressed="true")]
    assert pressed == ["true"]
    assert not show(opened(make_document("正文"))).find("button", data_action="page")


@pytest.mark.parametrize("note", list(PageNote))
def test_every_note_on_a_page_has_its_words(note):
    view = replace(paged("第一页。"), page_note=note)
    assert show(view).texts("p", class_="note") == [WORDS.page_notes[note]]


# Around it.


@pytest.mark.parametrize("note", list(Note))
@pytest.mark.parametrize("code", list(SOURCE_TEXTS))
def test_every_note_has_its_words(note, code):
    page = Page(render_source(SourceView(1, note=note), texts_for(code)))
    assert page.texts("p", class_="note") == [SOURCE_TEXTS[code].notes[note]]


def test_nothing_open_renders_nothing():
    assert render_source(None, ZH) == ""


def test_document_opened_as_a_whole_names_its_source():
    document = make_document("正文", title=HOSTILE)
    page = show(replace(opened(document), opened=3))
    assert page.texts("h2") == [HOSTILE]
    assert page.texts("p", class_="place") == ["notes/报告.txt"]
    assert page.find("article")[0][1]["data-settle"] == "3"


def test_copied_quote_carries_its_place():
    document = make_document("会议于2月5日召开。")
    page = show(opened(document, make_citation(document, Span(0, 10), Span(3, 7))))
    copied = page.find("button", class_="copy")[0][1]["data-copy"]
    assert copied == "“会议于2月5日召开。” — notes/报告.txt · 第 1 行"


def test_copied_cell_carries_its_sheet_and_row():
    document = make_sheet("姓名,部门", "林武,生产")
    start = document.text.index("林武")
    page = show(opened(document, make_citation(document, Span(start, start + 2))))
    copied = page.find("button", class_="copy")[0][1]["data-copy"]
    assert copied == "“林武” — 名册.xlsx · 工作表“员工” 第 2 行"
    assert page.texts("p", class_="place") == ["名册.xlsx · 工作表“员工” 第 2 行"]


@pytest.mark.parametrize(
    ("note", "has_link"),
    [
        *((None, True), (Note.MOVED, True), (Note.RENAMED, True)),
        *((Note.CLOSEST, False), (Note.CHANGED, False)),
    ],
)
def test_an_address_is_given_only_to_what_was_found_again(note, has_link):
    document = make_document("会议于2月5日召开。")
    view = opened(document, make_citation(document, Span(0, 10), Span(3, 7)), note=note)
    page = show(view)
    links = [one[1]["data-copy-link"] for one in page.find("button") if "data-copy-link" in one[1]]
    assert bool(links) == has_link
    assert ("data-link" in page.find("article")[0][1]) == has_link
    if has_link:
        assert links == [page.find("article")[0][1]["data-link"]]
        assert links[0].startswith("?doc=notes/%E6%8A%A5%E5%91%8A.txt&hash=abababababababab&sel=")


def test_one_goes_through_the_citations_of_an_answer():
    document = make_document("甲。乙。丙。")
    shelf = tuple(make_citation(document, Span(at, at + 2)) for at in (0, 2, 4))
    page = show(opened(document, shelf[0], shelf=shelf, at=0))
    before, after = page.find("button", data_action="step")
    assert before[1]["aria-disabled"] == "true"
    assert (after[1]["data-value"], after[1]["data-key"]) == ("1", "n")
    assert "出处 1 / 3" in page.text
    assert not show(opened(document, shelf[0], shelf=shelf[:1])).find("button", data_action="step")


def test_the_outline_lists_headings_and_marks_where_one_is():
    document = make_document("一章\n正文\n二节\n正文")
    headings = (Heading(1, "一章", Span(0, 2)), Heading(2, "二节", Span(6, 8)))
    document = replace(document, headings=headings)
    page = show(opened(document, make_citation(document, Span(9, 11))))
    first, second = page.find("button", data_action="jump")
    assert [first[2], second[2]] == ["一章", "二节"]
    assert [first[1]["data-value"], second[1]["data-value"]] == ["0", "6"]
    assert ["aria-current" in one[1] for one in (first, second)] == [False, True]


def test_the_outline_of_a_workbook_names_its_sheets():
    places = (
        Place(PlaceKind.SHEET, 1, Span(0, 1), HOSTILE),
        Place(PlaceKind.SHEET, 2, Span(2, 3), "乙"),
    )
    page = show(opened(make_document("甲\n乙", places=places)))
    names = [one[2] for one in page.find("button", data_action="jump")]
    assert names == [f"工作表“{HOSTILE}”", "工作表“乙”"]
    assert not page.find("img") + page.find("script")


@pytest.mark.parametrize(
    ("words", "told"), [("甲", "1 / 2"), ("丁", "没有找到"), ("", ""), ("乙", "1 / 1,000+")]
)
def test_what_was_found_is_counted(words, told):
    document = make_document("甲甲" + "乙" * 2000)
    page = show(opened(document, found=find_words(document.text, words) if words else None))
    assert page.texts("output") == [told]
    assert page.find("input", type="search")[0][1]["value"] == words


def test_hostile_words_that_are_looked_for_stay_text():
    document = make_document(HOSTILE)
    page = show(opened(document, found=find_words(HOSTILE, HOSTILE)))
    assert page.find("input", type="search")[0][1]["value"] == HOSTILE[:200]
    assert text_of(page) == HOSTILE
    assert not page.find("img") + page.find("script")


def test_a_hostile_sheet_name_stays_text_and_reorders_nothing():
    document = make_sheet("字" * 300_000, name=HOSTILE)
    page = show(opened(document, make_citation(document, Span(0, 5))))
    assert HOSTILE in page.texts("bdi")
    assert not page.find("img") + page.find("script")
    assert HOSTILE in page.texts("p", class_="about")[0]


def test_title_is_not_repeated_in_the_place():
    document = make_document("会议于2月5日召开。", title="报告")
    citation = make_citation(document, Span(0, 10), Span(3, 7), heading=("报告", "第一章"))
    page = show(opened(document, citation))
    assert page.texts("p", class_="place") == ["notes/报告.txt · 第 1 行 › 第一章"]
