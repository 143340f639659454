import numpy as np

from rag.span_network.batch import RaggedAxis, ReaderBatch
from rag.span_network.tokens import TokenizedText


def _text(ids: list[int], sentences: list[int]) -> TokenizedText:
    places = np.arange(len(ids))
    return TokenizedText(
        ids=np.array(ids),
        offsets=np.stack([places, places + 1], 1),
        is_spaced=np.zeros(len(ids), dtype=np.bool_),
        sentences=np.array(sentences),
    )


def test_sequences_follow_one_another():
    axis = RaggedAxis.of([3, 1, 2])

    assert axis.spans == (slice(0, 3), slice(3, 4), slice(4, 6))
    assert axis.starts.tolist() == [0, 3, 4]
    assert axis.n_rows == 6


def test_neighbours_do_not_reach_into_another_sequence():
    rows, is_beyond = RaggedAxis.of([3, 2]).neighbours(3, 2)

    inside = [r[~b].tolist() for r, b in zip(rows, is_beyond, strict=True)]
    assert inside == [[0, 2], [1], [0, 2], [3], [4]]
    assert rows.min() >= 0
    assert rows.max() <= 4


def test_a_batch_knows_its_sentences_and_each_token_once():
    question = _text([7, 5], [0, 0])

    batch = ReaderBatch.of(question, [_text([5, 9, 5], [0, 0, 1]), _text([9], [0])])

    assert batch.sentence_rows.tolist() == [0, 2, 3]
    assert batch.sentence_at.tolist() == [0, 0, 1, 2]
    assert batch.types.tolist() == [5, 7, 9]
    assert batch.types[batch.at].tolist() == [5, 9, 5, 9]
    assert batch.types[batch.question_at].tolist() == [7, 5]


def test_passages_that_begin_with_equal_sentence_numbers_are_told_apart():
    batch = ReaderBatch.of(_text([1], [0]), [_text([1, 2], [0, 0]), _text([3], [0])])

    assert batch.sentence_rows.tolist() == [0, 2]
