import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from index.errors import IndexMissingError, ModelError
from index.file_batches import LocalEngine
from index.loading import FoundFile, scan_documents
from index.ray_engine import RayEngine
from index.settings import IndexSettings
from tests.fakes import HashEncoder
from tests.formats.plan import load_plan
from tests.formats.writers import write_folder
from tests.index.batches import assert_same, by_source
from tests.index.ray_processes import (
    LINUX,
    NEEDS_RAY,
    busy_workers,
    descendants,
    still_alive,
    write_many,
)

pytestmark = [NEEDS_RAY, LINUX, pytest.mark.slow, pytest.mark.cluster]
_ROOT = Path(__file__).parents[2]
_SETTINGS = IndexSettings()
_N_WORKERS = 2
_AHEAD = 2 * _N_WORKERS * 16  # files in tasks under way
# Python runs this in every process that Ray starts: a machine on which a file is deadly, and which
# has another file system.
_MACHINE = """
import os, signal, sys

def die(event, arguments):
    if event == "open" and str(arguments[0]).endswith("poison.txt"):
        os.kill(os.getpid(), signal.SIGKILL)

def hide(function):
    def look(path, *arguments, **named):
        if str(path).endswith("elsewhere.txt"):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return function(path, *arguments, **named)
    return look

sys.addaudithook(die)
os.open, os.stat = hide(os.open), hide(os.stat)
"""
_INTERRUPTED = """
import sys
from pathlib import Path
from index.encoder import load_encoder
from index.loading import scan_documents
from index.ray_engine import RayEngine
from index.settings import IndexSettings

files = scan_documents(Path(sys.argv[1]), 2**20).files
for number, _ in enumerate(RayEngine(load_encoder(), IndexSettings(), n_workers=2).run(files)):
    if number == 20:
        print("running", flush=True)
"""


@pytest.fixture
def engine(bundled_encoder):
    return RayEngine(bundled_encoder, _SETTINGS, n_workers=_N_WORKERS)


@pytest.fixture
def local(bundled_encoder):
    return LocalEngine(bundled_encoder, _SETTINGS)


@pytest.fixture
def odd_machine(tmp_path, monkeypatch):
    """Let Ray start its processes as on a machine that is not like this one."""
    folder = tmp_path / "machine"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_MACHINE)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_every_format_becomes_what_the_local_engine_makes_of_it(
    corpus_copy, engine, local, monkeypatch
):
    write_folder(corpus_copy / "planted", load_plan())
    (corpus_copy / "broken.docx").write_bytes(b"no document")
    (corpus_copy / "empty.txt").write_bytes(b"")
    files = scan_documents(corpus_copy, 2**26).files
    gone = FoundFile(corpus_copy / "gone.txt", "gone.txt", 1, 1)
    # As the command may be given it: a path that means something in this process alone.
    monkeypatch.chdir(corpus_copy)
    near = FoundFile(Path("empty.txt"), "near.txt", 0, 1)

    made = by_source(engine.run([*files, gone, near]))

    assert_same(made, by_source(local.run([*files, gone, near])))
    assert made["broken.docx"].error
    assert made["gone.txt"].error
    assert not made["near.txt"].error
    assert len({Path(source).suffix for source in made}) >= 12


def test_killed_workers_lose_nothing_and_repeat_nothing(tmp_path, engine, local):
    files = write_many(tmp_path / "documents", 200)

    made, killed, children = [], [], []
    for batch in engine.run(files):
        made.append(batch)
        if len(made) % 50 == 1 and (busy := busy_workers()):
            children += descendants(busy[0])
            os.kill(busy[0], signal.SIGKILL)
            killed.append(busy[0])

    assert len(killed) >= 3
    assert children, "no worker had started its reader of risky formats"
    assert_same(by_source(made), by_source(local.run(files)))
    assert still_alive([*killed, *children]) == []
    assert descendants() == []


@pytest.mark.usefixtures("odd_machine")
def test_a_file_that_ends_every_worker_becomes_a_batch_that_says_so(tmp_path, engine, local):
    write_many(tmp_path / "documents", 40)
    poison = tmp_path / "documents" / "0020-poison.txt"
    poison.write_text("致命。", "utf-8")
    files = scan_documents(tmp_path / "documents", 2**20).files

    made = by_source(engine.run(files))

    deadly = made.pop(poison.name)
    assert "ended 3 times" in deadly.error
    assert (deadly.sha256, deadly.loaded, deadly.chunks, deadly.terms) == ("", None, (), ())
    assert deadly.vectors.shape == (0, 256)
    assert_same(made, by_source(local.run(f for f in files if f.source != poison.name)))


@pytest.mark.usefixtures("odd_machine")
def test_a_machine_that_does_not_see_the_folder_stops_the_build(tmp_path, engine):
    unseen = tmp_path / "elsewhere.txt"
    unseen.write_text("别处。", "utf-8")

    with pytest.raises(IndexMissingError) as stopped:
        list(engine.run(scan_documents(tmp_path, 2**20).files))

    assert str(unseen) in str(stopped.value)
    assert socket.gethostname() in str(stopped.value)


def test_a_machine_with_another_encoder_stops_the_build(corpus_dir):
    files = scan_documents(corpus_dir, 2**20).files

    with pytest.raises(ModelError, match=HashEncoder().fingerprint):
        list(RayEngine(HashEncoder(), _SETTINGS, n_workers=1).run(files))

    assert descendants() == []


def test_files_are_taken_only_as_fast_as_batches_are(tmp_path, engine):
    files = write_many(tmp_path / "documents", 400)
    n_taken = 0

    def take():
        nonlocal n_taken
        for file in files:
            n_taken += 1
            yield file

    with closing(engine.run(take())) as batches:
        for number, batch in enumerate(batches, 1):
            assert n_taken <= number + _AHEAD + 2 * 16, "it runs ahead of who takes the batches"
            assert batch.vectors.base is None, "it keeps Ray's object store from shrinking"
            if number == 300:
                break
    assert descendants() == []


def test_ctrl_c_ends_every_process(tmp_path):
    write_many(tmp_path / "documents", 400)
    child = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, str(tmp_path / "documents")],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert child.stdout.readline() == "running\n"
        started = descendants(child.pid)
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does, to all in the foreground
        _, errors = child.communicate(timeout=60)
    finally:
        child.kill()
        child.communicate()

    assert len(started) > _N_WORKERS
    assert "KeyboardInterrupt" in errors
    assert still_alive(started) == []


# A cluster that others have started: what Ray does with the network is settled once a process, so
# each of these joins it from a process of its own.

_OWNER = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listen on the loopback interface only
    "RAY_USAGE_STATS_ENABLED": "0",
}
_JOIN = """
import sys
from pathlib import Path
from index.encoder import load_encoder
from index.file_batches import LocalEngine
from index.loading import scan_documents
from index.ray_engine import RayEngine
from index.settings import IndexSettings
from tests.index.batches import assert_same, by_source

made_with = (load_encoder(), IndexSettings())
files = scan_documents(Path(sys.argv[1]), 2**20).files
made = by_source(RayEngine(*made_with, sys.argv[2]).run(files))
assert_same(made, by_source(LocalEngine(*made_with).run(files)))
"""


@contextmanager
def _head(**environment: str):
    """Start a cluster as its owner does; give the ports for its machines and for others."""
    direct, client = _free_port(), _free_port()
    # pytest's own folders are too deep for the names of sockets.
    with tempfile.TemporaryDirectory(prefix="yr-", ignore_cleanup_errors=True) as folder:
        options = [f"--port={direct}", f"--ray-client-server-port={client}", "--num-cpus=2"]
        options += [f"--temp-dir={folder}/ray", f"--object-store-memory={100 << 20}"]
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
        with (Path(folder) / "head.log").open("w") as log:
            process = subprocess.Popen(
                [*command, "--include-dashboard=false", *options],
                cwd=folder,
                env={**os.environ, **_OWNER, **environment},
                stdout=log,
                stderr=log,
            )
        started: list[int] = []
        try:
            _wait_for(client, process)
            started = descendants(process.pid)
            yield direct, client
        finally:
            process.terminate()
            process.wait(60)
        assert still_alive(started) == []


def _join(documents: Path, address: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", _JOIN, str(documents), address],
        cwd=_ROOT,
        env={**os.environ, **_OWNER},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_cluster_of_others_is_joined_by_both_of_its_addresses(corpus_dir):
    with _head(PYTHONPATH=str(_ROOT)) as (direct, client):
        for address in (f"127.0.0.1:{direct}", f"ray://127.0.0.1:{client}"):
            joined = _join(corpus_dir, address)
            assert joined.returncode == 0, joined.stderr


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen) -> None:
    end = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the cluster did not start")
