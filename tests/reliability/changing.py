"""A file that changes while it is read is never indexed torn.

Every version of a file says one number on every line, so whoever has lines of two versions, or only
some of a version's lines, has a torn document. A writer rewrites, lengthens, shortens, replaces and
deletes files while they are read and indexed. A change that lasted longer than the promise says (on
a busy machine the writer is put to sleep in its middle) is counted, not judged: nothing but its
beginning can be told from a file's time.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from index.build import build_index, default_index_dir
from index.datatypes import BuildReport
from index.errors import IndexMissingError, UnreadableError
from index.knowledge_base import KnowledgeBase
from index.loading import read_bytes, scan_documents
from tests.fakes import HashEncoder
from tests.reliability.report import Trial
from tests.reliability.scene import SETTINGS, assert_tidy

_ENCODER = HashEncoder(8)
_NAMES = ("甲.txt", "乙.txt", "丙.txt")
_LARGE_LINES = 40_000  # 1.3 MB: reading and writing take long enough to meet
_SMALL_LINES = 60
_MAX_BYTES = 64 * 1024 * 1024
_PROMISED_S = 0.02  # and 2 ns for each byte


class _Writer:
    """Changes files; every version is whole when a method returns, and may be met half-way."""

    def __init__(self, folder: Path, n_lines: int, random: Random) -> None:
        self._folder = folder
        self._n_lines = n_lines
        self._random = random
        self.n_changes = 0
        self._seconds: dict[int, float] = {}  # that the change to a version took

    def rewrite(self, path: Path) -> None:
        """Give a file its next version from the start, in place."""
        self._make(path, self._write, self._n_lines)

    def change(self) -> None:
        """Change any file in any way."""
        path = self._folder / self._random.choice(_NAMES)
        way = self._random.choice((self._write, self._replace, self._delete))
        n_lines = self._random.choice((self._n_lines, self._random.randint(1, 2 * self._n_lines)))
        self._make(path, way, n_lines)

    def keeps_promise(self, version: int) -> bool:
        """Tell whether a version was written as fast as the promise asks, once it is."""
        while version not in self._seconds:
            time.sleep(0.001)
        return self._seconds[version] < _PROMISED_S

    def _make(self, path: Path, way: Callable[[Path, bytes], None], n_lines: int) -> None:
        self.n_changes += 1
        data = self._version(n_lines)
        started = time.monotonic()
        way(path, data)
        self._seconds[self.n_changes] = time.monotonic() - started

    def _write(self, path: Path, data: bytes) -> None:
        with path.open("r+b" if path.exists() else "wb", buffering=0) as file:
            file.write(data)
            file.truncate()

    def _replace(self, path: Path, data: bytes) -> None:
        new = path.with_name(".new")
        new.write_bytes(data)
        new.replace(path)

    def _delete(self, path: Path, data: bytes) -> None:
        path.unlink(missing_ok=True)
        self._write(path, data)

    def _version(self, n_lines: int) -> bytes:
        """Return so many lines that all say the version and how many they are."""
        line = f"第{self.n_changes:08d}版，共{n_lines:06d}行。\n"
        return (line * n_lines).encode()


def changing(trial: Trial) -> None:
    """Read changing files ``count`` times, and index them a tenth as often."""
    with trial.expect("reading"):
        _read(trial)
    with trial.expect("building"):
        _build(trial)


def _read(trial: Trial) -> None:
    place = trial.workplace()
    writer = _Writer(place, _LARGE_LINES, trial.random)
    path = place / _NAMES[0]
    writer.rewrite(path)
    with _running(lambda: writer.rewrite(path), 0.1):
        for _ in range(trial.count):
            [file] = scan_documents(place, _MAX_BYTES).files
            try:
                data = read_bytes(file, _MAX_BYTES)
            except UnreadableError as exc:
                assert "changed while it was read" in str(exc), str(exc)
                trial.note("reads that met a change and were put off")
            else:
                _assert_whole(trial, writer, data.decode(errors="replace"), str(path))
    trial.note("versions written while reading", writer.n_changes)


def _build(trial: Trial) -> None:
    place = trial.workplace()
    writer = _Writer(place, _SMALL_LINES, trial.random)
    for name in _NAMES:
        writer.rewrite(place / name)
    with _running(writer.change, 0.02):
        for _ in range(max(3, trial.count // 10)):
            with suppress(IndexMissingError):  # just then there is no document
                _note_build(trial, _index(place))
                _check(trial, writer, place)
    trial.note("changes while building", writer.n_changes)
    _index(place)
    knowledge_base = _open(place)
    for name in _NAMES:  # whatever a build met, the next one has it as it is now
        assert _text(knowledge_base, name) == (place / name).read_text("utf-8"), f"{name} is old"
    problems = list(knowledge_base.files.problems())
    assert not problems, str(problems)
    assert_tidy(default_index_dir(place))


def _index(place: Path) -> BuildReport:
    return build_index(place, default_index_dir(place), _ENCODER, settings=SETTINGS)


def _note_build(trial: Trial, report: BuildReport) -> None:
    trial.note("builds")
    for problem in report.problems:
        wanted = ("changed while it was read", "No such file", "not found")
        assert any(reason in problem.message for reason in wanted), problem.message
        trial.note("files that were being changed, put off with a row in the report")


def _check(trial: Trial, writer: _Writer, place: Path) -> None:
    knowledge_base = _open(place)
    for document in knowledge_base.files.document_infos():
        text = knowledge_base.document(document.doc_id).text
        _assert_whole(trial, writer, text, document.source)


def _open(place: Path) -> KnowledgeBase:
    return KnowledgeBase.load(default_index_dir(place), encoder=_ENCODER, documents_dir=place)


def _text(knowledge_base: KnowledgeBase, source: str) -> str:
    [info] = [entry for entry in knowledge_base.files.document_infos() if entry.source == source]
    return knowledge_base.document(info.doc_id).text


def _assert_whole(trial: Trial, writer: _Writer, text: str, what: str) -> None:
    lines = text.splitlines()
    versions = sorted({int(line[1:9]) for line in lines if line[1:9].isdecimal()})
    if len(set(lines)) == 1 and int(lines[0][12:18]) == len(lines):
        trial.note("whole")
    elif versions and not writer.keeps_promise(versions[-1]):
        trial.note("met in a change longer than promised")
    else:
        raise AssertionError(f"{what} is torn: {len(lines)} lines of the versions {versions[:4]}")


@contextmanager
def _running(change: Callable[[], object], pause_s: float) -> Iterator[None]:
    """Go on changing in a thread, with random pauses up to one."""
    stop, random = threading.Event(), Random(0)

    def work() -> None:
        while not stop.wait(random.uniform(0, pause_s) * random.randint(0, 1)):
            change()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
