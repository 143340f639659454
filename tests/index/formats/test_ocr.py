"""Pages that are pictures, read by the system's Tesseract."""

import time

import pytest

from index.formats import ocr, pdf
from index.formats.ocr import find_ocr
from index.formats.pdf import extract_pdf
from tests.index.formats.pdf_files import lines, make_pdf, picture, scan

_SCANNED = ["会议于二月五日下午在县图书馆召开，", "主持人是李明。"]
_LATIN = "The lighthouse was painted in 1931."


@pytest.fixture
def _tesseract():
    if find_ocr() is None:
        pytest.skip("tesseract with chi_sim and eng is not installed (tesseract-ocr-chi-sim)")


def _squeeze(text: str) -> str:
    return "".join(text.split())


@pytest.mark.usefixtures("_tesseract")
def test_a_scanned_page_is_read_and_said_to_be():
    data = make_pdf(lines("封面。"), scan(picture([*_SCANNED, "", _LATIN])), lines("封底。"))

    extraction = extract_pdf(data)

    page = extraction.places[1].span.of(extraction.text)
    assert "会议于二月五日下午在县图书馆召开，主持人是李明。" in _squeeze(page)
    assert _LATIN in page
    assert extraction.warnings == ("1 of 3 pages (2) was read by OCR; words may be wrong.",)


@pytest.mark.usefixtures("_tesseract")
def test_an_empty_page_stays_empty():
    extraction = extract_pdf(make_pdf(lines()))

    assert extraction.text == ""
    assert len(extraction.places[0].span) == 0
    assert "has no text" in extraction.warnings[0]


@pytest.mark.usefixtures("_tesseract")
def test_pages_that_there_is_no_time_for_are_named(monkeypatch):
    found = find_ocr()
    late = ocr.Ocr(found.program, found.languages, time.monotonic() - 1)
    monkeypatch.setattr(pdf, "find_ocr", lambda: late)

    extraction = extract_pdf(make_pdf(scan(picture(_SCANNED)), scan(picture(_SCANNED))))

    assert extraction.text == ""
    assert extraction.warnings == (
        "2 of 2 pages (1, 2) were left out: no time left for OCR; raise YIJU_MAX_FILE_SECONDS.",
    )


@pytest.mark.usefixtures("_tesseract")
def test_a_language_that_is_not_there_means_no_ocr(monkeypatch):
    monkeypatch.setenv("YIJU_OCR_LANGUAGES", "eng+tlh")

    assert find_ocr() is None


@pytest.mark.usefixtures("_tesseract")
def test_the_languages_can_be_chosen(monkeypatch):
    monkeypatch.setenv("YIJU_OCR_LANGUAGES", "eng")

    assert find_ocr().languages == "eng"
    assert _LATIN in extract_pdf(make_pdf(scan(picture([_LATIN])))).text


@pytest.mark.parametrize("languages", ["eng; rm", "--help", "../eng", "a" * 300])
def test_odd_language_names_are_never_passed_on(languages, monkeypatch):
    monkeypatch.setenv("YIJU_OCR_LANGUAGES", languages)

    assert find_ocr() is None


def test_without_the_program_a_scan_is_only_reported(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    extraction = extract_pdf(make_pdf(scan(picture(_SCANNED))))

    assert extraction.text == ""
    assert extraction.warnings == ("1 of 1 page (1) has no text: a scan? Install the ocr extra.",)
