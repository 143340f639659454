import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import PlaceKind, Span
from rag.datatypes import (
    Answer,
    Citation,
    CitedPlace,
    DateOrigin,
    Role,
    Status,
)
from tests.strategies import any_texts

CITATION_KEYS = [
    *("number", "role", "source", "title", "quote", "span", "highlight", "line", "page", "places"),
    *("heading", "sha256", "collection", "date", "date_origin", "copies"),
]
ANSWER_KEYS = (
    "question interpreted text status confidence generation citations nearest unsearched".split()  # noqa: SIM905
)


def _spans():
    return st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda at: Span(min(at), max(at)))


def _places():
    place = st.builds(CitedPlace, st.sampled_from(PlaceKind), st.integers(1, 9), any_texts())
    return st.lists(place, max_size=2).map(tuple)


def _citations():
    return st.builds(
        Citation,
        number=st.integers(1, 9),
        role=st.sampled_from(Role),
        source=any_texts(),
        title=any_texts(),
        quote=any_texts(),
        span=_spans(),
        highlight=st.none() | _spans(),
        line=st.integers(1, 9),
        page=st.none() | st.integers(1, 9),
        heading=st.lists(any_texts(), max_size=2).map(tuple),
        sha256=st.just("ab" * 32),
        places=_places(),
    )


def _answers():
    citations = st.lists(_citations(), max_size=2).map(tuple)
    return st.builds(
        Answer,
        question=any_texts(),
        interpreted=any_texts(),
        text=any_texts(),
        status=st.sampled_from(Status),
        confidence=st.floats(0, 1),
        generation=st.just("000001"),
        citations=citations,
        nearest=citations,
    )


@given(_answers())
def test_an_answer_as_json_has_the_published_shape_and_comes_back_equal(answer):
    body = answer.to_dict()

    assert list(body) == ANSWER_KEYS
    for citation in (*body["citations"], *body["nearest"]):
        assert list(citation) == CITATION_KEYS
        assert all(list(place) == ["kind", "number", "name"] for place in citation["places"])
    assert json.loads(json.dumps(body)) == body
    assert body["question"] == answer.question


def test_a_citation_as_json_holds_its_values():
    citation = Citation(
        number=2,
        role=Role.SAME,
        source="会议/纪要.txt",
        title="纪要",
        quote="会议于2月5日召开。",
        span=Span(10, 20),
        highlight=Span(13, 17),
        line=3,
        page=None,
        heading=("纪要", "一、时间"),
        sha256="ab" * 32,
        places=(CitedPlace(PlaceKind.SHEET, 2, "员工"), CitedPlace(PlaceKind.ROW, 5)),
        date="2024-03",
        date_origin=DateOrigin.TITLE,
    )

    assert citation.to_dict() == {
        "number": 2,
        "role": "same",
        "source": "会议/纪要.txt",
        "title": "纪要",
        "quote": "会议于2月5日召开。",
        "span": {"start": 10, "end": 20},
        "highlight": {"start": 13, "end": 17},
        "line": 3,
        "page": None,
        "places": [
            {"kind": "sheet", "number": 2, "name": "员工"},
            {"kind": "row", "number": 5, "name": ""},
        ],
        "heading": ["纪要", "一、时间"],
        "sha256": "ab" * 32,
        "collection": "",
        "date": "2024-03",
        "date_origin": "title",
        "copies": [],
    }


def test_the_highlight_of_a_nearest_citation_is_null():
    citation = Citation(1, Role.NEAREST, "a", "a", "字", Span(0, 1), None, 1, 4, (), "ab" * 32)

    assert citation.to_dict()["highlight"] is None
    assert citation.to_dict()["page"] == 4
    assert citation.to_dict()["places"] == []


def test_the_values_of_enumerations_are_part_of_the_contract():
    assert list(Status) == ["answered", "uncertain", "not_found"]
    assert list(Role) == ["answer", "same", "also", "conflict", "nearest"]
    assert list(DateOrigin) == ["heading", "title", "name", "text", "file", ""]
    assert list(PlaceKind) == ["page", "slide", "sheet", "row", "record"]


@given(_citations())
def test_a_citation_cannot_be_changed(citation):
    with pytest.raises(dataclasses.FrozenInstanceError):
        citation.quote = "other"
