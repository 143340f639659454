from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from index.errors import IndexingError
from rag.query import analyze_question
from rag.retriever import retrieve
from rag.settings import RagSettings
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, build, load, write_documents
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


@pytest.mark.parametrize("question", ["", "？？", "🎈"])
def test_a_question_without_terms_finds_nothing(knowledge_base, question):
    assert _retrieve(knowledge_base, question) == []


def test_an_empty_knowledge_base_finds_nothing(tmp_path):
    encoder = HashEncoder()
    folder = tmp_path / "empty"
    folder.mkdir()
    build(folder, encoder, full=True)

    assert _retrieve(load(folder, encoder), "大会在哪里？") == []


def test_a_question_without_common_terms_still_gives_the_nearest_vector_first(knowledge_base):
    hits = _retrieve(knowledge_base, "okapi", top_k=3)
    vector = knowledge_base.encoder.encode(["okapi"])[0]

    assert len(hits) == 3
    assert hits[0].chunk == knowledge_base.search_dense(vector, 1)[0].chunk


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


def test_a_chunk_that_goes_on_about_the_subject_beats_one_that_is_about_another(tmp_path):
    # What answers names nothing of the question but "校长": who "he" is stands in the chunk before.
    texts = {
        f"{name}.txt": f"{name}中学创办于清末。"
        + "课程完备，" * 50
        + "。\n\n"
        + f"他任校长{years}年。" * 15
        for name, years in (("柳渡", "三"), ("澄湖", "五"), ("岚谷", "九"), ("青石", "八"))
    }
    folder = write_documents(tmp_path, texts)
    build(folder, HashEncoder())

    hits = _retrieve(load(folder, HashEncoder()), "澄湖中学的校长任期多少年？", top_k=2)

    assert any("他任校长五年" in hit.chunk.text for hit in hits)


def test_a_question_in_another_language_gets_the_nearest_vectors_first(bundled_encoder, tmp_path):
    texts = {
        "灯塔.txt": "灯塔建于1880年，塔身用花岗岩砌成。",
        "会议.txt": "大会于2月5日下午在三楼礼堂召开。",
        "图书馆.txt": "图书馆每人最多借书十册，逾期每天罚款一角。",
        "prices.txt": "The price list of the rope: 30 euros a metre.",
    }
    folder = write_documents(tmp_path, texts)
    build(folder, bundled_encoder)
    knowledge_base = load(folder, bundled_encoder)

    for question, source_text in (
        ("In what year was the lighthouse built?", "灯塔"),
        ("How many books can a reader borrow from the library?", "图书馆"),
    ):
        assert source_text in _retrieve(knowledge_base, question)[0].chunk.text


def test_the_knowledge_base_of_another_encoder_is_refused(tmp_path):
    folder = write_documents(tmp_path, TEXTS)
    build(folder, HashEncoder())

    with pytest.raises(IndexingError, match="another encoder"):
        load(folder, HashEncoder(name="other"))


def test_a_chunk_with_the_quoted_words_is_preferred_to_ones_with_more_of_the_rest(tmp_path):
    texts = {
        f"{number:02}.txt": f"{number}号数据平台的主管说，我们的云端很好，平台的数据由主管管理。"
        for number in range(70)
    } | {"该找的.txt": "别的话说了许多。" * 20 + "讲台的云彩。"}
    folder = write_documents(tmp_path, texts)
    build(folder, HashEncoder())
    knowledge_base = load(folder, HashEncoder())

    quoted = _retrieve(knowledge_base, "平台的数据由哪位主管管理，“台的云”？")
    plain = _retrieve(knowledge_base, "平台的数据由哪位主管管理，台的云？")

    assert any("台的云" in hit.chunk.text for hit in quoted)
    assert not any("台的云" in hit.chunk.text for hit in plain)


@pytest.mark.parametrize("marks", ["“{}”", "「{}」", '"{}"', "«{}»"])
def test_quoted_words_that_stand_nowhere_change_nothing(knowledge_base, marks):
    query = analyze_question("大会" + marks.format("礼堂的二楼") + "召开")

    assert query.phrases
    plain = retrieve(knowledge_base, replace(query, phrases=()), SETTINGS, 5)
    assert retrieve(knowledge_base, query, SETTINGS, 5) == plain
