"""PDF files for the tests, made with reportlab, and the laws that their extractions keep."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from index.datatypes import PlaceKind
from index.formats.extraction import Extraction

SONG = "STSong-Light"  # a Chinese font that every reader of PDFs brings; it is not embedded
LATIN = "Helvetica"
WIDTH, HEIGHT = 595, 842  # A4, points
_TRUE_TYPE = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
    "C:/Windows/Fonts/arial.ttf",
)
_CJK_FILES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/simsun.ttc",
)
LONG = (
    "本办法自二〇二四年三月一日起施行，由市档案馆负责解释。各单位应当在每年六月底以前把上一年度的"
    "文书档案整理完毕，并向市档案馆报送目录；逾期未报的，由主管部门责令限期改正。"
)
RIVER = (
    "The river gauge at Lowbridge rose by forty centimetres during the night of the storm and fell "
    "again before noon, as the keeper had expected when he opened the upper gate."
)
MILL = (
    "The mill wheel was taken out in the spring, cleaned by two apprentices from the village and "
    "put back with new bearings that the smith had forged from old ploughshares."
)


pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def make_pdf(
    *pages: Callable[[Canvas], None],
    title: str = "",
    password: str = "",
    size: tuple[float, float] = (WIDTH, HEIGHT),
) -> bytes:
    """Make a file of pages, each drawn by a function."""
    encryption = StandardEncryption(password, "owner", strength=128) if password else None
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, encrypt=encryption, invariant=1)
    if title:
        canvas.setTitle(title)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(
    *words: str,
    x: float = 60,
    y: float = 760,
    font: str = SONG,
    size: float = 12,
    leading: float = 18,
) -> Callable[[Canvas], None]:
    """Draw lines one below the other, the first at a height."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, size)
        for at, line in enumerate(words):
            canvas.drawString(x, y - at * leading, line)

    return draw


def together(*parts: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    """Draw several things on one page, in this order."""

    def draw(canvas: Canvas) -> None:
        for part in parts:
            part(canvas)

    return draw


def interleaved(*columns: list[str], xs: tuple[float, ...], **how) -> Callable[[Canvas], None]:
    """Draw columns row by row, as programs do that sort what they print by height."""
    y, leading = how.pop("y", 760), how.pop("leading", 18)
    return together(
        *(
            lines(column[at], x=x, y=y - at * leading, **how)
            for at in range(max(map(len, columns)))
            for column, x in zip(columns, xs, strict=True)
            if at < len(column)
        )
    )


def wrap(text: str, width: float, font: str = SONG, size: float = 12) -> list[str]:
    """Cut a text into lines as a word processor does: at words, Chinese anywhere."""
    rows, row = [], ""
    for piece in text if font == SONG else [f"{word} " for word in text.split(" ")]:
        if row and pdfmetrics.stringWidth((row + piece).rstrip(), font, size) > width:
            rows.append(row.rstrip())
            row = ""
        row += piece
    return [*rows, row.rstrip()]


def true_type() -> str:
    """Register a font with Latin, Greek, Cyrillic (and perhaps Hebrew) that is embedded."""
    for path in _TRUE_TYPE:
        if Path(path).is_file():
            pdfmetrics.registerFont(TTFont("Embedded", path))
            return "Embedded"
    pytest.skip("no TrueType font is installed")


def embedded_cjk() -> str:
    """Register a Chinese font that is embedded."""
    for path in _CJK_FILES:
        if Path(path).is_file():
            try:
                pdfmetrics.registerFont(TTFont("EmbeddedCJK", path))
            except TTFError:
                continue  # reportlab embeds no PostScript outlines
            return "EmbeddedCJK"
    pytest.skip("no Chinese TrueType font is installed (fonts-wqy-zenhei)")


def picture(words: list[str], *, size: int = 48) -> Image.Image:
    """Paint lines of Chinese as a scanner would see them, 300 dots an inch."""
    path = next((path for path in _CJK_FILES if Path(path).is_file()), None)
    if path is None:
        pytest.skip("no Chinese font is installed (fonts-noto-cjk)")
    image = Image.new("L", (1800, 160 + 90 * len(words)), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(path, size)
    for at, line in enumerate(words):
        draw.text((120, 80 + 90 * at), line, fill=0, font=font)
    return image


def scan(image: Image.Image) -> Callable[[Canvas], None]:
    """Put a picture over the page's width."""

    def draw(canvas: Canvas) -> None:
        width = WIDTH - 60
        height = width * image.height / image.width
        canvas.drawImage(ImageReader(image), 30, HEIGHT - 60 - height, width, height)

    return draw


def page_texts(extraction: Extraction) -> list[str]:
    return [place.span.of(extraction.text) for place in extraction.places]


def check_laws(extraction: Extraction) -> None:
    text, position = extraction.text, 0
    for number, place in enumerate(extraction.places, 1):
        assert (place.kind, place.number) == (PlaceKind.PAGE, number)
        assert position <= place.span.start <= place.span.end <= len(text)
        position = place.span.end
    starts = [heading.span.start for heading in extraction.headings]
    assert starts == sorted(starts)
    for heading in extraction.headings:
        assert 1 <= heading.level <= 6
        assert heading.title == " ".join(heading.span.of(text).split()) != ""
    outside = [char for char in _between(extraction) if not char.isspace()]
    assert outside == [], "every character is on a page"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\ufffd-\uffff\ud800-\udfff]", text)


def _between(extraction: Extraction) -> str:
    text, position, rest = extraction.text, 0, ""
    for place in extraction.places:
        rest += text[position : place.span.start]
        position = place.span.end
    return rest + text[position:]
