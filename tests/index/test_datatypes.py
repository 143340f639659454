import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from tests.strategies import mixed_texts


@given(mixed_texts(), st.data())
def test_a_span_gives_as_many_characters_as_it_is_long(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    span = Span(start, end)

    assert len(span.of(text)) == len(span) == end - start
    assert text[:start] + span.of(text) + text[end:] == text


def test_spans_sort_by_start_then_by_end():
    assert sorted([Span(2, 3), Span(1, 9), Span(1, 2)]) == [Span(1, 2), Span(1, 9), Span(2, 3)]


def test_a_span_cannot_be_changed():
    with pytest.raises(AttributeError):
        Span(0, 1).start = 5
