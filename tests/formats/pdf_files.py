"""PDF files of the planted folder, laid out by reportlab: a page a part, with header and footer."""

import io
from functools import partial

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph

from tests.formats.plan import PlannedFile

_MARGIN, _GUTTER = 60, 18  # points
# Fonts that every reader of PDFs brings; they are not embedded.
_FONTS = {"zh-Hans": "STSong-Light", "zh-Hant": "MSung-Light", "ja": "HeiseiMin-W3"}
for _font in _FONTS.values():
    pdfmetrics.registerFont(UnicodeCIDFont(_font))


def write_pdf(file: PlannedFile) -> bytes:
    """Write a page for each part: heading and justified paragraphs, in one column or more."""
    font = _FONTS.get(_language(file), "Times-Roman")
    body = ParagraphStyle(
        "body",
        fontName=font,
        fontSize=11,
        leading=17,
        firstLineIndent=22,
        alignment=4,
        wordWrap="CJK" if font in _FONTS.values() else None,
        spaceAfter=6,
    )
    heading = ParagraphStyle(
        "heading", body, fontSize=16, leading=22, firstLineIndent=0, alignment=0, spaceAfter=10
    )
    story: list = []
    for number, part in enumerate(file.parts):
        story += [PageBreak()] * (number > 0)
        story.append(Paragraph(part.heading, heading))
        story += [Paragraph(paragraph, body) for paragraph in part.paragraphs]
    out = io.BytesIO()
    document = BaseDocTemplate(out, pagesize=A4, title=file.title, invariant=1)
    document.addPageTemplates(
        PageTemplate(frames=_frames(file.columns), onPage=partial(_decorate, file, font))
    )
    document.build(story)
    return out.getvalue()


def _frames(columns: int) -> list[Frame]:
    width = (A4[0] - 2 * _MARGIN - (columns - 1) * _GUTTER) / columns
    # Columns so short that every page has something in each.
    height = A4[1] - 2 * _MARGIN if columns == 1 else 200
    bottom = A4[1] - _MARGIN - height
    return [
        Frame(_MARGIN + at * (width + _GUTTER), bottom, width, height, 0, 0, 0, 0)
        for at in range(columns)
    ]


def _decorate(file: PlannedFile, font: str, canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.setFont(font, 9)
    canvas.drawString(_MARGIN, A4[1] - 40, file.title)
    canvas.drawCentredString(A4[0] / 2, 30, f"- {document.page} -")


def _language(file: PlannedFile) -> str:
    """Tell a Chinese or Japanese document from one in Latin letters."""
    text = "".join(paragraph for part in file.parts for paragraph in part.paragraphs)
    if any("\u3040" <= char <= "\u30ff" for char in text):
        return "ja"
    if not any("\u4e00" <= char <= "\u9fff" for char in text):
        return ""
    return "zh-Hans" if _fits(text, "gb2312") else "zh-Hant"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
