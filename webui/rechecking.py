"""Rechecking: judged questions asked again of a new generation → which answers broke, which mended.

A case is asked once of each generation. What it was answered with before is kept beside what it is
answered with now, so that the change can be told whoever asked first, also after a restart.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from index.errors import IndexingError
from rag import Answerer
from rag.datatypes import Answer
from rag.errors import RagError
from rag.federation import Federation, Library
from webui.cases import Case, judge_answer
from webui.history_records import HistoryError
from webui.judgements import Judgements

logger = logging.getLogger(__name__)

_PAUSE_S = 0.01  # before each question, which gives way to those that somebody waits for


@dataclass(frozen=True, slots=True)
class RecheckState:
    """How far the questions are asked again; replaced as a whole, never changed."""

    is_running: bool = False
    done: int = 0
    total: int = 0
    is_stopped: bool = False  # by somebody, before the end


def folders_of(library: Library, answer: Answer | None = None) -> tuple[str, ...]:
    """Name the folders of the documents that are asked.

    :param library: One folder or several collections.
    :param answer: That they gave: then only the folders of those that were asked for it.
    :return: Absolute, sorted.
    """
    answerers: Sequence[Answerer] = library.answerers
    if answer:
        names = {part.rpartition("@")[0] for part in answer.generation.split(", ")}
        answerers = [one for one in answerers if one.collection in names]
    return tuple(sorted(map(_folder, answerers)))


def recheck(
    library: Library,
    judgements: Judgements,
    *,
    user: str | None = None,
    is_unwanted: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> tuple[Case, ...]:
    """Ask the judged questions again that the live generations were not asked yet.

    :param library: What to ask.
    :param judgements: Where the cases are, and where their outcomes are kept.
    :param user: Whose; None for everybody's.
    :param is_unwanted: Asked before each question; true ends it.
    :param progress: Told how many are asked, and of how many.
    :return: All cases, those asked again with their outcomes.
    :raises HistoryError: When they cannot be read or written.
    """
    cases = judgements.cases(folders_of(library), user=user)
    due = [case for case in cases if case.stamp != _stamp(library, case)]
    asked: dict[int, Case] = {}
    for number, case in enumerate(due):
        progress(number, len(due))
        if is_unwanted():
            break
        if again := _ask(library, case):
            judgements.keep_recheck(again)
            asked[case.turn] = again
    return tuple(asked.get(case.turn, case) for case in cases)


class Rechecker:
    """Asks all users' judged questions again in the background, after every new generation."""

    def __init__(self, federation: Federation, judgements: Judgements | None) -> None:
        """Prepare; nothing runs yet.

        :param federation: What is asked.
        :param judgements: The cases; None when there is no history.
        """
        self._federation = federation
        self._judgements = judgements
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._seen = ""  # the generations that were asked, or given up
        self.state = RecheckState()

    @property
    def cases(self) -> tuple[Case, ...]:
        """The judged questions of all users, with what became of their answers.

        :raises HistoryError: When they cannot be read.
        """
        if self._judgements is None:
            return ()
        return self._judgements.cases(folders_of(self._federation))

    def look(self, *, is_judged: bool = False) -> None:
        """Begin in the background if there are new generations; return at once.

        :param is_judged: Somebody has just judged an answer, which may be of an old generation.
        """
        generations = self._generations()
        with self._lock:
            if self._judgements is None or self.state.is_running:
                return
            if generations == self._seen and not is_judged:
                return
            self._stopping.clear()
            self._seen = ""
            self.state = RecheckState(is_running=True)
        worker = threading.Thread(
            target=self._run, args=(self._judgements,), name="yiju-recheck", daemon=True
        )
        worker.start()

    def stop(self) -> None:
        """End it after the question at hand; the next generation begins it again."""
        self._stopping.set()

    def _run(self, judgements: Judgements) -> None:
        try:
            while (generations := self._generations()) != self._seen:
                self._seen = generations
                recheck(
                    self._federation,
                    judgements,
                    is_unwanted=lambda: self._stopping.wait(_PAUSE_S),
                    progress=self._tell,
                )
        except HistoryError as exc:
            if not judgements.history.is_closed:
                logger.warning("Judged questions were not asked again: %s", exc)
        finally:
            with self._lock:
                state = self.state
                self.state = replace(state, is_running=False, is_stopped=self._stopping.is_set())

    def _tell(self, done: int, total: int) -> None:
        self.state = RecheckState(is_running=True, done=done, total=total)

    def _generations(self) -> str:
        return ", ".join(map(_generation, self._federation.answerers))


def _ask(library: Library, case: Case) -> Case | None:
    stamp = _stamp(library, case)
    alone = [one for one in library.answerers if (_folder(one),) == case.folders]
    try:
        answer = (alone[0] if alone else library).answer(case.gold.question)
    except (IndexingError, RagError, OSError) as exc:
        logger.warning("A judged question could not be asked again: %s", exc)
        return None
    return replace(case, before=case.now, now=judge_answer(case.gold, answer), stamp=stamp)


def _stamp(library: Library, case: Case) -> str:
    """Name the generations that a case is asked of; no two ever have the same name."""
    return ", ".join(_generation(one) for one in library.answerers if _folder(one) in case.folders)


def _generation(answerer: Answerer) -> str:
    return f"{answerer.manifest.generation} {answerer.manifest.created_at}"


def _folder(answerer: Answerer) -> str:
    return str(answerer.documents_dir.resolve())
