"""Layout: a page's segments → its lines, in the order in which a person reads them.

Columns of prose are read one after the other; cells of a table row by row. What stands in the
file's own order one below the other (a cell of several lines, a paragraph) stays together.
The cuts are those of the recursive XY-cut (Nagy and Seth, 1984), with the gutters between columns
looked for first and lines that run across them (titles, wide tables) taken as cuts of their own.
"""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.formats.pdf_glyphs import Line

_GUTTER_EMS = 0.7
_MIN_COLUMN_LINES = 3
_MAX_GUTTER_SEGMENTS = 3000  # more on a page is a drawing; looking for gutters is quadratic
_MAX_GUTTERS_TRIED = 24
_SAME_ROW_EMS = 0.45
_CELL_EMS = 1.5  # what stands closer in a row is one run of words
_TAB_EMS = 2.0
_PROSE_EMS = 8
_CELL_LEADING = 1.45  # sizes from line to line within a cell
_MAX_DEPTH = 12
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def order_lines(segments: tuple[Line, ...]) -> list[Line]:
    """Put the segments of a page into reading order and join those of a row.

    :param segments: In the file's own order.
    :return: The lines. Writing in another direction than most comes after the rest.
    """
    turns: dict[int, list[Line]] = {}
    for segment in segments:
        turns.setdefault(segment.turn, []).append(segment)
    lines: list[Line] = []
    for turn in sorted(turns, key=lambda turn: -sum(len(s.text) for s in turns[turn])):
        ordered = turns[turn] if turn < 0 else _order(turns[turn], 0)
        lines += _join_rows(ordered)
    return lines


def _order(segments: list[Line], depth: int) -> list[Line]:
    gutter = _find_gutter(segments) if depth < _MAX_DEPTH else None
    if gutter is None:
        return _order_rows(_stack(segments), depth)
    ordered: list[Line] = []
    sides: tuple[list[Line], list[Line]] = ([], [])
    spanning: list[Line] = []

    def flush() -> None:
        nonlocal spanning
        for side in _by_reading(sides[0] + sides[1], sides):
            ordered.extend(_order(side, depth + 1))
            side.clear()
        ordered.extend(_order_rows(_stack(spanning), depth))
        spanning = []

    for segment in sorted(segments, key=lambda s: (-s.y, s.x0)):
        if segment.x0 < gutter < segment.x1:
            if sides[0] or sides[1]:
                flush()
            spanning.append(segment)
        else:
            if spanning:
                flush()
            sides[segment.x0 >= gutter].append(segment)
    flush()
    return ordered


def _by_reading(segments: list[Line], sides: tuple[list[Line], ...]) -> tuple[list[Line], ...]:
    return sides[::-1] if _is_rtl(segments) else sides


def _is_rtl(segments: list[Line]) -> bool:
    return 2 * sum(bool(_RTL.search(s.text)) for s in segments) > len(segments)


# Columns.


def _find_gutter(segments: list[Line]) -> float | None:
    """Return where columns of prose part: the leftmost such place."""
    n_segments = len(segments)
    if not 2 * _MIN_COLUMN_LINES <= n_segments <= _MAX_GUTTER_SEGMENTS:
        return None
    x0 = np.array([s.x0 for s in segments])  # (n_segments,)
    x1 = np.array([s.x1 for s in segments])
    gap = _GUTTER_EMS * float(np.median([s.size for s in segments]))
    edges = np.unique(np.round(x1, 1)) + 0.1
    n_left = (x1[None] <= edges[:, None]).sum(axis=1)  # (n_edges,)
    n_right = (x0[None] >= edges[:, None] + gap).sum(axis=1)
    least = np.minimum(n_left, n_right)
    # The place with most lines on its sparser side; leftmost among equals.
    for at in np.argsort(-least, kind="stable")[:_MAX_GUTTERS_TRIED].tolist():
        if least[at] < _MIN_COLUMN_LINES or n_left[at] + n_right[at] < 0.5 * n_segments:
            continue
        edge = float(edges[at])
        left = [s for s in segments if s.x1 <= edge]
        right = [s for s in segments if s.x0 >= edge + gap]
        if _is_column(left) and _is_column(right) and not _is_table(left, right):
            return edge + gap / 2
    return None


def _is_column(segments: list[Line]) -> bool:
    """Tell prose set in a column: most lines are full and hold several words."""
    if len(segments) < _MIN_COLUMN_LINES:
        return False
    widths = np.array([s.x1 - s.x0 for s in segments])
    is_full = widths >= 0.75 * np.quantile(widths, 0.9)
    n_prose = sum(len(s.text.split()) >= 4 or len(_HAN.findall(s.text)) >= 8 for s in segments)
    return bool(is_full.mean() >= 0.5) and n_prose >= 0.5 * len(segments)


def _is_table(left: list[Line], right: list[Line]) -> bool:
    """Tell a table with long cells: the file goes to and fro, a cell of several lines each."""
    stacks = _stack(sorted([*left, *right], key=lambda s: s.order))
    names = {s.order for s in left}
    sides = [stack[0].order in names for stack in stacks]
    n_turns = int(np.count_nonzero(np.diff(np.array(sides, dtype=np.int8))))
    n_rows = min(sum(sides), len(sides) - sum(sides))
    return n_turns > 3 and n_turns >= 1.5 * n_rows and len(left) + len(right) > 1.6 * len(stacks)


# Rows.


def _stack(segments: list[Line]) -> list[list[Line]]:
    """Group what follows in the file's order, each closely below the one before."""
    stacks: list[list[Line]] = []
    for segment in sorted(segments, key=lambda s: s.order):
        last = stacks[-1][-1] if stacks else None
        if last and (_is_below(last, segment) or _is_beside(last, segment)):
            stacks[-1].append(segment)
        else:
            stacks.append([segment])
    return stacks


def _is_below(upper: Line, lower: Line) -> bool:
    size = max(upper.size, lower.size)
    # Far apart, short lines are cells of a column; long ones are a paragraph's.
    leading = 2.0 if upper.x1 - upper.x0 > _PROSE_EMS * size else _CELL_LEADING
    return (
        0.5 * size < upper.y - lower.y < leading * size
        and min(upper.x1, lower.x1) > max(upper.x0, lower.x0)
        and (abs(upper.x0 - lower.x0) < 2.6 * size or abs(_centre(upper) - _centre(lower)) < size)
    )


def _is_beside(left: Line, right: Line) -> bool:
    size = max(left.size, right.size)
    is_row = abs(left.y - right.y) < _SAME_ROW_EMS * size
    return is_row and -0.3 * size < right.x0 - left.x1 < _CELL_EMS * size


def _centre(line: Line) -> float:
    return (line.x0 + line.x1) / 2


def _order_rows(stacks: list[list[Line]], depth: int) -> list[Line]:
    if len(stacks) < 2:
        return [line for stack in stacks for line in stack]
    ordered: list[Line] = []
    boxes = np.array([_box(stack) for stack in stacks])  # (n_stacks, 4): x0, x1, lower, upper
    for row in _cut(boxes[:, 2], boxes[:, 3])[::-1]:
        cells = [stacks[at] for at in row]
        columns = _cut(boxes[row, 0], boxes[row, 1])
        if len(cells) == 1:
            ordered += cells[0]
        elif len(columns) == 1 or depth >= _MAX_DEPTH:
            ordered += _by_rows([line for cell in cells for line in cell])
        else:
            is_rtl = _is_rtl([line for cell in cells for line in cell])
            for column in reversed(columns) if is_rtl else columns:
                ordered += _order_rows([cells[at] for at in column], depth + 1)
    return ordered


def _box(stack: list[Line]) -> tuple[float, float, float, float]:
    return (
        min(line.x0 for line in stack),
        max(line.x1 for line in stack),
        min(line.y + 0.15 * line.size for line in stack),
        max(line.y + 0.75 * line.size for line in stack),
    )


def _cut(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[list[int]]:
    """Group intervals that overlap, directly or through others; by their lower ends."""
    groups: list[list[int]] = []
    reach = -np.inf
    for at in np.argsort(low, kind="stable").tolist():
        if low[at] < reach:
            groups[-1].append(at)
        else:
            groups.append([at])
        reach = max(reach, float(high[at]))
    return groups


def _by_rows(lines: list[Line]) -> list[Line]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda s: -s.y):
        if rows and rows[-1][0].y - line.y < _SAME_ROW_EMS * max(rows[-1][0].size, line.size):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [
        line for row in rows for line in sorted(row, key=lambda s: -s.x1 if _is_rtl(row) else s.x0)
    ]


def _join_rows(ordered: list[Line]) -> list[Line]:
    """Join neighbours that stand in one row, but for cells of several lines."""
    lines: list[Line] = []
    for at, line in enumerate(ordered):
        last = lines[-1] if lines else None
        if last is None or line.turn < 0 or not _is_row(last, line):
            lines.append(line)
            continue
        is_near = _gap(last, line) < _TAB_EMS
        in_cell = (at > 1 and _is_below(*ordered[at - 2 : at])) or (
            at + 1 < len(ordered) and _is_below(line, ordered[at + 1])
        )
        if is_near or not in_cell:
            lines[-1] = _joined(last, line)
        else:
            lines.append(line)
    return lines


def _is_row(last: Line, line: Line) -> bool:
    return abs(last.y - line.y) < _SAME_ROW_EMS * max(last.size, line.size) and (
        line.x0 > last.x1 - 0.5 * line.size or (_is_rtl([last, line]) and line.x1 < last.x0 + 1)
    )


def _gap(left: Line, right: Line) -> float:
    """Return the space between two lines in ems."""
    return max(right.x0 - left.x1, left.x0 - right.x1) / max(left.size, right.size)


def _joined(left: Line, right: Line) -> Line:
    gap = _gap(left, right)
    is_han = _HAN.match(left.text[-1:]) and _HAN.match(right.text[:1])
    space = " " if gap > (0.3 if is_han else 0.15) else ""
    between = "\t" if gap >= _TAB_EMS else space
    longer = left if len(left.text) >= len(right.text) else right
    return replace(
        longer,
        text=left.text + between + right.text,
        x0=min(left.x0, right.x0),
        x1=max(left.x1, right.x1),
        order=left.order,
        runs=left.runs + right.runs,
    )
