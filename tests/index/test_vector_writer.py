"""Which vectors are computed and which are taken over, with real stores and files."""

import numpy as np
import pytest

from tests.fakes import HashEncoder
from tests.index.folders import all_chunks, build, edit, load, read_vectors, write_documents

_TEXTS = {f"{at:03}.txt": f"第{at}号通知\n\n内容之{at}：会议在{at}号楼召开。" for at in range(60)}


@pytest.fixture
def folder(tmp_path):
    folder = write_documents(tmp_path / "文档", _TEXTS)
    build(folder, HashEncoder())
    return folder


def _assert_right(folder) -> None:
    chunks = all_chunks(load(folder, HashEncoder()))
    texts = ["\n".join((*chunk.heading, chunk.text)) for chunk in chunks]
    np.testing.assert_array_equal(read_vectors(folder), HashEncoder().encode(texts))


def test_every_row_has_the_vector_of_its_chunk(folder):
    _assert_right(folder)


def test_changes_here_and_there_are_encoded_together(folder):
    class Counting(HashEncoder):
        n_calls = 0

        def encode(self, texts):
            Counting.n_calls += 1
            return super().encode(texts)

    for at in range(0, 60, 3):
        edit(folder / f"{at:03}.txt", f"第{at}号通知\n\n改期。")
    encoder = Counting()

    report = build(folder, encoder)

    assert (report.n_encoded, Counting.n_calls) == (20, 1)
    _assert_right(folder)


def test_a_text_that_was_known_elsewhere_is_not_encoded_again(folder, hash_encoder):
    (folder / "000.txt").rename(folder / "后/000.txt".replace("/", "-"))
    (folder / "001.txt").unlink()
    write_documents(folder, {"abc.txt": _TEXTS["005.txt"] + "\n"})

    report = build(folder, hash_encoder)

    assert (report.n_encoded, hash_encoder.encoded) == (0, [])
    assert report.n_read == 2
    _assert_right(folder)


def test_more_rows_than_a_batch_are_all_written(tmp_path):
    folder = write_documents(
        tmp_path, {"长.txt": "".join(f"第{at}条，楼层{at}的规定如此。\n\n" for at in range(4000))}
    )

    report = build(folder, HashEncoder(dim=4))

    assert report.n_encoded == report.n_chunks > 300
    assert read_vectors(folder).any(axis=1).all()
