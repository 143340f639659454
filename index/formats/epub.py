"""EPUB books: the chapters in reading order, with their headings."""

from dataclasses import replace

from index.datatypes import Heading, Span
from index.errors import DocumentError
from index.formats.epub_package import Book, EpubPackage, Part
from index.formats.epub_toc import read_toc
from index.formats.extraction import Extraction
from index.formats.html_source import decode_html
from index.formats.html_text import HtmlText, read_html
from index.formats.text_builder import PARAGRAPH, TextBuilder

_MARKUP = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"}
_MAX_NAMED = 5
_NOTHING = HtmlText("", "", (), has_script=False)


def extract_epub(data: bytes) -> Extraction:
    """Read a book.

    :param data: The file's bytes.
    :return: Its text. The headings of its chapters begin at level 2, below the book's title; a
        part without any has the title that the table of contents gives it.
    :raises DocumentError: When it is no book, is protected, or unpacks to too much.
    """
    package = EpubPackage(data)
    book = package.book()
    toc = read_toc(package, book)
    builder = TextBuilder()
    headings: list[Heading] = []
    damaged: list[str] = []
    n_empty = 0
    for part in book.parts:
        try:
            page = _read_part(package, part)
        except DocumentError:
            damaged.append(part.path)
            if len(damaged) == len(book.parts):
                raise
            continue
        if not page.text:
            n_empty += 1
            continue
        start = builder.add(page.text, PARAGRAPH).start
        entry = toc.get(part.path)
        if entry and not page.headings:
            # Where the part begins, when its first line is another one.
            end = start + len(entry.title) * (page.text.partition("\n")[0] == entry.title)
            headings.append(Heading(entry.level + 1, entry.title, Span(start, end)))
        headings += (
            Heading(x.level + 1, x.title, Span(start + x.span.start, start + x.span.end))
            for x in page.headings
        )
    extraction = builder.extraction(
        "application/epub+zip", book.title, _warnings(book, damaged, n_empty)
    )
    return replace(extraction, headings=tuple(headings))


def _read_part(package: EpubPackage, part: Part) -> HtmlText:
    if part.media_type not in _MARKUP:
        return _NOTHING
    return read_html(decode_html(package.read(part.path))[0], is_xml=True)


def _warnings(book: Book, damaged: list[str], n_empty: int) -> list[str]:
    warnings = []
    n_parts = len(book.parts)
    if damaged:
        names = ", ".join(ascii(path) for path in damaged[:_MAX_NAMED])
        more = " and others" if len(damaged) > _MAX_NAMED else ""
        warnings.append(f"{len(damaged)} of {n_parts} parts cannot be read: {names}{more}.")
    # A cover is a picture in most books; one in a book of pictures is not.
    if n_empty and (book.is_fixed or 2 * n_empty > n_parts or n_empty == n_parts):
        warnings.append(f"{n_empty} of {n_parts} parts have no text: are they pictures?")
    if not n_parts:
        warnings.append("It names no parts to read.")
    return warnings
