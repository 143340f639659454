"""What builds may take away while readers, here and in other processes, are at work."""

import errno
import gc
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import IndexCorruptError
from index.generations import IndexDir
from index.manifest import check_files
from index.pins import collect
from index.settings import IndexSettings
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, all_chunks, build, edit, load, search, write_documents

_ROOT = Path(__file__).parents[2]
_ONE = IndexSettings(keep_generations=1)
_QUESTION = "大会何时召开"


@pytest.fixture
def folder(tmp_path):
    """A folder with one generation."""
    write_documents(tmp_path / "文档", TEXTS)
    build(tmp_path / "文档", HashEncoder())
    return tmp_path / "文档"


def _home(folder: Path) -> IndexDir:
    return IndexDir(folder / ".yiju")


def _publish(folder: Path, edition: int) -> None:
    edit(folder / "会议.txt", f"第{edition}版。")
    build(folder, HashEncoder(), settings=_ONE)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in _home(folder).generations_dir.iterdir())


def test_a_generation_is_not_collected_while_it_is_loaded(folder):
    before = load(folder, HashEncoder())
    answers = search(before, _QUESTION)
    for edition in range(2, 5):
        _publish(folder, edition)

    check_files(_home(folder).paths("000001"))
    assert search(before, _QUESTION) == answers
    assert _names(folder) == ["000001", "000004"]

    del before
    gc.collect()
    _publish(folder, 5)

    assert _names(folder) == ["000005"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open files")
def test_a_loaded_generation_has_all_of_its_files_open(folder):
    loaded = load(folder, HashEncoder())
    answers = search(load(folder, HashEncoder()), _QUESTION)

    shutil.rmtree(_home(folder).paths("000001").root)

    assert search(loaded, _QUESTION) == answers
    infos = loaded.files.document_infos()
    texts = {info.source: loaded.document(info.doc_id).text for info in infos}
    assert texts == TEXTS
    assert len(all_chunks(loaded)) == loaded.n_chunks


@pytest.fixture
def reader(folder):
    """A process that holds the first generation and answers for every line it is sent."""
    command = [sys.executable, "-m", "tests.index.reader", "hold", str(folder), _QUESTION]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "000001\n"
        yield process
        process.kill()


def _ask(reader: subprocess.Popen) -> str:
    reader.stdin.write("\n")
    reader.stdin.flush()
    return reader.stdout.readline()


def test_another_process_asks_its_generation_through_five_publications(folder, reader):
    answers = [_ask(reader)]
    for edition in range(2, 7):
        _publish(folder, edition)
        answers.append(_ask(reader))
        check_files(_home(folder).paths("000001"))

    assert "大会于2月5日下午在三楼礼堂召开" in answers[0]
    assert set(answers) == {answers[0]}
    assert _names(folder) == ["000001", "000006"]


def test_a_reader_that_was_killed_holds_nothing(folder, reader):
    _publish(folder, 2)
    assert _names(folder) == ["000001", "000002"]

    reader.kill()
    reader.wait()
    _publish(folder, 3)

    assert _names(folder) == ["000003"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot wait for a pipe")
def test_opening_never_fails_while_generations_come_and_go(folder):
    command = [sys.executable, "-m", "tests.index.reader", "reopen", str(folder), _QUESTION]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "000001\n"
        for edition in range(2, 32):
            _publish(folder, edition)
        outcome = json.loads(process.communicate("\n")[0])

    assert outcome["errors"] == []
    assert outcome["n_loads"] >= 10
    assert len(outcome["generations"]) >= 3
    _publish(folder, 32)
    assert _names(folder) == ["000032"]


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_a_file_system_without_locks_pins_nothing_and_works(folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    loaded = load(folder, HashEncoder())
    answers = search(loaded, _QUESTION)

    paths = _home(folder).paths("000001")
    assert collect(paths.root, paths.root.with_name(".dropped-000001"))

    assert search(loaded, _QUESTION) == answers


def test_a_generation_without_a_manifest_is_corrupt_and_can_be_collected(folder):
    _home(folder).paths("000001").manifest.unlink()

    with pytest.raises(IndexCorruptError, match=r"manifest\.json"):
        load(folder, HashEncoder())
    build(folder, HashEncoder(), full=True, settings=_ONE)

    assert _names(folder) == ["000002"]
