import io
import json
import os
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from index.changes import DocumentChanges, Renaming
from index.history import GenerationDiff, LogEntry
from rag.drift import Drift
from webui.cli import commands
from webui.generations import print_diff, print_log
from webui.languages import CATALOGUE
from webui.languages.history import HISTORY_TEXTS

CORPUS = Path(__file__).parent.parent / "corpus"
QUESTION = {
    "question": "岚谷县茶产业振兴大会是哪天召开的？",
    "answer": ["4月16日", "四月十六日"],
}
runner = CliRunner()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("YIJU_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")


def run(command, *arguments):
    return runner.invoke(commands, ["index", command, *map(str, arguments)])


def index_now(folder):
    result = runner.invoke(commands, ["index", "--documents", str(folder)])
    assert result.exit_code == 0


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A file, the same file under another name, and another file in its place."""
    folder = tmp_path_factory.mktemp("history") / "文档"
    folder.mkdir()
    shutil.copy(CORPUS / "tea_conference.txt", folder)
    index_now(folder)
    (folder / "tea_conference.txt").rename(folder / "茶.txt")
    index_now(folder)
    shutil.copy(CORPUS / "museum.txt", folder)
    (folder / "茶.txt").unlink()
    index_now(folder)
    return folder


@pytest.fixture
def folder(pristine, tmp_path):
    return Path(shutil.copytree(pristine, tmp_path / "文档"))


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(QUESTION, ensure_ascii=False), "utf-8")
    return path


def current(folder):
    return (folder / ".yiju" / "CURRENT").read_text("utf-8").split()[0]


class TestLog:
    def test_the_generations_are_listed_and_the_live_one_is_marked(self, folder):
        result = run("log", "--documents", folder)

        assert result.exit_code == 0
        lines = [line for line in result.stdout.splitlines() if "00000" in line]
        assert [line.split()[0] for line in lines] == ["000003", "000002", "000001"]
        assert ["当前" in line for line in lines] == [True, False, False]
        assert "新增 1，删除 1" in lines[0]
        assert "改名 1" in lines[1]
        assert "新增 1" in lines[2]
        assert "共占用" in result.stdout

    def test_json_names_the_files(self, folder):
        result = run("log", "--json", "--documents", folder)

        body = json.loads(result.stdout)
        assert [entry["generation"] for entry in body["generations"]] == [
            *("000003", "000002", "000001")
        ]
        assert body["generations"][1]["changes"]["renamed"] == [
            {"before": "tea_conference.txt", "after": "茶.txt"}
        ]

    def test_it_only_reads(self, folder):
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        run("log", "--documents", folder)
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


class TestDiff:
    def test_changed_documents_are_listed(self, folder):
        result = run("diff", "2", "3", "--documents", folder)

        assert result.exit_code == 0
        assert "从第 000002 代到第 000003 代" in result.stdout
        assert "  + museum.txt\n" in result.stdout
        assert "  - 茶.txt\n" in result.stdout

    def test_a_rename_is_shown_as_one(self, folder):
        result = run("diff", "1", "2", "--documents", folder)

        assert "  > tea_conference.txt → 茶.txt\n" in result.stdout
        assert "片段：新增 0，删除 0" in result.stdout

    def test_answers_that_only_moved_end_with_0(self, folder, questions):
        result = run("diff", "1", "2", "--questions", questions, "--documents", folder)

        assert result.exit_code == 0
        assert "1 个问题的答案" in result.stdout
        assert "原话没变，位置变了 1" in result.stdout
        assert "tea_conference.txt · " in result.stdout
        assert "茶.txt · " in result.stdout

    def test_lost_answers_end_with_1(self, folder, questions):
        arguments = ("--questions", questions, "--json", "--documents", folder)
        result = run("diff", "2", "3", *arguments)

        assert result.exit_code == 1
        body = json.loads(result.stdout)
        assert body["documents"]["added"] == ["museum.txt"]
        counts = body["questions"]["counts"]
        assert counts["gone"] + counts["worse"] == 1
        assert run("diff", "3", "2", *arguments).exit_code == 0

    def test_a_bad_question_file_is_told_in_the_users_language(self, folder, tmp_path):
        path = tmp_path / "x.csv"
        path.write_text("frage\n?\n", "utf-8")

        result = run("diff", "1", "2", "--questions", path, "--documents", folder)

        assert result.exit_code == 2
        assert "首行要写列名" in result.stderr
        assert result.stdout == ""

    def test_a_generation_that_is_not_kept_ends_with_2(self, folder):
        result = run("diff", "1", "9", "--documents", folder)

        assert result.exit_code == 2
        assert "kept are 000001, 000002, 000003" in result.stderr


def ask(folder):
    return runner.invoke(commands, ["ask", QUESTION["question"], "--documents", str(folder)])


class TestRollback:
    def test_questions_are_answered_from_it_until_the_index_is_asked_for(self, folder):
        assert ask(folder).stderr == ""

        result = run("rollback", "2", "--documents", folder)

        assert result.exit_code == 0
        assert "已恢复第 000002 代，现在是第 000004 代" in result.stdout
        assert current(folder) == "000004"

        answered = ask(folder)
        assert answered.exit_code == 0
        assert "茶.txt" in answered.stdout
        assert "现在用的是恢复的第 000002 代索引" in answered.stderr
        assert current(folder) == "000004"

        index_now(folder)
        assert current(folder) == "000005"
        assert "茶.txt" not in ask(folder).stdout
        assert ask(folder).stderr == ""

    def test_the_log_says_where_it_comes_from(self, folder):
        run("rollback", "1", "--documents", folder)

        assert "恢复自 000001" in run("log", "--documents", folder).stdout

    def test_the_live_one_cannot_be_restored(self, folder):
        result = run("rollback", "3", "--documents", folder)

        assert result.exit_code == 2
        assert "live already" in result.stderr
        assert current(folder) == "000003"


@pytest.mark.parametrize("command", [("log",), ("diff", "1", "2"), ("rollback", "1")])
def test_without_an_index_each_says_so_and_makes_nothing(command, tmp_path):
    result = run(*command, "--documents", tmp_path)

    assert result.exit_code == 2
    assert result.stderr.startswith("No index at ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [("--full",), ("--documents", "x"), ("--json",)])
def test_options_before_the_command_are_refused_and_not_ignored(option, folder):
    result = runner.invoke(commands, ["index", *option, "log", "--documents", str(folder)])

    assert result.exit_code == 2
    assert "选项要写在 log 后面" in result.stderr


@pytest.mark.parametrize("name", ["log", "diff", "rollback"])
def test_help_comes_in_two_languages_with_an_example(name):
    result = run(name, "--help")

    assert result.exit_code == 0
    assert f"例 Example: yiju index {name}" in result.stdout


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_every_language_has_words_for_every_outcome(texts):
    words = HISTORY_TEXTS[texts.code]

    assert set(words.drifts) == set(Drift)
    assert len(set(words.drifts.values())) == len(Drift)


def test_hostile_names_do_nothing():
    hostile = "[red]\x1b[31m\x07\x9b2J\n\u202e.txt"
    changes = DocumentChanges((hostile,), (hostile,), (hostile,), (Renaming(hostile, hostile),))
    console = Console(file=io.StringIO(), width=200, highlight=False, emoji=False)
    print_diff(console, GenerationDiff("000001", "000002", changes, 1, 1), None, CATALOGUE[0])
    print_log(console, [LogEntry("000001", True, 5, problem=hostile)], CATALOGUE[0])

    output = console.file.getvalue()
    assert output.count("[red]") == 6
    assert not set(output) & {"\x1b", "\x07", "\x9b", "\u202e"}
