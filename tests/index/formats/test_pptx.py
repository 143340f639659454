import io
from itertools import pairwise

import pptx
import pytest
from pptx.util import Inches

from index.datatypes import PlaceKind
from index.formats.extraction import Extraction
from index.formats.pptx import extract_pptx
from tests.index.formats.office import check_layout, fuzz, part_of, repack

_TITLE_SLIDE, _TITLE_AND_BODY, _TITLE_ONLY, _BLANK = 0, 1, 5, 6


def _bytes(deck) -> bytes:
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def _read(deck) -> Extraction:
    extraction = extract_pptx(_bytes(deck))
    check_layout(extraction)
    return extraction


def _slide(deck, layout: int, title: str = ""):
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        slide.shapes.title.text = title
    return slide


def _box(shapes, left: float, top: float, text: str):
    box = shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(0.5))
    box.text_frame.text = text
    return box


def _full_deck():
    deck = pptx.Presentation()
    _slide(deck, _TITLE_SLIDE, "年度汇报").placeholders[1].text = "二〇二六年"
    slide = _slide(deck, _TITLE_AND_BODY, "采购")
    slide.placeholders[1].text = "纸张单价为九元。\n墨水单价为四十元。"
    slide.notes_slide.notes_text_frame.text = "先讲价格。"
    _slide(deck, _BLANK)
    table = _slide(deck, _TITLE_ONLY, "人员").shapes.add_table(2, 2, 0, Inches(2), 99, 99).table
    for at, text in enumerate(("姓名", "部门", "林晓", "采编部")):
        table.cell(at // 2, at % 2).text = text
    return deck


def test_slides_are_places_with_their_titles_and_notes():
    extraction = _read(_full_deck())

    assert [(p.kind, p.number, p.span.of(extraction.text)) for p in extraction.places] == [
        (PlaceKind.SLIDE, 1, "年度汇报\n\n二〇二六年"),
        (PlaceKind.SLIDE, 2, "采购\n\n纸张单价为九元。\n墨水单价为四十元。\n\n先讲价格。"),
        (PlaceKind.SLIDE, 3, ""),
        (PlaceKind.SLIDE, 4, "人员\n\n姓名 | 部门\n林晓 | 采编部"),
    ]
    assert [(h.level, h.title) for h in extraction.headings] == [
        (1, "年度汇报"),
        (1, "采购"),
        (1, "人员"),
    ]
    assert extraction.warnings == ("1 of 4 slides have no text: pictures?",)


def test_shapes_are_read_by_rows_whatever_their_order_in_the_file():
    deck = pptx.Presentation()
    slide = _slide(deck, _TITLE_ONLY, "题")
    for left, top, text in ((5, 3, "右下"), (1, 3.1, "左下"), (6, 2, "右上"), (1, 2, "左上")):
        _box(slide.shapes, left, top, text)
    group = slide.shapes.add_group_shape()
    _box(group.shapes, 1, 6, "组二")
    _box(group.shapes, 1, 5, "组一")
    _box(slide.shapes, 4, 5, "组旁")

    lines = _read(deck).text.split("\n\n")

    assert lines == ["题", "左上", "右上", "左下", "右下", "组一", "组二", "组旁"]


def test_a_placeholder_stands_where_its_layout_puts_it():
    deck = pptx.Presentation()
    slide = _slide(deck, _TITLE_AND_BODY, "题")
    slide.placeholders[1].text = "正文"
    _box(slide.shapes, 1, 0.1, "页眉上")
    _box(slide.shapes, 1, 7, "页底")

    assert _read(deck).text.split("\n\n") == ["题", "页眉上", "正文", "页底"]


def test_slides_come_in_the_order_shown_and_hidden_ones_too():
    deck = pptx.Presentation()
    for title in ("甲", "乙", "丙"):
        _slide(deck, _TITLE_ONLY, title)
    slides = deck.slides._sldIdLst
    slides.append(slides[0])
    deck.slides[0]._element.set("show", "0")

    extraction = _read(deck)

    assert [(p.number, p.span.of(extraction.text)) for p in extraction.places] == [
        (1, "乙"),
        (2, "丙"),
        (3, "甲"),
    ]


def test_hidden_shapes_and_slide_numbers_are_out():
    deck = pptx.Presentation()
    slide = _slide(deck, _TITLE_ONLY, "题")
    hidden = _box(slide.shapes, 1, 2, "藏")
    hidden._element.nvSpPr.cNvPr.set("hidden", "1")
    _box(slide.shapes, 1, 3, "第一行\v第二行")

    data = _bytes(deck)
    number = b'<a:fld id="{1}" type="slidenum"><a:t>7</a:t></a:fld>'
    part = "ppt/slides/slide1.xml"
    changed = part_of(data, part).replace(b"<a:br/>", number + b"<a:br/>")

    assert extract_pptx(repack(data, {part: changed})).text == "题\n\n第一行\n第二行"


def test_a_merged_cell_is_said_in_each_row_it_spans():
    deck = pptx.Presentation()
    table = _slide(deck, _BLANK).shapes.add_table(2, 2, 0, 0, 99, 99).table
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 0).text = "财务部"
    table.cell(0, 1).text, table.cell(1, 1).text = "林晓", "何平"

    assert _read(deck).text == "财务部 | 林晓\n财务部 | 何平"


def test_the_words_of_a_diagram_stand_where_it_is():
    deck = pptx.Presentation()
    slide = _slide(deck, _TITLE_ONLY, "流程")
    _box(slide.shapes, 1, 6, "下方")
    slide.shapes.add_table(1, 1, Inches(1), Inches(3), 99, 99)
    data = _bytes(deck)
    part, links = "ppt/slides/slide1.xml", "ppt/slides/_rels/slide1.xml.rels"
    schemas = "http://schemas.openxmlformats.org"
    xml = part_of(data, part).decode()
    table = xml[xml.index("<a:tbl>") : xml.index("</a:tbl>") + len("</a:tbl>")]
    ids = (
        f'<dgm:relIds xmlns:dgm="{schemas}/drawingml/2006/diagram" '
        f'xmlns:r="{schemas}/officeDocument/2006/relationships" r:dm="rD"/>'
    )
    diagram = (
        f'<dgm:dataModel xmlns:dgm="{schemas}/drawingml/2006/diagram" '
        f'xmlns:a="{schemas}/drawingml/2006/main"><dgm:t><a:p><a:r><a:t>受理</a:t></a:r></a:p>'
        "</dgm:t><dgm:t><a:p><a:r><a:t>审批</a:t></a:r></a:p></dgm:t></dgm:dataModel>"
    )
    link = (
        f'<Relationship Id="rD" Type="{schemas}/officeDocument/2006/relationships/diagramData" '
        'Target="../diagrams/data1.xml"/></Relationships>'
    )
    changed = {
        part: xml.replace(table, ids).encode(),
        links: part_of(data, links).decode().replace("</Relationships>", link).encode(),
        "ppt/diagrams/data1.xml": diagram.encode(),
    }

    assert extract_pptx(repack(data, changed)).text == "流程\n\n受理\n审批\n\n下方"


def test_a_missing_slide_is_counted_and_the_others_are_read():
    data = repack(_bytes(_full_deck()), {"ppt/slides/slide2.xml": None})

    extraction = extract_pptx(data)

    assert [len(p.span) > 0 for p in extraction.places] == [True, False, False, True]
    assert "1 of 4 slides are missing in it." in extraction.warnings


def test_one_slide_listed_ten_thousand_times_is_read_once():
    data = _bytes(_full_deck())
    part = "ppt/presentation.xml"
    xml = part_of(data, part).decode()
    start = xml.index("<p:sldId ")
    one = xml[start : xml.index("/>", start) + 2]

    extraction = extract_pptx(repack(data, {part: xml.replace(one, one * 10_000).encode()}))

    assert extraction.text.count("年度汇报") == 1


def test_planted_sentences_are_found_on_their_slides():
    deck = pptx.Presentation()
    for number in range(1, 41):
        slide = _slide(deck, _TITLE_AND_BODY, f"第{number}讲")
        slide.placeholders[1].text = f"第{number}号仓库存有{number * 7}箱茶叶。"

    extraction = _read(deck)

    for number, place in enumerate(extraction.places, 1):
        assert place.number == number
        assert f"第{number}号仓库存有{number * 7}箱茶叶。" in place.span.of(extraction.text)
    assert all(a.span.end < b.span.start for a, b in pairwise(extraction.places))


@pytest.mark.parametrize("part", ["ppt/slides/slide2.xml", "ppt/presentation.xml"])
def test_a_broken_presentation_is_refused_or_read_never_worse(part):
    fuzz(extract_pptx, _bytes(_full_deck()), part, 100)
