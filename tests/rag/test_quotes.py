import time

from hypothesis import assume, given
from hypothesis import strategies as st

from index.datatypes import Span
from rag.quotes import (
    CONTEXT_CHARS,
    QuoteAnchor,
    anchor_quote,
    find_closest,
    find_quote,
    match_in_place,
)
from tests.strategies import mixed_texts

TEXT = "甲方付款。收到货物之后付款。乙方付款。验收合格之后付款。"


def _at(text, words, nth=0):
    start = -1
    for _ in range(nth + 1):
        start = text.index(words, start + 1)
    return Span(start, start + len(words))


@st.composite
def texts_with_spans(draw):
    text = draw(mixed_texts().filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    return text, Span(start, draw(st.integers(start + 1, len(text))))


@given(texts_with_spans())
def test_an_anchor_is_found_again_where_it_was(at):
    text, span = at
    anchor = anchor_quote(text, span)

    for match in (find_quote(text, anchor), match_in_place(text, anchor)):
        assert match.span == span
        assert match.is_whole
        assert match.context == anchor.prefix + anchor.suffix


@given(texts_with_spans(), mixed_texts(), mixed_texts())
def test_what_is_found_is_the_quote_wherever_the_rest_was_edited(at, before, after):
    text, span = at
    anchor = anchor_quote(text, span)
    edited = before + span.of(text) + after

    match = find_quote(edited, anchor)

    assert match.span.of(edited) == anchor.quote
    assert match.is_whole == (len(match.context) == len(anchor.prefix) + len(anchor.suffix))


@given(texts_with_spans(), mixed_texts())
def test_a_quote_is_found_in_any_text_that_has_it_and_in_no_other(at, other):
    text, span = at
    anchor = anchor_quote(text, span)

    assert (find_quote(other, anchor) is not None) == (anchor.quote in other)


@given(texts_with_spans(), mixed_texts(), st.data())
def test_a_closest_passage_is_a_slice_of_the_text(at, other, data):
    text, span = at
    assume(span.of(text) not in other)

    closest = find_closest(other, anchor_quote(text, span))

    assert closest is None or 0 <= closest.start < closest.end <= len(other)


def test_an_anchor_holds_what_stands_around_the_quote_and_no_more():
    text = "前" * 50 + "原话" + "后" * 5

    anchor = anchor_quote(text, Span(50, 52))

    assert anchor == QuoteAnchor("原话", "前" * CONTEXT_CHARS, "后" * 5, 50)


def test_of_several_places_the_one_with_the_same_surroundings_is_found():
    anchor = anchor_quote(TEXT, _at(TEXT, "之后付款。", 1))
    edited = "验收合格之后付款。" + TEXT[: TEXT.index("验收")] + "质检合格之后付款。"

    match = find_quote(edited, anchor)

    assert match.span == _at(edited, "之后付款。", 0)
    assert not match.is_whole
    assert match.context == "验收合格"


def test_of_places_that_are_alike_the_closest_to_the_old_one_is_found():
    text = "款项付清。" * 100
    anchor = QuoteAnchor("款项付清。", "", "", 252)

    assert find_quote(text, anchor).span.start == 250


def test_a_quote_that_moved_far_in_a_text_full_of_it_is_found_by_its_surroundings():
    text = "是的。" * 300_000 + "问他去不去，是的。他说完就走了。" + "是的。" * 300_000
    small = "他问：问他去不去，是的。他说完就走了。"
    anchor = QuoteAnchor("是的。", "问他去不去，", "他说完就走了。", small.index("是的"))

    assert find_quote(text, anchor).span.start == text.index("问他去不去，") + 6


def test_the_sentence_that_replaced_a_quote_is_closest_to_it():
    text = "会议于二月召开。大会定于2月6日上午在三楼礼堂召开。会后参观。"
    anchor = QuoteAnchor("大会定于2月5日下午在三楼礼堂召开。", "", "", 9)

    assert find_closest(text, anchor).of(text) == "大会定于2月6日上午在三楼礼堂召开。"


def test_nothing_is_closest_to_a_quote_about_something_else():
    anchor = QuoteAnchor("大会定于2月5日下午在三楼礼堂召开。", "", "", 0)

    assert find_closest("The rope is inspected. 每人最多借书十册。", anchor) is None
    assert find_closest("", anchor) is None


def test_texts_made_to_be_slow_are_searched_in_time():
    # str.rfind would take the product of the two lengths, hours.
    text = "a" * 5_000_000
    anchor = QuoteAnchor("a" + "b" + "a" * 500_000, "a" * 32, "a" * 32, 4_000_000)
    started = time.monotonic()

    assert find_quote(text, anchor) is None
    assert find_quote(text, QuoteAnchor("a", "b" * 32, "b" * 32, 2_000_000)).span.start == 2_000_000
    assert time.monotonic() - started < 20
