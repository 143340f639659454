import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from tests.webui.samples import Page
from webui.messages import texts_for
from webui.rendering import (
    escape,
    language_of,
    render_header,
    render_marked,
    render_suggestions,
)

ZH = texts_for("zh-Hans")
any_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(any_text)
def test_escaped_text_reads_as_the_text(text):
    assert Page(f"<p>{escape(text)}</p>").text == text


@given(any_text)
def test_escaped_text_survives_in_an_attribute(text):
    assert Page(f'<p title="{escape(text)}"></p>').find("p")[0][1]["title"] == text


def test_carriage_returns_are_written_as_references_because_browsers_drop_them():
    assert escape("a\r\nb") == "a&#13;\nb"


def test_what_html_cannot_hold_becomes_a_replacement_character():
    assert escape("a\0b\ud800c") == "a\ufffdb\ufffdc"


@given(any_text, any_text, any_text, st.integers(0, 10**6))
def test_marked_quote_reads_as_the_quote_and_the_mark_as_the_words(before, words, after, origin):
    start = origin + len(before)
    markup = render_marked(before + words + after, origin, Span(start, start + len(words)))
    page = Page(f"<p>{markup}</p>")
    assert page.text == before + words + after
    assert page.texts("mark") == [words]


def test_quote_without_highlight_is_not_marked():
    assert render_marked("a<b", 7, None) == "a&lt;b"


def test_suggestions_are_waited_for_and_then_shown():
    assert ZH.suggestions_pending in render_suggestions(None, ZH)
    assert ZH.suggestions_none in render_suggestions((), ZH)
    assert Page(render_suggestions(("甲？",), ZH)).texts("button", data_event="ask") == ["甲？"]


def test_header_offers_every_language_and_tells_which_is_shown():
    buttons = Page(render_header(ZH)).find("button")
    pressed = {attributes["data-code"]: attributes["aria-pressed"] for _, attributes, _ in buttons}
    assert pressed == {"zh-Hans": "true", "zh-Hant": "false", "en": "false"}


@pytest.mark.parametrize(
    ("text", "language"),
    [("会议", "zh"), ("会議のお知らせ", "ja"), ("안녕 漢字", "ko"), ("meeting", ""), ("", "")],
)
def test_language_of_a_quote_is_guessed_from_its_script(text, language):
    assert language_of(text) == language
