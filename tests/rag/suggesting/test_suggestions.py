from collections import Counter

import pytest

from rag.answerer import Answerer
from rag.datatypes import Status
from rag.suggesting.suggestions import suggest_questions
from tests.index.folders import write_documents

FILLER = "走好自己的路，做好自己的事，把心静下来。"


class CountingAnswerer(Answerer):
    """Counts what is asked of it; a document whose name says so is gone when it is fetched."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.counts = Counter()

    def answer(self, question, **kwargs):
        self.counts["answer"] += 1
        return super().answer(question, **kwargs)

    def document(self, source):
        self.counts["document"] += 1
        if "gone" in source:
            raise KeyError(source)
        return super().document(source)


@pytest.fixture
def sure(judging, tmp_path):
    """Index documents and be sure of every answer."""

    def make(texts):
        answerer = Answerer.open(write_documents(tmp_path / "documents", texts))
        return judging(answerer, answered=0, uncertain=0, kind=CountingAnswerer)

    return make


def test_questions_on_real_documents_are_answered_from_many_of_them(corpus_answerer, judging):
    answerer = judging(corpus_answerer, answered=0, uncertain=0)
    questions = suggest_questions(answerer, 8)

    assert len(set(questions)) == len(questions) == 8
    sources = Counter()
    for question in questions:
        given_answer = answerer.answer(question)
        assert given_answer.status is Status.ANSWERED
        assert given_answer.text not in question
        sources[given_answer.citations[0].source] += 1
    assert len(sources) >= 6


def test_the_same_documents_always_give_the_same_questions(corpus_answerer):
    assert suggest_questions(corpus_answerer) == suggest_questions(corpus_answerer)


def test_only_questions_with_a_sure_answer_are_suggested(corpus_answerer, judging):
    assert suggest_questions(judging(corpus_answerer, answered=2, uncertain=0)) == ()


@pytest.mark.parametrize("n", [1, 3])
def test_not_more_questions_are_given_than_wanted(sure, n):
    answerer = sure(
        {"a.txt": "钟塔由林武设计。\n南站于2024年5月1日开通。\n老桥位于东门外。\n校长为周敏。"}
    )

    assert len(suggest_questions(answerer, n)) == n


@pytest.mark.parametrize("n", [0, -1])
def test_a_number_that_is_not_positive_is_refused(corpus_answerer, n):
    with pytest.raises(ValueError, match="n must be"):
        suggest_questions(corpus_answerer, n)


@pytest.mark.parametrize(
    "text",
    [
        FILLER,
        "Hello world",
        "会議は2月5日に開かれた。",
        "Собрание состоялось 5 мая.",
        "、。！",
        "12345",
    ],
    ids=["prose", "greeting", "Japanese", "Russian", "punctuation", "digits"],
)
def test_documents_without_a_fact_to_ask_for_give_no_questions(sure, text):
    assert suggest_questions(sure({"a.txt": text})) == ()


def test_no_question_gives_another_one_away(sure):
    text = "图书馆馆长周敏出席。\n图书馆馆长为周敏。\n典礼由图书馆馆长周敏主持。"
    questions = suggest_questions(sure({"a.txt": text}))

    assert len(questions) == 1
    assert "周敏" not in questions[0]


def test_a_question_is_in_the_script_of_its_document(sure):
    questions = suggest_questions(
        sure({"a.txt": "鐘樓\n\n鐘樓由建築師林武設計，位於臺北車站東側。"})
    )

    assert set(questions) == {"鐘樓由誰設計？"} or "鐘樓位於哪裡？" in questions


def test_a_fact_at_the_end_of_a_long_document_is_found(sure):
    text = f"{FILLER}\n" * 2000 + "新建的钟塔由林武设计。"

    assert suggest_questions(sure({"a.txt": text})) == ("新建的钟塔由谁设计？",)


def test_a_document_that_is_gone_meanwhile_is_passed_over(sure):
    answerer = sure({"gone.txt": "老桥由周敏设计。", "there.txt": "新建的钟塔由林武设计。"})

    assert suggest_questions(answerer) == ("新建的钟塔由谁设计？",)


def test_the_work_is_bounded_however_many_the_documents_are(sure):
    texts = {f"{n:03}.txt": f"第{n}号钟塔\n\n第{n}号钟塔由设计师林武设计。" for n in range(150)}
    answerer = sure(texts)

    suggest_questions(answerer, 6)

    assert answerer.counts["document"] <= 40
    assert answerer.counts["answer"] <= 18


def test_an_empty_index_gives_no_questions(judging, tmp_path):
    answerer = Answerer.open(write_documents(tmp_path / "documents", {"a.txt": "钟塔由林武设计。"}))
    (tmp_path / "documents" / "a.txt").unlink()
    answerer.refresh(full=True)

    assert suggest_questions(answerer) == ()
