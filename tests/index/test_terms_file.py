import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import terms_file
from index.errors import IndexCorruptError
from index.matching import ChunkTerms, CutChunk
from index.scripts import N_SCRIPTS
from index.terms_file import TermsFile, TermsWriter

_sentence = st.lists(st.sampled_from(["会议", "#会议", "=gbt5972", "rope", "é", "𠀀"]), max_size=6)
_chunks = st.lists(
    st.builds(
        CutChunk,
        st.lists(_sentence, min_size=1, max_size=5).map(tuple),
        st.lists(st.integers(0, 1000), min_size=N_SCRIPTS, max_size=N_SCRIPTS),
    ),
    max_size=70,
).map(lambda chunks: list(ChunkTerms.of(chunks)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("terms")


def _write(path, chunks):
    with TermsWriter(path.parent) as writer:
        for chunk in chunks:
            writer.add(chunk)
        writer.save(path)


def _one(*sentences) -> ChunkTerms:
    (terms,) = ChunkTerms.of([CutChunk(sentences, [0] * N_SCRIPTS)])
    return terms


@given(_chunks)
def test_a_row_is_read_as_it_was_written(folder, chunks):
    path = folder / "some.numbered"
    _write(path, chunks)

    terms = TermsFile(path, len(chunks))

    for row, expected in enumerate(chunks):
        read = terms.read(row)
        np.testing.assert_array_equal(read.numbers, expected.numbers)
        np.testing.assert_array_equal(read.lengths, expected.lengths)
        np.testing.assert_array_equal(read.scripts, expected.scripts)


def test_terms_that_do_not_fit_into_memory_are_read_as_they_were_written(tmp_path, monkeypatch):
    monkeypatch.setattr(terms_file, "_SPOOLED_BYTES", 100)
    chunks = [_one(["会议", f"#{at}"], ["rope"] * (at % 7)) for at in range(200)]
    _write(tmp_path / "some.numbered", chunks)

    terms = TermsFile(tmp_path / "some.numbered", len(chunks))

    assert [terms.read(at).numbers.tolist() for at in range(200)] == [
        chunk.numbers.tolist() for chunk in chunks
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["some.numbered"]


def _cut(data: bytes) -> bytes:
    return data[:-1]


def _end(data: bytes) -> bytes:
    return data[:20]


def _rename(data: bytes) -> bytes:
    return b"X" + data[1:]


def _grow(data: bytes) -> bytes:
    """Let the first row end beyond the last."""
    return data[:36] + b"\xff\xff\xff\x7f" + data[40:]


def _overlap(data: bytes) -> bytes:
    """Let the rows begin after the first term."""
    return data[:32] + b"\x01\x00\x00\x00" + data[36:]


def _fold(data: bytes) -> bytes:
    """Let the sentences of the first row end beyond the last."""
    return data[:48] + b"\x09\x00\x00\x00" + data[52:]


@pytest.mark.parametrize("damage", [_cut, _end, _rename, _grow, _overlap, _fold, lambda _: b""])
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "some.numbered"
    _write(path, [_one(["a", "b"], ["c"])] * 2)
    assert TermsFile(path, 2).read(1).lengths.tolist() == [2, 1]
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(IndexCorruptError, match=r"some\.numbered is damaged"):
        TermsFile(path, 2)


def test_a_file_of_another_segment_is_refused(tmp_path):
    _write(tmp_path / "some.numbered", [_one([])])

    with pytest.raises(IndexCorruptError):
        TermsFile(tmp_path / "some.numbered", 2)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(IndexCorruptError):
        TermsFile(tmp_path / "none", 1)
