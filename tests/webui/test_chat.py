import pytest

from index.datatypes import DocumentInfo
from index.errors import IndexCorruptError
from rag.errors import RagError
from tests.webui.samples import make_citation, make_document, sample_answer
from webui import chat
from webui.chat import Chat, keep_turns
from webui.datatypes import Note, Turn

DOCUMENT = make_document("标题\n会议于2月5日召开。\n结尾")
CLICK = {"event": "open", "turn": "0", "shelf": "citations", "index": "0"}


class FakeManifest:
    generation = "000001"
    documents = ()


class FakeAnswerer:
    """Answers every question alike, and knows one document."""

    def __init__(self, documents=(DOCUMENT,), error=None):
        self.known = {document.source: document for document in documents}
        self.error = error
        self.histories = []
        self.manifest = FakeManifest()
        self.manifest.documents = [
            DocumentInfo(**(dict.fromkeys(DocumentInfo.__slots__, "") | {"doc_id": "00ff"}
                            | {"source": document.source}))
            for document in documents
        ]  # fmt: skip

    def answer(self, question, *, top_k=5, history=()):
        self.histories.append(list(history))
        if self.error:
            raise self.error
        return sample_answer(question=question)

    def document(self, source):
        if isinstance(self.error, IndexCorruptError):
            raise self.error
        return self.known[source]


def asked(question="?"):
    return Turn(question, sample_answer(question=question))


def test_a_turn_holds_question_and_answer():
    turn = Chat(FakeAnswerer()).answer("哪天？", ())
    assert (turn.question, turn.answer.text, turn.has_failed) == ("哪天？", "2月5日", False)


def test_follow_ups_know_the_questions_before_them():
    answerer = FakeAnswerer()
    Chat(answerer).answer("丙？", (asked("甲？"), asked("乙？")))
    assert answerer.histories == [["甲？", "乙？"]]


def test_an_unforeseen_error_is_logged_and_the_turn_says_so(caplog):
    turn = Chat(FakeAnswerer(error=ZeroDivisionError("secret"))).answer("?", ())
    assert turn.has_failed
    assert turn.answer is None
    assert "ZeroDivisionError: secret" in caplog.text


def test_a_citation_opens_its_document():
    view = Chat(FakeAnswerer()).open((asked(),), CLICK)
    assert view.document == DOCUMENT
    assert view.citation.quote == "会议于2月5日召开。"
    assert view.note is None


def test_a_document_of_the_list_opens_as_a_whole():
    view = Chat(FakeAnswerer()).open((), {"event": "open", "document": "00ff"})
    assert (view.document, view.citation, view.note) == (DOCUMENT, None, None)


def test_every_opening_has_its_own_number():
    opening = Chat(FakeAnswerer())
    assert opening.open((asked(),), CLICK).opened != opening.open((asked(),), CLICK).opened


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (None, Note.STALE_LINK),
        ({}, Note.STALE_LINK),
        (CLICK | {"turn": "7"}, Note.STALE_LINK),
        ({"document": "unknown"}, Note.GONE),
        ({"document": ["00ff"]}, Note.GONE),
    ],
)
def test_what_cannot_be_opened_is_told_in_words(data, note):
    view = Chat(FakeAnswerer()).open((asked(),), data)
    assert (view.document, view.note) == (None, note)


def test_a_document_that_left_the_index_is_told():
    assert Chat(FakeAnswerer(documents=())).open((asked(),), CLICK).note is Note.GONE


def test_a_document_that_cannot_be_read_is_told():
    answerer = FakeAnswerer(error=IndexCorruptError("altered"))
    assert Chat(answerer).open((asked(),), CLICK).note is Note.GONE


def test_a_quote_that_is_not_in_the_document_any_more_is_told():
    changed = make_document("全新的内容。")
    assert Chat(FakeAnswerer(documents=(changed,))).open((asked(),), CLICK).note is Note.CHANGED


def test_suggestions_are_made_once_a_generation(monkeypatch):
    calls = []
    monkeypatch.setattr(chat, "suggest_questions", lambda *_: (calls.append(1), ("甲？",))[1])
    answerer = FakeAnswerer()
    suggesting = Chat(answerer)
    assert suggesting.suggest() == suggesting.suggest() == ("甲？",)
    answerer.manifest.generation = "000002"
    suggesting.suggest()
    assert len(calls) == 2


def test_suggestions_that_cannot_be_made_are_none(monkeypatch):
    def fail(*_):
        raise RagError("no")

    monkeypatch.setattr(chat, "suggest_questions", fail)
    assert Chat(FakeAnswerer()).suggest() == ()


def test_a_long_conversation_loses_its_oldest_turns():
    turns = ()
    for number in range(120):
        turns = keep_turns(turns, Turn(str(number)))
    assert len(turns) == 100
    assert turns[-1].question == "119"


def test_citations_of_the_sample_lie_in_its_document():
    citation = asked().answer.citations[0]
    assert citation == make_citation(DOCUMENT, citation.span, citation.highlight)
