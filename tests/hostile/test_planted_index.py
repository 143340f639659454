"""An index's folder that came with the documents leads nowhere outside of it."""

import pytest

from index.errors import IndexCorruptError
from tests.index.folders import TEXTS, build, write_documents


@pytest.mark.parametrize(
    "named", ["../../outside", "/etc", "..", "000001\n../x", "\x00", "9" * 9999]
)
def test_a_pointer_that_names_no_generation_is_refused_with_what_to_do(
    named, tmp_path, hash_encoder
):
    folder = write_documents(tmp_path / "documents", {**TEXTS, ".yiju/CURRENT": named})
    (tmp_path / "outside").mkdir()

    with pytest.raises(IndexCorruptError, match=r"names no generation .* Run: yiju index --full"):
        build(folder, hash_encoder)

    assert list((tmp_path / "outside").iterdir()) == []
    assert build(folder, hash_encoder, full=True).n_documents == len(TEXTS)


def test_documents_beside_the_index_are_none_and_documents_in_a_folder_of_its_name_are(
    tmp_path, hash_encoder
):
    inner = write_documents(tmp_path / ".yiju" / "documents", TEXTS)
    write_documents(inner, {".yiju/hidden.txt": "藏。"})

    assert build(inner, hash_encoder).n_documents == len(TEXTS)
