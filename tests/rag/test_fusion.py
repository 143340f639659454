from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from rag import fusion
from rag.fusion import fuse_hits
from rag.query import analyze_question
from rag.settings import RagSettings
from tests.fakes import HashEncoder
from tests.index.folders import all_chunks, build, load, write_documents

_SETTINGS = RagSettings()
# Two chunks a document: the second says nothing of what the question names.
_TEXTS = {
    f"{name}.txt": f"{name}中学创办于{year}年。"
    + "课程" * 135
    + "。\n\n"
    + "他任校长时学生最多。" * 3
    for name, year in (("柳渡", 1903), ("澄湖", 1921), ("岚谷", 1934), ("青石", 1950))
}


@pytest.fixture(scope="module")
def knowledge_base(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("fusion"), _TEXTS)
    encoder = HashEncoder()
    build(folder, encoder)
    return load(folder, encoder)


def _fuse(knowledge_base, question, **settings):
    query = analyze_question(question)
    vector = knowledge_base.encoder.encode([query.text])[0]
    return fuse_hits(knowledge_base, query, vector, replace(_SETTINGS, **settings))


def test_the_hits_of_both_channels_are_candidates_once_each(knowledge_base):
    question = "澄湖中学的校长"
    vector = knowledge_base.encoder.encode([question])[0]
    lexical = knowledge_base.search_lexical(analyze_question(question).terms, 3)
    dense = knowledge_base.search_dense(vector, 3)

    found = _fuse(knowledge_base, question, n_candidates=3, n_with_neighbours=0)

    assert {hit.chunk for hit in (*lexical, *dense)} == set(found)
    assert len({chunk.chunk_id for chunk in found}) == len(found)


def test_the_chunk_beside_a_best_hit_is_a_candidate(knowledge_base):
    alone, with_neighbours = (
        _fuse(knowledge_base, "澄湖中学", n_candidates=1, n_with_neighbours=count)
        for count in (0, 1)
    )

    added = set(with_neighbours) - set(alone)
    assert any("他任校长" in chunk.text for chunk in added)
    assert {chunk.doc_id for chunk in added} <= {chunk.doc_id for chunk in alone}


def test_every_chunk_of_a_small_folder_is_a_candidate(knowledge_base):
    assert set(_fuse(knowledge_base, "澄湖中学")) == set(all_chunks(knowledge_base))


def test_a_question_that_neither_channel_knows_has_no_candidates(knowledge_base):
    query = analyze_question("okapi")

    assert fuse_hits(knowledge_base, query, np.zeros(32, np.float32), _SETTINGS) == []


@pytest.mark.parametrize("question", ["澄湖中学的校长", "“青石中学” 创办", "1921"])
def test_of_many_chunks_both_channels_are_searched_at_once_and_find_the_same(
    knowledge_base, monkeypatch, question
):
    expected = _fuse(knowledge_base, question)
    monkeypatch.setattr(fusion, "_LEAST_CHUNKS", 0)

    with ThreadPoolExecutor(8) as people:
        found = list(people.map(lambda _: _fuse(knowledge_base, question), range(32)))

    assert all(chunks == expected for chunks in found)


def test_what_goes_wrong_in_the_other_thread_is_raised_here(knowledge_base, monkeypatch):
    monkeypatch.setattr(fusion, "_LEAST_CHUNKS", 0)
    query = analyze_question("澄湖中学")

    with pytest.raises(ValueError, match="too many values"):
        fuse_hits(knowledge_base, query, np.ones((2, 3), np.float32), _SETTINGS)
