import pytest

from index.datatypes import Problem
from rag import Answerer
from rag.answer_type import AnswerType
from rag.explanation import explain
from rag.federation import Federation


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """Answers from a folder of which one file cannot be read."""
    folder = tmp_path_factory.mktemp("troubled")
    (folder / "notice.txt").write_text("泵站通知\n\n三号泵站于四月检修，由许明负责。", "utf-8")
    (folder / "broken.pdf").write_bytes(b"no PDF at all")
    return Answerer.open(folder)


def test_every_word_of_the_question_is_counted_in_the_documents(troubled):
    explanation = explain(troubled, "泵站的冰壶裁判是谁？")

    counts = {word.word: word.n_chunks for word in explanation.words}
    assert counts["泵站"] == 1
    assert counts["冰壶"] == 0
    assert "冰壶" in explanation.unknown
    assert "泵站" not in explanation.unknown


def test_the_closest_passages_say_what_they_lack(troubled):
    miss, *_ = explain(troubled, "泵站的冰壶裁判是谁？").misses

    document = troubled.document("notice.txt")
    assert miss.citation.highlight.of(document.text) == miss.citation.words
    assert "冰壶" in miss.missing
    assert "泵站" not in miss.missing
    assert 0 <= miss.confidence <= 1


def test_words_that_cannot_be_what_is_asked_for_are_told(troubled):
    explanation = explain(troubled, "检修有多少人参加？")

    assert explanation.expects is AnswerType.NUMBER
    numbers = {miss.citation.words: miss.is_of_type for miss in explanation.misses}
    assert all(
        is_of_type == any(c in "三四" for c in words) for words, is_of_type in numbers.items()
    )


def test_files_that_could_not_be_read_are_named(troubled):
    explanation = explain(troubled, "冰壶裁判是谁？")

    assert explanation.n_files == 1
    (problem,) = explanation.files
    assert isinstance(problem, Problem)
    assert problem.source == "broken.pdf"


def test_a_question_without_words_has_an_explanation_without_them(troubled):
    explanation = explain(troubled, "？？？")

    assert (explanation.words, explanation.misses) == ((), ())


def test_several_collections_are_explained_as_one(troubled):
    together = explain(Federation.of(troubled), "泵站的冰壶裁判是谁？")

    assert together.to_dict() == explain(troubled, "泵站的冰壶裁判是谁？").to_dict()


def test_quoted_words_that_stand_nowhere_as_they_are_quoted_are_told(troubled):
    explanation = explain(troubled, "谁在“三号泵站”说了“四月的检修”和「許明負責」？")

    assert explanation.absent == ("四月的检修",)
    assert explanation.to_dict()["absent"] == ["四月的检修"]
    assert explain(troubled, "三号泵站四月的检修由谁负责？").absent == ()
