import threading
import time

import pytest

from index import watch as module
from index.watch import watch_documents


@pytest.fixture
def signals(tmp_path, monkeypatch):
    """Follow a folder in a thread; give the folder and the times of the signals."""
    monkeypatch.setattr(module, "_QUIET_MS", 100)
    monkeypatch.setattr(module, "_LOOK_MS", 60_000)
    folder = tmp_path / "文档"
    (folder / ".yiju").mkdir(parents=True)
    (folder / "旧.txt").write_text("旧", "utf-8")
    stop, told, begun = threading.Event(), [], threading.Event()

    def follow():
        begun.set()
        told.extend(time.monotonic() for _ in watch_documents(folder, folder / ".yiju", stop=stop))

    thread = threading.Thread(target=follow)
    thread.start()
    begun.wait()
    time.sleep(1)  # the system's watch begins a little after the thread
    yield folder, told
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def _wait(told, n, seconds=10):
    end = time.monotonic() + seconds
    while len(told) < n and time.monotonic() < end:
        time.sleep(0.05)
    return len(told)


def test_added_edited_renamed_and_deleted_files_are_told(signals):
    folder, told = signals
    for number, change in enumerate(
        (
            lambda: (folder / "新.txt").write_text("新", "utf-8"),
            lambda: (folder / "旧.txt").write_text("改过", "utf-8"),
            lambda: (folder / "新.txt").replace(folder / "名.txt"),
            (folder / "名.txt").unlink,
        ),
        1,
    ):
        change()
        assert _wait(told, number) >= number
        time.sleep(0.5)  # what belongs to this change is over


def test_the_index_and_hidden_files_do_not_count(signals):
    folder, told = signals
    (folder / ".yiju" / "CURRENT").write_text("000001", "utf-8")
    (folder / ".hidden.txt").write_text("x", "utf-8")
    (folder / "~$开着.docx").write_text("x", "utf-8")

    assert _wait(told, 1, 1.5) == 0


def test_it_looks_now_and_then_without_a_change(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LOOK_MS", 50)
    (tmp_path / "a.txt").write_text("a", "utf-8")

    found = watch_documents(tmp_path, tmp_path / ".yiju", stop=threading.Event())

    assert next(found) is None
