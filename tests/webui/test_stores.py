import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.index.folders import TEXTS, edit, write_documents
from webui.cli import commands

runner = CliRunner()
_QUESTION = "大会是哪一天召开的？"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("YIJU_DOCUMENTS", "YIJU_INDEX", "YIJU_ENCODER", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


@pytest.fixture
def folder(tmp_path):
    return write_documents(tmp_path / "documents", TEXTS)


@pytest.fixture
def store(tmp_path):
    return f"milvus:{tmp_path / 'x.db'}"


def run(*arguments):
    return runner.invoke(commands, [str(argument) for argument in arguments])


def test_a_folder_is_indexed_in_a_store_and_asked_from_it(folder, store):
    missing = run("ask", _QUESTION, "--store", store)
    assert not Path(store.removeprefix("milvus:")).exists()
    built = run("index", "--documents", folder, "--store", store)
    edit(folder / "会议.txt", "会议纪要\n\n大会于3月8日下午在三楼礼堂召开。")
    rebuilt = run("index", "--documents", folder, "--store", store)
    answer = run("ask", _QUESTION, "--store", store, "--json")

    assert missing.exit_code == 2
    assert f"yiju index --store {store}" in missing.stderr
    assert (built.exit_code, rebuilt.exit_code) == (0, 0)
    assert re.search(r"4 documents, 5 chunks.*1 changed", rebuilt.stdout)
    found = json.loads(answer.stdout)
    assert (found["text"], found["generation"]) == ("3月8日", "000002")
    assert not (folder / ".yiju").exists()


def test_why_nothing_was_found_and_a_receipt_come_from_a_store_too(folder, store, tmp_path):
    write_documents(folder, {"坏.pdf": b"no PDF"})
    run("index", "--documents", folder, "--store", store)
    receipt = tmp_path / "receipt.json"

    why = run("ask", "火星上有几只兔子？", "--store", store, "--why", "--receipt", receipt)
    checked = run("verify", receipt, "--documents", folder)

    assert why.exit_code == 1
    assert "坏.pdf" in why.stdout
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize(
    "options",
    [
        ("ask", "x", "--documents", "."),
        ("ask", "x", "--index", "."),
        ("ask", "x", "--collection", "all"),
        ("index", "--check"),
        ("index", "--report"),
        ("index", "--index", "."),
    ],
    ids=" ".join,
)
def test_what_has_no_meaning_for_a_store_is_refused(options, store):
    result = run(*options, "--store", store)

    assert result.exit_code == 2
    assert "--store" in result.stderr


@pytest.mark.parametrize("address", ["x.db", "milvus://u:secret@h/x", "milvus://h/a/b"])
def test_a_bad_address_is_told_of_before_anything_is_read(address, folder):
    for command in (("ask", "x"), ("index", "--documents", folder)):
        result = run(*command, "--store", address)

        assert result.exit_code == 2
        assert "secret" not in result.stderr
        assert result.stderr.count("\n") == 1
