import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.normalization import fold_text
from index.phrases import Phrase
from index.segmentation import extract_terms
from tests.strategies import any_texts


def _holds(words, text):
    return Phrase.of(fold_text(words)).stands_in(fold_text(text))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("数字底座", "平台以数字底座为基础。"),
        ("數字底座", "平台以数字底座为基础。"),
        ("数字底座", "平臺以數字底座為基礎。"),
        ("ＡＢＣ公司", "abc公司成立。"),
        ("The Rope", "see the rope there"),
        ("the rope", "see the\nrope there"),
        ("数字底座", "平台以数字\r\n底座为基础。"),
        ("数字 底座", "平台以数字底座为基础。"),
        ("5G网络", "建成 5G 网络。"),
        ("第 5 条", "见第5条。"),
        ("数字底座", "平台以**数字底座**为基础。"),
        ("甲方，乙方", "甲方,乙方与丙方"),
        ("5972-2023", "GB/T 5972-2023"),
        ("서울", "서울은 수도이다."),
        ("C++", "用C++写成。"),
    ],
)
def test_words_are_found_in_any_spelling_and_across_lines(words, text):
    assert _holds(words, text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("数字底座", "底座上有数字。"),
        ("数字底座", "数字的底座。"),
        ("数字底座", "数字，底座。"),
        ("rope", "ropes are sold"),
        ("rope", "a tightrope"),
        ("202", "in 2023"),
        ("the rope", "the old rope"),
        ("theropes", "the ropes"),
        ("甲方，乙方", "甲方乙方"),
    ],
)
def test_words_that_stand_otherwise_are_not_found(words, text):
    assert not _holds(words, text)


@pytest.mark.parametrize("words", ["", "？！", " ", "人", "、", "🎈"])
def test_what_is_too_short_to_be_looked_for_is_no_phrase(words):
    assert Phrase.of(fold_text(words)) is None


@given(any_texts(), st.data())
def test_every_text_has_the_terms_of_the_phrases_in_it(text, data):
    folded = fold_text(text)
    words = folded.split()
    start = data.draw(st.integers(0, len(words)))
    phrase = Phrase.of(" ".join(words[start : data.draw(st.integers(start, len(words)))]))

    if phrase:
        assert phrase.stands_in(folded)
        # White space that was taken out of an unspaced script is the one thing to hide a term.
        assert set(phrase.terms) <= {*extract_terms(folded), *extract_terms(phrase.text)}
        if phrase.text in folded:
            assert set(phrase.terms) <= set(extract_terms(folded))


@given(st.text("数字底座是的", min_size=2), st.text("数字底座是的"), st.text("数字底座是的"))
def test_the_terms_are_the_same_whatever_stands_around_a_phrase(words, before, after):
    assert set(Phrase.of(words).terms) <= set(extract_terms(before + words + after))


def test_a_phrase_of_ten_thousand_characters_takes_no_time():
    words, text = "的 是" * 5000, "的是" * 5000 + "了" + " " * 5000
    begun = time.process_time()

    phrase = Phrase.of(words)
    assert phrase.stands_in(words)
    assert not phrase.stands_in(text[:-6000])
    assert time.process_time() - begun < 2
