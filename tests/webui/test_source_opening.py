from dataclasses import replace

import pytest

from index.datatypes import Heading, Place, PlaceKind, Span
from rag.datatypes import CitedPlace, Status
from rag.quotes import QuoteAnchor
from tests.webui.samples import make_answer, make_citation, make_document, make_sheet
from webui.datatypes import Reference, Shelf, Turn
from webui.source_link import Link, link_citation
from webui.source_opening import find_linked_place, find_place, find_shelf, read_reference
from webui.source_view import Note


def edited(text, **kwargs):
    return replace(make_document(text, **kwargs), sha256="cd" * 32)


# A citation of an answer.


def test_a_citation_of_the_same_bytes_is_as_it_was():
    document = make_document("甲乙丙。")
    citation = make_citation(document, Span(0, 4), Span(1, 2))
    place = find_place(citation, document)
    assert place.citation is citation
    assert place.note is None


def test_a_quote_that_moved_is_found_again_nearest_to_where_it_was():
    before = make_document("开头。甲乙丙。\n中间。\n甲乙丙。")
    start = before.text.rindex("甲乙丙")
    citation = make_citation(before, Span(start, start + 4), Span(start + 1, start + 2))
    now = edited("开头。甲乙丙。\n中间多了一行。\n新的。\n甲乙丙。")
    place = find_place(citation, now)
    assert place.note is Note.MOVED
    assert place.citation.span.start == now.text.rindex("甲乙丙")
    assert place.citation.line == 4
    assert place.citation.highlight.of(now.text) == "乙"
    assert place.citation.sha256 == now.sha256


def test_a_quote_that_stands_where_it_did_is_not_said_to_have_moved():
    citation = make_citation(make_document("甲乙丙。尾"), Span(0, 4), Span(1, 2))
    place = find_place(citation, edited("甲乙丙。别的尾"))
    assert place.note is None
    assert place.citation.sha256 == "cd" * 32


def test_of_a_quote_that_was_edited_the_closest_sentence_is_shown_and_said_to_be():
    before = make_document("前文在此。\n粮仓存有三百石稻谷，由保管员清点。\n后文在此。")
    start = before.text.index("粮仓")
    citation = make_citation(before, Span(start, start + 17), Span(start + 4, start + 7))
    place = find_place(
        citation, edited("前文在此。\n粮仓存有五百石稻谷，由保管员清点。\n后文在此。")
    )
    assert place.note is Note.CLOSEST
    assert place.citation.quote == "粮仓存有五百石稻谷，由保管员清点。"
    assert place.citation.highlight is None


def test_a_quote_that_is_gone_leaves_the_document_without_marks():
    citation = make_citation(make_document("甲乙丙。"), Span(0, 4), Span(0, 1))
    place = find_place(citation, edited("别的内容。"))
    assert (place.citation, place.note) == (None, Note.CHANGED)


def test_a_cell_that_moved_is_given_its_new_row():
    before = make_sheet("姓名,部门", "林武,生产")
    start = before.text.index("林武")
    citation = make_citation(before, Span(start, start + 2))
    now = replace(make_sheet("姓名,部门", "沈知白,文化", "林武,生产"), sha256="cd" * 32)
    place = find_place(citation, now)
    assert place.note is Note.MOVED
    assert place.citation.places == (
        CitedPlace(PlaceKind.SHEET, 1, "员工"),
        CitedPlace(PlaceKind.ROW, 3),
    )


def test_a_page_and_heading_that_moved_are_the_new_ones():
    before = make_document("一。\n二。", places=(Place(PlaceKind.PAGE, 1, Span(0, 5)),))
    citation = make_citation(before, Span(3, 5))
    pages = (Place(PlaceKind.PAGE, 1, Span(0, 3)), Place(PlaceKind.PAGE, 2, Span(4, 9)))
    headings = (Heading(1, "一。", Span(0, 2)), Heading(2, "新的。", Span(3, 6)))
    now = replace(edited("一。\n新的。\n二。", places=pages), headings=headings)
    place = find_place(citation, now)
    assert (citation.page, place.citation.page) == (1, 2)
    assert place.citation.heading == ("一。", "新的。")


# A link.


def test_a_link_to_the_same_bytes_leads_to_its_own_place_among_equal_ones():
    document = make_document("甲乙。前甲乙。前甲乙。")
    citation = make_citation(document, Span(8, 11), Span(8, 9))
    place = find_linked_place(link_citation(citation, document), document)
    assert (place.citation.span, place.citation.highlight) == (Span(8, 11), Span(8, 9))
    assert place.note is None


def test_a_link_survives_edits_by_what_stands_around_the_quote():
    before = make_document("甲组甲乙丙。乙组甲乙丙。")
    citation = make_citation(before, Span(8, 12), Span(8, 9))
    link = link_citation(citation, before)
    now = edited("新写的开头，比原来长得多，所以位置都变了。甲组甲乙丙。乙组甲乙丙。")
    place = find_linked_place(link, now)
    assert place.note is Note.MOVED
    assert place.citation.span.start == now.text.rindex("甲乙丙")
    assert place.citation.words == "甲"


def test_a_link_whose_words_are_gone_says_so():
    link = Link("报告.txt", "ab" * 8, QuoteAnchor("甲乙丙。", "", "", 0), Span(0, 1))
    assert find_linked_place(link, edited("别的内容。")).note is Note.CHANGED


def test_a_link_to_a_document_as_a_whole_marks_nothing():
    place = find_linked_place(Link("报告.txt"), make_document("甲。"), is_renamed=True)
    assert (place.citation, place.note) == (None, Note.RENAMED)


@pytest.mark.parametrize("start", [0, 3, 10**15])
def test_a_link_with_any_position_marks_the_words(start):
    document = make_document("前文。甲乙丙。")
    link = Link("报告.txt", document.sha256, QuoteAnchor("甲乙丙。", "", "", start))
    assert find_linked_place(link, document).citation.span == Span(3, 7)


# References.


@pytest.mark.parametrize(
    "data",
    [
        *(None, 7, "x", [], {}, {"turn": "0"}, {"turn": "0", "shelf": "citations"}),
        {"turn": "x", "shelf": "citations", "index": "0"},
        {"turn": "0", "shelf": "attic", "index": "0"},
        {"turn": None, "shelf": "nearest", "index": "0"},
    ],
)
def test_malformed_reference_is_none(data):
    assert read_reference(data) is None


def test_reference_is_looked_up_in_its_own_conversation():
    document = make_document("甲。乙。")
    cited = make_citation(document, Span(0, 2), Span(0, 1))
    near = make_citation(document, Span(2, 4))
    answer = make_answer(cited, status=Status.UNCERTAIN, nearest=[near])
    turns = [Turn("?", answer), Turn("?")]
    read = read_reference({"turn": "0", "shelf": "nearest", "index": "0", "event": "open"})
    assert find_shelf(turns, read) == (near,)
    assert find_shelf(turns, Reference(0, Shelf.CITATIONS, 0)) == (cited,)


@pytest.mark.parametrize(
    "reference",
    [
        None,
        Reference(0, Shelf.CITATIONS, 1),
        Reference(0, Shelf.CITATIONS, -1),
        Reference(-1, Shelf.CITATIONS, 0),
        Reference(1, Shelf.CITATIONS, 0),
        Reference(2, Shelf.CITATIONS, 0),
    ],
)
def test_unknown_reference_finds_nothing(reference):
    document = make_document("甲。")
    turns = [Turn("?", make_answer(make_citation(document, Span(0, 2), Span(0, 1)))), Turn("?")]
    assert find_shelf(turns, reference) == ()
