import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from index.sentences import split_sentences, strip_span
from rag.reader import trim_span
from rag.selection import select_spans
from tests.rag.samples import make_hit, make_span
from tests.strategies import file_texts

MINUTES = "会议于2月5日下午召开，由书记林武主持，会期半天。下次会议在四月。"


def _words(span):
    base = span.hit.chunk.span.start
    return span.hit.chunk.text[span.span.start - base : span.span.end - base]


def test_no_spans_give_none():
    assert select_spans([]) == []


def test_a_sure_span_is_taken_as_it_is():
    hit = make_hit(MINUTES)

    (chosen,) = select_spans([make_span(hit, "2月5日下午", score=math.log(0.9))])

    assert _words(chosen) == "2月5日下午"
    assert chosen.score == pytest.approx(math.log(0.9))


def test_the_clause_that_holds_most_of_the_probability_wins_over_the_best_single_span():
    hit = make_hit(MINUTES)
    spans = [
        make_span(hit, "会期半天", score=math.log(0.4)),
        make_span(hit, "林武", score=math.log(0.3)),
        make_span(hit, "书记林武", score=math.log(0.25)),
    ]

    (chosen,) = select_spans(spans)

    assert _words(chosen) == "书记林武"


def test_a_reader_torn_between_parts_of_a_clause_answers_with_the_whole_clause():
    hit = make_hit(MINUTES)
    spans = [make_span(hit, words, score=math.log(0.3)) for words in ("林武", "书记林")]

    (chosen,) = select_spans(spans)

    assert _words(chosen) == "由书记林武主持"
    assert chosen.score == pytest.approx(math.log(0.6))


def test_the_shortest_stretch_that_holds_enough_of_the_clause_is_taken():
    hit = make_hit(MINUTES)
    spans = [
        make_span(hit, "林武", score=math.log(0.4)),
        make_span(hit, "书记林武", score=math.log(0.3)),
        make_span(hit, "由书记林武", score=math.log(0.05)),
    ]

    (chosen,) = select_spans(spans)

    assert _words(chosen) == "书记林武"
    assert chosen.score == pytest.approx(math.log(0.7))


def test_a_very_long_clause_is_not_given_whole():
    hit = make_hit("会" * 200 + "由林武主持" + "议" * 50)

    (chosen,) = select_spans([make_span(hit, "林武", score=math.log(0.2))])

    assert _words(chosen) == "林武"


def test_each_hit_gives_one_span_in_the_order_of_hits():
    hits = [make_hit(MINUTES, base=100 * rank, rank=rank) for rank in (1, 2, 3)]
    spans = [make_span(hit, words) for hit in hits for words in ("林武", "半天")]

    assert [chosen.hit for chosen in select_spans(spans)] == hits


@st.composite
def _read_texts(draw):
    """A text with spans in it as the reader gives them: trimmed, inside one or more sentences."""
    text = draw(file_texts(max_pieces=20))
    hit = make_hit(text, base=draw(st.integers(0, 50)))
    spans = []
    for sentence in split_sentences(text)[:4]:
        start = draw(st.integers(sentence.start, sentence.end - 1))
        end = draw(st.integers(start + 1, sentence.end))
        at = strip_span(text, trim_span(text, Span(start, end)))
        if len(at):
            spans.append(make_span(hit, at, score=draw(st.floats(-9, 0))))
    return spans


@given(_read_texts())
def test_what_is_chosen_lies_in_its_sentence_and_that_in_its_chunk(spans):
    for chosen in select_spans(spans):
        chunk = chosen.hit.chunk.span
        assert chunk.start <= chosen.sentence.start <= chosen.span.start
        assert chosen.span.start < chosen.span.end <= chosen.sentence.end <= chunk.end
        assert chosen.score <= 0


# Lists.

SPEECHES = "会上，华安公司总经理许明、海川公司董事长林澈和江北公司副总裁沈禾先后发言，会期半天。"


def _list_spans(hit, *weighted):
    return [make_span(hit, words, score=math.log(weight)) for words, weight in weighted]


def test_a_list_is_answered_with_its_items_in_the_order_of_the_text():
    hit = make_hit(SPEECHES)
    spans = _list_spans(
        hit, ("江北公司", 0.3), ("华安公司", 0.25), ("海川公司", 0.2), ("会期半天", 0.01)
    )

    (chosen,) = select_spans(spans, several=True)

    assert [_words(item) for item in (chosen, *chosen.following)] == [
        "华安公司",
        "海川公司",
        "江北公司",
    ]
    assert math.exp(chosen.score) == pytest.approx(0.75)


def test_a_question_for_one_thing_is_never_answered_with_a_list():
    hit = make_hit(SPEECHES)

    (chosen,) = select_spans(_list_spans(hit, ("江北公司", 0.4), ("华安公司", 0.3)))

    assert chosen.following == ()


def test_a_list_that_stands_in_one_span_stays_one():
    hit = make_hit("出席会议的有霍青、王远、陈成，会期半天。")
    spans = _list_spans(hit, ("霍青、王远、陈成", 0.7), ("霍青", 0.1), ("陈成", 0.05))

    (chosen,) = select_spans(spans, several=True)

    assert (_words(chosen), chosen.following) == ("霍青、王远、陈成", ())


def test_items_side_by_side_are_one_span():
    hit = make_hit("参加的有华安公司、海川公司和江北公司，主持的是临港公司。")
    spans = _list_spans(
        hit, ("华安公司", 0.25), ("海川公司", 0.2), ("江北公司", 0.2), ("临港公司", 0.2)
    )

    (chosen,) = select_spans(spans, several=True)

    items = [_words(item) for item in (chosen, *chosen.following)]
    assert items == ["华安公司、海川公司和江北公司", "临港公司"]
    assert math.exp(chosen.score) == pytest.approx(0.85)


def test_scattered_improbable_spans_are_no_list():
    hit = make_hit(SPEECHES)
    spans = _list_spans(hit, ("江北公司", 0.1), ("华安公司", 0.09), ("海川公司", 0.08))

    (chosen,) = select_spans(spans, several=True)

    assert chosen.following == ()


@given(_read_texts())
def test_the_items_of_a_list_never_overlap_and_follow_the_text(spans):
    for chosen in select_spans(spans, several=True):
        items = [chosen, *chosen.following]
        for one, other in itertools.pairwise(items):
            assert one.span.end <= other.span.start
        assert chosen.score <= 0
