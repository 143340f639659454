import io
import re

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings

from index.formats.docx import extract_docx
from index.formats.extraction import Extraction
from tests.index.formats.office import check_layout, fuzz, part_of, repack
from tests.strategies import file_texts

_W = nsdecls("w")


def _read(document) -> Extraction:
    extraction = extract_docx(_bytes(document))
    check_layout(extraction)
    return extraction


def _bytes(document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _with_runs(xml: str) -> Extraction:
    """Read a document whose only paragraph is written in WordprocessingML."""
    document = docx.Document()
    document.element.body.insert(0, parse_xml(f"<w:p {_W}>{xml}</w:p>"))
    return _read(document)


def _full_document():
    document = docx.Document()
    document.add_heading("图书馆年报", 0)
    document.add_heading("第一章　概况", 1)
    document.add_paragraph("本馆藏书三万册。去年新增两千册。")
    table = document.add_table(rows=2, cols=3)
    for cell, text in zip(
        [*table.rows[0].cells, *table.rows[1].cells],
        ("姓名", "部门", "电话", "林晓", "采编部", "分机 12"),
        strict=True,
    ):
        cell.text = text
    document.add_heading("借阅", 2)
    document.add_paragraph("苹果", style="List Bullet")
    document.add_paragraph("香蕉", style="List Bullet")
    document.sections[0].header.paragraphs[0].text = "文件编号 QMS-01"
    document.sections[0].footer.paragraphs[0].text = "- 1 -"
    return document


def test_a_document_is_read_in_order_with_its_headings():
    extraction = _read(_full_document())

    assert extraction.text == (
        "图书馆年报\n\n第一章 概况\n\n本馆藏书三万册。去年新增两千册。\n\n"
        "姓名 | 部门 | 电话\n林晓 | 采编部 | 分机 12\n\n"
        "借阅\n\n苹果\n香蕉\n\n文件编号 QMS-01"
    )
    assert [(h.level, h.title) for h in extraction.headings] == [
        (1, "图书馆年报"),
        (1, "第一章 概况"),
        (2, "借阅"),
    ]
    assert (extraction.title, extraction.warnings) == ("图书馆年报", ())


def test_a_style_is_a_heading_by_what_it_is_based_on_or_by_its_outline():
    document = docx.Document()
    own = document.styles.add_style("公司章节", WD_STYLE_TYPE.PARAGRAPH)
    own.base_style = document.styles["Heading 3"]
    other = document.styles.add_style("标题 4", WD_STYLE_TYPE.PARAGRAPH)
    other.base_style = document.styles["Normal"]
    document.add_paragraph("总则", style=own)
    document.add_paragraph("附则", style=other)
    outlined = document.add_paragraph("说明")
    outlined._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {_W} w:val="1"/>'))
    plain = document.add_paragraph("正文", style="Heading 1")
    plain._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {_W} w:val="9"/>'))

    headings = _read(document).headings

    assert [(h.level, h.title) for h in headings] == [(3, "总则"), (4, "附则"), (2, "说明")]


def test_styles_based_on_each_other_end():
    document = docx.Document()
    one = document.styles.add_style("one", WD_STYLE_TYPE.PARAGRAPH)
    two = document.styles.add_style("two", WD_STYLE_TYPE.PARAGRAPH)
    one.base_style, two.base_style = two, one
    document.add_paragraph("词", style=one)

    assert _read(document).text == "词"


def test_numbered_lines_are_headings_where_no_style_is():
    document = docx.Document()
    for text in ("第一章　总则", "本办法适用于全体读者。", "一、借书"):
        document.add_paragraph(text)

    assert [h.title for h in _read(document).headings] == ["第一章　总则", "一、借书"]


def test_inserted_words_are_in_and_deleted_ones_out():
    extraction = _with_runs(
        "<w:r><w:t>期限为</w:t></w:r>"
        '<w:del w:id="1" w:author="a"><w:r><w:delText>十</w:delText><w:tab/></w:r></w:del>'
        '<w:ins w:id="2" w:author="a"><w:r><w:t>三十</w:t></w:r></w:ins>'
        '<w:moveFrom w:id="3" w:author="a"><w:r><w:t>工作</w:t></w:r></w:moveFrom>'
        "<w:r><w:t>日。</w:t></w:r>"
    )

    assert extraction.text == "期限为三十日。"


def test_a_deleted_paragraph_end_joins_two_paragraphs():
    document = docx.Document()
    first = parse_xml(
        f'<w:p {_W}><w:pPr><w:rPr><w:del w:id="1" w:author="a"/></w:rPr></w:pPr>'
        "<w:r><w:t>合同于六月</w:t></w:r></w:p>"
    )
    document.element.body.insert(0, first)
    document.add_paragraph("三十日到期。")

    assert _read(document).text == "合同于六月三十日到期。"


def test_an_old_style_of_a_changed_paragraph_is_none():
    extraction = _with_runs(
        '<w:pPr><w:pPrChange w:id="1" w:author="a"><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'
        "</w:pPrChange></w:pPr><w:r><w:t>正文</w:t></w:r>"
    )

    assert extraction.headings == ()


def test_hidden_words_are_out_by_themselves_and_by_style():
    document = docx.Document()
    style = document.styles.add_style("Secret", WD_STYLE_TYPE.CHARACTER)
    style.font.hidden = True
    paragraph = document.add_paragraph("看得见")
    paragraph.add_run("隐藏").font.hidden = True
    paragraph.add_run("秘密", style=style)
    paragraph.add_run("的字").font.hidden = False

    assert _read(document).text == "看得见的字"


def test_tabs_breaks_hyphens_and_symbols_become_characters():
    extraction = _with_runs(
        "<w:pPr><w:tabs><w:tab w:val='left' w:pos='720'/></w:tabs></w:pPr>"
        "<w:r><w:t>甲</w:t><w:tab/><w:t>乙</w:t><w:br/><w:t>re\u00adport</w:t><w:softHyphen/>"
        "<w:noBreakHyphen/><w:t>3</w:t><w:sym w:font='Symbol' w:char='F06D'/>"
        "<w:sym w:font='Wingdings' w:char='F0FE'/><w:sym w:font='Wingdings' w:char='F0FF'/>"
        "<w:sym w:font='Arial' w:char='00B0'/></w:r>"
    )

    assert extraction.text == "甲\t乙\nreport-3μ☑°"


def test_field_codes_and_readings_are_out_and_results_in():
    extraction = _with_runs(
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DATE</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>3月</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        "<w:r><w:ruby><w:rt><w:r><w:t>jing</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>京</w:t></w:r></w:rubyBase></w:ruby></w:r>"
    )

    assert extraction.text == "3月京"


def test_a_text_box_follows_its_paragraph_once():
    extraction = _with_runs(
        '<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/'
        'markup-compatibility/2006"><mc:Choice Requires="wps"><w:txbxContent><w:p><w:r><w:t>框里'
        "</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r>"
        "<w:t>框里</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>"
        "<w:r><w:t>外面</w:t></w:r>"
    )

    assert extraction.text == "外面\n\n框里"


def test_a_prompt_and_a_table_of_contents_are_out():
    document = docx.Document()
    toc = document.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("第一章\t1", style=toc)
    document.element.body.insert(
        0,
        parse_xml(
            f"<w:sdt {_W}><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>"
            "单击输入</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        ),
    )
    document.add_paragraph("正文。")

    assert _read(document).text == "正文。"


def test_a_merged_cell_is_said_in_each_row_it_spans():
    document = docx.Document()
    table = document.add_table(rows=3, cols=2)
    table.cell(0, 0).merge(table.cell(1, 0)).text = "财务部"
    for row, name in enumerate(("林晓", "何平", "")):
        table.cell(row, 1).text = name

    assert _read(document).text == "财务部 | 林晓\n财务部 | 何平"


def test_a_cell_of_paragraphs_keeps_them_and_a_short_one_is_one_line():
    document = docx.Document()
    row = document.add_table(rows=1, cols=2).rows[0].cells
    row[0].text = "联系\n电话"
    row[1].text = "每天上午九点开馆，下午五点闭馆，节假日另行通知。" * 3
    row[1].add_paragraph("读者凭证入馆。")

    lines = _read(document).text.split("\n")

    assert lines[0].startswith("联系 电话 | 每天")
    assert lines[1] == "读者凭证入馆。"


def test_a_frame_of_one_cell_keeps_its_headings_and_nested_tables():
    document = docx.Document()
    frame = document.add_table(rows=1, cols=1).cell(0, 0)
    frame.paragraphs[0].text = "章程"
    frame.paragraphs[0].style = "Heading 1"
    nested = frame.add_table(rows=1, cols=2)
    nested.cell(0, 0).text, nested.cell(0, 1).text = "会费", "一百元"

    extraction = _read(document)

    assert extraction.text == "章程\n\n会费 | 一百元"
    assert [h.title for h in extraction.headings] == ["章程"]


def test_notes_follow_the_body_without_the_line_above_them():
    data = _bytes(_full_document())
    links = part_of(data, "word/_rels/document.xml.rels").decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    links = links.replace(
        "</Relationships>",
        f'<Relationship Id="rN" Type="{kind}" Target="footnotes.xml"/></Relationships>',
    )
    notes = (
        f'<w:footnotes {_W}><w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>___</w:t></w:r>'
        '</w:p></w:footnote><w:footnote w:id="1"><w:p><w:r><w:footnoteRef/><w:t>据馆藏目录。</w:t>'
        "</w:r></w:p></w:footnote></w:footnotes>"
    )
    changed = {"word/_rels/document.xml.rels": links.encode(), "word/footnotes.xml": notes.encode()}

    text = extract_docx(repack(data, changed)).text

    assert text.endswith("香蕉\n\n据馆藏目录。\n\n文件编号 QMS-01")
    assert "___" not in text


def test_the_title_is_the_property_unless_a_program_wrote_it():
    document = docx.Document()
    document.add_paragraph("正文。")
    document.core_properties.title = "采购 办法"
    assert _read(document).title == "采购 办法"

    document.core_properties.title = "Microsoft Word - 文档1"
    assert _read(document).title == ""


def test_a_strict_document_is_read():
    data = _bytes(_full_document())
    main = part_of(data, "word/document.xml").replace(
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    )

    assert "去年新增两千册。" in extract_docx(repack(data, {"word/document.xml": main})).text


def test_an_empty_document_has_no_text():
    assert _read(docx.Document()).text == ""


@settings(max_examples=20)
@given(file_texts(max_pieces=12))
def test_every_word_of_a_paragraph_is_found(text):
    document = docx.Document()
    words = re.sub("[\x0b\x0c\x85\ufffe\uffff]", " ", text)  # which XML cannot hold
    document.add_paragraph(words)

    found = "".join(_read(document).text.split())

    assert found == "".join(re.sub("[\u00ad\ufeff]", "", words).split())


@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml"])
def test_a_broken_document_is_refused_or_read_never_worse(part):
    fuzz(extract_docx, _bytes(_full_document()), part, 100)
