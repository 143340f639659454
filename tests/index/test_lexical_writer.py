import hashlib
import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import lexical_writer
from index.lexical import LexicalIndex, read_segments
from index.lexical_writer import Cut, LexicalWriter, cut_segments, write_segment
from index.segmentation import extract_terms
from tests.index.folders import as_chunk

_WORDS = [f"w{number}" for number in range(300)]


def _key(row: tuple[str, ...]) -> bytes:
    return hashlib.blake2b("\x1f".join(row).encode(), digest_size=16).digest()


def _rows(n_rows: int, seed: int = 0) -> list[tuple[str, ...]]:
    rng = random.Random(seed)
    return [tuple(rng.choices(_WORDS, k=rng.randrange(3, 12))) for _ in range(n_rows)]


def add(writer: LexicalWriter, cut: Cut, rows) -> None:
    folder = writer.folder()
    writer.take(cut, folder, write_segment(folder, map(as_chunk, rows)))


def _write(path: Path, rows: list[tuple[str, ...]], previous: Path | None) -> int:
    """Write an index as a build does; return how many rows were written anew."""
    path.mkdir()
    writer, row, n_written = LexicalWriter(path, previous), 0, 0
    for cut in cut_segments(map(_key, rows), len(rows)):
        if found := writer.find(cut):
            writer.reuse(found)
        else:
            add(writer, cut, rows[row : row + cut.n_rows])
            n_written += cut.n_rows
        row += cut.n_rows
    writer.finish()
    return n_written


def _answers(path: Path, rows: list[tuple[str, ...]]) -> list[list[int]]:
    lexical = LexicalIndex.load(path, 5.0)
    assert lexical.n_rows == len(rows)
    questions = [rows[at][:3] for at in range(0, len(rows), 97)]
    found = [lexical.search(question, 20).tolist() for question in questions]
    for question, hits in zip(questions, found, strict=True):
        assert all(set(question) & set(rows[row]) for row in hits), "a row is not what it was"
    for term in _WORDS[::60]:
        assert lexical.n_chunks_with(term) == sum(term in row for row in rows)
    return found


@given(st.integers(0, 5000), st.integers(0, 9))
@settings(max_examples=25)
def test_segments_hold_every_row_and_are_neither_small_nor_large(n_rows, seed):
    keys = [
        hashlib.blake2b(f"{seed}/{at}".encode(), digest_size=16).digest() for at in range(n_rows)
    ]

    sizes = [cut.n_rows for cut in cut_segments(keys, n_rows)]

    assert sum(sizes) == n_rows
    assert all(128 <= size <= 512 for size in sizes[:-1])


def test_equal_rows_without_end_are_cut_all_the_same():
    sizes = [cut.n_rows for cut in cut_segments([b"\x01" * 16] * 3000, 3000)]

    assert sizes[:-1] == [512] * 5


@pytest.mark.parametrize("n_rows", [20_000, 100_000, 400_000])
def test_of_more_rows_there_are_larger_segments_and_hardly_more(n_rows):
    rng = random.Random(1)
    keys = (rng.randbytes(16) for _ in range(n_rows))

    n_segments = sum(1 for _ in cut_segments(keys, n_rows))

    assert 20 <= n_segments <= 80


@settings(max_examples=3, deadline=None)
@given(st.data())
def test_any_change_writes_little_and_answers_as_a_whole_build(data):
    rows = _rows(1500)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root / "0", rows, None)
        for step in range(1, 3):
            at = data.draw(st.integers(0, len(rows)))
            n_gone = data.draw(st.integers(0, 5))
            come = _rows(data.draw(st.integers(0, 5)), seed=step)
            rows[at : at + n_gone] = come

            n_written = _write(root / f"{step}", rows, root / f"{step - 1}")
            n_whole = _write(root / f"whole{step}", rows, None)

            assert n_whole == len(rows)
            assert n_written <= 1200
            assert _answers(root / f"{step}", rows) == _answers(root / f"whole{step}", rows)
            assert [
                (one.key, one.n_rows, one.n_terms) for one in read_segments(root / f"{step}")
            ] == [
                (one.key, one.n_rows, one.n_terms) for one in read_segments(root / f"whole{step}")
            ]


def test_a_segment_that_stays_is_the_same_file(tmp_path):
    rows = _rows(2000)
    _write(tmp_path / "old", rows, None)
    before = read_segments(tmp_path / "old")

    assert _write(tmp_path / "new", rows, tmp_path / "old") == 0

    assert read_segments(tmp_path / "new") == before
    for segment in before:
        assert (tmp_path / "new" / f"{segment.name}.idx").samefile(
            tmp_path / "old" / f"{segment.name}.idx"
        )


def test_equal_segments_stand_in_one_index_side_by_side(tmp_path):
    rows = [("a", "b")] * 1600

    _write(tmp_path / "old", rows, None)
    n_written = _write(tmp_path / "new", [*rows, *rows], tmp_path / "old")

    assert n_written == 1600 + (1600 - 3 * 512)
    lexical = LexicalIndex.load(tmp_path / "new", 2.0)
    assert lexical.n_chunks_with("a") == 3200
    assert sorted(lexical.search(["a"], 3200).tolist()) == list(range(3200))


def test_segments_of_other_rules_for_terms_are_written_anew(tmp_path):
    rows = _rows(400)
    _write(tmp_path / "old", rows, None)
    path = tmp_path / "old" / "segments.json"
    body = [entry | {"terms_version": 0} for entry in json.loads(path.read_text("utf-8"))]
    path.write_text(json.dumps(body), "utf-8")

    assert _write(tmp_path / "new", rows, tmp_path / "old") == 400


def test_the_rules_for_terms_are_those_of_their_version():
    """When this fails, raise ``TERMS_VERSION``: segments written before hold other terms."""
    text = "市民大会于2月5日召开，gb/t 5972-2023；the rope ガイド 한국어 é"
    digest = hashlib.sha256("\x1f".join(extract_terms(text)).encode()).hexdigest()

    assert digest[:16] == "9557ba7467dc75ef"


@pytest.mark.slow
def test_the_largest_segment_of_long_chunks_is_not_split(tmp_path):
    """As many rows as a segment may have, each of more different terms than a chunk has."""
    (tmp_path / "new").mkdir()
    words, chance = [f"词{number}" for number in range(300_000)], random.Random(1)
    n_rows = 2 * lexical_writer._MOST_ROWS
    rows = (
        [words[int(chance.random() ** 3 * len(words))] for _ in range(1500)] for _ in range(n_rows)
    )
    writer = LexicalWriter(tmp_path / "new", None)
    add(writer, Cut("key", n_rows), rows)

    assert writer.finish() == 1500
