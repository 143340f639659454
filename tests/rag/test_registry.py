import json
import os
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given

from rag import registry as module
from rag.registry import Collection, CollectionError, Registry, RegistryError, check_name
from tests.strategies import any_texts


@pytest.fixture
def folders(tmp_path):
    """Folders a, b and c."""
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.mkdir()
    return paths


@pytest.fixture
def registry(home):
    return Registry()


def test_nothing_is_registered_and_nothing_made_at_first(registry, home):
    assert registry.read() == ()
    assert not home.exists()


def test_what_was_added_is_read_again_in_its_order(registry, folders, home):
    a, b, _ = folders
    registry.add("合同", a)
    registry.add("Annual reports", b, home / "index")

    assert Registry().read() == (
        Collection("合同", a),
        Collection("Annual reports", b, home / "index"),
    )
    assert [one.index_dir for one in registry.read()] == [a / ".yiju", home / "index"]


def test_a_relative_folder_is_kept_by_its_absolute_path(registry, folders, monkeypatch):
    monkeypatch.chdir(folders[0].parent)
    assert registry.add("合同", Path("a"), Path("a/.yiju")) == Collection("合同", folders[0])


@pytest.mark.parametrize(
    "name",
    [
        "合同",
        "報告 2023",
        "Jahresbericht",
        "الوثائق",
        "договор №5",
        "a",
        "x" * 64,
        "C++ (old)",
        "α&β",
    ],
)
def test_names_of_any_language_are_taken(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("x" * 65, "more than 64"),
        ("a\x00b", "cannot be seen"),
        ("a\u202eb", "cannot be seen"),
        ("a\u200bb", "cannot be seen"),
        ("a\ud800", "cannot be seen"),
        ("../a", "not allowed"),
        ("a/b", "not allowed"),
        ("a\\b", "not allowed"),
        ("a@000001", "not allowed"),
        ("a, b", "not allowed"),
        ("-rf", "begins with"),
        (".yiju", "begins with"),
        ("all", "every collection"),
        ("ALL", "every collection"),
        ("ａｌｌ", "every collection"),
        ("全部", "every collection"),
        (" 全部 ", "every collection"),
    ],
    ids=ascii,
)
def test_names_that_would_mislead_are_refused_with_the_reason(name, why):
    with pytest.raises(CollectionError, match=why):
        check_name(name)


@given(any_texts())
def test_any_name_is_either_kept_as_it_will_be_read_or_refused(name):
    try:
        clean = check_name(name)
    except CollectionError:
        return
    assert check_name(clean) == clean == unicodedata.normalize("NFC", clean)
    assert clean.encode("utf-8").decode("utf-8") == clean


@pytest.mark.parametrize("same", ["Contracts", "CONTRACTS", "Ｃｏｎｔｒａｃｔｓ", " contracts "])
def test_a_name_is_taken_whatever_its_case(registry, folders, same):
    registry.add("contracts", folders[0])

    with pytest.raises(CollectionError, match="already a collection called 'contracts'"):
        registry.add(same, folders[1])
    assert registry.find(same).name == "contracts"


def test_a_folder_or_an_index_belongs_to_one_collection(registry, folders, tmp_path):
    a, b, c = folders
    registry.add("甲", a)
    registry.add("乙", b, tmp_path / "index")

    with pytest.raises(CollectionError, match="already the collection '甲'"):
        registry.add("丙", a)
    with pytest.raises(CollectionError, match="is that of the collection '乙'"):
        registry.add("丙", c, tmp_path / "index")
    assert len(registry.read()) == 2


def test_a_folder_that_is_not_there_is_refused(registry, tmp_path):
    with pytest.raises(CollectionError, match="no folder at"):
        registry.add("甲", tmp_path / "nowhere")


def test_there_is_a_most(registry, folders, monkeypatch):
    monkeypatch.setattr(module, "_MOST_COLLECTIONS", 1)
    registry.add("甲", folders[0])
    with pytest.raises(CollectionError, match="the most"):
        registry.add("乙", folders[1])


def test_removing_forgets_the_name_only(registry, folders):
    (folders[0] / "a.txt").write_text("还在", "utf-8")
    registry.add("甲", folders[0])
    registry.add("乙", folders[1])

    assert registry.remove("甲").folder == folders[0]
    assert [one.name for one in registry.read()] == ["乙"]
    assert (folders[0] / "a.txt").read_text("utf-8") == "还在"


def test_renaming_keeps_place_and_order(registry, folders):
    registry.add("甲", folders[0])
    registry.add("乙", folders[1])

    assert registry.rename("甲", "丙") == Collection("丙", folders[0])
    assert [one.name for one in registry.read()] == ["丙", "乙"]
    assert registry.rename("丙", "丙").name == "丙"
    with pytest.raises(CollectionError, match="already"):
        registry.rename("丙", "乙")


def test_case_of_a_name_can_be_changed(registry, folders):
    registry.add("Contracts", folders[0])
    assert registry.rename("contracts", "contracts").name == "contracts"


@pytest.mark.parametrize("act", ["find", "remove", "select"])
def test_an_unknown_name_tells_the_known_ones(registry, folders, act):
    registry.add("甲", folders[0])
    with pytest.raises(CollectionError, match=r"called '丁'\. There are: 甲\."):
        getattr(registry, act)("丁")


@pytest.mark.parametrize("name", ["all", "ALL", "全部"])
def test_all_selects_every_collection(registry, folders, name):
    with pytest.raises(CollectionError, match="No collection is registered"):
        registry.select(name)
    registry.add("甲", folders[0])
    registry.add("乙", folders[1])
    assert [one.name for one in registry.select(name)] == ["甲", "乙"]
    assert [one.name for one in registry.select("乙")] == ["乙"]


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"format_version": 1}',
    b'{"format_version": 1, "collections": {}}'.replace(b"{}", b"[1]"),
    b'{"format_version": 1, "collections": [{"name": "a", "folder": "relative", "index": null}]}',
    b'{"format_version": 1, "collections": [{"name": "../a", "folder": "/a", "index": null}]}',
    b'{"format_version": 1, "collections": [{"name": 1, "folder": "/a", "index": null}]}',
    b'{"format_version": 1, "collections": [{"name": "a", "folder": "/a", "index": null},'
    b' {"name": "A", "folder": "/b", "index": null}]}',
    b"[" * 100_000,
    b" " * (1024 * 1024 + 1),
]


@pytest.mark.parametrize("data", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_told_and_kept(registry, folders, home, data):
    home.mkdir()
    registry.path.write_bytes(data)

    for act in (registry.read, lambda: registry.remove("a"), lambda: registry.rename("a", "b")):
        with pytest.raises(RegistryError, match=r"collections\.json.* is damaged"):
            act()
    assert registry.path.read_bytes() == data

    registry.add("甲", folders[0])
    assert [one.name for one in registry.read()] == ["甲"]
    assert (home / "collections-damaged-1.json").read_bytes() == data


def test_a_second_damaged_file_does_not_replace_the_first(registry, folders, home):
    home.mkdir()
    for number, data in enumerate((b"one", b"two"), 1):
        registry.path.write_bytes(data)
        registry.add(str(number), folders[number])
    kept = [path.read_bytes() for path in sorted(home.glob("collections-damaged-*.json"))]
    assert kept == [b"one", b"two"]


def test_a_registry_of_a_newer_yiju_is_left_as_it_is(registry, folders, home):
    home.mkdir()
    registry.path.write_text(json.dumps({"format_version": 2, "collections": []}), "utf-8")
    with pytest.raises(RegistryError, match="Install a newer yiju"):
        registry.add("甲", folders[0])
    assert json.loads(registry.path.read_text("utf-8"))["format_version"] == 2


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are Unicode there")
def test_a_path_that_is_no_unicode_is_kept(registry, tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    folder.mkdir()
    registry.add("甲", folder)
    assert registry.find("甲").folder == folder


def test_another_writer_is_waited_for_and_then_named(registry, folders, home, monkeypatch):
    monkeypatch.setattr(module, "_LOCK_TIMEOUT_S", 0.05)
    home.mkdir()
    with FileLock(home / "collections.lock"), pytest.raises(RegistryError, match="Another yiju"):
        registry.add("甲", folders[0])
    registry.add("甲", folders[0])


def test_nothing_added_at_the_same_time_is_lost(home, tmp_path):
    """Threads of two processes add collections of their own."""
    code = (
        "import sys; from pathlib import Path; from rag.registry import Registry\n"
        "for n in range(8):\n"
        "    folder = Path(sys.argv[1], f'p{n}'); folder.mkdir()\n"
        "    Registry().add(f'p{n}', folder)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=_root())
    try:
        threads = [threading.Thread(target=_add, args=(tmp_path, n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert child.wait(60) == 0
    finally:
        child.kill()
    expected = {f"{kind}{n}" for kind in "pt" for n in range(8)}
    assert {one.name for one in Registry().read()} == expected
    assert sorted(path.name for path in home.iterdir()) == ["collections.json", "collections.lock"]


def _add(tmp_path, n):
    folder = tmp_path / f"t{n}"
    folder.mkdir()
    Registry().add(f"t{n}", folder)


def _root():
    return Path(__file__).parent.parent.parent


def test_a_failed_write_leaves_the_old_list(registry, folders, home, monkeypatch):
    registry.add("甲", folders[0])

    def refuse(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RegistryError, match="No space left"):
        registry.add("乙", folders[1])
    monkeypatch.undo()
    assert [one.name for one in Registry(home).read()] == ["甲"]
    assert not list(home.glob("*.tmp"))
