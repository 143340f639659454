import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.normalization import fold_text
from webui import source_find
from webui.source_find import MAX_FOUND, find_words


def words_found(text, words):
    return [span.of(text) for span in find_words(text, words).spans]


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("召開大會", "召开大会", ["召開大會"]),
        ("召开大会", "召開", ["召开"]),
        ("ＧＢ／Ｔ ５９７２", "gb/t 5972", ["ＧＢ／Ｔ ５９７２"]),
        ("重 3 ㎏ 整", "KG", ["㎏"]),
        ("cafe\u0301 and café", "CAFÉ", ["cafe\u0301", "café"]),
        ("two\nwords, two   words", "two words", ["two\nwords", "two   words"]),
        ("甲甲甲甲", "甲甲", ["甲甲", "甲甲"]),
        ("a **bold** word", "bold", ["bold"]),
        ("无关", "没有", []),
    ],
)
def test_words_are_found_in_every_spelling_and_shown_as_they_stand(text, words, found):
    assert words_found(text, words) == found


@pytest.mark.parametrize("words", ["", "  \n", "\u3000", "**"])
def test_blank_words_are_nowhere(words):
    assert find_words("甲 ** 乙", words).spans == ()


@given(
    st.text(st.sampled_from("甲乙开開aA e\u0301ﬁ\nｅ")),
    st.text(st.sampled_from("甲开aeé"), min_size=1),
)
def test_in_small_and_large_pieces_the_same_is_found(text, words):
    with pytest.MonkeyPatch.context() as patch:
        whole = find_words(text, words)
        patch.setattr(source_find, "_PIECE", 3)
        patch.setattr(source_find, "_LONG", 0)
        assert find_words(text, words) == whole
    folded = fold_text(text)
    assert bool(whole.spans) == (fold_text(words) in folded)
    # A mark that no letter takes stays with its letter: the place is the letter with it.
    assert all(fold_text(words) in fold_text(span.of(text)) for span in whole.spans)


def test_a_place_over_the_end_of_a_piece_is_found_once():
    edge = source_find._PIECE
    text = "字" * (edge - 2) + "茶产业振兴" + "字" * edge
    assert [span.start for span in find_words(text, "茶產業振興").spans] == [edge - 2]


def test_many_places_are_cut_off_and_said_to_be():
    found = find_words("甲" * 5000, "甲")
    assert len(found.spans) == MAX_FOUND
    assert not found.is_complete
    assert find_words("甲" * MAX_FOUND, "甲").is_complete


def test_a_search_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(source_find, "_SECONDS", 0.05)
    started = time.monotonic()
    found = find_words("e\u0301" * 2_000_000, "e")
    assert found.spans == ()
    assert not found.is_complete
    assert time.monotonic() - started < 10


def test_words_of_any_length_are_cut():
    assert words_found("甲" * 1000, "甲" * 999) == ["甲" * 200] * 5
