import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Channel, Chunk, Span
from index.matching import ChunkTerms, CutChunk, match_terms
from index.normalization import fold_text
from index.scripts import count_scripts
from index.segmentation import extract_terms
from rag.errors import RerankerError
from rag.query import analyze_question
from rag.reranking import (
    FEATURES,
    Evidence,
    Reranker,
    bundled_reranker,
    extract_features,
    gather_evidence,
    rank_chunks,
)
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, all_chunks, build, load, write_documents
from tests.strategies import questions

_SHARES = [name for name in FEATURES if name != "foreign_cosine"]


def _terms_of(heading: str, *sentences: str) -> ChunkTerms:
    folded = [fold_text(text) for text in (heading, *sentences)]
    sentences = tuple(map(extract_terms, folded))
    (terms,) = ChunkTerms.of([CutChunk(sentences, count_scripts("\n".join(folded)))])
    return terms


def _features(question, chunks, *, dense=None, lexical=None, after=None):
    """Features by name of chunks given as (heading, sentence, …), all idfs 1."""
    query = analyze_question(question)
    matches = match_terms(query.terms, [_terms_of(*chunk) for chunk in chunks])
    n = len(chunks)
    before = np.full(n, -1)
    after = np.full(n, -1) if after is None else np.array(after)
    for at, number in enumerate(after):
        if number >= 0:
            before[number] = at
    evidence = Evidence(
        np.array(dense or [0.0] * n, np.float32),
        np.array(lexical or [0.0] * n, np.float32),
        matches,
        np.ones(len(matches.terms)),
        before,
        after,
    )
    table = extract_features(query, evidence)
    assert table.shape == (n, len(FEATURES))
    return {name: table[:, at].tolist() for at, name in enumerate(FEATURES)}


@pytest.fixture(scope="module")
def knowledge_base(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("reranking"), TEXTS)
    encoder = HashEncoder()
    build(folder, encoder)
    return load(folder, encoder)


def _evidence(knowledge_base, query, chunks):
    vector = knowledge_base.encoder.encode([query.text])[0]
    return gather_evidence(knowledge_base, query, vector, chunks)


# Features.


def test_coverage_is_the_share_of_the_question_s_content_words():
    found = _features("灯塔 塔高 多少", [("", "灯塔的塔高"), ("", "灯塔"), ("", "会议")])

    assert found["coverage"] == pytest.approx([1, 0.5, 0])


def test_a_rare_word_counts_for_more(knowledge_base):
    query = analyze_question("大会 okapi")
    (chunk,) = [chunk for chunk in all_chunks(knowledge_base) if "会期" in chunk.text]

    table = extract_features(query, _evidence(knowledge_base, query, [chunk]))

    statistics = knowledge_base.statistics(query.terms)
    known, unknown = statistics.idf("大会"), statistics.idf("okapi")
    assert table[0, FEATURES.index("coverage")] == pytest.approx(known / (known + unknown))


def test_the_chunk_before_lends_its_words_and_the_one_after_does_not():
    found = _features("灯塔 塔高", [("", "灯塔"), ("", "塔高"), ("", "会议")], after=[1, 2, -1])

    assert found["coverage"] == pytest.approx([0.5, 0.5, 0])
    assert found["linked_coverage"] == pytest.approx([0.5, 1, 0.5])


def test_words_of_one_sentence_count_for_more_than_scattered_ones():
    found = _features(
        "rope hoist", [("", "the rope of the hoist", "red"), ("", "the rope", "red", "the hoist")]
    )

    assert found["coverage"] == pytest.approx([1, 1])
    assert found["sentence_coverage"] == pytest.approx([1, 0.5])


def test_headings_count_in_every_sentence():
    found = _features("rope hoist", [("Hoist manual", "red", "the rope"), ("", "red", "the rope")])

    assert found["sentence_coverage"] == pytest.approx([1, 0.5])


def test_pieces_may_stand_in_two_sentences_on_end_but_not_in_two_chunks():
    question = "灯塔塔高"  # pieces 灯塔, 塔塔, 塔高
    found = _features(
        question,
        [("", "灯塔", "塔高"), ("", "灯塔", "会议", "塔高"), ("", "灯塔"), ("", "塔高")],
    )

    assert found["close_pieces"] == pytest.approx([1, 0.5, 0.5, 0.5])


def test_numbers_codes_and_words_of_alphabets_are_told_from_han():
    found = _features(
        "GB/T 5972 在2023年的标准",
        [("", "GB/T 5972 于2023年"), ("", "标准 2023"), ("", "标准")],
    )

    first, second, third = found["exact_words"]
    assert first == pytest.approx(1)
    assert 0 < second < 1
    assert third == 0


def test_the_scores_of_channels_are_relative_to_the_best():
    found = _features(
        "灯塔",
        [("", "灯塔"), ("", "会议"), ("", "会议")],
        dense=[0.4, 0.2, -0.1],
        lexical=[2, 8, 4],
        after=[1, 2, -1],
    )

    assert found["dense"] == pytest.approx([1, 0.5, 0])
    assert found["next_lexical"] == pytest.approx([1, 0.5, 0])


def test_a_chunk_in_another_script_is_foreign():
    found = _features(
        "When was the lighthouse built?",
        [("", "灯塔建于光绪年间"), ("", "The lighthouse"), ("", "灯塔 lighthouse 建于光绪年间")],
        dense=[0.5, 1, 0.5],
    )

    assert found["foreign"] == pytest.approx([1, 0, 1 - 5 / 9])
    assert found["foreign_dense"] == pytest.approx([0.5, 0, 0.5 * (1 - 5 / 9)])
    assert found["foreign_cosine"] == pytest.approx([0.5, 0, 0.5 * (1 - 5 / 9)])


@pytest.mark.parametrize("question", ["3.14", "שלום", "ไทย"])
def test_nothing_is_foreign_to_a_question_in_no_known_script(question):
    assert _features(question, [("", "灯塔"), ("", "rope")])["foreign"] == [0, 0]


@given(questions())
def test_features_are_shares_and_the_order_of_candidates_does_not_matter(knowledge_base, question):
    query = analyze_question(question)
    if not query.terms:
        return
    chunks = all_chunks(knowledge_base)

    table = extract_features(query, _evidence(knowledge_base, query, chunks))
    turned = extract_features(query, _evidence(knowledge_base, query, chunks[::-1]))

    shares = table[:, [FEATURES.index(name) for name in _SHARES]]
    assert np.all((shares >= 0) & (shares <= 1 + 1e-9))
    assert np.array_equal(table, turned[::-1])
    reranker = bundled_reranker()
    assert reranker.score(table).tolist() == reranker.score(turned)[::-1].tolist()


def test_neighbours_are_found_among_the_candidates_of_the_same_document(tmp_path):
    text = "甲" * 250 + "。\n\n" + "乙" * 250 + "。\n\n" + "丙" * 250 + "。"
    folder = write_documents(tmp_path, {"a.txt": text, "b.txt": f"{text}\n"})
    build(folder, HashEncoder())
    knowledge_base = load(folder, HashEncoder())
    query = analyze_question("甲乙丙")
    chunks = all_chunks(knowledge_base)
    assert len(chunks) == 6
    picked = [chunks[at] for at in (3, 1, 0, 2, 5)]  # the first document's are 0, 1 and 2

    evidence = _evidence(knowledge_base, query, picked)

    assert evidence.before.tolist() == [-1, 2, -1, 1, -1]
    assert evidence.after.tolist() == [-1, 3, 1, -1, -1]


# The model.


def test_scores_are_logarithms_of_probabilities_by_the_formula():
    reranker = Reranker(np.linspace(-1, 2, len(FEATURES)))
    features = np.random.default_rng(0).random((5, len(FEATURES)))

    scores = reranker.score(features)

    raised = [math.exp(sum(w * x for w, x in zip(reranker.weights, row))) for row in features]  # noqa: B905
    assert np.exp(scores) == pytest.approx([value / sum(raised) for value in raised])


def test_no_candidates_have_no_scores():
    assert bundled_reranker().score(np.empty((0, len(FEATURES)))).tolist() == []


def test_the_bundled_weights_prefer_what_covers_the_question():
    weights = dict(zip(FEATURES, bundled_reranker().weights, strict=True))

    for name in ("linked_coverage", "sentence_coverage", "close_pieces", "dense", "foreign_dense"):
        assert weights[name] > 0


@pytest.mark.parametrize(
    "body",
    ["", "{}", '{"weights": {"bm25": 1}}', json.dumps({"weights": dict.fromkeys(FEATURES, "x")})],
    ids=["empty", "no weights", "other features", "no number"],
)
def test_weights_that_do_not_fit_are_refused(body, tmp_path):
    path = tmp_path / "weights.json"
    path.write_text(body, "utf-8")

    with pytest.raises(RerankerError, match="Install yiju again"):
        Reranker.load(path)


def test_missing_weights_are_refused(tmp_path):
    with pytest.raises(RerankerError, match=r"weights\.json"):
        Reranker.load(tmp_path / "weights.json")


# L5.


@given(
    st.dictionaries(
        st.text("abc", min_size=1), st.sampled_from([-0.5, 0.0, 0.25, 1.0]), max_size=12
    ),
    st.integers(1, 15),
)
def test_hits_are_ranked_from_one_by_score_and_then_by_id(scores, top_k):
    chunks = [Chunk(chunk_id, "d", Span(0, 1), (), "字") for chunk_id in scores]

    hits = rank_chunks(chunks, np.array(list(scores.values())), top_k)

    assert [hit.rank for hit in hits] == list(range(1, min(top_k, len(chunks)) + 1))
    keys = [(-hit.score, hit.chunk.chunk_id) for hit in hits]
    assert keys == sorted((-score, chunk_id) for chunk_id, score in scores.items())[:top_k]
    assert {hit.channel for hit in hits} <= {Channel.FUSED}
