"""Pictures: a page of a PDF → what is shown of it, as a PNG, drawn with PDFium."""

import io

import pypdfium2

from index.formats.pdf_file import open_page, open_pdf

_MAX_WIDTH = 1400  # pixels: sharp at the width of a panel, two for each of its points
_MAX_HEIGHT = 4000
_MAX_SCALE = 4.0  # pixels to a point; small pages need not be larger than life
_COMPRESSION = 1  # of zlib: at 4 a page takes a quarter longer and is hardly smaller


def draw_page(data: bytes, number: int) -> bytes:
    """Draw a page as a viewer shows it, turned and cropped.

    :param data: The file's bytes.
    :param number: The page's number, from 0.
    :return: A PNG of at most 1400 × 4000 pixels, without colours where the page has none.
    :raises DocumentError: When it is no PDF, damaged or protected, or has no such page.
    """
    with open_pdf(data) as document, open_page(document, number) as page:
        bitmap = page.render(scale=_scale(page), rev_byteorder=True)
        try:
            return _encode(bitmap)
        finally:
            bitmap.close()


def _scale(page: pypdfium2.PdfPage) -> float:
    width, height = page.get_size()
    scale = min(_MAX_WIDTH / max(width, 1.0), _MAX_HEIGHT / max(height, 1.0), _MAX_SCALE)
    return float(scale)


def _encode(bitmap: pypdfium2.PdfBitmap) -> bytes:
    pixels = bitmap.to_numpy()  # (height, width, 3) uint8
    is_grey = bool((pixels[..., :1] == pixels[..., 1:3]).all())
    picture = bitmap.to_pil().convert("L" if is_grey else "RGB")
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=_COMPRESSION)
    return out.getvalue()
