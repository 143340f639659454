import io
from functools import partial

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfbase import pdfmetrics

from index.datatypes import Span
from index.errors import DocumentError
from index.formats import pdf
from index.formats.pdf import extract_pdf
from index.formats.pdf_boxes import find_boxes
from index.formats.pdf_picture import draw_page
from tests.formats.plan import list_facts, load_plan
from tests.formats.writers import write_folder
from tests.index.formats.pdf_files import (
    HEIGHT,
    LATIN,
    LONG,
    RIVER,
    SONG,
    WIDTH,
    lines,
    make_pdf,
    together,
    true_type,
    wrap,
)
from tests.index.formats.test_pdf_planted import LAYOUTS, N_PAGES, sentences_of


@pytest.fixture(autouse=True)
def _without_ocr(monkeypatch):
    monkeypatch.setattr(pdf, "find_ocr", lambda: None)


def squeeze(text):
    return "".join(text.split())


def boxes_of(data, extraction, span):
    """Find the boxes of a span of the whole text: of each page, with its number from 0."""
    found = []
    for number, place in enumerate(extraction.places):
        here = Span(max(span.start, place.span.start), min(span.end, place.span.end))
        if here.start < here.end:
            start = place.span.start
            inside = Span(here.start - start, here.end - start)
            layout = find_boxes(data, number, place.span.of(extraction.text), [inside])
            found.append((number, layout, layout.boxes[0]))
    return found


def words_in(data, number, boxes):
    """Read what PDFium itself finds inside boxes, of a page that is neither turned nor cropped."""
    with pypdfium2.PdfDocument(data) as document:
        page = document[number]
        textpage = page.get_textpage()
        width, height = page.get_size()
        words = [
            textpage.get_text_bounded(
                box.left * width + 0.5,
                (1 - box.bottom) * height + 2,
                box.right * width - 0.5,
                (1 - box.top) * height - 2,
            )
            for box in boxes
        ]
        textpage.close()
        page.close()
    # PDFium has a code of its own for a hyphen that ends a line.
    return squeeze("".join(words)).replace("\x02", "-")


def read_back(data, extraction, span):
    return "".join(
        words_in(data, number, boxes) for number, _, boxes in boxes_of(data, extraction, span)
    )


def span_of(extraction, words):
    start = extraction.text.index(words)
    return Span(start, start + len(words))


# Every planted sentence.


@pytest.mark.parametrize(
    ("draw", "font"), LAYOUTS, ids=[f"{draw.__name__[1:]} {font}" for draw, font in LAYOUTS]
)
def test_the_boxes_of_a_planted_sentence_hold_it_and_nothing_else(draw, font):
    data = make_pdf(*(draw(font, page) for page in range(N_PAGES)))
    extraction = extract_pdf(data)

    for page in range(N_PAGES):
        for sentence in sentences_of(font, page):
            found = boxes_of(data, extraction, span_of(extraction, sentence))
            assert [number for number, *_ in found] == [page]
            read = words_in(data, page, found[0][2])
            # The hyphen of a word that a line's end divided stands in the file only.
            assert sorted(read.replace("-", "")) == sorted(squeeze(sentence).replace("-", ""))


def test_the_boxes_of_every_planted_fact_hold_its_sentence(tmp_path):
    files = [file for file in load_plan() if file.format == "pdf"]
    write_folder(tmp_path, files)

    for file in files:
        data = (tmp_path / file.path).read_bytes()
        extraction = extract_pdf(data)
        for fact in list_facts(file):
            span = span_of(extraction, fact.sentence)
            assert read_back(data, extraction, span) == squeeze(fact.sentence), file.path


# What is shown of a page.


def ink(data):
    """Return where a page's picture is dark, (height, width)."""
    picture = np.asarray(Image.open(io.BytesIO(draw_page(data, 0))).convert("L"))
    return picture < 140


def shown_as(data, *, turns, cropped):
    """Turn and crop a page, without touching what stands on it."""
    with pypdfium2.PdfDocument(data) as document:
        page = document[0]
        if cropped:
            page.set_cropbox(40, 500, WIDTH - 30, HEIGHT - 20)
        page.set_rotation(90 * turns)
        out = io.BytesIO()
        page.close()
        document.save(out)
    return out.getvalue()


def _rows(canvas, is_marked):
    """Draw two rows of which the first's end and the second's beginning are the marked words."""
    for y, parts in (
        (700, [("The keeper wrote down ", False), ("that the lamp was", True)]),
        (680, [("lit at dusk", True), (" and went to bed.", False)]),
    ):
        x = 60
        for words, marked in parts:
            canvas.setFont(LATIN, 14)
            canvas.setFillGray(1 if marked and not is_marked else 0)
            canvas.drawString(x, y, words)
            x += pdfmetrics.stringWidth(words, LATIN, 14)


@pytest.mark.parametrize("cropped", [False, True], ids=["whole", "cropped"])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_boxes_enclose_the_ink_of_the_words_on_the_picture(turns, cropped):
    with_words, without = (
        shown_as(make_pdf(partial(_rows, is_marked=marked)), turns=turns, cropped=cropped)
        for marked in (True, False)
    )
    extraction = extract_pdf(with_words)
    span = span_of(extraction, "that the lamp was lit at dusk")

    ((_, layout, boxes),) = boxes_of(with_words, extraction, span)

    others = ink(without)
    ours = ink(with_words) & ~others
    height, width = ours.shape
    assert abs(layout.width / layout.height - width / height) < 0.01
    inside = np.zeros_like(ours)
    for box in boxes:
        rows = slice(round(box.top * height), round(box.bottom * height))
        columns = slice(round(box.left * width), round(box.right * width))
        inside[rows, columns] = True
        assert ours[rows, columns].any()
    assert len(boxes) == 2
    assert ours.any()
    assert not (ours & ~inside).any()
    assert not (others & inside).any()


# Where text and page are not the same characters.


def test_a_word_divided_over_two_lines_has_two_boxes():
    data = make_pdf(lines("It is an Unab-", "hängigkeitserklärung of old.", font=LATIN))
    extraction = extract_pdf(data)

    ((_, _, boxes),) = boxes_of(data, extraction, span_of(extraction, "Unabhängigkeitserklärung"))

    assert [words_in(data, 0, [box]) for box in boxes] == ["Unab", "hängigkeitserklärung"]


def test_a_real_hyphen_at_a_line_end_is_boxed():
    data = make_pdf(lines("The committee spoke of COVID-", "19 at length.", font=LATIN))
    extraction = extract_pdf(data)

    assert read_back(data, extraction, span_of(extraction, "COVID-19")) == "COVID-19"


def test_a_sentence_over_a_page_end_is_boxed_on_both_pages():
    rows = wrap(LONG, 400)
    data = make_pdf(lines(*rows[:2], y=120), lines(*rows[2:]))
    extraction = extract_pdf(data)

    found = boxes_of(data, extraction, span_of(extraction, LONG))

    assert [words_in(data, number, boxes) for number, _, boxes in found] == [
        squeeze("".join(rows[:2])),
        squeeze("".join(rows[2:])),
    ]


def test_letters_of_a_ligature_share_its_box():
    data = make_pdf(lines("The oﬃce ﬁled it.", font=true_type()))
    extraction = extract_pdf(data)
    start = extraction.text.index("office")

    whole, one = (
        boxes_of(data, extraction, span)[0][2][0]
        for span in (Span(start + 1, start + 4), Span(start + 2, start + 3))
    )

    assert extraction.text == "The office filed it."
    assert one == whole


def test_running_titles_that_were_left_out_are_not_taken_for_the_words():
    title = "清溪县年鉴"
    pages = [
        together(lines(title, y=815, size=9), lines(f"{title}第{number}卷记载如下。", y=700))
        for number in range(1, 6)
    ]
    data = make_pdf(*pages)
    extraction = extract_pdf(data)
    span = span_of(extraction, f"{title}第4卷")

    ((number, _, boxes),) = boxes_of(data, extraction, span)

    assert number == 3
    assert min(box.top for box in boxes) > 0.1
    assert words_in(data, 3, boxes) == f"{title}第4卷"


def test_a_heading_alike_to_the_running_title_is_the_one_that_is_boxed():
    pages = [
        together(
            lines("Annals", y=818, font=LATIN),
            lines(f"Volume {number} tells of mills.", y=600, font=LATIN),
        )
        for number in range(5)
    ]
    pages[2] = together(pages[2], lines("Annals", y=760, font=LATIN))
    data = make_pdf(*pages)
    extraction = extract_pdf(data)
    text = extraction.places[2].span.of(extraction.text)

    layout = find_boxes(data, 2, text, [Span(text.index("Annals"), text.index("Annals") + 6)])

    assert text.count("Annals") == 1
    assert layout.boxes[0][0].top > 0.04


@pytest.mark.parametrize("text", ["别的内容。", "第一页", "第一页。第二页。"])
def test_of_a_text_that_is_not_the_pages_there_are_no_boxes(text):
    layout = find_boxes(make_pdf(lines("第一页。")), 0, text, [Span(0, 2)])

    assert layout.boxes == ((),)
    assert (round(layout.width), round(layout.height)) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("span", [Span(0, 0), Span(3, 3), Span(50, 60)])
def test_a_span_of_nothing_has_no_boxes(span):
    assert find_boxes(make_pdf(lines("第一页。")), 0, "第一页。", [span]).boxes == ((),)


@pytest.mark.parametrize("work", [draw_page, partial(find_boxes, text="", spans=[])])
def test_a_page_that_is_not_there_is_refused(work):
    with pytest.raises(DocumentError):
        work(make_pdf(lines("第一页。")), number=1)


@pytest.mark.parametrize("size", [(14_400, 14_400), (14_400, 3), (3, 14_400), (5, 5)])
def test_a_picture_is_bounded_whatever_the_pages_size(size):
    data = make_pdf(lines("字", x=1, y=1, size=2), size=size)

    picture = Image.open(io.BytesIO(draw_page(data, 0)))

    assert max(picture.size[0] / 1400, picture.size[1] / 4000) <= 1


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
def test_every_character_of_any_arrangement_is_traced_to_its_page(pages):
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

    data = make_pdf(*map(page, pages))
    extraction = extract_pdf(data)

    for number, place in enumerate(extraction.places):
        text = place.span.of(extraction.text)
        spans = [Span(at, at + 1) for at, char in enumerate(text) if not char.isspace()]
        layout = find_boxes(data, number, text, spans)
        assert all(len(boxes) <= 1 for boxes in layout.boxes)
        assert all(layout.boxes) or any("-" in words for words, *_ in pages[number])
