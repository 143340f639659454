import json

import numpy as np
import pytest

from index.encoder import StaticEncoder
from rag.training.examples import (
    NO_ANSWER,
    RawPassage,
    RawQuestion,
    load_examples,
    read_synthetic,
    save_examples,
    tokenize_examples,
)
from rag.training.mining import add_negatives

BRIDGE = "青岩大桥于2011年6月动工,2014年10月18日建成通车。大桥全长2184米,由许明远主持设计。"
TEA = "白毫银针是福鼎的名茶。它只用春天的单芽,所以产量很少,茶农林秀珍2014年10月18日说。"


@pytest.fixture(scope="module")
def encoder():
    return StaticEncoder.load()


def _question(text, passage, answer, group="zh-zh"):
    start = passage.index(answer)
    return RawQuestion(text, start, start + len(answer), group)


def _words(texts, number, encoder, start=0, last=None):
    ids = texts.ids[texts.offsets[number] : texts.offsets[number + 1]]
    kept = ids[start : None if last is None else last + 1]
    return "".join(encoder.tokenizer.id_to_token(int(i)) for i in kept)


def test_answers_are_found_among_the_tokens(encoder):
    passages = [
        RawPassage(
            BRIDGE,
            "bridge",
            [
                _question("谁设计了大桥?", BRIDGE, "许明远"),
                _question("何时通车?", BRIDGE, "2014年10月18日"),
                RawQuestion("大桥收费多少?", NO_ANSWER, NO_ANSWER, "none-zh"),
            ],
        )
    ]
    examples = tokenize_examples(passages, encoder.tokenizer)

    answers = [
        _words(examples.passages, 0, encoder, start, last)
        for start, last in zip(examples.start[:2], examples.last[:2], strict=True)
    ]
    assert answers == ["许明远", "2014年10月18日"]
    assert examples.start[2] == NO_ANSWER
    assert [examples.groups[g] for g in examples.group] == ["zh-zh", "zh-zh", "none-zh"]


def test_answers_in_traditional_full_width_text_are_found_where_the_folded_text_has_them(encoder):
    passage = "龍山寺㍿始建於清乾隆三年,主祀觀世音菩薩。"  # one character folds to four
    question = _question("主祀什麼？", passage, "觀世音菩薩", "set-zh")
    examples = tokenize_examples([RawPassage(passage, "temple", [question])], encoder.tokenizer)

    start, last = int(examples.start[0]), int(examples.last[0])
    assert _words(examples.passages, 0, encoder, start, last) == "观世音菩萨"


def test_an_answer_too_long_for_the_reader_is_left_out(encoder):
    passage = "会议指出" + "要坚持稳中求进" * 30 + "。"
    question = RawQuestion("会议指出什么?", 4, len(passage) - 1, "zh-zh")

    examples = tokenize_examples([RawPassage(passage, "x", [question])], encoder.tokenizer)
    assert len(examples.passage) == 0


def test_synthetic_questions_are_read_with_their_languages(tmp_path):
    entry = {
        "document": "7",
        "passage": BRIDGE,
        "language": "zh",
        "questions": [
            {"question": "Who?", "start": 0, "end": 4, "kind": "person", "language": "en"},
            {"question": "谁?", "start": 0, "end": 4, "kind": "person"},
            {"question": "谁?", "start": 0, "end": 4, "kind": "item_person"},
            {"question": "有谁?", "start": 0, "end": 4, "kind": "each_person"},
        ],
        "unanswerable": ["为什么?"],
    }
    path = tmp_path / "cross.jsonl"
    path.write_text(json.dumps(entry) + "\n", "utf-8")

    (passage,) = read_synthetic(path)
    groups = [question.group for question in passage.questions]
    assert groups == ["en-zh", "zh-zh", "item-zh", "each-zh", "none-zh"]
    assert passage.document == "cross/7"


def test_mined_negatives_look_alike_and_never_hold_the_answer(encoder):
    others = [f"第{n}座桥在{n}号公路上,由第{n}工程局负责,与大桥无关。" for n in range(300)]
    passages = [
        RawPassage(BRIDGE, "bridge", [_question("大桥何时建成通车?", BRIDGE, "2014年10月18日")]),
        RawPassage(TEA, "tea", []),  # holds the same date
        RawPassage("青岩大桥的通车典礼由周敏主持,建成时下着雨。", "news", []),
        *(RawPassage(text, "x", []) for text in others),
    ]
    examples = tokenize_examples(passages, encoder.tokenizer)
    mined = add_negatives(examples, encoder.embeddings, np.arange(1))

    found = [int(number) for number in mined.negatives[0] if number >= 0]
    assert found[0] == 2
    assert 0 not in found
    assert 1 not in found


def test_kept_examples_are_the_same_when_loaded(encoder, tmp_path):
    passages = [RawPassage(TEA, "tea", [_question("是哪里的名茶?", TEA, "福鼎")])]
    examples = tokenize_examples(passages, encoder.tokenizer)
    save_examples(examples, tmp_path / "examples.npz")
    loaded = load_examples(tmp_path / "examples.npz")

    assert loaded.groups == examples.groups
    for name in ("passage", "question", "start", "last", "group", "document", "negatives"):
        assert np.array_equal(getattr(loaded, name), getattr(examples, name))
    assert np.array_equal(loaded.passages.ids, examples.passages.ids)
    assert np.array_equal(loaded.questions.offsets, examples.questions.offsets)
