import pytest

from index.formats import pdf
from index.formats.pdf import extract_pdf
from tests.index.formats.pdf_files import (
    LATIN,
    LONG,
    MILL,
    RIVER,
    SONG,
    embedded_cjk,
    interleaved,
    lines,
    make_pdf,
    together,
    true_type,
    wrap,
)


@pytest.fixture(autouse=True)
def _without_ocr(monkeypatch):
    monkeypatch.setattr(pdf, "find_ocr", lambda: None)


# Lines and paragraphs.


def test_chinese_lines_are_joined_without_a_space():
    extraction = extract_pdf(make_pdf(lines(*wrap(LONG, 400))))

    assert extraction.text == LONG


def test_latin_lines_are_joined_with_a_space():
    extraction = extract_pdf(make_pdf(lines(*wrap(RIVER, 300, LATIN), font=LATIN)))

    assert extraction.text == RIVER


def test_an_embedded_chinese_font_gives_the_same_text():
    extraction = extract_pdf(make_pdf(lines(*wrap(LONG, 400), font=embedded_cjk())))

    assert extraction.text == LONG


def test_chinese_and_latin_in_two_fonts_stay_one_line():
    parts = [("版本号为", SONG), (" v2.14", LATIN), ("，由", SONG), (" OpenStack ", LATIN)]
    parts.append(("社区发布。", SONG))

    def draw(canvas):
        text = canvas.beginText(60, 760)
        for words, font in parts:
            text.setFont(font, 12)
            text.textOut(words)
        canvas.drawText(text)

    assert extract_pdf(make_pdf(draw)).text == "版本号为 v2.14，由 OpenStack 社区发布。"


def test_a_divided_word_is_made_whole_and_a_real_hyphen_stays():
    drawn = lines(
        *("The annual re-", "port on COVID-", "19 names a well-", "known physi-"),
        *("cian and the Anglo-", "Saxon word list."),
        font=LATIN,
    )

    assert extract_pdf(make_pdf(drawn)).text == (
        "The annual report on COVID-19 names a well-known physician and the Anglo-Saxon word list."
    )


def test_the_documents_own_spelling_decides_about_a_hyphen():
    drawn = lines(
        *("A steam-boat and a motorcar were seen. The steam-", "boat was faster than the motor-"),
        "car on that day.",
        font=LATIN,
    )

    text = extract_pdf(make_pdf(drawn)).text

    assert "The steam-boat was faster than the motorcar on" in text


def test_soft_hyphens_and_ligatures_become_what_a_reader_sees():
    drawn = lines(
        "Das Schiff\u00adfahrts\u00ad", "amt liegt im o\ufb03ziellen Hafen.", font=true_type()
    )

    assert extract_pdf(make_pdf(drawn)).text == "Das Schifffahrtsamt liegt im offiziellen Hafen."


def test_an_indented_line_begins_a_paragraph():
    rows = wrap("\u3000\u3000" + LONG, 400) + wrap("\u3000\u3000" + LONG[::-1], 400)

    extraction = extract_pdf(make_pdf(lines(*rows)))

    assert extraction.text == f"{LONG}\n\n{LONG[::-1]}"


@pytest.mark.parametrize(
    ("font", "upper", "lower", "text"),
    [
        (SONG, "桥成之日，四乡百姓焚香相", "庆。", "桥成之日，四乡百姓焚香相庆。"),
        (LATIN, "The mayor opened", "it.", "The mayor opened it."),
    ],
    ids=["chinese", "latin"],
)
def test_a_last_line_may_be_shorter_than_the_indent_of_the_first(font, upper, lower, text):
    drawn = together(lines(upper, x=84, font=font), lines(lower, x=60, y=742, font=font))

    assert extract_pdf(make_pdf(drawn)).text == text


def test_a_short_line_ends_its_paragraph():
    rows = [*wrap(RIVER, 300, LATIN), *wrap(MILL, 300, LATIN)]

    assert extract_pdf(make_pdf(lines(*rows, font=LATIN))).text == f"{RIVER}\n{MILL}"


def test_items_of_a_list_stay_apart():
    items = [
        f"{number}. The {name} is kept in the cellar."
        for number, name in enumerate(("barrel", "basket", "bottle"), 1)
    ]

    assert extract_pdf(make_pdf(lines(*items, font=LATIN))).text == "\n".join(items)


def test_widely_spaced_chinese_gets_no_spaces():
    def draw(canvas):
        text = canvas.beginText(60, 760)
        text.setFont(SONG, 12)
        text.setCharSpace(4)
        text.textLine("会议于二月五日召开")
        canvas.drawText(text)

    assert extract_pdf(make_pdf(draw)).text == "会议于二月五日召开"


def test_a_gap_in_chinese_is_a_space():
    def draw(canvas):
        canvas.setFont(SONG, 12)
        canvas.drawString(60, 760, "第一章")
        canvas.drawString(60 + 36 + 4, 760, "河流")

    assert extract_pdf(make_pdf(draw)).text == "第一章 河流"


def test_lines_of_a_table_of_contents_stay_apart():
    rows = [
        f"{number}. {name} {'. ' * 40}{number}" for number, name in ((1, "Boats"), (2, "Mills"))
    ]

    assert extract_pdf(make_pdf(lines(*rows, font=LATIN))).text == "\n".join(rows)


# Columns, tables, directions.


@pytest.mark.parametrize("is_interleaved", [False, True], ids=["by column", "by row"])
@pytest.mark.parametrize("font", [LATIN, SONG])
def test_columns_are_read_one_after_the_other(font, is_interleaved):
    texts = [RIVER, MILL] if font == LATIN else [LONG, LONG[::-1]]
    left, right = (wrap(text, 200, font, 10) for text in texts)
    how = {"font": font, "size": 10, "leading": 13}
    body = (
        interleaved(left, right, xs=(60, 275), y=700, **how)
        if is_interleaved
        else together(lines(*right, x=275, y=700, **how), lines(*left, x=60, y=700, **how))
    )
    title = lines("The valley in the year of the flood", y=760, size=20, font=LATIN)

    text = extract_pdf(make_pdf(together(title, body))).text

    assert texts[0] in text
    assert text.index("The valley") < text.index(texts[0]) < text.index(texts[1][:10])


def test_three_columns_under_a_full_line_are_read_in_order():
    texts = [RIVER, MILL, RIVER.replace("river", "brook")]
    columns = [wrap(text, 140, LATIN, 9) for text in texts]
    full = lines(
        "A line over the whole page that says what the three columns below hold, and why",
        y=760,
        font=LATIN,
    )
    body = interleaved(*columns, xs=(60, 220, 380), y=720, leading=12, font=LATIN, size=9)

    text = extract_pdf(make_pdf(together(full, body))).text

    assert [text.find(words) for words in texts] == sorted(text.index(words) for words in texts)


def test_a_table_is_read_row_by_row():
    rows = [("站名", "水位", "时间"), ("青石桥", "3.42", "8时"), ("白沙渡", "2.95", "9时")]
    drawn = [
        lines(cell, x=60 + 150 * column, y=760 - 20 * row)
        for column in range(3)
        for row, cell in enumerate(cells[column] for cells in rows)
    ]

    assert extract_pdf(make_pdf(together(*drawn))).text == "\n".join("\t".join(r) for r in rows)


def test_a_cell_of_several_lines_stays_together():
    cell = wrap(LONG, 250)
    drawn = together(
        lines("第一条", x=60, y=760),
        lines(*cell, x=200, y=760),
        lines("第二条", x=60, y=560),
        lines(*wrap(LONG[::-1], 250), x=200, y=560),
    )

    text = extract_pdf(make_pdf(drawn)).text

    assert LONG in text
    assert LONG[::-1] in text
    assert text.index("第一条") < text.index(LONG) < text.index("第二条")


def test_a_cell_in_the_middle_of_its_row_is_not_run_into_the_next():
    drawn = together(
        lines("青石桥", x=60, y=742),
        lines(*wrap(LONG[:60], 250), x=200, y=760),
    )

    assert extract_pdf(make_pdf(drawn)).text.splitlines() == ["青石桥", "", LONG[:60]]


def test_vertical_chinese_is_read_from_the_right():
    def draw(canvas):
        canvas.setFont(SONG, 12)
        for x, words in ((500, "会议于二月五日下午召开主"), (478, "持人是李明。")):
            for at, char in enumerate(words):
                canvas.drawString(x, 760 - 14 * at, char)

    assert extract_pdf(make_pdf(draw)).text == "会议于二月五日下午召开主持人是李明。"


def test_a_turned_page_reads_as_an_upright_one():
    def draw(canvas):
        canvas.rotate(90)
        lines(*wrap(RIVER, 300, LATIN), x=100, y=-200, font=LATIN)(canvas)

    assert extract_pdf(make_pdf(draw)).text == RIVER


def test_hebrew_is_in_its_logical_order():
    font = true_type()
    drawn = lines("םולש םלועל", "תירבע הרוש", font=font)

    text = extract_pdf(make_pdf(drawn)).text

    assert "לעולם שלום" in text
    assert "שורה עברית" in text
