"""Which rows are not cut into terms again, with real generations."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import row_work, row_workers
from index.chunking import search_text
from index.errors import IndexCorruptError
from index.generations import IndexDir
from index.known_terms import KnownTerms
from index.lexical import read_segments
from index.matching import ChunkTerms, cut_chunk
from index.normalization import fold_text
from index.segmentation import extract_terms
from index.store_writer import Run
from index.terms_file import TermsFile
from tests.fakes import HashEncoder
from tests.index.folders import all_chunks, build, edit, load, write_documents

_N_FILES, _N_PARTS = 150, 5
_TEXTS = {
    f"{at:03}.md": f"# 第{at}号通知\n\n"
    + "\n\n".join(f"## 第{part}条\n\n会议在{at * part}号楼召开。" for part in range(_N_PARTS))
    for at in range(_N_FILES)
}


@pytest.fixture
def folder(tmp_path):
    folder = write_documents(tmp_path / "文档", _TEXTS)
    build(folder, HashEncoder())
    return folder


@pytest.fixture(scope="module")
def previous(tmp_path_factory):
    """A generation of several segments."""
    folder = write_documents(tmp_path_factory.mktemp("文档"), _TEXTS)
    build(folder, HashEncoder())
    home = IndexDir(folder / ".yiju")
    return home.paths(home.current())


@pytest.fixture
def cut(monkeypatch):
    """Collects the chunks that are cut into terms."""
    seen = []

    def count(chunk):
        seen.append(chunk)
        return cut_chunk(chunk)

    monkeypatch.setattr(row_work, "cut_chunk", count)
    return seen


def _assert_right(folder, encoder=None) -> None:
    """Every row has the terms of its chunk, and is found by them."""
    base = load(folder, encoder or HashEncoder())
    chunks = all_chunks(base)
    home = IndexDir(folder / ".yiju")
    paths = home.paths(home.current())
    row = 0
    for segment in read_segments(paths.lexical):
        file = TermsFile(paths.lexical / f"{segment.name}.numbered", segment.n_rows)
        for at in range(segment.n_rows):
            kept, expected = file.read(at), ChunkTerms.read(chunks[row])
            assert kept.numbers.tolist() == expected.numbers.tolist()
            assert kept.lengths.tolist() == expected.lengths.tolist()
            assert kept.scripts.tolist() == expected.scripts.tolist()
            row += 1
    assert row == len(chunks)
    _assert_found(base)


def _assert_found(base) -> None:
    held = [set(extract_terms(fold_text(search_text(chunk)))) for chunk in all_chunks(base)]
    for word in ("会议", "改期", "号楼", "通知"):
        assert base.n_chunks_with(word) == sum(word in words for words in held)


def test_of_a_segment_with_one_change_the_other_rows_are_not_cut(folder, cut):
    edit(folder / "070.md", _TEXTS["070.md"].replace("第3条\n\n会议", "第3条\n\n改期。会议"))

    build(folder, HashEncoder())

    assert ["改期" in chunk.text for chunk in cut] == [True]
    _assert_right(folder)


@pytest.mark.parametrize("least", [10**6, 0], ids=["here", "by processes"])
def test_changes_of_every_kind_leave_every_row_its_own_terms(
    folder, bundled_encoder, monkeypatch, least
):
    monkeypatch.setattr(row_workers, "_LEAST_ROWS", least)
    encoder = HashEncoder() if least else bundled_encoder
    build(folder, encoder)
    (folder / "000.md").unlink()
    (folder / "001.md").rename(folder / "zzz.md")
    for at in range(20, 140, 7):
        edit(folder / f"{at:03}.md", _TEXTS[f"{at:03}.md"].replace("第2条", "第二条，改期"))
    write_documents(folder, {"050-a.md": "# 新的\n\n改期。\n\n" + _TEXTS["050.md"]})

    build(folder, encoder)

    _assert_right(folder, encoder)


def test_equal_words_of_which_other_lines_are_headings_are_cut_anew(folder, cut):
    write_documents(folder, {"v.md": "# w\n\n零\n\n## 甲\n一。"})
    build(folder, HashEncoder())
    cut.clear()
    write_documents(folder, {"w.csv": "甲\n## 甲\n一。"})

    build(folder, HashEncoder())

    assert [(chunk.heading, chunk.text) for chunk in cut] == [(("w",), "甲\n## 甲\n一。")]
    _assert_right(folder)


def test_rules_of_another_version_make_all_rows_be_cut(folder, cut, monkeypatch):
    monkeypatch.setattr("index.known_terms.TERMS_VERSION", 99)
    monkeypatch.setattr("index.lexical_writer.TERMS_VERSION", 99)
    edit(folder / "070.md", "改期")

    report = build(folder, HashEncoder())

    assert len(cut) == report.n_chunks
    _assert_right(folder)


def test_a_damaged_terms_file_is_not_written_on(folder):
    home = IndexDir(folder / ".yiju")
    for path in home.paths(home.current()).lexical.glob("*.numbered"):
        data = bytearray(path.read_bytes())
        data[-2] ^= 1
        path.write_bytes(data)
    edit(folder / "070.md", "改期")

    with pytest.raises(IndexCorruptError, match=r"\.numbered.*yiju index --full"):
        build(folder, HashEncoder())

    build(folder, HashEncoder(), full=True)
    _assert_right(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_found_rows_are_where_they_are_said_to_be(previous, data):
    segments = read_segments(previous.lexical)
    n_old = sum(segment.n_rows for segment in segments)
    assert len(segments) > 1
    copied, row = [], 0
    for _ in range(data.draw(st.integers(0, 5))):
        row += data.draw(st.integers(0, 40))
        old_row = data.draw(st.integers(0, n_old - 1))
        n_rows = data.draw(st.integers(1, n_old - old_row))
        copied.append(Run(row, old_row, n_rows))
        row += n_rows
    start = data.draw(st.integers(0, row + 10))
    stop = data.draw(st.integers(start, row + 20))

    found = KnownTerms(previous, copied).find(start, stop)

    first_of = {}
    at = 0
    for segment in segments:
        first_of[str(previous.lexical / f"{segment.name}.numbered")] = (at, segment.n_rows)
        at += segment.n_rows
    pairs = []
    for rows in found:
        first, n_held = first_of[rows.path]
        assert rows.n_held == n_held
        assert rows.at >= 0
        assert rows.at + rows.n_rows <= n_held
        pairs += [(rows.first_row + step, first + rows.at + step) for step in range(rows.n_rows)]
    assert pairs == [
        (run.first_row + step, run.old_row + step)
        for run in copied
        for step in range(run.n_rows)
        if start <= run.first_row + step < stop
    ]


def test_without_a_generation_before_nothing_is_known():
    assert KnownTerms(None, ()).find(0, 10) == []
