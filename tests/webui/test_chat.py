import shutil
from pathlib import Path
from types import SimpleNamespace

from index.errors import IndexCorruptError
from index.settings import IndexSettings
from rag.answerer import Answerer
from rag.datatypes import Status
from rag.errors import RagError
from rag.federation import Federation
from rag.reading import Reading
from rag.registry import Collection
from tests.golden.answers import CORPUS_DIR as CORPUS
from tests.webui.samples import make_citation, make_document, sample_answer
from webui import chat
from webui.chat import Chat, keep_turns
from webui.datatypes import Turn

DOCUMENT = make_document("标题\n会议于2月5日召开。\n结尾")
CLICK = {"event": "open", "turn": "0", "shelf": "citations", "index": "0"}


class FakeManifest:
    generation = "000001"
    documents = ()  # so no receipt can be made


class FakeKnowledgeBase:
    generation = "000002"  # another than was answered from: no receipt can be made

    def __init__(self, documents):
        self._documents = dict(zip(("00ff", "00fe"), documents, strict=False))

    def document(self, doc_id):
        return self._documents[doc_id]

    @property
    def files(self):
        return self

    def doc_id_of(self, source):
        known = {document.source: doc_id for doc_id, document in self._documents.items()}
        return known[source]


class FakeAnswerer:
    """Answers every question alike, and knows one document."""

    collection = ""
    documents_dir = index_dir = Path("nowhere")
    reading = SimpleNamespace(reader=None)

    def __init__(self, documents=(DOCUMENT,), error=None):
        self.known = {document.source: document for document in documents}
        self.error = error
        self.histories = []
        self.manifest = FakeManifest()
        self.knowledge_base = FakeKnowledgeBase(documents)

    @property
    def answerers(self):
        return (self,)

    def answer(self, question, *, top_k=5, history=(), within=()):
        self.histories.append(list(history))
        if self.error:
            raise self.error
        return sample_answer(question=question)

    def document(self, source):
        if isinstance(self.error, IndexCorruptError):
            raise self.error
        return self.known[source]


def chatting(answerer):
    return Chat(Federation.of(answerer))


def asked(question="?"):
    return Turn(question, sample_answer(question=question))


def test_a_turn_holds_question_and_answer():
    turn = chatting(FakeAnswerer()).answer("哪天？", ())
    assert (turn.question, turn.answer.text, turn.has_failed) == ("哪天？", "2月5日", False)


def test_follow_ups_know_the_answers_before_them():
    answerer = FakeAnswerer()
    turns = (asked("甲？"), Turn("坏？", has_failed=True), asked("乙？"))
    chatting(answerer).answer("丙？", turns)
    assert answerer.histories == [[turns[0].answer, turns[2].answer]]


def test_what_a_visitor_says_they_meant_is_asked_to_the_letter_without_history():
    answerer = FakeAnswerer()
    turn = chatting(answerer).answer("他呢？", (asked("甲？"),), interpreted="乙呢？")
    assert answerer.histories == [[]]
    assert (turn.answer.question, turn.answer.interpreted) == ("他呢？", "乙呢？")


def test_an_unforeseen_error_is_logged_and_the_turn_says_so(caplog):
    turn = chatting(FakeAnswerer(error=ZeroDivisionError("secret"))).answer("?", ())
    assert turn.has_failed
    assert turn.answer is None
    assert "ZeroDivisionError: secret" in caplog.text


def test_suggestions_are_made_once_a_generation(monkeypatch):
    calls = []
    monkeypatch.setattr(chat, "suggest_questions", lambda *_: (calls.append(1), ("甲？",))[1])
    answerer = FakeAnswerer()
    suggesting = chatting(answerer)
    assert suggesting.suggest() == suggesting.suggest() == ("甲？",)
    answerer.manifest.generation = "000002"
    suggesting.suggest()
    assert len(calls) == 2


def test_suggestions_that_cannot_be_made_are_none(monkeypatch):
    def fail(*_):
        raise RagError("no")

    monkeypatch.setattr(chat, "suggest_questions", fail)
    assert chatting(FakeAnswerer()).suggest() == ()


def test_a_long_conversation_loses_its_oldest_turns():
    turns = ()
    for number in range(120):
        turns = keep_turns(turns, Turn(str(number)))
    assert len(turns) == 100
    assert turns[-1].question == "119"


def test_citations_of_the_sample_lie_in_its_document():
    citation = asked().answer.citations[0]
    assert citation == make_citation(DOCUMENT, citation.span, citation.highlight)


def test_questions_for_all_collections_are_taken_from_each_and_answered_by_all(tmp_path):
    reading, collections = Reading.load(), []
    for name, source in (("茶业", "tea_conference.txt"), ("灯塔", "lighthouse_trust.md")):
        (tmp_path / name).mkdir()
        shutil.copy(CORPUS / source, tmp_path / name)
        collections.append(Collection(name, tmp_path / name))
    federation = Federation.open(
        collections,
        lambda one, _: Answerer.open_collection(one, reading, settings=IndexSettings()),
    )

    suggesting = Chat(federation)
    of_all = suggesting.suggest()
    of_each = [suggesting.suggest(name) for name in ("茶业", "灯塔")]

    assert 0 < len(of_all) <= 6
    assert set(of_all) <= {question for questions in of_each for question in questions}
    answers = [federation.answer(question) for question in of_all]
    assert {answer.status for answer in answers} == {Status.ANSWERED}
    assert {answer.citations[0].collection for answer in answers} == {"茶业", "灯塔"}
    assert suggesting.suggest() is of_all


def test_a_turn_has_the_receipt_of_its_answer(tmp_path):
    shutil.copy(CORPUS / "museum.txt", tmp_path)
    answerer = Answerer.open(tmp_path)
    turn = chatting(answerer).answer("博物馆几点闭馆？", ())

    assert turn.receipt["kind"] == "yiju receipt"
    assert turn.receipt["text"] == turn.answer.text
