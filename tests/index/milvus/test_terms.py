from collections import Counter

import pytest

from index.lexical import LexicalStatistics
from index.matching import match_terms
from index.milvus.terms import (
    TermCounts,
    n_held,
    term_key,
    unpack_bucket,
    weigh_chunk,
    weigh_question,
)
from tests.index.folders import as_chunk


def _product(chunk, question):
    return sum(weight * chunk.get(dimension, 0) for dimension, weight in question.items())


def test_the_inner_product_is_bm25_for_chunks_of_the_usual_length():
    rows = [["红", "茶"] + ["x"] * 148, ["红", "红", "红"] + ["y"] * 147]
    statistics = LexicalStatistics(2, 150, {"红": 2, "茶": 1})
    query = weigh_question({term: statistics.idf(term) for term in statistics.n_with})

    products = [_product(weigh_chunk(row), query) for row in rows]

    matches = match_terms(["红", "茶"], [as_chunk(row) for row in rows])
    assert products == pytest.approx(statistics.score(["红", "茶"], matches).tolist(), abs=1e-5)


def test_a_chunk_with_more_of_the_terms_is_before_any_with_fewer():
    terms = [f"t{number}" for number in range(16)]
    query = weigh_question(dict.fromkeys(terms, 20.0), counts_first=True)
    all_once = weigh_chunk([*terms, *["x"] * 500])
    one_missing = weigh_chunk(terms[:-1] * 50)

    scores = [_product(all_once, query), _product(one_missing, query)]

    assert [n_held(score) for score in scores] == [16, 15]


def test_a_chunk_without_terms_is_found_by_no_question():
    assert weigh_chunk([])
    assert _product(weigh_chunk([]), weigh_question({"a": 1.0}, counts_first=True)) == 0


def test_dimensions_are_those_that_milvus_takes():
    for terms in (["a", "\U0010ffff", "\ud800", "x" * 10_000], []):
        assert all(0 <= dimension < 2**32 - 1 for dimension in weigh_chunk(terms))


def test_counts_are_exact_through_buckets_and_what_is_taken_away():
    rows = [[f"t{number % 7}", f"u{number}", f"u{number}"] for number in range(4000)]
    counts = TermCounts()
    for row in rows:
        counts.add(row)
    copy = TermCounts()
    for bucket in counts.buckets():
        copy.take(bucket)
    for row in rows[:1000]:
        copy.add(row, -1)

    buckets = list(copy.buckets())

    wanted = Counter(term for row in rows[1000:] for term in set(row))
    found = {}
    for number, bucket in enumerate(buckets):
        keys, numbers = unpack_bucket(bucket)
        assert {key % len(buckets) for key in keys.tolist()} == {number}
        assert len(bucket) < 60_000
        found.update(zip(keys.tolist(), numbers.tolist(), strict=True))
    assert found == {term_key(term): count for term, count in wanted.items()}
    assert counts.n_terms == 12_000


def test_no_terms_at_all_are_one_bucket():
    assert list(TermCounts().buckets()) == [""]


@pytest.mark.parametrize("bucket", ["?", "AAAA"])
def test_a_damaged_bucket_is_refused(bucket):
    with pytest.raises(ValueError, match=r"."):
        unpack_bucket(bucket)
