"""Nothing leaves the machine: building, loading and answering never reach for the network."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.index.folders import TEXTS, write_documents
from tests.other_models import make_date_reader, make_encoder

_ROOT = Path(__file__).parent.parent
# Raises at, and counts, every attempt to reach anything but this machine; a library that swallows
# the exception is caught all the same.
_GUARD = """
import json, socket, sys
attempts = []
LOOPBACK = {"127.0.0.1", "::1", "localhost", None, ""}

def guard(event, arguments):
    if event in {"socket.connect", "socket.sendto", "socket.bind"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # else a socket of this machine
    elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        host = arguments[0]
    elif event in {"urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect"}:
        host = str(arguments[:2])
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in LOOPBACK:
        attempts.append([event, str(host)])
        raise OSError(f"no network here: {event} {host}")

sys.addaudithook(guard)
"""
_ASK = """
from pathlib import Path
from index import IndexSettings, KnowledgeBase, build_index, default_index_dir, load_encoder
from rag import answer

folder = Path(sys.argv[1])
encoder = load_encoder()
report = build_index(folder, default_index_dir(folder), encoder, settings=IndexSettings())
n_chunks = KnowledgeBase.load(default_index_dir(folder)).n_chunks
asked = ["钢丝绳组件的订货号是什么？", "遺失圖書怎麼賠償？", "What is the capital of France?"]
statuses = [answer(question, documents=folder).status for question in asked]
print(json.dumps([attempts, report.n_documents, n_chunks, statuses]))
"""
_REACH_OUT = """
import urllib.request
for reach_out in (
    lambda: socket.socket().connect(("192.0.2.1", 80)),
    lambda: socket.getaddrinfo("example.invalid", 80),
    lambda: urllib.request.urlopen("http://example.invalid"),
    lambda: socket.create_connection(("127.0.0.1", 9)),
):
    try:
        reach_out()
    except OSError:
        pass
print(json.dumps([attempts]))
"""


def _run(code: str, *arguments: str) -> list:
    child = subprocess.run(
        [sys.executable, "-c", _GUARD + code, *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout.splitlines()[-1])


def test_building_and_answering_never_reach_for_the_network(corpus_copy):
    attempts, n_documents, n_chunks, statuses = _run(_ASK, str(corpus_copy))

    assert attempts == []
    assert n_documents > 15
    assert n_chunks > n_documents
    assert statuses[0] == "answered"
    assert len(statuses) == 3


def test_a_model_that_is_not_here_is_not_looked_for_elsewhere():
    code = """
from index import load_encoder
from index.errors import ModelError
try:
    load_encoder("sentence-transformers/all-MiniLM-L6-v2")
    outcome = "loaded"
except ModelError as exc:
    outcome = str(exc)
print(json.dumps([attempts, outcome]))
"""

    attempts, outcome = _run(code)

    assert attempts == []
    assert "all-MiniLM-L6-v2" in outcome


def test_another_encoder_and_reader_answer_without_the_network(tmp_path):
    folder = write_documents(tmp_path / "documents", TEXTS)
    make_encoder(tmp_path / "encoder")
    make_date_reader(tmp_path / "reader")
    code = """
from rag import answer
documents, encoder, reader = sys.argv[1:]
given = answer("大会是哪一天召开的？", documents=documents, encoder=encoder, reader=reader)
print(json.dumps([attempts, given.text]))
"""

    paths = (folder, tmp_path / "encoder", tmp_path / "reader")
    attempts, text = _run(code, *map(str, paths))

    assert attempts == []
    assert text == "2月5日"


@pytest.mark.parametrize("option", ["encoder", "reader"])
def test_a_model_of_that_name_elsewhere_is_never_asked_for(option, tmp_path):
    folder = write_documents(tmp_path / "documents", TEXTS)
    code = """
from rag import answer
try:
    answer("?", documents=sys.argv[1], **{sys.argv[2]: "bert-base-chinese"})
    outcome = "loaded"
except Exception as exc:
    outcome = str(exc)
print(json.dumps([attempts, outcome]))
"""

    attempts, outcome = _run(code, str(folder), option)

    assert attempts == []
    assert "Nothing is ever downloaded" in outcome
    assert not (folder / ".yiju").exists()


def test_the_guard_of_these_tests_notices_every_way_out():
    (attempts,) = _run(_REACH_OUT)

    assert [event for event, _ in attempts] == [
        "socket.connect",
        "socket.getaddrinfo",
        "urllib.Request",
    ]
