import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings

from index.datatypes import Span
from index.normalization import blank_marks, fold, fold_text
from tests.strategies import any_texts, mixed_texts

_MARKS = "*`~_#＊｀～＿＃"


def _assigned() -> list[str]:
    every = (chr(code) for code in range(sys.maxunicode + 1))
    return [char for char in every if unicodedata.category(char) not in {"Cn", "Co", "Cs"}]


def _assert_map_is_monotone(text: str) -> None:
    folded = fold(text)
    if folded.starts is None:
        assert len(folded.text) == len(text)
        return
    starts, ends = folded.starts, folded.ends
    assert starts.shape == ends.shape == (len(folded.text),)
    assert (np.diff(starts) >= 0).all()
    assert (np.diff(ends) >= 0).all()
    assert (starts < ends).all()
    assert (starts[1:] <= ends[:-1]).all(), "a part of the text gives rise to nothing"
    if len(text):
        assert (starts[0], ends[-1]) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("圖書館規章", "图书馆规章"),
        ("後來皇后發現頭髮乾了", "后来皇后发现头发干了"),
        ("ＧＢ／Ｔ　５９７２", "gb/t 5972"),
        ("ＰＰＲ－９０８７", "ppr-9087"),
        ("PPR-9087", "ppr-9087"),
        ("Straße ΟΔΟΣ МОСКВА", "straße οδοσ москва"),
        ("ﬁle oﬃce", "file office"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("か\u3099", "が"),
        ("cafe\u0301", "café"),
        ("①½℃㎏", "①½℃㎏".translate({9312: "1", 189: "1⁄2", 8451: "°c", 13199: "kg"})),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
    ],
)
def test_spellings_fold_to_one(text, folded):
    assert fold_text(text) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("**粗体**字", "  粗体  字"),
        ("`code` ``x``", " code    x  "),
        ("~~旧~~新", "  旧  新"),
        ("## 2.1 标题", "   2.1 标题"),
        ("# # 标题", "    标题"),
        ("__init__ 与 snake_case", "  init   与 snake_case"),
        ("C# 和 #1 与 2*3", "c# 和 #1 与 2*3"),
        ("＊＊粗＊＊", "  粗  "),
    ],
)
def test_markdown_marks_become_as_many_spaces(text, folded):
    assert fold_text(text) == folded


def test_every_single_character_folds_to_something_that_folds_no_further():
    wrong = [
        f"U+{ord(char):04X}"
        for char in _assigned()
        if not (once := fold_text(char)) or fold_text(once) != once
    ]

    assert wrong == []


def test_every_single_character_maps_back_to_itself():
    wrong = []
    for char in _assigned():
        folded = fold(char)
        spans = {folded.to_original(at, at + 1) for at in range(len(folded.text))}
        if spans != {Span(0, 1)}:
            wrong.append(f"U+{ord(char):04X}")

    assert wrong == []


def test_characters_that_unicode_has_not_assigned_stay_as_they_are():
    some = (chr(code) for code in [*range(0x10000), *range(0x10000, sys.maxunicode, 101)])
    text = "".join(char for char in some if unicodedata.category(char) in {"Cn", "Co"})

    assert fold_text(text) == text


@settings(max_examples=200)
@example("\u1112\u1161\u11ab")
@example("# # # a")
@example("**\u0301a")
@given(any_texts())
def test_folding_is_idempotent(text):
    once = fold_text(text)

    assert fold_text(once) == once


@settings(max_examples=200)
@given(any_texts())
def test_the_map_is_monotone_and_covers_the_whole_text(text):
    _assert_map_is_monotone(text)


@settings(max_examples=200)
@given(mixed_texts(max_pieces=15))
def test_every_character_of_the_copy_is_in_the_fold_of_the_span_it_maps_to(text):
    text = text.translate({ord(mark): None for mark in _MARKS})  # marks depend on their neighbours
    folded = fold(text)

    for at, char in enumerate(folded.text):
        assert char in fold_text(folded.to_original(at, at + 1).of(text))


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("word", ["café", "Ångström", "naïveté", "ガイド", "Việt", "한국어"])
def test_a_word_is_found_and_mapped_back_in_every_normal_form(word, form):
    written = unicodedata.normalize(form, word)
    text = f"《甲》 é {written}，乙e\u0301"
    folded = fold(text)

    start = folded.text.index(fold_text(word))
    span = folded.to_original(start, start + len(fold_text(word)))

    assert span.of(text) == written


def test_a_ligature_maps_back_whole_from_each_of_its_letters():
    folded = fold("oﬃce")

    assert [folded.to_original(at, at + 1) for at in (1, 2, 3)] == [Span(1, 2)] * 3


def test_an_empty_range_maps_to_an_empty_range_at_its_place():
    folded = fold("ﬁx")

    assert folded.to_original(2, 2) == Span(1, 1)
    assert folded.to_original(3, 3) == Span(2, 2)
    assert fold("").to_original(0, 0) == Span(0, 0)


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (2, 1), (0, 4)])
def test_a_range_outside_the_copy_is_refused(start, end):
    with pytest.raises(ValueError, match="outside"):
        fold("ﬁx").to_original(start, end)


def test_a_lone_surrogate_becomes_the_replacement_character_in_the_copy():
    assert fold_text("a\ud800b\udfff") == "a\ufffdb\ufffd"


@given(mixed_texts())
def test_blanking_marks_moves_no_character(text):
    blanked = blank_marks(text)

    assert len(blanked) == len(text)
    assert all(new in {old, " "} for old, new in zip(text, blanked, strict=True))
