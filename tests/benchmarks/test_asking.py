from pathlib import Path

import pytest

from index.loading import hash_source
from rag.datatypes import Status
from rag.query import analyze_question
from tests.benchmarks import abstention, answers
from tests.benchmarks.abstention import Asking
from tests.benchmarks.asking import Asker, LeavingOut
from tests.benchmarks.pool import build_pool

QUESTION = "灯塔建于哪一年？"
SOURCE = "xquad_zh/00000.txt"


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def pool(data_dir, work_dir, models):
    return build_pool(data_dir, work_dir, models.encoder)


def test_a_document_left_out_is_not_found(pool, models):
    knowledge_base = LeavingOut.load(pool.index_dir, encoder=models.encoder)
    vector = models.encoder.encode([QUESTION])[0]
    terms = analyze_question(QUESTION).terms
    everything = knowledge_base.search_dense(vector, 3)

    knowledge_base.hidden = hash_source(SOURCE)

    for hits in (
        knowledge_base.search_dense(vector, 3),
        knowledge_base.search_lexical(terms, 3),
    ):
        assert hash_source(SOURCE) not in {hit.chunk.doc_id for hit in hits}
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert len(knowledge_base.search_dense(vector, 3)) == len(everything) == 3


def test_an_answer_comes_from_the_document_unless_it_is_left_out(pool, models):
    asker = Asker(pool, models, always=True)

    assert asker.ask(QUESTION).citations[0].source == SOURCE
    assert asker.ask(QUESTION, without=SOURCE).citations[0].source != SOURCE
    assert asker.ask(QUESTION).citations[0].source == SOURCE


def test_nothing_is_refused_when_always_answering(pool, models):
    asker = Asker(pool, models, always=True)

    assert asker.ask("谁中了彩票？").status is Status.ANSWERED


def test_answers_are_measured_by_how_sure_they_are(pool, models):
    figures = answers.run(pool, models)["xquad_zh"]

    assert figures["answered or uncertain"]["share"] >= figures["answered"]["share"]
    assert figures["answered or uncertain"]["paragraph"] == 100.0
    assert set(answers.to_markdown({"figures": {"xquad_zh": figures}}).splitlines()[2:]) == {
        f"| xquad_zh | {group} | {' | '.join(map(str, figure.values()))} |"
        for group, figure in figures.items()
    }


def test_every_question_is_asked_with_and_without_its_document(data_dir, work_dir, models):
    figures = dict(abstention.run(data_dir, work_dir, models))

    assert list(figures) == ["zh", "en", "en→zh", "zh→en"]
    assert [figure["n_askings"] for figure in figures.values()] == [6, 4, 4, 4]
    assert figures["zh"]["right"] == 100.0


def test_abstention_is_measured_as_reckoned_by_hand():
    askings = [
        Asking(0.9, True, True),
        Asking(0.3, False, False),
        Asking(0.8, True, True),
        Asking(0.6, False, False),
        Asking(0.5, False, True),
        Asking(0.1, False, False),
    ]

    figures = abstention.measure(askings)

    assert figures["right"] == 66.7
    assert figures["coverage_at_95"] == 33.3
    # None of three may be refused at 10 %: all below .5 are refused.
    assert figures["refused"] == 66.7
    assert figures["ece"] == pytest.approx((0.1 + 0.3 + 0.2 + 0.6 + 0.5 + 0.1) / 6, abs=1e-3)
    assert figures["risk_coverage"][0] == [0.1667, 0.0, 0.9]
    assert figures["risk_coverage"][-1] == [1.0, 0.6667, 0.1]
    assert [0.9, 1.0, 1] in figures["reliability"]
    assert "| zh | 66.7 |" in abstention.to_markdown({"figures": {"zh": figures}})
