import math
import resource
import shutil
import tempfile
import warnings

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import IndexCorruptError
from index.lexical import K1, B, LexicalIndex, LexicalStatistics
from index.matching import match_terms
from tests.index.folders import as_chunk, write_lexical

_TERMS = [
    "会议",
    "#会议",
    "=gbt5972",
    "rope",
    "的",
    "图书馆",
    "ガイド",
    "3",
    "é",
    "<x>",
    '"',
    "a.b",
]
_documents = st.lists(st.lists(st.sampled_from(_TERMS), max_size=12), min_size=1, max_size=25)
_questions = st.lists(st.sampled_from([*_TERMS, "unknown"]), max_size=6)


def _naive(question: list[str], documents: list[list[str]]) -> list[float]:
    """Robertson & Zaragoza 2009, term by term."""
    n_documents = len(documents)
    mean = sum(map(len, documents)) / n_documents
    scores = []
    for document in documents:
        score = 0.0
        for term in question:
            df = sum(term in other for other in documents)
            idf = math.log(1 + (n_documents - df + 0.5) / (df + 0.5))
            tf = document.count(term)
            norm = K1 * (1 - B + B * len(document) / max(mean, 1))
            score += idf * tf * (K1 + 1) / (tf + norm) if tf else 0
        scores.append(score)
    return scores


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lexical")


def _build(folder, documents: list[list[str]]) -> LexicalIndex:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return write_lexical(folder, documents)


def _score(lexical: LexicalIndex, question: list[str], documents: list[list[str]]) -> np.ndarray:
    """BM25 of whole documents."""
    matches = match_terms(question, [as_chunk(document) for document in documents])
    return lexical.statistics(question).score(question, matches)


@pytest.fixture(scope="module")
def zipf(tmp_path_factory):
    """Eight hundred documents of terms as frequent as words are."""
    rng = np.random.default_rng(5)
    documents = [
        [f"w{term}" for term in np.minimum(rng.zipf(1.3, rng.integers(20, 150)), 3000)]
        for _ in range(800)
    ]
    return write_lexical(tmp_path_factory.mktemp("zipf"), documents), documents, rng


def test_the_constants_are_those_of_the_formula_in_the_docstring():
    assert (K1, B) == (0.9, 0.4)


@settings(max_examples=12)
@given(_documents, st.lists(_questions, min_size=1, max_size=6))
def test_scores_are_those_of_the_formula(folder, documents, questions):
    lexical = _build(folder, documents)

    for question in questions:
        scores = _score(lexical, question, documents)

        np.testing.assert_allclose(scores, _naive(question, documents), rtol=1e-5)


@settings(max_examples=12)
@given(_documents, st.lists(_questions, min_size=1, max_size=6))
def test_candidates_are_exactly_the_documents_with_a_term_of_the_question(
    folder, documents, questions
):
    lexical = _build(folder, documents)

    for question in questions:
        rows = lexical.search(question, len(documents)).tolist()

        holding = {row for row, document in enumerate(documents) if set(document) & set(question)}
        assert len(rows) == len(set(rows))
        assert set(rows) == holding


def test_scores_agree_with_bm25s(zipf):
    lexical, documents, rng = zipf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the reference library's own
        reference = bm25s.BM25(method="lucene", k1=K1, b=B)
        reference.index(documents, show_progress=False)

    for _ in range(10):
        question = [f"w{term}" for term in set(np.minimum(rng.zipf(1.3, 6), 3000).tolist())]
        known = [term for term in question if lexical.n_chunks_with(term)]
        ours = _score(lexical, known, documents)
        theirs = reference.get_scores(known)
        # Lucene leaves out the constant factor k1 + 1.
        np.testing.assert_allclose(ours, theirs * (K1 + 1), rtol=1e-4, atol=1e-4)


def test_fifty_candidates_hold_the_best_document(zipf):
    lexical, documents, rng = zipf
    n_held = 0
    for _ in range(40):
        question = [f"w{term}" for term in np.minimum(rng.zipf(1.5, 8), 3000)]
        scores = _score(lexical, question, documents)
        found = lexical.search(question, 50)
        n_held += scores[found].max() == scores.max()

    assert n_held == 40


def test_a_rare_term_weighs_more_than_a_frequent_one_and_an_unknown_one_most(tmp_path):
    lexical = write_lexical(tmp_path, [["a", "b"], ["a"], ["a", "c"]])

    statistics = lexical.statistics(["a", "b", "unknown"])
    assert 0 < statistics.idf("a") < statistics.idf("b") < statistics.idf("unknown")
    assert statistics.idf("b") == pytest.approx(math.log(1 + (3 - 1 + 0.5) / (1 + 0.5)))


def test_a_term_of_the_question_counts_as_often_as_it_is_repeated(tmp_path):
    documents = [["a", "b"], ["c"]]
    lexical = write_lexical(tmp_path, documents)

    once, twice = (_score(lexical, question, documents)[0] for question in (["a"], ["a", "a"]))

    assert twice == pytest.approx(2 * once)


def test_a_very_long_question_searches_its_rarest_terms_only(tmp_path):
    n_documents = 300
    documents = [["frequent", "often", f"rare{row}"] for row in range(n_documents)]
    lexical = write_lexical(tmp_path, documents)
    question = ["frequent"] * 5000 + ["often"] * 5000 + [f"rare{row}" for row in range(200)]

    rows = lexical.search(question, n_documents)

    assert 0 < len(rows) <= 64
    assert set(rows.tolist()) <= set(range(200))


def test_a_question_of_a_hundred_thousand_unknown_terms_finds_nothing(tmp_path):
    lexical = write_lexical(tmp_path, [["a"]])

    assert len(lexical.search([f"unknown{number}" for number in range(100_000)], 10)) == 0


@pytest.mark.parametrize("char", ["x", "会"])
def test_a_term_of_seventy_thousand_bytes_costs_no_document(char, tmp_path):
    huge = char * (70_000 // len(char.encode()) + 1)
    documents = [["a", "b"], ["a", huge, "c"], ["c"]]
    lexical = write_lexical(tmp_path, documents)

    assert lexical.n_rows == 3
    assert sorted(lexical.search(["a"], 10).tolist()) == [0, 1]
    assert sorted(lexical.search(["c"], 10).tolist()) == [1, 2]
    assert set(lexical.search([huge], 10).tolist()) <= {1}


@pytest.mark.parametrize("question", [[], ["unknown"], [""]], ids=["none", "unknown", "empty"])
def test_a_question_without_known_terms_finds_nothing_and_scores_nothing(question, tmp_path):
    lexical = write_lexical(tmp_path, [["a"], []])

    assert len(lexical.search(question, 10)) == 0
    assert _score(lexical, question, [["a"]]).tolist() == [0]


def test_an_index_without_documents_finds_nothing(tmp_path):
    lexical = write_lexical(tmp_path, [])

    assert lexical.n_rows == 0
    assert len(lexical.search(["a"], 10)) == 0
    assert lexical.statistics(["a"]).idf("a") > 0


def test_a_loaded_index_answers_like_the_one_built(tmp_path):
    documents = [["a", "b", "b"], ["b"], ["c", "a"]]
    path = tmp_path / "词 é"
    path.mkdir()
    built = write_lexical(path, documents)

    loaded = LexicalIndex.load(path, built.mean_terms)

    assert loaded.mean_terms == 2
    for question in (["a"], ["b", "c"], ["c", "x"]):
        assert loaded.search(question, 3).tolist() == built.search(question, 3).tolist()
        scores = (_score(lexical, question, documents) for lexical in (loaded, built))
        np.testing.assert_array_equal(*scores)


def test_an_index_is_read_where_its_lock_file_cannot_be_written(tmp_path, monkeypatch):
    path, temporary = tmp_path / "词 é", tmp_path / "tmp"
    path.mkdir()
    temporary.mkdir()
    built = write_lexical(path, [["a", "b", "b"], ["b"]])
    before = built.search(["b"], 3).tolist()
    (path / ".tantivy-meta.lock").unlink()
    (path / ".tantivy-meta.lock").mkdir()  # refuses root as well, as no mode would
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    loaded = LexicalIndex.load(path, built.mean_terms)

    assert loaded.search(["b"], 3).tolist() == before
    assert list(temporary.iterdir()) == []


def test_a_disk_that_refuses_a_build_is_an_os_error(tmp_path):
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))  # bytes a file may have
    try:
        with pytest.raises(OSError, match="tantivy"):
            write_lexical(tmp_path, [["a"]])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@pytest.mark.parametrize("name", ["meta.json", None], ids=["meta", "whole folder"])
def test_a_missing_part_is_corrupt(name, tmp_path):
    path = tmp_path / "lexical"
    path.mkdir()
    write_lexical(path, [["a"]])
    if name:
        (path / name).unlink()
    else:
        shutil.rmtree(path)

    with pytest.raises(IndexCorruptError):
        LexicalIndex.load(path, 1.0)


def test_several_indexes_weigh_terms_as_one_over_all_their_chunks(tmp_path):
    parts = ([["a", "b"], ["a"]], [["a", "c", "c", "c"], ["d"], ["a", "d"]])
    for number, chunks in enumerate((*parts, [*parts[0], *parts[1]])):
        (tmp_path / str(number)).mkdir()
        write_lexical(tmp_path / str(number), chunks)
    means = (1.5, 7 / 3, 2.0)
    one, two, whole = (
        LexicalIndex.load(tmp_path / str(number), mean) for number, mean in enumerate(means)
    )
    terms = ["a", "b", "c", "unknown"]

    joined = LexicalStatistics.sum([one.statistics(terms), two.statistics(terms)])

    assert joined == whole.statistics(terms)
    assert joined.idf("c") == whole.statistics(["c"]).idf("c")


def test_all_terms_are_demanded_of_a_row_when_asked_for(tmp_path):
    documents = [["甲", "乙"], ["乙", "丙", "甲"], ["甲"], ["丙"]]
    index = write_lexical(tmp_path, documents)

    assert sorted(index.search_all(["甲", "乙"], 10)) == [0, 1]
    assert sorted(index.search_all(["甲", "乙", "丙"], 10)) == [1]
    assert len(index.search_all(["甲"], 2)) == 2
    assert sorted(index.search_all(["甲", "乙", "丙"], 10, n_missing=1)) == [0, 1]
    assert sorted(index.search_all(["甲", "乙", "丁"], 10, n_missing=1)) == [0, 1]
    assert index.search_all(["甲"], 10, n_missing=1).tolist() == []
    for terms in ([], ["甲", "丁"], ["乙", "丙", "丁"]):
        assert index.search_all(terms, 10).tolist() == []
