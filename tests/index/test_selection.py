"""Selection: which documents patterns name, and that only those are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import codes, dense, lexical
from index.errors import SelectionError
from index.normalization import fold_text
from index.phrases import Phrase
from index.segmentation import extract_terms
from index.selection import MOST_PATTERN_CHARS, MOST_PATTERNS, match_sources
from tests.index.folders import build, load, write_documents

_TEXTS = {
    f"{folder}/{at}.txt": f"{folder}第{at}号文件：大会于{at + 1}月在礼堂召开，绳索每{at}天检查。"
    for folder in ("合同", "年报/旧", "notes")
    for at in range(12)
}


@pytest.mark.parametrize(
    ("pattern", "source", "expected"),
    [
        ("合同/3.txt", "合同/3.txt", True),
        ("合同/3.txt", "旧/合同/3.txt", False),
        ("3.txt", "合同/3.txt", True),
        ("3.txt", "合同/13.txt", False),
        ("合同", "合同/3.txt", True),
        ("合同/", "合同/旧/3.txt", True),
        ("合同", "合同2/3.txt", False),
        ("合同", "年报/合同/3.txt", False),
        ("*.PDF", "a/b/Lease.pdf", True),
        ("*.pdf", "lease.pdf.txt", False),
        ("a/*.txt", "a/b/c.txt", True),
        ("a/*.txt", "b/a/c.txt", False),
        ("?.txt", "a/é.txt", True),
        ("cafe\u0301.md", "caf\u00e9.md", True),
        ("./合同\\3.txt", "合同/3.txt", True),
        ("[12].txt", "2.txt", True),
        ("a.c", "abc", False),
        ("(a|b)+", "(a|b)+", True),
        ("[2024]合同.txt", "[2024]合同.txt", True),
        ("a[1]", "a[1]/x.md", True),
        ("旧/报告[终稿].pdf", "旧/报告[终稿].pdf", True),
        ("报告[终稿].pdf", "旧/报告[终稿].pdf", True),
        ("a\\b.txt", "a\\b.txt", True),
        ("合*同.txt", "年报/合 同.txt", True),
        ("*合同*", "合同/a.txt", True),
        ("a*", "b/c/a1.txt", True),
        ("a*", "a1/c.txt", True),
        ("a*", "b/a1/c.txt", False),
    ],
)
def test_a_pattern_names_files_and_folders(pattern, source, expected):
    assert match_sources([pattern])(source) is expected


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        "*.pdf",
        [""],
        ["/"],
        ["./"],
        ["x" * (MOST_PATTERN_CHARS + 1)],
        ["a"] * 101,
        ["*" + "a" * 600] * 2,
    ],
)
def test_what_is_no_list_of_patterns_is_refused(patterns):
    with pytest.raises(SelectionError):
        match_sources(patterns)
    assert MOST_PATTERNS == 100


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=5), st.text(max_size=80))
def test_any_text_is_a_pattern_or_is_refused(patterns, source):
    try:
        match_sources(patterns)(source)
    except SelectionError as exc:
        assert "pattern" in str(exc)


def test_many_stars_take_no_time():
    assert match_sources(["*a" * 400])("a" * 200 + "b") is False


@pytest.fixture(scope="module")
def whole(tmp_path_factory, bundled_encoder):
    folder = write_documents(tmp_path_factory.mktemp("documents"), _TEXTS)
    (folder / "copy.txt").write_bytes((folder / "notes/5.txt").read_bytes())
    build(folder, bundled_encoder)
    return load(folder, bundled_encoder)


def _sources(base, hits):
    return {base.document(hit.chunk.doc_id).source for hit in hits}


def test_marks_without_end_take_no_time():
    # Composing them takes the square of their number: 60 s for so many, if it were done.
    with pytest.raises(SelectionError):
        match_sources(["a" + "\u0300" * 200_000 + "\u0316" * 200_000])


@pytest.mark.parametrize("limit", [10_000, 2])
@pytest.mark.parametrize("least_coded", [10**9, 3])
def test_only_the_chosen_documents_are_found(  # noqa: PLR0917 - fixtures
    whole, bundled_encoder, tmp_path, monkeypatch, limit, least_coded
):
    monkeypatch.setattr(dense, "_MOST_COPIED", limit)
    monkeypatch.setattr(lexical, "_MOST_MATCHED", limit)
    monkeypatch.setattr(lexical, "_ROW_COST", 1)
    monkeypatch.setattr(codes, "LEAST_ROWS", least_coded)
    folder = write_documents(tmp_path, _TEXTS)
    build(folder, bundled_encoder)
    base = load(folder, bundled_encoder)
    part = base.within(("年报",))
    question = "大会在哪里召开"
    terms, vector = extract_terms(fold_text(question)), bundled_encoder.encode([question])[0]
    expected = {source for source in _TEXTS if source.startswith("年报/")}

    by_vector, by_terms = part.search_dense(vector, 50), part.search_lexical(terms, 50)
    assert _sources(part, by_vector) == _sources(part, by_terms) == expected
    phrase = Phrase.of(fold_text("礼堂召开"))
    assert {part.document(one.doc_id).source for one in part.search_phrase(phrase, 50)} == expected
    # What is found has the scores and the order that it has among all.
    for ours, theirs in (
        (by_vector, base.search_dense(vector, 50)),
        (by_terms, base.search_lexical(terms, 50)),
    ):
        scores = {hit.chunk.chunk_id: hit.score for hit in theirs}
        assert [hit.score for hit in ours] == pytest.approx(
            [scores[hit.chunk.chunk_id] for hit in ours], abs=1e-6
        )
        assert [hit.rank for hit in ours] == list(range(1, len(ours) + 1))
    assert len(part.search_lexical(terms, 3)) == len(part.search_dense(vector, 3)) == 3
    assert len(_sources(base, base.search_dense(vector, 50))) == len(_TEXTS)


def test_a_copy_counts_by_its_own_path(whole):
    for path in ("copy.txt", "notes/5.txt"):
        (hit,) = whole.within((path,)).search_lexical(["礼堂"], 9)
        assert whole.document(hit.chunk.doc_id).source == "copy.txt"  # the first of both


def test_words_are_counted_in_what_is_asked(whole):
    part = whole.within(("合同",))
    assert part.n_chunks_with("绳索") == len(_TEXTS) // 3
    assert whole.n_chunks_with("绳索") == len(_TEXTS)
    assert part.n_chunks_with("飞机") == 0


def test_what_leaves_nothing_out_is_the_whole(whole):
    assert whole.within(("*",)) is whole
    assert whole.within(("notes", "合同", "年报")) is whole


def test_no_document_is_no_part(whole):
    assert whole.within(("missing.txt",)) is None
