import numpy as np

from index.datatypes import Chunk, Span
from index.loading import hash_source
from tests.benchmarks import lexical_baseline, retrieval, retrieval_small
from tests.benchmarks.pool import build_pool
from tests.benchmarks.sets import GoldQuestion
from tests.fakes import HashEncoder


def _chunk(source, start, end):
    return Chunk(f"{source}{start}", hash_source(source), Span(start, end), (), "x" * (end - start))


def test_a_hit_holds_the_start_of_an_answer_in_its_own_paragraph():
    gold = GoldQuestion("q", "?", "a.txt", (10, 30), ("甲乙", "丙"))
    chunks = [
        _chunk("b.txt", 0, 40),
        _chunk("a.txt", 0, 10),
        _chunk("a.txt", 11, 30),
        _chunk("a.txt", 30, 40),
    ]

    assert retrieval.rank_of_gold(chunks, gold) == 4
    assert retrieval.rank_of_gold(chunks[:3], gold) is None


def test_the_pool_is_searched_in_every_way(data_dir, models, tmp_path):
    pool = build_pool(data_dir, tmp_path, models.encoder)

    figures = retrieval.run(pool, models)

    assert list(figures) == ["cmrc2018_trial", "xquad_zh"]
    for ranking in ("dense", "lexical", "fused", "read", lexical_baseline.NAME):
        assert figures["xquad_zh"][ranking]["recall@5"] == 100.0
        assert figures["xquad_zh"][ranking]["mrr@10"] >= 50.0


def test_a_pool_is_written_once(data_dir, tmp_path):
    encoder = HashEncoder()
    build_pool(data_dir, tmp_path, encoder)
    n_encoded = len(encoder.encoded)

    pool = build_pool(data_dir, tmp_path, encoder)

    assert len(encoder.encoded) == n_encoded
    assert (pool.documents_dir / "distractors" / "000000.txt").is_file()
    assert pool.of("xquad_zh").paragraphs


def test_bm25_of_the_library_finds_words():
    texts = ["图书馆周一闭馆。", "灯塔建于1862年。", "。。。"]

    rows = lexical_baseline.rank_texts(texts, ["灯塔建于哪年", "图书馆", "？"], 1)

    assert rows[:2, 0].tolist() == [1, 0]


def test_vectors_are_cut_and_scaled_again():
    vectors = np.array([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]], np.float32)

    assert retrieval_small.cut(vectors, 1).tolist() == [[1.0], [0.0]]


def test_every_pair_of_languages_is_ranked_with_every_width(data_dir, monkeypatch):
    monkeypatch.setattr(retrieval_small, "load_minilm", lambda: HashEncoder(16, "other"))

    figures = retrieval_small.run(data_dir, HashEncoder(128))

    assert set(figures["en"]) == {
        "dense, 128",
        "dense, 64",
        lexical_baseline.NAME,
        "all-MiniLM-L6-v2",
    }
    assert figures["en"]["dense, 128"]["recall@1"] == 100.0
    assert figures["en_zh"]["dense, 128"]["recall@10"] == 100.0  # there are but two paragraphs


def test_the_tables_have_a_row_a_ranking():
    row = {"recall@1": 50.0, "recall@5": 60.0, "recall@10": 70.0, "mrr@10": 55.0}
    result = {"figures": {"a_b": {"dense": row, "fused": row}}}

    assert retrieval.to_markdown(result).splitlines() == [
        "| recall@1 / @5 / @10 | a_b |",
        "|---|---|",
        "| dense | 50.0 / 60.0 / 70.0 |",
        "| fused | 50.0 / 60.0 / 70.0 |",
    ]
    assert retrieval_small.to_markdown(result).splitlines()[:3] == [
        "| recall@1 / @10 | a→b |",
        "|---|---|",
        "| dense | 50.0 / 70.0 |",
    ]
