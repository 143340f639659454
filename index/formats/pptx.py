"""Presentations (pptx): slides in order, each its title, its shapes in reading order, its notes.

Shapes are read from top to bottom and from left to right, a group as one of them; a table's row is
a line. Hidden slides are read too. Dates, footers and numbers that repeat on every slide, hidden
shapes, comments, pictures and charts are left out.
"""

from index.datatypes import PlaceKind
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.limits import MAX_PARTS
from index.formats.office_package import Attributes, OfficePackage, XmlReader, attribute
from index.formats.pptx_slide import Offsets, SlideReader
from index.formats.text_builder import LINE, PARAGRAPH, TextBuilder

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def extract_pptx(data: bytes) -> Extraction:
    """Read a presentation.

    :param data: The file's bytes.
    :return: Its text; slides are its places, their titles its headings.
    :raises DocumentError: When it is none, is damaged or protected, or is too large.
    """
    package = OfficePackage(data)
    presentation = package.main_part()
    deck = _Deck(package)
    for number, part in enumerate(_list_slides(package, presentation), 1):
        deck.add_slide(number, part)
    return deck.builder.extraction(MEDIA_TYPE, package.title(), deck.warnings())


class _Deck:
    """The slides read so far."""

    def __init__(self, package: OfficePackage) -> None:
        self.builder = TextBuilder()
        self._package = package
        self._offsets: dict[str, Offsets] = {}  # by layout
        self._seen: set[str] = set()
        self._n_slides = self._n_empty = self._n_missing = self._n_charts = 0

    def add_slide(self, number: int, part: str) -> None:
        """Append a slide; one that is missing or was there before is empty."""
        place = self.builder.open_place(PlaceKind.SLIDE, number)
        self._n_slides += 1
        if not part or part in self._seen:
            self._n_missing += 1
        else:
            self._seen.add(part)
            self._read(part)
            self._n_empty += not self.builder.close_place(place)

    def warnings(self) -> list[str]:
        """Say what was not taken over."""
        warnings = []
        if self._n_missing:
            warnings.append(f"{self._n_missing:,} of {self._n_slides:,} slides are missing in it.")
        if self._n_empty:
            warnings.append(
                f"{self._n_empty:,} of {self._n_slides:,} slides have no text: pictures?"
            )
        if self._n_charts:
            warnings.append(f"Charts were left out ({self._n_charts:,}).")
        return warnings

    def _read(self, part: str) -> None:
        links = self._package.relationships(part)
        slide = SlideReader(self._layout_offsets(part))
        self._package.parse(part, slide.xml(), "p:sld")
        self._n_charts += slide.n_charts
        title = slide.title()
        if title:
            self.builder.add_heading(title, 1)
        for shape in slide.shapes():
            self._add_lines(shape.lines)
            if shape.diagram in links:
                self._add_diagram(links[shape.diagram].target)
        self._add_notes(part)

    def _add_lines(self, lines: list[str]) -> None:
        for at, line in enumerate(lines):
            self.builder.add(line, LINE if at else PARAGRAPH)

    def _add_diagram(self, part: str) -> None:
        if part not in self._seen and self._package.has(part):
            self._seen.add(part)
            diagram = SlideReader({})
            self._package.parse(part, diagram.xml())
            for shape in diagram.shapes():
                self._add_lines(shape.lines)

    def _add_notes(self, part: str) -> None:
        notes = self._package.find(part, "notesSlide")
        if notes and notes not in self._seen:
            self._seen.add(notes)
            reader = SlideReader({})
            self._package.parse(notes, reader.xml(), "p:notes")
            for shape in reader.shapes():
                if shape.role == "body":
                    self._add_lines(shape.lines)

    def _layout_offsets(self, part: str) -> Offsets:
        """Return where placeholders stand that say nothing of it themselves."""
        layout = self._package.find(part, "slideLayout")
        if layout not in self._offsets:
            offsets: Offsets = {}
            master = self._package.find(layout, "slideMaster") if layout else ""
            for source in filter(None, (master, layout)):
                reader = SlideReader(offsets)
                self._package.parse(source, reader.xml())
                offsets = {**offsets, **reader.offsets}
            self._offsets[layout] = offsets
        return self._offsets[layout]


def _list_slides(package: OfficePackage, presentation: str) -> list[str]:
    """Return the slides' parts in order; "" for one that is missing."""
    links = package.relationships(presentation)
    parts: list[str] = []

    def add(attributes: Attributes) -> None:
        link = links.get(attribute(attributes, "r:id"))
        parts.append(link.target if link and package.has(link.target) else "")
        if len(parts) > MAX_PARTS:
            raise DocumentError(f"It has more than {MAX_PARTS:,} slides.")

    package.parse(presentation, XmlReader({"p:sldId": add}), "p:presentation")
    return parts
