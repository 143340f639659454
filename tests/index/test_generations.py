import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import (
    IndexCorruptError,
    IndexingError,
    IndexLockedError,
    IndexMissingError,
)
from index.generations import IndexDir
from index.settings import IndexSettings
from tests.fakes import HashEncoder
from tests.index.folders import (
    TEXTS,
    build,
    edit,
    leftovers,
    load,
    touch,
    write_documents,
)

_ROOT = Path(__file__).parents[2]
_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("pristine") / "文档", TEXTS)
    build(folder, HashEncoder())
    return folder


@pytest.fixture
def folder(pristine, tmp_path):
    """An indexed folder of one's own."""
    return Path(shutil.copytree(pristine, tmp_path / "文档"))


def _home(folder: Path) -> IndexDir:
    return IndexDir(folder / ".yiju")


_ONE = b"000001 4e413570\n"


def test_the_pointer_has_the_name_with_its_checksum(folder):
    assert (folder / ".yiju" / "CURRENT").read_bytes() == _ONE


def test_no_flipped_bit_makes_the_pointer_name_another_generation(folder):
    edit(folder / "hoist.md", "changed")
    build(folder, HashEncoder())
    pointer = folder / ".yiju" / "CURRENT"
    data = pointer.read_bytes()

    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        pointer.write_bytes(flipped)
        if flipped.decode("utf-8", "replace").strip() == data.decode().strip():
            continue  # another kind of white space at the end
        with pytest.raises(IndexCorruptError, match="yiju index --full"):
            _home(folder).current()


@pytest.mark.parametrize("name", ["000009\n", "", "../000001", "generations", "\x00", "1", "²"])
def test_a_pointer_to_nothing_is_corrupt_and_says_where(name, folder):
    (folder / ".yiju" / "CURRENT").write_text(name, "utf-8")

    for ask in (load, build):
        with pytest.raises(IndexCorruptError, match=r"CURRENT.*yiju index --full"):
            ask(folder, HashEncoder())


def test_a_full_build_mends_a_pointer_to_nothing(folder):
    (folder / ".yiju" / "CURRENT").write_text("000009\n", "utf-8")

    report = build(folder, HashEncoder(), full=True)

    assert report.generation == "000002"
    assert load(folder, HashEncoder()).n_chunks == report.n_chunks


def test_no_index_is_an_error_that_says_how_to_make_one(tmp_path):
    with pytest.raises(IndexMissingError, match=r"\.yiju.*yiju index"):
        load(write_documents(tmp_path, TEXTS), HashEncoder())


def test_an_empty_index_folder_is_no_index(tmp_path):
    (tmp_path / ".yiju").mkdir()

    assert _home(tmp_path).current() is None
    assert _home(tmp_path).next_generation() == "000001"


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_as_many_generations_are_kept_as_the_settings_say(keep, folder):
    settings = IndexSettings(keep_generations=keep)
    for number in range(2, 6):
        edit(folder / "hoist.md", f"# Hoist\n\nEdition {number}.")
        build(folder, HashEncoder(), settings=settings)

    names = sorted(path.name for path in _home(folder).generations_dir.iterdir())

    assert names == [f"{number:06d}" for number in range(6 - keep, 6)]
    assert _home(folder).current() == "000005"


def test_a_generation_is_pinned_by_its_number(folder):
    with _home(folder).pin("1") as pin, _home(folder).pin("000001") as other:
        assert pin.paths == other.paths == _home(folder).paths("000001")


@pytest.mark.parametrize("name", ["2", "", "x", "../000001", "²"])
def test_a_generation_that_is_not_kept_cannot_be_pinned(name, folder):
    shutil.copytree(_home(folder).paths("000001").root, _home(folder).paths("000002").root)

    with pytest.raises(IndexMissingError, match=r"kept are 000001\. Run: yiju index log"):
        _home(folder).pin(name)


def test_what_a_dead_collection_left_is_removed_by_the_next_build(folder):
    left = _home(folder).generations_dir / ".dropped-000000"
    shutil.copytree(_home(folder).paths("000001").root, left)

    assert not build(folder, HashEncoder()).is_new
    assert leftovers(folder / ".yiju") == []


def test_the_next_build_removes_what_a_dead_one_left(folder):
    generations = _home(folder).generations_dir
    (generations / ".building-4711" / "lexical").mkdir(parents=True)
    (generations / ".building-4711" / "chunks.sqlite").write_bytes(b"half")
    (folder / ".yiju" / "CURRENT.tmp").write_text("0000", "utf-8")
    edit(folder / "hoist.md", "changed")

    build(folder, HashEncoder())

    assert leftovers(folder / ".yiju") == []


def test_a_build_without_changes_removes_what_a_dead_one_left(folder):
    (_home(folder).generations_dir / ".building-4711").mkdir()

    report = build(folder, HashEncoder())

    assert not report.is_new
    assert leftovers(folder / ".yiju") == []


def test_a_build_without_changes_removes_what_was_never_pointed_to(folder):
    shutil.copytree(_home(folder).paths("000001").root, _home(folder).paths("000002").root)
    (folder / ".yiju" / "CURRENT.tmp").write_bytes(b"0000")

    assert not build(folder, HashEncoder()).is_new
    assert not _home(folder).paths("000002").root.exists()
    assert leftovers(folder / ".yiju") == []


def test_a_generation_that_was_renamed_but_never_pointed_to_is_replaced(folder):
    dead = _home(folder).paths("000002").root
    shutil.copytree(_home(folder).paths("000001").root, dead)
    (dead / "chunks.sqlite").write_bytes(b"half")
    edit(folder / "hoist.md", "changed")

    report = build(folder, HashEncoder())

    assert report.generation == "000002"
    assert load(folder, HashEncoder()).n_chunks == report.n_chunks


def test_one_build_at_a_time_holds_the_lock(folder):
    home = _home(folder)

    with home.lock(1.0), pytest.raises(IndexLockedError) as caught, home.lock(0):
        pytest.fail("two builds held the lock")
    for part in (str(home.path), f"process {os.getpid()} on {platform.node()}, since 2"):
        assert part in str(caught.value)
    with home.lock(0):
        pass


def test_whoever_waits_is_told_for_whom(folder):
    home, told = _home(folder), []

    with home.lock(0), pytest.raises(IndexLockedError), home.lock(0, told.append):
        pytest.fail("two builds held the lock")

    assert [entry.startswith(f"process {os.getpid()} on ") for entry in told] == [True]


def test_a_lock_whose_holder_could_not_sign_is_held_by_somebody(folder):
    home, told = _home(folder), []

    with home.lock(0):
        (home.path / "build.lock").write_bytes(b"")
        with pytest.raises(IndexLockedError, match="unknown"), home.lock(0, told.append):
            pytest.fail("two builds held the lock")

    assert told == ["of an unknown process"]


def test_a_lock_is_free_again_after_an_exception(folder):
    home = _home(folder)

    with pytest.raises(ZeroDivisionError), home.lock(0):
        _ = 1 // 0
    with home.lock(0):
        pass


def test_a_process_that_died_holds_no_lock(folder):
    code = (
        "import os, sys; from pathlib import Path; from index.generations import IndexDir\n"
        "with IndexDir(Path(sys.argv[1])).lock(0): os._exit(3)"
    )
    child = subprocess.run([sys.executable, "-c", code, folder / ".yiju"], cwd=_ROOT, check=False)
    assert child.returncode == 3

    with _home(folder).lock(0):
        pass


def test_an_index_folder_that_is_a_file_is_an_error_that_says_what_to_do(tmp_path):
    write_documents(tmp_path, {"a.txt": "甲"})
    (tmp_path / "index").write_text("x")

    with pytest.raises(IndexingError, match="--index"):
        build(tmp_path, HashEncoder(), index_dir=tmp_path / "index")


@pytest.mark.skipif(_IS_ROOT, reason="root may write every folder")
def test_a_folder_that_may_not_be_written_is_an_error_that_says_what_to_do(folder):
    touch(folder / "hoist.md")
    (folder / ".yiju").chmod(0o500)
    try:
        with pytest.raises(IndexingError, match=r"writ"):
            build(folder, HashEncoder())
    finally:
        (folder / ".yiju").chmod(0o700)
