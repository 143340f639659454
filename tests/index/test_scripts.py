import pytest
from hypothesis import given

from index.normalization import fold_text
from index.scripts import N_SCRIPTS, count_scripts
from tests.strategies import any_texts


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("会议于2月5日召开", [7, 0, 0, 0]),
        ("The hoist's rope", [0, 0, 4, 0]),
        ("ガイド 한국어 café Москва", [3, 3, 1, 1]),
        ("ＧＢ／Ｔ　５９７２ 标准", [2, 0, 2, 0]),
        ("שלום 3.14 🎈", [0, 0, 0, 0]),
        ("", [0, 0, 0, 0]),
    ],
)
def test_characters_and_words_are_counted(text, counts):
    assert count_scripts(fold_text(text)) == counts


@given(any_texts())
def test_every_text_has_a_count_of_each_script(text):
    counts = count_scripts(fold_text(text))

    assert len(counts) == N_SCRIPTS
    assert 0 <= sum(counts) <= len(fold_text(text))
