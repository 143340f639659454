import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from webui import source_window
from webui.source_window import WHOLE_CHARS, show_after, show_around, show_before

LINES = "".join(f"第{number}行的内容在这里\n" for number in range(20_000))


def test_a_short_document_is_shown_whole():
    assert show_around("字" * WHOLE_CHARS, Span(9, 10)) == Span(0, WHOLE_CHARS)


@pytest.mark.parametrize("at", [0, 1, len(LINES) // 2, len(LINES) - 1])
def test_of_a_long_document_whole_lines_around_the_place_are_shown(at):
    shown = show_around(LINES, Span(at, at + 1))
    assert shown.start <= at < shown.end
    assert len(shown) < WHOLE_CHARS
    assert shown.start == 0 or LINES[shown.start - 1] == "\n"
    assert LINES[shown.end - 1] == "\n"


def test_a_place_longer_than_what_is_shown_begins_in_it():
    shown = show_around("字" * 500_000, Span(200_000, 400_000))
    assert shown.start <= 200_000 < shown.end
    assert len(shown) < WHOLE_CHARS


@given(st.text(st.sampled_from("字字字字\n"), min_size=300, max_size=800), st.data())
def test_going_up_and_down_shows_every_character_once(text, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_window, "WHOLE_CHARS", 100)
        patch.setattr(source_window, "_AROUND_CHARS", 40)
        at = data.draw(st.integers(0, len(text) - 1))
        shown = show_around(text, Span(at, at + 1))
        assert shown.start <= at < shown.end
        parts = [shown]
        while parts[0].start > 0:
            parts.insert(0, show_before(text, parts[0]))
            assert 0 < len(parts[0]) <= 80
        while parts[-1].end < len(text):
            parts.append(show_after(text, parts[-1]))
            assert 0 < len(parts[-1]) <= 80
        assert "".join(part.of(text) for part in parts) == text
