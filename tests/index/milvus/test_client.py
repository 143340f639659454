import subprocess
import sys
import time
from pathlib import Path

import pytest
from pymilvus.exceptions import MilvusException

from index.errors import StoreError
from index.milvus.address import StoreAddress
from index.milvus.client import RowWriter, StoreClient
from tests.ports import take_port

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def client(tmp_path):
    with StoreClient.open(StoreAddress.parse(f"milvus:{tmp_path / 'x.db'}")) as opened:
        yield opened


def test_a_server_that_is_away_is_told_of_within_seconds():
    address = StoreAddress.parse(f"milvus://127.0.0.1:{take_port()}/docs")
    started = time.monotonic()

    with pytest.raises(StoreError) as failed:
        StoreClient.open(address)

    assert time.monotonic() - started < 10
    assert str(address) in str(failed.value)
    assert "that the server runs" in str(failed.value)


def test_what_the_engine_calls_retriable_is_tried_again_and_nothing_else(client):
    calls = []

    def fail(*, retriable, until):
        calls.append(1)
        if len(calls) < until:
            raise MilvusException(code=8, message="rate limit", retriable=retriable)
        return "done"

    assert client.run(lambda: fail(retriable=True, until=3)) == "done"
    assert len(calls) == 3
    calls.clear()
    with pytest.raises(StoreError, match="rate limit"):
        client.run(lambda: fail(retriable=False, until=2))
    assert len(calls) == 1


def test_there_is_an_end_to_trying(client):
    calls = []

    def fail():
        calls.append(1)
        raise MilvusException(code=8, message="rate limit", retriable=True)

    with pytest.raises(StoreError, match="rate limit"):
        client.run(fail)
    assert len(calls) == 5


class _Messages:
    """Takes what would be sent."""

    def __init__(self):
        self.sizes = []

    def upsert(self, collection, batch):
        self.sizes.append(len(batch))


def test_messages_are_bounded_by_rows_and_by_bytes():
    messages = _Messages()
    writer = RowWriter(messages, "c")

    writer.put({"key": str(number), "body": ""} for number in range(2500))
    writer.flush()
    writer.put({"key": str(number), "body": "𠮷" * 15_000} for number in range(300))
    writer.flush()
    writer.flush()

    assert messages.sizes == [1000, 1000, 500, 139, 139, 22]


@pytest.mark.parametrize("missing", ["pymilvus", "milvus_lite"])
def test_a_missing_library_is_named_with_what_to_install(missing, tmp_path):
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from webui.cli import main\n"
        f"sys.argv = ['yiju', 'ask', 'x', '--store', 'milvus:{tmp_path}/x.db']\nmain()"
    )
    (tmp_path / "x.db").mkdir()
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=False
    )

    assert child.returncode == 2
    assert "pip install 'yiju[milvus]'" in child.stderr
    assert "Traceback" not in child.stderr


def test_pymilvus_is_not_loaded_unless_it_is_asked_for():
    code = "import sys, rag, webui.cli, index.milvus.build; print('pymilvus' in sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=False
    )

    assert child.stdout == "False\n", child.stderr
