"""Files read by a Ray cluster, upserted by the one writer of a Milvus Lite file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from index.datatypes import BuildReport
from index.milvus.address import StoreAddress
from index.milvus.build import build_store
from index.milvus.client import StoreClient
from index.milvus.generation import read_live
from index.ray_engine import RayEngine
from index.settings import IndexSettings
from tests.index.ray_processes import (
    LINUX,
    NEEDS_RAY,
    busy_workers,
    descendants,
    write_many,
)

pytestmark = [NEEDS_RAY, LINUX, pytest.mark.slow, pytest.mark.cluster]
_ROOT = Path(__file__).parents[3]
_SETTINGS = IndexSettings()


def _rows(address: StoreAddress) -> list[tuple[str, str, tuple[float, ...]]]:
    """List what answers: the chunks' ids, texts and vectors."""
    with StoreClient.open(address) as client:
        collection = read_live(client).slot.chunks
        rows = client.library.query(
            collection,
            filter="ordinal >= 0",
            output_fields=["chunk_id", "text", "dense"],
            limit=10_000,
        )
    return sorted((row["chunk_id"], row["text"], tuple(row["dense"])) for row in rows)


def _build(documents: Path, address: StoreAddress, encoder, **options) -> BuildReport:
    return build_store(documents, address, encoder, settings=_SETTINGS, **options)


def test_killed_workers_leave_what_one_process_would_have_written(tmp_path, bundled_encoder):
    documents = tmp_path / "documents"
    write_many(documents, 120)
    stores = [StoreAddress.parse(f"milvus:{tmp_path}/{name}.db") for name in ("local", "ray")]
    killed = []

    def kill_now_and_then(progress) -> None:
        if progress.done % 40 == 1 and (busy := busy_workers()):
            os.kill(busy[0], signal.SIGKILL)
            killed.append(busy[0])

    wanted = _build(documents, stores[0], bundled_encoder)
    engine = RayEngine(bundled_encoder, _SETTINGS, n_workers=2)
    made = _build(documents, stores[1], bundled_encoder, engine=engine, progress=kill_now_and_then)
    again = _build(documents, stores[1], bundled_encoder, engine=engine)

    rows = _rows(stores[1])
    assert len(killed) >= 2
    assert len({chunk_id for chunk_id, _, _ in rows}) == len(rows) == made.n_chunks
    assert rows == _rows(stores[0])
    assert (made.n_documents, made.n_chunks) == (wanted.n_documents, wanted.n_chunks)
    assert (made.n_problems, again.is_new) == (0, False)
    assert not [pid for pid in descendants() if pid in killed]


def test_the_command_indexes_with_ray_and_answers_from_the_store(corpus_copy, tmp_path):
    store = f"milvus:{tmp_path}/docs.db"

    made = _run("index", "--documents", str(corpus_copy), "--store", store, "--engine", "ray")
    asked = _run("ask", "工具领用后几天归还？", "--store", store)

    assert made.returncode == 0, made.stderr
    assert "21" in made.stdout, "the documents of the corpus"
    assert asked.returncode in {0, 1}, asked.stderr
    assert "ray" not in made.stdout.lower(), "Ray's own words are not for users"
    assert "fork" not in made.stderr, "nor are those of gRPC"


def _run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "webui.cli", *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
