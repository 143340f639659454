import itertools
import json
import logging
import re
from pathlib import Path

import jieba
import pytest
from hypothesis import given, settings

from index.normalization import fold_text
from index.segmentation import cut_words, extract_codes, extract_terms
from tests.strategies import any_texts

jieba.setLogLevel(logging.WARNING)
_ROOT = Path(__file__).parents[2]
_HAN_RUN = re.compile("[\u4e00-\u9fd5]+")
_HAN_OR_OTHER = re.compile("[\u4e00-\u9fd5]+|[^\u4e00-\u9fd5]+")
_QA_FILES = (
    "qa/measure/cmrc2018_trial.json",
    "qa/measure/cjrc_dev.json",
    "qa/measure/xquad/xquad.zh.json",
    "qa/train/drcd_dev.json",
)
_N_RUNS = 3000  # a file: what jieba itself cuts in half a second


def _terms(text: str) -> list[str]:
    return extract_terms(fold_text(text))


def _words(text: str) -> list[str]:
    return [term for term in _terms(text) if term[0] not in "#="]


def _codes(text: str) -> set[str]:
    return set(extract_codes(fold_text(text)))


def _runs(texts: list[str]) -> list[str]:
    found = dict.fromkeys(run for text in texts for run in _HAN_RUN.findall(text))
    stride = max(1, len(found) // _N_RUNS)
    return list(itertools.islice(found, 0, None, stride))


def _texts_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return (
        [text for part in inner for text in _texts_in(part)]
        if isinstance(value, dict | list)
        else []
    )


def _assert_equal_to_jieba(runs: list[str]) -> None:
    assert runs
    assert [run for run in runs if cut_words(run) != list(jieba.cut(run))] == []
    differing = [run for run in runs if _words(run) != list(jieba.cut_for_search(fold_text(run)))]
    assert differing == []


@pytest.mark.parametrize("folder", ["seeds", "tests/corpus"])
def test_words_equal_those_of_jieba_in_our_own_documents(folder):
    files = [path for path in (_ROOT / folder).glob("*") if path.suffix in {".txt", ".md"}]
    texts = [fold_text(path.read_text("utf-8")) for path in files]

    _assert_equal_to_jieba(_runs(texts))


@pytest.mark.parametrize("name", _QA_FILES, ids=lambda name: Path(name).stem)
def test_words_equal_those_of_jieba_in_public_texts(name, benchmark_data):
    path = benchmark_data / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    texts = _texts_in(json.loads(path.read_text("utf-8")))

    _assert_equal_to_jieba(_runs([fold_text("\n".join(texts))]))


def test_traditional_runs_are_cut_as_jieba_cuts_them():
    runs = _runs(
        [
            (_ROOT / "tests/corpus/museum.txt").read_text("utf-8"),
            "燈塔建於清朝光緒年間，塔高十二公尺",
        ]
    )

    assert [run for run in runs if cut_words(run) != list(jieba.cut(run))] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PPR-9087", "ppr 9087"),
        ("PPR-9087", "PPR9087"),
        ("PPR-9087", "ＰＰＲ－９０８７"),
        ("型号PPR-9087的管材", "ppr9087 多少钱"),
        ("GB/T 5972-2023", "GB/T 5972"),
        ("GB/T 5972-2023", "gbt5972"),
        ("GB/T 5972", "gb/t5972"),
        ("GB/T 5972-2023", "GB/T5972-2023"),
        ("GB/T 5972—2023", "GB/T 5972"),
        ("GB 18030", "gb18030"),
        ("GB 18030", "GB-18030"),
        ("GB18030-2022", "gb 18030"),
        ("ISO 9001:2015", "iso9001"),
        ("v1.2.3", "V1.2.3"),
        ("192.168.0.1", "192.168.0.1"),
        ("Ｗｉ－Ｆｉ", "wi-fi"),
    ],
)
def test_spellings_of_a_code_share_a_code_term(one, other):
    assert _codes(one) & _codes(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("PPR-9087", "PPR-9088"), ("GB/T 5972", "GB/T 5973"), ("GB 18030", "GB 1803")],
)
def test_different_codes_share_no_whole_code_term(one, other):
    whole = {max(_codes(one), key=len)}

    assert not whole & _codes(other)


@pytest.mark.parametrize("text", ["会议", "the rope", "3", "", "。", "- / _", "😀"])
def test_text_without_a_code_has_no_code_term(text):
    assert _codes(text) == set()


def test_a_run_of_han_gives_its_words_and_every_two_character_piece():
    terms = _terms("图书馆开放")

    assert {"图书馆", "开放"} <= set(terms)
    assert [term for term in terms if term.startswith("#")] == ["#图书", "#书馆", "#馆开", "#开放"]


def test_pieces_do_not_reach_across_punctuation_or_latin():
    terms = set(_terms("甲乙，丙丁abc戊己"))

    assert {term for term in terms if term.startswith("#")} == {"#甲乙", "#丙丁", "#戊己"}
    assert "abc" in terms


def test_a_single_han_character_is_a_term():
    assert _terms("井") == ["井"]


@pytest.mark.parametrize(
    ("document", "question"),
    [
        ("東京タワーは高さ三百三十三メートルの塔である。", "東京タワーの高さは？"),
        ("図書館は月曜日がお休みです。", "お休みはいつ"),
        ("ｶﾞｲﾄﾞブック", "ガイド"),
        ("도서관에서 책을 빌릴 수 있습니다.", "도서관은 어디에"),
        ("ห้องสมุดเปิดเวลาเก้าโมงเช้า", "ห้องสมุดเปิดกี่โมง"),
        ("𠮷野家的牛肉飯", "𠮷野家"),
        ("佐々木先生", "佐々木"),
        ("Библиотека открыта", "БИБЛИОТЕКА"),
        ("q", "Q"),
        ("が", "か\u3099"),
    ],
    ids=["ja", "ja kana", "ja half-width", "ko", "th", "rare han", "々", "ru", "letter", "kana"],
)
def test_a_question_shares_terms_with_its_document_in_every_script(document, question):
    assert set(_terms(document)) & set(_terms(question))


def test_a_korean_word_in_decomposed_form_has_the_same_terms():
    assert _terms("\u1112\u1161\u11ab\u1100\u116e\u11a8") == _terms("한국")


@pytest.mark.parametrize(
    "spelling", ["图书馆规章GB/T 5972", "圖書館規章GB/T 5972", "图书馆规章ｇｂ／ｔ　５９７２"]
)
def test_traditional_full_width_and_upper_case_give_the_same_terms(spelling):
    assert _terms(spelling) == _terms("图书馆规章gb/t 5972")


@settings(max_examples=200)
@given(any_texts())
def test_terms_are_short_and_hold_no_separator(text):
    for term in _terms(text):
        assert term.strip("#=")
        assert len(term) <= 65
        assert not any(char.isspace() for char in term)


@pytest.mark.parametrize("char", ["a", "7", "一", "あ", "\u0e01", "é"])
def test_a_word_of_seventy_thousand_characters_gives_short_terms_only(char):
    assert max(len(term.encode()) for term in _terms(char * 70_000)) < 65_530
