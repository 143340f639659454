import tempfile
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.dense import DenseIndex, VectorFile
from index.errors import IndexCorruptError
from tests.index.folders import save_vectors


def _unit_rows(n_rows: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n_rows, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _load(vectors: np.ndarray) -> DenseIndex:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dense.faiss"
        save_vectors(path, vectors)
        return DenseIndex.load(path)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "索引 é" / "dense.faiss"
    path.parent.mkdir()
    save_vectors(path, _unit_rows(50, 8))
    return path


@given(st.integers(0, 60), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_the_nearest_rows_are_those_of_brute_force(n_rows, top_k, seed):
    vectors = _unit_rows(n_rows, 8, seed)
    question = _unit_rows(1, 8, seed + 1)[0]
    cosines = vectors @ question

    ranking = _load(vectors).search(question, top_k)

    best = np.sort(cosines)[::-1][:top_k]
    np.testing.assert_allclose(ranking.scores, best, atol=1e-6)
    np.testing.assert_allclose(cosines[ranking.rows], ranking.scores, atol=1e-6)
    assert len(set(ranking.rows.tolist())) == len(ranking.rows)


def test_equal_scores_come_in_the_order_of_rows():
    vectors = np.repeat(_unit_rows(3, 8), 4, axis=0)

    ranking = _load(vectors).search(vectors[4], 4)

    assert ranking.rows.tolist() == [4, 5, 6, 7]


@given(st.lists(st.integers(0, 49), max_size=60))
def test_scores_of_given_rows_are_their_cosines(rows):
    vectors = _unit_rows(50, 8)

    scores = _load(vectors).score(vectors[0], rows)

    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, vectors[rows] @ vectors[0] if rows else [], atol=1e-6)


def test_a_row_has_the_same_score_at_every_place():
    vectors = _unit_rows(50, 33)
    index = _load(vectors)

    scores = index.score(vectors[0], range(50))

    assert index.score(vectors[0], range(49, -1, -1)).tolist() == scores.tolist()[::-1]
    assert [index.score(vectors[0], [row])[0] for row in range(50)] == scores.tolist()


def test_a_question_without_tokens_finds_nothing():
    ranking = _load(_unit_rows(5, 8)).search(np.zeros(8, np.float32), 3)

    assert len(ranking.rows) == len(ranking.scores) == 0


def test_an_empty_index_finds_nothing_and_survives_a_round_trip(tmp_path):
    save_vectors(tmp_path / "dense.faiss", np.empty((0, 8), np.float32))

    loaded = DenseIndex.load(tmp_path / "dense.faiss")

    assert loaded.n_rows == 0
    assert len(loaded.search(_unit_rows(1, 8)[0], 5).rows) == 0


def test_a_loaded_index_answers_like_the_one_saved_under_a_name_that_is_not_ascii(saved):
    vectors = _unit_rows(50, 8)
    built, loaded = _load(vectors), DenseIndex.load(saved)

    for question in _unit_rows(10, 8, seed=1):
        before, after = built.search(question, 7), loaded.search(question, 7)
        np.testing.assert_array_equal(before.rows, after.rows)
        np.testing.assert_array_equal(before.scores, after.scores)
        np.testing.assert_array_equal(
            built.score(question, range(50)), loaded.score(question, range(50))
        )


def test_a_loaded_index_still_answers_after_its_file_was_replaced(saved):
    vectors = _unit_rows(50, 8)
    loaded = DenseIndex.load(saved)
    saved.unlink()
    saved.write_bytes(b"other")

    assert loaded.search(vectors[7], 1).rows.tolist() == [7]


@pytest.mark.parametrize("n_bytes", [0, 1, 3, 4, 20, 40, 45, 100, 1600])
def test_a_file_cut_short_is_corrupt(n_bytes, saved):
    saved.write_bytes(saved.read_bytes()[:n_bytes])

    with pytest.raises(IndexCorruptError, match=r"dense\.faiss.*yiju index --full"):
        DenseIndex.load(saved)


def test_a_file_of_something_else_is_corrupt(saved):
    saved.write_bytes("这不是索引。".encode() * 100)

    with pytest.raises(IndexCorruptError):
        DenseIndex.load(saved)


def test_a_missing_file_is_corrupt(tmp_path):
    with pytest.raises(IndexCorruptError):
        DenseIndex.load(tmp_path / "dense.faiss")


@pytest.mark.parametrize(("n_rows", "dim"), [(0, 8), (1, 8), (50, 33), (700, 1)])
def test_a_file_of_vectors_is_what_faiss_itself_makes_of_them(n_rows, dim, tmp_path):
    vectors = _unit_rows(n_rows, dim)
    index = faiss.IndexFlatIP(dim)
    if n_rows:
        index.add(vectors)

    save_vectors(tmp_path / "dense.faiss", vectors)

    assert (tmp_path / "dense.faiss").read_bytes() == bytes(faiss.serialize_index(index))


def test_vectors_come_back_whatever_the_blocks_they_were_written_in(tmp_path):
    vectors = _unit_rows(50, 8)
    with VectorFile.create(tmp_path / "dense.faiss", 8, 60) as file:
        for start in (30, 0, 49):
            file.write(start, vectors[start : start + 30])

    with VectorFile.open(tmp_path / "dense.faiss", 8, 60) as file:
        np.testing.assert_array_equal(file.read(0, 50), vectors)
        np.testing.assert_array_equal(file.read(13, 2), vectors[13:15])
        assert not file.read(50, 10).any()


@pytest.mark.parametrize(("dim", "n_rows"), [(9, 50), (8, 49), (8, 51)])
def test_a_file_of_other_vectors_is_corrupt(dim, n_rows, saved):
    with pytest.raises(IndexCorruptError), VectorFile.open(saved, dim, n_rows):
        pytest.fail("it was opened")
