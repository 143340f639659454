"""Disk full: a build or a rollback that the disk refuses at any byte leaves the old index.

The index lies on a small tmpfs of its own, filled up but for some pages; where none may be mounted
(only root may), the largest size of a file is limited instead.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from index.build import build_index
from index.generations import IndexDir
from index.history import rollback
from tests.reliability.children import Outcome
from tests.reliability.report import Trial
from tests.reliability.scene import (
    SETTINGS,
    assert_tidy,
    build,
    copy,
    models,
    read_answers,
    read_state,
    write_edition,
)

OPERATIONS = ("first", "full", "incremental", "rollback")
_PAGE = 4096
_DISK_BYTES = 16 * 1024 * 1024
_MOST_BYTES = 256 * 1024  # that an operation may need
_LARGEST_FILE = 48 * 1024  # of these indexes, about


def operate(folder: str, index_dir: str, operation: str, max_file_bytes: int) -> str:
    """Build or roll back in a child, with a limit for every file unless it is 0."""
    if max_file_bytes:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
    documents, place = Path(folder), Path(index_dir)
    if operation == "rollback":
        done = rollback(documents, place, "2", settings=SETTINGS, encoder=models().encoder)
        return done.generation
    full = operation == "full"
    return build_index(documents, place, models().encoder, settings=SETTINGS, full=full).generation


def disk_full(trial: Trial) -> None:
    """Try ``count`` sizes of disks and of files."""
    with _small_disk(trial) as disk:
        cases = [_prepare(trial, operation, disk) for operation in OPERATIONS]
        for number in range(trial.count):
            case = cases[number % len(cases)]
            if disk and number // len(cases) % 3 < 2:
                _fill_once(trial, case, disk)
            elif sys.platform != "win32":
                _limit_once(trial, case)


@dataclass(frozen=True, slots=True)
class _Case:
    operation: str
    folder: Path  # the documents
    template: Path  # the index before
    index_dir: Path  # where it is put for the operation
    before: int | None  # the editions
    after: int
    need: int  # bytes free with which the operation succeeds


def _prepare(trial: Trial, operation: str, disk: Path | None) -> _Case:
    place = trial.workplace()
    folder, template = place / "documents", place / "before"
    index_dir = (disk or place) / "index"
    for edition in () if operation == "first" else (1, 2, 3):
        write_edition(folder, edition)
        build(folder, index_dir=index_dir)  # each index is bound to its folder
    documents = {"first": 1, "rollback": 3}.get(operation, 4)
    write_edition(folder, documents)
    if operation == "first":
        index_dir.mkdir()
    copy(index_dir, template)
    shutil.rmtree(index_dir)
    case = _Case(
        operation,
        folder,
        template,
        index_dir,
        before=None if operation == "first" else 3,
        after=2 if operation == "rollback" else documents,
        need=_LARGEST_FILE,
    )
    return replace(case, need=_measure_need(trial, case, disk)) if disk else case


def _measure_need(trial: Trial, case: _Case, disk: Path) -> int:
    """Find by halves how much must be free."""
    least, most = 0, _MOST_BYTES // _PAGE
    while most - least > 4:
        pages = (least + most) // 2
        with _filled(case, disk, pages * _PAGE):
            outcome = _operate(trial, case)
        least, most = (least, pages) if outcome.value else (pages + 1, most)
    trial.note(f"bytes needed for {case.operation}", most * _PAGE)
    return most * _PAGE


def _operate(trial: Trial, case: _Case, limit: int = 0) -> Outcome:
    return trial.children.run(
        "disk_full:operate",
        folder=case.folder,
        index_dir=case.index_dir,
        operation=case.operation,
        max_file_bytes=limit,
    )


def _fill_once(trial: Trial, case: _Case, disk: Path) -> None:
    free = trial.random.randrange(0, case.need + _PAGE, _PAGE)
    with (
        trial.expect(f"{case.operation} with {free:,} bytes free"),
        _filled(case, disk, free) as ballast,
    ):
        trial.note("disks filled")
        _check(trial, case, _operate(trial, case), ballast)


def _limit_once(trial: Trial, case: _Case) -> None:
    limit = trial.random.randint(1, _LARGEST_FILE)
    with trial.expect(f"{case.operation} with files of at most {limit:,} bytes"), _placed(case):
        trial.note("files limited")
        _check(trial, case, _operate(trial, case, limit), None)


@contextmanager
def _placed(case: _Case) -> Iterator[None]:
    """Put the index that was before into its place, and clear the place afterwards."""
    copy(case.template, case.index_dir)
    try:
        yield
    finally:
        shutil.rmtree(case.index_dir)


@contextmanager
def _filled(case: _Case, disk: Path, free: int) -> Iterator[Path]:
    """Put the index into its place and fill the disk but for so many bytes."""
    ballast = disk / "ballast"
    with _placed(case):
        status = os.statvfs(disk)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - free)
        try:
            yield ballast
        finally:
            ballast.unlink(missing_ok=True)


def _check(trial: Trial, case: _Case, outcome: Outcome, ballast: Path | None) -> None:
    place = case.index_dir
    if outcome.value:
        trial.note(f"there was space enough for {case.operation}")
    else:
        assert outcome.error == "index.errors.IndexingError", f"no clear error: {outcome}"
        assert str(place) in outcome.message, f"the error does not say where: {outcome.message}"
        reasons = ("No space", "too large", "full", "disk I/O error", "io::Error")
        assert any(reason in outcome.message for reason in reasons), outcome.message
        trial.note(f"refused in {case.operation}")
        _check_old_answers(trial, case)
        if case.before:
            assert_tidy(place)  # the dead build's files do not keep the disk full
    if ballast:
        ballast.unlink()
    build(case.folder, index_dir=place)
    state = read_state(case.folder, place)
    wanted = case.after if case.operation != "rollback" else 3
    assert state == trial.scene.state(wanted), "with space again, the build is not a full one"
    assert_tidy(place)


def _check_old_answers(trial: Trial, case: _Case) -> None:
    current = IndexDir(case.index_dir).current()
    if case.before is None:
        assert current is None, f"generation {current} is live"
        return
    assert current == "000003", f"generation {current} is live"
    answers = read_answers(case.folder, case.index_dir)
    assert answers == trial.scene.answers(case.before), "the old index answers otherwise"
    trial.note("the old index answers")


@contextmanager
def _small_disk(trial: Trial) -> Iterator[Path | None]:
    place = trial.folder / "disk"
    place.mkdir()
    if not _mount(place):
        trial.skip("no tmpfs can be mounted here (only root may): files are limited instead")
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def _mount(place: Path) -> bool:
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    options = f"size={_DISK_BYTES}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
