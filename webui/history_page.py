"""History page: what happens in the panel of conversations → what changes on the page."""

import logging
from collections.abc import Callable
from dataclasses import replace
from secrets import token_urlsafe
from typing import TypeAlias

import gradio as gr

from webui.conversations import (
    export_json,
    export_markdown,
    file_name,
    show_turns,
)
from webui.datatypes import Turn
from webui.history import History
from webui.history_records import Conversation, HistoryError
from webui.history_rendering import MOST_LISTED, HistoryView, render_export, render_history
from webui.languages import Texts
from webui.languages.conversations import CONVERSATION_TEXTS
from webui.layout import Parts
from webui.messages import texts_for
from webui.source import render_source
from webui.turns import render_conversation

logger = logging.getLogger(__name__)

Changes: TypeAlias = dict[object, object]  # component → its new value

_KEPT_TURNS = 100  # shown of a conversation


def open_history() -> History | None:
    """Open the history; the page goes on without one, and tells where the reason is."""
    try:
        return History()
    except HistoryError:
        logger.exception("The history cannot be opened")
        return None


class HistoryPage:
    """The handlers of the conversations' panel; they hold nothing of any visitor.

    Whose a request is comes with it (``username``), never from what a browser sends.
    """

    def __init__(self, history: History | None, parts: Parts) -> None:
        """Join the parts to what fills them.

        :param history: Keeps the conversations; None keeps none.
        :param parts: The components.
        """
        self._history = history
        self._parts = parts

    def restore(self, remembered: str, texts: Texts, request: gr.Request) -> Changes:
        """Show the conversation that this browser had open, or begin a new one."""
        user = _user(request)
        found = self._find(user, remembered)
        current = found.id if found else token_urlsafe(16)
        turns = self._turns(user, current) if found else ()
        return {
            self._parts.talk_id: current,
            self._parts.remembered: current,
            self._parts.turns: turns,
            self._parts.conversation: render_conversation(turns, texts),
            **self.show(current, texts, request),
        }

    def begin(self, texts: Texts, request: gr.Request) -> Changes:
        """Begin a new conversation."""
        return self.restore("", texts, request)

    def show(self, current: str, texts: Texts, request: gr.Request) -> Changes:
        """Show the panel."""
        return self._show(HistoryView(current=current), texts, _user(request))

    def keep(
        self,
        turns: tuple[Turn, ...],
        current: str,
        code: str,
        scope: str,
        request: gr.Request,
    ) -> Changes:
        """Keep what was just answered, after it is on the page."""
        user, texts = _user(request), texts_for(code)
        if not turns or turns[-1].answer is None or self._history is None:
            return self.show(current, texts, request)
        turn = turns[-1]
        note = ""
        try:
            self._history.keep(user, current, turn, collection=scope)
        except HistoryError:
            logger.exception("A turn could not be kept")
            note = CONVERSATION_TEXTS[texts.code].not_kept
        return self._show(HistoryView(current=current, note=note), texts, user)

    def act(
        self,
        turns: tuple[Turn, ...],
        current: str,
        code: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> Changes:
        """Search, open, rename, delete, bring back or export a conversation."""
        del turns
        texts, user = texts_for(code), _user(request)
        sent = event._data if isinstance(event._data, dict) else {}
        data = {str(name): value for name, value in sent.items() if isinstance(value, str)}
        actions: dict[str, Callable[[_Asked], Changes]] = {
            "search": self._search,
            "open": self._open,
            "rename": self._rename,
            "delete": self._delete,
            "undo": self._undo,
            "markdown": self._export,
            "json": self._export,
        }
        action = actions.get(data.get("action", ""), self._search)
        try:
            return action(_Asked(user, current, texts, data, request))
        except HistoryError:
            logger.exception("The history cannot be used")
            note = CONVERSATION_TEXTS[texts.code].unavailable
            return {self._parts.history: render_history(HistoryView(note=note), texts)}

    def _search(self, asked: "_Asked") -> Changes:
        view = HistoryView(current=asked.current, wanted=asked.data.get("wanted", "")[:100])
        return self._show(view, asked.texts, asked.user)

    def _open(self, asked: "_Asked") -> Changes:
        if not self._find(asked.user, asked.id):
            return self._say_gone(asked)
        return {
            **self.restore(asked.id, asked.texts, asked.request),
            self._parts.view: None,
            self._parts.source: render_source(None, asked.texts),
        }

    def _rename(self, asked: "_Asked") -> Changes:
        history = self._require()
        is_done = history.rename(asked.user, asked.id, asked.data.get("title", ""))
        return self._search(asked) if is_done else self._say_gone(asked)

    def _delete(self, asked: "_Asked") -> Changes:
        found = self._find(asked.user, asked.id)
        if not found or not self._require().delete(asked.user, asked.id):
            return self._say_gone(asked)
        is_current = asked.id == asked.current
        begun = self.begin(asked.texts, asked.request) if is_current else {}
        view = HistoryView(
            current=str(begun.get(self._parts.talk_id, asked.current)), deleted=found
        )
        return {**begun, **self._show(view, asked.texts, asked.user)}

    def _undo(self, asked: "_Asked") -> Changes:
        is_done = self._require().restore(asked.user, asked.id)
        return self._search(asked) if is_done else self._say_gone(asked)

    def _export(self, asked: "_Asked") -> Changes:
        found = self._find(asked.user, asked.id)
        if not found:
            return self._say_gone(asked)
        turns = self._require().read(asked.user, asked.id)
        is_json = asked.data["action"] == "json"
        text = export_json(found, turns) if is_json else export_markdown(found, turns, asked.texts)
        name = file_name(found, "json" if is_json else "md")
        return {self._parts.export: render_export(name, text)}

    def _say_gone(self, asked: "_Asked") -> Changes:
        note = CONVERSATION_TEXTS[asked.texts.code].too_late
        return self._show(HistoryView(current=asked.current, note=note), asked.texts, asked.user)

    def _require(self) -> History:
        if self._history is None:
            raise HistoryError("There is no history")
        return self._history

    def _find(self, user: str, conversation: str) -> Conversation | None:
        if not conversation or self._history is None:
            return None
        try:
            return self._history.find(user, conversation)
        except HistoryError:
            logger.exception("The history cannot be read")
            return None

    def _turns(self, user: str, conversation: str) -> tuple[Turn, ...]:
        try:
            return show_turns(self._require().read(user, conversation, last=_KEPT_TURNS))
        except HistoryError:
            logger.exception("The history cannot be read")
            return ()

    def _show(self, view: HistoryView, texts: Texts, user: str) -> Changes:
        words = CONVERSATION_TEXTS[texts.code]
        if self._history is None:
            view = replace(view, note=words.unavailable)
        else:
            try:
                found = self._history.conversations(user, view.wanted, limit=MOST_LISTED + 1)
                view = replace(view, conversations=found)
            except HistoryError:
                logger.exception("The history cannot be read")
                view = replace(view, note=words.unavailable)
            if self._history.set_aside and not view.note:
                view = replace(view, note=words.set_aside.format(name=self._history.set_aside))
        return {self._parts.history: render_history(view, texts)}


class _Asked:
    """An action on a conversation, by whom and in which language."""

    def __init__(
        self, user: str, current: str, texts: Texts, data: dict[str, str], request: gr.Request
    ) -> None:
        self.user = user
        self.current = current
        self.texts = texts
        self.data = data
        self.request = request
        self.id = data.get("id", "")


def _user(request: gr.Request) -> str:
    return request.username or ""
