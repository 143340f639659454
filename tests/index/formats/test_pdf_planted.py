"""Sentences planted in files of every layout are found whole, on their page, at exact offsets."""

import pytest

from index.formats import pdf
from index.formats.pdf import extract_pdf
from index.sentences import split_sentences
from tests.index.formats.pdf_files import (
    LATIN,
    LONG,
    MILL,
    RIVER,
    SONG,
    check_laws,
    interleaved,
    lines,
    make_pdf,
    together,
    wrap,
)

N_PAGES = 6
_PLACES = ("青石桥", "白沙渡", "柳树湾", "石门坎", "望江亭", "杏花村")
_NAMES = ("Alder", "Birch", "Cedar", "Damson", "Elm", "Fir")


def sentences_of(font: str, page: int) -> list[str]:
    if font == SONG:
        place = _PLACES[page]
        return [
            f"{place}水文站在{1950 + page}年测得的最高水位为{page + 3}.27米，当时河堤尚未加固。",
            f"{place}的渡船由第{page + 2}生产队看管，每逢赶集日从早上七点开到天黑。",
        ]
    name = _NAMES[page]
    return [
        f"The {name} bridge was closed for {page + 11} days while its eastern arch was rebuilt.",
        f"At {name} the ferry is kept by a family that has lived there since {1790 + page}.",
    ]


def _filled(font: str, page: int) -> tuple[str, str]:
    first, second = sentences_of(font, page)
    before, after, between = (LONG, LONG, "") if font == SONG else (RIVER, MILL, " ")
    return between.join((before, first, after)), between.join((after, second, before))


def _plain(font, page):
    return together(
        lines(*wrap(_filled(font, page)[0], 420, font), font=font),
        lines(*wrap(_filled(font, page)[1], 420, font), font=font, y=500),
    )


def _indented(font, page):
    indent = "\u3000\u3000" if font == SONG else "      "
    rows = [row for text in _filled(font, page) for row in wrap(indent + text, 420, font)]
    return lines(*rows, font=font)


def _columns(font, page):
    left, right = (wrap(text, 205, font, 10) for text in _filled(font, page))
    how = {"font": font, "size": 10, "leading": 13}
    return together(lines(*left, x=60, **how), lines(*right, x=285, **how))


def _columns_by_row(font, page):
    rows = [wrap(text, 205, font, 10) for text in _filled(font, page)]
    return interleaved(*rows, xs=(60, 285), font=font, size=10, leading=13)


def _framed(font, page):
    return together(
        lines(
            "Annals of the county" if font == LATIN else "县志资料汇编", y=812, size=9, font=font
        ),
        _plain(font, page),
        lines(f"- {page + 1} -", x=290, y=30, size=9, font=LATIN),
    )


def _cells(font, page):
    return together(
        *(
            together(
                lines(str(row + 1), x=60, y=740 - 300 * row, font=LATIN),
                lines(*wrap(text, 300, font, 10), x=150, y=740 - 300 * row, font=font, size=10,
                      leading=14),
            )
            for row, text in enumerate(_filled(font, page))
        )
    )  # fmt: skip


def _turned(font, page):
    def draw(canvas):
        canvas.saveState()
        canvas.rotate(90)
        canvas.translate(0, -842)
        _plain(font, page)(canvas)
        canvas.restoreState()

    return draw


def _vertical(font, page):
    def draw(canvas):
        canvas.setFont(SONG, 12)
        text = "".join(sentences_of(SONG, page))
        for at, char in enumerate(text):
            canvas.drawString(500 - 20 * (at // 20), 760 - 13 * (at % 20), char)

    return draw


LAYOUTS = [
    *((draw, font) for draw in (_plain, _indented, _columns, _columns_by_row, _framed, _cells)
      for font in (SONG, LATIN)),
    (_turned, LATIN), (_turned, SONG), (_vertical, SONG),
]  # fmt: skip


@pytest.mark.parametrize(
    ("draw", "font"), LAYOUTS, ids=[f"{draw.__name__[1:]} {font}" for draw, font in LAYOUTS]
)
def test_planted_sentences_are_found_on_their_page(draw, font, monkeypatch):
    monkeypatch.setattr(pdf, "find_ocr", lambda: None)

    extraction = extract_pdf(make_pdf(*(draw(font, page) for page in range(N_PAGES))))

    check_laws(extraction)
    found = {span.of(extraction.text) for span in split_sentences(extraction.text)}
    for page in range(N_PAGES):
        for sentence in sentences_of(font, page):
            assert sentence in found
            assert sentence in extraction.places[page].span.of(extraction.text)


@pytest.mark.parametrize("font", [SONG, LATIN])
@pytest.mark.parametrize("has_margins", [False, True], ids=["bare", "with margins"])
def test_sentences_over_page_ends_are_found_wherever_the_page_ends(font, has_margins, monkeypatch):
    monkeypatch.setattr(pdf, "find_ocr", lambda: None)
    between = "" if font == SONG else " "
    text = between.join(_filled(font, page)[0] for page in range(N_PAGES))
    rows = wrap(text, 420, font)
    for n_rows in range(3, 9):
        pages = [lines(*rows[at : at + n_rows], font=font) for at in range(0, len(rows), n_rows)]
        if has_margins:
            pages = [
                together(
                    page,
                    lines(f"Page {number} of {len(pages)}", y=30, size=8, font=LATIN),
                    lines("Annals", y=815, size=8, font=LATIN),
                )
                for number, page in enumerate(pages, 1)
            ]

        extraction = extract_pdf(make_pdf(*pages))

        check_laws(extraction)
        for page in range(N_PAGES):
            assert sentences_of(font, page)[0] in extraction.text
