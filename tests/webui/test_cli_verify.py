import io
import json
import os
import re
import shutil
import string
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from index.datatypes import Problem
from rag.receipts import load_receipt, save_receipt
from rag.verification import (
    Access,
    CitationCheck,
    CollectionCheck,
    Outcome,
    SearchedCheck,
    Verification,
)
from tests.webui.samples import HOSTILE
from webui.cli import commands
from webui.languages.receipts import RECEIPT_TEXTS, ReceiptTexts
from webui.messages import texts_for
from webui.verification import print_verification

CORPUS = Path(__file__).parent.parent / "corpus"
ROOT = CORPUS.parent.parent
QUESTION = "岚谷县茶产业振兴大会是哪天召开的？"
SENTENCE = "4月16日上午，岚谷县茶产业振兴大会在县文化中心召开。"
NO_ANSWER = "？！"
ESCAPES = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202e"
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


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """The receipts of an answer and of none, and the documents."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "documents").mkdir()
    for name in ("tea_conference.txt", "museum.txt"):
        shutil.copy(CORPUS / name, folder / "documents")
    for question, name in ((QUESTION, "receipt.json"), (NO_ANSWER, "not_found.json")):
        run("ask", question, "--documents", folder / "documents", "--receipt", folder / name)
    return folder


@pytest.fixture
def receipt(asked):
    return asked / "receipt.json"


@pytest.fixture
def not_found(asked):
    return asked / "not_found.json"


@pytest.fixture
def documents(asked, tmp_path):
    """The documents without their index."""
    ignored = shutil.ignore_patterns(".yiju")
    return Path(shutil.copytree(asked / "documents", tmp_path / "documents", ignore=ignored))


@pytest.fixture
def tea(documents):
    return documents / "tea_conference.txt"


def edit(path, old, new):
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8", newline="")


class TestAsking:
    def test_the_answer_is_printed_as_ever_and_its_receipt_saved(self, documents, tmp_path):
        path = tmp_path / "r.json"

        result = run("ask", QUESTION, "--documents", documents, "--receipt", path)

        assert result.exit_code == 0
        assert "4月16日" in result.stdout.splitlines()[0]
        assert f"凭据已存到 {path}" in result.stderr
        assert load_receipt(path).text.startswith("4月16日")
        assert load_receipt(path).models.reader

    def test_json_stays_the_only_thing_on_the_standard_output(self, documents, tmp_path):
        path = tmp_path / "r.json"

        result = run("ask", QUESTION, "--json", "--documents", documents, "--receipt", path)

        assert result.stdout.count("\n") == 1
        assert json.loads(result.stdout)["text"] == load_receipt(path).text

    def test_an_answer_that_was_not_found_has_a_receipt_too(self, not_found):
        kept = load_receipt(not_found)

        assert kept.citations == ()
        (searched,) = kept.searched
        assert [file.source for file in searched.files] == ["museum.txt", "tea_conference.txt"]

    def test_an_existing_file_is_refused_before_anything_is_asked(self, documents, tmp_path):
        path = tmp_path / "r.json"
        path.write_text("mine", "utf-8")

        result = run("ask", QUESTION, "--documents", documents, "--receipt", path)

        assert (result.exit_code, result.stdout) == (2, "")
        assert "exists already" in result.stderr
        assert path.read_text("utf-8") == "mine"
        assert not (documents / ".yiju").exists()

    @pytest.mark.parametrize("name", ["r.json", "new/../r.json"])
    def test_a_receipt_among_the_documents_is_refused(self, documents, name):
        result = run("ask", QUESTION, "--documents", documents, "--receipt", documents / name)

        assert (result.exit_code, result.stdout) == (2, "")
        assert "在文档文件夹里" in result.stderr
        assert not (documents / "r.json").exists()

    def test_a_place_that_cannot_be_written_is_one_sentence_and_2(self, documents, tmp_path):
        path = tmp_path / "nowhere" / "r.json"

        result = run("ask", QUESTION, "--documents", documents, "--receipt", path)

        assert result.exit_code == 2
        assert "cannot be written" in result.stderr


class TestVerifying:
    def test_help_tells_the_outcomes_and_codes_in_two_languages(self):
        result = run("verify", "--help")

        assert result.exit_code == 0
        assert "例 Example: yiju verify receipt.json" in result.stdout
        assert "退出码 Exit status: 0" in result.stdout
        for word in ("未变", "还在", "改了", "没了", "unchanged", "moved", "changed", "gone"):
            assert word in result.stdout

    def test_unchanged(self, receipt, documents):
        result = run("verify", receipt, "--documents", documents)

        assert result.exit_code == 0
        *_, line, quote = result.stdout.splitlines()
        assert line == "未变 〔1〕 tea_conference.txt · 第 3 行"
        assert quote == SENTENCE
        assert "答：4月16日" in result.stdout

    def test_moved_by_edits_and_renaming(self, receipt, documents, tea):
        edit(tea, "4月16日上午", "（续）\n4月16日上午")
        edited = run("verify", receipt, "--documents", documents)
        tea.rename(documents / "旧档.txt")
        renamed = run("verify", receipt, "--documents", documents)

        assert edited.exit_code == renamed.exit_code == 0
        place = "tea_conference.txt · 第 3 行 →"
        assert (
            f"还在 〔1〕 {place} tea_conference.txt · 第 4 行（文件改过，位置变了；"
            in edited.stdout
        )
        assert f"还在 〔1〕 {place} 旧档.txt · 第 4 行（在另一个文件里；" in renamed.stdout
        assert "前后的话和当时不同" in edited.stdout

    def test_changed(self, receipt, documents, tea):
        edit(tea, "4月16日", "4月17日")

        result = run("verify", receipt, "--documents", documents)

        assert result.exit_code == 1
        assert "改了 〔1〕 tea_conference.txt · 第 3 行（文件还在，这句话不在了）" in result.stdout
        *_, then, closest, now = result.stdout.splitlines()
        assert then == SENTENCE
        assert closest == "现在最接近的话，tea_conference.txt · 第 3 行："
        assert now == SENTENCE.replace("16", "17")

    def test_gone(self, receipt, documents, tea):
        tea.unlink()

        result = run("verify", receipt, "--documents", documents)

        assert result.exit_code == 1
        assert "没了 〔1〕 tea_conference.txt · 第 3 行（文件和这句话都找不到了）" in result.stdout

    def test_what_cannot_be_read_is_not_judged(self, receipt, documents, monkeypatch):
        monkeypatch.setenv("YIJU_MAX_FILE_BYTES", "100")

        result = run("verify", receipt, "--documents", documents)

        assert result.exit_code == 2
        assert "无法核对 〔1〕 tea_conference.txt" in result.stdout

    def test_an_answer_not_found_stands_as_long_as_the_files_do(self, not_found, documents, tea):
        same = run("verify", not_found, "--documents", documents)
        edit(tea, "4月16日", "4月17日")
        shutil.copy(CORPUS / "rail_incident.txt", documents)
        other = run("verify", not_found, "--documents", documents)

        assert (same.exit_code, other.exit_code) == (0, 1)
        assert "查过的 2 个文件内容都没有变" in same.stdout
        assert "新增：rail_incident.txt" in other.stdout
        assert "改动：tea_conference.txt" in other.stdout

    def test_json_is_one_object_with_every_outcome(self, receipt, documents, tea):
        edit(tea, "4月16日", "4月17日")

        result = run("verify", receipt, "--json", "--documents", documents)

        assert result.exit_code == 1
        assert result.stdout.count("\n") == 1
        body = json.loads(result.stdout)
        assert list(body) == ["receipt", "stands", "complete", "citations", "collections"]
        assert body["receipt"]["text"].startswith("4月16日")
        (check,) = body["citations"]
        assert (check["outcome"], check["found"]) == ("changed", None)
        assert check["citation"]["quote"] == SENTENCE
        assert check["closest"]["line"] == 3
        assert (body["stands"], body["complete"]) == (False, True)
        (collection,) = body["collections"]
        assert collection == {
            "collection": "",
            "access": "checked",
            "folder": str(documents),
            "searched": None,
            "problems": [],
        }

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda body: body.update(text="4月17日"), "was altered or damaged"),
            (lambda body: body.update(format_version=1), "has format version 1"),
            (lambda body: body.update(kind="invoice"), "is not a receipt"),
            (None, "is not a receipt"),
        ],
        ids=["altered", "version", "other kind", "no JSON"],
    )
    def test_a_bad_receipt_is_one_sentence_and_2(self, receipt, tmp_path, change, words):
        body = json.loads(receipt.read_text("utf-8"))
        if change:
            change(body)
        path = tmp_path / "bad.json"
        path.write_text(json.dumps(body) if change else "{", "utf-8")

        for flags in ((), ("--json",)):
            result = run("verify", path, *flags, "--documents", tmp_path)

            assert (result.exit_code, result.stdout) == (2, "")
            assert words in result.stderr
            assert result.stderr.count("\n") == 1

    def test_a_missing_receipt_or_folder_is_2(self, receipt, tmp_path):
        missing = run("verify", tmp_path / "r.json")
        nowhere = run("verify", receipt, "--documents", tmp_path / "nowhere")

        assert missing.exit_code == nowhere.exit_code == run("verify").exit_code == 2
        assert "cannot be read" in missing.stderr
        assert f"它的文件夹不在了，或者打不开：{tmp_path / 'nowhere'}" in nowhere.stdout
        assert "文件和这句话都找不到" not in nowhere.stdout

    def test_neither_index_nor_models_nor_gradio_are_loaded(self, receipt, documents):
        code = (
            "import sys, webui.cli\n"
            "from index.encoder import StaticEncoder\n"
            "from index.knowledge_base import KnowledgeBase\n"
            "def refuse(*args, **kwargs): raise AssertionError\n"
            "StaticEncoder.load = KnowledgeBase.load = refuse\n"
            f"sys.argv = ['yiju', 'verify', {str(receipt)!r}, '--documents', {str(documents)!r}]\n"
            "try:\n    webui.cli.main()\n"
            "finally:\n    assert not {'torch', 'gradio', 'transformers'} & set(sys.modules)\n"
        )

        child = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False
        )

        assert child.returncode == 0, child.stderr.decode()
        assert not (documents / ".yiju").exists()


def printed(receipt, *checks, collections=(), code="zh-Hans"):
    console = Console(file=io.StringIO(), width=100, highlight=False, emoji=False)
    verification = Verification(checks, collections)
    print_verification(console, receipt, verification, texts_for(code))
    return console.file.getvalue()


class TestPrinting:
    @pytest.fixture
    def citation(self, receipt):
        return load_receipt(receipt).citations[0].citation

    @pytest.mark.parametrize(
        ("moved", "now", "words"),
        [
            ({"has_same_bytes": True}, {"source": "b.txt"}, "换了名字或位置"),
            ({"has_same_bytes": True}, {"line": 9}, "读出来的位置不同"),
            ({"has_same_text": True}, {"sha256": "0" * 64}, "文字一字未改"),
            ({}, {"sha256": "0" * 64}, "在原处，文件别处改过"),
            ({}, {"source": "b.txt", "sha256": "0" * 64}, "在另一个文件里"),
        ],
    )
    def test_how_a_quote_moved_is_told(self, receipt, citation, moved, now, words):
        found = replace(citation, **now)
        check = CitationCheck(citation, Outcome.MOVED, found=found, has_same_context=True, **moved)

        shown = printed(load_receipt(receipt), check)

        assert f"（{words}" in shown or words in shown
        assert "前后的话" not in shown

    def test_of_several_quotes_each_outcome_is_counted(self, receipt, citation):
        same = CitationCheck(
            citation,
            Outcome.UNCHANGED,
            found=citation,
            has_same_context=True,
        )
        gone = CitationCheck(replace(citation, number=2), Outcome.GONE)

        assert printed(load_receipt(receipt), same, gone, same).endswith(
            "\n未变 2 条 · 没了 1 条\n"
        )

    def test_a_long_list_of_files_is_cut(self, not_found):
        names = tuple(f"{at:03}.txt" for at in range(50))

        shown = printed(
            load_receipt(not_found),
            collections=(
                CollectionCheck(
                    "",
                    Access.CHECKED,
                    searched=SearchedCheck(is_same=False, n_then=2, n_now=52, added=names),
                ),
            ),
        )

        assert "000.txt、001.txt" in shown
        assert "020.txt" not in shown
        assert "另有 30 个" in shown

    @pytest.mark.parametrize("code", RECEIPT_TEXTS)
    def test_nothing_in_a_document_or_receipt_moves_the_cursor(self, receipt, citation, code):
        hostile = HOSTILE + ESCAPES + "\r\n"
        bad = replace(citation, source=hostile, quote=hostile, highlight=None, heading=(hostile,))
        kept = load_receipt(receipt)
        searched = replace(kept.searched[0], collection=hostile, generation=hostile)
        kept = replace(
            kept, question=hostile, text=hostile, searched=(searched,), unsearched=(hostile,)
        )
        named = replace(bad, collection=hostile)
        files = SearchedCheck(False, 1, 1, (hostile,), (hostile,), (hostile,))
        collections = [
            CollectionCheck(
                hostile,
                Access.CHECKED,
                hostile,
                searched=files,
                problems=(Problem(hostile, hostile),),
            ),
            CollectionCheck(hostile, Access.UNKNOWN),
            CollectionCheck(hostile, Access.NO_FOLDER, hostile),
        ]

        shown = printed(
            kept,
            CitationCheck(bad, Outcome.MOVED, found=replace(bad, source=hostile + "2")),
            CitationCheck(bad, Outcome.CHANGED, closest=bad, reason=hostile),
            CitationCheck(named, Outcome.UNREADABLE),
            collections=collections,
            code=code,
        ) + printed(kept, collections=collections, code=code)

        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
        assert "[bold]x[/bold]" in shown

    def test_a_hostile_receipt_is_neutral_on_the_terminal(self, receipt, documents, tmp_path):
        kept = load_receipt(receipt)
        searched = replace(kept.searched[0], generation=ESCAPES)
        save_receipt(
            replace(kept, question=ESCAPES, searched=(searched,), unsearched=(ESCAPES,)),
            tmp_path / "r.json",
        )

        result = run("verify", tmp_path / "r.json", "--documents", documents)

        assert result.exit_code == 0
        assert "\x1b" not in result.stdout


@pytest.mark.parametrize("code", RECEIPT_TEXTS)
def test_every_language_says_everything_with_the_same_values(code):
    def names(pattern):
        return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}

    for field in fields(ReceiptTexts):
        words, model = (getattr(RECEIPT_TEXTS[at], field.name) for at in (code, "en"))
        if field.name == "outcomes":
            assert set(words) == set(Outcome)
            assert len(set(words.values())) == len(Outcome)
        else:
            assert words.strip()
            assert names(words) == names(model)
