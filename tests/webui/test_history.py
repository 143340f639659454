import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from tests.strategies import any_texts
from tests.webui.samples import HOSTILE, list_answer, make_answer, sample_answer
from webui import history as history_module
from webui.conversations import show_turns
from webui.datatypes import Turn
from webui.history import MAX_TITLE_CHARS, History
from webui.history_records import HistoryError, Judgement, Verdict
from webui.judgements import MAX_COMMENT_CHARS, Judgements
from webui.user_database import user_database_path

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def clock():
    """A clock that tests set."""

    class Clock:
        now = 1_700_000_000.0

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def history(clock):
    history = History(clock)
    yield history
    history.close()


def asked(question="哪天？", **kwargs):
    return Turn(
        question, replace(sample_answer(), question=question, interpreted=question), **kwargs
    )


def test_what_was_kept_is_there_after_a_restart(history):
    history.keep("", "first", asked("大会哪天召开？", receipt={"sha256": "ab"}), collection="会议")
    history.close()

    reopened = History()
    (turn,) = reopened.read("", "first")
    reopened.close()

    assert turn.question == turn.answer["question"] == "大会哪天召开？"
    assert (turn.collection, turn.receipt) == ("会议", {"sha256": "ab"})


@pytest.mark.parametrize(
    "answer",
    [sample_answer(), list_answer(), make_answer(), sample_answer(words=HOSTILE)],
    ids=["one", "list", "none", "hostile"],
)
def test_a_kept_answer_is_shown_again_exactly_as_it_was(history, answer):
    turn = Turn(answer.question, answer)
    history.keep("", "first", turn)

    (shown,) = show_turns(history.read("", "first"))

    assert shown == turn
    assert shown.key == turn.key


def test_an_answer_that_cannot_be_read_any_more_costs_its_turn_only(history):
    history.keep("", "first", asked())
    history.keep("", "first", asked())
    history._connection.execute("UPDATE turns SET answer = '{}' WHERE id = 1")

    first, second = show_turns(history.read("", "first"))

    assert first.has_failed
    assert second.answer


def test_a_turn_is_kept_once_however_often_it_is_sent(history):
    turn = asked()

    assert history.keep("", "first", turn)
    assert not history.keep("", "first", turn)
    assert len(history.read("", "first")) == 1


def test_a_turn_without_an_answer_is_not_kept(history):
    assert not history.keep("", "first", Turn("哪天？", has_failed=True))
    assert history.conversations("") == ()


def test_nobody_reaches_what_is_anothers(history):
    turn = asked()
    history.keep("amy", "first", turn)

    assert history.find("bob", "first") is None
    assert history.read("bob", "first") == ()
    assert history.conversations("bob") == ()
    assert not history.keep("bob", "first", asked())
    assert not history.rename("bob", "first", "mine")
    assert not history.delete("bob", "first")
    assert not Judgements(history).judge("bob", "first", turn.key, Judgement(Verdict.BAD))
    history.delete("amy", "first")
    assert not history.restore("bob", "first")
    assert history.restore("amy", "first")
    assert len(history.read("amy", "first")) == 1


def test_conversations_are_listed_with_the_last_used_first(history, clock):
    for number, name in enumerate(["甲", "乙", "甲"]):
        clock.now += number
        history.keep("", name, asked(f"{name}是什么？"))

    assert [one.id for one in history.conversations("")] == ["甲", "乙"]
    assert [one.n_turns for one in history.conversations("")] == [2, 1]
    assert history.conversations("")[0].title == "甲是什么？"


@pytest.mark.parametrize("wanted", ["圖書館", "图书馆", "ＧＢ", "gb/t", "书"])
def test_words_are_found_in_any_spelling(history, wanted):
    history.keep("", "first", asked("圖書館的GB/T 5972在哪裡？"))
    history.keep("", "second", asked("大会是哪天？"))

    assert [one.id for one in history.conversations("", wanted)] == ["first"]


def test_words_of_answers_and_new_titles_are_found(history):
    history.keep("", "first", asked())
    history.rename("", "first", "二月的会")

    assert history.conversations("", "2月5日")
    assert history.conversations("", "二月的會")
    assert not history.conversations("", "三月")


@given(any_texts())
def test_any_words_whatever_can_be_asked_titled_commented_and_searched(text):
    history = History()
    turn = asked(text or "?")
    history.keep("", "first", turn)
    history.rename("", "first", text)
    Judgements(history).judge("", "first", turn.key, Judgement(Verdict.GOOD, text))

    history.conversations("", text)
    (kept,) = history.read("", "first")[-1:]

    assert "\ud800" not in kept.question + kept.judgement.comment
    history.delete("", "first")
    history.close()


def test_titles_and_comments_are_cut(history):
    turn = asked("问" * 500)
    history.keep("", "first", turn)
    Judgements(history).judge("", "first", turn.key, Judgement(Verdict.BAD, "长" * 9000))

    assert len(history.conversations("")[0].title) == MAX_TITLE_CHARS
    assert len(history.read("", "first")[0].judgement.comment) == MAX_COMMENT_CHARS


def test_an_empty_title_changes_nothing(history):
    history.keep("", "first", asked("哪天？"))

    assert not history.rename("", "first", " \n")
    assert history.conversations("")[0].title == "哪天？"


def test_what_is_deleted_can_be_brought_back_for_an_hour_and_is_then_gone(history, clock):
    history.keep("", "first", asked("秘密的问题？"))
    history.keep("", "second", asked())
    history.delete("", "first")
    assert [one.id for one in history.conversations("")] == ["second"]
    assert history.restore("", "first")
    history.delete("", "first")
    clock.now += 3601
    history.delete("", "second")

    assert not history.restore("", "first")
    rows = history._connection.execute("SELECT question FROM turns").fetchall()
    assert rows == [("哪天？",)]


def test_asking_on_in_a_deleted_conversation_brings_it_back(history):
    history.keep("", "first", asked())
    history.delete("", "first")
    history.keep("", "first", asked())

    assert history.conversations("")[0].n_turns == 2


def test_judgements_are_kept_and_can_be_taken_back(history):
    good, bad, none = asked("一？"), asked("二？"), asked("三？")
    for turn in (good, bad, none):
        history.keep("", "first", turn)
    Judgements(history).judge("", "first", good.key, Judgement(Verdict.GOOD))
    Judgements(history).judge("", "first", bad.key, Judgement(Verdict.GOOD))
    Judgements(history).judge("", "first", bad.key, Judgement(Verdict.BAD, "日期不对"))

    judged = [turn.judgement for turn in history.read("", "first")]
    assert judged == [
        Judgement(Verdict.GOOD),
        Judgement(Verdict.BAD, "日期不对"),
        Judgement(),
    ]
    Judgements(history).judge("", "first", bad.key, Judgement())
    assert history.read("", "first")[1].judgement == Judgement()


def test_only_so_many_turns_and_conversations_are_kept(history, clock, monkeypatch):
    monkeypatch.setattr(history_module, "MAX_TURNS", 3)
    monkeypatch.setattr(history_module, "MAX_CONVERSATIONS", 2)
    for number in range(5):
        history.keep("", "first", asked(f"{number}？"))
    assert [turn.question for turn in history.read("", "first")] == ["2？", "3？", "4？"]
    for name in ("second", "third"):
        clock.now += 1
        history.keep("", name, asked())
    assert {one.id for one in history.conversations("")} == {"second", "third"}


def test_a_damaged_file_is_set_aside_and_the_history_goes_on(history):
    history.close()
    path = user_database_path()
    path.write_bytes(b"no database " * 1000)

    begun = History()

    assert begun.set_aside.startswith("user.sqlite.damaged-")
    assert path.with_name(begun.set_aside).read_bytes().startswith(b"no database")
    assert begun.keep("", "first", asked())
    begun.close()


def test_a_newer_history_is_refused_and_left_alone(history):
    history._connection.execute("UPDATE schema_versions SET version = 99 WHERE part = 'history'")
    history.close()

    with pytest.raises(HistoryError, match=r"newer yiju.*version 99"):
        History()


def test_a_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("YIJU_HOME", str(tmp_path / "file"))

    with pytest.raises(HistoryError):
        History()


def test_a_failed_write_leaves_nothing_half_done(history):
    history._connection.execute("DROP TABLE turns")

    with pytest.raises(HistoryError, match="turns"):
        history.keep("", "first", asked())
    assert history._connection.execute("SELECT count(*) FROM conversations").fetchone() == (0,)


def test_threads_and_processes_write_at_once_and_lose_nothing(history):
    script = (
        "import sys\n"
        "from tests.webui.test_history import asked\n"
        "from webui.history import History\n"
        "history = History()\n"
        "for number in range(40):\n"
        "    assert history.keep('', sys.argv[1], asked(f'{sys.argv[1]} {number}？'))\n"
    )
    command = [sys.executable, "-c", script]
    children = [subprocess.Popen([*command, f"p{number}"], cwd=ROOT) for number in range(2)]
    try:
        threads = [
            threading.Thread(
                target=lambda name=f"t{name}": [history.keep("", name, asked()) for _ in range(40)]
            )
            for name in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [child.wait(60) for child in children] == [0, 0]
    finally:
        for child in children:
            child.kill()

    kept = {one.id: one.n_turns for one in history.conversations("")}
    assert kept == {"p0": 40, "p1": 40, "t0": 40, "t1": 40}
    with closing(sqlite3.connect(user_database_path())) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
