"""The panel of conversations: what each visitor sees and does, and what a broken history does."""

from dataclasses import fields, replace
from types import SimpleNamespace

import pytest

from tests.webui.samples import HOSTILE, sample_answer
from tests.webui.samples import Page as Shown
from webui.datatypes import Turn
from webui.history import History
from webui.history_page import HistoryPage, open_history
from webui.history_rendering import MOST_LISTED, HistoryView, render_export, render_history
from webui.languages.conversations import CONVERSATION_TEXTS
from webui.layout import Parts
from webui.messages import texts_for
from webui.user_database import user_database_path

TEXTS = texts_for("en")
WORDS = CONVERSATION_TEXTS["en"]


def visitor(name=""):
    return SimpleNamespace(username=name or None)


def asked(question="哪天？"):
    return Turn(question, replace(sample_answer(), question=question, interpreted=question))


@pytest.fixture
def parts():
    """Names in place of the components, which are keys only."""
    return SimpleNamespace(**{field.name: field.name for field in fields(Parts)})


@pytest.fixture
def history():
    history = History()
    yield history
    history.close()


@pytest.fixture
def page(history, parts):
    return HistoryPage(history, parts)


def act(page, current="", user="", **data):
    event = SimpleNamespace(_data=data)
    return page.act((), current, "en", event, visitor(user))


def test_a_browser_gets_back_the_conversation_that_it_had_open(page, parts):
    turn = asked()
    page.keep((turn,), "first", "en", "", visitor())

    changes = page.restore("first", TEXTS, visitor())

    assert changes[parts.talk_id] == changes[parts.remembered] == "first"
    assert changes[parts.turns] == (turn,)


def test_nobody_gets_back_what_is_anothers(page, parts):
    page.keep((asked("secret?"),), "first", "en", "", visitor("amy"))

    changes = page.restore("first", TEXTS, visitor("bob"))
    opened = act(page, user="bob", action="open", id="first")

    assert changes[parts.talk_id] != "first"
    assert changes[parts.turns] == ()
    assert "secret" not in changes[parts.history] + opened[parts.history]
    assert set(opened) == {parts.history}


@pytest.mark.parametrize("action", ["rename", "delete", "undo", "markdown", "json"])
def test_nobody_does_anything_to_what_is_anothers(page, parts, history, action):
    page.keep((asked("secret?"),), "first", "en", "", visitor("amy"))

    changes = act(page, user="bob", action=action, id="first", title="mine")

    assert WORDS.too_late in changes[parts.history]
    assert history.find("amy", "first").title == "secret?"


def test_deleting_the_open_conversation_begins_a_new_one_and_can_be_undone(page, parts):
    page.keep((asked(),), "first", "en", "", visitor())

    deleted = act(page, current="first", action="delete", id="first")
    undone = act(page, current=deleted[parts.talk_id], action="undo", id="first")

    assert deleted[parts.turns] == ()
    assert 'data-action="undo" data-id="first"' in deleted[parts.history]
    assert 'data-action="open" data-id="first"' not in deleted[parts.history]
    assert 'data-action="open" data-id="first"' in undone[parts.history]


def test_another_conversation_stays_open_when_one_is_deleted(page, parts):
    page.keep((asked(),), "first", "en", "", visitor())

    assert set(act(page, current="second", action="delete", id="first")) == {parts.history}


@pytest.mark.parametrize("data", [{}, {"action": "?"}, {"action": "open"}, {"action": 7, "id": []}])
def test_anything_a_browser_sends_gives_a_panel(page, parts, data):
    assert "history" in act(page, **data)[parts.history]
    assert parts.history in page.act((), "", "?", SimpleNamespace(_data=[1]), visitor())


def test_without_a_history_the_page_goes_on_and_says_so(parts):
    page = HistoryPage(None, parts)

    kept = page.keep((asked(),), "first", "en", "", visitor())
    restored = page.restore("first", TEXTS, visitor())
    renamed = act(page, action="rename", id="first", title="x")

    for changes in (kept, restored, renamed):
        assert WORDS.unavailable in changes[parts.history]


def test_a_turn_that_cannot_be_kept_is_told(page, parts, history):
    history._connection.execute("DROP TABLE turns")

    changes = page.keep((asked(),), "first", "en", "", visitor())

    assert WORDS.unavailable in changes[parts.history]
    assert page.restore("first", TEXTS, visitor())[parts.turns] == ()


def test_a_damaged_history_is_told_with_where_it_is_now(parts):
    user_database_path().parent.mkdir(parents=True)
    user_database_path().write_bytes(b"no database " * 1000)
    history = open_history()

    shown = HistoryPage(history, parts).show("", TEXTS, visitor())[parts.history]

    assert history.set_aside in shown
    history.close()


def test_a_history_that_cannot_be_opened_is_none(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("YIJU_HOME", str(tmp_path / "file"))

    assert open_history() is None
    assert "cannot be opened" in caplog.text


def test_hostile_titles_are_shown_as_they_are(page, history):
    page.keep((asked(),), "first", "en", "", visitor())
    history.rename("", "first", HOSTILE)
    title = history.find("", "first").title
    view = HistoryView(history.conversations(""), "first", HOSTILE, history.find("", "first"))

    shown = Shown(render_history(view, TEXTS))

    (button,) = shown.find("button", class_="title")
    assert button[2] == title
    assert {"script", "img"}.isdisjoint(tag for tag, _, _ in shown.elements)


@pytest.mark.parametrize("text", ["", "\nline\r\n", HOSTILE, "</pre><script>"])
def test_an_exported_file_is_whole_in_the_page(text):
    shown = Shown(render_export("name.md", text))

    (file,) = shown.find("pre", class_="export")
    assert file[2].removeprefix("\n") == text


def test_only_so_many_conversations_are_listed(page, parts, history):
    for number in range(MOST_LISTED + 2):
        history.keep("", f"c{number}", asked(f"{number}?"))

    shown = page.show("c1", TEXTS, visitor())[parts.history]

    assert shown.count("<li") == MOST_LISTED
    assert WORDS.more.format(count=MOST_LISTED) in shown


def test_every_language_has_every_word():
    assert len({len(words.verdicts) for words in CONVERSATION_TEXTS.values()}) == 1
    for words in CONVERSATION_TEXTS.values():
        assert all(getattr(words, name) for name in words.__slots__)
