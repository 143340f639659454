"""Spreadsheets (xlsx, xlsm): sheets in the workbook's order, a line for each row that has values.

A value is written as its number format shows it, a formula as the result stored with it. Sheets
and rows are places; hidden ones are read too. Comments, charts and drawings are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from index.datatypes import PlaceKind
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.limits import MAX_PARTS
from index.formats.office_package import Attributes, OfficePackage, XmlReader, attribute, is_on
from index.formats.table_header import Row
from index.formats.table_text import add_rows
from index.formats.text_builder import TextBuilder, clean_text, one_line
from index.formats.xlsx_sheet import SheetReader, Values, read_layout, read_strings
from index.formats.xlsx_styles import load_styles

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHEET_LEVEL = 2  # of its heading; a workbook's title is not its first sheet's name
_MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as the workbook lists it."""

    name: str
    part: str  # "" when it holds no cells or is not there
    is_hidden: bool


def extract_xlsx(data: bytes) -> Extraction:
    """Read a spreadsheet.

    :param data: The file's bytes.
    :return: Its text; sheets and rows are its places, sheet names its headings.
    :raises DocumentError: When it is none, is damaged or protected, or is too large.
    """
    package = OfficePackage(data)
    workbook = package.main_part()
    sheets, is_1904 = _list_sheets(package, workbook)
    values = Values(read_strings(package, workbook), load_styles(package, workbook), is_1904)
    builder = TextBuilder()
    n_unknown = 0
    seen: set[str] = set()
    for number, sheet in enumerate(sheets, 1):
        place = builder.open_place(PlaceKind.SHEET, number, sheet.name)
        if sheet.part and sheet.part not in seen:
            n_unknown += _add_sheet(builder, package, sheet, values)
        seen.add(sheet.part)
        builder.close_place(place)
    return builder.extraction(MEDIA_TYPE, package.title(), _warnings(sheets, n_unknown))


def _list_sheets(package: OfficePackage, workbook: str) -> tuple[list[_Sheet], bool]:
    links = package.relationships(workbook)
    sheets: list[_Sheet] = []
    is_1904 = False

    def add(attributes: Attributes) -> None:
        link = links.get(attribute(attributes, "r:id"))
        is_there = link is not None and link.kind == "worksheet" and package.has(link.target)
        name = one_line(clean_text(attributes.get("name", "")))
        part = link.target if link and is_there else ""
        sheets.append(_Sheet(name, part, attributes.get("state", "visible") != "visible"))
        if len(sheets) > MAX_PARTS:
            raise DocumentError(f"It has more than {MAX_PARTS:,} sheets.")

    def set_calendar(attributes: Attributes) -> None:
        nonlocal is_1904
        is_1904 = is_on(attributes.get("date1904", "0"))

    package.parse(workbook, XmlReader({"s:sheet": add, "s:workbookPr": set_calendar}), "s:workbook")
    return sheets, is_1904


def _add_sheet(builder: TextBuilder, package: OfficePackage, sheet: _Sheet, values: Values) -> int:
    """Append a sheet; return how many of its formulas have no result."""
    layout = read_layout(package, sheet.part)
    reader = SheetReader(values, layout)

    def read() -> Iterator[Row]:
        for _ in package.parse_steps(sheet.part, reader.xml(), "s:worksheet"):
            yield from reader.take()

    rows = read()
    first = next(rows, None)
    if first:
        if sheet.name:
            builder.add_heading(sheet.name, _SHEET_LEVEL)
        add_rows(builder, chain((first,), rows), layout.header_rows)
    return reader.n_unknown


def _warnings(sheets: list[_Sheet], n_unknown: int) -> list[str]:
    warnings = []
    hidden = [sheet.name for sheet in sheets if sheet.is_hidden and sheet.part]
    if hidden:
        names = ", ".join(hidden[:_MAX_NAMED]) + (", …" if len(hidden) > _MAX_NAMED else "")
        warnings.append(f"Hidden sheets were read too ({len(hidden):,}): {names}.")
    if n_unknown:
        warnings.append(
            f"Formulas without a stored result were left out ({n_unknown:,}); open the file in a "
            "spreadsheet program and save it."
        )
    if missing := sum(not sheet.part for sheet in sheets):
        warnings.append(f"Sheets without cells, such as charts, were left out ({missing:,}).")
    return warnings
