"""The hostile folder in reduced sizes; ``python -m tests.hostile crafted --big`` is the whole."""

import sys

import pytest

from index.settings import IndexSettings
from tests.hostile.folder import (
    Built,
    build,
    check_texts,
    complaints,
    lay,
    print_ledger,
    unprintable,
)
from tests.hostile.good import not_found

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="its file systems allow few of them"
)

_FACTOR = 2000  # how much smaller
_MB = 1024  # kilobytes


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    home = tmp_path_factory.mktemp("hostile")
    return build(home, lay(home, _FACTOR), timeout_s=600, with_ocr=False)


def test_each_hostile_file_has_its_row_and_what_was_read_is_reachable(built):
    assert complaints(built) == []


def test_each_good_file_is_found_and_cited(built):
    assert not_found(built.folder) == []


def test_nothing_outside_the_folder_was_read_and_files_of_odd_names_were(built):
    check_texts(built)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_the_report_prints_nothing_that_a_terminal_obeys(built, options):
    printed = print_ledger(built, *options)

    assert "好/灯塔.txt" in printed
    assert unprintable(printed) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the memory")
def test_neither_the_build_nor_the_worker_held_much_memory(built):
    assert built.build_kb - built.idle_kb < 400 * _MB
    assert 0 < max(built.worker_kb.values()) * 1024 < IndexSettings().max_file_memory
