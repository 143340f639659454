import logging
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking import chunk_document
from index.datatypes import Document, Place, PlaceKind, Span
from index.sentences import split_sentences
from rag.calibration import Judged
from rag.composer import cite_places, compose_answer, page_of
from rag.datatypes import CitedPlace, Role, Status
from rag.values import Agreement
from tests.rag.samples import make_document, make_hit, make_query, make_span
from tests.strategies import documents

MINUTES = "会议纪要\r\n\r\n会议于2月5日召开，由林武主持。\r\n会期半天。"
NOTICE = "通知\n\n大会定于２月５日举行。\n会期一天。"


@dataclass
class Shelf:
    """Holds documents as a knowledge base does, with any places."""

    documents: dict[str, Document]
    generation: str = "000007"

    @classmethod
    def of(cls, *documents):
        return cls({document.doc_id: document for document in documents})

    def document(self, doc_id):
        return self.documents[doc_id]

    def collection_of(self, doc_id):
        return ""

    def modified_ns(self, doc_id):
        return None


def _document(text, source="会议.txt", **changes):
    return replace(make_document(text, source), **changes)


def _hit(document, rank=1, span=None):
    span = span or Span(0, len(document.text))
    return make_hit(span.of(document.text), base=span.start, rank=rank, doc_id=document.doc_id)


def _judge(hit, words, confidence=0.9, status=Status.ANSWERED):
    return Judged(make_span(hit, words), confidence, status)


def _compose(shelf, *judged, nearest=(), question="会议什么时候召开？"):
    return compose_answer(shelf, make_query(question), judged=judged, nearest=nearest)


def test_the_text_is_the_highlighted_words_of_the_first_citation():
    document = _document(MINUTES)

    answer = _compose(Shelf.of(document), _judge(_hit(document), "2月5日"))

    (citation,) = answer.citations
    assert answer.text == citation.highlight.of(document.text) == "2月5日"
    assert citation.quote == citation.span.of(document.text) == "会议于2月5日召开，由林武主持。"
    assert (answer.status, answer.confidence) == (Status.ANSWERED, 0.9)
    assert (citation.number, citation.role, citation.source) == (1, Role.ANSWER, "会议.txt")
    assert (citation.sha256, citation.heading) == (document.sha256, ("题",))
    assert answer.generation == "000007"


def test_a_sure_answer_needs_no_nearest_passages():
    document = _document(MINUTES)
    hit = _hit(document)

    assert _compose(Shelf.of(document), _judge(hit, "2月5日"), nearest=[hit]).nearest == ()


def test_an_uncertain_answer_comes_with_the_nearest_passages():
    document = _document(MINUTES)
    hit = _hit(document)
    judged = _judge(hit, "2月5日", 0.4, Status.UNCERTAIN)

    answer = _compose(Shelf.of(document), judged, nearest=[hit])

    assert answer.status is Status.UNCERTAIN
    assert answer.text == "2月5日"
    (near,) = answer.nearest
    assert (near.quote, near.highlight, near.role) == (document.text, None, Role.NEAREST)


def test_without_any_span_nothing_is_found_and_the_nearest_passages_are_shown():
    document = _document(MINUTES)

    answer = _compose(Shelf.of(document), nearest=[_hit(document)])

    assert answer.status is Status.NOT_FOUND
    assert (answer.text, answer.citations, answer.confidence) == ("", (), 0.0)
    assert len(answer.nearest) == 1


def test_an_improbable_span_is_not_shown_but_its_confidence_is_told():
    document = _document(MINUTES)
    hit = _hit(document)

    answer = _compose(Shelf.of(document), _judge(hit, "2月5日", 0.123456, Status.NOT_FOUND))

    assert answer.status is Status.NOT_FOUND
    assert (answer.text, answer.citations) == ("", ())
    assert answer.confidence == 0.1235


def test_another_place_that_says_the_same_in_another_spelling_is_cited_too():
    one, two = _document(MINUTES), _document(NOTICE, "通知.txt")
    judged = [_judge(_hit(one), "2月5日"), _judge(_hit(two, 2), "２月５日", 0.8)]

    answer = _compose(Shelf.of(one, two), *judged)

    assert [citation.role for citation in answer.citations] == [Role.ANSWER, Role.SAME]
    assert [citation.number for citation in answer.citations] == [1, 2]
    assert [citation.source for citation in answer.citations] == ["会议.txt", "通知.txt"]


def test_a_place_that_says_something_else_is_not_cited():
    one, two = _document(MINUTES), _document(NOTICE, "通知.txt")
    judged = [_judge(_hit(one), "半天"), _judge(_hit(two, 2), "一天", 0.8)]

    assert len(_compose(Shelf.of(one, two), *judged).citations) == 1


def test_what_agrees_by_value_is_cited_before_what_contradicts():
    one = _document(MINUTES)
    two, three = _document("会议在二月五日。", "b.txt"), _document("会议在2月6日。", "c.txt")
    judged = [
        _judge(_hit(one), "2月5日", status=Status.UNCERTAIN),
        replace(_judge(_hit(three, 2), "2月6日", 0.8), agreement=Agreement.DIFFERENT),
        replace(_judge(_hit(two, 3), "二月五日", 0.7), agreement=Agreement.SAME),
    ]

    answer = _compose(Shelf.of(one, two, three), *judged)

    assert [citation.role for citation in answer.citations] == [
        *(Role.ANSWER, Role.SAME, Role.CONFLICT)
    ]
    assert [citation.number for citation in answer.citations] == [1, 2, 3]
    assert [citation.words for citation in answer.conflicting] == ["2月6日"]
    assert answer.agreeing == 2


def test_one_place_is_cited_once():
    document = _document(MINUTES)
    judged = [_judge(_hit(document), "2月5日"), _judge(_hit(document, 2), "2月5日", 0.8)]

    assert len(_compose(Shelf.of(document), *judged).citations) == 1


def test_a_list_is_cited_item_by_item_before_other_places():
    document, other = _document("出席的有许明、林澈和沈禾。"), _document("许明也来过。", "别处.txt")
    hit = _hit(document)
    first, *others = (make_span(hit, words) for words in ("许明", "林澈", "沈禾"))
    listed = Judged(replace(first, following=tuple(others)), 0.8, Status.ANSWERED)

    answer = _compose(Shelf.of(document, other), listed, _judge(_hit(other, 2), "许明", 0.7))

    assert answer.text == "许明"
    assert answer.items == ("许明", "林澈", "沈禾")
    roles = [citation.role for citation in answer.citations]
    assert roles == [Role.ANSWER, Role.ALSO, Role.ALSO, Role.SAME]
    assert [citation.number for citation in answer.citations] == [1, 2, 3, 4]
    for citation in answer.citations[:3]:
        assert citation.quote == citation.span.of(document.text)
        assert citation.words == citation.highlight.of(document.text)


def test_a_citation_that_differs_from_its_document_is_dropped_and_logged(caplog):
    document, other = _document(MINUTES), _document(NOTICE, "通知.txt")
    changed = replace(document, text=document.text.replace("2月5日", "3月6日"))
    judged = [_judge(_hit(document), "2月5日"), _judge(_hit(other, 2), "２月５日", 0.8)]

    with caplog.at_level(logging.ERROR):
        answer = _compose(Shelf.of(changed, other), *judged)

    assert [citation.source for citation in answer.citations] == ["通知.txt"]
    assert answer.text == "２月５日"
    assert answer.citations[0].role is Role.ANSWER
    assert answer.confidence == 0.8
    assert "会议.txt" in caplog.text


def test_when_every_citation_must_be_dropped_nothing_is_found(caplog):
    document = _document(MINUTES)
    changed = replace(document, text="别的")

    answer = _compose(Shelf.of(changed), _judge(_hit(document), "2月5日"), nearest=[_hit(document)])

    assert answer.status is Status.NOT_FOUND
    assert (answer.text, answer.citations, answer.nearest) == ("", (), ())


def test_a_document_that_is_not_there_is_dropped_and_logged(caplog):
    document = _document(MINUTES)

    answer = _compose(Shelf.of(), _judge(_hit(document), "2月5日"))

    assert answer.citations == ()
    assert document.doc_id in caplog.text


@pytest.mark.parametrize(
    ("span", "sentence"),
    [
        (Span(0, 3), Span(6, 12)),
        (Span(9, 14), Span(6, 12)),
        (Span(8, 8), Span(6, 12)),
        (Span(8, 10), Span(6, 999)),
    ],
    ids=["before", "over the end", "empty", "out of the chunk"],
)
def test_words_outside_their_quote_or_chunk_are_never_shown(span, sentence):
    document = _document(MINUTES)
    wrong = replace(make_span(_hit(document), "林武"), span=span, sentence=sentence)

    answer = _compose(Shelf.of(document), Judged(wrong, 0.9, Status.ANSWERED))

    assert (answer.text, answer.citations) == ("", ())


@pytest.mark.parametrize(("words", "line"), [("会议纪要", 1), ("2月5日", 3), ("半天", 4)])
def test_the_line_counts_line_feeds_from_one(words, line):
    document = _document(MINUTES)

    (citation,) = _compose(Shelf.of(document), _judge(_hit(document), words)).citations

    assert citation.line == line


def test_the_line_is_that_of_the_words_and_not_of_the_quote():
    document = _document("会议由\n林武\n主持。")
    hit = _hit(document)
    judged = Judged(replace(make_span(hit, "林武"), sentence=Span(0, 10)), 0.9, Status.ANSWERED)

    (citation,) = _compose(Shelf.of(document), judged).citations

    assert (citation.quote, citation.line) == ("会议由\n林武\n主持。", 2)


def _parts(kind, text, *starts, name=""):
    """Cut a text into parts at the beginnings of some of its words."""
    cuts = [*(text.index(words) for words in starts), len(text)]
    return tuple(
        Place(kind, number, Span(start, end), name)
        for number, (start, end) in enumerate(pairwise(cuts), 1)
    )


@pytest.mark.parametrize(("words", "page"), [("会议纪要", 1), ("2月5日", 2), ("半天", 3)])
def test_the_page_is_the_one_that_holds_the_words(words, page):
    pages = _parts(PlaceKind.PAGE, MINUTES, "会议纪要", "会议于", "会期")
    document = _document(MINUTES, places=pages)

    (citation,) = _compose(Shelf.of(document), _judge(_hit(document), words)).citations

    assert citation.page == page
    assert citation.places == (CitedPlace(PlaceKind.PAGE, page),)


def test_words_that_run_over_two_pages_stand_where_they_begin():
    pages = _parts(PlaceKind.PAGE, MINUTES, "会议纪要", "5日召开")
    document = _document(MINUTES, places=pages)

    (citation,) = _compose(Shelf.of(document), _judge(_hit(document), "2月5日")).citations

    assert citation.page == 1


def test_the_page_is_that_of_the_words_and_not_of_the_quote():
    pages = _parts(PlaceKind.PAGE, MINUTES, "会议纪要", "林武")
    document = _document(MINUTES, places=pages)

    (citation,) = _compose(Shelf.of(document), _judge(_hit(document), "林武")).citations

    assert citation.quote.startswith("会议于")
    assert citation.page == 2


def test_a_passage_that_begins_between_two_pages_stands_on_the_next():
    start = MINUTES.index("会议于")
    first = Place(PlaceKind.PAGE, 1, Span(0, len("会议纪要")))
    scan = Place(PlaceKind.PAGE, 2, Span(start, start))
    document = _document(
        MINUTES, places=(first, scan, Place(PlaceKind.PAGE, 3, Span(start, len(MINUTES))))
    )
    hit = _hit(document, span=Span(len("会议纪要"), len(MINUTES)))

    (near,) = _compose(Shelf.of(document), nearest=[hit]).nearest

    assert near.quote.startswith("\r\n\r\n会议于")
    assert near.page == 3


def test_a_cell_is_cited_by_its_sheet_and_row_and_has_no_page():
    text = "姓名\t部门\n林武\t生产\n\n日期\n2月5日"
    rows = [Span(0, 5), Span(6, 11), Span(13, 15), Span(16, 20)]
    places = (
        Place(PlaceKind.SHEET, 1, Span(0, 11), "员工"),
        Place(PlaceKind.ROW, 1, rows[0]),
        Place(PlaceKind.ROW, 2, rows[1]),
        Place(PlaceKind.SHEET, 2, Span(13, 20), "会议"),
        Place(PlaceKind.ROW, 4, rows[2]),
        Place(PlaceKind.ROW, 5, rows[3]),
    )
    document = _document(text, "名册.txt", places=places)

    first = _compose(Shelf.of(document), _judge(_hit(document), "林武")).citations[0]
    second = _compose(Shelf.of(document), _judge(_hit(document), "2月5日")).citations[0]

    assert first.places == (CitedPlace(PlaceKind.SHEET, 1, "员工"), CitedPlace(PlaceKind.ROW, 2))
    assert second.places == (CitedPlace(PlaceKind.SHEET, 2, "会议"), CitedPlace(PlaceKind.ROW, 5))
    assert first.page is second.page is None


def test_a_format_without_places_has_none():
    document = _document(MINUTES)

    (citation,) = _compose(Shelf.of(document), _judge(_hit(document), "半天")).citations

    assert citation.page is None
    assert citation.places == ()


class _CountingPlaces(tuple):
    """Places that count how often one of them is looked at."""

    __slots__ = ()
    looks = 0

    def __getitem__(self, at):
        _CountingPlaces.looks += 1
        return super().__getitem__(at)


def test_a_row_among_a_hundred_thousand_is_found_without_looking_at_them_all():
    text = "字。\n" * 100_000
    rows = [Place(PlaceKind.ROW, at + 1, Span(3 * at, 3 * at + 2)) for at in range(100_000)]
    sheet = Place(PlaceKind.SHEET, 1, Span(0, len(text)), "数据")
    places = _CountingPlaces((sheet, *rows))
    document = _document(text, places=places)
    _CountingPlaces.looks = 0

    found = cite_places(document, rows[77_777].span)

    assert [place.number for place in found] == [1, 77_778]
    assert _CountingPlaces.looks < 100


@st.composite
def _placed_documents(draw):
    """A document of outer parts with inner ones, some without text, some characters in none."""
    places, pieces, at = [], [], 0

    def write(piece):
        nonlocal at
        pieces.append(piece)
        at += len(piece)
        return at

    for number in range(1, draw(st.integers(0, 5)) + 1):
        write("\n" * draw(st.integers(0, 2)))
        outer, start, inside = len(places), at, []
        for row in range(1, draw(st.integers(0, 4)) + 1):
            write(draw(st.sampled_from(["", "\n", "表"])))
            begun = at
            inside.append(Place(PlaceKind.ROW, row, Span(begun, write("字" * draw(_LENGTHS)))))
        write(draw(st.sampled_from(["", "尾"])))
        places.insert(outer, Place(PlaceKind.SHEET, number, Span(start, at), f"表{number}"))
        places += inside
    write("完")
    return _document("".join(pieces), places=tuple(places))


_LENGTHS = st.integers(0, 3)


@given(_placed_documents(), st.data())
def test_the_places_found_are_those_a_look_at_each_would_find(document, data):
    at = data.draw(st.sampled_from(range(len(document.text))))
    span = Span(at, len(document.text))
    word = at + len(span.of(document.text)) - len(span.of(document.text).lstrip())

    found = cite_places(document, span)

    assert found == tuple(
        CitedPlace(place.kind, place.number, place.name)
        for place in document.places
        if place.span.start <= word < place.span.end
    )
    assert page_of(found) is None


@st.composite
def _judged_documents(draw):
    """A document with spans in its chunks, good and bad."""
    document = draw(documents())
    judged = []
    for rank, chunk in enumerate(chunk_document(document, 60)[:3], 1):
        hit = make_hit(chunk.text, base=chunk.span.start, rank=rank, doc_id=document.doc_id)
        sentence = draw(st.sampled_from(split_sentences(chunk.text)))
        start = draw(st.integers(sentence.start, sentence.end))
        end = draw(st.integers(start, sentence.end))
        confidence = draw(st.floats(0, 1))
        status = Status.ANSWERED if confidence > 0.5 else Status.UNCERTAIN
        judged.append(Judged(make_span(hit, Span(start, end)), confidence, status))
    return document, sorted(judged, key=lambda entry: -entry.confidence)


@given(_judged_documents())
def test_every_citation_is_a_slice_of_its_document(case):
    document, judged = case
    nearest = [entry.span.hit for entry in judged]

    answer = _compose(Shelf.of(document), *judged, nearest=nearest)

    for citation in (*answer.citations, *answer.nearest):
        assert citation.span.of(document.text) == citation.quote != ""
        assert (
            citation.line
            == document.text[: (citation.highlight or citation.span).start].count("\n") + 1
        )
    for citation in answer.citations:
        assert citation.span.start <= citation.highlight.start
        assert citation.highlight.end <= citation.span.end
    if answer.citations:
        assert answer.text == answer.citations[0].highlight.of(document.text) != ""
    else:
        assert (answer.text, answer.status) == ("", Status.NOT_FOUND)
