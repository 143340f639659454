"""PDF files: bytes → an open file of PDFium and its pages, one at a time.

PDFium must not be called from two threads at once, so whoever has a file open has it alone.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2
from pypdfium2 import raw as pdfium

from index.errors import DocumentError

_LOCK = threading.Lock()
_PASSWORD = "It is protected by a password; save a copy without one."
DAMAGED = "It is damaged or not a PDF; open it and save or print it to PDF anew."


@contextmanager
def open_pdf(data: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """Open a file.

    :param data: The file's bytes.
    :return: A context with the open file; other threads wait until it ends.
    :raises DocumentError: When it is no PDF, damaged or protected.
    """
    with _LOCK:
        try:
            with pypdfium2.PdfDocument(data) as document:
                yield document
        except pypdfium2.PdfiumError as exc:
            is_locked = exc.err_code == pdfium.FPDF_ERR_PASSWORD
            is_foreign = exc.err_code == pdfium.FPDF_ERR_SECURITY
            raise DocumentError(_PASSWORD if is_locked or is_foreign else DAMAGED) from exc


@contextmanager
def open_page(document: pypdfium2.PdfDocument, number: int) -> Iterator[pypdfium2.PdfPage]:
    """Open a page, with what was filled into a form on it.

    :param document: The open file.
    :param number: The page's number, from 0.
    :return: A context with the page.
    :raises pypdfium2.PdfiumError: When PDFium cannot read the page.
    """
    if document.get_formtype() != pdfium.FORMTYPE_NONE:
        _flatten(document, number)
    page = document[number]
    try:
        yield page
    finally:
        page.close()


def _flatten(document: pypdfium2.PdfDocument, number: int) -> None:
    """Make what was filled in a part of the page, as PDFium will load it next."""
    page = document[number]
    try:
        if pdfium.FPDFPage_GetAnnotCount(page.raw) > 0:
            pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)
    finally:
        page.close()
