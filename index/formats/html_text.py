"""HTML text: markup → the words a browser shows, in order, with headings.

Everything that is shown is kept, menus and footers too: what frames the text of one page (a date,
a licence, a footnote) is what is asked for on another.
"""

from dataclasses import dataclass

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from index.datatypes import Heading
from index.formats.html_page import Page
from index.formats.html_source import prepare_markup
from index.formats.text_builder import clean_text, one_line


@dataclass(frozen=True, slots=True)
class HtmlText:
    """What a page shows."""

    text: str
    title: str  # of its window
    headings: tuple[Heading, ...]
    has_script: bool  # which may draw what is not here


def read_html(markup: str, *, is_xml: bool = False) -> HtmlText:
    """Read a page.

    :param markup: The page as decoded.
    :param is_xml: Read it as XHTML even when it does not begin as such.
    :return: Its text.
    :raises DocumentError: When it has too much text.
    """
    # Without events: they copy options to where a browser shows them, and have crashed.
    parser = LexborHTMLParser(
        prepare_markup(markup, is_xml=is_xml), options=LexborDocumentOptions.WO_EVENTS
    )
    page = Page()
    if parser.root is not None:
        _walk(parser.root, page)
    text = page.text()
    title = parser.css_first("head > title")
    return HtmlText(
        text=text,
        title=one_line(clean_text(title.text())) if title else "",
        headings=page.headings(),
        has_script=parser.css_first("script") is not None,
    )


def _walk(root: LexborNode, page: Page) -> None:
    """Visit every element in order, without recursion."""
    opened: list[tuple[LexborNode, str]] = []
    node: LexborNode | None = root
    while node is not None:
        tag = node.tag or "-"
        if tag == "-text":
            page.add(node.text_content or "")
        elif not tag.startswith("-") and page.open(node, tag):
            child = node.first_child
            if child is not None:
                opened.append((node, tag))
                node = child
                continue
            page.close(tag)
        following = node.next
        while following is None and opened:
            node, tag = opened.pop()
            page.close(tag)
            following = node.next
        node = following
