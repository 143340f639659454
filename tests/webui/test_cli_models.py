"""``--encoder`` and ``--reader`` as a user meets them: what is printed and the exit codes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import pytest
from typer.testing import CliRunner

from rag import Answerer
from rag.registry import Collection
from tests.other_models import make_date_reader, make_encoder, make_headless
from webui.cli import commands
from webui.opening import open_collections

CORPUS = Path(__file__).parent.parent / "corpus"
ROOT = CORPUS.parent.parent
QUESTION = "岚谷县茶产业振兴大会是哪天召开的？"
NAMES = ("YIJU_ENCODER", "YIJU_READER", "YIJU_DOCUMENTS", "YIJU_INDEX", "YIJU_DEBUG")
runner = CliRunner()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_encoder(folder / "encoder")
    make_encoder(folder / "other", seed=1)
    make_date_reader(folder / "dates")
    make_headless(folder / "headless")
    return folder


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    shutil.copy(CORPUS / "tea_conference.txt", folder)
    return folder


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in (*NAMES, "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")


def run(*arguments):
    return runner.invoke(commands, [str(argument) for argument in arguments])


def run_process(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "webui.cli", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


@pytest.mark.parametrize("command", ["web", "ask", "index"])
def test_help_names_the_encoder_in_two_languages(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    shown = run(command, "--help").stdout

    assert re.search(r"--encoder .*编码器.*Another encoder.*YIJU_ENCODER", shown)


@pytest.mark.parametrize("command", ["web", "ask"])
def test_help_says_that_another_reader_s_confidence_is_not_calibrated(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    shown = run(command, "--help").stdout

    assert re.search(r"--reader .*未经校准.*Another reader.*not calibrated.*YIJU_READER", shown)


def test_indexing_has_no_reader(documents):
    assert run("index", "--documents", documents, "--reader", "x").exit_code == 2


@pytest.mark.slow  # 15 s: PyTorch is imported twice, offline is tested once in test_offline.py
def test_ask_with_both_prints_the_answer_and_nothing_of_the_libraries(documents, models):
    named = ("--encoder", models / "encoder", "--reader", models / "dates")
    first = run_process("ask", QUESTION, "--json", "--documents", documents, *named)
    again = run_process("ask", QUESTION, "--documents", documents, *named)

    assert first.returncode == again.returncode == 0
    assert json.loads(first.stdout)["text"] == "4月16日"
    stages = ["读取文档…", "计算向量…", "建立向量索引…", "建立词语索引…", "启用新索引…"]
    assert first.stderr.splitlines() == stages
    assert again.stdout.splitlines()[0] == "4月16日"
    assert again.stderr == ""


def test_models_may_come_from_the_environment(documents, models, monkeypatch):
    monkeypatch.setenv("YIJU_ENCODER", str(models / "encoder"))
    monkeypatch.setenv("YIJU_READER", str(models / "dates"))

    result = run("ask", QUESTION, "--documents", documents)

    assert result.stdout.splitlines()[0] == "4月16日"
    assert Answerer.load(documents / ".yiju").manifest.encoder == str(models / "encoder")


def test_cached_models_are_found_by_their_names(documents, models, tmp_path, monkeypatch):
    for name in ("encoder", "dates"):
        folder = tmp_path / "hub" / f"models--owner--{name}"
        (folder / "refs").mkdir(parents=True)
        (folder / "refs" / "main").write_text("1" * 40, "utf-8")
        shutil.copytree(models / name, folder / "snapshots" / ("1" * 40))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    named = ("--encoder", "owner/encoder", "--reader", "owner/dates")

    result = run("ask", QUESTION, "--documents", documents, *named)

    assert result.stdout.splitlines()[0] == "4月16日"


def test_index_makes_the_index_with_the_encoder_and_another_one_makes_it_anew(documents, models):
    for name in ("encoder", "other"):
        result = run("index", "--documents", documents, "--encoder", models / name)

        assert result.stdout.startswith("索引已更新：1 份文档")
        again = run("index", "--documents", documents, "--encoder", models / name)
        assert again.stdout.startswith("文档没有改动")
    assert run("index", "--documents", documents).stdout.startswith("索引已更新")


@pytest.mark.parametrize("kind", ["encoder", "reader"])
@pytest.mark.parametrize("name", ["no-such/model", "headless", "."])
def test_a_model_that_cannot_be_used_is_one_sentence_and_2(
    documents, models, kind, name, monkeypatch
):
    monkeypatch.chdir(models)
    result = run("ask", QUESTION, "--documents", documents, f"--{kind}", name)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert f"Leave --{kind} and YIJU_{kind.upper()} away" in result.stderr
    assert f"the bundled {kind}." in result.stderr


def _open_for_web(folder, encoder, reader=""):
    collections = [Collection("", folder)]
    return open_collections(collections, encoder=str(encoder), reader=str(reader), as_it_is=True)


def test_web_takes_an_index_as_it_is_when_it_was_made_with_the_encoder(documents, models):
    run("index", "--documents", documents, "--encoder", models / "encoder")

    answerer = _open_for_web(documents, models / "encoder", models / "dates")

    assert answerer.manifest.generation == "000001"
    assert answerer.answer(QUESTION).text == "4月16日"


def test_web_makes_an_index_of_another_encoder_anew(documents, models):
    run("index", "--documents", documents, "--encoder", models / "encoder")

    answerer = _open_for_web(documents, models / "other")

    assert answerer.manifest.encoder == str(models / "other")
    assert answerer.manifest.generation == "000002"


def test_web_notices_that_the_model_in_the_folder_is_another_now(documents, tmp_path):
    name = make_encoder(tmp_path / "model")
    run("index", "--documents", documents, "--encoder", name)
    make_encoder(tmp_path / "model", seed=3)

    answerer = _open_for_web(documents, name)

    assert answerer.manifest.generation == "000002"
