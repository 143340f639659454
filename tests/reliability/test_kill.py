"""A build killed at any instant leaves the old index or the new one, and the next build succeeds.

The build kills itself (``tests.reliability.child``); that its process died by the signal proves
that the kill landed inside the build, for it ends by itself otherwise.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.datatypes import BuildReport
from index.errors import IndexMissingError
from index.generations import IndexDir
from index.settings import IndexSettings
from tests.fakes import HashEncoder
from tests.index.folders import (
    TEXTS,
    Found,
    build,
    edit,
    leftovers,
    load,
    search,
    touch,
    write_documents,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no SIGKILL")

_ROOT = Path(__file__).parents[2]
_QUESTIONS = ("大会何时召开", "rope GB/T 5972", "塔高", "新闻", "每天罚款")

# In the order in which a build passes them.
_BEFORE = (
    "connect chunks.sqlite 0",  # the old generation's, to see whether there is anything to do
    "connect chunks.sqlite 1",  # the same, with the lock
    "make .building-PID 0",
    "connect chunks.sqlite 2",
    "read 0",
    "read 2",
    "read 4",
    "open vectors.npy 6",
    "encode 0",
    "encode 1",
    "dense 0",
    "open dense.faiss 0",
    "dense 1",
    "lexical 0",
    "lexical 1",
    "publish 0",
    "open manifest.json 4",  # to write it
    "open manifest.json 5",  # to flush it
    "open .building-PID 0",
    "rename .building-PID 0",
    "open generations 0",  # to flush it after the renaming
    "open CURRENT.tmp 0",  # to write it
    "open CURRENT.tmp 1",  # to flush it
    "rename CURRENT.tmp 0",
)
_AFTER = (
    "open .yiju 0",  # to flush it after the pointer was replaced
    "rename 000001 0",  # out of the way
    "delete .dropped-000001 0",
    "remove chunks.sqlite 0",  # of 000001
    "remove .dropped-000001 0",
    "publish 1",
)


@dataclass(frozen=True)
class Case:
    """A folder with changes that no build has seen, and what is answered before and after it."""

    folder: Path
    before: list[Found]
    after: list[Found]
    report: BuildReport


def _answers(folder: Path) -> list[Found]:
    knowledge_base = load(folder, HashEncoder())
    return [search(knowledge_base, question) for question in _QUESTIONS]


class Launcher:
    """Runs builds in processes of their own."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        """Hold the process that forks them."""
        self._server = server

    def run(self, folder: Path, point: str) -> tuple[int, list[str]]:
        """Build a folder until the point; tell the return code and the points passed."""
        self._server.stdin.write(json.dumps([str(folder), point]) + "\n")
        self._server.stdin.flush()
        outcome = json.loads(self._server.stdout.readline())
        return outcome["returncode"], outcome["passed"].split("\n")

    def kill(self, folder: Path, point: str) -> None:
        """Kill a build at the point, which it must pass."""
        returncode, passed = self.run(folder, point)
        assert returncode == -signal.SIGKILL, f"{point} was not passed: {passed}"


@pytest.fixture(scope="module")
def launcher():
    command = [sys.executable, "-m", "tests.reliability.child"]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        yield Launcher(server)
        server.stdin.close()


def _build_now(folder: Path) -> BuildReport:
    """Build without waiting: a lock that the dead build left would be an error."""
    return build(folder, HashEncoder(), settings=IndexSettings(lock_timeout_s=0))


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("kill") / "文档", TEXTS)
    for edition in range(3):
        edit(folder / "hoist.md", f"# Hoist\n\nEdition {edition}. The rope.")
        build(folder, HashEncoder())
    before = _answers(folder)
    edit(folder / "hoist.md", "# Hoist\n\nThe last edition. The rope. GB/T 5972.")
    write_documents(folder, {"新.txt": "新闻\n\n今天有一条新闻。"})
    (folder / "灯塔.txt").unlink()
    touch(folder / "会议.txt")
    built = Path(shutil.copytree(folder, tmp_path_factory.mktemp("whole") / "文档"))
    report = build(built, HashEncoder())
    after = _answers(built)
    assert before != after
    return Case(folder, before, after, report)


@pytest.fixture
def folder(case, tmp_path):
    return Path(shutil.copytree(case.folder, tmp_path / "文档"))


def _assert_mended(case: Case, folder: Path, *, was_published: bool) -> None:
    report = _build_now(folder)

    if was_published:
        assert (report.is_new, report.n_read, report.n_encoded) == (False, 0, 0)
    else:
        assert report.changed == ("hoist.md",)
        assert report.added == ("新.txt",)
        assert report.removed == ("灯塔.txt",)
        assert (report.n_read, report.n_encoded) == (3, case.report.n_encoded)
    assert (report.generation, report.n_documents) == ("000004", 4)
    assert report.n_chunks == case.report.n_chunks
    assert _answers(folder) == case.after
    assert leftovers(folder / ".yiju") == []
    assert (folder / ".yiju" / "CURRENT").read_text() == "000004\n"


def test_the_points_are_passed_in_this_order_by_a_build_that_lives(folder, launcher):
    returncode, passed = launcher.run(folder, "")

    assert returncode == 0
    wanted = [*_BEFORE, *_AFTER]
    assert [point for point in passed if point in wanted] == wanted


@pytest.mark.parametrize("point", _BEFORE)
def test_a_build_killed_before_it_is_published_leaves_the_old_index(point, case, folder, launcher):
    launcher.kill(folder, point)

    assert IndexDir(folder / ".yiju").current() == "000003"
    assert _answers(folder) == case.before
    _assert_mended(case, folder, was_published=False)


@pytest.mark.parametrize("point", _AFTER)
def test_a_build_killed_after_it_is_published_leaves_the_new_index(point, case, folder, launcher):
    launcher.kill(folder, point)

    assert IndexDir(folder / ".yiju").current() == "000004"
    assert _answers(folder) == case.after
    _assert_mended(case, folder, was_published=True)


@pytest.mark.parametrize("point", ["read 1", "lexical 0", "open CURRENT.tmp 1"])
def test_a_first_build_that_was_killed_leaves_no_index(point, tmp_path, launcher):
    folder = write_documents(tmp_path, TEXTS)

    launcher.kill(folder, point)

    with pytest.raises(IndexMissingError):
        load(folder, HashEncoder())
    report = _build_now(folder)
    assert (report.generation, report.n_read, report.n_documents) == ("000001", 4, 4)
    assert leftovers(folder / ".yiju") == []


def test_builds_killed_again_and_again_leave_no_more_behind_than_one(case, folder, launcher):
    for point in ("dense 1", "open generations 0", "rename CURRENT.tmp 0", "read 2"):
        launcher.kill(folder, point)

    assert _answers(folder) == case.before
    _assert_mended(case, folder, was_published=False)
    names = sorted(path.name for path in (folder / ".yiju" / "generations").iterdir())
    assert names == ["000002", "000003", "000004"]
