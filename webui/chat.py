"""Chat: questions and clicks → turns of the conversation and places in the source panel."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest

from index.errors import IndexingError
from rag import Answerer
from rag.datatypes import Status
from rag.errors import RagError
from rag.explanation import explain
from rag.federation import Federation, Library
from rag.registry import CollectionError
from rag.suggesting.suggestions import suggest_questions
from webui.conversations import make_receipt_body
from webui.datatypes import Turn

logger = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 1000
_KEPT_TURNS = 100  # of a conversation; what is older scrolls out for good
_HISTORY = 5  # earlier turns that a follow-up may refer to
_N_SUGGESTIONS = 6
_ALL = "*"  # no collection's name


@dataclass(frozen=True, slots=True)
class _Suggested:
    generation: str
    questions: tuple[str, ...]


class Chat:
    """What a page can ask of the collections; holds nothing of any visitor."""

    def __init__(self, federation: Federation) -> None:
        """Wrap collections.

        :param federation: Answers the questions.
        """
        self._federation = federation
        self._suggesting = threading.Lock()
        self._suggested: dict[str, _Suggested] = {}  # by the name of the collection

    def answer(
        self, question: str, turns: Sequence[Turn], scope: str = "", *, interpreted: str = ""
    ) -> Turn:
        """Answer a question of a conversation.

        :param question: As typed.
        :param turns: The conversation before it.
        :param scope: The name of the collection that is asked; "" for all.
        :param interpreted: What is asked instead, to the letter: the visitor says what they meant.
        :return: The turn; ``has_failed`` when something unforeseen happened.
        """
        asked = self._select(scope)
        history = [turn.answer for turn in turns[-_HISTORY:] if turn.answer]

        def find() -> Turn:
            if interpreted:
                answer = replace(asked.answer(interpreted), question=question)
            else:
                answer = asked.answer(question, history=history)
            return Turn(question, answer, receipt=make_receipt_body(asked, answer))

        return _attempt(find, Turn(question, has_failed=True))

    def explain(self, turn: Turn, scope: str = "") -> Turn:
        """Find out why a question was not answered.

        :param turn: The question's.
        :param scope: The name of the collection that was asked; "" for all.
        :return: The turn with the explanation; without one where that fails, too.
        """
        if turn.answer is None:
            return turn
        asked, question = self._select(scope), turn.answer.interpreted
        return _attempt(lambda: replace(turn, explanation=explain(asked, question)), turn)

    def suggest(self, scope: str = "") -> tuple[str, ...]:
        """Return questions that the documents answer, made once a generation; perhaps none.

        :param scope: The name of the collection that is asked; "" for all.
        """
        with self._suggesting:
            asked = self._select(scope).answerers
            if len(asked) == 1:
                return self._suggest(asked[0])
            generation = str([(one.collection, _generation_of(one)) for one in asked])
            kept = self._suggested.get(_ALL)
            if kept is None or kept.generation != generation:
                # As many collections as questions, evenly chosen, are enough to take them from.
                some = asked[:: -(-len(asked) // _N_SUGGESTIONS)]
                drafts = zip_longest(*(self._suggest(answerer) for answerer in some))
                questions = (question for turn in drafts for question in turn if question)
                chosen = islice(filter(self._is_answered, questions), _N_SUGGESTIONS)
                kept = self._suggested[_ALL] = _Suggested(generation, tuple(chosen))
            return kept.questions

    def _select(self, scope: str) -> Library:
        """Return what a page asks; all for a collection that went since the page chose it."""
        try:
            return self._federation.select(scope)
        except CollectionError:
            return self._federation

    def _suggest(self, answerer: Answerer) -> tuple[str, ...]:
        generation = _generation_of(answerer)
        kept = self._suggested.get(answerer.collection)
        if kept is None or kept.generation != generation:
            try:
                questions = suggest_questions(answerer, _N_SUGGESTIONS)
            except (IndexingError, RagError) as exc:
                logger.warning("No suggested questions: %s", exc)
                questions = ()
            kept = self._suggested[answerer.collection] = _Suggested(generation, questions)
        return kept.questions

    def _is_answered(self, question: str) -> bool:
        """Tell whether all collections together answer what one of them does."""
        return self._federation.answer(question).status is Status.ANSWERED


def _generation_of(answerer: Answerer) -> str:
    """Name a generation; another folder under the same name never has the same one."""
    return f"{answerer.index_dir} {answerer.manifest.generation}"


def _attempt(find: Callable[[], Turn], otherwise: Turn) -> Turn:
    try:
        return find()
    except Exception:  # the page lives on, and tells where the reason is
        logger.exception("A question could not be answered")
        return otherwise


def keep_turns(turns: Sequence[Turn], turn: Turn) -> tuple[Turn, ...]:
    """Add a turn to a conversation, dropping the oldest beyond what is kept."""
    return (*turns[-_KEPT_TURNS + 1 :], turn)
