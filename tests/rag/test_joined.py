import shutil

import numpy as np
import pytest
from hypothesis import given

from index.matching import TermMatches
from rag.joined import JoinedBase
from rag.query import analyze_question
from rag.retriever import retrieve
from rag.settings import RagSettings
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, all_chunks, build, load, write_documents
from tests.strategies import questions

SETTINGS = RagSettings()
MANY = {f"{number:03}.txt": f"第{number}号会议在第{number}会议室召开。" for number in range(80)}


def _base(folder, texts):
    write_documents(folder, texts)
    build(folder, HashEncoder())
    return load(folder, HashEncoder())


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Two collections of which both have a file of the same name."""
    return {
        "甲": _base(tmp_path_factory.mktemp("one"), TEXTS),
        "乙": _base(tmp_path_factory.mktemp("two"), {**MANY, "灯塔.txt": "灯塔建于1880年。"}),
    }


@pytest.fixture(scope="module")
def joined(parts):
    return JoinedBase(parts)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The same documents in one folder."""
    folder = tmp_path_factory.mktemp("whole")
    write_documents(folder / "甲", TEXTS)
    return _base(folder, {f"乙/{name}": text for name, text in (
        {**MANY, "灯塔.txt": "灯塔建于1880年。"}
    ).items()})  # fmt: skip


def _places(base, hits):
    """Name hits alike however ids are made."""
    found = []
    for hit in hits:
        collection = base.collection_of(hit.chunk.doc_id)
        source = base.document(hit.chunk.doc_id).source
        found.append((f"{collection}/{source}" if collection else source, hit.chunk.span))
    return found


def _ranked(base, question, top_k=5):
    hits = retrieve(base, analyze_question(question), SETTINGS, top_k)
    return dict(zip(_places(base, hits), [round(hit.score, 4) for hit in hits], strict=True))


@given(questions())
def test_terms_weigh_what_they_do_in_one_folder(joined, whole, question):
    terms = analyze_question(question).terms

    assert joined.n_chunks == whole.n_chunks
    together, alone = joined.statistics(terms), whole.statistics(terms)
    for term in terms:
        assert together.idf(term) == pytest.approx(alone.idf(term))
        assert joined.n_chunks_with(term) == whole.n_chunks_with(term)
    assert together.mean_terms == pytest.approx(alone.mean_terms)


@pytest.mark.parametrize(
    "question",
    [
        "大会于2月5日下午在三楼礼堂召开",
        "燈塔建於什麼時候？",
        "第7号会议在哪里召开？",
        "hoist manual",
    ],
)
def test_several_collections_rank_as_one_folder_does(joined, whole, question):
    assert _ranked(joined, question) == pytest.approx(_ranked(whole, question))


@given(questions())
def test_hits_of_both_channels_are_ranked_from_one(joined, question):
    query = analyze_question(question)
    vector = joined.encoder.encode([query.text])[0]
    for hits in (joined.search_lexical(query.terms, 7), joined.search_dense(vector, 7)):
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        keys = [(-hit.score, hit.chunk.chunk_id) for hit in hits]
        assert keys == sorted(keys)
        assert len({hit.chunk.chunk_id for hit in hits}) == len(hits)


def test_the_best_of_a_small_collection_stay_among_the_hits_of_a_large_one(joined):
    terms = analyze_question("会议召开").terms
    hits = joined.search_lexical(terms, 10)

    found = {joined.collection_of(hit.chunk.doc_id) for hit in hits}
    assert found == {"甲", "乙"}
    assert len(hits) > 10


def test_a_chunk_is_looked_up_in_its_own_collection(joined, parts):
    hits = joined.search_lexical(analyze_question("灯塔").terms, 5)
    texts = {joined.collection_of(hit.chunk.doc_id): hit.chunk.text for hit in hits}

    assert "1880" in texts["乙"]
    assert "十二公尺" in texts["甲"]
    for hit in hits:
        document = joined.document(hit.chunk.doc_id)
        assert hit.chunk.span.of(document.text) == hit.chunk.text
        assert document.doc_id == hit.chunk.doc_id


def test_scores_matches_rows_and_neighbours_come_in_the_order_of_the_chunks(joined, parts):
    hits = joined.search_lexical(analyze_question("灯塔在几号会议室").terms, 8)
    chunks = [hit.chunk for hit in hits]
    vector = joined.encoder.encode(["灯塔"])[0]
    matches = joined.match(["灯塔", "会议"], chunks)
    for at, chunk in enumerate(chunks):
        alone = joined.match(["灯塔", "会议"], [chunk])
        assert matches.counts[at].tolist() == alone.counts[0].tolist()
        assert joined.score_dense(vector, chunks)[at] == joined.score_dense(vector, [chunk])[0]
        assert joined.rows(chunks)[at] == joined.rows([chunk])[0]
    assert isinstance(matches, TermMatches)
    beside = joined.neighbours(chunks)
    assert {chunk.doc_id for chunk in beside} <= {chunk.doc_id for chunk in chunks}


def test_equal_cosines_of_two_copies_tie(tmp_path):
    one = _base(tmp_path / "one", TEXTS)
    shutil.copytree(tmp_path / "one", tmp_path / "two", ignore=shutil.ignore_patterns(".yiju"))
    base = JoinedBase({"甲": one, "乙": _base(tmp_path / "two", {})})
    vector = base.encoder.encode(["灯塔"])[0]

    first, second = base.search_dense(vector, 2)[:2]
    assert first.score == second.score
    assert first.chunk.text == second.chunk.text
    assert {base.collection_of(hit.chunk.doc_id) for hit in (first, second)} == {"甲", "乙"}


def test_an_unknown_document_is_a_key_error(joined):
    with pytest.raises(KeyError):
        joined.document("0/0000000000000000")


def test_generations_are_told_by_name(parts, joined):
    assert joined.generations == joined.generation == "甲@000001, 乙@000001"
    alone = JoinedBase({"甲": parts["甲"]})
    assert (alone.generation, alone.generations) == ("000001", "甲@000001")


def test_nothing_is_found_without_terms_or_tokens(joined):
    assert joined.search_lexical([], 5) == []
    assert joined.search_dense(np.zeros(joined.encoder.dim, np.float32), 5) == []
    assert joined.neighbours([]) == []
    assert joined.rows([]) == []


def test_one_collection_by_its_name_ranks_as_it_does_without(parts):
    base = parts["甲"]
    assert len(all_chunks(base)) == base.n_chunks
    named, plain = (_ranked(one, "图书馆借书罚款") for one in (JoinedBase({"甲": base}), base))
    assert list(named.values()) == list(plain.values())
    assert [(source.removeprefix("甲/"), span) for source, span in named] == list(plain)


@pytest.mark.parametrize(
    "question",
    ["“灯塔建于”哪一年？", "谁提到了“号会议室”？", "“三楼礼堂”与“借书十册”", "“没有这句话”"],
)
def test_quoted_words_are_found_as_in_one_folder(joined, whole, question):
    phrases = analyze_question(question).phrases

    for phrase in phrases:
        in_joined = [chunk.text for chunk in joined.search_phrase(phrase, 200)]
        assert sorted(in_joined) == sorted(c.text for c in whole.search_phrase(phrase, 200))
        assert len(joined.search_phrase(phrase, 3)) == min(3, len(in_joined))
    first, second = _ranked(joined, question), _ranked(whole, question)
    assert [*first.values()] == pytest.approx([*second.values()], abs=1e-3)
