import socket

import pytest

from index.errors import ModelError
from index.file_batches import LocalEngine
from index.loading import FoundFile, scan_documents
from index.ray_worker import make_batches
from index.settings import IndexSettings
from tests.index.batches import assert_same, by_source

_SETTINGS = IndexSettings()


def test_a_group_becomes_what_the_local_engine_makes_of_it(corpus_dir, bundled_encoder):
    files = scan_documents(corpus_dir, 2**20).files

    reply = make_batches(files, _SETTINGS, bundled_encoder.fingerprint)

    local = LocalEngine(bundled_encoder, _SETTINGS).run(files)
    assert [batch.file for batch in reply.batches] == list(files)
    assert_same(by_source(reply.batches), by_source(local))
    assert (reply.machine, reply.unseen) == (socket.gethostname(), ())


def test_a_machine_with_another_encoder_is_refused(corpus_dir, bundled_encoder):
    with pytest.raises(ModelError) as refused:
        make_batches((), _SETTINGS, "made elsewhere")

    assert socket.gethostname() in str(refused.value)
    assert bundled_encoder.fingerprint in str(refused.value)


def test_files_that_are_not_there_are_told_apart_from_unreadable_ones(tmp_path, bundled_encoder):
    broken = tmp_path / "broken.docx"
    broken.write_bytes(b"no document")
    gone = tmp_path / "gone.txt"
    files = [FoundFile(path, path.name, 11, 1) for path in (broken, gone)]

    reply = make_batches(files, _SETTINGS, bundled_encoder.fingerprint)

    assert all(batch.error for batch in reply.batches)
    assert reply.unseen == (gone,)
