"""HTML and XHTML pages: bytes → the text that a browser shows."""

from index.formats.extraction import Extraction
from index.formats.html_source import decode_html
from index.formats.html_text import read_html


def extract_html(data: bytes) -> Extraction:
    """Read a page.

    :param data: The file's bytes.
    :return: Its text with the headings h1 to h6; the title is the window's.
    :raises DocumentError: When the bytes are not text, or too much of it.
    """
    markup, encoding = decode_html(data)
    page = read_html(markup)
    warnings = []
    if not page.text:
        drawn = " It may be drawn by a script; save it as PDF." if page.has_script else ""
        warnings.append(f"It shows no text.{drawn}")
    return Extraction(
        text=page.text,
        encoding=encoding,
        media_type="text/html",
        title=page.title,
        headings=page.headings,
        warnings=tuple(warnings),
    )
