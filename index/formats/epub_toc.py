"""EPUB table of contents: the old (NCX) or the new one (nav) → titles of the book's parts."""

from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from index.errors import DocumentError
from index.formats.epub_package import Book, EpubPackage, parse_elements, resolve, words_of
from index.formats.html_source import decode_html, prepare_markup
from index.formats.text_builder import clean_text, one_line


class TocEntry(NamedTuple):
    """A line of the table of contents."""

    path: str  # of the part it leads to
    level: int  # from 1
    title: str


def read_toc(package: EpubPackage, book: Book) -> dict[str, TocEntry]:
    """Read a book's table of contents; a damaged one counts as none.

    :param package: The book's package.
    :param book: What it says of the book.
    :return: The first entry that leads to each part, by the part's path.
    """
    entries: dict[str, TocEntry] = {}
    for read, path in ((_read_nav, book.nav), (_read_ncx, book.ncx)):
        try:
            found = list(read(path, package.read(path))) if path else []
        except DocumentError:
            found = []
        for entry in found:
            if entry.title:
                entries.setdefault(entry.path, entry)
    return entries


def _read_ncx(path: str, data: bytes) -> Iterator[TocEntry]:
    opened: list[int] = []  # depths of the points that an element is in
    title = ""
    for element in parse_elements(data):
        if element.name == "navPoint":
            while opened and opened[-1] >= element.depth:
                opened.pop()
            opened.append(element.depth)
        elif element.name == "text":
            title = words_of(element)
        elif element.name == "content" and opened:
            yield TocEntry(resolve(path, element.attributes.get("src", "")), len(opened), title)


def _read_nav(path: str, data: bytes) -> Iterator[TocEntry]:
    markup = prepare_markup(decode_html(data)[0], is_xml=True)
    parser = LexborHTMLParser(markup, options=LexborDocumentOptions.WO_EVENTS)
    for nav in parser.css("nav"):
        if "toc" in (nav.attributes.get("epub:type") or "").split():
            for link in nav.css("a"):
                target = resolve(path, link.attributes.get("href") or "")
                yield TocEntry(target, _level(link), one_line(clean_text(link.text())))


def _level(node: LexborNode) -> int:
    level = 0
    parent = node.parent
    while parent is not None:
        level += parent.tag == "ol"
        parent = parent.parent
    return max(level, 1)
