"""README's commands and Python blocks do what it says."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from index.settings import IndexSettings
from tests.benchmarks.retrieval import to_markdown
from tests.golden.answers import read_questions, read_stored

_ROOT = Path(__file__).parents[1]
_README = (_ROOT / "README.md").read_text("utf-8")
_PYTHON_BLOCKS = re.findall(r"```python\n(.*?)```", _README, re.DOTALL)
_COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", _README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith(".venv/bin/yiju")
]
_TIMEOUT_S = 120


@pytest.fixture
def fresh_folder(tmp_path):
    """A working folder with the bundled documents in it, as after a clone, and a home beside it."""
    shutil.copytree(_ROOT / "seeds", tmp_path / "seeds", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(tmp_path / "seeds", tmp_path / "home" / "我的文档")
    return tmp_path


def _environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("YIJU_")}
    return {**kept, "HOME": str(folder / "home"), "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}


def _arguments(command: str, folder: Path) -> list[str]:
    words = shlex.split(command.replace("~", str(folder / "home")))
    return [sys.executable, "-c", "from webui.cli import main; main()", *words[1:]]


@pytest.mark.parametrize("block", _PYTHON_BLOCKS, ids=range(len(_PYTHON_BLOCKS)))
def test_a_python_block_runs(block, fresh_folder):
    code = "from pathlib import Path\ndocuments_dir = Path('seeds')\n" + block

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=fresh_folder,
        env=_environment(fresh_folder),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    if "print(a.text)" in block:
        promised = re.search(r"print\(a\.text\) *# ([^：]+)：", block)
        assert done.stdout.splitlines()[0].startswith(promised.group(1))


@pytest.mark.parametrize("command", [c for c in _COMMANDS if " web" not in c])
def test_a_command_succeeds(command, fresh_folder):
    done = subprocess.run(
        _arguments(command, fresh_folder),
        cwd=fresh_folder,
        env=_environment(fresh_folder),
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout


@pytest.mark.parametrize("command", [*(c for c in _COMMANDS if " web" in c), ".venv/bin/yiju web"])
def test_the_page_opens(command, fresh_folder):
    with subprocess.Popen(
        _arguments(command, fresh_folder),
        cwd=fresh_folder,
        env=_environment(fresh_folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline()).group()
            with urllib.request.urlopen(url, timeout=30) as response:
                page = response.read().decode()
        finally:
            process.terminate()

    assert "Yiju 依据" in page


def test_both_languages_give_the_same_set_up_commands():
    for command in (
        "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/yiju web",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest",
    ):
        assert _README.count(f"\n{command}\n") == 2


def test_every_setting_from_the_environment_is_in_the_table():
    source = Path(sys.modules[IndexSettings.__module__].__file__).read_text("utf-8")
    names = set(re.findall(r'"(YIJU_\w+)"', source))

    assert names
    assert all(f"`{name}`" in _README for name in names)


def test_every_picture_is_there():
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", _README)

    assert pictures
    assert all((_ROOT / picture).is_file() for picture in pictures)


def test_the_retrieval_table_is_the_measured_one():
    path = _ROOT / "tests" / "benchmarks" / "results" / "retrieval.json"

    assert to_markdown(json.loads(path.read_text("utf-8"))) in _README


def test_the_end_to_end_table_is_that_of_the_golden_answers():
    stored = read_stored()

    def is_right(gold):
        text = stored[gold.id]["text"]
        return len(text) <= 120 and any(words in text for words in gold.answers)

    def has_status(gold, status):
        return stored[gold.id]["status"] == status

    answerable = [gold for gold in read_questions() if gold.is_answerable]
    others = [gold for gold in read_questions() if not gold.is_answerable]
    sure = [gold for gold in read_questions() if has_status(gold, "answered")]
    refused = [gold for gold in others if has_status(gold, "not_found")]

    assert f"| {sum(map(is_right, answerable))} / {len(answerable)} |" in _README
    assert f"| {sum(map(is_right, sure))} / {len(sure)} |" in _README
    assert f"| {len(refused)} / {len(others)} |" in _README
