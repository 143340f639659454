"""Federation: several collections asked as one, whichever of them can be searched."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from index.datatypes import BuildReport, Document
from index.errors import IndexingError, IndexMissingError
from index.progress import ProgressCallback
from rag.answer_cache import AnswerCache
from rag.answerer import Answerer
from rag.conversation import History
from rag.datatypes import Answer
from rag.joined import JoinedBase, Knowledge
from rag.reading import Reading
from rag.registry import Collection, CollectionError, Registry, RegistryError, is_all, name_key
from rag.settings import N_READ
from rag.within import Within

logger = logging.getLogger(__name__)

OpenCollection = Callable[[Collection, ProgressCallback | None], Answerer]
_FAILURES = (IndexingError, OSError)
_NEVER = object()  # equal to no stamp


@dataclass(frozen=True, slots=True)
class Member:
    """A collection of a federation; replaced as a whole, never changed."""

    collection: Collection
    answerer: Answerer | None  # None while it cannot be searched
    reason: str = ""  # why not; names places of this machine

    @property
    def name(self) -> str:
        """What the collection is called."""
        return self.collection.name


class Federation:
    """Answers questions from several collections; safe to use from several threads.

    Each has its own index and is refreshed by itself. One that is missing, damaged or cannot be
    built is left out, every answer says so, and it is taken in as soon as it can be opened. At
    least one can be searched at any time.
    """

    def __init__(
        self,
        members: Sequence[Member],
        open_one: OpenCollection,
        registry: Registry | None = None,
    ) -> None:
        """Hold opened collections; use :meth:`open` or :meth:`of`.

        :param members: The collections, at least one of which can be searched.
        :param open_one: Opens one that could not be searched, when it is refreshed.
        :param registry: What :meth:`follow` goes by; None when the collections stay these.
        """
        self._members = {member.name: member for member in members}
        self._open_one = open_one
        self.answers = AnswerCache()  # of all together
        self._replacing = threading.Lock()
        self._registry = registry
        self._followed: object = _NEVER  # stamp of the registry that was taken over
        self._warned: object = _NEVER  # stamp of the registry that could not be

    @classmethod
    def open(
        cls,
        collections: Iterable[Collection],
        open_one: OpenCollection,
        *,
        registry: Registry | None = None,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Open collections, one after another.

        :param collections: At least one.
        :param open_one: Opens one; what it raises keeps out that one only.
        :param registry: What :meth:`follow` goes by; None when the collections stay these.
        :param progress: Told of the builds' steps.
        :return: The federation.
        :raises IndexMissingError: When none can be opened, with the reason of each.
        """
        members = [_open(collection, open_one, progress) for collection in collections]
        if not any(member.answerer for member in members):
            reasons = "\n".join(f"{member.name}: {member.reason}" for member in members)
            raise IndexMissingError(f"No collection can be searched.\n{reasons}")
        return cls(members, open_one, registry)

    @classmethod
    def of(cls, answerer: Answerer) -> Self:
        """Wrap a single folder, so that one and many are used alike.

        :param answerer: The folder's.
        """
        collection = Collection(answerer.collection, answerer.documents_dir, answerer.index_dir)
        return cls([Member(collection, answerer)], lambda _, __: answerer)

    @property
    def members(self) -> tuple[Member, ...]:
        """All collections, in their order."""
        return tuple(self._members.values())

    @property
    def names(self) -> tuple[str, ...]:
        """What the collections are called; ("",) for a single folder without a name."""
        return tuple(self._members)

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        """Those of the collections that can be searched."""
        return _searched(self.members)

    @property
    def asked(self) -> Knowledge:
        """What a question is asked of; it stays as it is whatever is refreshed meanwhile."""
        members = self.members  # of one moment
        answerers = _searched(members)
        return answerers[0].asked if len(members) == 1 else _join(answerers)

    @property
    def is_following(self) -> bool:
        """Tell whether the collections are whatever the registry lists at the time."""
        return self._registry is not None

    @property
    def reading(self) -> Reading:
        """The models, which all collections share."""
        return self.answerers[0].reading

    @property
    def unsearched(self) -> tuple[str, ...]:
        """The names of the collections that cannot be searched."""
        return tuple(member.name for member in self.members if not member.answerer)

    def answerer(self, name: str) -> Answerer:
        """Return one collection's answerer.

        :param name: Of the collection.
        :raises KeyError: When there is none of that name, or it cannot be searched.
        """
        answerer = self._members[name].answerer
        if answerer is None:
            raise KeyError(name)
        return answerer

    def select(self, name: str) -> "Library":
        """Return what a name asks for: one collection, or all for ``all``, ``全部`` and "".

        :param name: In whatever case.
        :raises CollectionError: When there is none of that name, or it cannot be searched.
        """
        if not name or is_all(name):
            return self
        for member in self.members:
            if name_key(member.name) == name_key(name) and member.name:
                if member.answerer:
                    return member.answerer
                raise CollectionError(f"The collection {member.name!r} cannot be searched now.")
        known = ", ".join(filter(None, self.names)) or "none"
        raise CollectionError(f"There is no collection called {name[:80]!r}. There are: {known}.")

    def answer(
        self,
        question: str,
        *,
        top_k: int = N_READ,
        history: History = (),
        within: Within = (),
    ) -> Answer:
        """Answer a question from all collections, as if their documents lay in one folder.

        :param question: Any string.
        :param top_k: Number of chunks read in all, from 1.
        :param history: The conversation before it, oldest first: the answers given, or the
            questions alone; a follow-up is understood by it.
        :param within: Paths of files or folders, or patterns such as ``*.pdf``: of which documents
            (:mod:`index.selection`); of all when empty.
        :return: The answer; ``unsearched`` names the collections that had to be left out.
        :raises ValueError: When top_k is not positive.
        :raises SelectionError: When no document is one of those.
        """
        members = self.members  # of one moment
        answerers = _searched(members)
        if len(members) == 1:
            return answerers[0].answer(question, top_k=top_k, history=history, within=within)
        base = _join(answerers)
        unsearched = tuple(member.name for member in members if not member.answerer)
        answer = self.reading.answer(
            base, question, top_k=top_k, history=history, within=within, cache=self.answers
        )
        return replace(answer, generation=base.generations, unsearched=unsearched)

    def document(self, source: str, collection: str) -> Document:
        """Return a document by its place.

        :param source: As in a citation.
        :param collection: As in a citation.
        :return: The document with its text.
        :raises KeyError: When there is none, or its collection cannot be searched.
        """
        return self.answerer(collection).document(source)

    def is_stale(self, name: str) -> bool:
        """Tell whether a collection needs a refresh: its documents changed, or it is left out.

        :param name: Of the collection.
        :raises IndexMissingError: When its folder is gone.
        :raises CollectionError: When there is none of that name any more.
        """
        member = self._member(name)
        if member.answerer:
            return member.answerer.is_stale()
        if not (folder := member.collection.folder).is_dir():
            raise IndexMissingError(member.reason or f"There is no folder at {folder}.")
        return True

    def refresh(
        self, name: str, *, automatic: bool = False, progress: ProgressCallback | None = None
    ) -> BuildReport | None:
        """Build what changed in a collection, or take it in when it was left out.

        :param name: Of the collection.
        :param automatic: Nobody asked for it, so what a rollback brought back stays.
        :param progress: Told of the build's steps.
        :return: What was done; None for a collection that was taken in.
        :raises IndexingError: When the build cannot be done; what could be asked before still can.
        :raises CollectionError: When there is none of that name any more.
        """
        member = self._member(name)
        if member.answerer:
            return member.answerer.refresh(automatic=automatic, progress=progress)
        opened = _open(member.collection, self._open_one, progress)
        with self._replacing:
            if self._members.get(name) is member:  # else it was forgotten meanwhile
                self._members = {**self._members, name: opened}
        if opened.answerer is None:
            raise IndexMissingError(opened.reason)
        return None

    def follow(self) -> None:
        """Take over what was registered or forgotten since the last call; cheap when nothing was.

        What is new cannot be searched before it is refreshed. While the registry is damaged, or
        nothing that it lists can be opened, the collections stay as they are.
        """
        if self._registry is None or (stamp := self._registry.stamp()) == self._followed:
            return
        try:
            listed = self._registry.read()
        except RegistryError as exc:
            self._warn(stamp, str(exc))
            return
        if self._replace(listed, self._open_last(listed)):
            self._followed = stamp
        else:
            self._warn(stamp, "Nothing that is registered now can be searched.")

    def _warn(self, stamp: object, reason: str) -> None:
        if stamp != self._warned:
            self._warned = stamp
            logger.warning("The collections stay as they were: %s", reason)

    def _open_last(self, listed: Sequence[Collection]) -> Member | None:
        """Open what cannot wait for a refresh: of what is listed nothing is searched so far."""
        known = {one.collection: one for one in self.members}
        if not any(known[one].answerer for one in listed if one in known):
            for collection in listed:
                if collection not in known:
                    opened = _open(collection, self._open_one, None)
                    if opened.answerer:
                        return opened
        return None

    def _replace(self, listed: Sequence[Collection], opened: Member | None) -> bool:
        """Put what is listed in the place of what was, unless nothing of it can be searched."""
        with self._replacing:
            known = {one.collection: one for one in (*self.members, opened) if one}
            members = [known.get(one) or Member(one, None) for one in listed]
            if not any(member.answerer for member in members):
                return False
            self._members = {member.name: member for member in members}
        return True

    def _member(self, name: str) -> Member:
        try:
            return self._members[name]
        except KeyError:
            gone = f"There is no collection called {name[:80]!r} any more."
            raise CollectionError(gone) from None

    def refresh_stale(self) -> None:
        """Bring every collection up to date; one that cannot be answers as it is, if it can."""
        for name in self.names:
            try:
                if self.is_stale(name):
                    self.refresh(name, automatic=True)
            except _FAILURES as exc:
                logger.warning("The collection %r was not brought up to date: %s", name, exc)


def _searched(members: Iterable[Member]) -> tuple[Answerer, ...]:
    return tuple(member.answerer for member in members if member.answerer)


def _join(answerers: Iterable[Answerer]) -> JoinedBase:
    return JoinedBase({one.collection: one.knowledge_base for one in answerers})


def _open(
    collection: Collection, open_one: OpenCollection, progress: ProgressCallback | None
) -> Member:
    try:
        return Member(collection, open_one(collection, progress))
    except _FAILURES as exc:
        return Member(collection, None, str(exc))


Library: TypeAlias = Answerer | Federation  # one folder, or several collections
