import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.normalization import fold_text
from index.segmentation import extract_terms
from rag.query import analyze_question, detect_language
from tests.strategies import any_texts

LANGUAGES = {"zh", "ja", "ko", "ru", "en", "other"}


@given(any_texts(), st.lists(any_texts(max_size=20), max_size=3))
def test_any_string_and_history_become_a_query_whose_copy_is_folded(question, history):
    query = analyze_question(question, history=history)

    assert query.question == question
    assert fold_text(query.normalized).strip() == query.normalized
    assert query.terms == tuple(extract_terms(query.normalized))
    assert set(query.content) <= set(query.terms)
    assert bool(query.content) == bool(query.terms)
    assert query.language in LANGUAGES


@pytest.mark.parametrize("question", ["", " \n\u3000", "？！……", "🏳️‍🌈", "***", "\u0301"])
def test_a_question_without_letters_or_digits_has_no_terms(question):
    query = analyze_question(question)

    assert query.terms == ()
    assert query.content == ()


def test_the_text_is_stripped_and_the_question_is_not():
    query = analyze_question("  大会在哪里召开？\n")

    assert query.text == "大会在哪里召开？"
    assert query.question == "  大会在哪里召开？\n"


def test_a_lone_surrogate_becomes_a_replacement_character_in_the_search_copy_only():
    query = analyze_question("大会\ud800在哪里？")

    assert query.text == query.question == "大会\ud800在哪里？"
    assert "\ud800" not in query.normalized
    assert "\ufffd" in query.normalized


@pytest.mark.parametrize(
    "spelling",
    [
        "圖書館借書證GB/T 5972",
        "图书馆借书证ＧＢ／Ｔ　５９７２",
        "图书馆借书证gb/t 5972",
    ],
)
def test_spellings_of_one_question_have_the_same_terms(spelling):
    expected = analyze_question("图书馆借书证GB/T 5972")

    assert set(analyze_question(spelling).terms) == set(expected.terms)


def test_only_the_first_characters_of_a_long_question_are_searched():
    query = analyze_question("会" * 3000, max_chars=1000)

    assert query.text == "会" * 1000
    assert len(query.question) == 3000


def test_words_that_only_ask_are_not_content():
    query = analyze_question("董事长是谁？")

    assert "董事长" in query.content
    assert not {"谁", "是"} & set(query.content)


def test_a_question_of_asking_words_alone_keeps_them_as_content():
    query = analyze_question("为什么？")

    assert query.content == query.terms != ()


def test_a_follow_up_is_searched_as_it_is_understood():
    query = analyze_question("他什么时候上任的？", history=["第一问？", "谁是总经理？"])

    assert query.text == "总经理什么时候上任的？"
    assert query.question == "他什么时候上任的？"
    assert "总经理" in query.content


@pytest.mark.parametrize(
    "question", ["谁主持会议？", "Who chaired the council?", "图书馆几点开门？"]
)
def test_a_question_that_stands_alone_ignores_the_history(question):
    query = analyze_question(question, history=["谁是总经理？"])

    assert query.text == question


@pytest.mark.parametrize("history", [(), ("",), (" \n",)])
def test_a_follow_up_without_anything_before_it_stays_as_it_is(history):
    assert analyze_question("他是谁？", history=history).text == "他是谁？"


def test_a_completed_follow_up_is_cut_to_what_is_searched():
    query = analyze_question("那2022年呢？", history=["2023年会议有几次？" * 9], max_chars=50)

    assert len(query.text) <= 50


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("大会是哪一天召开的", "zh"),
        ("hx-5电动葫芦的防护等级", "zh"),
        ("lighthouse 灯塔 of skerrow point", "en"),
        ("会議はいつですか", "ja"),
        ("회의는 언제입니까", "ko"),
        ("когда состоится собрание", "ru"),
        ("who chaired the meeting", "en"),
        ("متى الاجتماع", "other"),
        ("2024-05-20", "other"),
        ("", "other"),
    ],
)
def test_the_script_tells_the_language(text, language):
    assert detect_language(text) == language
