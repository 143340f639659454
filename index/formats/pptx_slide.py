"""A slide: its XML → its title and its shapes' lines in the order in which they are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from index.errors import DocumentError
from index.formats.office_package import Attributes, XmlReader, attribute, is_on, whole_number
from index.formats.table_text import BETWEEN_CELLS, is_short, join_lines
from index.formats.text_builder import clean_text, one_line

# Where a placeholder's type or index stands, in English Metric Units (914,400 an inch).
Offsets = Mapping[tuple[str, str], "Offset"]

_SAME_ROW = 228_600  # a quarter of an inch: shapes whose tops differ by less stand side by side
_NOWHERE = 1 << 40  # below everything
_MAX_OPENED = 1_000_000
_TITLES = frozenset({"title", "ctrTitle"})
_REPEATED = frozenset({"dt", "ftr", "hdr", "sldImg", "sldNum"})
_MASTER_TYPES = {"ctrTitle": "title", "subTitle": "body", "obj": "body"}


class Offset(NamedTuple):
    """Where a shape's upper left corner stands."""

    top: int
    left: int


class Shape(NamedTuple):
    """The words of a shape."""

    lines: list[str]
    role: str = ""  # of a placeholder: "title", "body", …
    diagram: str = ""  # the relationship id of the diagram it shows


@dataclass(slots=True)
class _Node:
    """A shape or a group that is being read."""

    offset: Offset | None = None
    role: str = ""
    index: str = ""
    diagram: str = ""
    is_hidden: bool = False
    lines: list[str] = field(default_factory=list)
    # Of a group: its shapes, already in order, by where the outermost of them stands.
    members: list[tuple[Offset, list[Shape]]] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    cells: list[list[str]] = field(default_factory=list)  # lines of the row's cells
    merges: list[str] = field(default_factory=list)  # restart, continue or "", for each
    labels: dict[int, str] = field(default_factory=dict)  # column: what is merged downwards


class SlideReader:
    """Gathers the shapes of a slide, a layout, a notes page or a diagram as its XML goes by."""

    def __init__(self, inherited: Offsets) -> None:
        """Start before the first shape.

        :param inherited: Where placeholders stand that do not say it themselves.
        """
        self.n_charts = 0
        self.offsets: dict[tuple[str, str], Offset] = {}  # of the placeholders that do
        self._inherited = inherited
        self._stack = [_Node()]  # the slide itself, then groups, then a shape
        self._table: _Table | None = None
        self._pieces: list[str] | None = None  # of the paragraph at hand
        self._is_text = self._is_number = False
        self._title = ""
        self._n_opened = 0  # shapes and cells

    def title(self) -> str:
        """Return the slide's title on one line, "" when it has none."""
        return self._title

    def shapes(self) -> list[Shape]:
        """Return the other shapes in reading order."""
        root = self._stack[0]
        own = [Shape(root.lines)] if root.lines else []  # a diagram's, which has no shapes
        return own + _in_order(root.members)

    def xml(self) -> XmlReader:
        """Return what reads the part."""
        shapes = ("p:sp", "p:graphicFrame", "p:cxnSp", "p:pic", "p:grpSp")
        starts: dict[str, Callable[[Attributes], None]] = {
            **dict.fromkeys(shapes, self._open_shape),
            "p:cNvPr": self._set_hidden,
            "p:ph": self._set_role,
            "a:off": self._set_offset,
            "a:p": self._open_paragraph,
            "a:fld": self._open_field,
            "a:t": self._open_text,
            "m:t": self._open_text,
            "a:br": lambda _: self._put("\n"),
            "a:tbl": self._open_table,
            "a:tr": self._open_row,
            "a:tc": self._open_cell,
            "dgm:relIds": self._set_diagram,
            "c:chart": self._count_chart,
        }
        ends = {
            **dict.fromkeys(shapes, self._close_shape),
            "a:p": self._close_paragraph,
            "a:fld": self._close_field,
            "a:t": self._close_text,
            "m:t": self._close_text,
            "a:tbl": self._close_table,
            "a:tr": self._close_row,
        }
        return XmlReader(starts, ends, self._take, ("mc:Fallback", "p:extLst", "a:extLst"))

    def _count(self) -> None:
        """Refuse elements that would fill the memory without any text."""
        self._n_opened += 1
        if self._n_opened > _MAX_OPENED:
            raise DocumentError(
                f"One of its slides has more than {_MAX_OPENED:,} shapes and cells."
            )

    # Shapes.

    def _open_shape(self, _: Attributes) -> None:
        self._count()
        self._stack.append(_Node())

    def _set_hidden(self, attributes: Attributes) -> None:
        self._stack[-1].is_hidden = is_on(attributes.get("hidden", "0"))

    def _set_role(self, attributes: Attributes) -> None:
        node = self._stack[-1]
        node.role, node.index = attributes.get("type", "obj"), attributes.get("idx", "")

    def _set_offset(self, attributes: Attributes) -> None:
        node = self._stack[-1]
        if node.offset is None:
            left, top = (whole_number(attributes.get(axis, "")) for axis in "xy")
            node.offset = Offset(top, left)

    def _set_diagram(self, attributes: Attributes) -> None:
        self._stack[-1].diagram = attribute(attributes, "r:dm")

    def _count_chart(self, _: Attributes) -> None:
        self.n_charts += 1

    def _close_shape(self) -> None:
        node = self._stack.pop()
        if node.offset and node.role:
            self.offsets |= dict.fromkeys(_keys(node), node.offset)
        if node.is_hidden or node.role in _REPEATED:
            return
        if node.role in _TITLES and not self._title and node.lines:
            self._title = one_line(" ".join(node.lines))
            return
        shapes = _in_order(node.members)
        if node.lines or node.diagram:
            shapes.insert(0, Shape(node.lines, node.role, node.diagram))
        if shapes:
            self._stack[-1].members.append((self._place(node), shapes))

    def _place(self, node: _Node) -> Offset:
        if node.offset:
            return node.offset
        found = (self._inherited.get(key) for key in _keys(node) if node.role)
        return next(filter(None, found), Offset(_NOWHERE, 0))

    # Words.

    def _open_paragraph(self, _: Attributes) -> None:
        self._pieces = []

    def _close_paragraph(self) -> None:
        text = clean_text("".join(self._pieces or [])).strip()
        self._pieces = None
        if text:
            in_cell = self._table and self._table.cells
            (self._table.cells[-1] if self._table and in_cell else self._stack[-1].lines).append(
                text
            )

    def _open_field(self, attributes: Attributes) -> None:
        self._is_number = attributes.get("type", "") == "slidenum"

    def _close_field(self) -> None:
        self._is_number = False

    def _open_text(self, _: Attributes) -> None:
        self._is_text = not self._is_number

    def _close_text(self) -> None:
        self._is_text = False

    def _take(self, chars: str) -> None:
        if self._is_text:
            self._put(chars)

    def _put(self, chars: str) -> None:
        if self._pieces is not None:
            self._pieces.append(chars)

    # Tables.

    def _open_table(self, _: Attributes) -> None:
        self._table = _Table()

    def _open_row(self, _: Attributes) -> None:
        if self._table:
            self._table.cells, self._table.merges = [], []

    def _open_cell(self, attributes: Attributes) -> None:
        self._count()
        if self._table:
            is_continued = is_on(attributes.get("vMerge", "0"))
            is_first = whole_number(attributes.get("rowSpan", "")) > 1
            self._table.cells.append([])
            self._table.merges.append("continue" if is_continued else "restart" * is_first)

    def _close_row(self) -> None:
        if self._table and (line := _row_line(self._table)):
            self._stack[-1].lines.append(line)
        if self._table:
            self._table.cells = []

    def _close_table(self) -> None:
        self._table = None


def _keys(node: _Node) -> list[tuple[str, str]]:
    """Name a placeholder as a layout knows it, then as a master does."""
    by_index = [("index", node.index)] if node.index else []
    master_type = _MASTER_TYPES.get(node.role, node.role)
    return [*by_index, ("type", node.role), ("type", master_type)]


def _in_order(members: list[tuple[Offset, list[Shape]]]) -> list[Shape]:
    """Order shapes by rows, from the left in each."""
    rows: list[list[tuple[Offset, list[Shape]]]] = []
    for member in sorted(members, key=lambda member: member[0].top):
        if rows and member[0].top - rows[-1][0][0].top < _SAME_ROW:
            rows[-1].append(member)
        else:
            rows.append([member])
    return [
        shape
        for row in rows
        for _, shapes in sorted(row, key=lambda member: member[0].left)
        for shape in shapes
    ]


def _row_line(table: _Table) -> str:
    texts = []
    for column, (lines, merge) in enumerate(zip(table.cells, table.merges, strict=True)):
        text = join_lines(lines)
        if merge == "continue":
            text = text or table.labels.get(column, "")
        elif merge:
            table.labels[column] = text if is_short(text) else ""
        texts.append(text)
    if not any(table.cells):
        return ""
    filled = [at for at, text in enumerate(texts) if text]
    return BETWEEN_CELLS.join(texts[filled[0] : filled[-1] + 1])
