"""README's examples for programs, run as they are written against a page that is served."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rag import Answerer
from tests.webui.quiet import quiet_gradio
from webui.accounts import Accounts
from webui.app import WebSettings, serve

_ROOT = Path(__file__).parents[1]
_README = (_ROOT / "README.md").read_text("utf-8")
_URL = "http://127.0.0.1:7860"
_SHELL = re.findall(r"```sh\n(.*?)```", _README, re.DOTALL)
_PYTHON = re.findall(r"```py\n(.*?)```", _README, re.DOTALL)
_QUESTION = "大会是哪一天召开的？"


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    shutil.copy(_ROOT / "tests" / "corpus" / "tea_conference.txt", folder)
    return folder


@pytest.fixture(scope="module")
def answerer(documents):
    return Answerer.open(documents)


@pytest.fixture(scope="module")
def url(answerer):
    with quiet_gradio():
        served = serve(answerer, settings=WebSettings(look_s=600))
    yield served.local_url.rstrip("/")
    served.close()


def run(command):
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_both_languages_give_the_same_examples():
    assert len(_SHELL) == len(_PYTHON) == 2
    assert len(set(_SHELL)) == len(set(_PYTHON)) == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_shell_example_gets_the_answer(url, answerer):
    told = run(["sh", "-c", _SHELL[0].replace(_URL, url)])
    event, data = told.strip().split("\n", 1)
    assert event == "event: complete"
    assert json.loads(data.removeprefix("data: ")) == [answerer.answer(_QUESTION).to_dict()]


def test_the_python_example_gets_the_answer(url, answerer):
    answer = answerer.answer(_QUESTION)
    told = run([sys.executable, "-c", _PYTHON[0].replace(_URL, url)])
    assert told.splitlines()[-1] == f"{answer.text} {answer.citations[0].source}"


def test_the_examples_work_with_a_token_where_people_log_in(answerer):
    accounts = Accounts()
    accounts.add("alice", "correct horse battery")
    token = accounts.make_token("alice")
    with quiet_gradio():
        served = serve(answerer, accounts=accounts, settings=WebSettings(look_s=600))
    try:
        header = f'headers={{"Authorization": "Bearer {token}"}}'
        code = _PYTHON[0].replace(f'Client("{_URL}")', f'Client("{served.local_url}", {header})')
        assert header in code
        assert answerer.answer(_QUESTION).text in run([sys.executable, "-c", code])
    finally:
        served.close()
        accounts.close()
