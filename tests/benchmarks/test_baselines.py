import pytest

from index.datatypes import Span
from tests.benchmarks.baselines import SentenceBaseline, candidates, question_type
from tests.benchmarks.sets import GoldQuestion, Paragraph, ReadingSet


def _asked(text, question, language="zh"):
    gold = GoldQuestion("q", question, "a.txt", (), ())
    paragraph = Paragraph("a.txt", text, (gold,))
    return ReadingSet("s", (paragraph,), language, "zh"), paragraph, gold


def test_the_sentence_with_the_questions_words_is_best(hash_encoder):
    text = "馆长是王一。灯塔建于1862年。天气很好。"
    reading_set, paragraph, gold = _asked(text, "灯塔建于哪一年？")
    baseline = SentenceBaseline(reading_set, hash_encoder)

    assert baseline.best_sentence(paragraph, gold).of(text) == "灯塔建于1862年。"
    assert baseline.likely_words(paragraph, gold).of(text) == "1862年"
    assert hash_encoder.encoded == []


def test_across_languages_the_encoder_chooses(bundled_encoder):
    text = "馆长是王一。灯塔建于很久以前。"
    reading_set, paragraph, gold = _asked(text, "When was the lighthouse built?", "en")
    baseline = SentenceBaseline(reading_set, bundled_encoder)

    assert baseline.best_sentence(paragraph, gold).of(text) == "灯塔建于很久以前。"


def test_a_sentence_without_words_of_the_type_is_taken_whole(hash_encoder):
    reading_set, paragraph, gold = _asked("it rained.", "when?")

    baseline = SentenceBaseline(reading_set, hash_encoder)

    assert baseline.likely_words(paragraph, gold) == Span(0, 10)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("何时召开？", "date"),
        ("when did it open?", "date"),
        ("有多少人？", "number"),
        ("how many are there?", "number"),
        ("谁主持？", "person"),
        ("在哪里？", "place"),
        ("为什么？", "clause"),
        ("how does it work?", "clause"),
        ("主题是什么？", "thing"),
    ],
)
def test_a_question_asks_for_a_type(question, kind):
    assert question_type(question) == kind


@pytest.mark.parametrize(
    ("sentence", "kind", "words"),
    [
        ("大会于2023年2月5日召开。", "date", ["2023年2月5日"]),
        ("共有300人参加。", "number", ["300人"]),
        ("小说由鲁迅创作。", "person", ["鲁迅"]),
        ("会议在济宁召开。", "place", ["济宁"]),
        ("因为下雨,所以停工。", "clause", ["因为下雨"]),
        ("They met in July 14, 1789.", "date", ["July 14, 1789"]),
        ("Ada Lovelace met him.", "person", ["Ada Lovelace"]),
        ("他写了《红楼梦》。", "thing", ["《红楼梦》"]),
    ],
)
def test_candidates_are_of_the_type(sentence, kind, words):
    found = [span.of(sentence) for span in candidates(sentence, kind)]

    assert set(words) <= set(found)
