"""PDF frames: what the worker is asked about a PDF's page → the message that answers it."""

from collections.abc import Sequence
from dataclasses import astuple

from index.datatypes import Span
from index.formats.frames import Frame
from index.formats.pdf_boxes import find_boxes
from index.formats.pdf_picture import draw_page


def frame_picture(data: bytes, number: int) -> Frame:
    """Draw a page (:func:`index.formats.pdf_picture.draw_page`)."""
    return Frame({}, draw_page(data, number))


def frame_boxes(data: bytes, number: int, text: str, spans: Sequence[Sequence[int]]) -> Frame:
    """Find boxes (:func:`index.formats.pdf_boxes.find_boxes`)."""
    layout = find_boxes(data, number, text, [Span(start, end) for start, end in spans])
    boxes = [[astuple(box) for box in found] for found in layout.boxes]
    return Frame({"width": layout.width, "height": layout.height, "boxes": boxes})
