"""Office files of the planted folder: planned documents → docx, pptx and xlsx bytes."""

import datetime
import io

import docx
import openpyxl
import pptx
from openpyxl.worksheet.worksheet import Worksheet
from pptx.slide import Slide
from pptx.util import Cm

from tests.formats.plan import Cell, Part, PlannedFile, Table

_DATE = 10  # characters of an ISO date


def write_docx(file: PlannedFile) -> bytes:
    """Write a document with a title, headings, paragraphs and tables, by python-docx."""
    document = docx.Document()
    document.core_properties.title = file.title
    document.add_heading(file.title, 0)
    for part in file.parts:
        document.add_heading(part.heading, 1)
        for paragraph in part.paragraphs:
            document.add_paragraph(paragraph)
        if part.table:
            rows = part.table.rows
            table = document.add_table(len(rows), len(rows[0]))
            _fill(table, part.table)
    return _saved(document)


def write_pptx(file: PlannedFile) -> bytes:
    """Write slides with a title, bullets, tables and notes, by python-pptx."""
    deck = pptx.Presentation()
    deck.core_properties.title = file.title
    for part in file.parts:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = part.heading
        slide.placeholders[1].text = "\n".join(part.paragraphs)
        if part.table:
            _add_table(slide, part.table)
        if part.notes:
            slide.notes_slide.notes_text_frame.text = part.notes
    return _saved(deck)


def write_xlsx(file: PlannedFile) -> bytes:
    """Write a sheet for each part, with numbers and dates as such, by openpyxl."""
    book = openpyxl.Workbook()
    book.properties.title = file.title
    book.remove(book.active)
    for part in file.parts:
        _fill_sheet(book.create_sheet(part.heading), part)
    return _saved(book)


def _fill(table, planned: Table) -> None:
    for at, row in enumerate(planned.rows):
        for column, cell in enumerate(row):
            table.cell(at, column).text = cell.shown


def _add_table(slide: Slide, planned: Table) -> None:
    rows = planned.rows
    frame = slide.shapes.add_table(len(rows), len(rows[0]), Cm(2), Cm(12), Cm(20), Cm(3))
    _fill(frame.table, planned)


def _fill_sheet(sheet: Worksheet, part: Part) -> None:
    for words in part.above:
        sheet.append([words])
    first = len(part.above) + part.blank_rows + 1
    for at, row in enumerate(part.table.rows, first):
        for column, planned in enumerate(row, 1):
            cell = sheet.cell(at, column, _stored(planned))
            if planned.number_format:
                cell.number_format = planned.number_format


def _stored(cell: Cell) -> str | int | float | datetime.date:
    is_date = cell.number_format.startswith("yyyy")
    return datetime.date.fromisoformat(str(cell.value)[:_DATE]) if is_date else cell.value


def _saved(document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
