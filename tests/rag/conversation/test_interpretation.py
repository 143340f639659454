"""Follow-ups are completed, and questions that stand alone are left alone: two sets, and laws."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import StaticEncoder
from rag.conversation import Turn, interpret
from tests.strategies import any_texts, questions

_FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def similarity():
    encoder = StaticEncoder.load()

    def compare(words, others):
        vectors = encoder.encode([words, *others])
        return (vectors[1:] @ vectors[0]).tolist()

    return compare


def _lines(name: str) -> list[str]:
    return (_FOLDER / name).read_text("utf-8").splitlines()


def _first_turns() -> list[Turn]:
    fields = [line.split("\t") for line in _lines("firsts.tsv")]
    return [Turn(question, text=answer) for question, answer in fields]


def _same(understood: str, wanted: str) -> bool:
    def bare(text: str) -> str:
        return "".join(text.lower().split()).rstrip("?？")

    return bare(understood) in {bare(one) for one in wanted.split(" | ")}


def _follow_ups(similarity) -> Iterator[tuple[str, str, str]]:
    for line in _lines("follow_ups.tsv"):
        *before, question, wanted = line.split("\t")
        turns: list[Turn] = []
        for asked, answer in zip(before[::2], before[1::2], strict=True):
            turns.append(Turn(asked, interpret(asked, turns, similarity), answer))
        yield question, interpret(question, turns, similarity), wanted


def test_a_new_topic_never_inherits_from_the_last_turn(similarity):
    turns, asked = _first_turns(), _lines("standalone.txt")
    pairs = [(turn, question) for question in asked for turn in turns]

    rewritten = [
        (turn.question, question, understood)
        for turn, question in pairs
        if (understood := interpret(question, [turn], similarity)) != question
    ]

    assert len(asked) >= 250
    assert len(rewritten) <= len(pairs) // 200, rewritten[:20]


def test_nine_of_ten_follow_ups_are_understood(similarity):
    completed = list(_follow_ups(similarity))

    wrong = [entry for entry in completed if not _same(entry[1], entry[2])]

    assert len(completed) >= 200
    assert len(wrong) <= len(completed) // 10, wrong


def test_follow_ups_are_mostly_understood_without_an_encoder():
    completed = list(_follow_ups(None))

    assert sum(_same(got, wanted) for _, got, wanted in completed) >= 0.8 * len(completed)


@given(any_texts(), st.lists(st.tuples(questions(), any_texts()), max_size=4))
def test_any_question_and_any_history_whatever_give_some_words(question, history):
    turns = [Turn(asked, text=answer) for asked, answer in history]

    understood = interpret(question, turns)

    assert isinstance(understood, str)
    assert bool(understood) == bool(question)


@given(
    st.sampled_from([line.split("\t")[-2] for line in _lines("follow_ups.tsv")]),
    st.lists(st.tuples(any_texts(), any_texts()), min_size=1, max_size=3),
)
def test_a_follow_up_to_anything_whatever_gives_some_words(question, history):
    assert interpret(question, [Turn(asked, text=answer) for asked, answer in history])


@given(any_texts())
def test_a_first_question_is_left_as_it_is(question):
    assert interpret(question, []) == question


def test_earlier_questions_alone_will_do():
    history = ["2023年营业收入是多少？", "那2022年呢？"]

    assert interpret("2021年呢？", history) == "2021年营业收入是多少？"


def test_only_the_last_five_turns_are_looked_at():
    turns = [Turn("谁是总经理？", text="步云舒"), *[Turn("门票多少钱？", text="10元")] * 5]

    assert interpret("他多大？", turns) == "他多大？"


def test_a_question_of_another_language_leans_on_nothing_before_it():
    turns = [Turn("大会在哪里召开？", text="县文化中心")]

    assert interpret("And when?", turns) == "And when?"


def test_a_follow_up_is_written_in_the_script_of_the_question_before_it():
    turns = [Turn("白鷺溪調查的主持人是誰？", text="池若安")]

    assert interpret("地點呢？", turns) == "白鷺溪調查的地點在哪裡？"


def test_a_long_question_is_never_completed():
    turns = [Turn("谁是总经理？", text="步云舒")]
    question = "他" + "很" * 300 + "吗？"

    assert interpret(question, turns) == question


@pytest.mark.parametrize(
    "question", ["和", "And 《", "what about ?", "那呢？", "还有呢", "and", "其", "the latter"]
)
def test_a_follow_up_of_next_to_nothing_is_left_as_it_is(question):
    assert (
        interpret(question, [Turn("谁主持大会？", text="步云舒"), Turn("Who chaired it?")])
        == question
    )


def test_a_long_answer_does_not_become_part_of_a_question():
    turns = [Turn("谁主持了大会？", text="步云舒" + "和很多人" * 20)]

    assert interpret("什么时候？", turns) == "谁主持了大会，什么时候？"
