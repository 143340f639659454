"""Codes: what they find of the nearest rows, and that an index with them answers as one without."""

import numpy as np
import pytest

from index import codes
from index.codes import Codes, measure_codes
from index.dense import DenseIndex, VectorFile
from index.errors import IndexCorruptError
from index.generations import IndexDir
from index.knowledge_base import KnowledgeBase
from tests.index.folders import TEXTS, build, edit, load, search, write_documents


def write_rows(path, vectors):
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    with VectorFile.create(path, vectors.shape[1], len(vectors)) as file:
        file.write(0, vectors)
    return vectors


def code(path, vectors):
    """Return the codes of the rows of a file, and how good they are."""
    with VectorFile.open(path, vectors.shape[1], len(vectors)) as file:
        made = Codes.make(file, vectors.shape[1], len(vectors))
        return made, measure_codes(made, file)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Rows around topics, 40,000 of 64 dimensions, and their file."""
    rng = np.random.default_rng(7)
    topics = rng.standard_normal((400, 64))
    vectors = topics[rng.integers(400, size=40_000)] + rng.standard_normal((40_000, 64))
    path = tmp_path_factory.mktemp("rows") / "dense.faiss"
    return path, write_rows(path, vectors)


def test_nearly_all_of_the_nearest_are_found_and_scored_exactly(rows):
    path, vectors = rows
    made, quality = code(path, vectors)
    assert quality.n_scored in {2000, 4000, 8000}
    assert quality.recall >= 0.99
    dense, rng = DenseIndex.load(path), np.random.default_rng(8)
    n_found = 0
    for at in rng.integers(len(vectors), size=50):
        question = vectors[at] + 0.05 * rng.standard_normal(64).astype(np.float32)
        exact = dense.search(question, 10)
        quick = dense.search(question, 10, made.search(question, quality.n_scored))
        n_found += len(set(exact.rows) & set(quick.rows))
        assert list(quick.scores) == sorted(quick.scores, reverse=True)
        np.testing.assert_array_equal(quick.scores, dense.score(question, quick.rows.tolist()))
    assert n_found >= 0.98 * 500


def test_blocks_do_not_change_the_codes_and_they_survive_a_file(rows, tmp_path, monkeypatch):
    path, vectors = rows
    made, _ = code(path, vectors)
    made.save(tmp_path / "a")
    monkeypatch.setattr(codes, "_BLOCK", 999)
    again, _ = code(path, vectors)
    again.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    loaded = Codes.load(tmp_path / "a")
    assert loaded.n_rows == len(vectors)
    question = vectors[5]
    assert loaded.search(question, 100).tolist() == made.search(question, 100).tolist()
    assert loaded.search(question, 10**9).shape == (len(vectors),)


def test_codes_that_would_miss_too_much_are_not_used(tmp_path):
    rng = np.random.default_rng(9)
    # All in one direction: their signs differ by nothing but noise.
    alike = 1 + 0.03 * rng.standard_normal((30_000, 24))
    path = tmp_path / "dense.faiss"
    _, quality = code(path, write_rows(path, alike))
    assert quality == codes.NO_CODES


@pytest.mark.parametrize("dim", [5, 8, 30, 256])
def test_any_width_is_coded(tmp_path, dim):
    path = tmp_path / "dense.faiss"
    vectors = write_rows(path, np.random.default_rng(1).standard_normal((500, dim)))
    made, quality = code(path, vectors)
    assert quality == codes.CodeQuality(2000, 1.0)  # there are fewer
    found = made.search(vectors[3], 2000)
    assert len(set(found)) == len(found) >= 480  # of the farthest, FAISS may leave some out
    assert DenseIndex.load(path).search(vectors[3], 1, found).rows == [3]


@pytest.mark.parametrize("damage", [b"", b"IwPf", b"\0" * 5000])
def test_what_is_no_codes_is_refused(tmp_path, damage):
    (tmp_path / "codes.faiss").write_bytes(damage)
    with pytest.raises(IndexCorruptError, match=r"codes\.faiss"):
        Codes.load(tmp_path / "codes.faiss")


def test_an_index_with_codes_is_that_of_a_full_build_and_finds_the_same(
    tmp_path, hash_encoder, monkeypatch
):
    folder = write_documents(tmp_path / "docs", TEXTS)
    build(folder, hash_encoder)
    exact = search(load(folder, hash_encoder), "大会在哪里召开？")
    monkeypatch.setattr(codes, "LEAST_ROWS", 3)
    build(folder, hash_encoder, full=True)
    coded = load(folder, hash_encoder)
    assert (coded.manifest.n_scored, coded.manifest.recall) == (2000, 1.0)
    found = search(coded, "大会在哪里召开？")
    assert [hit.chunk for hit in found.dense] == [hit.chunk for hit in exact.dense]
    np.testing.assert_allclose(
        [hit.score for hit in found.dense], [hit.score for hit in exact.dense], atol=1e-6
    )
    assert search(coded, "，").dense == ()

    edit(folder / "hoist.md", "# Hoist manual\n\nThe rope is inspected every 40 days.")
    build(folder, hash_encoder)
    build(folder, hash_encoder, index_dir=tmp_path / "fresh")
    home, fresh = IndexDir(folder / ".yiju"), IndexDir(tmp_path / "fresh")
    ours, theirs = (one.paths(one.current()).codes for one in (home, fresh))
    assert ours.read_bytes() == theirs.read_bytes()


def test_codes_of_other_rows_are_refused(tmp_path, hash_encoder, monkeypatch):
    monkeypatch.setattr(codes, "LEAST_ROWS", 3)
    folder = write_documents(tmp_path / "docs", TEXTS)
    build(folder, hash_encoder)
    vectors = write_rows(tmp_path / "v", np.eye(8))
    made, _ = code(tmp_path / "v", vectors)
    monkeypatch.setattr(Codes, "load", lambda _: made)
    with pytest.raises(IndexCorruptError, match="do not belong together"):
        KnowledgeBase.load(folder / ".yiju", encoder=hash_encoder)
