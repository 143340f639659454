"""Sample files of every format: the planned documents, and some that reach more of a loader."""

import email.policy
import io
import json
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from functools import cache

import docx
import openpyxl
import pptx
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table
from pptx.util import Cm
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.formats.plan import load_plan
from tests.formats.writers import write_file

_CODES = ("yyyy\\-mm\\-dd h:mm", "#,##0.00;[Red](0)", "0.0%")
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NOTES = (
    f'<w:footnotes {_W}><w:footnote w:id="2"><w:p><w:r><w:t>注：以原件为准。</w:t></w:r></w:p>'
    "</w:footnote></w:footnotes>"
)
_RUNS = (
    "<w:p><w:pPr><w:pStyle w:val='Heading2'/><w:rPr><w:del/></w:rPr></w:pPr>"
    "<w:r><w:t>并入下段</w:t><w:tab/><w:br/></w:r></w:p>"
    "<w:p><w:pPr><w:outlineLvl w:val='2'/><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr>"
    "<w:del><w:r><w:delText>旧</w:delText></w:r></w:del><w:ins><w:r><w:t>新</w:t></w:r></w:ins>"
    "<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r>"
    "<w:r><w:sym w:font='Wingdings' w:char='F0FC'/></w:r></w:p>"
    "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>点此</w:t></w:r></w:p>"
    "</w:sdtContent></w:sdt>"
    "<w:p><w:r><w:txbxContent><w:p><w:r><w:t>文本框</w:t></w:r></w:p></w:txbxContent></w:r></w:p>"
    "<w:tbl><w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr><w:tc><w:tcPr><w:gridSpan w:val='2'/>"
    "<w:vMerge w:val='restart'/></w:tcPr><w:p><w:r><w:t>甲组</w:t></w:r></w:p></w:tc><w:tc>"
    "<w:tbl><w:tr>"
    "<w:tc><w:p><w:r><w:t>内</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl><w:p/></w:tc>"
    "</w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc><w:p><w:r><w:t>乙"
    "</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)
_BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="O/b.opf"/></rootfiles></container>',
    "O/b.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>山中</dc:title></metadata><manifest>'
    '<item id="n" href="n.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    '<item id="x" href="t.ncx" media-type="application/x-dtbncx+xml"/>'
    '<item id="a" href="a%20b.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine toc="x"><itemref idref="a"/><itemref idref="c"/></spine></package>',
    "O/n.xhtml": '<html xmlns:epub="http://www.idpf.org/2007/ops"><nav epub:type="toc"><ol><li>'
    '<a href="a%20b.xhtml">上山</a><ol><li><a href="c.xhtml#x">下山</a></li></ol></li></ol></nav>'
    "</html>",
    "O/t.ncx": '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint>'
    '<navLabel><text>上山</text></navLabel><content src="a%20b.xhtml"/></navPoint></navMap></ncx>',
    "O/a b.xhtml": '<?xml version="1.0"?><!DOCTYPE html><html><head><title/></head><body><h1>第一章'
    "</h1><p>清晨六点出发。</p><![CDATA[x]]></body></html>",
    "O/c.xhtml": "<html><body><p>下山更难。</p><table><tr><th>甲</th></tr></table></body></html>",
    "META-INF/encryption.xml": "<encryption><CipherReference URI='font.otf'/></encryption>",
}
_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>港口&amp;潮位</title></head>
<body>
<h1>港口</h1><p>水深<b>九</b>米。<br>涨潮&#20004;次&#x3002;</p><!-- 注 -->
<ul><li>甲<li>乙<ol><li>丙</ol></ul>
<table><tr><th>船名<th>吨位</tr><tr><td>北斗<td colspan=2>八百</tr></table><pre> 一
 二</pre><div hidden>藏</div><p style="display:none">藏</p>
<svg><title>图</title><path d="M0"/></svg>
<script>if (a < b) { document.write("<p>") }</script><textarea>字</textarea>
<template><p>模</p></template><select><option>一<option>二</select><details><summary>概要</summary>细节</details><math><mi>x</mi></math>
<a href="x"><p>错嵌</a></p><i><b>交错</i></b><button>按</button><h2>尾<h3>声</h3></body></html>"""


@cache
def samples() -> Mapping[str, tuple[bytes, ...]]:
    """Make the sample files.

    :return: By format; the name's ending is without its dot.
    """
    files: dict[str, list[bytes]] = {}
    for planned in load_plan():
        name = {"htm": "html", "tsv": "csv"}.get(planned.format, planned.format)
        files.setdefault(name, []).append(write_file(planned))
    files["docx"].append(_docx())
    files["pptx"].append(_pptx())
    files["xlsx"].append(_xlsx())
    files["epub"].append(pack(_BOOK))
    files["html"] += [_PAGE.encode(), _PAGE.replace("utf-8", "gbk").encode("gbk")]
    files["eml"] += [_eml(), _forwarded()]
    files["json"].append(_json())
    files["jsonl"].append(
        '{"标题": "甲", "页": [1, 2.5e3, {"注": null}]}\n\n[true, "乙"]\n坏\n"丙"\n'.encode()
    )
    files["csv"].append(
        'sep=;\n船名;"吨位;\n(吨)"\n北斗;"8 ""百"""\n\n南风;-3,5\n'.encode("utf-16")
    )
    files["txt"] += [text.encode(code) for text, code in _TEXTS]
    files["md"].append(
        "# 甲 #\n```py\n# 非题\n```\n## 乙\n- 丙\n\n| 表 | 头 |\n|--|--|\n\n一、丁\n".encode()
    )
    files["pdf"] += [_pdf(), _pdf(is_packed=True), _pdf(password="abc")]
    return {name: tuple(files[name]) for name in sorted(files)}


_TEXTS = (
    ("第一章 总则\n\n本规程自二月一日起施行。\n一、范围\n适用于港区。" * 3, "gb18030"),
    ("第一章 總則\n\n燈塔建於光緒年間，塔高十二公尺。" * 3, "big5"),
    ("大会于2月5日下午召开。\r\n会期半天。\r\n", "utf-16"),
    (
        "e\u0301a\u0308 👩\u200d👩\u200d👧 \u0e01\u0e33 क्षि \u202ea\u202c … ……。。。 no. 3 e.g.",
        "utf-8",
    ),
)


def pack(parts: Mapping[str, str | bytes]) -> bytes:
    """Write a zip archive, the same bytes at every run.

    :param parts: Contents by name.
    :return: The archive.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Read a zip archive.

    :param data: The archive, undamaged.
    :return: Contents by name.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _saved(document) -> dict[str, bytes]:
    out = io.BytesIO()
    document.save(out)
    parts = unpack(out.getvalue())
    parts.pop("docProps/thumbnail.jpeg", None)  # of the libraries' templates
    return {name: part for name, part in parts.items() if "printerSettings" not in name}


def _docx() -> bytes:
    document = docx.Document()
    document.add_heading("图书馆年报", 0)
    document.add_heading("第一章 概况", 1)
    document.add_paragraph("藏书三万册。", style="List Bullet")
    document.sections[0].header.paragraphs[0].text = "文件编号 QMS-01"
    parts = _saved(document)
    body = parts["word/document.xml"].decode()
    parts["word/document.xml"] = body.replace("<w:sectPr", f"{_RUNS}<w:sectPr", 1).encode()
    parts["word/footnotes.xml"] = _NOTES.encode()
    links = parts["word/_rels/document.xml.rels"].decode()
    link = f'<Relationship Id="rN" Type="{_REL}/footnotes" Target="footnotes.xml"/>'
    parts["word/_rels/document.xml.rels"] = links.replace(
        "</Relationships>", f"{link}</Relationships>"
    ).encode()
    return pack(parts)


def _pptx() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "采购"
    slide.placeholders[1].text = "纸张九元。\n墨水四十元。"
    slide.notes_slide.notes_text_frame.text = "先讲价格。"
    group = slide.shapes.add_group_shape()
    for at in (3, 1):
        box = group.shapes.add_textbox(Cm(at), Cm(at), Cm(2), Cm(1))
        box.text_frame.text = f"第{at}框"
    table = slide.shapes.add_table(2, 2, Cm(1), Cm(9), Cm(9), Cm(3)).table
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 0).text, table.cell(1, 1).text = "人员", "林晓"
    return pack(_saved(deck))


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["姓名", "入职", "工资", "比例"])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for at in range(2, 5):
        sheet.append([f"员工{at}", 45000 + at, -1234.5 * at, "=C2/C3"])
        for column, code in zip("BCD", _CODES, strict=True):
            sheet[f"{column}{at}"].number_format = code
    sheet.merge_cells("A6:B7")
    sheet["A6"] = "合计_x000D_\n说明"
    sheet["C6"], sheet["C7"] = True, "#N/A"
    sheet.add_table(Table(displayName="T1", ref="A1:D4"))
    sheet.freeze_panes = "A2"
    book.create_sheet("藏").sheet_state = "hidden"
    return pack(_saved(book))


def _eml() -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"], message["From"] = "船期调整：七号泊位", "港务 <harbour@example.org>"
    message["Date"] = "Mon, 03 Mar 2025 09:00:00 +0800"
    message.set_content("七号泊位周三停用。\n", charset="gb18030", cte="base64")
    message.add_alternative(
        "<p>七号泊位<b>周三</b>停用。</p>", subtype="html", cte="quoted-printable"
    )
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="船期表.pdf")
    return message.as_bytes()


def _forwarded() -> bytes:
    inner = EmailMessage(policy=email.policy.SMTP)
    inner["Subject"], inner["To"] = "=?gbk?B?tKzG2g==?=", "a@example.org"
    inner.set_content("flowed \nlines \n> quoted\n", params={"format": "flowed", "delsp": "yes"})
    outer = EmailMessage(policy=email.policy.SMTP)
    outer["Subject"], outer["Received"] = "Fwd", "from b"
    outer.set_content("See below.\n")
    outer.add_attachment(inner)
    return outer.as_bytes()


def _json() -> bytes:
    value = {
        "title": "港口",
        "泊位": [
            {"名称": "七号", "水深": 9.5, "船": ["北斗", "南风"], "备注": None},
            {"名称": "八号"},
        ],
        "说明": {"潮": {"次": 2, "时": "凌晨\n正午"}, "长": "字" * 200},
        "启用": True,
    }
    return json.dumps(value, ensure_ascii=False).encode()


def _pdf(*, is_packed: bool = False, password: str = "") -> bytes:
    """Write outlines, a form, a turned page, a picture of points and an open or owner password."""
    out = io.BytesIO()
    encryption = StandardEncryption("", password, strength=128) if password else None
    canvas = Canvas(out, (300, 400), encrypt=encryption, invariant=1, pageCompression=is_packed)
    canvas.setTitle("Harbour")
    for page in range(3):
        canvas.bookmarkPage(f"p{page}")
        canvas.addOutlineEntry(f"Part {page}", f"p{page}", level=min(page, 1))
        canvas.setFont("Helvetica", 16)
        canvas.drawString(30, 360, f"Part {page}")
        canvas.setFont("STSong-Light", 11)
        for row in range(6):
            canvas.drawString(30, 320 - 16 * row, f"第{row}行：七号泊位周三停用，改泊八号。")
        canvas.rotate(90 * (page == 1))
        canvas.acroForm.textfield(name=f"f{page}", value="filled", x=30, y=60, width=90, height=20)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
