import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.federation import Federation, Member
from rag.registry import Collection
from webui.library_desk import LibraryDesk
from webui.library_view import UNTOUCHED, Deed, LibraryView
from webui.refusals import Refusal


class Refreshed:
    """Stands for the refresher: remembers what it is told of."""

    def __init__(self):
        self.names = []

    def rebuild(self, names):
        self.names += names


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one" / "年").mkdir(parents=True)
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "a.txt").write_bytes(b"first")
    (tmp_path / "one" / "年" / "b.txt").write_bytes(b"second")
    return tmp_path / "one"


@pytest.fixture
def refreshed():
    return Refreshed()


@pytest.fixture
def desk(folder, tmp_path, refreshed):
    places = {"一": folder, "two": tmp_path / "two", "gone": tmp_path / "gone"}
    members = [Member(Collection(name, place), None) for name, place in places.items()]
    return LibraryDesk(Federation(members, None), refreshed)


def seen(path):
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def ask(desk, action, view=UNTOUCHED, **data):
    return desk.act(view, {"event": "library", "action": action, "collection": "一"} | data)


class TestRenaming:
    def test_it_is_done_and_told_and_the_index_follows(self, desk, folder, refreshed):
        note = ask(desk, "rename", source="年/b.txt", stem="c", seen=seen(folder / "年/b.txt")).note
        assert (note.said, note.name) == (Deed.RENAMED, "年/c.txt")
        assert (folder / "年" / "c.txt").read_bytes() == b"second"
        assert refreshed.names == ["一"]

    def test_another_file_than_the_one_that_was_seen_keeps_its_name(self, desk, folder, refreshed):
        stamp = seen(folder / "a.txt")
        (folder / "a.txt").write_bytes(b"another one")
        assert ask(desk, "rename", source="a.txt", stem="c", seen=stamp).note.said is (
            Refusal.CHANGED
        )
        assert (folder / "a.txt").exists()
        assert refreshed.names == []

    def test_so_it_does_for_files_older_than_1970(self, desk, folder):
        os.utime(folder / "a.txt", ns=(-(10**18), -(10**18)))
        stamp = seen(folder / "a.txt")
        (folder / "a.txt").write_bytes(b"another one")
        assert ask(desk, "delete", source="a.txt", seen=stamp).note.said is Refusal.CHANGED


class TestDeleting:
    def test_it_can_be_undone(self, desk, folder, refreshed):
        note = ask(desk, "delete", source="年/b.txt", seen=seen(folder / "年/b.txt")).note
        assert (note.said, note.name, note.collection) == (Deed.DELETED, "年/b.txt", "一")
        assert not (folder / "年/b.txt").exists()
        note = ask(desk, "undo", token=note.token).note
        assert (note.said, note.name) == (Deed.RESTORED, "年/b.txt")
        assert (folder / "年/b.txt").read_bytes() == b"second"
        assert refreshed.names == ["一", "一"]

    def test_undone_after_another_took_its_place_both_are_there(self, desk, folder):
        token = ask(desk, "delete", source="a.txt").note.token
        (folder / "a.txt").write_bytes(b"another one")
        assert ask(desk, "undo", token=token).note.name == "a (2).txt"
        assert (folder / "a.txt").read_bytes() == b"another one"
        assert (folder / "a (2).txt").read_bytes() == b"first"

    def test_undone_after_the_same_file_came_again_there_is_one(self, desk, folder):
        token = ask(desk, "delete", source="a.txt").note.token
        (folder / "a.txt").write_bytes(b"first")
        assert ask(desk, "undo", token=token).note.name == "a.txt"
        assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt"]

    def test_undone_twice_the_second_is_told_that_it_is_too_late(self, desk):
        token = ask(desk, "delete", source="a.txt").note.token
        ask(desk, "undo", token=token)
        assert ask(desk, "undo", token=token).note.said is Refusal.EXPIRED

    def test_what_another_collection_deleted_does_not_come_back_here(self, desk, tmp_path):
        token = ask(desk, "delete", source="a.txt").note.token
        assert ask(desk, "undo", token=token, collection="two").note.said is Refusal.EXPIRED
        assert not list((tmp_path / "two").glob("*.txt"))

    def test_its_folder_became_a_file_meanwhile(self, desk, folder):
        token = ask(desk, "delete", source="年/b.txt").note.token
        (folder / "年").rmdir()
        (folder / "年").write_bytes(b"in the way")
        assert ask(desk, "undo", token=token).note.said is Refusal.SYSTEM
        (folder / "年").unlink()
        assert ask(desk, "undo", token=token).note.said is Deed.RESTORED

    def test_its_folder_became_a_link_meanwhile_and_nothing_is_made_beyond(
        self, desk, folder, tmp_path
    ):
        (folder / "年/月").mkdir()
        (folder / "年/b.txt").rename(folder / "年/月/b.txt")
        token = ask(desk, "delete", source="年/月/b.txt").note.token
        (folder / "年/月").rmdir()
        (folder / "年").rmdir()
        (tmp_path / "elsewhere").mkdir()
        (folder / "年").symlink_to(tmp_path / "elsewhere")
        assert ask(desk, "undo", token=token).note.said is Refusal.LINK
        assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("action", ["rename", "delete"])
@pytest.mark.parametrize(
    "source",
    ["../two/x.txt", "/etc/passwd", "年/../../two/x.txt", "", ".", "年", ".yiju-trash/lock", "no"],
)
def test_nothing_outside_or_hidden_can_be_touched(desk, tmp_path, action, source):
    (tmp_path / "two" / "x.txt").write_bytes(b"x")
    assert ask(desk, action, source=source, stem="y").note.said in {
        Refusal.GONE,
        Refusal.LINK,
        Refusal.NAME,
    }
    assert (tmp_path / "two" / "x.txt").exists()


@pytest.mark.parametrize("action", ["rename", "delete", "undo", "uploaded"])
@pytest.mark.parametrize("collection", ["", "nothing", "gone", "../one"])
def test_a_collection_that_is_not_there_is_told(desk, refreshed, action, collection):
    view = ask(desk, action, source="a.txt", stem="c", collection=collection)
    if (action, collection) == ("uploaded", "gone"):  # its build tells what is wrong
        assert refreshed.names == ["gone"]
    else:
        assert view.note.said is Refusal.NO_FOLDER
        assert refreshed.names == []


@pytest.mark.parametrize(
    "data",
    [None, 5, [], "delete", {}, {"action": 5}, {"action": ["delete"]}, {"action": "format"}],
)
def test_what_no_control_sends_changes_nothing(desk, folder, refreshed, data):
    view = LibraryView("wanted", "一", 3)
    assert desk.act(view, data) == view
    assert (sorted(path.name for path in folder.iterdir()), refreshed.names) == (
        ["a.txt", "年"],
        [],
    )


@pytest.mark.parametrize("value", [None, 5, [], {}, "\ud800", "x" * 10**6, "\0"])
def test_no_field_breaks_anything_whatever_it_holds(desk, folder, value):
    for action in ("rename", "delete", "undo", "uploaded", "search", "page"):
        for field in ("source", "stem", "seen", "token", "page", "wanted", "collection"):
            ask(desk, action, **({"source": "no.txt", "stem": "c"} | {field: value}))
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["a.txt", "年"]


class TestLooking:
    @pytest.mark.parametrize(
        ("page", "shown"),
        [("2", 2), ("0", 1), ("-1", 1), ("x", 1), ("٣", 1), ("9" * 19, 10**7), ("9" * 99, 1)],
    )
    def test_pages_are_bounded(self, desk, page, shown):
        view = ask(desk, "page", page=page)
        assert (view.collection, view.page_of("一"), view.page_of("two")) == ("一", shown, 1)

    def test_a_search_is_bounded_and_begins_at_the_first_page(self, desk):
        view = ask(desk, "search", LibraryView("old", "一", 7), wanted=f"  {'年' * 1000} ")
        assert view == LibraryView("年" * 100)

    def test_what_is_done_next_takes_the_note_away_and_keeps_the_view(self, desk):
        view = ask(desk, "delete", LibraryView("a", "一", 2), source="no.txt")
        assert view.note
        after = ask(desk, "uploaded", view)
        assert (after.wanted, after.page, after.note) == ("a", 2, None)


class TestTwoAtOnce:
    def do(self, *calls):
        """Do everything in the same moment; return the notes' words."""
        together = threading.Barrier(len(calls))

        def one(call):
            together.wait()
            return call().note.said

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    def test_of_those_who_delete_a_file_one_does(self, desk, folder):
        said = self.do(*[lambda: ask(desk, "delete", source="a.txt")] * 5)
        assert sorted(said) == sorted([Deed.DELETED, *[Refusal.GONE] * 4])

    def test_of_those_who_undo_a_deletion_one_does(self, desk, folder):
        token = ask(desk, "delete", source="a.txt").note.token
        said = self.do(*[lambda: ask(desk, "undo", token=token)] * 5)
        assert sorted(said) == sorted([Deed.RESTORED, *[Refusal.EXPIRED] * 4])
        assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt"]

    def test_of_one_who_deletes_and_one_who_renames_one_does(self, desk, folder):
        said = self.do(
            lambda: ask(desk, "delete", source="a.txt"),
            lambda: ask(desk, "rename", source="a.txt", stem="c"),
        )
        assert Refusal.GONE in said
        assert {Deed.DELETED, Deed.RENAMED} & set(said)
