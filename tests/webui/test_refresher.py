import threading
import time
from pathlib import Path

import pytest

from index.datatypes import BuildReport
from index.errors import IndexingError, IndexMissingError
from index.progress import Progress, Stage
from rag.federation import Federation, Member
from rag.registry import Collection, Registry
from webui.refresher import Refresher, RefreshState

REPORT = BuildReport("000002", is_new=True, n_documents=1, n_chunks=1, n_encoded=1, n_read=1)
DEADLINE_S = 10


class FakeAnswerer:
    """Stands for the index: stale or not, and a build that waits until it is let go."""

    documents_dir = index_dir = Path("nowhere")

    def __init__(self, *, stale=True, error=None, collection=""):
        self.collection = collection
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


def watch(*answerers, interval_s=60):
    """Make the refresher of one folder, or of several collections."""
    members = [
        Member(Collection(one.collection, one.documents_dir, one.index_dir), one)
        for one in answerers
    ]
    return Refresher(Federation(members, None), interval_s=interval_s)


def finish():
    for thread in threading.enumerate():
        if thread.name.startswith("yiju-"):
            thread.join(DEADLINE_S)
    if any(thread.name.startswith("yiju-") for thread in threading.enumerate()):
        finish()  # a look may have begun a build


def test_a_look_at_changed_documents_rebuilds_them():
    answerer = FakeAnswerer()
    refresher = watch(answerer, interval_s=60)
    refresher.look()
    finish()
    assert refresher.states[""].report == REPORT
    assert not refresher.states[""].is_running


def test_a_build_is_automatic_unless_somebody_asked_for_it():
    answerer = FakeAnswerer()
    refresher = watch(answerer, interval_s=60)
    refresher.look()
    finish()
    refresher.rebuild([""])
    finish()
    assert answerer.automatic == [True, False]


def test_a_look_at_unchanged_documents_shows_nothing():
    answerer = FakeAnswerer(stale=False)
    refresher = watch(answerer, interval_s=60)
    before = refresher.states[""]
    refresher.look()
    finish()
    assert (answerer.looks, answerer.builds) == (1, 0)
    assert refresher.states[""] == before


def test_looks_keep_their_distance():
    answerer = FakeAnswerer(stale=False)
    refresher = watch(answerer, interval_s=60)
    for _ in range(3):
        refresher.look()
        finish()
    assert answerer.looks == 1


def test_progress_of_the_running_build_can_be_seen_and_no_second_one_begins():
    answerer = FakeAnswerer()
    answerer.go_on.clear()
    refresher = watch(answerer, interval_s=60)
    refresher.rebuild([""])
    while refresher.states[""].progress is None:
        pass
    refresher.rebuild([""])
    refresher.look()
    assert refresher.states[""].is_running
    assert refresher.states[""].progress == Progress(Stage.READ, 0, 2, "a.txt")
    answerer.go_on.set()
    finish()
    assert answerer.builds == 1


def test_every_change_of_state_has_a_new_version():
    answerer = FakeAnswerer()
    refresher = watch(answerer, interval_s=60)
    refresher.rebuild([""])
    finish()
    first = refresher.version
    refresher.rebuild([""])
    finish()
    assert 0 < first < refresher.version


def test_a_failed_build_keeps_its_reason():
    refresher = watch(FakeAnswerer(error=IndexingError("disk full")), interval_s=60)
    refresher.rebuild([""])
    finish()
    state = refresher.states[""]
    assert (state.has_failed, state.reason, state.report) == (True, "disk full", None)
    assert not state.is_running


def test_the_reason_that_pages_show_names_no_place_of_this_machine():
    error = IndexingError(f"No documents' folder at {FakeAnswerer.documents_dir.absolute()}")
    refresher = watch(FakeAnswerer(error=error), interval_s=60)
    refresher.rebuild([""])
    finish()
    assert refresher.states[""].reason == "No documents' folder at nowhere"


def test_a_folder_that_is_gone_is_told_once():
    answerer = FakeAnswerer(stale=IndexMissingError("gone"))
    refresher = watch(answerer, interval_s=0)
    versions = set()
    for _ in range(3):
        refresher.look()
        finish()
        versions.add(refresher.version)
    assert refresher.states[""].reason == "gone"
    assert len(versions) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_failure_does_not_leave_the_build_running():
    refresher = watch(FakeAnswerer(error=RuntimeError("unforeseen")), interval_s=60)
    refresher.rebuild([""])
    finish()
    assert refresher.states[""].has_failed
    assert not refresher.states[""].is_running


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
    refresher = watch(answerer, interval_s=60)
    refresher.look()
    assert answerer.is_looking.wait(DEADLINE_S)
    refresher.rebuild([""])
    answerer.look_on.set()
    for thread in threading.enumerate():
        if thread.name == "yiju-look":
            thread.join(DEADLINE_S)
    was_running = refresher.states[""].is_running
    refresher.rebuild([""])
    answerer.go_on.set()
    finish()
    assert was_running
    assert answerer.builds == 1
    assert refresher.states[""].report == REPORT


def test_a_clean_look_after_a_failure_clears_it_and_the_wait():
    answerer = FakeAnswerer(stale=IndexMissingError("gone"))
    refresher = watch(answerer, interval_s=1e-6)
    for _ in range(3):
        refresher.look()
        finish()
    failed, version = refresher.states[""], refresher.version
    answerer.stale = False
    refresher.look()
    finish()
    assert failed.has_failed
    assert (refresher.states[""].has_failed, refresher.states[""].reason) == (False, "")
    assert refresher.version > version
    assert refresher._watches[""].wait_s == 1e-6


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_failure_of_a_look_is_shown_and_looked_after_again():
    answerer = FakeAnswerer(stale=RuntimeError("unforeseen"))
    refresher = watch(answerer, interval_s=0)
    for _ in range(2):
        refresher.look()
        finish()
    assert answerer.looks == 2
    assert refresher.states[""].has_failed


def test_several_collections_are_looked_at_by_one_thread_and_built_by_one():
    answerers = [FakeAnswerer(collection=name) for name in ("合同", "年报", "手册")]
    for answerer in answerers:
        answerer.go_on.clear()
    refresher = watch(*answerers)
    refresher.look()
    while not all(state.is_running for state in refresher.states.values()):
        pass
    building = [name for name, state in refresher.states.items() if state.progress]
    threads = [thread.name for thread in threading.enumerate() if "yiju-" in thread.name]
    for answerer in answerers:
        answerer.go_on.set()
    finish()
    assert len(building) <= 1
    assert threads.count("yiju-build") == 1
    assert [answerer.builds for answerer in answerers] == [1, 1, 1]
    assert {state.report for state in refresher.states.values()} == {REPORT}


def test_only_the_collections_asked_for_are_rebuilt():
    answerers = [FakeAnswerer(collection=name, stale=False) for name in ("合同", "年报")]
    refresher = watch(*answerers)
    refresher.rebuild(["年报"])
    finish()
    assert [answerer.builds for answerer in answerers] == [0, 1]


def test_a_collection_that_fails_leaves_the_others_alone():
    gone = FakeAnswerer(collection="旧档案", stale=IndexMissingError("gone"))
    broken = FakeAnswerer(collection="合同", error=IndexingError("disk full"))
    good = FakeAnswerer(collection="年报")
    refresher = watch(gone, broken, good)
    refresher.look()
    finish()
    states = refresher.states
    assert [states[name].reason for name in ("旧档案", "合同", "年报")] == ["gone", "disk full", ""]
    assert states["年报"].report == REPORT


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_foresaw_in_one_collection_leaves_none_waiting():
    broken = FakeAnswerer(collection="合同", error=RuntimeError("unforeseen"))
    good = FakeAnswerer(collection="年报")
    refresher = watch(broken, good)
    refresher.rebuild(["合同", "年报"])
    finish()
    assert refresher.states["合同"].has_failed
    assert refresher.states["年报"].report == REPORT
    assert not any(state.is_running for state in refresher.states.values())


def test_a_collection_that_was_left_out_is_taken_in_when_its_folder_is_back(tmp_path):
    opened = FakeAnswerer(collection="合同")
    folder = tmp_path / "合同"
    left_out = Member(Collection("合同", folder), None, "No folder.")
    good = FakeAnswerer(collection="年报", stale=False)
    other = Member(Collection("年报", tmp_path), good)
    federation = Federation([left_out, other], lambda *_: opened)
    refresher = Refresher(federation, interval_s=0)
    refresher.look()
    finish()
    reason, before = refresher.states["合同"].reason, federation.unsearched
    folder.mkdir()
    refresher.look()
    finish()
    assert (reason, before) == ("No folder.", ("合同",))
    assert federation.unsearched == ()
    assert federation.answerer("合同") is opened
    assert not refresher.states["合同"].has_failed


def test_a_cancelled_build_ends_at_its_next_step_and_can_be_asked_for_again():
    answerer = SteppingAnswerer()
    answerer.go_on.clear()
    refresher = watch(answerer, interval_s=0)
    refresher.rebuild([""])
    while refresher.states[""].progress is None:
        pass
    refresher.cancel([""])
    assert refresher.states[""].is_cancelled
    answerer.go_on.set()
    finish()
    assert refresher.states[""] == RefreshState(is_cancelled=True)
    assert not answerer.is_done
    refresher.look()  # what was not wanted does not begin again by itself
    finish()
    assert answerer.builds == 1
    refresher.rebuild([""])
    finish()
    assert refresher.states[""].report == REPORT


def test_a_build_that_waits_is_cancelled_before_it_begins():
    first, second = FakeAnswerer(collection="a"), FakeAnswerer(collection="b")
    first.go_on.clear()
    refresher = watch(first, second)
    refresher.rebuild(["a", "b"])
    refresher.cancel(["b"])
    first.go_on.set()
    finish()
    assert (first.builds, second.builds) == (1, 0)
    assert refresher.states["a"].report == REPORT
    assert refresher.states["b"].is_cancelled


def test_a_build_that_is_being_published_is_not_cancelled():
    answerer = SteppingAnswerer(Stage.PUBLISH)
    answerer.go_on.clear()
    refresher = watch(answerer)
    refresher.rebuild([""])
    while refresher.states[""].progress is None:
        pass
    refresher.cancel([""])
    answerer.go_on.set()
    finish()
    assert refresher.states[""].report == REPORT


class SteppingAnswerer(FakeAnswerer):
    """Tells of one more step after it was let go."""

    def __init__(self, stage=Stage.READ):
        super().__init__()
        self.stage = stage
        self.is_done = False

    def refresh(self, *, full=False, automatic=False, progress=None):
        report = super().refresh(full=full, automatic=automatic, progress=progress)
        self.stale = True
        progress(Progress(self.stage, 1, 2, "b.txt"))
        self.is_done, self.stale = True, False
        return report


class TestFollowingTheRegistry:
    @pytest.fixture
    def registry(self, tmp_path):
        registry = Registry(tmp_path / "home")
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
        registry.add("one", tmp_path / "one")
        return registry

    @pytest.fixture
    def opened(self):
        return {}

    @pytest.fixture
    def refresher(self, registry, opened):
        def open_one(collection, progress):
            answerer = opened.setdefault(collection.name, FakeAnswerer(collection=collection.name))
            if progress:
                answerer.refresh(progress=progress)
            return answerer

        federation = Federation.open(registry.read(), open_one, registry=registry)
        refresher = Refresher(federation, interval_s=0)
        opened["one"].stale = False
        refresher.look()
        finish()
        return refresher

    def test_what_is_registered_is_opened_in_the_background_and_shown(
        self, refresher, registry, opened, tmp_path
    ):
        opened["two"] = FakeAnswerer(collection="two")
        opened["two"].go_on.clear()
        version = refresher.version
        registry.add("two", tmp_path / "two")
        refresher.look()
        until(lambda: refresher.states.get("two", RefreshState()).progress)
        assert refresher.states["two"].is_running
        assert refresher.version > version
        opened["two"].go_on.set()
        finish()
        assert refresher.states["two"] == RefreshState()

    def test_what_is_forgotten_is_watched_no_more_and_its_build_ends(
        self, refresher, registry, opened, tmp_path
    ):
        opened["two"] = FakeAnswerer(collection="two")
        opened["two"].go_on.clear()
        registry.add("two", tmp_path / "two")
        refresher.look()
        until(lambda: refresher.states.get("two", RefreshState()).progress)
        registry.remove("two")
        refresher.look()
        until(lambda: "two" not in refresher.states)
        refresher.rebuild(["two"])
        refresher.cancel(["two"])
        opened["two"].go_on.set()
        finish()
        assert list(refresher.states) == ["one"]

    def test_an_unchanged_registry_changes_nothing(self, refresher):
        version = refresher.version
        for _ in range(3):
            refresher.look()
            finish()
        assert refresher.version == version


def until(is_so):
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)
