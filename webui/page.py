"""Page: what happens in the browser → what changes there; every handler returns only changes."""

import time
from collections.abc import Iterator
from typing import TypeAlias

import gradio as gr

from rag import Answerer
from webui.chat import MAX_QUESTION_CHARS, Chat, keep_turns
from webui.datatypes import SourceView, Turn
from webui.documents import render_documents, render_refresh
from webui.languages import Texts
from webui.layout import Parts
from webui.messages import choose_language, texts_for
from webui.refresher import Refresher
from webui.rendering import render_conversation, render_header, render_suggestions
from webui.source import render_source

Changes: TypeAlias = dict[object, object]  # component → its new value

Questions: TypeAlias = tuple[str, ...] | None  # suggested ones; None while they are being made

_POLL_S = 0.15  # of a running build by the page that asked for it


class Page:
    """The handlers of one page; they hold nothing of any visitor.

    What a visitor's page remembers comes in as arguments and goes out among the changes (see
    :class:`webui.layout.Parts`): ``turns``, ``view``, ``suggested``, ``seen``, and as ``code`` the
    language. ``event`` carries what a click sent, which may be anything.
    """

    def __init__(self, answerer: Answerer, refresher: Refresher, parts: Parts) -> None:
        """Join the parts to what fills them.

        :param answerer: Answers the questions.
        :param refresher: Keeps its index up to date.
        :param parts: The components.
        """
        self._answerer = answerer
        self._refresher = refresher
        self._chat = Chat(answerer)
        self._parts = parts

    def load(self, chosen: str, request: gr.Request) -> Changes:
        """Fill a new page, in the language picked before or the browser's."""
        accepted = request.headers.get("accept-language", "")
        texts = texts_for(chosen) if chosen else choose_language(accepted)
        self._refresher.look()
        return {**self._speak(texts, (), None, None), self._parts.turns: ()}

    def switch(
        self,
        turns: tuple[Turn, ...],
        view: SourceView | None,
        suggested: Questions,
        event: gr.EventData,
    ) -> Changes:
        """Show everything in another language."""
        texts = texts_for(_field(event, "code"))
        return {
            **self._speak(texts, turns, view, suggested),
            self._parts.chosen: texts.code,
        }

    def ask(
        self, typed: str | None, turns: tuple[Turn, ...], code: str, event: gr.EventData
    ) -> Iterator[Changes]:
        """Answer the suggested question that was clicked, or else what was typed."""
        suggested = _field(event, "question")
        question = (suggested or typed or "").strip()[:MAX_QUESTION_CHARS]
        if not question:
            yield gr.skip()
            return
        texts = texts_for(code)
        self._refresher.look()
        pending = keep_turns(turns, Turn(question))
        emptied: Changes = {} if suggested else {self._parts.question: ""}
        yield {**emptied, self._parts.conversation: render_conversation(pending, texts)}
        answered = keep_turns(turns, self._chat.answer(question, turns))
        yield {
            self._parts.turns: answered,
            self._parts.conversation: render_conversation(answered, texts),
        }

    def open(self, turns: tuple[Turn, ...], code: str, event: gr.EventData) -> Changes:
        """Open a citation's or a document's source."""
        view = self._chat.open(turns, event._data)
        return {
            self._parts.view: view,
            self._parts.source: render_source(view, texts_for(code)),
        }

    def back(self) -> Changes:
        """Close the source panel."""
        return {self._parts.view: None, self._parts.source: ""}

    def clear(self, code: str) -> Changes:
        """Begin a new conversation."""
        return {
            self._parts.turns: (),
            self._parts.conversation: render_conversation((), texts_for(code)),
            **self.back(),
        }

    def tick(self, seen: int, code: str) -> object:
        """Show what has become of the index since the page last looked."""
        self._refresher.look()
        state = self._refresher.state
        if state.version == seen and not state.is_running:
            return gr.skip()
        return self._show_index(texts_for(code))

    def rebuild(self, code: str) -> Iterator[Changes]:
        """Rebuild the index, showing how far it has come."""
        texts = texts_for(code)
        self._refresher.rebuild()
        while (state := self._refresher.state).is_running:
            yield {self._parts.refresh: render_refresh(state, texts)}
            time.sleep(_POLL_S)
        yield self._show_index(texts)

    def suggest(self, code: str) -> Changes:
        """Make the questions to click; once a generation, however many pages ask."""
        suggested = self._chat.suggest()
        return {
            self._parts.suggested: suggested,
            self._parts.suggestions: render_suggestions(suggested, texts_for(code)),
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
            parts.header: render_header(texts),
            parts.conversation: render_conversation(turns, texts),
            parts.suggestions: render_suggestions(suggested, texts),
            parts.question: gr.update(label=texts.question_label, placeholder=texts.question_hint),
            parts.send: texts.send,
            parts.rebuild: texts.rebuild,
            parts.source: render_source(view, texts),
            **self._show_index(texts),
        }

    def _show_index(self, texts: Texts) -> Changes:
        state = self._refresher.state
        manifest = self._answerer.manifest
        return {
            self._parts.documents: render_documents(manifest, texts),
            self._parts.refresh: render_refresh(state, texts),
            self._parts.seen: state.version,
            self._parts.generation: manifest.generation,
        }


def _field(event: gr.EventData, name: str) -> str:
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""
