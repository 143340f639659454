"""Two builds at once: the second waits, or says who holds the lock; a dead holder holds nothing."""

import os
import platform
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from docx import Document

from index.build import build_index, default_index_dir
from index.generations import IndexDir
from index.isolation import IsolatedExtractor
from index.progress import Progress, Stage
from tests.reliability.children import Children
from tests.reliability.report import Trial
from tests.reliability.scene import (
    SETTINGS,
    assert_tidy,
    build,
    copy,
    models,
    read_state,
)

_AT_ONCE = 3
_PATIENT_S = 30.0


def hold(folder: str, sign: str, release: str) -> None:
    """Hold the lock, say so in a file, and let go when another file is there; runs in a child."""
    with IndexDir(default_index_dir(Path(folder))).lock(0):
        _give(Path(sign), os.getpid())
        _await(Path(release))


def build_waiting(folder: str, patience_s: float, sign: str) -> dict[str, object]:
    """Build and tell whom it waited for; runs in a child."""
    holders = []

    def tell(progress: Progress) -> None:
        if progress.stage is Stage.WAIT:
            holders.append(progress.name)
            _give(Path(sign), os.getpid())

    settings = replace(SETTINGS, lock_timeout_s=patience_s)
    place = Path(folder)
    report = build_index(
        place, default_index_dir(place), models().encoder, settings=settings, progress=tell
    )
    return {"generation": report.generation, "is_new": report.is_new, "holders": holders}


def build_with_worker(folder: str, sign: str, release: str) -> None:
    """Build, and stop while a worker reads a risky file; runs in a child."""
    whole = IsolatedExtractor.extract

    def extract(self, loader, data):
        extraction = whole(self, loader, data)
        if self.pid:
            _give(Path(release), self.pid)
            _give(Path(sign), os.getpid())
            time.sleep(_PATIENT_S)
        return extraction

    IsolatedExtractor.extract = extract
    build(Path(folder))


def _give(sign: Path, pid: int) -> None:
    new = sign.with_suffix(f".{os.getpid()}")
    new.write_text(str(pid))
    new.replace(sign)


def _await(sign: Path) -> int:
    end = time.monotonic() + _PATIENT_S
    while not sign.exists():
        assert time.monotonic() < end, f"{sign} did not come"
        time.sleep(0.01)
    return int(sign.read_text())


def locking(trial: Trial) -> None:
    """Let builds meet, ``count`` times in turn in each of five ways."""
    ways = (_refused, _waiting, _after_a_death, _after_a_death_with_a_worker, _all_at_once)
    _, *others = trial.take_children(_AT_ONCE)
    for number in range(trial.count):
        way = ways[number % len(ways)]
        place = copy(trial.scene.kept("locking", 1, then=2), trial.workplace() / "文档")
        with trial.expect(f"{way.__name__.strip('_').replace('_', ' ')} in {place}"):
            way(trial, place, others)
            assert read_state(place) == trial.scene.state(2), "the index is not a full one"
            assert_tidy(default_index_dir(place))


@dataclass(frozen=True, slots=True)
class _Signs:
    """Files by which processes tell each other how far they are."""

    held: Path
    waits: Path
    release: Path

    @classmethod
    def of(cls, place: Path) -> Self:
        return cls(*(place.parent / name for name in ("held", "waits", "release")))


def _start_holder(trial: Trial, place: Path, task: str = "hold") -> int:
    """Start a child that holds the lock and return its number."""
    signs = _Signs.of(place)
    trial.children.start(f"locking:{task}", folder=place, sign=signs.held, release=signs.release)
    return _await(signs.held)


def _start_build(other: Children, place: Path, patience_s: float) -> None:
    other.start(
        "locking:build_waiting",
        folder=place,
        patience_s=patience_s,
        sign=_Signs.of(place).waits,
    )


def _refused(trial: Trial, place: Path, others: list[Children]) -> None:
    pid = _start_holder(trial, place)
    _start_build(others[0], place, 0.2)
    outcome = others[0].finish()
    _give(_Signs.of(place).release, 0)
    trial.children.finish()
    assert outcome.error == "index.errors.IndexLockedError", f"the second build: {outcome}"
    for part in (f"process {pid} ", "since 20", str(place), platform.node()):
        assert part in outcome.message, f"{part!r} is not in: {outcome.message}"
    assert build(place).is_new
    trial.note("refused, naming the holder")


def _waiting(trial: Trial, place: Path, others: list[Children]) -> None:
    pid, signs = _start_holder(trial, place), _Signs.of(place)
    _start_build(others[0], place, _PATIENT_S)
    _await(signs.waits)
    _give(signs.release, 0)
    outcome = others[0].finish()
    trial.children.finish()
    assert outcome.value, f"the second build: {outcome}"
    [told] = outcome.value["holders"]
    assert f"process {pid} " in told, f"whoever waits is told {told!r}"
    assert outcome.value["is_new"], "the second build did nothing"
    trial.note("waited, and was told for whom")


def _after_a_death(trial: Trial, place: Path, others: list[Children]) -> None:
    os.kill(_start_holder(trial, place), signal.SIGKILL)
    holder = trial.children.finish()
    assert holder.was_killed, str(holder)
    _start_build(others[0], place, 0)
    outcome = others[0].finish()
    assert outcome.value, f"the next build: {outcome}"
    trial.note("a dead holder's lock was free")


def _after_a_death_with_a_worker(trial: Trial, place: Path, others: list[Children]) -> None:
    word = Document()
    word.add_paragraph("附件写着：会费每年二十元。")
    word.save(str(place / "附件.docx"))
    os.kill(_start_holder(trial, place, "build_with_worker"), signal.SIGKILL)
    holder = trial.children.finish()
    assert holder.was_killed, str(holder)
    worker = _await(_Signs.of(place).release)
    (place / "附件.docx").unlink()
    _start_build(others[0], place, 0)
    outcome = others[0].finish()
    assert outcome.value, f"the next build: {outcome}"
    end = time.monotonic() + _PATIENT_S
    while _is_alive(worker):
        assert time.monotonic() < end, f"the worker {worker} outlives its build"
        time.sleep(0.05)
    trial.note("a dead holder's worker kept no lock and ended")


def _all_at_once(trial: Trial, place: Path, others: list[Children]) -> None:
    everybody = [trial.children, *others]
    for each in everybody:
        _start_build(each, place, _PATIENT_S)
    outcomes = [each.finish() for each in everybody]
    for outcome in outcomes:
        assert outcome.value, f"one of {len(everybody)} builds: {outcome}"
        assert outcome.value["generation"] == "000002", str(outcome)
    assert sum(outcome.value["is_new"] for outcome in outcomes) == 1, "work was done twice"
    trial.note("builds at once, of which one did the work", len(everybody))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
