import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.receipts import load_receipt, save_receipt
from tests.index.folders import write_documents
from webui.cli import commands

ROOT = Path(__file__).parent.parent.parent
RULES = "河口镇代表大会于2月5日召开。"
ANNUAL = "河口镇代表大会于3月9日召开。"
QUESTION = "河口镇代表大会是哪天召开的？"
NO_ANSWER = "？！"
# The same path in both: only the name of the collection tells them apart.
FILES = {
    "规章": {"会议.txt": f"会议纪要\n\n各部门都派人参加。{RULES}会后参观了新馆。\n"},
    "年报": {"会议.txt": f"年度报告\n\n全年工作顺利完成。{ANNUAL}会后举行了座谈。\n"},
}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in ("LC_ALL", "YIJU_DOCUMENTS", "YIJU_INDEX", "YIJU_ENCODER", "YIJU_READER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """The receipts of an answer that both collections gave and of one that none has."""
    home = tmp_path_factory.mktemp("asked")
    environment = {"YIJU_HOME": str(home / "home"), "LANG": "zh_CN.UTF-8"}
    for name, files in FILES.items():
        folder = write_documents(home / name, files)
        run_with(environment, "collections", "add", name, folder)
    run_with(environment, "ask", QUESTION, "--receipt", home / "r.json")
    run_with(environment, "ask", NO_ANSWER, "--collection", "all", "--receipt", home / "n.json")
    return home


def run_with(environment, *arguments):
    return CliRunner().invoke(commands, [str(one) for one in arguments], env=environment)


@pytest.fixture
def receipt(asked):
    return asked / "r.json"


@pytest.fixture
def not_found(asked):
    return asked / "n.json"


@pytest.fixture
def folders(asked, tmp_path):
    """The same documents in another place years later, registered there, without an index."""
    ignored = shutil.ignore_patterns(".yiju")
    folders = {
        name: Path(shutil.copytree(asked / name, tmp_path / name, ignore=ignored)) for name in FILES
    }
    for name, folder in folders.items():
        assert run("collections", "add", name, folder).exit_code == 0
    return folders


class TestAsking:
    def test_the_receipt_tells_which_collection_each_quote_is_from(self, receipt):
        kept = load_receipt(receipt)

        cited = {one.citation.collection: one.citation.quote for one in kept.citations}
        assert cited == {"规章": RULES, "年报": ANNUAL}
        assert [one.collection for one in kept.searched] == ["规章", "年报"]
        assert kept.models.reader

    def test_the_receipt_of_no_answer_lists_the_files_of_each(self, not_found):
        kept = load_receipt(not_found)

        listed = [(one.collection, [file.source for file in one.files]) for one in kept.searched]
        assert listed == [("规章", ["会议.txt"]), ("年报", ["会议.txt"])]

    @pytest.mark.parametrize("name", FILES)
    def test_a_receipt_among_the_documents_of_any_is_refused(self, folders, name):
        path = folders[name] / "r.json"

        result = run("ask", QUESTION, "--receipt", path)

        assert (result.exit_code, result.stdout) == (2, "")
        assert "在文档文件夹里" in result.stderr
        assert not path.exists()

    def test_what_could_not_be_searched_is_told_then_and_later(self, folders, tmp_path):
        shutil.move(folders["年报"], tmp_path / "away")
        asked = run("ask", QUESTION, "--receipt", tmp_path / "r.json")
        shutil.move(tmp_path / "away", folders["年报"])

        result = run("verify", tmp_path / "r.json")

        assert (asked.exit_code, result.exit_code) == (0, 0)
        assert "当时查不了，没有查：年报" in result.stdout
        assert json.loads(run("verify", tmp_path / "r.json", "--json").stdout)["receipt"][
            "unsearched"
        ] == ["年报"]


class TestVerifying:
    @pytest.mark.parametrize("flags", [(), ("--collection", "all"), ("--collection", "全部")])
    def test_every_quote_is_checked_in_its_collection(self, receipt, folders, flags):
        result = run("verify", receipt, *flags)

        assert result.exit_code == 0
        assert re.search("未变 〔.〕 规章/会议.txt", result.stdout)
        assert re.search("未变 〔.〕 年报/会议.txt", result.stdout)
        assert "未变 2 条" in result.stdout
        assert "规章@000001, 年报@000001" in result.stdout

    def test_an_edit_is_found_where_it_was_made(self, receipt, folders):
        path = folders["年报"] / "会议.txt"
        path.write_text(path.read_text("utf-8").replace("3月9日", "4月1日"), "utf-8")

        result = run("verify", receipt)

        assert result.exit_code == 1
        assert re.search("未变 〔.〕 规章/会议.txt", result.stdout)
        assert re.search("改了 〔.〕 年报/会议.txt", result.stdout)
        assert "现在最接近的话，年报/会议.txt" in result.stdout
        assert "未变 1 条 · 改了 1 条" in result.stdout

    def test_a_move_within_its_collection_is_found(self, receipt, folders):
        (folders["规章"] / "旧").mkdir()
        (folders["规章"] / "会议.txt").rename(folders["规章"] / "旧" / "纪要.txt")

        result = run("verify", receipt)

        assert result.exit_code == 0
        assert "规章/会议.txt · 第 3 行 → 规章/旧/纪要.txt · 第 3 行（同一个文件" in result.stdout

    def test_a_file_that_is_gone_is_gone_whatever_the_other_holds(self, receipt, folders):
        shutil.move(folders["规章"] / "会议.txt", folders["年报"] / "纪要.txt")

        result = run("verify", receipt)

        assert result.exit_code == 1
        assert re.search("没了 〔.〕 规章/会议.txt", result.stdout)

    def test_what_is_not_registered_is_not_checked_and_the_other_is(self, receipt, folders):
        assert run("collections", "remove", "年报").exit_code == 0

        result = run("verify", receipt)

        assert result.exit_code == 2
        assert re.search("未变 〔.〕 规章/会议.txt", result.stdout)
        assert re.search(r"无法核对 〔.〕 年报/会议.txt .*（文档集“年报”没有登记", result.stdout)
        assert "请用原来的名字登记：yiju collections add" in result.stdout
        assert "未变 1 条 · 无法核对 1 条" in result.stdout

    def test_what_is_registered_anew_elsewhere_is_checked_there(self, receipt, folders, tmp_path):
        run("collections", "remove", "年报")
        folders["年报"].rename(tmp_path / "archive")
        run("collections", "add", "年报", tmp_path / "archive")

        assert run("verify", receipt).exit_code == 0

    def test_a_folder_that_is_gone_is_told_with_its_place(self, receipt, folders):
        shutil.rmtree(folders["规章"])

        result = run("verify", receipt, "--collection", "all")

        assert result.exit_code == 2
        assert f"它的文件夹不在了，或者打不开：{folders['规章']}" in result.stdout
        assert re.search("未变 〔.〕 年报/会议.txt", result.stdout)

    def test_one_of_them_can_be_checked_alone(self, receipt, folders):
        result = run("verify", receipt, "--collection", "规章")

        assert result.exit_code == 2
        assert re.search("未变 〔.〕 规章/会议.txt", result.stdout)
        assert re.search(r"无法核对 〔.〕 年报/会议.txt .*或者这次没有选", result.stdout)

    def test_one_folder_cannot_check_several(self, receipt, folders, monkeypatch):
        typed = run("verify", receipt, "--documents", folders["规章"])
        monkeypatch.setenv("YIJU_DOCUMENTS", str(folders["规章"]))
        set_before = run("verify", receipt)

        for result in (typed, set_before):
            assert (result.exit_code, result.stdout) == (2, "")
            assert "几个文档集（规章、年报）" in result.stderr
            assert "--collection all" in result.stderr
        assert run("verify", receipt, "--collection", "all").exit_code == 0

    def test_names_of_a_receipt_do_nothing_to_the_terminal(self, receipt, folders, tmp_path):
        kept = load_receipt(receipt)
        hostile = "规章\x1b[31m\u202e\n../.."

        def rename(name):
            return hostile if name == "规章" else name

        forged = replace(
            kept,
            searched=tuple(
                replace(one, collection=rename(one.collection)) for one in kept.searched
            ),
            citations=tuple(
                replace(
                    one, citation=replace(one.citation, collection=rename(one.citation.collection))
                )
                for one in kept.citations
            ),
        )
        save_receipt(forged, tmp_path / "r.json")

        shown = run("verify", tmp_path / "r.json")
        refused = run("verify", tmp_path / "r.json", "--documents", folders["规章"])

        assert (shown.exit_code, refused.exit_code) == (2, 2)
        assert re.search("未变 〔.〕 年报/会议.txt", shown.stdout)
        assert not re.search("[\x1b\u202e]", shown.output + refused.output)
        assert refused.stderr.count("\n") == 1

    def test_json_tells_each_collection(self, receipt, folders):
        shutil.rmtree(folders["年报"])

        result = run("verify", receipt, "--json")

        assert result.exit_code == 2
        body = json.loads(result.stdout)
        assert (body["stands"], body["complete"]) == (False, False)
        accesses = {one["collection"]: one["access"] for one in body["collections"]}
        assert accesses == {"规章": "checked", "年报": "no_folder"}
        outcomes = {one["citation"]["collection"]: one["outcome"] for one in body["citations"]}
        assert outcomes == {"规章": "unchanged", "年报": "unreadable"}


class TestNotFound:
    def test_the_files_of_each_are_compared(self, not_found, folders):
        same = run("verify", not_found)
        (folders["年报"] / "新.txt").write_text("补记。", "utf-8")
        other = run("verify", not_found)

        assert (same.exit_code, other.exit_code) == (0, 1)
        for name in FILES:
            assert f"{name}：当时没有找到答案；查过的 1 个文件内容都没有变。" in same.stdout
        assert "规章：当时没有找到答案；查过的 1 个文件内容都没有变。" in other.stdout
        assert "年报：新增：新.txt" in other.stdout

    def test_one_that_is_not_at_hand_leaves_it_open(self, not_found, folders):
        shutil.rmtree(folders["年报"])
        gone = run("verify", not_found)
        run("collections", "remove", "年报")
        unknown = run("verify", not_found)

        assert gone.exit_code == unknown.exit_code == 2
        assert f"年报：无法核对（它的文件夹不在了，或者打不开：{folders['年报']}" in gone.stdout
        assert "年报：无法核对（文档集“年报”没有登记" in unknown.stdout
        assert "规章：当时没有找到答案；查过的 1 个文件内容都没有变。" in unknown.stdout


class TestOneCollection:
    @pytest.fixture
    def of_one(self, folders, tmp_path):
        path = tmp_path / "one.json"
        asked = run("ask", QUESTION, "--collection", "规章", "--receipt", path)
        assert asked.exit_code == 0
        return path

    def test_it_is_checked_by_its_name_whatever_else_is_registered(self, of_one, folders):
        assert run("verify", of_one).exit_code == 0

    def test_any_folder_can_stand_in_for_it(self, of_one, folders):
        assert run("collections", "rename", "规章", "制度").exit_code == 0

        assert run("verify", of_one, "--collection", "制度").exit_code == 0
        assert run("verify", of_one, "--documents", folders["规章"]).exit_code == 0
        assert run("verify", of_one, "--documents", folders["年报"]).exit_code == 1

    @pytest.mark.parametrize("flags", [(), ("--collection", "all")])
    def test_another_that_is_registered_does_not_stand_in_unasked(self, of_one, folders, flags):
        assert run("collections", "remove", "规章").exit_code == 0

        result = run("verify", of_one, *flags)

        assert result.exit_code == 2
        assert "文档集“规章”没有登记" in result.stdout
        assert "--documents 指明文件夹" in result.stdout

    def test_a_folder_without_a_name_has_to_be_told_among_several(self, folders, tmp_path):
        path = tmp_path / "folder.json"
        run("ask", QUESTION, "--documents", folders["规章"], "--receipt", path)

        unsaid = run("verify", path)

        assert (unsaid.exit_code, unsaid.stdout) == (2, "")
        assert "没有名字的文件夹" in unsaid.stderr
        assert "规章、年报" in unsaid.stderr
        assert run("verify", path, "--documents", folders["规章"]).exit_code == 0
        assert run("verify", path, "--collection", "规章").exit_code == 0
        run("collections", "remove", "年报")
        assert run("verify", path).exit_code == 0


def test_a_process_of_its_own_does_it_all(asked, folders):
    environment = {**os.environ, "YIJU_HOME": str(asked / "home")}
    flags = ("verify", asked / "r.json", "--collection", "all")

    child = subprocess.run(
        [sys.executable, "-m", "webui.cli", *map(str, flags)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert child.returncode == 0, child.stderr.decode()
    assert "未变 2 条" in child.stdout.decode()
