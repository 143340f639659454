import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Place, PlaceKind, Span
from rag.datatypes import CitedPlace, Status
from tests.webui.samples import (
    HOSTILE,
    Page,
    make_answer,
    make_citation,
    make_document,
    make_sheet,
)
from webui.datatypes import Note, Reference, Shelf, SourceView, Turn
from webui.messages import texts_for
from webui.source import (
    WHOLE_CHARS,
    find_citation,
    open_citation,
    read_reference,
    render_source,
)

ZH = texts_for("zh-Hans")
any_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def show(view):
    return Page(render_source(view, ZH))


def quote_of(page):
    return page.texts("span", id="source-quote")


@given(any_text, any_text, any_text, any_text)
def test_panel_reads_as_the_document_with_quote_and_words_in_place(head, quote, words, tail):
    document = make_document(head + quote + words + tail)
    span = Span(len(head), len(head + quote + words))
    highlight = Span(len(head + quote), span.end)
    page = show(open_citation(make_citation(document, span, highlight), document, 1))
    assert page.texts("div", class_="source-text") == [document.text]
    assert quote_of(page) == [quote + words]
    assert page.texts("mark", id="source-words") == [words]


def test_long_document_is_shown_in_whole_lines_around_the_place():
    lines = [f"第{number}行的内容在这里" for number in range(40_000)]
    document = make_document("\n".join(lines))
    assert len(document.text) > WHOLE_CHARS
    start = document.text.index("第20000行")
    citation = make_citation(document, Span(start, start + 12), Span(start, start + 7))
    page = show(open_citation(citation, document, 1))
    shown = page.texts("div", class_="source-text")[0]
    assert quote_of(page) == [citation.quote]
    assert len(shown) < WHOLE_CHARS
    assert set(shown.strip("\n").split("\n")) <= set(lines)
    assert "文档很长" in page.text


@pytest.mark.parametrize("place", [0, 250_000, 499_990])
def test_long_document_of_one_line_is_cut_around_the_place(place):
    document = make_document("字" * 500_000)
    page = show(open_citation(make_citation(document, Span(place, place + 10)), document, 1))
    assert quote_of(page) == ["字" * 10]
    assert len(page.texts("div", class_="source-text")[0]) < WHOLE_CHARS


def test_quote_that_moved_is_found_again_nearest_to_where_it_was():
    before = make_document("开头。甲乙丙。\n中间。\n甲乙丙。")
    start = before.text.rindex("甲乙丙")
    citation = make_citation(before, Span(start, start + 4), Span(start + 1, start + 2))
    now = make_document("开头。甲乙丙。\n中间多了一行。\n新的。\n甲乙丙。")
    view = open_citation(citation, now, 1)
    assert view.note is Note.MOVED
    assert view.citation.span.start == now.text.rindex("甲乙丙")
    assert view.citation.line == 4
    assert view.citation.highlight.of(now.text) == "乙"
    assert ZH.moved in show(view).text


def test_quote_that_is_gone_opens_the_document_without_marks():
    citation = make_citation(make_document("甲乙丙。"), Span(0, 4), Span(0, 1))
    view = open_citation(citation, make_document("别的内容。"), 1)
    page = show(view)
    assert view.note is Note.CHANGED
    assert not page.find("mark")
    assert page.texts("div", class_="source-text") == ["别的内容。"]
    assert not page.find("button", class_="copy")


@pytest.mark.parametrize("note", list(Note))
def test_every_note_has_its_words(note):
    assert show(SourceView(1, note=note)).texts("p", class_="note") == [getattr(ZH, note)]


def test_nothing_open_renders_nothing():
    assert render_source(None, ZH) == ""


def test_document_opened_as_a_whole_names_its_source():
    page = show(SourceView(3, make_document("正文", title=HOSTILE)))
    assert page.texts("h2") == [HOSTILE]
    assert page.texts("p", class_="place") == ["notes/报告.txt"]
    assert page.find("article")[0][1]["data-settle"] == "3"


def test_copied_quote_carries_its_place():
    document = make_document("会议于2月5日召开。")
    page = show(open_citation(make_citation(document, Span(0, 10), Span(3, 7)), document, 1))
    copied = page.find("button", class_="copy")[0][1]["data-copy"]
    assert copied == "“会议于2月5日召开。” — notes/报告.txt · 第 1 行"


def test_copied_cell_carries_its_sheet_and_row():
    document = make_sheet("姓名,部门", "林武,生产")
    start = document.text.index("林武")
    page = show(open_citation(make_citation(document, Span(start, start + 2)), document, 1))
    copied = page.find("button", class_="copy")[0][1]["data-copy"]
    assert copied == "“林武” — 名册.xlsx · 工作表“员工” 第 2 行"
    assert page.texts("p", class_="place") == ["名册.xlsx · 工作表“员工” 第 2 行"]


def test_a_cell_that_moved_is_given_its_new_row():
    before = make_sheet("姓名,部门", "林武,生产")
    start = before.text.index("林武")
    citation = make_citation(before, Span(start, start + 2))
    now = make_sheet("姓名,部门", "沈知白,文化", "林武,生产")
    view = open_citation(citation, now, 1)
    assert view.note is Note.MOVED
    assert view.citation.places == (
        CitedPlace(PlaceKind.SHEET, 1, "员工"),
        CitedPlace(PlaceKind.ROW, 3),
    )


def test_a_page_that_moved_is_given_its_new_number():
    before = make_document("一。\n二。", places=(Place(PlaceKind.PAGE, 1, Span(0, 5)),))
    citation = make_citation(before, Span(3, 5))
    pages = (Place(PlaceKind.PAGE, 1, Span(0, 3)), Place(PlaceKind.PAGE, 2, Span(4, 9)))
    now = make_document("一。\n新的。\n二。", places=pages)
    view = open_citation(citation, now, 1)
    assert (citation.page, view.citation.page) == (1, 2)


def test_what_is_shown_of_a_long_workbook_is_told_in_rows():
    document = make_sheet(*(f"第{number}行的内容在这里" for number in range(1, 40_001)))
    start = document.text.index("第20000行")
    citation = make_citation(document, Span(start, start + 12))
    page = show(open_citation(citation, document, 1))
    lines = page.texts("div", class_="source-text")[0].strip("\n").split("\n")
    (about,) = page.texts("p", class_="about")
    first, last = (line.removeprefix("第").split("行")[0] for line in (lines[0], lines[-1]))
    assert f"从工作表“员工” 第 {first} 行到工作表“员工” 第 {last} 行" in about


def test_a_hostile_sheet_name_stays_text_and_reorders_nothing():
    document = make_sheet("字" * 300_000, name=HOSTILE)
    page = show(open_citation(make_citation(document, Span(0, 5)), document, 1))
    assert HOSTILE in page.texts("bdi")
    assert not page.find("img") + page.find("script")
    assert HOSTILE in page.texts("p", class_="about")[0]


def test_title_is_not_repeated_in_the_place():
    document = make_document("会议于2月5日召开。", title="报告")
    citation = make_citation(document, Span(0, 10), Span(3, 7), heading=("报告", "第一章"))
    page = show(open_citation(citation, document, 1))
    assert page.texts("p", class_="place") == ["notes/报告.txt · 第 1 行 › 第一章"]


@pytest.mark.parametrize(
    "data",
    [
        *(None, 7, "x", [], {}, {"turn": "0"}, {"turn": "0", "shelf": "citations"}),
        {"turn": "x", "shelf": "citations", "index": "0"},
        {"turn": "0", "shelf": "attic", "index": "0"},
        {"turn": None, "shelf": "nearest", "index": "0"},
    ],
)
def test_malformed_reference_is_none(data):
    assert read_reference(data) is None


def test_reference_is_looked_up_in_its_own_conversation():
    document = make_document("甲。乙。")
    cited = make_citation(document, Span(0, 2), Span(0, 1))
    near = make_citation(document, Span(2, 4))
    answer = make_answer(cited, status=Status.UNCERTAIN, nearest=[near])
    turns = [Turn("?", answer), Turn("?")]
    read = read_reference({"turn": "0", "shelf": "nearest", "index": "0", "event": "open"})
    assert find_citation(turns, read) == near
    assert find_citation(turns, Reference(0, Shelf.CITATIONS, 0)) == cited


@pytest.mark.parametrize(
    "reference",
    [
        None,
        Reference(0, Shelf.CITATIONS, 1),
        Reference(0, Shelf.CITATIONS, -1),
        Reference(-1, Shelf.CITATIONS, 0),
        Reference(1, Shelf.CITATIONS, 0),
        Reference(2, Shelf.CITATIONS, 0),
    ],
)
def test_unknown_reference_finds_nothing(reference):
    document = make_document("甲。")
    turns = [Turn("?", make_answer(make_citation(document, Span(0, 2), Span(0, 1)))), Turn("?")]
    assert find_citation(turns, reference) is None
