"""Kill: a build dies by SIGKILL at any instant; the old index answers or the new one, whole.

Half of the deaths are at a named point: the moment before an operation on a file of the index
(``rename CURRENT.tmp 0`` is the first renaming of that file) or a progress report (``read 2`` is
the third one of that stage). A build that lives tells which points there are. The other half are at
a random time, which also falls into what SQLite, FAISS and tantivy do between those points.
"""

import os
import re
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from index.build import build_index, default_index_dir
from index.errors import IndexMissingError
from index.generations import IndexDir
from index.history import rollback
from index.manifest import check_files
from index.progress import Progress
from tests.reliability.children import Outcome
from tests.reliability.report import Trial
from tests.reliability.scene import (
    KEEP,
    SETTINGS,
    assert_tidy,
    build,
    copy,
    documents,
    edition_texts,
    models,
    read_answers,
    read_state,
)

OPERATIONS = ("first", "full", "incremental", "rollback")
_EVENTS = {
    "open": "open",
    "os.link": "link",
    "os.mkdir": "make",
    "os.rename": "rename",
    "os.remove": "remove",
    "os.rmdir": "remove",
    "shutil.copyfile": "copy",
    "shutil.rmtree": "delete",
    "sqlite3.connect": "connect",
}
_SEGMENT = re.compile("[0-9a-f]{32}")
_TASK = "kill:operate"


class Points:
    """Counts the points that a build passes and dies at the one named."""

    def __init__(self, index_dir: Path, fatal: str) -> None:
        """Name the folder whose files count and the point to die at, "" for none."""
        self.passed: list[str] = []
        self._index_dir = str(index_dir)
        self._fatal = fatal
        self._counts: Counter[str] = Counter()

    def report(self, progress: Progress) -> None:
        """Pass a progress report."""
        self._pass(progress.stage)

    def audit(self, event: str, arguments: tuple) -> None:
        """Pass an operation, before it is done."""
        if event not in _EVENTS or not isinstance(arguments[0], str | os.PathLike):
            return
        path = os.fspath(arguments[0])
        if path.startswith("file:"):
            path = unquote(path.removeprefix("file://").split("?")[0])
        # Python removes the files of a folder by their bare names.
        if path.startswith(self._index_dir) or (event == "os.remove" and "/" not in path):
            self._pass(f"{_EVENTS[event]} {_plain(Path(path))}")

    def _pass(self, kind: str) -> None:
        point = f"{kind} {self._counts[kind]}"
        self._counts[kind] += 1
        self.passed.append(point)
        if point == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def _plain(path: Path) -> str:
    """Return a file's name without what differs from run to run: tantivy's are random."""
    name = path.name.replace(str(os.getpid()), "PID")
    return _SEGMENT.sub("SEGMENT", name)


def operate(folder: str, operation: str, fatal: str) -> list[str]:
    """Do an operation and return the points passed; runs in a child."""
    place = Path(folder)
    index_dir = default_index_dir(place)
    points = Points(index_dir, fatal)
    sys.addaudithook(points.audit)
    encoder = models().encoder
    if operation == "rollback":
        rollback(place, index_dir, "2", settings=SETTINGS, encoder=encoder, progress=points.report)
    else:
        full = operation == "full"
        build_index(place, index_dir, encoder, settings=SETTINGS, full=full, progress=points.report)
    return points.passed


@dataclass(frozen=True, slots=True)
class _Case:
    """An operation, what is answered before and after it, and what the documents are."""

    operation: str
    template: Path
    before: int | None  # the editions
    after: int
    documents: int
    points: list[str]
    seconds: float


def kill(trial: Trial) -> None:
    """Kill ``count`` builds and rollbacks."""
    cases = [_prepare(trial, operation) for operation in OPERATIONS]
    for number in range(trial.count):
        case = cases[number % len(cases)]
        _kill_once(trial, case, at_point=number // len(cases) % 2 == 0)


def _prepare(trial: Trial, operation: str) -> _Case:
    documents_at = {"first": 1, "rollback": 3}.get(operation, 4)
    editions = () if operation == "first" else (1, 2, 3)
    template = trial.scene.kept(f"kill-{operation}", *editions, then=documents_at)
    place = copy(template, trial.workplace())
    outcome = trial.children.run(_TASK, folder=place, operation=operation, fatal="")
    assert outcome.value, str(outcome)
    return _Case(
        operation,
        template,
        before=editions[-1] if editions else None,
        after=2 if operation == "rollback" else documents_at,
        documents=documents_at,
        points=outcome.value,
        seconds=outcome.seconds,
    )


def _kill_once(trial: Trial, case: _Case, *, at_point: bool) -> None:
    place = copy(case.template, trial.workplace())
    run = partial(trial.children.run, _TASK, folder=place, operation=case.operation)
    if at_point:
        point = trial.random.choice(case.points)
        outcome = run(fatal=point)
    else:
        after_s = trial.random.uniform(0, case.seconds)
        point = f"after {after_s * 1000:.1f} ms"
        outcome = run(fatal="", kill_after_s=after_s)
    with trial.expect(f"{case.operation} killed at {point} in {place}"):
        _check(trial, case, place, outcome, at_point=at_point)


def _check(trial: Trial, case: _Case, place: Path, outcome: Outcome, *, at_point: bool) -> None:
    if not outcome.was_killed:
        assert not at_point, f"the build was not killed but {outcome}"
        assert outcome.value, str(outcome)
        trial.note("ended before the signal")
    else:
        trial.note(f"killed in {case.operation} at a {'point' if at_point else 'time'}")
    was_published = _check_answers(trial, case, place, is_killed=outcome.was_killed)
    assert documents(place) == _wanted_documents(case), "a document was touched"
    if case.operation == "rollback" and not was_published and trial.random.random() < 0.5:
        rolled = trial.children.run(_TASK, folder=place, operation="rollback", fatal="")
        assert rolled.value, f"the next rollback: {rolled}"
        assert read_answers(place) == trial.scene.answers(2), "the next rollback answers otherwise"
        assert_tidy(default_index_dir(place))
    build(place)  # without waiting: a lock that the dead build left would be an error
    assert read_state(place) == trial.scene.state(case.documents), (
        "the next build is not a full one"
    )
    # The dead build may have left one generation too many; the next publication collects it.
    assert_tidy(default_index_dir(place), keep=KEEP + was_published)
    assert documents(place) == _wanted_documents(case), "a document was touched"
    assert not build(place).is_new, "the build after the next one still found something to do"


def _wanted_documents(case: _Case) -> dict[str, bytes]:
    return {name: text.encode() for name, text in sorted(edition_texts(case.documents).items())}


def _check_answers(trial: Trial, case: _Case, place: Path, *, is_killed: bool) -> bool:
    """Compare the answers with those of the generation that is live; return whether it is new."""
    home = IndexDir(default_index_dir(place))
    live = int(home.current() or 0)
    old = 0 if case.before is None else 3
    assert live in {old, old + 1}, f"generation {live} is live"
    assert is_killed or live == old + 1, "the build that ended is not live"
    if not live:
        try:
            read_answers(place)
        except IndexMissingError:
            trial.note("no index yet")
            return False
        raise AssertionError("there were answers without an index")
    is_new = live > old
    wanted = case.after if is_new else case.before
    assert read_answers(place) == trial.scene.answers(wanted), f"not the answers of {live}"
    trial.note("the new index answers" if is_new else "the old index answers")
    name = trial.random.choice(home.kept())  # what was kept is not torn
    edition = wanted if int(name) == live else int(name)
    answers = read_answers(place, generation=name)
    assert answers == trial.scene.answers(edition), f"not the answers of {name}"
    for name in home.kept():
        check_files(home.paths(name))
    least = min(3, live) - 1 if is_killed and is_new else min(3, live)
    assert len(home.kept()) >= least, f"of the generations only {home.kept()} are left"
    return is_new
