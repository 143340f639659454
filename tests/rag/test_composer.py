import logging
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking import chunk_document
from index.datatypes import Document, Span
from index.sentences import split_sentences
from rag.calibration import Judged
from rag.composer import compose_answer
from rag.datatypes import Role, Status
from tests.rag.samples import make_document, make_hit, make_query, make_span
from tests.strategies import documents

MINUTES = "会议纪要\r\n\r\n会议于2月5日召开，由林武主持。\r\n会期半天。"
NOTICE = "通知\n\n大会定于２月５日举行。\n会期一天。"


@dataclass
class Shelf:
    """Holds documents as a knowledge base does, for those no loader can make yet: with pages."""

    documents: dict[str, Document]
    manifest: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(generation="000007"))

    @classmethod
    def of(cls, *documents):
        return cls({document.doc_id: document for document in documents})

    def document(self, doc_id):
        return self.documents[doc_id]


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


def test_one_place_is_cited_once():
    document = _document(MINUTES)
    judged = [_judge(_hit(document), "2月5日"), _judge(_hit(document, 2), "2月5日", 0.8)]

    assert len(_compose(Shelf.of(document), *judged).citations) == 1


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


@pytest.mark.parametrize(("words", "page"), [("会议纪要", 1), ("2月5日", 2), ("半天", 3)])
def test_the_page_is_the_one_that_holds_the_words(words, page):
    text = MINUTES
    cuts = [0, text.index("会议于"), text.index("会期"), len(text)]
    pages = tuple(Span(start, end) for start, end in pairwise(cuts))
    document = _document(text, pages=pages)

    (citation,) = _compose(Shelf.of(document), _judge(_hit(document), words)).citations

    assert citation.page == page


def test_a_format_without_pages_has_none():
    document = _document(MINUTES)

    (citation,) = _compose(Shelf.of(document), _judge(_hit(document), "半天")).citations

    assert citation.page is None


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
