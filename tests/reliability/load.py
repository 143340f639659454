"""Load: many ask while the index changes under them; every answer is one generation's, whole.

64 threads ask one Answerer and other processes ask their own, while a thread rebuilds, rolls back
and collects generations. What each generation answers is known beforehand, and every answer says
which one it is from.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from index.build import default_index_dir
from index.errors import IndexingError
from index.generations import IndexDir
from index.history import rollback
from rag.answerer import Answerer
from tests.reliability.report import Trial
from tests.reliability.scene import (
    QUESTIONS,
    SETTINGS,
    ask,
    assert_tidy,
    build,
    models,
    open_answerer,
    write_edition,
)

_N_THREADS = 64
_N_PROCESSES = 2
_N_EDITIONS = 4
_KEEP = 2
_SETTINGS = replace(SETTINGS, keep_generations=_KEEP, lock_timeout_s=60)
Asked = Counter[tuple[str, int, str]]  # generation, number of the question, answer


@dataclass
class _Run:
    """What the threads share."""

    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)
    editions: dict[str, int] = field(default_factory=dict)  # what each generation was made of
    asked: Asked = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    changing: threading.Lock = field(default_factory=threading.Lock)  # documents half-way

    @property
    def home(self) -> IndexDir:
        return IndexDir(default_index_dir(self.folder))


def read_on(folder: str, sign: str) -> list[tuple[str, int, str, int]]:
    """Ask, loading the index anew whenever another generation is live; runs in a child.

    :return: Each different answer: generation, number of the question, answer, how often.
    """
    place, asked, random = Path(folder), Counter(), Random(os.getpid())
    home = IndexDir(default_index_dir(place))
    stamp = home.stamp()
    answerer = open_answerer(place)
    while not Path(sign).exists():
        if home.stamp() != stamp:
            stamp = home.stamp()
            answerer = open_answerer(place)
        number = random.randrange(len(QUESTIONS))
        generation, answer = ask(answerer, QUESTIONS[number])
        asked[generation, number, answer] += 1
    return [(*key, n_times) for key, n_times in asked.items()]


def load(trial: Trial) -> None:
    """Publish ``count`` generations while everybody asks."""
    place = trial.workplace() / "文档"
    write_edition(place, 0)
    run = _Run(place)
    run.editions[build(place, settings=_SETTINGS).generation] = 0
    started = time.monotonic()
    with trial.expect("load"):
        _ask_through_changes(trial, run)
        assert not run.errors, f"{len(run.errors)} errors; the first: {run.errors[0]}"
        _check_answers(trial, run)
        _check_collection(trial, run)
        assert_tidy(run.home.path, keep=_KEEP)
    trial.note("threads", _N_THREADS)
    trial.note("other processes", _N_PROCESSES)
    trial.note("seconds", round(time.monotonic() - started))


def _ask_through_changes(trial: Trial, run: _Run) -> None:
    answerer = open_answerer(run.folder)
    with _reading_processes(trial, run), ThreadPoolExecutor(_N_THREADS + 2) as pool:
        for _ in range(_N_THREADS):
            pool.submit(_guarded, run, _ask_on, answerer)
        pool.submit(_guarded, run, _refresh_on, answerer)
        pool.submit(_guarded, run, _publish, trial)


@contextmanager
def _reading_processes(trial: Trial, run: _Run) -> Iterator[None]:
    sign = run.folder.parent / "stop"
    children = trial.take_children(_N_PROCESSES)
    for child in children:
        child.start("load:read_on", timeout_s=3600, folder=run.folder, sign=sign)
    try:
        yield
    finally:
        run.stop.set()
        sign.touch()
        outcomes = [child.finish() for child in children]
    for outcome in outcomes:
        assert outcome.value, f"another process: {outcome}"
        for generation, number, answer, n_times in outcome.value:
            run.asked[generation, number, answer] += n_times
            trial.note("answers in other processes", n_times)


def _guarded(run: _Run, work: Callable[[_Run, object], None], what: object) -> None:
    try:
        work(run, what)
    except BaseException as exc:  # noqa: BLE001 - any error anywhere ends the run and is told
        run.errors.append(f"{work.__name__}: {type(exc).__name__}: {exc}")
        run.stop.set()


def _ask_on(run: _Run, answerer: Answerer) -> None:
    random = Random(threading.get_ident())
    while not run.stop.is_set():
        number = random.randrange(len(QUESTIONS))
        generation, answer = ask(answerer, QUESTIONS[number])
        with run.lock:
            run.asked[generation, number, answer] += 1


def _refresh_on(run: _Run, answerer: Answerer) -> None:
    """Switch to whatever is live, as a page does."""
    while not run.stop.is_set():
        with run.changing:
            if answerer.is_stale():
                answerer.refresh(automatic=True)
        time.sleep(0.01)


def _publish(run: _Run, trial: Trial) -> None:
    for _ in range(trial.count):
        if run.stop.is_set():
            return
        with run.changing:
            kept = [name for name in run.home.kept() if name != run.home.current()]
            if kept and trial.random.random() < 0.3:
                _roll_back(run, kept[0])
                trial.note("rollbacks")
            else:
                edition = trial.random.randrange(_N_EDITIONS)
                write_edition(run.folder, edition)
                full = trial.random.random() < 0.3
                report = build(run.folder, full=full, settings=_SETTINGS)
                run.editions[report.generation] = edition
                trial.note("full builds" if full else "incremental builds")
        time.sleep(trial.random.uniform(0, 0.2))
    run.stop.set()


def _roll_back(run: _Run, generation: str) -> None:
    done = rollback(
        run.folder, run.home.path, generation, settings=_SETTINGS, encoder=models().encoder
    )
    run.editions[done.generation] = run.editions[generation]


def _check_answers(trial: Trial, run: _Run) -> None:
    seen = set()
    for (generation, number, answer), n_times in run.asked.items():
        assert generation in run.editions, f"answered from {generation}, which nobody published"
        wanted = trial.scene.answers(run.editions[generation])[number]
        assert answer == wanted, f"{QUESTIONS[number]} of {generation}: {answer}, not {wanted}"
        trial.note("answers, each its generation's", n_times)
        seen.add(generation)
    trial.note("generations answered from", len(seen))


def _check_collection(trial: Trial, run: _Run) -> None:
    """Hold a generation through publications that would collect it, then let it go."""
    held = run.home.kept()[0]
    reader = open_answerer(run.folder, generation=held)
    wanted = trial.scene.answers(run.editions[held])
    for edition in (5, 6, 7, 8):
        write_edition(run.folder, edition)
        build(run.folder, settings=_SETTINGS)
        answers = tuple(ask(reader, question)[1] for question in QUESTIONS)
        assert answers == wanted, f"{held}, held by a reader, answers otherwise"
    root = run.home.paths(held).root
    assert root.is_dir(), f"{held} was collected while a reader held it"
    del reader
    write_edition(run.folder, 9)
    build(run.folder, settings=_SETTINGS)
    assert not root.exists(), f"{held} stays though nobody holds it"
    try:
        open_answerer(run.folder, generation=held)
    except IndexingError:
        trial.note("generations held through collections, then collected")
