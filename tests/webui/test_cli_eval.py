import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from webui.cli import commands

CORPUS = Path(__file__).parent.parent / "corpus"
QUESTIONS = [
    {
        "question": "岚谷县茶产业振兴大会是哪天召开的？",
        "answer": ["4月16日", "四月十六日"],
        "source": "tea_conference.txt",
    },
    {"question": "岚谷县茶产业振兴大会在哪一年召开？", "answer": "一九七〇年"},
    {"question": "How do I reset the firmware of a toaster?", "answer": ""},
]
runner = CliRunner()


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    shutil.copy(CORPUS / "tea_conference.txt", folder)
    return folder


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in QUESTIONS), "utf-8")
    return path


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    settings = ("YIJU_ENCODER", "YIJU_READER", "YIJU_MAX_CHUNK_CHARS", "YIJU_DEBUG")
    for name in (*settings, "YIJU_DOCUMENTS", "YIJU_INDEX", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")


def run(*arguments):
    return runner.invoke(commands, ["eval", *map(str, arguments)])


def test_help_teaches_the_format_in_two_languages():
    result = runner.invoke(commands, ["eval", "--help"], env={"COLUMNS": "200"})

    assert result.exit_code == 0
    assert "例 Example: yiju eval questions.jsonl" in result.stdout
    assert (
        '{"question": "大会是哪一天召开的？", "answer": ["2月5日", "2月5日下午"]' in result.stdout
    )
    assert "question,answer,source" in result.stdout


def test_the_report_counts_and_lists_what_is_wrong(questions, documents):
    result = run(questions, "--documents", documents)

    assert result.exit_code == 0
    assert result.stdout.startswith("3 个问题：2 个有答案，1 个没有\n")
    assert "没有答案的：1 个里直说没有的 1 个" in result.stdout
    assert "没答对的（1）" in result.stdout
    assert "第 2 行 · 岚谷县茶产业振兴大会在哪一年召开？\n  应为：一九七〇年" in result.stdout
    assert "tea_conference.txt:" in result.stdout
    assert "正在提问…" in result.stderr


def test_the_report_speaks_the_users_language(questions, documents, monkeypatch):
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    result = run(questions, "--documents", documents)

    assert result.stdout.startswith("3 questions: 2 with an answer, 1 without\n")
    assert "Without an answer: 1 of 1 refused" in result.stdout


def test_json_is_the_only_thing_on_the_standard_output(questions, documents):
    result = run(questions, "--json", "--documents", documents)
    body = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (body["questions"], body["right"], body["refused_unanswerable"]) == (3, 1, 1)
    assert body["results"][0]["right_source"] is True
    assert result.stdout.count("\n") == 1


def test_csv_is_read_too(tmp_path, documents):
    path = tmp_path / "问题.csv"
    path.write_text("问题,答案\n岚谷县茶产业振兴大会是哪天召开的？,4月16日\n", "gb18030")

    result = run(path, "--documents", documents)

    assert result.exit_code == 0
    assert "全部答对。" in result.stdout


def test_a_source_that_is_not_there_is_pointed_out(tmp_path, documents):
    path = tmp_path / "q.csv"
    path.write_text("question,answer,source\n哪天？,4月16日,gone.txt\n", "utf-8")

    result = run(path, "--documents", documents)

    assert result.exit_code == 0
    assert "注意：第 2 行的出处 gone.txt 不在这些文档里。" in result.stderr


def test_a_bad_file_is_refused_before_anything_is_indexed(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "?", "anwser": "x"}\nnonsense\n', "utf-8")

    result = run(path, "--documents", tmp_path / "nowhere")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{path} 不能用：",
        '  第 1 行：没有 answer（答案）；文档里没有答案就写 ""',
        "  第 2 行：不是 JSON 对象",
    ]


def test_a_missing_file_is_said_in_the_users_language(tmp_path, monkeypatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")

    result = run(tmp_path / "q.csv")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path / 'q.csv'} cannot be used:\n  it cannot be read: ")


def test_missing_documents_are_one_sentence_and_2(questions, tmp_path):
    result = run(questions, "--documents", tmp_path / "nowhere")

    assert result.exit_code == 2
    assert result.stderr.startswith("No documents' folder at ")


def test_bad_usage_is_2():
    assert run().exit_code == 2
