"""Table text: the rows of a sheet → one line each, its values labelled by the table's header.

A row is found and understood by itself, far from its header, so each value has its header's words
before it: ``姓名: 张三 | 部门: 财务部``. Every word of a line is a word of the sheet.
"""

from collections.abc import Collection, Iterable, Iterator

from index.datatypes import PlaceKind
from index.errors import DocumentError
from index.formats.table_header import MAX_LABEL_CHARS, WINDOW, Row, find_header
from index.formats.text_builder import LINE, PARAGRAPH, TextBuilder, one_line, refuse_too_much

BETWEEN_CELLS = " | "
_MAX_SHORT_CHARS = 60  # a cell up to this is one line, whatever breaks it was given to fit
_MANY_LABELS = 3  # a lone cell under so many is a remark or a subtitle, not a value
_MAX_LABEL_COLUMNS = 100  # that one label spans
_MAX_ROWS = 2_000_000  # a place each: 0.5 GB


def add_rows(
    builder: TextBuilder, rows: Iterable[Row], known: Collection[int] = (), *, prior: int = 0
) -> None:
    """Append a sheet's rows to a text, a line and a place each.

    :param builder: The text.
    :param rows: The rows in order; each gap in their numbers may begin another table.
    :param known: Numbers of rows that the file itself says are headers.
    :param prior: Signs of a header given in advance, see ``find_header``.
    :raises DocumentError: When there are too many.
    """
    labels: dict[int, str] = {}
    n_rows = 0
    separator = PARAGRAPH
    for window, is_first in _windows(rows):
        header = find_header(window, known, prior) if is_first else None
        if header is not None or (is_first and not _fits(window, labels)):
            labels = {}
        for at, row in enumerate(window):
            span = builder.add(_line(row, labels), separator)
            builder.add_place(PlaceKind.ROW, row.number, span)
            separator = LINE
            if at == header:
                labels = _column_labels(row)
        n_rows += len(window)
        if n_rows > _MAX_ROWS:
            raise DocumentError(f"It has more than {_MAX_ROWS:,} rows; split it.")


def join_lines(lines: Iterable[str]) -> str:
    """Join the lines of a cell: into one when they are short, for then they were broken to fit.

    :param lines: The cell's lines.
    :return: Its text.
    """
    text = "\n".join(line.strip() for line in lines if line.strip())
    return one_line(text) if len(text) <= _MAX_SHORT_CHARS else text


def is_short(text: str) -> bool:
    """Tell whether a cell may be repeated as a label of its rows."""
    return len(text) <= MAX_LABEL_CHARS


def _windows(rows: Iterable[Row]) -> Iterator[tuple[list[Row], bool]]:
    """Cut rows into lists; True marks one that begins a table."""
    window: list[Row] = []
    is_first = True
    previous = 0
    for row in rows:
        begins = bool(window) and row.number > previous + 1
        if begins or len(window) == WINDOW:
            yield window, is_first
            window, is_first = [], begins
        window.append(row)
        previous = row.number
    if window:
        yield window, is_first


def _column_labels(row: Row) -> dict[int, str]:
    labels: dict[int, str] = {}
    for cell in row.cells:
        for column in range(cell.column, cell.column + min(cell.width, _MAX_LABEL_COLUMNS)):
            labels.setdefault(column, one_line(cell.text))
    return labels


def _fits(window: list[Row], labels: dict[int, str]) -> bool:
    """Tell whether rows after a gap go on with the table before it."""
    return any(
        2 * sum(cell.column in labels for cell in row.cells) >= len(labels) for row in window
    )


def _line(row: Row, labels: dict[int, str]) -> str:
    refuse_too_much(sum(len(cell.text) for cell in row.cells))
    if len(row.cells) == 1 and len(labels) >= _MANY_LABELS:
        return join_lines(row.cells[0].text.split("\n"))
    return BETWEEN_CELLS.join(
        _labelled(labels.get(cell.column, ""), cell.text) for cell in row.cells
    )


def _labelled(label: str, text: str) -> str:
    value = join_lines(text.split("\n")) if "\n" in text else text
    if not label:
        return value
    return (
        f"{label}: {value}" if label[-1].isalnum() or label[-1] in ")）]】%" else f"{label} {value}"
    )
