"""A story of a Word document (the body, the notes, a header): its XML → blocks in reading order."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from index.errors import DocumentError
from index.formats.docx_styles import OLD_PROPERTIES, Styles
from index.formats.docx_symbols import symbol
from index.formats.office_package import Attributes, XmlReader, attribute, is_on, whole_number
from index.formats.table_text import BETWEEN_CELLS, is_short, join_lines
from index.formats.text_builder import clean_text

_BREAK = re.compile(r"[\r\n\t]")
_BODY_LEVEL = 9
_MAX_OPENED = 5_000_000
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})


class Block(NamedTuple):
    """A paragraph, or a row of a table."""

    text: str
    level: int = 0  # of a heading, from 1; 0 is none
    is_title: bool = False
    is_tight: bool = False  # belongs to its neighbours: a row, an item of a list


@dataclass(slots=True)
class _Paragraph:
    style: str = ""
    level: int | None = None  # its own, instead of its style's
    is_list: bool | None = None
    is_joined: bool = False  # its end was deleted: the next paragraph goes on with it
    in_properties: bool = False
    in_run: bool = False
    is_hidden: bool = False  # the run at hand
    pieces: list[str] = field(default_factory=list)
    boxes: list[Block] = field(default_factory=list)  # text boxes anchored in it


@dataclass(slots=True)
class _Cell:
    column: int
    width: int = 1  # columns
    merge: str = ""  # restart: the first of some that are merged downwards; continue: another
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    rows: list[Block] = field(default_factory=list)
    cells: list[_Cell] = field(default_factory=list)  # of the row at hand
    column: int = 1  # of the next cell
    labels: dict[int, str] = field(default_factory=dict)  # column: what is merged downwards


class StoryReader:
    """Gathers the blocks of a story as its XML goes by."""

    def __init__(self, styles: Styles) -> None:
        """Start before the first paragraph.

        :param styles: The document's.
        """
        self.n_charts = 0  # or diagrams: what they say is in parts of their own
        self.n_pictures = 0
        self._styles = styles
        self._sinks: list[list[Block]] = [[]]  # where paragraphs go: the story, a cell, a box
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[_Table] = []
        self._controls: list[bool] = []  # content controls; True shows only its prompt
        self._prefix = ""  # of the next paragraph, from one whose end was deleted
        self._n_unseen = 0  # open elements whose words are deleted or a prompt
        self._n_opened = 0  # paragraphs, cells, tables, boxes, notes
        self._is_text = False
        self._is_separator = False  # the note at hand is the line above the notes

    @property
    def blocks(self) -> list[Block]:
        """What was gathered so far."""
        return self._sinks[0]

    def xml(self) -> XmlReader:
        """Return what reads a part with a story."""
        return XmlReader(
            {**self._structure(), **self._words()},
            {
                "w:p": self._close_paragraph,
                "w:pPr": lambda: self._set_state(in_properties=False),
                "w:r": lambda: self._set_state(in_run=False),
                "w:t": self._close_text,
                "m:t": self._close_text,
                "w:tbl": self._close_table,
                "w:tr": self._close_row,
                "w:tc": self._close_cell,
                "w:txbxContent": self._close_box,
                "w:footnote": self._close_note,
                "w:endnote": self._close_note,
                "w:sdt": self._close_control,
                "w:del": self._close_deleted,
                "w:moveFrom": self._close_deleted,
            },
            self._take,
            # What older programs show instead; readings above words.
            ("mc:Fallback", "w:rt", *OLD_PROPERTIES),
        )

    def _structure(self) -> dict[str, Callable[[Attributes], None]]:
        return {
            "w:p": self._open_paragraph,
            "w:pPr": lambda _: self._set_state(in_properties=True),
            "w:pStyle": self._set_style,
            "w:outlineLvl": self._set_level,
            "w:numId": self._set_list,
            "w:tbl": self._open_table,
            "w:tr": self._open_row,
            "w:gridBefore": self._skip_columns,
            "w:tc": self._open_cell,
            "w:gridSpan": self._set_width,
            "w:vMerge": self._set_merge,
            "w:txbxContent": lambda _: self._open_sink(),
            "w:footnote": self._open_note,
            "w:endnote": self._open_note,
            "w:sdt": lambda _: self._controls.append(False),
            "w:showingPlcHdr": self._hide_prompt,
            "w:del": self._open_deleted,
            "w:moveFrom": self._open_deleted,
        }

    def _words(self) -> dict[str, Callable[[Attributes], None]]:
        return {
            "w:r": self._open_run,
            "w:rStyle": self._set_run_style,
            "w:vanish": self._set_hidden,
            "w:t": self._open_text,
            "m:t": self._open_formula,
            "w:tab": lambda _: self._put("\t"),
            "w:ptab": lambda _: self._put("\t"),
            "w:br": lambda _: self._put("\n"),
            "w:cr": lambda _: self._put("\n"),
            "w:noBreakHyphen": lambda _: self._put("-"),
            "w:sym": self._put_symbol,
            "c:chart": self._count_chart,
            "dgm:relIds": self._count_chart,
            "a:blip": self._count_picture,
            "v:imagedata": self._count_picture,
        }

    def _open_sink(self) -> None:
        self._count()
        self._sinks.append([])

    def _count(self) -> None:
        """Refuse elements that would fill the memory without any text."""
        self._n_opened += 1
        if self._n_opened > _MAX_OPENED:
            raise DocumentError(f"It has more than {_MAX_OPENED:,} paragraphs and cells; split it.")

    # Paragraphs.

    def _open_paragraph(self, _: Attributes) -> None:
        self._count()
        self._paragraphs.append(_Paragraph())

    def _set_state(self, *, in_properties: bool | None = None, in_run: bool | None = None) -> None:
        for paragraph in self._paragraphs[-1:]:
            if in_properties is not None:
                paragraph.in_properties = in_properties
            if in_run is not None:
                paragraph.in_run = in_run

    def _set_style(self, attributes: Attributes) -> None:
        for paragraph in self._paragraphs[-1:]:
            paragraph.style = attribute(attributes, "w:val")

    def _set_level(self, attributes: Attributes) -> None:
        level = whole_number(attribute(attributes, "w:val"), _BODY_LEVEL)
        for paragraph in self._paragraphs[-1:]:
            paragraph.level = level + 1 if 0 <= level < _BODY_LEVEL else 0

    def _set_list(self, attributes: Attributes) -> None:
        for paragraph in self._paragraphs[-1:]:
            paragraph.is_list = attribute(attributes, "w:val") != "0"

    def _close_paragraph(self) -> None:
        paragraph = self._paragraphs.pop()
        look = self._styles.look(paragraph.style)
        text = clean_text(self._prefix + "".join(paragraph.pieces))
        self._prefix = text if paragraph.is_joined else ""
        if not (paragraph.is_joined or look.is_contents or look.is_hidden) and text.strip():
            level = look.level if paragraph.level is None else paragraph.level
            is_list = look.is_list if paragraph.is_list is None else paragraph.is_list
            is_tight = is_list and not level
            self._sinks[-1].append(Block(text.strip(), level, look.is_title, is_tight))
        self._sinks[-1].extend(paragraph.boxes)

    def _close_box(self) -> None:
        blocks = self._sinks.pop()
        (self._paragraphs[-1].boxes if self._paragraphs else self._sinks[-1]).extend(blocks)

    # Runs and their words.

    def _open_run(self, _: Attributes) -> None:
        for paragraph in self._paragraphs[-1:]:
            paragraph.in_run = True
            paragraph.is_hidden = False

    def _set_run_style(self, attributes: Attributes) -> None:
        look = self._styles.look(attribute(attributes, "w:val"))
        for paragraph in self._paragraphs[-1:]:
            paragraph.is_hidden = look.is_hidden

    def _set_hidden(self, attributes: Attributes) -> None:
        for paragraph in self._paragraphs[-1:]:
            paragraph.is_hidden = is_on(attribute(attributes, "w:val"))

    def _put(self, chars: str) -> None:
        # A tab outside a run is a tab stop's definition.
        for paragraph in self._paragraphs[-1:]:
            if paragraph.in_run and not paragraph.is_hidden and not self._n_unseen:
                paragraph.pieces.append(chars)

    def _put_symbol(self, attributes: Attributes) -> None:
        self._put(symbol(attribute(attributes, "w:font"), attribute(attributes, "w:char")))

    def _open_text(self, _: Attributes) -> None:
        self._is_text = bool(self._paragraphs) and self._paragraphs[-1].in_run

    def _open_formula(self, _: Attributes) -> None:
        for paragraph in self._paragraphs[-1:]:
            paragraph.in_run, paragraph.is_hidden = True, False
            self._is_text = True

    def _close_text(self) -> None:
        self._is_text = False

    def _take(self, chars: str) -> None:
        if self._is_text:
            self._put(_BREAK.sub(" ", chars))  # a break in the XML is only a space

    # What is not to be seen.

    def _open_deleted(self, _: Attributes) -> None:
        self._n_unseen += 1
        for paragraph in self._paragraphs[-1:]:
            paragraph.is_joined |= paragraph.in_properties

    def _close_deleted(self) -> None:
        self._n_unseen -= 1

    def _hide_prompt(self, attributes: Attributes) -> None:
        if self._controls and not self._controls[-1] and is_on(attribute(attributes, "w:val")):
            self._controls[-1] = True
            self._n_unseen += 1

    def _close_control(self) -> None:
        self._n_unseen -= self._controls.pop()

    def _open_note(self, attributes: Attributes) -> None:
        self._is_separator = attribute(attributes, "w:type") in _SEPARATORS
        self._open_sink()

    def _close_note(self) -> None:
        blocks = self._sinks.pop()
        self._sinks[-1].extend([] if self._is_separator else blocks)

    def _count_chart(self, _: Attributes) -> None:
        self.n_charts += 1

    def _count_picture(self, _: Attributes) -> None:
        self.n_pictures += 1

    # Tables.

    def _open_table(self, _: Attributes) -> None:
        self._count()
        self._tables.append(_Table())

    def _open_row(self, _: Attributes) -> None:
        for table in self._tables[-1:]:
            table.cells, table.column = [], 1

    def _skip_columns(self, attributes: Attributes) -> None:
        for table in self._tables[-1:]:
            table.column += whole_number(attribute(attributes, "w:val"))

    def _open_cell(self, _: Attributes) -> None:
        self._open_sink()
        for table in self._tables[-1:]:
            table.cells.append(_Cell(table.column))

    def _set_width(self, attributes: Attributes) -> None:
        for cell in self._cell():
            cell.width = max(1, whole_number(attribute(attributes, "w:val"), 1))

    def _set_merge(self, attributes: Attributes) -> None:
        for cell in self._cell():
            cell.merge = attribute(attributes, "w:val", "continue")

    def _cell(self) -> list[_Cell]:
        return self._tables[-1].cells[-1:] if self._tables else []

    def _close_cell(self) -> None:
        blocks = self._sinks.pop()
        cells = self._cell()
        for cell in cells:
            cell.blocks = blocks
            self._tables[-1].column += cell.width
        if not cells:
            self._sinks[-1].extend(blocks)

    def _close_row(self) -> None:
        for table in self._tables[-1:]:
            table.rows.extend(_row_blocks(table))
            table.cells = []

    def _close_table(self) -> None:
        self._sinks[-1].extend(self._tables.pop().rows)


def _row_blocks(table: _Table) -> list[Block]:
    texts = []
    for cell in table.cells:
        text = join_lines(block.text for block in cell.blocks)
        if cell.merge == "continue":
            text = text or table.labels.get(cell.column, "")
        elif cell.merge:
            table.labels[cell.column] = text if is_short(text) else ""
        texts.append(text)
    filled = [at for at, text in enumerate(texts) if text]
    if not any(cell.blocks for cell in table.cells):
        return []
    if len(filled) == 1:  # a frame around paragraphs more than a row
        return table.cells[filled[0]].blocks
    return [Block(BETWEEN_CELLS.join(texts[filled[0] : filled[-1] + 1]), is_tight=True)]
