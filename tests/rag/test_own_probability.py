import math

import pytest

from rag.datatypes import Status
from rag.own_probability import ANSWERED, UNCERTAIN, OwnProbability
from tests.rag.samples import make_hit, make_query, make_span

QUERY = make_query()


def _span(score, relevance, *, rank=1):
    return make_span(
        make_hit("会议于2月5日召开。", rank=rank), "2月5日", score=score, relevance=relevance
    )


def test_the_confidence_is_the_product_of_both_probabilities():
    (judged,) = OwnProbability().judge(QUERY, [_span(math.log(0.8), math.log(3))])

    assert judged.confidence == pytest.approx(0.8 * 0.75)


def test_the_most_probable_comes_first_and_equals_in_the_order_of_the_hits():
    spans = [_span(-1.0, 0.0, rank=1), _span(-0.1, 0.0, rank=2), _span(-0.1, 0.0, rank=3)]

    judged = OwnProbability().judge(QUERY, spans)

    assert [entry.span.hit.rank for entry in judged] == [2, 3, 1]


@pytest.mark.parametrize(
    ("probability", "status"),
    [
        (ANSWERED, Status.ANSWERED),
        (ANSWERED - 0.01, Status.UNCERTAIN),
        (UNCERTAIN + 0.001, Status.UNCERTAIN),
        (UNCERTAIN - 0.01, Status.NOT_FOUND),
    ],
)
def test_the_thresholds_tell_what_may_be_made_of_it(probability, status):
    (judged,) = OwnProbability().judge(QUERY, [_span(math.log(2 * probability), 0.0)])

    assert judged.status is status


def test_no_spans_give_nothing():
    assert OwnProbability().judge(QUERY, []) == []
