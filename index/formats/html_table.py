"""HTML tables: which hold data, and the rows of those as one line each.

As in sheets, a value has its column's name before it where the table has a row of header cells.
"""

from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from index.formats.table_text import BETWEEN_CELLS

_CELLS = {"td", "th"}
# A table with any of these arranges the page; its cells are read like any other part of it.
_ARRANGED = "table, h1, h2, h3, h4, h5, h6, ul, ol, dl, pre, textarea, article, section"
_MAX_BREAKS = 3  # lines and paragraphs a cell, on average, where a table holds data
_MAX_LABEL_CHARS = 100


class Table:
    """An open table."""

    def __init__(self, table: LexborNode) -> None:
        """Look at a table.

        :param table: Its element.
        """
        self._is_data = not _is_arrangement(table)
        self._has_spans = self._is_data and table.css_first("[colspan], [rowspan]") is not None
        self._is_header = False
        self._labels: Sequence[str] = ()

    def open_row(self, row: LexborNode) -> bool:
        """Begin a row.

        :param row: Its element.
        :return: Whether it is to be one line: it has cells side by side, of data.
        """
        cells = [node.tag for node in row.iter() if node.tag in _CELLS]
        self._is_header = not self._has_spans and "td" not in cells
        return self._is_data and len(cells) > 1

    def close_row(self, cells: Sequence[str]) -> str:
        """End a row.

        :param cells: The words of each of its cells.
        :return: Its line.
        """
        if self._is_header:
            self._labels = cells if max(map(len, cells)) <= _MAX_LABEL_CHARS else ()
        if self._is_header or len(cells) != len(self._labels):
            filled = [at for at, cell in enumerate(cells) if cell] or [0]
            return BETWEEN_CELLS.join(cells[filled[0] : filled[-1] + 1])
        return BETWEEN_CELLS.join(
            f"{label}: {cell}" if label else cell
            for label, cell in zip(self._labels, cells, strict=True)
            if cell
        )


def _is_arrangement(table: LexborNode) -> bool:
    # A search from the table itself would find the table; from outside in, each ends at the next.
    if any(part.css_first(_ARRANGED) is not None for part in table.iter()):
        return True
    return len(table.css("p, div, br, hr")) > _MAX_BREAKS * len(table.css("td, th"))
