import numpy as np
import pytest
import torch

from index.encoder import StaticEncoder
from rag.training.batches import MAX_PASSAGE, ExampleSampler, Neighbours
from rag.training.examples import NO_ANSWER, RawPassage, RawQuestion, tokenize_examples
from rag.training.features import TokenTables
from rag.training.mining import add_negatives

PEOPLE = ("许明远", "林秀珍", "周敏", "陈立", "何静", "赵一凡")


@pytest.fixture(scope="module")
def encoder():
    return StaticEncoder.load()


@pytest.fixture(scope="module")
def examples(encoder):
    passages = []
    for number, name in enumerate(PEOPLE):
        text = (
            f"第{number}座大桥建于{1990 + number}年。它由{name}主持设计,全长{2000 + number}米。"
            + ("通车那天下着雨,两岸的人都来了。" * (60 if number == 0 else 1))
        )
        start = text.index(name)
        asked = RawQuestion(f"第{number}座大桥是谁设计的?", start, start + len(name), "zh-zh")
        passages.append(RawPassage(text, f"{number % 2}", [asked]))
    none = RawQuestion("大桥收费多少?", NO_ANSWER, NO_ANSWER, "none-zh")
    passages.append(RawPassage("桥上不许停车,也不许钓鱼。", "9", [none]))
    examples = tokenize_examples(passages, encoder.tokenizer)
    return add_negatives(examples, encoder.embeddings, np.arange(len(examples.passage)))


def _tables(encoder):
    tables = TokenTables(torch.from_numpy(np.array(encoder.embeddings)))
    tokens = [str(encoder.tokenizer.id_to_token(i)) for i in range(len(encoder.embeddings))]
    tables.script.copy_(torch.tensor([0 if t[0] > "\u3400" else 3 for t in tokens]))
    return tables


@pytest.fixture(scope="module")
def sampler(encoder, examples):
    none = np.full((len(encoder.embeddings), 1), -1)
    return ExampleSampler(examples, Neighbours(none, none), _tables(encoder), 0)


def test_answers_stay_answers_however_the_passage_is_cut(sampler, encoder):
    names = set()
    for batch in sampler.batches({"zh-zh": 1.0}, 20, 16):
        assert batch.pairs.passage_ids.shape[1] <= MAX_PASSAGE
        for row in torch.nonzero(batch.is_answered)[:, 0].tolist():
            ids = batch.pairs.passage_ids[row, batch.start[row] : batch.last[row] + 1]
            names.add("".join(encoder.tokenizer.id_to_token(int(i)) for i in ids))
    assert names == set(PEOPLE)


def test_some_answerable_questions_get_passages_that_do_not_answer_them(sampler, encoder):
    unanswered = n_examples = 0
    for batch in sampler.batches({"zh-zh": 1.0}, 20, 16):
        for row in torch.nonzero(batch.is_answered == 0)[:, 0].tolist():
            text = "".join(
                encoder.tokenizer.id_to_token(int(i))
                for i in batch.pairs.passage_ids[row]
                if i >= 0
            )
            asked = "".join(
                encoder.tokenizer.id_to_token(int(i))
                for i in batch.pairs.question_ids[row]
                if i >= 0
            )
            number = next(char for char in asked if char.isdigit())
            assert PEOPLE[int(number)] not in text
            assert int(batch.start[row]) == int(batch.last[row]) == 0
        unanswered += int((batch.is_answered == 0).sum())
        n_examples += len(batch.is_answered)
    assert 0.1 < unanswered / n_examples < 0.4


def test_groups_are_drawn_by_their_weights(sampler):
    batches = list(sampler.batches({"none-zh": 1.0}, 3, 8))

    assert [len(batch.is_answered) for batch in batches] == [8, 8, 8]
    assert sum(float(batch.is_answered.sum()) for batch in batches) == 0


def test_the_same_seed_draws_the_same_batches(examples, encoder):
    none = np.full((len(encoder.embeddings), 1), -1)
    drawn = []
    for _ in range(2):
        sampler = ExampleSampler(examples, Neighbours(none, none), _tables(encoder), 3)
        drawn.append([batch.pairs.passage_ids for batch in sampler.batches({"zh-zh": 1.0}, 4, 8)])
    assert all(torch.equal(one, other) for one, other in zip(*drawn, strict=True))
