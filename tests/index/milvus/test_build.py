import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.errors import IndexCorruptError, IndexFormatError, IndexLockedError, SettingsError
from index.file_batches import LocalEngine
from index.milvus.address import StoreAddress
from index.milvus.build import build_store
from index.milvus.client import StoreClient
from index.milvus.knowledge_base import MilvusKnowledgeBase
from index.milvus.records import Records
from index.milvus.schema import record_row, slots_of
from index.progress import Stage
from index.settings import IndexSettings
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, edit, search, write_documents

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path):
    return write_documents(tmp_path / "documents", TEXTS)


@pytest.fixture
def address(tmp_path):
    return StoreAddress.parse(f"milvus:{tmp_path / 'store.db'}")


def _build(folder, address, **options):
    return build_store(folder, address, HashEncoder(), settings=IndexSettings(), **options)


def _load(address):
    return MilvusKnowledgeBase.load(address, encoder=HashEncoder())


def _all(address):
    base = _load(address)
    return search(base, "大会 rope 灯塔", 100), base.n_chunks_with("rope"), base.manifest.mean_terms


def _run(*arguments):
    module = ["-m", "tests.index.milvus.builder", *map(str, arguments)]
    leavings = {**os.environ, "TMPDIR": str(Path(arguments[0]).parent)}  # of those that are killed
    return subprocess.run(
        [sys.executable, *module],
        cwd=_ROOT,
        env=leavings,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="processes are killed by a signal")
@pytest.mark.parametrize("stage", [Stage.LEXICAL, Stage.PUBLISH])
def test_a_build_that_is_killed_leaves_the_old_one_answering_and_the_next_one_mends(
    folder, address, tmp_path, stage
):
    _build(folder, address)
    before = _all(address)
    edit(folder / "hoist.md", "# Hoist\n\nThe rope is new, the rope is red.")
    (folder / "灯塔.txt").unlink()

    killed = _run(folder, address, stage)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert _all(address) == before
    assert _build(folder, address).is_new
    elsewhere = StoreAddress.parse(f"milvus:{tmp_path / 'fresh.db'}")
    _build(folder, elsewhere)
    assert _all(address) == _all(elsewhere)


@pytest.mark.skipif(os.name == "nt", reason="processes are killed by a signal")
def test_a_server_is_built_and_asked_by_several_processes_and_missed_when_it_is_gone(
    folder, tmp_path
):
    module = [sys.executable, "-m", "tests.index.milvus.server", str(tmp_path / "server.db")]
    with subprocess.Popen(module, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = StoreAddress.parse(f"milvus://127.0.0.1:{int(server.stdout.readline())}/docs")
            _build(folder, address)
            base = _load(address)
            before = search(base, "rope inspected")
            edit(folder / "hoist.md", "The cable is oiled.")
            built = _run(folder, address)
            assert built.returncode == 0, built.stderr
            assert search(base, "rope inspected") == before
            assert not base.is_live()
            assert search(_load(address), "cable").lexical
        finally:
            server.kill()
    started = time.monotonic()
    with pytest.raises(Exception, match=f"{address}.*does not do as asked") as failed:
        _load(address)
    assert type(failed.value).__name__ == "StoreError"
    assert time.monotonic() - started < 30


def test_milvus_lite_is_open_in_one_program_only(folder, address):
    _build(folder, address)
    with StoreClient.open(address):
        other = _run(folder, address)

    assert other.returncode == 1
    assert "open in another program" in other.stderr


def test_another_build_at_the_same_time_is_noticed_before_the_switch(folder, address):
    _build(folder, address)
    edit(folder / "hoist.md", "The cable is oiled.")

    def tell(progress):
        if progress.stage is Stage.LEXICAL and not progress.done:
            with StoreClient.open(address) as client:
                slot = slots_of("yiju")[1]
                client.upsert(slot.records, [record_row("writer", "somebody else")])

    with pytest.raises(IndexLockedError, match="at the same time"):
        _build(folder, address, progress=tell)
    assert not search(_load(address), "cable").lexical
    assert _build(folder, address).is_new
    assert search(_load(address), "cable").lexical


class _Backwards:
    """An engine whose batches come in no order that anybody would expect."""

    def __init__(self):
        self._engine = LocalEngine(HashEncoder(), IndexSettings())

    def run(self, files):
        yield from reversed(list(self._engine.run(files)))


def test_batches_may_come_in_any_order(folder, address, tmp_path):
    write_documents(folder, {"a.txt": TEXTS["hoist.md"], "a.md": TEXTS["hoist.md"]})
    _build(folder, address, engine=_Backwards())
    elsewhere = StoreAddress.parse(f"milvus:{tmp_path / 'in-order.db'}")
    _build(folder, elsewhere)

    assert _all(address) == _all(elsewhere)


@pytest.mark.parametrize("record", ["info", "text"])
def test_a_document_that_was_altered_is_not_quoted(folder, address, record):
    _build(folder, address)
    base = _load(address)
    (hit,) = search(base, "rope inspected").lexical
    key = f"{record}/{hit.chunk.doc_id}" + ("/0" if record == "text" else "")
    with StoreClient.open(address) as client:
        slot = slots_of("yiju")[0]
        body = Records(client, slot).get([key])[key]
        forged = body.replace("30 days", "90 days").replace("5d6ae", "aaaaa")
        client.upsert(slot.records, [record_row(key, forged)])

    with pytest.raises(IndexCorruptError, match=r"hoist\.md"):
        base.document(hit.chunk.doc_id)


def test_a_forged_manifest_is_refused(folder, address):
    _build(folder, address)
    with StoreClient.open(address) as client:
        slot = slots_of("yiju")[0]
        client.load(slot.records)
        body = Records(client, slot).get(["manifest"])["manifest"]
        client.upsert(
            slot.records, [record_row("manifest", body.replace('"n_chunks": 5', '"n_chunks": 4'))]
        )

    with pytest.raises(IndexCorruptError, match="altered"):
        _load(address)
    assert _build(folder, address, full=True).is_new
    assert _load(address).n_chunks == 5


def test_a_collection_of_somebody_else_is_left_alone(folder, address):
    with StoreClient.open(address) as client:
        client.library.create_collection("yiju", dimension=4)

        with pytest.raises(IndexFormatError, match="no index of yiju"):
            _build(folder, address)
        assert client.has("yiju")


def test_questions_are_answered_all_the_while_a_build_runs(folder, address):
    _build(folder, address)
    pinned = _load(address)
    before = search(pinned, "rope inspected 灯塔")
    write_documents(folder, {f"{number}.txt": f"The rope number {number}." for number in range(99)})

    with ThreadPoolExecutor(1) as pool:
        build = pool.submit(_build, folder, address)
        found = [search(pinned, "rope inspected 灯塔")]
        while not build.done():
            found.append(search(pinned, "rope inspected 灯塔"))

    assert build.result().n_added == 99
    assert all(one == before for one in found)
    assert len(search(_load(address), "rope", 200).lexical) == 100


def test_an_idle_slot_that_cannot_be_used_is_made_anew(folder, address):
    _build(folder, address)
    with StoreClient.open(address) as client:
        idle = slots_of("yiju")[1]
        for collection in (idle.chunks, idle.records):
            client.library.create_collection(collection, dimension=4)
    edit(folder / "hoist.md", "The cable is oiled.")

    assert _build(folder, address).changed == ("hoist.md",)
    assert search(_load(address), "cable").lexical


def test_a_store_may_lie_among_the_documents(folder):
    within = StoreAddress.parse(f"milvus:{folder / 'store.db'}")

    reports = [_build(folder, within) for _ in range(3)]

    assert [report.is_new for report in reports] == [True, False, False]
    assert reports[0].problems == ()


def test_a_file_where_the_folder_should_be_is_left_alone(folder, address):
    address.path.write_text("old")

    with pytest.raises(IndexFormatError, match="is a file"):
        _build(folder, address)
    assert address.path.read_text() == "old"


def test_chunks_too_long_for_a_field_are_refused_at_once(folder, address):
    settings = IndexSettings(max_chunk_chars=20_000)

    with pytest.raises(SettingsError, match="16000"):
        build_store(folder, address, HashEncoder(), settings=settings)
