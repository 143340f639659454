import pytest

from rag.answerer import Answerer
from rag.datatypes import DateOrigin, Role, Status
from tests.conflicts.disagreement import SETS, SETS_DIR, ask_set, measure


@pytest.fixture(scope="module", params=SETS)
def found(request, tmp_path_factory):
    return ask_set(request.param, tmp_path_factory.mktemp(request.param))


def test_conflicts_are_shown_where_they_are_and_hardly_ever_elsewhere(found):
    figures = measure(found)

    assert figures.n_none >= 60
    assert figures.false_alarms <= 0.02
    assert figures.precision >= 0.95
    assert figures.recall_of_answered >= 0.85


def test_the_same_in_another_writing_is_no_conflict_but_confirms(found):
    same = [entry for entry in found if entry.question.expect == "same"]

    assert not [entry.question.question for entry in same if entry.is_disputed]
    assert sum(entry.is_confirmed for entry in same) >= 0.6 * len(same)


def test_a_disputed_answer_is_never_sure_and_its_sides_are_exact(found):
    for entry in found:
        if entry.is_disputed:
            answer = entry.answer
            assert answer.status is Status.UNCERTAIN
            assert answer.citations[0].role is Role.ANSWER
            sources = [citation.source for citation in answer.conflicting]
            assert answer.citations[0].source not in sources
            for citation in answer.conflicting:
                assert citation.words and citation.words in citation.quote


@pytest.fixture(scope="module")
def design(tmp_path_factory):
    return Answerer.open(SETS_DIR / "design" / "documents", tmp_path_factory.mktemp("design"))


def test_each_side_has_the_date_that_its_document_gives_itself(design):
    answer = design.answer("青岚图书馆馆藏图书有多少册？")

    dates = {citation.words: citation.date for citation in answer.citations}
    assert dates == {"91万册": "2023", "86万册": "2022"}
    assert {citation.date_origin for citation in answer.citations} == {DateOrigin.TITLE}


def test_two_places_that_say_the_same_make_an_answer_surer(design):
    answer = design.answer("江湾大桥的施工单位是哪家？")

    assert (answer.status, answer.agreeing) == (Status.ANSWERED, 2)


def test_a_document_of_another_thing_of_the_kind_contradicts_nothing(design):
    answer = design.answer("江湾大桥总投资多少？")

    assert "望北大桥概况.md" not in [citation.source for citation in answer.citations]


def test_a_number_beside_a_name_is_part_of_the_name(tmp_path):
    for edition, memory in ((4, 12), (5, 16)):
        text = (
            f"Autosave runs every 5 minutes.\nHalden Studio {edition} needs {memory} GB of memory."
        )
        (tmp_path / f"notes_{edition}.txt").write_text(text, "utf-8")

    answer = Answerer.open(tmp_path).answer("How much memory does Halden Studio 5 need?")

    assert "16" in answer.citations[0].quote
    assert not answer.conflicting
