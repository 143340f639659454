"""Row work done by processes: the same as done here, whatever becomes of them."""

import os
import signal
import subprocess
import sys
import time
from math import inf
from pathlib import Path

import numpy as np
import pytest

from index import row_workers
from index.dense import VectorFile
from index.generations import IndexDir
from index.lexical import LexicalIndex
from index.lexical_writer import Cut, LexicalWriter
from index.row_workers import RowFiles, count_cores, open_workers
from tests.fakes import HashEncoder
from tests.index.folders import build, load, write_documents

_ROOT = Path(__file__).parents[2]
_TEXTS = {
    f"{at:02}.txt": "".join(
        f"第{at}号文件第{line}条：会议在{line}号楼召开。\n\n" for line in range(40)
    )
    for at in range(12)
}


@pytest.fixture(scope="module")
def built(tmp_path_factory, bundled_encoder):
    folder = write_documents(tmp_path_factory.mktemp("documents"), _TEXTS)
    build(folder, bundled_encoder)
    return folder


@pytest.fixture
def work(built, bundled_encoder, tmp_path):
    """The rows of a store, and a file for their vectors."""
    home = IndexDir(built / ".yiju")
    store, n_rows = home.paths(home.current()).store, load(built, bundled_encoder).n_chunks
    files = RowFiles(store, tmp_path / "vectors", n_rows)
    with VectorFile.create(files.vectors, bundled_encoder.dim, n_rows):
        pass
    return files


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = status.read_text().partition(" (")
            if int(rest.rpartition(") ")[2].split()[1]) == pid:
                found.append(int(number))
        except OSError:
            continue
    return found


def _read(files, dim):
    with VectorFile.open(files.vectors, dim, files.n_rows) as vectors:
        return vectors.read(0, files.n_rows)


def _do_all(workers, files, folder):
    """Have all rows encoded in parts and written as two segments; return the lexical index."""
    folder.mkdir()
    third, half = files.n_rows // 3, files.n_rows // 2
    waits = [workers.encode([(0, 5), (third, files.n_rows)]), workers.encode([(5, third)])]
    writer, parts = LexicalWriter(folder, None), []
    for start, stop in ((0, half), (half, files.n_rows)):
        path = writer.folder()
        parts.append(
            (Cut(f"{start}", stop - start), path, workers.write_segment(start, stop, path))
        )
    for wait in waits:
        wait()
    for cut, path, wait in parts:
        writer.take(cut, path, wait())
    assert sorted(path.suffix for path in folder.iterdir() if path.is_dir()) == []
    return LexicalIndex.load(folder, writer.finish())


def _assert_right(files, lexical, built, encoder):
    base = load(built, encoder)
    rows = base.chunks(range(base.n_chunks))
    vectors = _read(files, encoder.dim)
    for vector, chunk in zip(vectors, rows, strict=True):
        assert base.score_dense(vector, [chunk]) == pytest.approx(1.0, abs=1e-5)
    assert lexical.n_rows == len(rows)
    assert lexical.mean_terms == pytest.approx(base.manifest.mean_terms)
    for term in ("会议", "#11", "17"):
        assert lexical.n_chunks_with(term) == base.n_chunks_with(term)


@pytest.mark.parametrize(("least", "n_workers"), [(10**6, 3), (0, 1), (0, 2), (0, 5)])
def test_the_work_is_the_same_wherever_it_is_done(  # noqa: PLR0917 - two parameters, five fixtures
    work, built, bundled_encoder, tmp_path, monkeypatch, least, n_workers
):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", least)
    before = set(_children(os.getpid()))
    with open_workers(work, bundled_encoder, work.n_rows, n_workers) as workers:
        lexical = _do_all(workers, work, tmp_path / "lexical")
        n_started = len(set(_children(os.getpid())) - before) if sys.platform == "linux" else None

    _assert_right(work, lexical, built, bundled_encoder)
    if n_started is not None:
        assert n_started == (0 if least else n_workers - 1)
        assert set(_children(os.getpid())) <= before


def test_several_workers_build_what_one_builds(built, bundled_encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    folder = write_documents(tmp_path / "documents", _TEXTS)
    build(folder, bundled_encoder)

    ours, theirs = load(folder, bundled_encoder), load(built, bundled_encoder)
    assert ours.chunks(range(ours.n_chunks)) == theirs.chunks(range(theirs.n_chunks))
    dense = [IndexDir(one / ".yiju").paths("000001").dense.read_bytes() for one in (folder, built)]
    assert dense[0] == dense[1]
    for terms in (["会议", "17"], ["#11", "号"]):
        hits = [
            [(hit.chunk, hit.score) for hit in base.search_lexical(terms, 10)]
            for base in (ours, theirs)
        ]
        assert hits[0] == hits[1] != []


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
@pytest.mark.parametrize("n_killed", [1, 2])
def test_work_of_a_process_that_is_killed_is_done_again(  # noqa: PLR0917 - five fixtures
    work, built, bundled_encoder, tmp_path, monkeypatch, n_killed
):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    before = set(_children(os.getpid()))
    with open_workers(work, bundled_encoder, work.n_rows, 3) as workers:
        for child in sorted(set(_children(os.getpid())) - before)[:n_killed]:
            os.kill(child, signal.SIGKILL)
        lexical = _do_all(workers, work, tmp_path / "lexical")

    _assert_right(work, lexical, built, bundled_encoder)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_what_a_killed_process_left_is_written_anew(
    work, bundled_encoder, tmp_path, monkeypatch, n_workers
):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    folder = tmp_path / "lexical"
    folder.mkdir()
    writer = LexicalWriter(folder, None)
    place = writer.folder()
    with open_workers(work, bundled_encoder, work.n_rows, n_workers) as workers:
        workers.write_segment(0, 9, place)()
        (place / "left.tmp").write_bytes(b"half")
        wait = workers.write_segment(0, work.n_rows, place)
        if n_workers > 1:
            wait.args[0].result(60)  # by the other process
        writer.take(Cut("all", work.n_rows), place, wait())

    assert LexicalIndex.load(folder, writer.finish()).n_rows == work.n_rows


@pytest.mark.parametrize(
    "reply", [None, {}, {"result": None}, {"result": "x"}, {"error": "x"}, {"result": inf}]
)
def test_a_reply_that_makes_no_sense_is_work_done_again(work, bundled_encoder, monkeypatch, reply):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    send = f"write_frame(replies, Frame({reply!r}))" if reply is not None else "replies.write(b'?')"
    code = (
        "import sys; from index.formats.frames import Frame, read_frame, write_frame\n"
        "replies = sys.stdout.buffer; read_frame(sys.stdin.buffer, 0); inf = float('inf')\n"
        f"{send}; replies.flush()"
    )
    monkeypatch.setattr(row_workers, "start_child", lambda *_: _start(code))
    with open_workers(work, bundled_encoder, work.n_rows, 2) as workers:
        wait = workers.encode([(0, 2)])
        with pytest.raises(TimeoutError):
            wait.args[0].result(1)
        wait()

    assert np.linalg.norm(_read(work, bundled_encoder.dim)[0]) == pytest.approx(1.0)


def test_what_the_disk_refuses_is_raised_here(work, bundled_encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    with open_workers(work, bundled_encoder, work.n_rows, 2) as workers:
        wait = workers.write_segment(0, 5, tmp_path / "missing" / "folder")
        with pytest.raises(FileNotFoundError, match="No such file"):
            wait()


def test_what_the_disk_refuses_to_another_process_is_raised_here(
    work, bundled_encoder, tmp_path, monkeypatch
):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    with open_workers(work, bundled_encoder, work.n_rows, 2) as workers:
        wait = workers.write_segment(0, 5, tmp_path / "missing" / "folder")
        assert isinstance(wait.args[0].exception(60), FileNotFoundError)  # nobody here did it
        with pytest.raises(FileNotFoundError, match="No such file"):
            wait()


def test_who_waits_works_meanwhile(work, bundled_encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    monkeypatch.setattr(row_workers, "start_child", _start_idle)
    with open_workers(work, bundled_encoder, work.n_rows, 2) as workers:
        waits = [workers.encode([(row, row + 1)]) for row in range(3)]
        waits[1]()  # the first lies with a process that will never answer

    norms = np.linalg.norm(_read(work, bundled_encoder.dim), axis=1)
    assert norms[1] == pytest.approx(1.0)


def _start_idle(*_):
    return _start("import time; time.sleep(600)")


def _start(code):
    command = [sys.executable, "-c", code]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, start_new_session=True
    )


def test_another_encoder_works_here(built, tmp_path, monkeypatch):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", 0)
    encoder = HashEncoder()
    build(write_documents(tmp_path / "documents", _TEXTS), encoder)

    assert len(encoder.encoded) > 12


def test_there_is_a_core():
    assert 1 <= count_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_processes_end_with_a_build_that_is_killed(tmp_path):
    folder = write_documents(tmp_path / "documents", _TEXTS)
    code = (
        "import sys, threading; from pathlib import Path\n"
        "from index import row_workers; from index.encoder import StaticEncoder\n"
        "from index.progress import Stage; from tests.index.folders import build\n"
        "row_workers._LEAST_ROWS = 0\n"
        "def wait(progress):\n"
        "    if progress.stage is Stage.DENSE:\n"
        "        print('ready', flush=True); threading.Event().wait()\n"
        "build(Path(sys.argv[1]), StaticEncoder.load(), progress=wait)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, folder], cwd=_ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout.readline() == "ready\n"
        children = _children(parent.pid)
        assert len(children) == count_cores() - 1
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    deadline = time.monotonic() + 10
    while any(_is_alive(child) for child in children):
        assert time.monotonic() < deadline, "a process outlived its build"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_vectors_of_a_missed_range_stay_zero(work, bundled_encoder):
    with open_workers(work, bundled_encoder, 1, 1) as workers:
        workers.encode([(1, 3)])()

    norms = np.linalg.norm(_read(work, bundled_encoder.dim), axis=1)
    assert norms[1:3] == pytest.approx(1.0)
    assert not norms[[0, 3]].any()
