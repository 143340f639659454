import numpy as np

from index.datatypes import Channel, Chunk, Span
from index.phrases import Phrase
from index.ranking import find_phrase, rank_hits


def _chunk(chunk_id, text):
    return Chunk(chunk_id, "d", Span(0, len(text)), ("Title",), text)


def test_hits_are_ordered_by_score_and_equal_ones_by_id():
    chunks = [_chunk("b", "x"), _chunk("c", "y"), _chunk("a", "z")]

    hits = rank_hits(chunks, np.array([1, 2, 1], np.float32), Channel.LEXICAL)

    assert [(hit.chunk.chunk_id, hit.score, hit.rank) for hit in hits] == [
        ("c", 2.0, 1),
        ("a", 1.0, 2),
        ("b", 1.0, 3),
    ]


def test_no_more_chunks_are_taken_than_needed_for_a_phrase():
    taken = []

    def chunks():
        for number in range(9):
            taken.append(number)
            yield _chunk(str(number), "the red door" if number else "the redder door")

    found = find_phrase(Phrase.of("red door"), chunks(), 2)

    assert [chunk.chunk_id for chunk in found] == ["1", "2"]
    assert len(taken) <= 4


def test_a_phrase_may_stand_in_a_heading():
    assert find_phrase(Phrase.of("title"), [_chunk("a", "x")], 1)
