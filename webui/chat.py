"""Chat: questions and clicks → turns of the conversation and places in the source panel."""

import itertools
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from index.errors import IndexingError
from rag import Answerer
from rag.errors import RagError
from rag.suggesting.suggestions import suggest_questions
from webui.datatypes import Note, SourceView, Turn
from webui.source import find_citation, open_citation, read_reference

logger = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 1000
_KEPT_TURNS = 100  # of a conversation; what is older scrolls out for good
_HISTORY = 5  # earlier questions that a follow-up may refer to
_N_SUGGESTIONS = 6


@dataclass(frozen=True, slots=True)
class _Suggested:
    generation: str
    questions: tuple[str, ...]


class Chat:
    """What a page can ask of the answerer; holds nothing of any visitor."""

    def __init__(self, answerer: Answerer) -> None:
        """Wrap an answerer.

        :param answerer: Answers the questions.
        """
        self._answerer = answerer
        self._openings = itertools.count(1)
        self._suggesting = threading.Lock()
        self._suggested = _Suggested("", ())

    def answer(self, question: str, turns: Sequence[Turn]) -> Turn:
        """Answer a question of a conversation.

        :param question: As typed.
        :param turns: The conversation before it.
        :return: The turn; ``has_failed`` when something unforeseen happened.
        """
        history = [turn.question for turn in turns[-_HISTORY:]]
        try:
            return Turn(question, self._answerer.answer(question, history=history))
        except Exception:  # the page lives on, and tells where the reason is
            logger.exception("A question could not be answered")
            return Turn(question, has_failed=True)

    def open(self, turns: Sequence[Turn], data: object) -> SourceView:
        """Open what a click names: a citation of the conversation, or a document of the list.

        :param turns: The visitor's conversation.
        :param data: What the browser sent; anything.
        :return: The view, with a note when there is nothing to show.
        """
        opened = next(self._openings)
        doc_id = data.get("document") if isinstance(data, dict) else None
        citation = find_citation(turns, read_reference(data))
        if citation:
            source = citation.source
        else:
            known = {entry.doc_id: entry.source for entry in self._answerer.manifest.documents}
            source = known.get(doc_id, "") if isinstance(doc_id, str) else ""
            if not source:
                return SourceView(opened, note=Note.GONE if doc_id else Note.STALE_LINK)
        try:
            document = self._answerer.document(source)
        except KeyError:
            return SourceView(opened, note=Note.GONE)
        except IndexingError as exc:
            logger.warning("%s cannot be opened: %s", source, exc)
            return SourceView(opened, note=Note.GONE)
        return (
            open_citation(citation, document, opened) if citation else SourceView(opened, document)
        )

    def suggest(self) -> tuple[str, ...]:
        """Return questions that the documents answer, made once a generation; perhaps none."""
        with self._suggesting:
            generation = self._answerer.manifest.generation
            if self._suggested.generation != generation:
                self._suggested = _Suggested(generation, self._make_suggestions())
            return self._suggested.questions

    def _make_suggestions(self) -> tuple[str, ...]:
        try:
            return suggest_questions(self._answerer, _N_SUGGESTIONS)
        except (IndexingError, RagError) as exc:
            logger.warning("No suggested questions: %s", exc)
            return ()


def keep_turns(turns: Sequence[Turn], turn: Turn) -> tuple[Turn, ...]:
    """Add a turn to a conversation, dropping the oldest beyond what is kept."""
    return (*turns[-_KEPT_TURNS + 1 :], turn)
