"""Answer cache: a question asked again → the answer given before, while the documents are the same.

A generation never changes, so neither does what it answers. The cache knows what it was filled from
by identity, without holding it open, and is emptied when anything else is asked.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from weakref import ReferenceType, ref

from rag.datatypes import Answer
from rag.joined import JoinedBase, Knowledge, SingleBase

_MOST_ANSWERS = 256  # a few kilobytes each

_Source = list[tuple[str, ReferenceType[SingleBase]]]  # each collection's name and generation


class AnswerCache:
    """The answers given last; safe to use from several threads.

    Threads that ask the same at once wait for the first of them, and none of them for another
    question.
    """

    def __init__(self, size: int = _MOST_ANSWERS) -> None:
        """Make an empty cache.

        :param size: The most answers that are kept; the one unused for longest goes first.
        """
        self._size = size
        self._lock = threading.Lock()
        self._source: _Source = []
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, asked: Knowledge, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer kept under a key, computed if there is none.

        :param asked: What the question is asked of.
        :param key: All else that the answer depends on.
        :param compute: Gives the answer; what it raises is raised, and nothing is kept.
        :return: The answer.
        """
        entry = self._entry(_describe(asked), key)
        with entry.lock:
            if entry.answer is None:
                entry.answer = compute()
            return entry.answer

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._entries.clear()

    def _entry(self, source: _Source, key: Hashable) -> "_Entry":
        with self._lock:
            if source != self._source:
                self._source = source
                self._entries.clear()
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return entry


class _Entry:
    """A question's place: locked while its answer is computed."""

    __slots__ = ("answer", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answer: Answer | None = None


def _describe(asked: Knowledge) -> _Source:
    # References to the same living object are equal, and those to a dead one to nothing else.
    members = asked.members if isinstance(asked, JoinedBase) else {"": asked}
    return [(name, ref(base)) for name, base in members.items()]
