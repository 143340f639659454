import pytest

from rag.answerer import Answerer
from rag.datatypes import Status
from tests.golden.answers import ask_all, copy_corpus, read_questions, read_stored, summarize

QUESTIONS = read_questions()
_MAX_CHARS = 120  # a longer text is a passage, not an answer

# Floors that a later, better model must keep, a little below what is stored in answers.jsonl.
FLOOR_RIGHT = 0.55
FLOOR_SURE = 0.8
FLOOR_REFUSED = 0.7


@pytest.fixture(scope="module")
def answerer(corpus_dir, tmp_path_factory):
    return Answerer.open(copy_corpus(corpus_dir, tmp_path_factory.mktemp("golden") / "corpus"))


@pytest.fixture(scope="module")
def answers(answerer):
    return ask_all(answerer)


def _now(answers, gold):
    return summarize(answers[gold.id])


def _share(hits):
    hits = list(hits)
    return sum(hits) / len(hits)


def test_every_answer_is_the_one_that_was_reviewed(answers):
    """After a wanted change: ``python -m tests.golden.update``, and review the diff."""
    stored = read_stored()
    changed = [
        f"{gold.id} {gold.question}\n  was {stored.get(gold.id)}\n  now {_now(answers, gold)}"
        for gold in QUESTIONS
        if _now(answers, gold) != stored.get(gold.id)
    ]

    assert not changed, "\n".join([f"{len(changed)} answers changed", *changed])
    assert set(stored) == {gold.id for gold in QUESTIONS}


def test_every_citation_is_exact(answerer, answers):
    for answer in answers.values():
        for citation in (*answer.citations, *answer.nearest):
            document = answerer.document(citation.source)
            assert citation.span.of(document.text) == citation.quote
            assert citation.sha256 == document.sha256
        if answer.citations:
            best = answer.citations[0]
            assert best.highlight.of(answerer.document(best.source).text) == answer.text != ""
        else:
            assert answer.text == ""


def test_documents_about_different_things_never_contradict_one_another(answers):
    assert [answer.question for answer in answers.values() if answer.conflicting] == []


def test_every_gold_answer_stands_in_its_document(answerer):
    """The questions themselves are right: else the floors below would mean nothing."""
    for gold in QUESTIONS:
        if gold.is_answerable:
            assert any(words in answerer.document(gold.source).text for words in gold.answers)


def test_enough_answerable_questions_get_an_answer_with_the_right_words(answers):
    share = _share(
        len(answers[gold.id].text) <= _MAX_CHARS
        and any(words in answers[gold.id].text for words in gold.answers)
        for gold in QUESTIONS
        if gold.is_answerable
    )

    assert share >= FLOOR_RIGHT


def test_enough_sure_answers_to_answerable_questions_are_right(answers):
    share = _share(
        any(words in answers[gold.id].text for words in gold.answers)
        for gold in QUESTIONS
        if answers[gold.id].status is Status.ANSWERED
    )

    assert share >= FLOOR_SURE


def test_enough_unanswerable_questions_are_not_answered(answers):
    share = _share(
        answers[gold.id].status is Status.NOT_FOUND for gold in QUESTIONS if not gold.is_answerable
    )

    assert share >= FLOOR_REFUSED
