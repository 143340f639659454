"""Refresher: looks for changed documents and rebuilds beside the questions.

However many collections there are, one thread looks at a time and one builds: two builds at once
would only take each other's processor and disk.
"""

import logging
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
        self._watches = {name: _Watch(interval_s) for name in federation.names}
        self._is_looking = False
        self._is_building = False
        self._waiting: deque[str] = deque()  # collections to build
        self._version = 0
        self._lock = threading.Lock()

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
            due = [
                name
                for name, watch in self._watches.items()
                if now >= watch.next_look and not watch.state.is_running
            ]
            if self._is_looking or not due:
                return
            self._is_looking = True
        threading.Thread(target=self._look, args=(due,), name="yiju-look", daemon=True).start()

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
            for name in names:
                watch = self._watches[name]
                if watch.state.is_running and not watch.is_unwanted:
                    watch.is_unwanted = True
                    self._show(watch, replace(watch.state, is_cancelled=True))

    def _look(self, names: Iterable[str]) -> None:
        try:
            for name in names:
                if self._is_stale(name):
                    self._start_builds([name], is_noticed=True)
        finally:
            with self._lock:
                self._is_looking = False

    def _is_stale(self, name: str) -> bool:
        is_stale, reason = None, ""
        try:
            is_stale = self._federation.is_stale(name)
        except IndexingError as exc:
            reason = str(exc)
        finally:  # whatever else went wrong is told by the thread's own traceback
            self._end_look(name, is_stale, reason)
        return bool(is_stale)

    def _end_look(self, name: str, is_stale: bool | None, reason: str) -> None:
        watch = self._watches[name]
        with self._lock:
            if not watch.state.is_running:  # else the state and the wait are the build's
                if is_stale is None:
                    self._fail(name, reason)
                elif not is_stale:
                    self._recover(watch)
            watch.next_look = time.monotonic() + watch.wait_s

    def _start_builds(self, names: Iterable[str], *, is_noticed: bool) -> None:
        with self._lock:
            for name in names:
                if not self._watches[name].state.is_running:
                    state = RefreshState(is_running=True, is_noticed=is_noticed)
                    self._show(self._watches[name], state)
                    self._waiting.append(name)
            if self._is_building or not self._waiting:
                return
            self._is_building = True
        threading.Thread(target=self._build_waiting, name="yiju-build", daemon=True).start()

    def _build_waiting(self) -> None:
        with self._lock:
            if not self._waiting:
                self._is_building = False
                return
            name = self._waiting.popleft()
        try:
            self._build(name)
        finally:  # what nobody foresaw must not leave the others waiting for ever
            self._build_waiting()

    def _build(self, name: str) -> None:
        watch = self._watches[name]
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
            report = self._federation.refresh(name, automatic=watch.state.is_noticed, progress=tell)
            ended = RefreshState(report=report)
        except (IndexingError, SettingsError, RagError) as exc:
            reason = str(exc)
        except _CancelledError:
            ended = RefreshState(is_cancelled=True)
        finally:
            with self._lock:
                self._end_build(name, ended, reason)

    # The following write the state, so the lock must be held.

    def _end_build(self, name: str, ended: RefreshState | None, reason: str) -> None:
        watch = self._watches[name]
        watch.is_unwanted = False
        if ended:
            watch.wait_s = self._interval_s
            self._show(watch, ended)
        else:
            self._fail(name, reason)
        wait_s = _LONGEST_WAIT_S if watch.state.is_cancelled else watch.wait_s
        watch.next_look = time.monotonic() + wait_s

    def _show(self, watch: _Watch, state: RefreshState) -> None:
        watch.state = state
        self._version += 1

    def _recover(self, watch: _Watch) -> None:
        watch.wait_s = self._interval_s
        if watch.state.has_failed:
            self._show(watch, RefreshState())

    def _fail(self, name: str, reason: str) -> None:
        watch = self._watches[name]
        watch.wait_s = min(2 * watch.wait_s, _LONGEST_WAIT_S)
        state, shown = watch.state, self._hide_folders(name, reason)
        if state.is_running or not state.has_failed or state.reason != shown:
            of = f" of {name!r}" if name else ""
            logger.warning("The index%s was not updated: %s", of, reason or "see the traceback")
            self._show(watch, RefreshState(has_failed=True, reason=shown))

    def _hide_folders(self, name: str, reason: str) -> str:
        folders = [
            folder
            for member in self._federation.members
            if member.name == name
            for folder in (member.collection.index_dir, member.collection.folder)
        ]
        return hide_folders(reason, [*folders, user_data_dir(), Path.home()])
