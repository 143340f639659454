import numpy as np
import pytest
from hypothesis import assume, given

from index.errors import IndexingError
from rag.query import analyze_question
from rag.retriever import measure_coverage, retrieve
from rag.settings import RagSettings
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, all_chunks, build, load, write_documents
from tests.strategies import questions

SETTINGS = RagSettings()


class BlankEncoder(HashEncoder):
    """Knows no token of any text."""

    def encode(self, texts):
        return np.zeros((len(texts), self.dim), np.float32)


@pytest.fixture(scope="module")
def knowledge_base(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("retriever"), TEXTS)
    encoder = HashEncoder()
    build(folder, encoder)
    return load(folder, encoder)


def _retrieve(knowledge_base, question, top_k=5):
    return retrieve(knowledge_base, analyze_question(question), SETTINGS, top_k)


@given(questions())
def test_hits_are_ranked_from_one_and_each_chunk_comes_once(knowledge_base, question):
    hits = _retrieve(knowledge_base, question)

    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    keys = [(-hit.score, hit.chunk.chunk_id) for hit in hits]
    assert keys == sorted(keys)
    assert len({hit.chunk.chunk_id for hit in hits}) == len(hits) <= 5
    assert hits == _retrieve(knowledge_base, question)


@given(questions())
def test_coverage_is_a_share_for_every_chunk(knowledge_base, question):
    query = analyze_question(question)
    assume(query.content)
    coverage = measure_coverage(knowledge_base, query, all_chunks(knowledge_base))

    assert coverage.shape == (knowledge_base.n_chunks,)
    assert np.all((coverage >= 0) & (coverage <= 1 + 1e-9))


@pytest.mark.parametrize("question", ["", "？？", "🎈"])
def test_a_question_without_terms_finds_nothing(knowledge_base, question):
    assert _retrieve(knowledge_base, question) == []


def test_an_empty_knowledge_base_finds_nothing(tmp_path):
    encoder = HashEncoder()
    folder = tmp_path / "empty"
    folder.mkdir()
    build(folder, encoder, full=True)

    assert _retrieve(load(folder, encoder), "大会在哪里？") == []


def test_a_question_without_common_terms_still_gives_the_nearest_vectors(knowledge_base):
    hits = _retrieve(knowledge_base, "okapi", top_k=3)
    vector = knowledge_base.encoder.encode(["okapi"])[0]

    nearest = knowledge_base.search_dense(vector, 3)
    assert [hit.chunk for hit in hits] == [hit.chunk for hit in nearest]


def test_a_question_that_neither_channel_knows_finds_nothing(tmp_path):
    encoder = BlankEncoder()
    folder = write_documents(tmp_path, TEXTS)
    build(folder, encoder)

    assert _retrieve(load(folder, encoder), "okapi") == []


def test_a_smaller_top_k_gives_the_beginning_of_a_larger_one(knowledge_base):
    few, many = (_retrieve(knowledge_base, "图书馆借书罚款", top_k) for top_k in (1, 3))

    assert len(many) > len(few) == 1
    assert many[:1] == few


@pytest.mark.parametrize(
    ("question", "source_text"),
    [
        ("大会于2月5日下午在三楼礼堂召开", "会期半天"),
        ("每人最多借书十册", "借书十册"),
        ("The rope is inspected every 30 days", "rope is inspected"),
    ],
)
def test_the_chunk_with_the_question_s_words_comes_first(knowledge_base, question, source_text):
    best = _retrieve(knowledge_base, question)[0].chunk

    assert source_text in best.text
    assert measure_coverage(knowledge_base, analyze_question(question), [best]) == pytest.approx(1)


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

    assert [hit.chunk for hit in first] == [hit.chunk for hit in second]
    assert [hit.score for hit in first] == pytest.approx([hit.score for hit in second])


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
