"""The styles of a workbook: a cell's style number → its number format and how its cell looks."""

from dataclasses import dataclass

from index.formats.date_format import is_date_code
from index.formats.limits import MAX_PARTS
from index.formats.number_format import BUILT_IN
from index.formats.office_package import Attributes, OfficePackage, XmlReader, is_on, whole_number


@dataclass(frozen=True, slots=True)
class CellStyle:
    """What matters of a cell's style."""

    code: str = ""  # its number format; "" is General
    is_date: bool = False
    look: int = 0  # equal for cells whose font and fill are equal in what marks a header


def load_styles(package: OfficePackage, workbook: str) -> list[CellStyle]:
    """Read the cell styles of a workbook.

    :param package: The file.
    :param workbook: Its main part.
    :return: The styles in the order in which cells number them.
    :raises DocumentError: When they are damaged.
    """
    reader = _StylesReader()
    if part := package.find(workbook, "styles"):
        package.parse(part, reader.formats())
        package.parse(part, reader.cells())  # after, for the order of the lists is only a custom
    return reader.styles


class _StylesReader:
    """Gathers a workbook's formats, then its cell styles."""

    def __init__(self) -> None:
        self.styles: list[CellStyle] = []
        self._codes = dict(BUILT_IN)
        self._is_bold: list[bool] = []  # of each font

    def formats(self) -> XmlReader:
        skipped = ("s:cellStyleXfs", "s:cellXfs", "s:dxfs", "s:extLst")
        starts = {"s:numFmt": self._add_code, "s:font": self._add_font, "s:b": self._set_bold}
        return XmlReader(starts, skipped=skipped)

    def cells(self) -> XmlReader:
        skipped = ("s:cellStyleXfs", "s:dxfs", "s:extLst")
        return XmlReader({"s:xf": self._add_style}, skipped=skipped)

    def _add_code(self, attributes: Attributes) -> None:
        code = attributes.get("formatCode", "")
        if len(self._codes) < MAX_PARTS:
            number = whole_number(attributes.get("numFmtId", ""), -1)
            self._codes[number] = "" if code.lower() == "general" else code

    def _add_font(self, _: Attributes) -> None:
        if len(self._is_bold) < MAX_PARTS:
            self._is_bold.append(False)

    def _set_bold(self, attributes: Attributes) -> None:
        if self._is_bold:
            self._is_bold[-1] = is_on(attributes.get("val", ""))

    def _add_style(self, attributes: Attributes) -> None:
        if len(self.styles) >= MAX_PARTS:
            return
        font = whole_number(attributes.get("fontId", ""))
        fill = whole_number(attributes.get("fillId", ""))
        is_bold = 0 <= font < len(self._is_bold) and self._is_bold[font]
        code = self._codes.get(whole_number(attributes.get("numFmtId", "")), "")
        is_date = is_date_code(code.partition(";")[0])
        self.styles.append(CellStyle(code, is_date, 2 * fill + is_bold))
