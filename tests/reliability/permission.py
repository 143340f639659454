"""Permission lost: what may not be read or written, or is gone, costs no answer that still stands.

Root passes over the modes of files, so as root the children of this part give that right up first.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from index.build import build_index, check_index, default_index_dir
from index.history import read_log, rollback
from index.progress import Progress, Stage
from rag import answer
from tests.reliability.children import Outcome
from tests.reliability.report import Trial
from tests.reliability.scene import (
    SETTINGS,
    assert_tidy,
    build,
    copy,
    documents,
    edition_texts,
    live_problems,
    models,
    read_answers,
    read_state,
)

_UNREADABLE = "hoist.md"
_STAGES = (Stage.READ, Stage.ENCODE, Stage.DENSE, Stage.LEXICAL, Stage.PUBLISH)


def operate(folder: str, operation: str) -> object:
    """Do one thing as a user would; runs in a child."""
    place = Path(folder)
    index_dir = default_index_dir(place)
    if operation == "ask":
        return read_answers(place)
    if operation == "answer":
        return answer("逾期每天罚款多少？", documents=place).text
    if operation == "check":
        return check_index(index_dir)
    if operation == "log":
        return [entry.generation for entry in read_log(index_dir)]
    if operation == "rollback":
        rolled = rollback(place, index_dir, "2", settings=SETTINGS, encoder=models().encoder)
        return rolled.generation
    return build(place, full=operation == "full").generation


def build_while_it_vanishes(folder: str, victim: str, stage: str) -> str:
    """Build, and have a folder gone when a stage begins; runs in a child."""
    place = Path(folder)

    def vanish(progress: Progress) -> None:
        if progress.stage == stage:
            with suppress(FileNotFoundError):
                Path(victim).rename(f"{victim}-away")

    report = build_index(
        place, default_index_dir(place), models().encoder, settings=SETTINGS, progress=vanish
    )
    return report.generation


def permission(trial: Trial) -> None:
    """Try each way to lose a permission, again and again until there were ``count`` cases."""
    situations: list[Callable[[Trial], None]] = [
        _index_may_not_be_written,
        _index_may_not_be_read,
        _document_may_not_be_read,
        _folder_may_not_be_read,
        *([_index_is_mounted_read_only] if _may_mount() else []),
        *(_vanishing(stage, victim) for stage in _STAGES for victim in ("index", "documents")),
    ]
    if not _may_mount():
        trial.skip("no read-only mount can be made here (only root may)")
    trial.random.shuffle(situations)
    for number in range(trial.count):
        situations[number % len(situations)](trial)


def _place(trial: Trial, *, then: int = 3) -> Path:
    template = trial.scene.kept(f"permission-{then}", 1, 2, 3, then=then)
    return copy(template, trial.workplace() / "文档")


def _run(trial: Trial, place: Path, operation: str) -> Outcome:
    return trial.children.run(
        "permission:operate", folder=place, operation=operation, unprivileged=True
    )


def _index_may_not_be_written(trial: Trial) -> None:
    edition = trial.random.choice((3, 4))
    place = _place(trial, then=edition)
    with trial.expect(f"read-only index in {place}"):
        with _modes(default_index_dir(place), 0o555, 0o444):
            _assert_only_writing_is_refused(trial, place, is_stale=edition == 4)
        _assert_mended(trial, place, edition)
    trial.note("index folder may not be written")


def _index_is_mounted_read_only(trial: Trial) -> None:
    place = _place(trial)
    index_dir = default_index_dir(place)
    with trial.expect(f"index on a read-only mount in {place}"):
        subprocess.run(["mount", "--bind", index_dir, index_dir], check=True)
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", index_dir], check=True)
            _assert_only_writing_is_refused(trial, place, is_stale=False)
        finally:
            subprocess.run(["umount", index_dir], check=True)
        _assert_mended(trial, place, 3)
    trial.note("index on a read-only mount")


def _assert_only_writing_is_refused(trial: Trial, place: Path, *, is_stale: bool) -> None:
    asked = _run(trial, place, "ask")
    assert asked.value == list(trial.scene.answers(3)), f"asking: {asked}"
    for operation, wanted in (("check", "000003"), ("log", ["000003", "000002", "000001"])):
        outcome = _run(trial, place, operation)
        assert outcome.value == wanted, f"{operation}: {outcome}"
    for operation in ("full", "rollback", *(("build",) if is_stale else ())):
        _assert_refused(_run(trial, place, operation), operation, default_index_dir(place))
    if not is_stale:
        for operation, expected in (("build", "000003"), ("answer", "一角")):
            outcome = _run(trial, place, operation)
            assert outcome.value == expected, f"{operation}, with nothing to do: {outcome}"


def _assert_refused(outcome: Outcome, operation: str, where: Path) -> None:
    assert outcome.error == "index.errors.IndexingError", f"{operation}: {outcome}"
    assert str(where) in outcome.message, f"{operation} does not say where: {outcome.message}"
    reasons = ("Permission denied", "Read-only file system")
    assert any(reason in outcome.message for reason in reasons), outcome.message


def _index_may_not_be_read(trial: Trial) -> None:
    place = _place(trial)
    index_dir = default_index_dir(place)
    with trial.expect(f"unreadable index in {place}"):
        with _modes(index_dir, 0o700, 0o000):
            outcome = _run(trial, place, "ask")
            assert outcome.is_ours, f"asking: {outcome}"
            assert str(index_dir) in outcome.message, outcome.message
        _assert_mended(trial, place, 3)
    trial.note("index files may not be read")


def _document_may_not_be_read(trial: Trial) -> None:
    place = _place(trial, then=4)
    with trial.expect(f"unreadable document in {place}"):
        (place / _UNREADABLE).chmod(0)
        outcome = _run(trial, place, "build")
        assert outcome.value == "000004", f"the build: {outcome}"
        problems = live_problems(default_index_dir(place))
        assert "Permission denied".lower() in problems.get(_UNREADABLE, "").lower(), str(problems)
        asked = _run(trial, place, "ask")
        assert asked.value, f"asking: {asked}"
        _assert_others_are_answered(trial.scene.answers(4), asked.value)
        (place / _UNREADABLE).chmod(0o644)
        _assert_mended(trial, place, 4)
    trial.note("document may not be read")


def _assert_others_are_answered(wanted: Sequence[str], given: Sequence[str]) -> None:
    """Compare the words alone: without a document all others weigh a little more."""
    n_compared = 0
    for before, after in zip(map(json.loads, wanted), map(json.loads, given), strict=True):
        if before["citations"] and before["citations"][0]["source"] != _UNREADABLE:
            assert before["text"] == after["text"], f"answered {after['text']!r}"
            n_compared += 1
    assert n_compared, "nothing was answered from the others"


def _folder_may_not_be_read(trial: Trial) -> None:
    place = _place(trial)
    with trial.expect(f"unreadable folder in {place}"):
        (place / "规章").chmod(0)
        outcome = _run(trial, place, "build")
        assert outcome.value == "000004", f"the build: {outcome}"
        problems = live_problems(default_index_dir(place))
        assert any("规章" in source for source in problems), str(problems)
        (place / "规章").chmod(0o755)
        _assert_mended(trial, place, 3)
    trial.note("folder of documents may not be read")


def _vanishing(stage: Stage, victim: str) -> Callable[[Trial], None]:
    """Make the situation that the index or the documents vanish when a stage begins."""

    def situation(trial: Trial) -> None:
        place = _place(trial, then=4)
        index_dir = default_index_dir(place)
        gone = place if victim == "documents" else index_dir
        with trial.expect(f"{victim} vanish at {stage} in {place}"):
            _check_vanishing(trial, place, gone, stage)
        trial.note(f"{victim} vanished in the middle")

    return situation


def _check_vanishing(trial: Trial, place: Path, gone: Path, stage: Stage) -> None:
    outcome = trial.children.run(
        "permission:build_while_it_vanishes", folder=place, victim=gone, stage=stage
    )
    assert outcome.is_ours, f"the build: {outcome}"
    assert str(place) in outcome.message, f"the error does not say where: {outcome.message}"
    away = gone.with_name(f"{gone.name}-away")
    if gone.exists():  # what the build could still make of it
        shutil.rmtree(gone)
    away.rename(gone)
    assert read_answers(place) == trial.scene.answers(3), "the old index answers otherwise"
    _assert_mended(trial, place, 4)


def _assert_mended(trial: Trial, place: Path, edition: int) -> None:
    build(place)
    assert read_state(place) == trial.scene.state(edition), "then the build is not a full one"
    assert_tidy(default_index_dir(place))
    wanted = {name: text.encode() for name, text in edition_texts(edition).items()}
    assert documents(place) == wanted, "a document was touched"


def _may_mount() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


@contextmanager
def _modes(folder: Path, of_folders: int, of_files: int) -> Iterator[None]:
    """Change the modes of everything in a folder for a while."""
    everything = [folder, *folder.rglob("*")]
    for path in reversed(everything):
        path.chmod(of_folders if path.is_dir() else of_files)
    try:
        yield
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
