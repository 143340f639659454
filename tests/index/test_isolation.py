import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from index.datatypes import Heading, Place, PlaceKind, Span
from index.errors import DocumentError, UnreadableError
from index.formats.extraction import Extraction
from index.formats.registry import Loader
from index.generations import IndexDir
from index.isolation import IsolatedExtractor
from index.settings import IndexSettings

_ROOT = Path(__file__).parents[2]
_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a promise of Linux alone")
_START = """
import sys
from index.formats.registry import Loader
from index.isolation import IsolatedExtractor
from index.settings import IndexSettings

with IsolatedExtractor(IndexSettings()) as extractor:
    extractor.extract(Loader("tests.index.misbehaving", "obey"), b"x")
    print(extractor.pid, flush=True)
"""
_BUSY = '    extractor.extract(Loader("tests.index.misbehaving", "sleep"), b"")\n'
_IDLE = "    sys.stdin.read()\n"


def _loader(name: str) -> Loader:
    return Loader("tests.index.misbehaving", name)


@pytest.fixture
def extractor():
    with IsolatedExtractor(IndexSettings()) as opened:
        yield opened


def _parent(code: str, **arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **arguments,
    )


def _ends(pid: int, within_s: float = 30) -> bool:
    """Tell whether a process that is not ours to wait for ends in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within_s)[0])
    finally:
        os.close(handle)


# What goes well.


def test_an_extraction_comes_back_whole_from_the_worker(extractor):
    text = "甲行。\r\n👩\u200d👩 second\n"

    extraction = extractor.extract(_loader("obey"), text.encode())

    whole = Span(0, len(text))
    assert extraction == Extraction(
        text,
        "utf-8",
        "application/pdf",
        "题",
        (Heading(1, "甲", Span(0, 1)),),
        (Place(PlaceKind.SHEET, 1, whole, "表"), Place(PlaceKind.ROW, 2, whole)),
        ("One thing was left out.",),
    )


def test_a_file_of_many_megabytes_comes_back_whole(extractor):
    data = "多".encode() * 7_000_000

    assert extractor.extract(_loader("obey"), data).text.encode() == data


def test_one_worker_reads_file_after_file(extractor):
    pids = set()
    for number in range(50):
        assert extractor.extract(_loader("obey"), b"%d" % number).text == str(number)
        pids.add(extractor.pid)

    assert len(pids) == 1


def test_plain_text_is_read_without_a_worker(extractor):
    loader = Loader("index.formats.plain_text", "extract_text", is_risky=False)

    assert extractor.extract(loader, "会议".encode()).text == "会议"
    assert extractor.pid is None


def test_a_large_plain_text_is_read_in_the_worker(extractor):
    loader = Loader("index.formats.plain_text", "extract_text", is_risky=False)

    extraction = extractor.extract(loader, "甲\n".encode() * 100_000)

    assert len(extraction.text) == 200_000
    assert extractor.pid is not None


def test_the_worker_ends_with_the_context():
    with IsolatedExtractor(IndexSettings()) as extractor:
        extractor.extract(_loader("obey"), b"x")
        pid = extractor.pid

    assert extractor.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("name", "error"), [("refuse", "not a file"), ("be_unreadable", "needs")])
def test_a_refused_file_is_a_normal_answer_and_the_worker_goes_on(name, error, extractor):
    extractor.extract(_loader("obey"), b"x")
    pid = extractor.pid

    with pytest.raises(DocumentError, match=error) as caught:
        extractor.extract(_loader(name), b"")

    assert isinstance(caught.value, UnreadableError) == (name == "be_unreadable")
    assert extractor.pid == pid


def test_a_format_whose_library_is_missing_is_tried_again_later(extractor):
    with pytest.raises(UnreadableError, match=r"needs no_such_library.*not installed"):
        extractor.extract(Loader("no_such_library", "extract"), b"")


# What goes wrong.


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("abort", r"crashed \(SIGABRT\)"),
        ("segfault", r"crashed \(SIGSEGV\)"),
        ("leave", r"crashed \(exit code 3\)"),
        ("be_killed", "more than 2 GB of memory"),
        ("raise_key_error", r"failed \(KeyError\)"),
        ("write_everywhere", "makes no sense"),
        ("give_nothing", "cannot be used: not an extraction"),
        ("point_outside", "makes no sense"),
        ("point_backwards", "makes no sense"),
        ("give_surrogates", "cannot be used: lone surrogates"),
        ("give_a_title_of_surrogates", r"failed \(FrameError\)"),
        ("give_too_much", "cannot be used: too much text"),
    ],
)
def test_whatever_a_file_does_is_that_files_problem_and_the_next_is_read(name, error, extractor):
    with pytest.raises(DocumentError, match=error) as caught:
        extractor.extract(_loader(name), b"x")

    assert str(caught.value).endswith(".")
    assert extractor.extract(_loader("obey"), b"next").text == "next"


@pytest.mark.parametrize("name", ["sleep", "spin"])
def test_a_file_that_takes_too_long_is_given_up(name):
    with IsolatedExtractor(IndexSettings(max_file_seconds=1)) as extractor:
        with pytest.raises(DocumentError, match=r"longer than 2 s.*YIJU_MAX_FILE_SECONDS"):
            extractor.extract(_loader(name), b"x")

        assert extractor.pid is None


@_LINUX
def test_a_file_that_fills_the_memory_is_given_up():
    settings = IndexSettings(max_file_memory=300 * 2**20)
    with IsolatedExtractor(settings) as extractor:
        with pytest.raises(DocumentError, match=r"more than 0.293 GB.*YIJU_MAX_FILE_MEMORY"):
            extractor.extract(_loader("eat_memory"), b"")

        assert extractor.extract(_loader("obey"), b"next").text == "next"


def test_what_a_library_prints_or_reads_never_meets_the_frames(extractor):
    assert extractor.extract(_loader("print_much"), b"").text == "printed, and read b''"
    assert extractor.extract(_loader("obey"), b"next").text == "next"


def test_a_file_is_not_blamed_for_what_those_before_it_left(extractor):
    for _ in range(3):
        assert extractor.extract(_loader("crash_the_second_time"), b"").text == "fresh"


@_LINUX
def test_a_program_that_a_loader_started_ends_with_it(extractor, tmp_path):
    note = tmp_path / "pid"

    with pytest.raises(DocumentError, match="SIGABRT"):
        extractor.extract(_loader("leave_a_child"), str(note).encode())

    assert _ends(int(note.read_text()))


def test_a_worker_that_cannot_start_is_no_fault_of_the_file(monkeypatch):
    with IsolatedExtractor(IndexSettings()) as extractor, monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(_ROOT / "nowhere" / "python"))

        with pytest.raises(UnreadableError, match="could not be started: No such file"):
            extractor.extract(_loader("obey"), b"")


def test_an_interrupted_exchange_leaves_no_half_read_frame(extractor, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("index.isolation.read_frame", interrupt)
        with pytest.raises(KeyboardInterrupt):
            extractor.extract(_loader("obey"), b"first")

    assert extractor.pid is None
    assert extractor.extract(_loader("obey"), b"second").text == "second"


# Where the worker stands.


@_LINUX
def test_the_worker_has_neither_the_lock_nor_the_terminal_nor_the_models(extractor, tmp_path):
    with IndexDir(tmp_path).lock(0):
        place = json.loads(extractor.extract(_loader("tell_where_it_is"), b"").text)

    assert place["session"] == place["pid"] != os.getsid(0)
    assert not [name for name in place["files"] if "build.lock" in name or "tty" in name]
    assert {"faiss", "tantivy", "tokenizers", "torch", "index.encoder"}.isdisjoint(place["modules"])


@_LINUX
def test_modules_in_the_current_folder_are_never_imported(extractor, tmp_path, monkeypatch):
    for name in ("struct.py", "signal.py", "index.py", "sitecustomize.py", "encodings.py"):
        (tmp_path / name).write_text(
            f"open({str(tmp_path / 'trap')!r}, 'w').close()\nraise OSError"
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", str(tmp_path), *sys.path])

    place = json.loads(extractor.extract(_loader("tell_where_it_is"), b"").text)

    assert not (tmp_path / "trap").exists()
    assert {"", ".", str(tmp_path)}.isdisjoint(place["path"])


@_LINUX
def test_the_worker_starts_where_the_current_folder_was_deleted(extractor, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert extractor.extract(_loader("obey"), b"x").text == "x"


def test_a_script_without_a_guarded_main_module_works(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(_ROOT)!r})\n{_START}")

    child = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert child.stdout.strip().isdecimal(), child.stderr
    assert child.stderr == ""


@_LINUX
@pytest.mark.parametrize("rest", [_BUSY, _IDLE], ids=["busy", "idle"])
def test_the_worker_dies_with_its_parent(rest):
    with _parent(_START + rest) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()

    assert _ends(pid)


@_LINUX
def test_ctrl_c_reaches_the_parent_alone_which_ends_the_worker():
    with _parent(_START + _BUSY, start_new_session=True) as parent:
        pid = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)
        error = parent.communicate()[1]

    assert error.count("KeyboardInterrupt") == 1
    assert _ends(pid)
