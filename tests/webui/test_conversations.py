import json
import re
from dataclasses import replace

import pytest

from index import IndexSettings
from rag import Answerer
from rag.federation import Federation
from rag.reading import Reading
from rag.receipts import load_receipt, verify_receipt
from rag.registry import Collection
from tests.e2e.conftest import CORPUS
from tests.webui.samples import HOSTILE, make_answer, sample_answer
from webui.chat import Chat
from webui.conversations import (
    export_json,
    export_markdown,
    file_name,
    make_receipt_body,
)
from webui.datatypes import Turn
from webui.history import History
from webui.history_records import Conversation, Judgement, Verdict
from webui.judgements import Judgements
from webui.messages import texts_for

CHINESE = texts_for("zh-Hans")


@pytest.fixture
def history():
    history = History()
    yield history
    history.close()


def kept(history, *turns):
    for turn in turns:
        history.keep("", "first", turn)
    return history.find("", "first"), history.read("", "first")


def test_an_exported_receipt_is_verified_by_its_file_alone(history, tmp_path):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "museum.txt").write_bytes((CORPUS / "museum.txt").read_bytes())
    answerer = Answerer.open(documents)
    questions = ["苍屏窑址最早是谁发现的？", "How do I reset the firmware of a toaster?"]
    for question in questions:
        answer = answerer.answer(question)
        receipt = make_receipt_body(Federation.of(answerer).select(""), answer)
        history.keep("", "first", Turn(question, answer, receipt=receipt))
    conversation, turns = history.find("", "first"), history.read("", "first")

    exported = json.loads(export_json(conversation, turns))

    assert [turn["question"] for turn in exported["turns"]] == questions
    for number, turn in enumerate(exported["turns"]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(turn["receipt"], ensure_ascii=False, indent=1), "utf-8")
        checked = verify_receipt(
            load_receipt(path), [Collection("", documents)], settings=IndexSettings()
        )
        assert checked.stands


def test_a_receipt_of_several_collections_is_exported_with_all_of_them(history, tmp_path):
    collections = []
    for name, source in (("博物", "museum.txt"), ("茶业", "tea_conference.txt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / source).write_bytes((CORPUS / source).read_bytes())
        collections.append(Collection(name, tmp_path / name))
    reading = Reading.load()
    federation = Federation.open(
        collections,
        lambda one, _: Answerer.open_collection(one, reading, settings=IndexSettings()),
    )
    questions = ["苍屏窑址最早是谁发现的？", "How do I reset the firmware of a toaster?"]
    for question in questions:
        history.keep("", "first", Chat(federation).answer(question, ()))
    exported = json.loads(export_json(history.find("", "first"), history.read("", "first")))

    for number, turn in enumerate(exported["turns"]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(turn["receipt"], ensure_ascii=False, indent=1), "utf-8")
        receipt = load_receipt(path)
        assert receipt.generation == "博物@000001, 茶业@000001"
        assert verify_receipt(receipt, collections).stands
        assert not verify_receipt(receipt, collections[1:]).is_complete


def test_no_receipt_is_made_when_the_index_changed_meanwhile(tmp_path):
    (tmp_path / "museum.txt").write_bytes((CORPUS / "museum.txt").read_bytes())
    answerer = Answerer.open(tmp_path)
    answer = replace(answerer.answer("苍屏窑址最早是谁发现的？"), generation="000000")

    assert make_receipt_body(answerer, answer) is None


def test_markdown_holds_question_understanding_words_quotes_and_judgement(history):
    answer = replace(sample_answer(), question="那哪天？", interpreted="会议是哪天？")
    turn = Turn("那哪天？", answer, receipt={"sha256": "cd" * 32})
    history.keep("", "first", turn)
    Judgements(history).judge("", "first", turn.key, Judgement(Verdict.BAD, "年份呢"))
    conversation, turns = history.find("", "first"), history.read("", "first")

    text = export_markdown(conversation, turns, CHINESE)

    for part in ("# 那哪天？", "理解为：会议是哪天？", "**2月5日**", "> 会议于2月5日召开。"):
        assert part in text
    for part in ("notes/报告.txt", "ab" * 32, "👎 年份呢", f"sha256 {'cd' * 32}"):
        assert part in text


def test_markdown_says_when_nothing_was_found(history):
    conversation, turns = kept(history, Turn("哪天？", make_answer()))

    assert CHINESE.not_found in export_markdown(conversation, turns, CHINESE)


@pytest.mark.parametrize("hostile", [HOSTILE, "# a\n- b\n1. c", "[x](javascript:alert(1))"])
def test_nothing_that_was_written_acts_as_markup_in_markdown(history, hostile):
    answer = replace(sample_answer(words=hostile), question=hostile)
    conversation, turns = kept(history, Turn(hostile, answer))

    text = export_markdown(conversation, turns, CHINESE)

    assert not re.search(r"(?<!\\)<\w|(?<!\\)\]\(|(?<!\\)!\[|(?<!\\)\$\$", text)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert len(headings) == 2


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("大会哪天？", "yiju-大会哪天.md"),
        ("../../etc/passwd", "yiju-etc-passwd.md"),
        ("？？", "yiju-conversation.md"),
        ('a"b<c>\r\nX: y', "yiju-a-b-c-X-y.md"),
    ],
)
def test_a_file_is_named_after_its_conversation(title, name):
    assert file_name(Conversation("id", title, 0, 0, 1), "md") == name
