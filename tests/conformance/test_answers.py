"""The same documents, the same models, the same questions: the same answers from every store."""

import json

import pytest

from index.errors import SelectionError
from rag.answerer import Answerer
from rag.reading import Reading
from rag.store_answerer import StoreAnswerer
from tests.conformance.stores import LocalStore, MilvusStore
from tests.index.folders import edit

_N_QUESTIONS = 24
_ODD = [
    "",
    "？",
    "\ud800" * 3,
    "“茶产业振兴大会”在哪里召开？",
    "'; key in ['a'] or 1 == 1",
    "x" * 3000,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, corpus_dir):
    folder = tmp_path_factory.mktemp("corpus") / "documents"
    folder.mkdir()
    for path in corpus_dir.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def answerers(folder, bundled_encoder):
    LocalStore(folder).build(bundled_encoder)
    store = MilvusStore(folder)
    store.build(bundled_encoder)
    return {
        "local": Answerer.load(folder / ".yiju"),
        "milvus": StoreAnswerer(
            store.address, store.load(bundled_encoder), Reading.beside(bundled_encoder)
        ),
    }


@pytest.fixture(scope="module")
def questions(golden_dir):
    lines = (golden_dir / "questions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


def _ask(answerer, question):
    answer = answerer.answer(question)
    for citation in answer.citations:
        text = answerer.document(citation.source).text
        assert citation.span.of(text) == citation.quote
    return {**answer.to_dict(), "generation": None}


def _rounded(value):
    """Round numbers: the two sum products in different orders."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def _differing(answerers, questions):
    pairs = [
        [_rounded(_ask(one, question)) for one in answerers.values()] for question in questions
    ]
    return [first["question"] for first, second in pairs if first != second]


def test_both_stores_answer_alike_to_the_last_citation(answerers, questions):
    some = questions[:: -(-len(questions) // _N_QUESTIONS)]

    assert _differing(answerers, [*some, *_ODD]) == []


@pytest.mark.slow
def test_both_stores_answer_every_question_alike(answerers, questions):
    assert _differing(answerers, questions) == []


@pytest.mark.parametrize("within", ["tea_conference.txt", ["*.txt", "*.md"]])
def test_some_documents_are_asked_alike(answerers, questions, within):
    for question in questions[:6]:
        ours, theirs = (
            _rounded({**one.answer(question, within=within).to_dict(), "generation": None})
            for one in (answerers["local"], answerers["milvus"])
        )
        assert ours == theirs
        assert all(one["source"].endswith((".txt", ".md")) for one in ours["citations"])


def test_no_such_document_is_said_alike(answerers):
    for answerer in answerers.values():
        with pytest.raises(SelectionError, match=r"none\.txt"):
            answerer.answer("？", within="none.txt")


def test_the_next_question_is_answered_from_the_next_generation(folder, answerers, bundled_encoder):
    answerer = answerers["milvus"]
    before = answerer.knowledge_base
    assert not answerer.is_stale()
    edit(folder / "tea_conference.txt", "岚谷县茶产业振兴大会改到5月30日召开。")

    for generation in ("000002", "000003"):  # in the other slot, and in the first one again
        MilvusStore(folder).build(bundled_encoder)
        assert answerer.is_stale()

        answer = answerer.answer("岚谷县茶产业振兴大会改到哪一天召开？")

        assert (answer.generation, answer.citations[0].source) == (generation, "tea_conference.txt")
        assert answerer.knowledge_base is not before
        edit(folder / "tea_conference.txt", "岚谷县茶产业振兴大会改到6月30日召开。")
    assert answer.text == "6月30日"


def test_a_build_is_refused_where_the_documents_may_not_be(answerers):
    with pytest.raises(Exception, match="yiju index --store"):
        answerers["milvus"].refresh()
