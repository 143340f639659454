"""Table header: the first rows of a table → which of them names the columns, if any does.

A wrong header makes every row wrong, a missed one only leaves labels out, so a row must give
several signs of being one.
"""

import re
from collections.abc import Collection, Sequence
from enum import Enum
from typing import NamedTuple

from index.normalization import fold_text


class CellKind(Enum):
    """What a cell's value is."""

    TEXT = "text"
    NUMBER = "number"  # or a truth value or an error
    DATE = "date"


class Cell(NamedTuple):
    """A cell that shows something."""

    column: int  # from 1
    text: str  # as displayed
    kind: CellKind = CellKind.TEXT
    look: int = 0  # cells with equal numbers look alike
    width: int = 1  # columns it spans


class Row(NamedTuple):
    """A row with at least one cell."""

    number: int  # from 1, as the program that opens the file numbers it
    cells: tuple[Cell, ...]  # by column


MAX_LABEL_CHARS = 100
WINDOW = 20  # rows from a table's first that are looked at
_MAX_LEAD = 6  # rows above a header: the table's title, a date, a unit
_SAMPLE = 15  # rows below it
_NEEDED = {True: 3, False: 2}  # signs; more for two columns, which may be names and values
_YEARS = range(1900, 2101)
_NAMES = re.compile(
    "姓名|名称|编号|序号|日期|时间|部门|单位|职务|职位|岗位|电话|手机|邮箱|地址|备注|说明|金额|数量|单价|总价|合计|价格|费用"
    "|类别|类型|种类|状态|性别|年龄|年份|月份|项目|内容|规格|型号|品牌|供应商|客户|联系人|负责人|学号|工号|班级|成绩|分数"
    "|城市|省份|国家|地区|问题|答案|标题|作者|来源|产品|用途|等级|期限|标准|产量|收入|支出|预算"
    r"|\b(?:name|id|no|nr|number|code|date|time|year|month|day|department|team|title|role|phone|e-?mail"
    r"|address|notes?|remarks?|comments?|description|amount|quantity|qty|price|cost|total|unit|type"
    r"|category|status|gender|age|city|country|region|item|product|question|answer|author|source"
    r"|url|currency|language|customer|supplier|contact|owner|score|value|sales|revenue)s?\b"
)
_MAX_NAME_CHARS = 24  # a longer cell that holds such a word is a sentence


def find_header(rows: Sequence[Row], known: Collection[int], prior: int = 0) -> int | None:
    """Find the row that names the columns.

    :param rows: The first rows of a table.
    :param known: Numbers of rows that the file itself says are headers.
    :param prior: Signs given in advance: 1 where most files of a format have a header.
    :return: Its place among the rows; None when there is none.
    """
    for at, row in enumerate(rows):
        if row.number in known and _could_be(row):
            return at
    for at, row in enumerate(rows[:_MAX_LEAD]):
        below = rows[at + 1 : at + 1 + _SAMPLE]
        if _could_be(row) and below and _covers(row, below):
            is_narrow = len(row.cells) == 2
            return at if prior + _signs(row, below) >= _NEEDED[is_narrow] else None
    return None


def _could_be(row: Row) -> bool:
    texts = [cell.text for cell in row.cells]
    return (
        len(texts) > 1
        and len(set(texts)) == len(texts)
        and all(len(text) <= MAX_LABEL_CHARS for text in texts)
        and not any(text.endswith((":", "：", "。")) for text in texts)
        and any(cell.kind is CellKind.TEXT for cell in row.cells)
        and all(cell.kind is not CellKind.NUMBER or _is_year(cell) for cell in row.cells)
    )


def _is_year(cell: Cell) -> bool:
    return cell.text.isascii() and cell.text.isdigit() and int(cell.text[:5]) in _YEARS


def _covers(row: Row, below: Sequence[Row]) -> bool:
    """Tell whether the rows below stand under the cells of a row, and use most of them."""
    columns = {cell.column for cell in row.cells}
    cells = [cell.column in columns for other in below for cell in other.cells]
    wide = [len(other.cells) >= max(2, len(columns) // 2) for other in below]
    return sum(cells) >= 0.8 * len(cells) and sum(wide) >= 0.5 * len(wide)


def _signs(row: Row, below: Sequence[Row]) -> int:
    """Count what speaks for a header; negative when something speaks against it."""
    columns = [_column(cell, below) for cell in row.cells]
    if any(
        head.text in {cell.text for cell in cells}
        for head, cells in zip(row.cells, columns, strict=True)
    ):
        return -1
    named = [_is_name(cell) for cell in row.cells]
    names = sum(named) / len(named)
    others = [_is_name(cell) and not _is_no(cell) for other in below for cell in other.cells]
    is_form = len(named) > 3 and named == [at % 2 == 0 for at in range(len(named))]
    if is_form or (names and 2 * sum(others) >= names * len(others)):
        return -1  # its names stand beside the values, row by row
    return (
        2 * _is_typed(row, columns)
        + 2 * _is_styled(row, columns)
        + (2 if names >= 0.5 else 1 if names else 0)
        + _repeats(columns)
        + (len(row.cells) > 2)
    )


def _column(head: Cell, below: Sequence[Row]) -> list[Cell]:
    return [cell for row in below for cell in row.cells if cell.column == head.column]


def _is_typed(row: Row, columns: Sequence[Sequence[Cell]]) -> bool:
    """Tell whether a column of other values stands under a word, a year or a date."""
    return any(
        sum(_sort(cell) != _sort(head) and cell.kind is not CellKind.TEXT for cell in cells)
        >= max(0.8 * len(cells), 1)
        for head, cells in zip(row.cells, columns, strict=True)
    )


def _sort(cell: Cell) -> str:
    return "year" if _is_year(cell) else cell.kind.value


def _is_styled(row: Row, columns: Sequence[Sequence[Cell]]) -> bool:
    """Tell whether the row looks unlike what stands under it, in every column."""
    return all(
        all(cell.look != head.look for cell in cells)
        for head, cells in zip(row.cells, columns, strict=True)
    )


def _is_name(cell: Cell) -> bool:
    return len(cell.text) <= _MAX_NAME_CHARS and bool(_NAMES.search(fold_text(cell.text)))


def _is_no(cell: Cell) -> bool:
    """Tell whether a cell may be a plain "no", which stands above a column of numbers only."""
    return fold_text(cell.text).strip(" .") in ("no", "nr")


def _repeats(columns: Sequence[Sequence[Cell]]) -> bool:
    """Tell whether a column holds few different values, as a column of kinds does."""
    return any(
        len(cells) > 3 and 2 * len({cell.text for cell in cells}) <= len(cells) for cells in columns
    )
