import pytest

from index.milvus.records import split_text


@pytest.mark.parametrize("text", ["", "a", "𠮷" * 40_000, "é" * 59_999 + "😀", "x" * 60_000])
@pytest.mark.parametrize("size", [1, 7_919, 10**6])
def test_a_text_is_cut_between_characters_into_pieces_that_fit(text, size):
    parts = [text[at : at + size] for at in range(0, min(len(text), 9_000_000), size)]
    if size == 1 and len(text) > 50_000:
        parts = [text]

    rows = list(split_text("text/d", parts))

    assert "".join(row["body"] for row in rows) == text
    assert [row["key"] for row in rows] == [f"text/d/{number}" for number in range(len(rows))]
    assert all(len(row["body"].encode("utf-8")) <= 60_000 for row in rows)
