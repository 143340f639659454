"""Page: what happens in the browser → what changes there; every handler returns only changes."""

import time
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import gradio as gr

from rag.federation import Federation, Member
from webui.chat import MAX_QUESTION_CHARS, Chat, keep_turns
from webui.chooser import render_chooser, render_fallback
from webui.datatypes import Turn
from webui.documents import render_collections, render_refreshes
from webui.history_page import HistoryPage
from webui.intake import render_intake
from webui.languages import Texts
from webui.languages.documents import LIBRARY_TEXTS
from webui.layout import Parts
from webui.library_desk import LibraryDesk
from webui.library_view import UNTOUCHED, LibraryView
from webui.messages import choose_language, texts_for
from webui.refresher import Refresher, RefreshState
from webui.rendering import render_header, render_suggestions
from webui.source import render_source
from webui.source_desk import SourceDesk
from webui.source_view import SourceView
from webui.turns import render_conversation

Changes: TypeAlias = dict[object, object]  # component → its new value

Questions: TypeAlias = tuple[str, ...] | None  # suggested ones; None while they are being made

_POLL_S = 0.15  # of a running build by the page that asked for it


class Page:
    """The handlers of one page; they hold nothing of any visitor.

    What a visitor's page remembers comes in as arguments and goes out among the changes (see
    :class:`webui.layout.Parts`): ``turns``, ``view``, ``suggested``, ``seen``, ``scope``, and as
    ``code`` the language. ``event`` carries what a click sent, which may be anything.
    """

    def __init__(
        self,
        federation: Federation,
        refresher: Refresher,
        parts: Parts,
        desk: SourceDesk,
        history: HistoryPage,
    ) -> None:
        """Join the parts to what fills them.

        :param federation: Answers the questions.
        :param refresher: Keeps its indexes up to date.
        :param parts: The components.
        :param desk: Opens the documents.
        :param history: Keeps the conversations.
        """
        self._history = history
        self._federation = federation
        self._refresher = refresher
        self._chat = Chat(federation)
        self._parts = parts
        self._desk = desk
        self._library = LibraryDesk(federation, refresher)

    def load(self, chosen: str, collection: str, remembered: str, request: gr.Request) -> Changes:
        """Fill a new page, in the language picked before or the browser's."""
        scope = self._find_scope(collection)
        accepted = request.headers.get("accept-language", "")
        texts = texts_for(chosen) if chosen else choose_language(accepted)
        self._refresher.look()
        return {
            **self._speak(texts, (), None, None),
            **self._show_scope(scope, texts),
            self._parts.browsed: UNTOUCHED,
            self._parts.fallback: "",
            self._parts.header: render_header(texts, request.username or ""),
            **self._history.restore(remembered, texts, request),
        }

    def switch(  # noqa: PLR0913, PLR0917 - what a visitor's page remembers
        self,
        turns: tuple[Turn, ...],
        view: SourceView | None,
        suggested: Questions,
        scope: str,
        talk_id: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> Changes:
        """Show everything in another language."""
        texts = texts_for(_field(event, "code"))
        return {
            **self._speak(texts, turns, view, suggested),
            **self._show_scope(scope, texts),
            self._parts.browsed: UNTOUCHED,
            self._parts.fallback: "",
            self._parts.header: render_header(texts, request.username or ""),
            self._parts.chosen: texts.code,
            **self._history.show(talk_id, texts, request),
        }

    def choose(self, code: str, event: gr.EventData) -> Changes:
        """Ask another collection from now on, or all; what was said stays."""
        scope = self._find_scope(_field(event, "value"))
        texts = texts_for(code)
        return {
            **self._show_scope(scope, texts),
            self._parts.browsed: UNTOUCHED,
            self._parts.fallback: "",
            self._parts.collection: scope,
            self._parts.suggested: None,
            self._parts.suggestions: render_suggestions(None, texts),
        }

    def ask(
        self, typed: str | None, turns: tuple[Turn, ...], code: str, scope: str, event: gr.EventData
    ) -> Iterator[Changes]:
        """Answer the question clicked, one that was understood otherwise, or what was typed."""
        interpreted = _field(event, "interpreted").strip()[:MAX_QUESTION_CHARS]
        suggested = _field(event, "question") or (interpreted and _asked_in(turns, event))
        question = (suggested or typed or "").strip()[:MAX_QUESTION_CHARS]
        if not question:
            yield gr.skip()
            return
        texts = texts_for(code)
        self._refresher.look()
        pending = keep_turns(turns, Turn(question))
        emptied: Changes = {} if suggested else {self._parts.question: ""}
        asked = self._find_scope(scope)
        yield {
            **emptied,
            self._parts.conversation: render_conversation(pending, texts),
            self._parts.scope: asked,
            self._parts.fallback: "" if asked == scope else render_fallback(scope, texts),
        }
        turn = self._chat.answer(question, turns, asked, interpreted=interpreted)
        answered = keep_turns(turns, turn)
        yield {
            self._parts.turns: answered,
            self._parts.conversation: render_conversation(answered, texts),
        }

    def explain(
        self, turns: tuple[Turn, ...], code: str, scope: str, event: gr.EventData
    ) -> object:
        """Say why the question of a turn was not answered."""
        index = _turn_of(turns, event)
        if index is None:
            return gr.skip()
        explained = self._chat.explain(turns[index], scope)
        after = (*turns[:index], explained, *turns[index + 1 :])
        return {
            self._parts.turns: after,
            self._parts.conversation: render_conversation(after, texts_for(code)),
        }

    def open(self, turns: tuple[Turn, ...], code: str, event: gr.EventData) -> Changes:
        """Open a citation's or a document's source."""
        return self._show_source(self._desk.open(turns, event._data), code)

    def follow(self, code: str, event: gr.EventData) -> Changes:
        """Open what the page's address names."""
        return self._show_source(self._desk.follow(event._data), code)

    def act(self, view: SourceView | None, code: str, event: gr.EventData) -> object:
        """Do what a control of the source panel asks for."""
        changed = self._desk.act(view, event._data)
        return self._show_source(changed, code) if changed else gr.skip()

    def back(self) -> Changes:
        """Close the source panel."""
        return {self._parts.view: None, self._parts.source: ""}

    def clear(self, code: str, request: gr.Request) -> Changes:
        """Begin a new conversation; the one before it stays in the history."""
        return {**self._history.begin(texts_for(code), request), **self.back()}

    def tick(self, seen: int, code: str, scope: str, browsed: LibraryView) -> object:
        """Show what has become of the collections and their indexes since the page last looked."""
        self._refresher.look()
        if not self._find_scope(scope) and scope:
            return {
                **self._show_scope("", texts_for(code)),
                self._parts.browsed: UNTOUCHED,
                self._parts.fallback: render_fallback(scope, texts_for(code)),
            }
        if self._refresher.version == seen and not _is_running(self._states(scope)):
            return gr.skip()
        return self._show_scope(scope, texts_for(code), browsed)

    def rebuild(self, code: str, scope: str) -> Iterator[Changes]:
        """Rebuild the indexes shown, showing how far it has come."""
        self._refresher.rebuild(member.name for member in self._members(scope))
        yield from self.watch(code, scope)

    def watch(self, code: str, scope: str) -> Iterator[Changes]:
        """Show how far the running builds have come until they end; :meth:`tick` shows the end."""
        texts = texts_for(code)
        while _is_running(states := self._states(scope)):
            yield {self._parts.refresh: render_refreshes(states, texts)}
            time.sleep(_POLL_S)

    def cancel(self, code: str, scope: str) -> Changes:
        """Stop the builds shown at their next file; the old indexes stay."""
        self._refresher.cancel(member.name for member in self._members(scope))
        return {self._parts.refresh: render_refreshes(self._states(scope), texts_for(code))}

    def keep(self, browsed: LibraryView, code: str, scope: str, event: gr.EventData) -> Changes:
        """Do what a control of the documents' lists asks for."""
        changed = self._library.act(browsed, event._data)
        return {
            **self._show_scope(scope, texts_for(code), changed),
            self._parts.browsed: changed,
        }

    def suggest(self, code: str, scope: str) -> Changes:
        """Make the questions to click; once a generation, however many pages ask."""
        suggested = self._chat.suggest(scope)
        return {
            self._parts.suggested: suggested,
            self._parts.suggestions: render_suggestions(suggested, texts_for(code)),
        }

    def _show_source(self, view: SourceView, code: str) -> Changes:
        return {
            self._parts.view: view,
            self._parts.source: render_source(view, texts_for(code)),
        }

    def _speak(
        self,
        texts: Texts,
        turns: tuple[Turn, ...],
        view: SourceView | None,
        suggested: Questions,
    ) -> Changes:
        parts = self._parts
        return {
            parts.language: texts.code,
            parts.conversation: render_conversation(turns, texts),
            parts.suggestions: render_suggestions(suggested, texts),
            parts.question: gr.update(label=texts.question_label, placeholder=texts.question_hint),
            parts.send: texts.send,
            parts.rebuild: texts.rebuild,
            parts.cancel: LIBRARY_TEXTS[texts.code].cancel,
            parts.source: render_source(view, texts),
        }

    def _show_scope(self, scope: str, texts: Texts, browsed: LibraryView = UNTOUCHED) -> Changes:
        version = self._refresher.version  # before what it counts
        members = self._members(scope)
        made = [(one.name, one.answerer.manifest) for one in members if one.answerer]
        generations = [f"{name}@{one.generation} {one.created_at}" for name, one in made]
        return {
            self._parts.scope: scope,
            self._parts.chooser: render_chooser(self._federation, scope, texts),
            self._parts.documents: render_collections(members, texts, browsed),
            self._parts.intake: render_intake(members, texts),
            self._parts.refresh: render_refreshes(self._states(scope), texts),
            self._parts.seen: version,
            self._parts.generation: ", ".join([scope, *generations]),
        }

    def _members(self, scope: str) -> list[Member]:
        """Return the collections that are shown; all where the one chosen has gone."""
        members = list(self._federation.members)
        return [member for member in members if member.name == scope] or members

    def _states(self, scope: str) -> dict[str, RefreshState]:
        """Return what becomes of the indexes; that a collection is left out is told by its list."""
        states = self._refresher.states
        return {
            member.name: state
            for member in self._members(scope)
            if (state := states.get(member.name)) and (member.answerer or state.is_running)
        }

    def _find_scope(self, name: str) -> str:
        """Return the name of a collection that can be searched, "" for any other name."""
        return name if name in {one.collection for one in self._federation.answerers} else ""


def _is_running(states: Mapping[str, RefreshState]) -> bool:
    return any(state.is_running for state in states.values())


def _field(event: gr.EventData, name: str) -> str:
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _asked_in(turns: tuple[Turn, ...], event: gr.EventData) -> str:
    """Return the question of the turn that a click names; "" when there is none."""
    index = _turn_of(turns, event)
    return "" if index is None else turns[index].question


def _turn_of(turns: tuple[Turn, ...], event: gr.EventData) -> int | None:
    """Return which turn a click names; None when there is none such."""
    number = _field(event, "turn")
    index = int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else -1
    return index if 0 <= index < len(turns) else None
