import html
from dataclasses import replace

import pytest

from index.datatypes import PlaceKind, Span
from rag.datatypes import CitedPlace
from tests.webui.samples import HOSTILE, make_citation, make_document, make_sheet
from webui.languages import CATALOGUE
from webui.messages import texts_for
from webui.wording import describe_copies, describe_format, describe_place, describe_places

SHEET = CitedPlace(PlaceKind.SHEET, 2, "员工")
ROW = CitedPlace(PlaceKind.ROW, 5)


@pytest.mark.parametrize(
    ("code", "places", "words"),
    [
        ("zh-Hans", (CitedPlace(PlaceKind.PAGE, 3),), "第 3 页"),
        ("zh-Hans", (CitedPlace(PlaceKind.SLIDE, 3),), "第 3 张幻灯片"),
        ("zh-Hans", (SHEET, ROW), "工作表“员工” 第 5 行"),
        ("zh-Hans", (SHEET,), "工作表“员工”"),
        ("zh-Hans", (CitedPlace(PlaceKind.SHEET, 2), ROW), "第 2 张工作表 第 5 行"),
        ("zh-Hans", (ROW,), "第 5 行"),
        ("zh-Hans", (CitedPlace(PlaceKind.RECORD, 7),), "第 7 条记录"),
        ("zh-Hant", (CitedPlace(PlaceKind.PAGE, 3),), "第 3 頁"),
        ("zh-Hant", (CitedPlace(PlaceKind.SLIDE, 3),), "第 3 張投影片"),
        ("zh-Hant", (SHEET, ROW), "工作表「员工」 第 5 列"),
        ("zh-Hant", (CitedPlace(PlaceKind.RECORD, 7),), "第 7 筆記錄"),
        ("en", (CitedPlace(PlaceKind.PAGE, 3),), "page 3"),
        ("en", (CitedPlace(PlaceKind.SLIDE, 3),), "slide 3"),
        ("en", (SHEET, ROW), "sheet “员工”, row 5"),
        ("en", (CitedPlace(PlaceKind.SHEET, 2), ROW), "sheet 2, row 5"),
        ("en", (ROW,), "row 5"),
        ("en", (CitedPlace(PlaceKind.RECORD, 7),), "record 7"),
        ("en", (), ""),
    ],
)
def test_a_place_is_named_as_people_name_it(code, places, words):
    assert describe_places(places, texts_for(code)) == words


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
@pytest.mark.parametrize("kind", PlaceKind)
def test_only_names_need_escaping_in_a_place(texts, kind):
    place = CitedPlace(kind, 4, "名")
    words = describe_places((place, place), texts, isolate=lambda name: f"<{name}>")
    plain = words.replace("<名>", "")
    assert html.escape(plain) == plain


def test_braces_in_a_name_are_kept():
    places = (CitedPlace(PlaceKind.SHEET, 1, "{number}{0}"), ROW)
    assert describe_places(places, texts_for("en")) == "sheet “{number}{0}”, row 5"


def test_every_name_of_a_document_passes_through_the_isolation():
    document = make_sheet("甲", name=HOSTILE)
    citation = make_citation(document, Span(0, 1), heading=("一", "二"))
    passed = []
    describe_place(citation, texts_for("en"), isolate=lambda name: passed.append(name) or name)
    assert passed == [HOSTILE, "名册.xlsx", "一", "二"]


def test_a_format_without_places_is_cited_by_its_line():
    citation = make_citation(make_document("甲。\n乙。"), Span(3, 5))
    assert describe_place(citation, texts_for("en")) == "notes/报告.txt · line 2"


@pytest.mark.parametrize(
    ("source", "media_type", "words"),
    [
        ("a/手册.PDF", "application/pdf", "PDF"),
        ("a.b/c.txt", "text/plain", "TXT · big5"),
        ("a.b/README", "", ""),
        ("data.tar.csv", "text/csv", "CSV · big5"),
    ],
)
def test_a_format_is_named_after_the_ending_and_a_text_has_its_encoding(source, media_type, words):
    assert describe_format(source, media_type, "big5") == words


def test_the_copies_of_a_file_are_named_and_very_many_only_counted():
    citation = make_citation(make_document("甲。"), Span(0, 2))
    copied = replace(citation, copies=("b.txt", HOSTILE))
    many = replace(citation, copies=tuple(f"{number}.txt" for number in range(20)))
    passed = []
    describe_copies(copied, texts_for("en"), isolate=lambda name: passed.append(name) or name)
    assert passed == ["b.txt", HOSTILE]
    assert describe_copies(citation, texts_for("en")) == ""
    assert describe_copies(many, texts_for("en")) == (
        "The same file is also at 0.txt · 1.txt · 2.txt (+17)"
    )
