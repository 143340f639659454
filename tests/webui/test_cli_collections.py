import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.registry import Registry
from tests.index.folders import TEXTS, write_documents
from webui.cli import commands

ROOT = Path(__file__).parent.parent.parent
QUESTION = "大会是哪一天召开的？"
ANNUAL = "年会是哪一天召开的？"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in ("LC_ALL", "YIJU_DOCUMENTS", "YIJU_INDEX", "YIJU_ENCODER", "YIJU_READER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


@pytest.fixture
def folders(tmp_path):
    return {
        "规章": write_documents(tmp_path / "规章制度", TEXTS),
        "Annual": write_documents(tmp_path / "two", {"会议.txt": "年会\n\n年会于9月1日召开。"}),
    }


@pytest.fixture
def registered(folders):
    for name, folder in folders.items():
        assert run("collections", "add", name, folder).exit_code == 0
    return folders


@pytest.fixture
def one_gone(registered):
    """Both were registered, and one folder is not there any more."""
    shutil.rmtree(registered["Annual"])
    return registered


def listed():
    body = json.loads(run("collections", "--json").stdout)
    return {row.pop("name"): row for row in body["collections"]}


class TestRegister:
    def test_without_any_the_way_to_register_is_told(self):
        result = run("collections")
        assert result.exit_code == 0
        assert (result.stdout, result.stderr.count("\n")) == ("", 1)
        assert "yiju collections add" in result.stderr

    def test_adding_tells_what_comes_next(self, folders):
        result = run("collections", "add", "my notes", folders["规章"])
        assert result.exit_code == 0
        assert "yiju index --collection 'my notes'" in result.stdout

    def test_the_list_tells_name_folder_documents_generation_and_state(self, registered):
        run("index", "--collection", "规章")
        table = run("collections").stdout
        (row,) = [line for line in table.splitlines() if "规章制度" in line]
        assert row.split() == ["规章", str(registered["规章"]), "4", "000001", "可以查"]

    def test_the_list_as_json(self, registered, tmp_path):
        run("index", "--collection", "规章")
        (registered["Annual"] / ".yiju").mkdir()
        (registered["Annual"] / ".yiju" / "CURRENT").write_text("nonsense", "utf-8")
        shutil.copytree(registered["规章"], tmp_path / "copy", ignore=lambda *_: [".yiju"])
        run("collections", "add", "副本", tmp_path / "copy", "--index", tmp_path / "elsewhere")

        rows = listed()

        assert rows["规章"] == {
            "folder": str(registered["规章"]),
            "index": str(registered["规章"] / ".yiju"),
            "documents": 4,
            "generation": "000001",
            "state": "ready",
            "reason": "",
        }
        assert rows["副本"]["state"] == "no_index"
        assert rows["副本"]["index"] == str(tmp_path / "elsewhere")
        assert rows["Annual"]["state"] == "unusable"
        assert "CURRENT" in rows["Annual"]["reason"] or "index" in rows["Annual"]["reason"]

    def test_a_missing_folder_is_told(self, one_gone):
        assert listed()["Annual"]["state"] == "no_folder"

    def test_removing_says_that_nothing_was_deleted(self, registered):
        result = run("collections", "remove", "annual")
        assert result.exit_code == 0
        assert "没有删除" in result.stdout
        assert (registered["Annual"] / "会议.txt").is_file()
        assert list(listed()) == ["规章"]

    def test_renaming(self, registered):
        assert run("collections", "rename", "Annual", "年会").exit_code == 0
        assert list(listed()) == ["规章", "年会"]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("add", "all", "."), "every collection"),
            (("add", "甲", "nowhere"), "no folder"),
            (("add", "规章", "."), "already a collection"),
            (("remove", "甲"), "no collection called"),
            (("rename", "甲", "乙"), "no collection called"),
            (("rename", "规章", "a/b"), "not allowed"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
    )
    def test_what_cannot_be_done_is_one_sentence_and_2(self, registered, arguments, words):
        result = run("collections", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr
        assert result.stderr.count("\n") == 1

    def test_a_damaged_registry_is_told_and_no_hindrance_to_a_named_folder(self, registered, home):
        (home / "collections.json").write_bytes(b"{")
        listing, asking = run("collections"), run("ask", QUESTION)
        named = run("ask", QUESTION, "--documents", registered["规章"])
        assert listing.exit_code == asking.exit_code == 2
        assert "is damaged" in listing.stderr
        assert named.exit_code == 0

    def test_a_forged_name_of_a_folder_does_not_reach_the_terminal(self, tmp_path):
        folder = tmp_path / "a\x1b[2Jb"
        folder.mkdir()
        run("collections", "add", "甲", folder)
        assert "\x1b" not in run("collections").stdout


class TestAsk:
    def test_one_by_its_name(self, registered):
        result = run("ask", ANNUAL, "--collection", "annual", "--json")
        body = json.loads(result.stdout)
        assert "9月1日" in body["citations"][0]["quote"]
        assert body["citations"][0]["collection"] == "Annual"
        assert body["generation"] == "000001"

    def test_all_together_name_the_collection_of_each_quote(self, registered):
        result = run("ask", ANNUAL, "--collection", "all")
        assert result.exit_code == 0
        assert "〔1〕 Annual/会议.txt:3" in result.stdout

    def test_without_options_all_that_are_registered_are_asked(self, registered):
        body = json.loads(run("ask", QUESTION, "--json").stdout)
        assert body["generation"] == "规章@000001, Annual@000001"

    def test_without_any_registered_it_is_the_seeds_of_this_folder(self, folders, tmp_path):
        folders["规章"].rename(tmp_path / "seeds")
        body = json.loads(run("ask", QUESTION, "--json").stdout)
        assert (body["generation"], body["citations"][0]["collection"]) == ("000001", "")

    def test_a_named_folder_goes_before_the_registered_ones(self, registered):
        body = json.loads(run("ask", QUESTION, "--json", "--documents", registered["规章"]).stdout)
        assert body["citations"][0]["collection"] == ""

    def test_a_named_collection_goes_before_the_folder_of_the_environment(
        self, registered, monkeypatch
    ):
        monkeypatch.setenv("YIJU_DOCUMENTS", str(registered["规章"]))
        monkeypatch.setenv("YIJU_INDEX", str(registered["规章"] / ".yiju"))
        body = json.loads(run("ask", ANNUAL, "--json", "--collection", "Annual").stdout)
        assert body["citations"][0]["collection"] == "Annual"

    @pytest.mark.parametrize("command", [("ask", "?"), ("index",), ("web",), ("eval", "x.jsonl")])
    @pytest.mark.parametrize("option", ["--documents", "--index"])
    def test_a_collection_and_a_folder_are_not_mixed(self, registered, command, option):
        result = run(*command, "--collection", "规章", option, "docs")
        assert result.exit_code == 2
        assert "只能用一种" in result.stderr

    def test_an_unknown_collection_tells_the_known_ones(self, registered):
        result = run("ask", "?", "--collection", "合同")
        assert result.exit_code == 2
        assert "There are: 规章, Annual." in result.stderr

    def test_one_that_is_gone_is_told_and_the_others_answer(self, one_gone):
        result = run("ask", QUESTION, "--collection", "all")
        assert result.exit_code == 0
        assert "“Annual”查不了" in result.stderr
        assert "没有查：Annual" in result.stdout

    def test_with_all_gone_it_is_an_error_with_every_reason(self, one_gone):
        shutil.rmtree(one_gone["规章"])
        result = run("ask", QUESTION)
        assert result.exit_code == 2
        assert "规章: No documents' folder" in result.stderr
        assert "Annual: No documents' folder" in result.stderr

    def test_a_receipt_of_one_is_checked_by_its_name(self, registered, tmp_path):
        receipt = tmp_path / "receipt.json"
        asked = run("ask", QUESTION, "--collection", "规章", "--receipt", receipt)
        assert asked.exit_code == 0
        for chosen in ((), ("--collection", "规章"), ("--collection", "all")):
            assert run("verify", receipt, *chosen).exit_code == 0
        assert run("verify", receipt, "--collection", "Annual").exit_code == 1


class TestIndex:
    def test_each_is_built(self, registered):
        result = run("index", "--collection", "all")
        assert result.exit_code == 0
        assert result.stdout.count("索引已更新") == 2
        assert {row["generation"] for row in listed().values()} == {"000001"}

    def test_a_bad_one_does_not_stop_the_others(self, tmp_path, one_gone):
        write_documents(tmp_path / "three", {"a.txt": "石桥建于1755年。"})
        run("collections", "add", "桥", tmp_path / "three")
        result = run("index", "--collection", "all")
        assert result.exit_code == 2
        assert result.stdout.count("索引已更新") == 2
        assert "“Annual”：No documents' folder" in result.stderr
        assert listed()["桥"]["state"] == "ready"

    def test_all_are_checked_and_reported(self, registered):
        run("index")
        checked, report = run("index", "--check"), run("index", "--report", "--json")
        assert checked.stdout.count("000001") == 2
        body = json.loads(report.stdout)
        assert [entry["collection"] for entry in body["collections"]] == ["规章", "Annual"]
        assert [len(entry["files"]) for entry in body["collections"]] == [4, 1]

    @pytest.mark.parametrize(
        "command",
        [("--watch",), ("log",), ("diff", "1", "2"), ("rollback", "1")],
        ids=lambda command: command[0],
    )
    def test_what_is_about_one_index_needs_one(self, registered, command):
        result = run("index", *command)
        assert result.exit_code == 2
        assert "请用 --collection 选一个：规章、Annual" in result.stderr

    def test_the_log_of_one(self, registered):
        run("index")
        body = json.loads(run("index", "log", "--json", "--collection", "Annual").stdout)
        assert len(body["generations"]) == 1


def test_questions_of_a_file_are_asked_of_all(registered, tmp_path):
    file = tmp_path / "questions.jsonl"
    rows = [
        {"question": QUESTION, "answers": ["2月5日"]},
        {"question": ANNUAL, "answers": ["9月1日"], "source": "会议.txt"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    result = run("eval", file, "--json", "--collection", "all")
    assert result.exit_code == 0
    body = json.loads(result.stdout)
    assert [row["right"] for row in body["results"]] == [True, True]


def test_the_page_of_all_collections_is_served(registered):
    code = (
        "import sys, types, webui.cli\n"
        "def serve(library, *_, **__): print(library.names); raise SystemExit(0)\n"
        "sys.modules['webui.app'] = types.SimpleNamespace(serve=serve)  # without gradio\n"
        "webui.cli.main()\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, "web"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert child.stdout == "('规章', 'Annual')\n", child.stderr


def test_help_is_in_both_languages():
    for command in ([], ["add"], ["remove"], ["rename"]):
        result = run("collections", *command, "--help")
        assert result.exit_code == 0
        assert any("\u4e00" <= char <= "\u9fff" for char in result.stdout)
        assert "ollection" in result.stdout or "folder" in result.stdout
    assert [collection.name for collection in Registry().read()] == []
