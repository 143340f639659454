"""PDF: its text in reading order, page by page, read with PDFium."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import pypdfium2

from index.datatypes import Heading, Place, PlaceKind, Span
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.limits import MAX_PARTS, MAX_TEXT_CHARS
from index.formats.ocr import Ocr, find_ocr, read_picture
from index.formats.pdf_file import DAMAGED, open_page, open_pdf
from index.formats.pdf_glyphs import Line, read_glyphs
from index.formats.pdf_headings import Bookmark, HeadingLine, find_headings
from index.formats.pdf_joining import JoinedText, join_lines
from index.formats.pdf_layout import order_lines
from index.formats.pdf_margins import drop_running_lines

_MAX_BOOKMARKS = 10_000
_MAX_OUTLINE_DEPTH = 15
_MAX_LISTED = 10
_MAX_TITLE_CHARS = 200
# What programs write for a title when the author gave none.
_NO_TITLE = re.compile(
    r"Microsoft (?:Office )?(?:Word|PowerPoint|Excel|Publisher|Visio)\b.*|untitled.*|no title|"
    r"(?:Document|Presentation|Slide|Book|文档|文稿|演示文稿|工作簿)\s*\d*|无标题.*|未命名.*|無標題.*|"
    r"PowerPoint (?:Presentation|演示文稿|簡報)|幻灯片\s*\d*|"
    r".*\.(?:docx?|wps|rtf|odt|pptx?|dps|xlsx?|et|pdf|indd|qxd|tex|dvi|html?|ps|eps|txt|cdr|ai|tmp)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class _Pages:
    """What was read of the pages; page numbers from 0."""

    lines: list[list[Line]] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)  # read by OCR
    late: list[int] = field(default_factory=list)  # that OCR had no time left for
    damaged: list[int] = field(default_factory=list)
    garbled: list[int] = field(default_factory=list)  # in part
    n_chars: int = 0


def extract_pdf(data: bytes) -> Extraction:
    """Read a PDF.

    Lines of a paragraph are joined, columns read one after the other, page numbers left out.

    :param data: The file's bytes.
    :return: The text; its places are the pages.
    :raises DocumentError: When it is no PDF, damaged, protected or too long.
    """
    with open_pdf(data) as document:
        return _extract(document)


def _extract(document: pypdfium2.PdfDocument) -> Extraction:
    n_pages = len(document)
    if n_pages == 0:
        raise DocumentError(DAMAGED)
    if n_pages > MAX_PARTS:
        raise DocumentError(f"It has {n_pages:,} pages; the limit is {MAX_PARTS:,}. Split it.")
    pages = _read_pages(document, n_pages)
    if len(pages.damaged) == n_pages:
        raise DocumentError(DAMAGED)
    lines = [line for page in drop_running_lines(pages.lines) for line in page]
    marked = find_headings(lines, list(_outline(document)))
    joined = join_lines(lines, marked)
    headings = _headings(joined, marked)
    title = _title(_decoded(lambda: document.get_metadata_value("Title")))
    return Extraction(
        joined.text,
        "utf-8",
        "application/pdf",
        title or (headings[0].title if headings else ""),
        headings,
        tuple(_places(lines, joined, n_pages)),
        tuple(_warnings(pages, n_pages)),
    )


def _read_pages(document: pypdfium2.PdfDocument, n_pages: int) -> _Pages:
    pages = _Pages()
    for number in range(n_pages):
        pages.lines.append(_read_page(document, number, pages))
    scans = [at for at in range(n_pages) if not pages.lines[at] and at not in pages.damaged]
    ocr = find_ocr() if scans else None
    for number in scans:
        if ocr and ocr.is_late():
            pages.late.append(number)
        elif ocr and (lines := _read_scan(document, number, ocr)):
            pages.lines[number] = lines
            pages.pictures.append(number)
        else:
            pages.empty.append(number)
    return pages


def _read_page(document: pypdfium2.PdfDocument, number: int, pages: _Pages) -> list[Line]:
    try:
        with open_page(document, number) as page:
            glyphs = read_glyphs(page, number, MAX_TEXT_CHARS - pages.n_chars)
    except pypdfium2.PdfiumError:
        pages.damaged.append(number)
        return []
    pages.n_chars += glyphs.n_chars
    if pages.n_chars > MAX_TEXT_CHARS:
        raise DocumentError(f"It has over {MAX_TEXT_CHARS:,} characters; split it.")
    if not glyphs.is_readable:
        return []  # as good as a picture
    if glyphs.n_unknown:
        pages.garbled.append(number)
    return order_lines(glyphs.segments)


def _read_scan(document: pypdfium2.PdfDocument, number: int, ocr: Ocr) -> list[Line]:
    page = document[number]
    try:
        return read_picture(ocr, page, number)
    finally:
        page.close()


def _outline(document: pypdfium2.PdfDocument) -> Iterator[Bookmark]:
    try:
        for bookmark in islice(document.get_toc(max_depth=_MAX_OUTLINE_DEPTH), _MAX_BOOKMARKS):
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            if page is not None and (title := _decoded(bookmark.get_title)):
                yield Bookmark(bookmark.level + 1, title, page)
    except pypdfium2.PdfiumError:
        return  # a broken outline is none


def _decoded(read: Callable[[], str]) -> str:
    try:
        return read()
    except UnicodeDecodeError:  # pypdfium2 decodes strictly what a damaged file holds
        return ""


def _headings(joined: JoinedText, marked: dict[int, HeadingLine]) -> tuple[Heading, ...]:
    headings: list[Heading] = []
    for at, line in marked.items():
        span = joined.spans[at]
        if line.goes_on and headings:
            span = Span(headings.pop().span.start, span.end)
        headings.append(Heading(line.level, " ".join(span.of(joined.text).split()), span))
    return tuple(headings)


def _title(title: str) -> str:
    words = " ".join(title.split())
    is_odd = any(not char.isprintable() or char == "\ufffd" for char in words)
    is_none = is_odd or len(words) > _MAX_TITLE_CHARS or _NO_TITLE.fullmatch(words)
    return "" if is_none else words


def _places(lines: list[Line], joined: JoinedText, n_pages: int) -> Iterator[Place]:
    at = position = 0
    for number in range(n_pages):
        start = at
        while at < len(lines) and lines[at].page == number:
            at += 1
        if at > start:
            span = Span(joined.spans[start].start, joined.spans[at - 1].end)
        else:
            span = Span(position, position)
        position = span.end
        yield Place(PlaceKind.PAGE, number + 1, span)


def _warnings(pages: _Pages, n_pages: int) -> Iterator[str]:
    hint = "." if pages.pictures or pages.late else ": a scan? Install the ocr extra."
    counted = (
        (pages.damaged, "cannot be read: damaged.", "cannot be read: damaged."),
        (
            pages.empty,
            f"has no text{hint}",
            f"have no text{hint.replace('a scan', 'scans')}",
        ),
        (
            pages.pictures,
            "was read by OCR; words may be wrong.",
            "were read by OCR; words may be wrong.",
        ),
        (
            pages.late,
            "was left out: no time left for OCR; raise YIJU_MAX_FILE_SECONDS.",
            "were left out: no time left for OCR; raise YIJU_MAX_FILE_SECONDS.",
        ),
        (
            pages.garbled,
            "has characters without a Unicode value; they were left out.",
            "have characters without a Unicode value; they were left out.",
        ),
    )
    for numbers, one, several in counted:
        if numbers:
            yield f"{_share(numbers, n_pages)} {one if len(numbers) == 1 else several}"


def _share(numbers: list[int], n_pages: int) -> str:
    """Return words such as "3 of 12 pages (2, 5, 9)"."""
    listed = ", ".join(str(number + 1) for number in numbers[:_MAX_LISTED])
    more = ", …" if len(numbers) > _MAX_LISTED else ""
    return f"{len(numbers)} of {n_pages} page{'s' * (n_pages > 1)} ({listed}{more})"
