"""Refresher: looks for changed documents and rebuilds beside the questions.

However many collections there are, one thread looks at a time and one builds: two builds at once
would only take each other's processor and disk. What is registered while it runs is looked for on
the same occasions, opened like a build, and what is forgotten goes.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.datatypes import BuildReport
from index.errors import IndexingError, SettingsError
from index.progress import Progress, Stage
from rag.errors import RagError
from rag.federation import Federation
from rag.registry import Collection
from rag.user_data import user_data_dir
from webui.folders import hide_folders

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 300.0  # between looks while builds fail


@dataclass(frozen=True, slots=True)
class RefreshState:
    """What the pages show of a collection's index; replaced as a whole, never changed."""

    is_running: bool = False  # or waiting for the build of another collection to end
    is_noticed: bool = False  # running because documents changed, not because somebody asked
    progress: Progress | None = None  # of the running build
    report: BuildReport | None = None  # of the last one, None if it failed or there was none
    has_failed: bool = False
    reason: str = ""  # of the failure, where it is known
    is_cancelled: bool = False  # the last build, or, while it runs, as soon as it can
    stage_s: float = 0.0  # since the stage of the running build began


@dataclass(slots=True)
class _Watch:
    """What is remembered of one collection."""

    collection: Collection
    wait_s: float
    is_unwanted: bool = False  # the build that runs or waits
    next_look: float = 0.0  # on the monotonic clock
    state: RefreshState = field(default_factory=RefreshState)


class _CancelledError(Exception):
    """Ends a build that is not wanted any more."""


class _StageClock:
    """Tells how long the stage at hand has lasted."""

    def __init__(self) -> None:
        self._stage: Stage | None = None
        self._began = 0.0

    def measure(self, stage: Stage) -> float:
        now = time.monotonic()
        if stage is not self._stage:
            self._stage, self._began = stage, now
        return now - self._began


class Refresher:
    """Keeps collections' indexes up to date; questions go on being answered meanwhile."""

    def __init__(self, federation: Federation, *, interval_s: float) -> None:
        """Prepare; nothing runs yet.

        :param federation: Whose documents to look at.
        :param interval_s: Least time between two looks for changes of a collection.
        """
        self._federation = federation
        self._interval_s = interval_s
        self._watches: Mapping[str, _Watch] = {}  # replaced as a whole, never changed
        self._next_follow = 0.0 if federation.is_following else math.inf
        self._is_looking = False
        self._is_building = False
        self._waiting: deque[_Watch] = deque()  # collections to build
        self._version = 0
        self._lock = threading.Lock()
        self._watch_members()

    @property
    def version(self) -> int:
        """Grows with every change that a page should show, but not with the steps of a build."""
        return self._version

    @property
    def states(self) -> Mapping[str, RefreshState]:
        """The state of every collection at this moment, by its name."""
        return {name: watch.state for name, watch in self._watches.items()}

    def look(self) -> None:
        """Look for changed documents in the background, where it is time to; return at once."""
        with self._lock:
            now = time.monotonic()
            if self._is_looking or not (now >= self._next_follow or self._due(now)):
                return
            self._is_looking = True
        threading.Thread(target=self._look, name="yiju-look", daemon=True).start()

    def rebuild(self, names: Iterable[str]) -> None:
        """Rebuild in the background what is not being built; return at once.

        :param names: Of the collections.
        """
        self._start_builds(names, is_noticed=False)

    def cancel(self, names: Iterable[str]) -> None:
        """Stop builds at their next file, and forget those that wait; the old indexes stay.

        Nothing is built of itself for some minutes then, else the next look would begin it again.

        :param names: Of the collections.
        """
        with self._lock:
            for watch in self._watched(names):
                if watch.state.is_running and not watch.is_unwanted:
                    watch.is_unwanted = True
                    self._show(watch, replace(watch.state, is_cancelled=True))

    def _look(self) -> None:
        try:
            self._follow()
            with self._lock:
                due = self._due(time.monotonic())
            for name in due:
                if self._is_stale(name):
                    self._start_builds([name], is_noticed=True)
        finally:
            with self._lock:
                self._is_looking = False

    def _due(self, now: float) -> list[str]:
        return [
            name
            for name, watch in self._watches.items()
            if now >= watch.next_look and not watch.state.is_running
        ]

    def _follow(self) -> None:
        if time.monotonic() < self._next_follow:
            return
        try:
            self._federation.follow()
            self._watch_members()
        finally:
            self._next_follow = time.monotonic() + self._interval_s

    def _watch_members(self) -> None:
        """Watch what is among the collections now, and let go of what is there no more."""
        collections = [member.collection for member in self._federation.members]
        with self._lock:
            before = {watch.collection: watch for watch in self._watches.values()}
            if list(before) == collections:
                return
            for gone in before.keys() - set(collections):
                before[gone].is_unwanted = True  # ends the build that runs or waits
            self._watches = {
                one.name: before.get(one) or _Watch(one, self._interval_s) for one in collections
            }
            self._version += 1

    def _watched(self, names: Iterable[str]) -> list[_Watch]:
        """Return what is watched of some collections; one may have gone since a page showed it."""
        return [self._watches[name] for name in names if name in self._watches]

    def _is_stale(self, name: str) -> bool:
        is_stale, reason = None, ""
        try:
            is_stale = self._federation.is_stale(name)
        except (IndexingError, RagError) as exc:
            reason = str(exc)
        finally:  # whatever else went wrong is told by the thread's own traceback
            self._end_look(name, is_stale, reason)
        return bool(is_stale)

    def _end_look(self, name: str, is_stale: bool | None, reason: str) -> None:
        with self._lock:
            for watch in self._watched([name]):
                if not watch.state.is_running:  # else the state and the wait are the build's
                    if is_stale is None:
                        self._fail(watch, reason)
                    elif not is_stale:
                        self._recover(watch)
                watch.next_look = time.monotonic() + watch.wait_s

    def _start_builds(self, names: Iterable[str], *, is_noticed: bool) -> None:
        with self._lock:
            for watch in self._watched(names):
                if not watch.state.is_running:
                    self._show(watch, RefreshState(is_running=True, is_noticed=is_noticed))
                    self._waiting.append(watch)
            if self._is_building or not self._waiting:
                return
            self._is_building = True
        threading.Thread(target=self._build_waiting, name="yiju-build", daemon=True).start()

    def _build_waiting(self) -> None:
        with self._lock:
            if not self._waiting:
                self._is_building = False
                return
            watch = self._waiting.popleft()
        try:
            self._build(watch)
        finally:  # what nobody foresaw must not leave the others waiting for ever
            self._build_waiting()

    def _build(self, watch: _Watch) -> None:
        ended, reason, clock = None, "", _StageClock()

        def tell(progress: Progress) -> None:
            if watch.is_unwanted and progress.stage is not Stage.PUBLISH:  # then it is done
                raise _CancelledError
            with self._lock:
                stage_s = clock.measure(progress.stage)
                watch.state = replace(watch.state, progress=progress, stage_s=stage_s)

        try:
            if watch.is_unwanted:
                raise _CancelledError
            report = self._federation.refresh(
                watch.collection.name, automatic=watch.state.is_noticed, progress=tell
            )
            ended = RefreshState(report=report)
        except (IndexingError, SettingsError, RagError) as exc:
            reason = str(exc)
        except _CancelledError:
            ended = RefreshState(is_cancelled=True)
        finally:
            with self._lock:
                self._end_build(watch, ended, reason)

    # The following write the state, so the lock must be held.

    def _end_build(self, watch: _Watch, ended: RefreshState | None, reason: str) -> None:
        watch.is_unwanted = False
        if ended:
            watch.wait_s = self._interval_s
            self._show(watch, ended)
        else:
            self._fail(watch, reason)
        wait_s = _LONGEST_WAIT_S if watch.state.is_cancelled else watch.wait_s
        watch.next_look = time.monotonic() + wait_s

    def _show(self, watch: _Watch, state: RefreshState) -> None:
        watch.state = state
        self._version += 1

    def _recover(self, watch: _Watch) -> None:
        watch.wait_s = self._interval_s
        if watch.state.has_failed:
            self._show(watch, RefreshState())

    def _fail(self, watch: _Watch, reason: str) -> None:
        watch.wait_s = min(2 * watch.wait_s, _LONGEST_WAIT_S)
        state, shown = watch.state, _hide_places(watch.collection, reason)
        if state.is_running or not state.has_failed or state.reason != shown:
            of = f" of {watch.collection.name!r}" if watch.collection.name else ""
            logger.warning("The index%s was not updated: %s", of, reason or "see the traceback")
            self._show(watch, RefreshState(has_failed=True, reason=shown))


def _hide_places(collection: Collection, reason: str) -> str:
    own = (collection.index_dir, collection.folder)
    return hide_folders(reason, [*own, user_data_dir(), Path.home()])
