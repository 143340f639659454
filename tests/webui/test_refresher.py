import threading

import pytest

from index.datatypes import BuildReport
from index.errors import IndexingError, IndexMissingError
from index.progress import Progress, Stage
from webui.refresher import Refresher

REPORT = BuildReport("000002", is_new=True, n_documents=1, n_chunks=1, n_encoded=1, n_read=1)
DEADLINE_S = 10


class FakeAnswerer:
    """Stands for the index: stale or not, and a build that waits until it is let go."""

    def __init__(self, *, stale=True, error=None):
        self.stale = stale
        self.error = error
        self.looks = 0
        self.builds = 0
        self.automatic = []  # of each build, whether nobody asked for it
        self.go_on = threading.Event()
        self.go_on.set()

    def is_stale(self):
        self.looks += 1
        if isinstance(self.stale, Exception):
            raise self.stale
        return self.stale

    def refresh(self, *, full=False, automatic=False, progress=None):
        self.builds += 1
        self.automatic.append(automatic)
        progress(Progress(Stage.READ, 0, 2, "a.txt"))
        assert self.go_on.wait(DEADLINE_S)
        if self.error:
            raise self.error
        self.stale = False
        return REPORT


def finish():
    for thread in threading.enumerate():
        if thread.name.startswith("yiju-"):
            thread.join(DEADLINE_S)
    if any(thread.name.startswith("yiju-") for thread in threading.enumerate()):
        finish()  # a look may have begun a build


def test_a_look_at_changed_documents_rebuilds_them():
    answerer = FakeAnswerer()
    refresher = Refresher(answerer, interval_s=60)
    refresher.look()
    finish()
    assert refresher.state.report == REPORT
    assert not refresher.state.is_running


def test_a_build_is_automatic_unless_somebody_asked_for_it():
    answerer = FakeAnswerer()
    refresher = Refresher(answerer, interval_s=60)
    refresher.look()
    finish()
    refresher.rebuild()
    finish()
    assert answerer.automatic == [True, False]


def test_a_look_at_unchanged_documents_shows_nothing():
    answerer = FakeAnswerer(stale=False)
    refresher = Refresher(answerer, interval_s=60)
    before = refresher.state
    refresher.look()
    finish()
    assert (answerer.looks, answerer.builds) == (1, 0)
    assert refresher.state == before


def test_looks_keep_their_distance():
    answerer = FakeAnswerer(stale=False)
    refresher = Refresher(answerer, interval_s=60)
    for _ in range(3):
        refresher.look()
        finish()
    assert answerer.looks == 1


def test_progress_of_the_running_build_can_be_seen_and_no_second_one_begins():
    answerer = FakeAnswerer()
    answerer.go_on.clear()
    refresher = Refresher(answerer, interval_s=60)
    refresher.rebuild()
    while refresher.state.progress is None:
        pass
    refresher.rebuild()
    refresher.look()
    assert refresher.state.is_running
    assert refresher.state.progress == Progress(Stage.READ, 0, 2, "a.txt")
    answerer.go_on.set()
    finish()
    assert answerer.builds == 1


def test_every_change_of_state_has_a_new_version():
    answerer = FakeAnswerer()
    refresher = Refresher(answerer, interval_s=60)
    refresher.rebuild()
    finish()
    first = refresher.state.version
    refresher.rebuild()
    finish()
    assert 0 < first < refresher.state.version


def test_a_failed_build_keeps_its_reason():
    refresher = Refresher(FakeAnswerer(error=IndexingError("disk full")), interval_s=60)
    refresher.rebuild()
    finish()
    state = refresher.state
    assert (state.has_failed, state.reason, state.report) == (True, "disk full", None)
    assert not state.is_running


def test_a_folder_that_is_gone_is_told_once():
    answerer = FakeAnswerer(stale=IndexMissingError("gone"))
    refresher = Refresher(answerer, interval_s=0)
    versions = set()
    for _ in range(3):
        refresher.look()
        finish()
        versions.add(refresher.state.version)
    assert refresher.state.reason == "gone"
    assert len(versions) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_failure_does_not_leave_the_build_running():
    refresher = Refresher(FakeAnswerer(error=RuntimeError("unforeseen")), interval_s=60)
    refresher.rebuild()
    finish()
    assert refresher.state.has_failed
    assert not refresher.state.is_running


class SlowLook(FakeAnswerer):
    """Its look waits until it is let go, then fails."""

    def __init__(self):
        super().__init__(stale=IndexMissingError("gone"))
        self.is_looking = threading.Event()
        self.look_on = threading.Event()

    def is_stale(self):
        self.is_looking.set()
        assert self.look_on.wait(DEADLINE_S)
        return super().is_stale()


def test_a_look_that_fails_beside_a_build_leaves_the_build_running():
    answerer = SlowLook()
    answerer.go_on.clear()
    refresher = Refresher(answerer, interval_s=60)
    refresher.look()
    assert answerer.is_looking.wait(DEADLINE_S)
    refresher.rebuild()
    answerer.look_on.set()
    for thread in threading.enumerate():
        if thread.name == "yiju-look":
            thread.join(DEADLINE_S)
    was_running = refresher.state.is_running
    refresher.rebuild()
    answerer.go_on.set()
    finish()
    assert was_running
    assert answerer.builds == 1
    assert refresher.state.report == REPORT


def test_a_clean_look_after_a_failure_clears_it_and_the_wait():
    answerer = FakeAnswerer(stale=IndexMissingError("gone"))
    refresher = Refresher(answerer, interval_s=1e-6)
    for _ in range(3):
        refresher.look()
        finish()
    failed = refresher.state
    answerer.stale = False
    refresher.look()
    finish()
    assert failed.has_failed
    assert (refresher.state.has_failed, refresher.state.reason) == (False, "")
    assert refresher.state.version > failed.version
    assert refresher._wait_s == 1e-6


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_failure_of_a_look_is_shown_and_looked_after_again():
    answerer = FakeAnswerer(stale=RuntimeError("unforeseen"))
    refresher = Refresher(answerer, interval_s=0)
    for _ in range(2):
        refresher.look()
        finish()
    assert answerer.looks == 2
    assert refresher.state.has_failed
