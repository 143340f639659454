import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.normalization import fold_text
from rag.answer_type import AnswerType, asks_several, expected_type, type_fit


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("大会是哪一天召开的？", AnswerType.TIME),
        ("大會何時召開？", AnswerType.TIME),
        ("When was the bridge opened?", AnswerType.TIME),
        ("In which year did it open?", AnswerType.TIME),
        ("有多少人参加？", AnswerType.NUMBER),
        ("几位代表出席？", AnswerType.NUMBER),
        ("How long is the bridge?", AnswerType.NUMBER),
        ("谁主持了会议？", AnswerType.OTHER),
        ("Who was there whenever it rained?", AnswerType.OTHER),
        ("", AnswerType.OTHER),
    ],
)
def test_what_a_question_asks_for(question, expected):
    assert expected_type(fold_text(question)) is expected


@pytest.mark.parametrize(
    ("expected", "words", "fit"),
    [
        (AnswerType.TIME, "2月5日下午", 1.0),
        (AnswerType.TIME, "清乾隆三年", 1.0),
        (AnswerType.TIME, "on the last Friday of march", 1.0),
        (AnswerType.TIME, "许明远", -1.0),
        (AnswerType.NUMBER, "十二座", 1.0),
        (AnswerType.NUMBER, "seven", 1.0),
        (AnswerType.NUMBER, "许明远", -1.0),
        (AnswerType.OTHER, "许明远", 0.0),
    ],
)
def test_whether_words_can_be_that(expected, words, fit):
    assert type_fit(expected, fold_text(words)) == fit


@given(st.text())
def test_any_question_has_a_type(question):
    assert expected_type(fold_text(question)) in AnswerType


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("参加会议的单位有哪些？", True),
        ("本屆比賽有哪幾個項目？", True),
        ("都有谁在会上发言？", True),
        ("Which companies took part in the fair?", True),
        ("What are the opening hours?", True),
        ("List all the rivers of the county.", True),
        ("谁主持了会议？", False),
        ("哪一年开工？", False),
        ("Which bus goes to the harbour?", False),
        ("What does the glass cost?", False),
        ("", False),
    ],
)
def test_whether_a_question_asks_for_a_list(question, several):
    assert asks_several(fold_text(question)) is several
