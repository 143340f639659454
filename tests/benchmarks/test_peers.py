import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import peers
from tests.memory import run_watched


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory) -> Path:
    """An interpreter that has no library."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def test_yiju_and_bm25s_are_measured_on_the_same_chunks(data_dir, tmp_path):
    measured = peers.run(
        tmp_path,
        sizes=(20, 20),
        data_dir=data_dir,
        python=Path(sys.executable),
        systems=peers.OURS,
        repeats=1,
    )
    figures = dict(measured)

    assert list(figures) == [f"{part}: {name}" for part in "ab" for name in peers.OURS]
    ours, theirs = figures["b: Yiju"], figures["b: bm25s, jieba words"]
    assert ours["ratio"] == 1.0
    assert ours["chunks"] == theirs["chunks"] > 10
    for row in (ours, theirs):
        assert row["recall@1"] == row["recall@10"] == 100.0
        assert row["seconds"] > 0 < row["processor_seconds"]
        assert 0 < row["p50_ms"] <= row["p95_ms"]

    lines = peers.to_markdown({"figures": figures}).splitlines()
    assert {line.count("|") for line in lines} == {11}
    assert [line.split(" | ")[0] for line in lines if "Yiju |" in line] == ["| Yiju"] * 2


def test_invented_questions_are_asked_of_the_file_they_come_from(tmp_path):
    questions = peers.write(tmp_path, 30_000, None)

    assert len(questions) == peers.N_QUESTIONS
    for asked in questions:
        words = asked["question"].removesuffix("是什么？")
        assert words in (tmp_path / asked["source"]).read_text("utf-8")


def test_what_is_not_installed_is_named_before_anything_is_measured(bare_python, tmp_path):
    measured = peers.run(tmp_path, sizes=(20, 20), data_dir=None, python=bare_python)

    with pytest.raises(SystemExit, match=r"python.* lacks txtai, haystack-ai, .* --python"):
        next(measured)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of others")
def test_memory_is_that_of_a_process_and_of_those_it_started():
    of_child = "held = bytearray(b'x' * 50_000_000); __import__('time').sleep(0.7)"
    of_parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {of_child!r}])"

    ended, peak = run_watched([sys.executable, "-c", of_parent])

    assert ended.returncode == 0
    assert 47 < peak.private < peak.total < 150


def test_an_interpreter_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SystemExit, match="python9 is no Python interpreter"):
        peers.check_installed(tmp_path / "python9")
