import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.loading import scan_documents
from webui.library import DocumentFolder, Stamp
from webui.library_trash import TRASH
from webui.refusals import LibraryError, Refusal

LIMIT = 1000


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "documents").mkdir()
    return tmp_path / "documents"


@pytest.fixture
def library(folder):
    return DocumentFolder(folder, max_file_bytes=LIMIT, excluded=folder / "own-index")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def visible(folder):
    """Return what a build would see, with the contents."""
    scan = scan_documents(folder, 2**20)
    assert not scan.problems
    return {file.source: file.path.read_bytes() for file in scan.files}


def refusal_of(action, *arguments):
    with pytest.raises(LibraryError) as caught:
        action(*arguments)
    return caught.value.refusal


def stamp_of(path):
    status = path.stat()
    return Stamp(status.st_size, status.st_mtime_ns)


class TestAdding:
    def test_a_file_lies_in_the_folder_under_its_name(self, folder, library):
        added = library.add("年报.txt", [b"one ", b"two"])
        assert (added.source, added.is_new) == ("年报.txt", True)
        assert visible(folder) == {"年报.txt": b"one two"}
        assert sorted(names(folder)) == [TRASH, "年报.txt"]

    def test_a_name_that_is_taken_gets_a_number(self, folder, library):
        for content in (b"1", b"2", b"3"):
            library.add("a.txt", [content])
        assert visible(folder) == {"a.txt": b"1", "a (2).txt": b"2", "a (3).txt": b"3"}

    def test_what_is_there_already_is_not_added_again(self, folder, library):
        library.add("a.txt", [b"1"])
        library.add("a.txt", [b"2"])
        again = library.add("a.txt", [b"2"])
        assert (again.source, again.is_new) == ("a (2).txt", False)
        assert len(visible(folder)) == 2

    def test_nothing_is_seen_of_it_before_it_is_whole(self, folder, library):
        with library.begin("a.txt") as upload:
            upload.write(b"half")
            assert visible(folder) == {}
        assert visible(folder) == {}
        assert not [name for name in names(folder) if "upload" in name]

    @pytest.mark.parametrize(
        ("name", "blocks", "refusal"),
        [
            ("a.txt", [b"x" * LIMIT, b"x"], Refusal.LARGE),
            ("a.txt", [], Refusal.EMPTY),
            ("a.exe", [b"x"], Refusal.FORMAT),
            ("a", [b"x"], Refusal.FORMAT),
            (".a.txt", [b"x"], Refusal.HIDDEN),
            ("~$a.docx", [b"x"], Refusal.HIDDEN),
            ("", [b"x"], Refusal.NAME),
        ],
    )
    def test_what_no_index_would_read_is_refused(self, folder, library, name, blocks, refusal):
        assert refusal_of(library.add, name, blocks) is refusal
        assert visible(folder) == {}
        assert not [left for left in names(folder) if "upload" in left]

    def test_paths_of_names_are_dropped(self, folder, library):
        library.add("../../up.txt", [b"1"])
        library.add("C:\\Users\\me\\down.txt", [b"2"])
        assert set(visible(folder)) == {"up.txt", "down.txt"}
        assert names(folder.parent) == ["documents"]

    def test_a_link_of_that_name_is_not_followed(self, folder, library, tmp_path):
        outside = tmp_path / "outside.txt"
        outside.write_bytes(b"1")
        (folder / "a.txt").symlink_to(outside)
        (folder / "b.txt").symlink_to(tmp_path / "nowhere.txt")
        assert library.add("a.txt", [b"1"]).source == "a (2).txt"
        assert library.add("b.txt", [b"2"]).source == "b (2).txt"
        assert outside.read_bytes() == b"1"
        assert not (tmp_path / "nowhere.txt").exists()

    def test_remains_of_a_process_that_died_are_swept(self, folder, library):
        old, new = folder / ".yiju-upload-old", folder / ".yiju-upload-new"
        for left in (old, new):
            left.write_bytes(b"half")
        os.utime(old, (0, 0))
        library.add("a.txt", [b"1"])
        assert not old.exists()
        assert new.exists()

    def test_a_folder_that_is_gone_is_told(self, folder, library):
        folder.rmdir()
        assert refusal_of(library.add, "a.txt", [b"1"]) is Refusal.NO_FOLDER

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
    def test_a_folder_that_cannot_be_written_is_told(self, folder, library):
        folder.chmod(0o500)
        try:
            assert refusal_of(library.add, "a.txt", [b"1"]) is Refusal.READ_ONLY
        finally:
            folder.chmod(0o700)

    def test_without_hard_links_nothing_is_overwritten_either(self, folder, library, monkeypatch):
        def refuse(*_):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
        library.add("a.txt", [b"1"])
        library.add("a.txt", [b"2"])
        assert refusal_of(library.rename, "a.txt", "a (2)") is Refusal.TAKEN
        library.rename("a.txt", "b")
        assert visible(folder) == {"b.txt": b"1", "a (2).txt": b"2"}


class TestRenaming:
    def test_a_file_keeps_its_folder_ending_and_content(self, folder, library):
        (folder / "会议").mkdir()
        (folder / "会议/old.PDF").write_bytes(b"1")
        assert library.rename("会议/old.PDF", "  新的 ") == "会议/新的.PDF"
        assert library.rename("会议/新的.PDF", "newer.pdf") == "会议/newer.PDF"
        assert visible(folder) == {"会议/newer.PDF": b"1"}

    def test_a_name_that_is_taken_is_refused(self, folder, library):
        (folder / "a.txt").write_bytes(b"1")
        (folder / "b.txt").write_bytes(b"2")
        assert refusal_of(library.rename, "a.txt", "b") is Refusal.TAKEN
        assert visible(folder) == {"a.txt": b"1", "b.txt": b"2"}

    @pytest.mark.parametrize(
        ("stem", "refusal"),
        [
            ("", Refusal.NAME),
            ("../up", Refusal.NAME),
            ("a\\b", Refusal.NAME),
            (" . ", Refusal.NAME),
            (".hidden", Refusal.HIDDEN),
            (".txt", Refusal.NAME),
        ],
    )
    def test_a_name_that_no_document_can_have_is_refused(self, folder, library, stem, refusal):
        (folder / "a.txt").write_bytes(b"1")
        assert refusal_of(library.rename, "a.txt", stem) is refusal
        assert visible(folder) == {"a.txt": b"1"}

    def test_the_same_name_is_no_change(self, folder, library):
        (folder / "a.txt").write_bytes(b"1")
        assert library.rename("a.txt", "a") == "a.txt"

    def test_a_file_that_somebody_else_renamed_is_gone(self, folder, library):
        (folder / "a.txt").write_bytes(b"1")
        library.rename("a.txt", "b")
        assert refusal_of(library.rename, "a.txt", "c") is Refusal.GONE
        assert visible(folder) == {"b.txt": b"1"}


class TestDeleting:
    def test_a_deleted_file_is_seen_no_more_and_comes_back(self, folder, library):
        (folder / "会议").mkdir()
        (folder / "会议/a.txt").write_bytes(b"1")
        deleted = library.delete("会议/a.txt")
        assert visible(folder) == {}
        assert library.restore(deleted.token) == "会议/a.txt"
        assert visible(folder) == {"会议/a.txt": b"1"}
        assert refusal_of(library.restore, deleted.token) is Refusal.EXPIRED

    def test_it_comes_back_into_a_folder_that_went_meanwhile(self, folder, library):
        (folder / "a/b").mkdir(parents=True)
        (folder / "a/b/c.txt").write_bytes(b"1")
        deleted = library.delete("a/b/c.txt")
        (folder / "a/b").rmdir()
        (folder / "a").rmdir()
        assert library.restore(deleted.token) == "a/b/c.txt"

    def test_it_comes_back_beside_what_has_its_name_now(self, folder, library):
        (folder / "a.txt").write_bytes(b"1")
        deleted = library.delete("a.txt")
        library.add("a.txt", [b"2"])
        assert library.restore(deleted.token) == "a (2).txt"
        assert visible(folder) == {"a.txt": b"2", "a (2).txt": b"1"}

    def test_the_same_name_can_be_deleted_twice(self, folder, library):
        tokens = []
        for content in (b"1", b"2"):
            library.add("a.txt", [content])
            tokens.append(library.delete("a.txt").token)
        assert [library.restore(token) for token in tokens] == ["a.txt", "a (2).txt"]
        assert visible(folder) == {"a.txt": b"1", "a (2).txt": b"2"}

    def test_another_file_than_the_one_that_was_seen_stays(self, folder, library):
        (folder / "a.txt").write_bytes(b"old")
        seen = stamp_of(folder / "a.txt")
        (folder / "a.txt").write_bytes(b"quite new")
        assert refusal_of(library.delete, "a.txt", seen) is Refusal.CHANGED
        assert refusal_of(library.rename, "a.txt", "b", seen) is Refusal.CHANGED
        library.delete("a.txt", stamp_of(folder / "a.txt"))

    @pytest.mark.parametrize("token", ["", "..", "lock", "0" * 32, "../" * 8, "a" * 31 + "/"])
    def test_an_invented_token_brings_nothing_back(self, folder, library, token):
        library.add("a.txt", [b"1"])
        library.delete("a.txt")
        assert refusal_of(library.restore, token) is Refusal.EXPIRED

    def test_old_files_go_for_good_with_the_next_deletion(self, folder, library):
        library.add("a.txt", [b"1"])
        old = library.delete("a.txt")
        week_ago = time.time() - 8 * 24 * 3600
        os.utime(folder / TRASH / old.token, (week_ago, week_ago))
        library.add("b.txt", [b"2"])
        new = library.delete("b.txt")
        assert refusal_of(library.restore, old.token) is Refusal.EXPIRED
        assert library.restore(new.token) == "b.txt"

    def test_the_trash_is_bounded_but_the_last_deletion_can_be_undone(
        self, folder, library, monkeypatch
    ):
        monkeypatch.setattr("webui.library_trash._MOST_BYTES", 10)
        tokens = []
        for number, name in enumerate(("a.txt", "b.txt", "c.txt")):
            library.add(name, [b"12345678"])
            tokens.append(library.delete(name).token)
            os.utime(folder / TRASH / tokens[-1], (time.time() + number - 60,) * 2)
        assert [(folder / TRASH / token).exists() for token in tokens] == [False, False, True]
        assert library.restore(tokens[-1]) == "c.txt"


class TestContainment:
    @pytest.mark.parametrize(
        "source",
        [
            *("../secret.txt", "/etc/hosts.txt", "a/../../secret.txt", "./a.txt", "a//b.txt"),
            *(".hidden.txt", ".yiju/x.txt", f"{TRASH}/x.txt", "", "a\0.txt", "gone.txt"),
            "own-index/manifest.json",
        ],
    )
    def test_no_path_leads_out_or_to_what_is_hidden(self, folder, library, source):
        for path in ("../secret.txt", ".hidden.txt", "own-index/manifest.json"):
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(b"1")
        for action in (library.delete, lambda name: library.rename(name, "taken")):
            assert refusal_of(action, source) in {Refusal.GONE, Refusal.FORMAT}
        assert (folder.parent / "secret.txt").exists()
        assert (folder / "own-index/manifest.json").exists()

    def test_links_and_what_lies_beyond_them_are_refused(self, folder, library, tmp_path):
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/a.txt").write_bytes(b"1")
        (folder / "door").symlink_to(tmp_path / "outside")
        (folder / "a.txt").symlink_to(tmp_path / "outside/a.txt")
        for source in ("door/a.txt", "a.txt"):
            assert refusal_of(library.delete, source) is Refusal.LINK
            assert refusal_of(library.rename, source, "b") is Refusal.LINK
        assert names(tmp_path / "outside") == ["a.txt"]

    def test_a_link_in_place_of_the_trash_is_refused(self, folder, library, tmp_path):
        (tmp_path / "outside").mkdir()
        (folder / TRASH).symlink_to(tmp_path / "outside")
        (folder / "a.txt").write_bytes(b"1")
        assert refusal_of(library.delete, "a.txt") is Refusal.LINK
        assert names(tmp_path / "outside") == []

    def test_what_a_file_is_called_by_its_error_names_no_place(self, folder, library):
        with pytest.raises(LibraryError) as caught:
            library.delete("gone.txt")
        assert str(folder) not in str(caught.value)


class TestTwoAtOnce:
    def test_of_two_who_rename_a_file_one_is_told_that_it_is_gone(self, folder, library):
        for turn in range(20):
            (folder / "a.txt").write_bytes(b"%d" % turn)
            outcomes = at_once(
                lambda stem=stem: library.rename("a.txt", stem) for stem in ("b", "c")
            )
            assert sorted(map(str, outcomes), key=len)[-1].startswith("gone")
            (won,) = visible(folder)
            assert visible(folder)[won] == b"%d" % turn
            (folder / won).unlink()

    def test_of_two_who_rename_to_one_name_one_is_told_that_it_is_taken(self, folder, library):
        for _ in range(20):
            for name in ("a.txt", "b.txt"):
                (folder / name).write_bytes(name.encode())
            outcomes = at_once(
                lambda name=name: library.rename(name, "c") for name in ("a.txt", "b.txt")
            )
            refused = [one.refusal for one in outcomes if isinstance(one, LibraryError)]
            assert refused == [Refusal.TAKEN]
            assert sorted(visible(folder).values()) == [b"a.txt", b"b.txt"]
            for name in visible(folder):
                (folder / name).unlink()

    def test_processes_that_do_everything_at_once_lose_nothing(self, folder, library):
        processes = [
            multiprocessing.get_context("spawn").Process(target=work, args=(folder, number))
            for number in range(3)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0, 0, 0]
        kept = [path for path in (folder / TRASH).rglob("*.txt") if path.is_file()]
        contents = [*visible(folder).values(), *(path.read_bytes() for path in kept)]
        expected = [f"{worker} {turn}".encode() for worker in range(3) for turn in range(15)]
        assert sorted(contents) == sorted(expected)
        assert not [name for name in names(folder) if "upload" in name]


def at_once(actions):
    actions = list(actions)
    barrier = threading.Barrier(len(actions))

    def run(action):
        barrier.wait(10)
        try:
            return action()
        except LibraryError as exc:
            return exc

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def work(folder, number):
    """Add, rename, delete and restore files of the same few names."""
    library = DocumentFolder(Path(folder), max_file_bytes=LIMIT)
    for turn in range(15):
        source = library.add("same.txt", [f"{number} {turn}".encode()]).source
        try:
            source = library.rename(source, f"name{turn % 2}")
        except LibraryError as exc:
            assert exc.refusal in {Refusal.TAKEN, Refusal.GONE}
        try:
            deleted = library.delete(source)
            if turn % 3:
                library.restore(deleted.token)
        except LibraryError as exc:
            assert exc.refusal is Refusal.GONE
