"""The commands over judged questions: ``yiju eval --feedback``, ``feedback export``, ``index``."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag import Answerer
from rag.evaluation_file import read_questions
from webui.cli import commands
from webui.datatypes import Turn
from webui.history import History
from webui.history_records import Fault, Judgement, Verdict
from webui.judgements import Judgements

CORPUS = Path(__file__).parent.parent / "corpus"
PRICE = "团体讲解每场收多少钱？"
DAY = "岚谷县茶产业振兴大会是哪天召开的？"
runner = CliRunner()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("YIJU_ENCODER", "YIJU_READER", "YIJU_DOCUMENTS", "YIJU_INDEX", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("indexed") / "documents"
    folder.mkdir()
    (folder / "讲解.txt").write_text("博物馆的团体讲解每场收费120元。\n", "utf-8")
    shutil.copy(CORPUS / "tea_conference.txt", folder)
    answerer = Answerer.open(folder)
    return folder, {question: answerer.answer(question) for question in (PRICE, DAY)}


@pytest.fixture
def documents(indexed, tmp_path):
    """Documents about which two answers were judged, one of them wrongly given."""
    built, answers = indexed
    folder = tmp_path / "documents"
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns(".yiju"))
    history = History()
    thought = {
        DAY: Judgement(Verdict.GOOD),
        PRICE: Judgement(Verdict.BAD, fault=Fault.WRONG, expected="150元"),
    }
    for question, judgement in thought.items():
        turn = Turn(question, answers[question])
        history.keep("", "talk", turn)
        Judgements(history).judge("", "talk", turn.key, judgement, folders=[str(folder.resolve())])
    history.close()
    return folder


def run(*arguments):
    return runner.invoke(commands, [*map(str, arguments)])


def test_judged_questions_are_evaluated_exported_and_asked_again_by_a_build(documents, tmp_path):
    evaluated = run("eval", "--feedback", "--json", "--documents", documents)
    exported = run("feedback", "export", tmp_path / "q.jsonl", "--documents", documents)
    from_file = run("eval", tmp_path / "q.jsonl", "--json", "--documents", documents)
    (documents / "讲解.txt").write_text("博物馆的团体讲解每场收费150元。\n", "utf-8")
    indexed = run("index", "--documents", documents)

    assert evaluated.exit_code == exported.exit_code == indexed.exit_code == 0
    results = json.loads(evaluated.stdout)["results"]
    assert [row["right"] for row in results] == [True, False]
    assert results[1]["not_answers"] == ["120元"]
    again = json.loads(from_file.stdout)["results"]
    keys = ("question", "answers", "not_answers", "right", "line")
    assert [[row[key] for key in keys] for row in again] == [
        [row[key] for key in keys] for row in results
    ]
    assert exported.stdout.startswith("Wrote 2 questions")
    assert [gold.question for gold in read_questions(tmp_path / "q.jsonl")] == [DAY, PRICE]
    assert "2 of 2 judged questions hold.\nMended by this update: 1\n" in indexed.stdout
    assert f"  {PRICE}  ✗ 120元 → ✓ 150元\n" in indexed.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["eval"], "either FILE or --feedback"),
        (["eval", "x.jsonl", "--feedback"], "either FILE or --feedback"),
        (["eval", "x.jsonl", "--user", "amy"], "--user goes with --feedback only"),
        (["eval", "--feedback", "--user", "amy"], "No questions about these documents"),
        (["feedback", "export", "x.csv"], "must end in .jsonl"),
    ],
    ids=["neither", "both", "user", "nobody", "name"],
)
def test_what_cannot_be_done_is_said(documents, arguments, said):
    result = run(*arguments, "--documents", documents)

    assert result.exit_code == 2
    assert said in result.stderr


def test_an_export_neither_overwrites_nor_becomes_a_document(documents, tmp_path):
    there = tmp_path / "there.jsonl"
    there.write_text("mine", "utf-8")

    inside = run("feedback", "export", documents / "q.jsonl", "--documents", documents)
    over = run("feedback", "export", there, "--documents", documents)

    assert inside.exit_code == over.exit_code == 2
    assert "among the documents" in inside.stderr
    assert there.read_text("utf-8") == "mine"


def test_a_folder_that_nobody_asked_is_built_without_a_word_of_judgements(documents, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(CORPUS / "museum.txt", other)

    assert "judged" not in run("index", "--documents", other).stdout
