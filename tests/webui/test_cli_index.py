import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.ledger import LedgerRow
from webui.cli import commands

CORPUS = Path(__file__).parent.parent / "corpus"
runner = CliRunner()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("YIJU_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")


def run(*arguments):
    return runner.invoke(commands, [str(argument) for argument in arguments])


@pytest.fixture
def indexed(tmp_path):
    """A folder with an index of one file, beside one that cannot be read."""
    shutil.copy(CORPUS / "tea_conference.txt", tmp_path)
    (tmp_path / "broken.txt").write_bytes(b"\x00\x01\x02\xff" * 99)
    assert run("index", "--documents", tmp_path).exit_code == 0
    return tmp_path


def snapshot(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_index_tells_what_it_did_and_what_it_left_out(tmp_path):
    shutil.copy(CORPUS / "tea_conference.txt", tmp_path)
    (tmp_path / "slides.odp").write_bytes(b"PK")
    first = run("index", "--documents", tmp_path)
    assert first.exit_code == 0
    assert first.stdout.startswith("索引已更新：1 份文档")
    assert "slides.odp" in first.stdout
    again = run("index", "--documents", tmp_path)
    assert again.stdout.startswith("文档没有改动")
    full = run("index", "--full", "--documents", tmp_path)
    assert full.stdout.startswith("索引已更新：1 份文档")


def test_help_describes_the_report_in_two_languages():
    result = run("index", "--help")
    assert "--report" in result.stdout
    assert "只列出索引里的每个文件" in result.stdout
    assert "Only list every file of the" in result.stdout


def test_what_is_no_command_of_the_index_is_bad_usage(tmp_path):
    assert run("index", "nonsense", "--documents", tmp_path).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_the_check_says_that_the_index_is_sound(indexed):
    done = run("index", "--check", "--documents", str(indexed))

    assert done.exit_code == 0
    assert "000001" in done.stdout


def test_the_check_of_a_damaged_index_names_the_file_and_exits_with_2(indexed):
    path = indexed / ".yiju" / "generations" / "000001" / "dense.faiss"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    done = run("index", "--check", "--documents", str(indexed))

    assert done.exit_code == 2
    assert "dense.faiss" in done.stderr


def test_the_report_lists_every_file_with_its_figures(indexed):
    result = run("index", "--report", "--documents", indexed)
    assert result.exit_code == 0
    assert "第 000001 代索引：2 个文件" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if "tea_conference.txt" in line]
    text = (indexed / "tea_conference.txt").read_text("utf-8")
    assert "TXT · utf-8" in line
    assert f" {len(text):,} " in line
    assert " 100 % " in line
    assert "1 个文件没有收入或没有读全" in result.stdout


def test_the_report_as_json_is_one_object_with_all_that_is_known(indexed):
    result = run("index", "--report", "--json", "--documents", indexed)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    body = json.loads(result.stdout)
    assert list(body) == ["generation", "files"]
    assert body["generation"] == "000001"
    broken, tea = body["files"]
    assert [*tea] == [*broken] == [field.name for field in fields(LedgerRow)]
    assert (tea["source"], tea["media_type"], tea["error"]) == (
        *("tea_conference.txt", "text/plain", ""),
    )
    assert (tea["reachable"], tea["warnings"]) == (1.0, [])
    assert tea["size"] == (indexed / "tea_conference.txt").stat().st_size
    assert broken["source"] == "broken.txt"
    assert broken["error"]
    assert broken["reachable"] is None


def test_the_report_only_reads(indexed):
    shutil.copy(CORPUS / "museum.txt", indexed)
    before = snapshot(indexed)
    result = run("index", "--report", "--documents", indexed)
    assert result.exit_code == 0
    assert "museum.txt" not in result.stdout
    assert snapshot(indexed) == before


@pytest.mark.parametrize("flags", [(), ("--json",)], ids=["table", "json"])
def test_a_report_without_an_index_is_one_sentence_and_2(tmp_path, flags):
    result = run("index", "--report", *flags, "--documents", tmp_path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("No index at ")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--json",), "--json 要和 --report 一起用。"),
        (("--report", "--full"), "不能和别的选项一起用"),
        (("--check", "--full"), "不能和别的选项一起用"),
        (("--report", "--check"), "不能和别的选项一起用"),
    ],
    ids=" ".join,
)
def test_options_that_contradict_each_other_do_nothing(tmp_path, flags, words):
    shutil.copy(CORPUS / "tea_conference.txt", tmp_path)
    result = run("index", *flags, "--documents", tmp_path)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not (tmp_path / ".yiju").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a single process")
def test_watch_indexes_every_change_until_it_is_interrupted(tmp_path):
    shutil.copy(CORPUS / "tea_conference.txt", tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "webui.cli", "index", "--watch", "--documents", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=CORPUS.parent.parent,
    )
    try:
        assert process.stdout.readline().startswith("索引已更新：1 份文档")
        time.sleep(1.5)  # until the system's watch has begun
        (tmp_path / "museum.txt").write_text("苍屏窑址博物馆周一闭馆。", "utf-8")
        assert "新增 1" in process.stdout.readline()
        (tmp_path / "museum.txt").unlink()
        assert "移除 1" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "正在守着" in errors
    assert "Traceback" not in errors
