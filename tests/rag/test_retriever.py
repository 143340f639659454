import pytest
from hypothesis import given

from index.errors import IndexingError
from rag.query import analyze_question
from rag.retriever import Retrieved, measure_coverage, retrieve
from rag.settings import RagSettings
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, all_chunks, build, load, write_documents
from tests.strategies import questions

SETTINGS = RagSettings()


@pytest.fixture(scope="module")
def knowledge_base(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("retriever"), TEXTS)
    encoder = HashEncoder()
    build(folder, encoder)
    return load(folder, encoder)


def _retrieve(knowledge_base, question, top_k=5):
    return retrieve(knowledge_base, analyze_question(question), SETTINGS, top_k)


@given(questions())
def test_hits_are_ranked_and_carry_what_the_channels_said(knowledge_base, question):
    query = analyze_question(question)
    retrieved = retrieve(knowledge_base, query, SETTINGS, 5)
    hits = retrieved.hits
    chunks = [hit.chunk for hit in hits]

    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({chunk.chunk_id for chunk in chunks}) == len(hits) <= 5
    if hits:
        vector = knowledge_base.encoder.encode([query.text])[0]
        cosines = knowledge_base.score_dense(vector, chunks)
        assert retrieved.dense == pytest.approx(cosines.tolist())
        coverage = measure_coverage(knowledge_base, query, chunks)
        assert retrieved.coverage == pytest.approx(coverage.tolist())
        assert all(0 <= share <= 1 + 1e-9 for share in retrieved.coverage)


@pytest.mark.parametrize("question", ["", "？？", "🎈"])
def test_a_question_without_terms_finds_nothing(knowledge_base, question):
    assert _retrieve(knowledge_base, question) == Retrieved((), (), ())


def test_an_empty_knowledge_base_finds_nothing(tmp_path):
    encoder = HashEncoder()
    folder = tmp_path / "empty"
    folder.mkdir()
    build(folder, encoder, full=True)

    assert _retrieve(load(folder, encoder), "大会在哪里？") == Retrieved((), (), ())


def test_a_question_without_common_terms_still_gives_the_nearest_vectors(knowledge_base):
    retrieved = _retrieve(knowledge_base, "zebra")

    assert set(retrieved.coverage) == {0.0}


def test_a_smaller_top_k_gives_the_beginning_of_a_larger_one(knowledge_base):
    few, many = (_retrieve(knowledge_base, "图书馆借书罚款", top_k) for top_k in (1, 3))

    assert len(many.hits) > len(few.hits) == 1
    assert many.hits[:1] == few.hits
    assert many.dense[:1] == few.dense


@pytest.mark.parametrize(
    ("question", "source_text"),
    [
        ("大会于2月5日下午在三楼礼堂召开", "会期半天"),
        ("每人最多借书十册", "借书十册"),
        ("The rope is inspected every 30 days", "rope is inspected"),
    ],
)
def test_the_chunk_with_the_question_s_words_comes_first(knowledge_base, question, source_text):
    retrieved = _retrieve(knowledge_base, question)

    assert source_text in retrieved.hits[0].chunk.text
    assert retrieved.coverage[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("燈塔建於什麼時候？", "灯塔建于什么时候？"),
        ("GB/T 5972 是什麼標準？", "ＧＢ／Ｔ　５９７２　是什么标准？"),
        ("hoist manual", "HOIST Manual"),
    ],
)
def test_spellings_of_a_question_give_the_same_hits(knowledge_base, one, other):
    first, second = _retrieve(knowledge_base, one), _retrieve(knowledge_base, other)

    assert [hit.chunk for hit in first.hits] == [hit.chunk for hit in second.hits]
    assert [hit.score for hit in first.hits] == pytest.approx([hit.score for hit in second.hits])


def test_a_term_that_no_chunk_holds_lowers_the_coverage(knowledge_base):
    chunks = all_chunks(knowledge_base)
    plain, spoilt = (
        measure_coverage(knowledge_base, analyze_question(question), chunks).max()
        for question in ("三楼礼堂", "三楼礼堂 xylophone")
    )

    assert plain == pytest.approx(1)
    assert 0 < spoilt < 1


def test_the_knowledge_base_of_another_encoder_is_refused(tmp_path):
    folder = write_documents(tmp_path, TEXTS)
    build(folder, HashEncoder())

    with pytest.raises(IndexingError, match="another encoder"):
        load(folder, HashEncoder(name="other"))
