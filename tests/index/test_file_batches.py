import numpy as np
import pytest

from index.build import build_index
from index.file_batches import LocalEngine
from index.knowledge_base import KnowledgeBase
from index.loading import scan_documents
from index.settings import IndexSettings


@pytest.fixture
def batches(corpus_copy, bundled_encoder):
    files = scan_documents(corpus_copy, 2**20).files
    return list(LocalEngine(bundled_encoder, IndexSettings()).run(files))


def test_every_file_becomes_one_batch_in_order(batches, corpus_copy):
    files = scan_documents(corpus_copy, 2**20).files
    assert [batch.file for batch in batches] == list(files)
    assert not any(batch.error for batch in batches)


def test_batches_hold_what_a_local_index_holds(batches, corpus_copy, bundled_encoder, tmp_path):
    build_index(corpus_copy, tmp_path / "index", bundled_encoder, settings=IndexSettings())
    base = KnowledgeBase.load(tmp_path / "index", encoder=bundled_encoder)
    chunks = base.chunks(range(base.n_chunks))

    by_doc = {batch.loaded.document.doc_id: batch for batch in batches}
    made = [
        chunk
        for doc_id in dict.fromkeys(c.doc_id for c in chunks)
        for chunk in by_doc[doc_id].chunks
    ]
    assert made == chunks
    for batch in batches:
        document = base.document(batch.loaded.document.doc_id)
        assert (document, batch.sha256) == (batch.loaded.document, document.sha256)
        terms = [base.terms(chunk) for chunk in batch.chunks]
        assert [len(one) for one in batch.terms] == [len(one.numbers) for one in terms]
        for vector, chunk in zip(batch.vectors, batch.chunks, strict=True):
            (cosine,) = base.score_dense(vector, [chunk])
            assert cosine == pytest.approx(1.0, abs=1e-5)
        assert batch.vectors.dtype == np.float32


def test_a_file_that_cannot_be_read_becomes_a_batch_that_says_why(tmp_path, bundled_encoder):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.docx").write_bytes(b"not a document")
    (documents / "b.txt").write_text("会议于2月5日召开。", "utf-8")
    (documents / "c.txt").write_text("走了。", "utf-8")
    files = scan_documents(documents, 2**20).files
    (documents / "c.txt").unlink()

    broken, whole, gone = LocalEngine(bundled_encoder, IndexSettings()).run(files)

    assert broken.error and broken.sha256 and broken.loaded is None and broken.vectors.shape[0] == 0
    assert len(whole.chunks) == len(whole.terms) == len(whole.vectors) == 1
    assert gone.error and not gone.sha256
