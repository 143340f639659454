"""A sheet of a workbook: its XML → rows of cells, streamed, with what its layout says of them."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from index.errors import DocumentError
from index.formats.date_format import serial_of
from index.formats.limits import MAX_PARTS
from index.formats.number_format import show_number, show_text
from index.formats.office_package import (
    Attributes,
    OfficePackage,
    XmlReader,
    attribute,
    whole_number,
)
from index.formats.table_header import Cell, CellKind, Row
from index.formats.table_text import is_short
from index.formats.text_builder import clean_text
from index.formats.xlsx_styles import CellStyle

_MAX_COLUMNS = 16_384
_MAX_STRINGS = 20_000_000  # at eight bytes each in the list, however short
_MAX_PLAIN_DIGITS = 15
_MAX_CACHED_CHARS = 32
_DIGITS = "0123456789"
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_PLAIN = CellStyle()
_SKIPPED = ("s:rPh", "s:extLst")  # how words are pronounced; what extensions add
_HAS_RESULT = "str"  # a formula whose result is words, which may be none


@dataclass(frozen=True, slots=True)
class Values:
    """What the cells of all sheets refer to."""

    strings: list[str]
    styles: list[CellStyle]
    is_1904: bool  # whether day numbers count from 1904


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells; rows and columns from 1, the last ones included."""

    row: int
    column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """What stands around a sheet's cells."""

    header_rows: set[int] = field(default_factory=set)  # told by a table, a filter or a pane
    merged: dict[tuple[int, int], Area] = field(default_factory=dict)  # by first row and column


def read_strings(package: OfficePackage, workbook: str) -> list[str]:
    """Read the strings that cells refer to by number.

    :param package: The file.
    :param workbook: Its main part.
    :return: The strings, without how they are pronounced.
    :raises DocumentError: When they are damaged or too many.
    """
    reader = _StringsReader()
    if part := package.find(workbook, "sharedStrings"):
        package.parse(part, reader.xml(), "s:sst")
    return reader.strings


def read_layout(package: OfficePackage, part: str) -> SheetLayout:
    """Read what stands around the cells; in the file it partly stands after them.

    :param package: The file.
    :param part: The sheet's part.
    :return: The layout.
    :raises DocumentError: When the sheet is damaged.
    """
    reader = _LayoutReader()
    package.parse(part, reader.xml(), "s:worksheet")
    links = package.relationships(part)
    tables = (links[table].target for table in reader.tables if table in links)
    for table in dict.fromkeys(tables):
        if package.has(table):
            package.parse(table, reader.table_xml())
    return reader.layout


class _StringsReader:
    """Gathers shared strings."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._pieces: list[str] = []
        self._is_text = False

    def xml(self) -> XmlReader:
        return XmlReader(
            {"s:si": lambda _: self._pieces.clear(), "s:t": lambda _: self._set_text(True)},
            {"s:si": self._close, "s:t": lambda: self._set_text(False)},
            self._take,
            _SKIPPED,
        )

    def _set_text(self, is_text: bool) -> None:
        self._is_text = is_text

    def _take(self, chars: str) -> None:
        if self._is_text:
            self._pieces.append(chars)

    def _close(self) -> None:
        if len(self.strings) >= _MAX_STRINGS:
            raise DocumentError(f"It has more than {_MAX_STRINGS:,} strings.")
        self.strings.append(_words("".join(self._pieces)))


class _LayoutReader:
    """Gathers what stands around a sheet's cells."""

    def __init__(self) -> None:
        self.layout = SheetLayout()
        self.tables: dict[str, None] = {}  # relationship ids, in order

    def xml(self) -> XmlReader:
        starts = {
            "s:pane": self._add_pane,
            "s:autoFilter": self._add_header,
            "s:mergeCell": self._add_merged,
            "s:tablePart": self._add_table,
        }
        return XmlReader(starts, skipped=("s:extLst",))

    def table_xml(self) -> XmlReader:
        return XmlReader({"s:table": self._add_table_header})

    def _add_pane(self, attributes: Attributes) -> None:
        if attributes.get("state", "").startswith("frozen"):
            rows = attributes.get("ySplit", "").partition(".")[0]
            self.layout.header_rows.add(whole_number(rows))

    def _add_header(self, attributes: Attributes) -> None:
        if area := _area(attributes.get("ref", "")):
            self.layout.header_rows.add(area.row)

    def _add_merged(self, attributes: Attributes) -> None:
        area = _area(attributes.get("ref", ""))
        if area and len(self.layout.merged) < MAX_PARTS:
            self.layout.merged[area.row, area.column] = area

    def _add_table(self, attributes: Attributes) -> None:
        if len(self.tables) < MAX_PARTS:
            self.tables[attribute(attributes, "r:id")] = None

    def _add_table_header(self, attributes: Attributes) -> None:
        if attributes.get("headerRowCount", "1") != "0":
            self._add_header(attributes)


class SheetReader:
    """Reads the cells of a sheet as its XML goes by; rows are taken as they are completed."""

    def __init__(self, values: Values, layout: SheetLayout) -> None:
        """Start before the first row.

        :param values: What cells refer to.
        :param layout: The sheet's.
        """
        self.n_unknown = 0  # formulas without a stored result
        self._values = values
        self._styles = {str(number): style for number, style in enumerate(values.styles)}
        self._merged = layout.merged
        self._labels: dict[int, tuple[int, Cell]] = {}  # column: last row and the merged cell
        self._rows: list[Row] = []
        self._row = self._column = 0
        self._cells: list[Cell] = []
        self._type = self._style = ""
        self._pieces: list[str] = []
        self._is_value = self._is_formula = False

    def xml(self) -> XmlReader:
        """Return what reads the sheet's part."""
        return XmlReader(
            {
                "s:row": self._open_row,
                "s:c": self._open_cell,
                "s:v": self._open_value,
                "s:t": self._open_value,
                "s:f": self._see_formula,
            },
            {
                "s:row": self._close_row,
                "s:c": self._close_cell,
                "s:v": self._close_value,
                "s:t": self._close_value,
            },
            self._take_text,
            _SKIPPED,
        )

    def take(self) -> list[Row]:
        """Return the rows completed since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def _open_row(self, attributes: Attributes) -> None:
        self._row = whole_number(attributes.get("r", ""), self._row + 1)
        self._column = 0
        self._cells = []

    def _open_cell(self, attributes: Attributes) -> None:
        letters = attributes.get("r", "").rstrip(_DIGITS)
        self._column = _column(letters) or self._column + 1
        self._type = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._pieces = []
        self._is_formula = False

    def _open_value(self, _: Attributes) -> None:
        self._is_value = True

    def _close_value(self) -> None:
        self._is_value = False

    def _see_formula(self, _: Attributes) -> None:
        self._is_formula = True

    def _take_text(self, chars: str) -> None:
        if self._is_value:
            self._pieces.append(chars)

    def _close_cell(self) -> None:
        raw = "".join(self._pieces)
        if not raw:
            self.n_unknown += self._is_formula and self._type != _HAS_RESULT
            return
        style = self._styles.get(self._style, _PLAIN)
        text, kind = self._show(raw, style)
        if not text or text.isspace():
            return
        if len(self._cells) >= _MAX_COLUMNS:
            raise DocumentError(f"It is damaged: a row has more than {_MAX_COLUMNS:,} cells.")
        area = self._merged.get((self._row, self._column))
        width = area.last_column - area.column + 1 if area else 1
        self._cells.append(Cell(self._column, text, kind, style.look, width))

    def _show(self, raw: str, style: CellStyle) -> tuple[str, CellKind]:
        kind = self._type
        if kind in ("s", "str", "inlineStr"):
            words = self._string(raw) if kind == "s" else _words(raw)
            return show_text(words, style.code) if "@" in style.code else words, CellKind.TEXT
        if kind == "b":
            return ("FALSE" if raw.strip() == "0" else "TRUE"), CellKind.NUMBER
        if kind == "e":
            return clean_text(raw), CellKind.NUMBER
        if kind == "d":
            serial = serial_of(raw, is_1904=self._values.is_1904)
            raw = raw if serial is None else repr(serial)
        return self._number(raw, style), CellKind.DATE if style.is_date else CellKind.NUMBER

    def _string(self, raw: str) -> str:
        at = whole_number(raw, -1)
        strings = self._values.strings
        return strings[at] if 0 <= at < len(strings) else ""

    def _number(self, raw: str, style: CellStyle) -> str:
        if not style.code and len(raw) <= _MAX_PLAIN_DIGITS and raw.isascii() and raw.isdigit():
            return raw
        if len(raw) > _MAX_CACHED_CHARS:
            return clean_text(raw)
        return _show_number(raw, style.code, self._values.is_1904)

    def _close_row(self) -> None:
        cells = self._cells
        if not cells:
            return
        if self._merged:
            cells = self._with_labels(cells)
        if any(one.column >= other.column for one, other in pairwise(cells)):
            cells = sorted(cells, key=lambda cell: cell.column)
        self._rows.append(Row(self._row, tuple(cells)))

    def _with_labels(self, cells: list[Cell]) -> list[Cell]:
        """Add what merged cells of rows above say of this one too."""
        columns = {cell.column for cell in cells}
        kept = {at: label for at, label in self._labels.items() if label[0] >= self._row}
        added = [cell for at, (_, cell) in kept.items() if at not in columns]
        for cell in cells:
            area = self._merged.get((self._row, cell.column))
            is_label = cell.kind is CellKind.TEXT and is_short(cell.text)
            if area and area.last_row > area.row and is_label:
                kept[cell.column] = (area.last_row, cell)
        self._labels = kept
        return [*cells, *added]


@lru_cache(maxsize=1 << 16)
def _show_number(raw: str, code: str, is_1904: bool) -> str:
    return clean_text(show_number(raw, code, is_1904=is_1904))


@lru_cache(maxsize=1 << 15)
def _column(letters: str) -> int:
    """Return the number of a column, 0 for what is none."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            return 0
        number = 26 * number + ord(letter) - ord("A") + 1
        if number > _MAX_COLUMNS:
            return 0
    return number


def _area(reference: str) -> Area | None:
    first, _, last = reference.partition(":")
    corners = [_REFERENCE.fullmatch(corner) for corner in (first, last or first)]
    if not (corners[0] and corners[1]):
        return None
    (column, row), (last_column, last_row) = (
        (_column(corner.group(1)), int(corner.group(2))) for corner in corners if corner
    )
    return Area(row, column, last_row, last_column)


def _words(raw: str) -> str:
    """Clean a string, in which characters may be written as ``_x000D_``."""
    if "_x" in raw:
        raw = _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), raw)
    return clean_text(raw)
