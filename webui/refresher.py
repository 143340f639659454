"""Refresher: looks for changed documents and rebuilds beside the questions, in one thread."""

import logging
import threading
import time
from dataclasses import dataclass, replace

from index.datatypes import BuildReport
from index.errors import IndexingError, SettingsError
from index.progress import Progress
from rag import Answerer
from rag.errors import RagError

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 300.0  # between looks while builds fail


@dataclass(frozen=True, slots=True)
class RefreshState:
    """What the pages show of the index; replaced as a whole, never changed."""

    version: int = 0  # grows with every change that a page should show
    is_running: bool = False
    is_noticed: bool = False  # running because documents changed, not because somebody asked
    progress: Progress | None = None  # of the running build
    report: BuildReport | None = None  # of the last one, None if it failed or there was none
    has_failed: bool = False
    reason: str = ""  # of the failure, where it is known


class Refresher:
    """Keeps an answerer's index up to date; questions go on being answered meanwhile."""

    def __init__(self, answerer: Answerer, *, interval_s: float) -> None:
        """Prepare; nothing runs yet.

        :param answerer: Whose documents to look at.
        :param interval_s: Least time between two looks for changes.
        """
        self._answerer = answerer
        self._interval_s = interval_s
        self._wait_s = interval_s
        self._next_look = 0.0  # on the monotonic clock
        self._is_looking = False
        self._lock = threading.Lock()
        self._state = RefreshState()

    @property
    def state(self) -> RefreshState:
        """The state at this moment."""
        return self._state

    def look(self) -> None:
        """Look for changed documents in the background, if it is time to; return at once."""
        with self._lock:
            is_due = time.monotonic() >= self._next_look
            if self._is_looking or self._state.is_running or not is_due:
                return
            self._is_looking = True
        threading.Thread(target=self._look, name="yiju-look", daemon=True).start()

    def rebuild(self) -> None:
        """Rebuild in the background unless a build is running; return at once."""
        self._start_build(is_noticed=False)

    def _start_build(self, *, is_noticed: bool) -> None:
        with self._lock:
            if self._state.is_running:
                return
            version = self._state.version + 1
            self._state = RefreshState(version, is_running=True, is_noticed=is_noticed)
        threading.Thread(
            target=self._build, args=(is_noticed,), name="yiju-build", daemon=True
        ).start()

    def _look(self) -> None:
        is_stale, reason = None, ""
        try:
            is_stale = self._answerer.is_stale()
        except IndexingError as exc:
            reason = str(exc)
        finally:
            self._end_look(is_stale, reason)
        if is_stale:
            self._start_build(is_noticed=True)

    def _end_look(self, is_stale: bool | None, reason: str) -> None:
        with self._lock:
            self._is_looking = False
            if not self._state.is_running:  # else the state and the wait are the build's
                if is_stale is None:
                    self._fail(reason)
                elif not is_stale:
                    self._recover()
            self._next_look = time.monotonic() + self._wait_s

    def _build(self, is_noticed: bool) -> None:
        report, reason = None, ""
        try:
            report = self._answerer.refresh(automatic=is_noticed, progress=self._tell)
        except (IndexingError, SettingsError, RagError) as exc:
            reason = str(exc)
        finally:  # whatever else went wrong is told by the thread's own traceback
            with self._lock:
                if report:
                    self._succeed(report)
                else:
                    self._fail(reason)
                self._next_look = time.monotonic() + self._wait_s

    def _tell(self, progress: Progress) -> None:
        self._state = replace(self._state, progress=progress)

    # The following write the state, so the lock must be held.

    def _succeed(self, report: BuildReport) -> None:
        self._wait_s = self._interval_s
        self._state = RefreshState(self._state.version + 1, report=report)

    def _recover(self) -> None:
        self._wait_s = self._interval_s
        if self._state.has_failed:
            self._state = RefreshState(self._state.version + 1)

    def _fail(self, reason: str) -> None:
        self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
        state = self._state
        if state.is_running or not state.has_failed or state.reason != reason:
            logger.warning("The index was not updated: %s", reason or "see the traceback")
            self._state = RefreshState(state.version + 1, has_failed=True, reason=reason)
