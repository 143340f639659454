import time

import pytest
from hypothesis import given

from index.normalization import fold_text
from rag.query import analyze_question
from rag.quotation import find_phrases, find_place, share_held
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, all_chunks, build, load, write_documents
from tests.strategies import any_texts


def _quoted(question):
    return [phrase.text for phrase in find_phrases(fold_text(question))]


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("谁提到了“数字底座”？", ["数字底座"]),
        ("谁提到了”数字底座“？", ["数字底座"]),
        ("谁提到了“数字底座“？", ["数字底座"]),
        ('谁提到了"数字底座"？', ["数字底座"]),
        ("谁提到了＂数字底座＂？", ["数字底座"]),
        ("誰提到了「數字底座」？", ["数字底座"]),
        ("誰提到了｢數字底座｣？", ["数字底座"]),
        ("誰提到了『數字底座』與「雲平臺」？", ["数字底座", "云平台"]),
        ("Qui a dit « la corde » ?", ["la corde"]),
        ('Who said "hello, world."?', ["hello, world"]),
        ("“甲方案”与“甲方案”", ["甲方案"]),
        ("「他说『你好』吗」", ["他说『你好』吗"]),
        ('5" 的“钢管”', ["钢管"]),
        ("“没有完", []),
        ("“”和“人”和“？”", []),
        ("大会是哪一天召开的？", []),
        ("It's the dog's", []),
    ],
)
def test_what_stands_in_quotation_marks_is_a_phrase(question, quoted):
    assert _quoted(question) == quoted


def test_only_the_first_eight_of_hundreds_are_looked_for():
    assert len(_quoted("".join(f"“第{number}方案”" for number in range(300)))) == 8


@given(any_texts())
def test_any_question_is_read(text):
    for phrase in analyze_question(f"“{text}”与{text}").phrases:
        assert phrase.terms


def test_a_question_of_quotation_marks_is_read_at_once():
    begun = time.process_time()

    for mark in '“”"「」『』«»':
        find_phrases(mark * 1000)
        find_phrases(f"{mark}a" * 500)
        find_phrases(mark + "a" * 998 + mark)
    assert time.process_time() - begun < 1


def test_chunks_hold_a_share_of_the_phrases_and_show_the_first_place(tmp_path):
    folder = write_documents(tmp_path, TEXTS)
    build(folder, HashEncoder())
    knowledge_base = load(folder, HashEncoder())
    chunks = all_chunks(knowledge_base)
    phrases = find_phrases("“灯塔建于”“十二公尺”“三楼礼堂”")

    shares = dict(
        zip([c.doc_id for c in chunks], share_held(knowledge_base, phrases, chunks), strict=True)
    )
    found = {c.doc_id: place for c in chunks if (place := find_place(phrases, c))}
    by_source = {knowledge_base.document(doc_id).source: doc_id for doc_id in shares}
    assert shares[by_source["灯塔.txt"]] == pytest.approx(2 / 3)
    assert shares[by_source["会议.txt"]] == pytest.approx(1 / 3)
    assert set(found) == {by_source["灯塔.txt"], by_source["会议.txt"]}
    text = knowledge_base.document(by_source["灯塔.txt"]).text
    assert found[by_source["灯塔.txt"]].of(text) == "燈塔建於"
