import time

import pytest
from hypothesis import given, settings

from index.datatypes import Span
from index.sentences import split_sentences, strip_span
from tests.strategies import any_texts


def _split(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("会议召开。会议结束！谁来？", ["会议召开。", "会议结束！", "谁来？"]),
        ("他说：“不行。”然后走了。", ["他说：“不行。”", "然后走了。"]),
        ("「好！」她說。", ["「好！」", "她說。"]),
        ("真的吗？！是的。", ["真的吗？！", "是的。"]),
        ("It rains. It pours.", ["It rains.", "It pours."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("Dr. Smith met Mr. Li. They spoke.", ["Dr. Smith met Mr. Li.", "They spoke."]),
        ("See Fig. 3, e.g. the rope.", ["See Fig. 3, e.g. the rope."]),
        ("J. R. R. Tolkien wrote it.", ["J. R. R. Tolkien wrote it."]),
        ("The U.S. army left.", ["The U.S. army left."]),
        ("圆周率是3.14，版本1.2.3。", ["圆周率是3.14，版本1.2.3。"]),
        ("Pi is 3.14 and v1.2.3 is out.", ["Pi is 3.14 and v1.2.3 is out."]),
        ("1. 登录\n2. 退出", ["1. 登录", "2. 退出"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("甲\r\n乙\r\n\r\n丙", ["甲", "乙", "丙"]),
        ("他走了……  她没走。", ["他走了……", "她没走。"]),
        ("等等……好吧。", ["等等……好吧。"]),
        ("没有句号", ["没有句号"]),
        ("", []),
        (" \n\u3000\t\r\n", []),
    ],
    ids=range(20),
)
def test_text_is_cut_where_its_sentences_end(text, sentences):
    assert _split(text) == sentences


@settings(max_examples=200)
@given(any_texts())
def test_sentences_cover_every_visible_character_in_order(text):
    end = 0
    for span in split_sentences(text):
        assert span.start >= end
        assert not text[end : span.start].strip()
        assert span.of(text) == span.of(text).strip() != ""
        end = span.end
    assert not text[end:].strip()


@given(any_texts())
def test_a_stripped_span_is_the_stripped_text(text):
    span = strip_span(text, Span(0, len(text)))

    assert span.of(text) == text.strip()


def test_a_stripped_span_of_white_space_is_empty_at_its_start():
    assert strip_span("ab   cd", Span(2, 5)) == Span(2, 2)


@pytest.mark.parametrize(
    "unit",
    [".", "。", ".)", "!”", "…", "\n", " ", ". ", "a.", "1.\n", "”"],
    ids=["stop", "full stop", "stop bracket", "quote", "dots", "line", "space", "s", "a", "n", "q"],
)
def test_the_time_grows_with_the_length_and_not_with_its_square(unit):
    def seconds(n_units: int) -> float:
        text = unit * n_units + "x"
        started = time.perf_counter()
        split_sentences(text)
        return time.perf_counter() - started

    short = min(seconds(800) for _ in range(3))
    long = min(seconds(6400) for _ in range(2))

    assert long < 30 * max(short, 1e-4)  # 8 when linear, 64 when quadratic
