import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import DocumentError
from index.formats import pdf
from index.formats.pdf import extract_pdf
from tests.index.formats.pdf_files import (
    HEIGHT,
    LATIN,
    LONG,
    RIVER,
    SONG,
    check_laws,
    lines,
    make_pdf,
    page_texts,
    together,
    wrap,
)


@pytest.fixture(autouse=True)
def _without_ocr(monkeypatch):
    monkeypatch.setattr(pdf, "find_ocr", lambda: None)


# Pages.


def _report(n_pages: int) -> list[str]:
    return [
        f"第{number}个村庄的粮仓存有{number * 317}石稻谷，由保管员逐袋清点。"
        for number in range(n_pages)
    ]


def test_pages_are_places_with_their_text():
    sentences = _report(3)

    extraction = extract_pdf(make_pdf(*(lines(sentence) for sentence in sentences)))

    assert page_texts(extraction) == sentences
    check_laws(extraction)


def test_a_sentence_over_a_page_end_is_whole_and_parted_between_the_pages():
    rows = wrap(LONG, 400)

    extraction = extract_pdf(make_pdf(lines(*rows[:2], y=120), lines(*rows[2:])))

    assert extraction.text == LONG
    assert page_texts(extraction) == ["".join(rows[:2]), "".join(rows[2:])]


def test_a_word_divided_at_a_page_end_is_made_whole():
    first, second = lines("The harbour commit-", font=LATIN), lines("tee met twice.", font=LATIN)

    extraction = extract_pdf(make_pdf(first, second))

    assert extraction.text == "The harbour committee met twice."
    assert page_texts(extraction) == ["The harbour commit", "tee met twice."]


def test_page_numbers_and_running_titles_do_not_stand_within_sentences():
    rows = wrap(LONG * 3, 400)
    cuts = [rows[at : at + 2] for at in range(0, len(rows), 2)]
    pages = [
        together(
            lines("清溪县年鉴", x=250, y=815, size=9),
            lines(*cut, y=700 if number else 740),
            lines(f"第 {number + 5} 页 共 20 页", x=260, y=30, size=9),
        )
        for number, cut in enumerate(cuts)
    ]

    extraction = extract_pdf(make_pdf(*pages))

    assert extraction.text == f"清溪县年鉴\n\n{LONG * 3}"
    check_laws(extraction)


def test_a_running_title_that_stands_on_the_cover_is_not_repeated():
    pages = [together(lines("清溪县年鉴", y=815), lines(s)) for s in _report(4)]

    text = extract_pdf(make_pdf(lines("清溪县年鉴", y=500, size=30), *pages)).text

    assert text.count("清溪县年鉴") == 1


def test_a_number_at_the_edge_that_does_not_follow_the_pages_stays():
    amounts = ["4711", "82", "1234"]
    pages = [together(lines(LONG[:20]), lines(amount, y=40)) for amount in amounts]

    text = extract_pdf(make_pdf(*pages)).text

    assert all(amount in text for amount in amounts)


def test_a_line_on_two_pages_only_is_kept_on_both():
    pages = [together(lines("清溪县年鉴", y=815), lines(s, y=600)) for s in _report(2)]

    assert extract_pdf(make_pdf(*pages)).text.count("清溪县年鉴") == 2


def test_pages_without_text_have_empty_spans_and_a_warning():
    blank = lines()

    extraction = extract_pdf(make_pdf(blank, lines("第二页有字。"), blank))

    assert page_texts(extraction) == ["", "第二页有字。", ""]
    assert extraction.warnings == (
        "2 of 3 pages (1, 3) have no text: scans? Install the ocr extra.",
    )


def test_at_most_ten_empty_pages_are_named():
    extraction = extract_pdf(make_pdf(*[lines()] * 12))

    assert extraction.text == ""
    assert "12 of 12 pages (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …)" in extraction.warnings[0]


def test_what_was_filled_into_a_form_is_read():
    def draw(canvas):
        lines("Name of the keeper:", font=LATIN)(canvas)
        canvas.acroForm.textfield(name="keeper", value="Agatha Brook", x=220, y=750, width=200)

    text = extract_pdf(make_pdf(draw)).text

    assert "Name of the keeper:" in text
    assert "Agatha Brook" in text


# Headings and title.


def _with_headings(*, is_marked: bool):
    def draw(canvas):
        rows = wrap(LONG, 400)
        for at, title in enumerate(("第一章 总则", "第二章 职责")):
            y = 780 - 300 * at
            lines(title, y=y, size=12 if is_marked else 18)(canvas)
            lines(*rows, y=y - 40)(canvas)
            if is_marked:
                canvas.bookmarkPage(str(at))
                canvas.addOutlineEntry(title, str(at), level=at)

    return draw


def test_larger_lines_are_headings():
    extraction = extract_pdf(make_pdf(_with_headings(is_marked=False)))

    assert [(h.level, h.title) for h in extraction.headings] == [
        (1, "第一章 总则"),
        (1, "第二章 职责"),
    ]
    assert extraction.title == "第一章 总则"
    check_laws(extraction)


def test_the_outline_gives_headings_where_its_titles_stand():
    extraction = extract_pdf(make_pdf(_with_headings(is_marked=True)))

    assert [(h.level, h.title) for h in extraction.headings] == [
        (1, "第一章 总则"),
        (2, "第二章 职责"),
    ]
    assert extraction.text.count("\n\n") == 3
    check_laws(extraction)


def test_a_heading_of_two_lines_is_one_heading():
    drawn = together(
        lines(
            "On the keeping of boats",
            "in the winter months",
            y=780,
            size=20,
            leading=26,
            font=LATIN,
        ),
        lines(*wrap(RIVER, 300, LATIN), y=680, font=LATIN),
    )

    assert [h.title for h in extract_pdf(make_pdf(drawn)).headings] == [
        "On the keeping of boats in the winter months"
    ]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("清溪县年鉴", "清溪县年鉴"),
        ("Microsoft Word - 年鉴.doc", ""),
        ("untitled", ""),
        ("年鉴终稿.docx", ""),
        ("Document1", ""),
        ("无标题", ""),
    ],
)
def test_the_title_is_the_authors_not_the_programs(title, expected):
    assert extract_pdf(make_pdf(lines("正文。"), title=title)).title == expected


# Files that cannot be read.


def test_a_password_is_said_to_be_the_reason():
    data = make_pdf(lines("秘密。"), password="secret")

    with pytest.raises(DocumentError, match="It is protected by a password; save a copy"):
        extract_pdf(data)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\x00" * 100, "正文".encode()])
def test_what_is_no_pdf_is_refused(data):
    with pytest.raises(DocumentError, match="It is damaged or not a PDF"):
        extract_pdf(data)


def _sample() -> bytes:
    return make_pdf(
        together(_with_headings(is_marked=True), lines("A line.", y=60, font=LATIN)),
        lines("第二页。"),
        title="样本",
    )


def test_every_prefix_of_a_file_is_read_or_refused():
    data = _sample()
    outcomes = {"read": 0, "refused": 0}
    for cut in range(0, len(data), max(1, len(data) // 200)):
        try:
            check_laws(extract_pdf(data[:cut]))
            outcomes["read"] += 1
        except DocumentError:
            outcomes["refused"] += 1

    assert sum(outcomes.values()) >= 200


def test_altered_bytes_are_read_or_refused():
    data = _sample()
    chance = random.Random(11)
    for _ in range(300):
        altered = bytearray(data)
        for _ in range(chance.choice([1, 3, 20])):
            altered[chance.randrange(len(data))] = chance.randrange(256)
        try:
            check_laws(extract_pdf(bytes(altered)))
        except DocumentError:
            continue


def test_a_file_with_too_many_pages_or_characters_is_refused(monkeypatch):
    monkeypatch.setattr(pdf, "MAX_PARTS", 1)
    with pytest.raises(DocumentError, match="It has 2 pages; the limit is 1"):
        extract_pdf(_sample())
    monkeypatch.undo()
    monkeypatch.setattr(pdf, "MAX_TEXT_CHARS", 10)
    with pytest.raises(DocumentError, match="It has over 10 characters; split it"):
        extract_pdf(_sample())


# All together.


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from([LONG[:30], RIVER[:40], "12", "a-", "第一章", "x y", "。"]),
                st.integers(20, 500),
                st.integers(20, int(HEIGHT) - 20),
                st.sampled_from([6, 10, 18]),
                st.sampled_from([0, 90, 45]),
            ),
            max_size=12,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_arrangement_of_words_keeps_the_laws(pages):
    def page(items):
        def draw(canvas):
            for words, x, y, size, angle in items:
                canvas.saveState()
                canvas.translate(x, y)
                canvas.rotate(angle)
                font = SONG if words[0] > "\u2fff" else LATIN
                lines(words, x=0, y=0, font=font, size=size)(canvas)
                canvas.restoreState()

        return draw

    extraction = extract_pdf(make_pdf(*map(page, pages)))

    check_laws(extraction)
    assert len(extraction.places) == len(pages)
