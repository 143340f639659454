import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.errors import IndexCorruptError, ModelError
from rag.registry import Collection
from webui.cli import commands
from webui.opening import open_collections

CORPUS = Path(__file__).parent.parent / "corpus"
ROOT = CORPUS.parent.parent
QUESTION = "岚谷县茶产业振兴大会是哪天召开的？"
runner = CliRunner()


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    shutil.copy(CORPUS / "tea_conference.txt", folder)
    return folder


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    settings = ("YIJU_ENCODER", "YIJU_MAX_CHUNK_CHARS")
    for name in (*settings, "YIJU_DOCUMENTS", "YIJU_INDEX", "YIJU_DEBUG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")


def run(*arguments):
    return runner.invoke(commands, [str(argument) for argument in arguments])


def run_process(*arguments, code=None, **kwargs):
    command = [sys.executable, *(["-c", code] if code else ["-m", "webui.cli"]), *arguments]
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        **kwargs,
    )


@pytest.mark.parametrize("command", [(), ("web",), ("ask",), ("index",)], ids="".join)
def test_help_shows_an_example_in_two_languages(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert f"Example: yiju {''.join(command) or 'ask'}" in result.stdout
    assert any("\u4e00" <= char <= "\u9fff" for char in result.stdout)


def test_ask_prints_the_words_and_exits_with_0(documents):
    result = run("ask", QUESTION, "--documents", documents)
    assert result.exit_code == 0
    assert "4月16日" in result.stdout.splitlines()[0]
    assert "〔1〕 tea_conference.txt:3" in result.stdout


def test_ask_can_be_kept_to_some_documents(tmp_path):
    for name in ("tea_conference.txt", "museum.txt"):
        shutil.copy(CORPUS / name, tmp_path)
    found = run("ask", QUESTION, "--in", "TEA_*", "--in", "x.txt", "--documents", tmp_path)
    assert found.exit_code == 0
    assert "〔1〕 tea_conference.txt:3" in found.stdout
    elsewhere = run("ask", QUESTION, "--why", "--in", "museum.txt", "--documents", tmp_path)
    assert elsewhere.exit_code == 1
    assert "tea_conference" not in elsewhere.stdout
    receipt = tmp_path.parent / "receipt.json"  # says that all files were searched
    kept = ("--in", "museum.txt", "--receipt", receipt, "--documents", tmp_path)
    assert run("ask", QUESTION, *kept).exit_code == 2
    assert not receipt.exists()
    missing = run("ask", QUESTION, "--in", "x.txt", "--documents", tmp_path)
    assert missing.exit_code == 2
    assert "No indexed document matches x.txt" in missing.stderr


@pytest.mark.parametrize(
    ("style", "line"),
    [("text", "问：岚谷县"), ("markdown", "[^1]: “"), ("gbt7714", "[1] ")],
)
def test_ask_prints_the_answer_as_it_is_cited(documents, style, line):
    result = run("ask", QUESTION, "--cite", style, "--documents", documents)
    assert result.exit_code == 0
    assert any(printed.startswith(line) for printed in result.stdout.splitlines())


def test_ask_exits_with_1_when_nothing_is_found(documents):
    result = run("ask", "How do I reset the firmware of a toaster?", "--documents", documents)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "文档中没有找到答案"


def test_json_is_the_only_thing_on_the_standard_output(tmp_path):
    shutil.copy(CORPUS / "tea_conference.txt", tmp_path)
    result = run("ask", QUESTION, "--json", "--documents", tmp_path)
    answer = json.loads(result.stdout)
    assert "4月16日" in answer["text"]
    assert "4月16日" in result.stdout  # not escaped
    assert result.stdout.count("\n") == 1
    assert "读取文档…" in result.stderr


def test_lone_surrogates_in_a_question_do_not_break_the_json(documents):
    result = run("ask", "\ud800", "--json", "--documents", documents)
    assert result.exit_code in (0, 1)
    json.loads(result.stdout)


def test_missing_folder_is_one_sentence_and_2(tmp_path):
    result = run("ask", "?", "--documents", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("No documents' folder at ")
    assert result.stderr.count("\n") == 1


def test_bad_setting_is_one_sentence_and_2(documents, monkeypatch):
    monkeypatch.setenv("YIJU_MAX_CHUNK_CHARS", "many")
    result = run("index", "--documents", documents)
    assert result.exit_code == 2
    assert result.stderr == "YIJU_MAX_CHUNK_CHARS must be a whole number, got 'many'\n"


def test_bad_usage_is_2():
    assert run("ask").exit_code == 2
    assert run("ask", "?", "--nonsense").exit_code == 2
    assert run("web", "--port", "70000").exit_code == 2


def test_debugging_lets_the_error_through(tmp_path, monkeypatch):
    monkeypatch.setenv("YIJU_DEBUG", "1")
    result = run("ask", "?", "--documents", tmp_path / "nowhere")
    assert type(result.exception).__name__ == "IndexMissingError"


def test_folders_come_from_the_environment(documents, tmp_path, monkeypatch):
    monkeypatch.setenv("YIJU_DOCUMENTS", str(documents))
    monkeypatch.setenv("YIJU_INDEX", str(tmp_path / "elsewhere"))
    assert run("index").exit_code == 0
    assert (tmp_path / "elsewhere" / "CURRENT").is_file()


def test_seeds_of_the_current_folder_are_the_default(tmp_path, monkeypatch):
    (tmp_path / "seeds").mkdir()
    shutil.copy(CORPUS / "tea_conference.txt", tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)
    assert run("index").exit_code == 0
    assert (tmp_path / "seeds" / ".yiju" / "CURRENT").is_file()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "example.com", "::"])
def test_web_refuses_hosts_that_others_can_reach(host):
    result = run("web", "--host", host)
    assert result.exit_code == 2
    assert host in result.stderr
    assert result.stderr.count("\n") == 1


def test_ask_loads_neither_gradio_nor_torch(documents):
    code = (
        "import atexit, sys\n"
        "heavy = ('gradio', 'torch', 'sentence_transformers', 'pandas')\n"
        "atexit.register(lambda: print([n for n in heavy if n in sys.modules], file=sys.stderr))\n"
        "from webui.cli import main\n"
        "main()\n"
    )
    result = run_process("ask", QUESTION, "--documents", documents, code=code)
    assert result.returncode == 0
    assert result.stderr.splitlines()[-1] == "[]"


def test_help_loads_none_of_the_index():
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(sorted({'index', 'rag'} & set(sys.modules))))\n"
        "from webui.cli import main\n"
        "main()\n"
    )
    result = run_process("--help", code=code)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [("RuntimeError('\\x1b[31m')", 2, "意外错误：RuntimeError"), ("KeyboardInterrupt", 130, "")],
)
def test_what_nobody_foresaw_ends_without_a_traceback(error, status, words):
    code = (
        "import webui.cli, webui.cli_index\n"
        f"def crash(*_): raise {error}\n"
        "webui.cli_index.choose_collections = crash\n"
        "webui.cli.main()\n"
    )
    result = run_process("index", code=code)
    assert result.returncode == status
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stderr
    assert words in result.stderr


def test_a_taken_port_is_one_sentence_and_2(documents):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_process("web", "--documents", documents, "--port", port)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == (f"Port {port} is taken. Name a free one with --port.")


@pytest.fixture
def indexed(tmp_path):
    shutil.copy(CORPUS / "tea_conference.txt", tmp_path)
    assert run("index", "--documents", tmp_path).exit_code == 0
    return tmp_path


def _open_for_web(folder):
    return open_collections([Collection("", folder)], encoder="", reader="", as_it_is=True)


def test_web_takes_an_index_as_it_is_when_only_documents_changed(indexed):
    shutil.copy(CORPUS / "museum.txt", indexed)
    assert _open_for_web(indexed).manifest.generation == "000001"


def test_web_rebuilds_an_index_made_with_another_chunk_size(indexed, monkeypatch):
    monkeypatch.setenv("YIJU_MAX_CHUNK_CHARS", "80")
    assert _open_for_web(indexed).manifest.max_chunk_chars == 80


def test_web_asks_for_the_encoder_of_the_environment(indexed, monkeypatch):
    monkeypatch.setenv("YIJU_ENCODER", str(indexed / "no-model"))
    with pytest.raises(ModelError, match="no-model"):
        _open_for_web(indexed)


def test_web_reports_a_corrupt_index_as_it_is(indexed):
    manifest = next(indexed.glob(".yiju/**/manifest.json"))
    manifest.write_text(manifest.read_text("utf-8").replace("mean_terms", "mean_words"), "utf-8")
    with pytest.raises(IndexCorruptError, match="yiju index --full"):
        _open_for_web(indexed)


def test_web_runs_until_it_is_interrupted(documents):
    process = subprocess.Popen(
        [sys.executable, "-m", "webui.cli", "web", "--documents", str(documents)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )
    with process:
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert line.startswith("依据已启动：http://127.0.0.1:")
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes that break like this")
def test_a_reader_that_goes_away_does_not_make_an_answer_not_found(documents):
    command = [sys.executable, "-m", "webui.cli", "ask", "大会是哪一天召开的？"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*command, "--documents", str(documents)],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    os.close(writing)

    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
