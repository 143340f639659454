"""Word documents (docx): the body in order, then notes, then headers and footers, each once.

A table's row is a line, its cells separated by bars. Text boxes follow the paragraph they are
anchored in. Deleted and hidden words, numbering, the table of contents (its lines are the headings
again), comments, pictures and charts are left out.
"""

from dataclasses import replace

from index.datatypes import Heading, Span
from index.formats.docx_story import Block, StoryReader
from index.formats.docx_styles import Styles
from index.formats.extraction import Extraction
from index.formats.office_package import OfficePackage
from index.formats.plain_text import extract_text
from index.formats.text_builder import LINE, PARAGRAPH, TextBuilder, one_line

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_NOTES = ("footnotes", "endnotes")
_MARGINS = ("header", "footer")
_LONE_LINE_LEVEL = 6  # of plain text's headings that only stand alone


def extract_docx(data: bytes) -> Extraction:
    """Read a Word document.

    Where no paragraph has the style of a heading, lines that are numbered as chapters are taken
    for headings, as in plain text.

    :param data: The file's bytes.
    :return: Its text and headings.
    :raises DocumentError: When it is none, is damaged or protected, or is too large.
    """
    package = OfficePackage(data)
    document = package.main_part()
    styles = Styles.load(package, document)
    story = StoryReader(styles)
    package.parse(document, story.xml(), "w:document")
    for kind in _NOTES:
        if part := package.find(document, kind):
            package.parse(part, story.xml())
    blocks = [*story.blocks, *_read_margins(package, document, styles, story.blocks)]
    warnings = []
    if story.n_charts:
        warnings.append(f"Charts and diagrams were left out ({story.n_charts:,}).")
    if story.n_pictures and not blocks:
        warnings.append(f"It has no text but {story.n_pictures:,} pictures: a scan?")
    return _build(blocks, package.title(), warnings)


def _read_margins(
    package: OfficePackage, document: str, styles: Styles, blocks: list[Block]
) -> list[Block]:
    """Return the headers' and footers' blocks that say something new, however many repeat it."""
    margins = StoryReader(styles)
    links = package.relationships(document).values()
    for part in dict.fromkeys(link.target for link in links if link.kind in _MARGINS):
        if package.has(part):
            package.parse(part, margins.xml())
    said = {one_line(block.text) for block in blocks}
    new = []
    for block in margins.blocks:
        line = one_line(block.text)
        if line not in said and any(char.isalpha() for char in line):  # else a page number
            said.add(line)
            new.append(Block(block.text))
    return new


def _build(blocks: list[Block], title: str, warnings: list[str]) -> Extraction:
    builder = TextBuilder()
    paragraphs: set[Span] = set()
    was_tight = False
    for block in blocks:
        separator = LINE if was_tight and block.is_tight else PARAGRAPH
        was_tight = block.is_tight
        if block.level or block.is_title:
            builder.add_heading(block.text, block.level or 1, separator)
        else:
            span = builder.add(block.text, separator)
            if not block.is_tight:
                paragraphs.add(span)
    title = next((one_line(block.text) for block in blocks if block.is_title), title)
    extraction = builder.extraction(MEDIA_TYPE, title, warnings)
    if extraction.headings:
        return extraction
    return replace(extraction, headings=_numbered_headings(extraction.text, paragraphs))


def _numbered_headings(text: str, paragraphs: set[Span]) -> tuple[Heading, ...]:
    headings = extract_text(text.encode()).headings
    return tuple(
        heading
        for heading in headings
        if heading.level < _LONE_LINE_LEVEL and heading.span in paragraphs
    )
