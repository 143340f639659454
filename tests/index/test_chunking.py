import json
import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.chunking import chunk_document
from index.datatypes import Document
from index.sentences import split_sentences
from index.settings import IndexSettings
from tests.strategies import documents, make_document

_MAX = IndexSettings().max_chunk_chars
_GOLDEN = ("hoist_manual.md", "library_regulation.txt", "meeting_minutes.txt")
_sizes = st.sampled_from([20, 21, 50, 120, 300])


def _texts(text: str, max_chars: int = _MAX, source: str = "甲.txt") -> list[str]:
    return [chunk.text for chunk in chunk_document(make_document(text, source), max_chars)]


def _snapshot(document: Document) -> list[dict]:
    return [
        {
            "start": chunk.span.start,
            "end": chunk.span.end,
            "heading": list(chunk.heading),
            "text": chunk.text,
        }
        for chunk in chunk_document(document, _MAX)
    ]


@settings(max_examples=200)
@given(documents(), _sizes)
def test_a_chunk_is_the_slice_of_its_document(document, max_chars):
    for chunk in chunk_document(document, max_chars):
        assert chunk.span.of(document.text) == chunk.text
        assert chunk.doc_id == document.doc_id


@settings(max_examples=200)
@given(documents(), _sizes)
def test_chunks_cover_every_visible_character_in_order(document, max_chars):
    end = 0
    for chunk in chunk_document(document, max_chars):
        assert chunk.span.start >= end
        assert not document.text[end : chunk.span.start].strip()
        end = chunk.span.end
    assert not document.text[end:].strip()


@settings(max_examples=200)
@example(make_document("甲" + " " * 1000 + "乙"), 300)
@given(documents(), _sizes)
def test_a_chunk_is_never_too_long_and_neither_blank_nor_padded(document, max_chars):
    for chunk in chunk_document(document, max_chars):
        assert 0 < len(chunk.text) <= max_chars
        assert chunk.text == chunk.text.strip()


@given(documents(), _sizes)
def test_chunk_ids_are_the_same_every_time_and_never_repeat(document, max_chars):
    first = chunk_document(document, max_chars)

    assert chunk_document(document, max_chars) == first
    assert len({chunk.chunk_id for chunk in first}) == len(first)


def test_equal_texts_in_two_documents_have_different_ids():
    one, other = (
        chunk_document(make_document("同样的话。", source), _MAX)[0]
        for source in ("a.txt", "b.txt")
    )

    assert one.text == other.text
    assert one.chunk_id != other.chunk_id


@settings(max_examples=200)
@given(documents())
def test_a_sentence_that_fits_is_never_split(document):
    ends = {chunk.span.end for chunk in chunk_document(document, 60)}
    fitting = [span for span in split_sentences(document.text) if len(span) <= 60]

    for sentence in fitting:
        assert not any(sentence.start < end < sentence.end for end in ends)


@pytest.mark.parametrize(
    "unit",
    [
        "e\u0301",
        "q\u0307\u0323",
        "👩\u200d👩\u200d👧\u200d👦",
        "🏳\ufe0f\u200d🌈",
        "👍🏽",
        "🇨🇳",
        "❤\ufe0f",
        "कि",
        "กำ",
        unicodedata.normalize("NFD", "한"),
        "葛\U000e0100",
    ],
    ids=["NFD", "two marks", "family", "flag", "skin", "region", "heart", "hi", "th", "ko", "ivs"],
)
def test_a_cut_never_falls_inside_a_combined_character(unit):
    for shift in range(len(unit) + 1):
        text = "甲" * shift + unit * 40
        places = {shift + at * len(unit) for at in range(41)} | set(range(shift))

        chunks = chunk_document(make_document(text), 20 + len(unit))

        assert len(chunks) > 1
        assert {chunk.span.end for chunk in chunks} <= places


@pytest.mark.parametrize("number", ["1,152", "10:30", "3:2"])
def test_a_cut_never_falls_inside_a_number(number):
    chunks = _texts(f"共{number}次" * 60, 40)

    assert len(chunks) > 1
    assert "".join(chunks).count(number) == 60
    assert sum(chunk.count(number) for chunk in chunks) == 60


def test_a_long_sentence_is_cut_after_a_clause():
    sentence = "，".join(["这是一个子句"] * 12) + "。"

    chunks = _texts(sentence, 40)

    assert len(chunks) > 1
    assert all(chunk[-1] in "，。" for chunk in chunks)


def test_sentences_are_packed_until_the_next_does_not_fit():
    assert _texts("一二三四五六七八九。" * 5, 20) == ["一二三四五六七八九。" * 2] * 2 + [
        "一二三四五六七八九。"
    ]


def test_a_heading_opens_a_new_chunk_and_stays_with_what_follows():
    text = "# 规章\n\n## 借书\n\n每人十册。\n\n## 罚款\n\n每天一角。\n"

    assert _texts(text, source="a.md") == [
        "# 规章\n\n## 借书\n\n每人十册。",
        "## 罚款\n\n每天一角。",
    ]


def test_a_chunk_knows_the_path_of_headings_above_it():
    text = "# 规章\n\n总则。\n\n## 借书\n\n十册。\n\n### 续借\n\n一次。\n\n## 罚款\n\n一角。\n"

    chunks = chunk_document(make_document(text, "a.md"), _MAX)

    assert [chunk.heading for chunk in chunks] == [
        ("规章",),
        ("规章", "借书"),
        ("规章", "借书", "续借"),
        ("规章", "罚款"),
    ]


def test_the_first_title_is_the_document_when_no_heading_names_it():
    chunks = chunk_document(make_document("只有一句话，没有标题。", "说明.txt"), _MAX)

    assert [chunk.heading for chunk in chunks] == [("说明",)]


def test_headings_in_fenced_code_are_no_headings():
    text = "# 手册\n\n```\n# 注释\n```\n\n正文。\n"

    chunks = chunk_document(make_document(text, "a.md"), _MAX)

    assert {chunk.heading for chunk in chunks} == {("手册",)}


@pytest.mark.parametrize("text", ["", " \n\r\n\u3000", "\ufeff"])
def test_a_text_without_a_visible_character_has_no_chunks(text):
    document = replace(make_document("x"), text=text.strip("\ufeff"), headings=())

    assert chunk_document(document, _MAX) == []


def test_a_heading_of_a_whole_book_is_not_repeated_in_every_chunk():
    text = "# " + "很长的标题" * 4000 + "\n\n" + "正文。" * 1000

    chunks = chunk_document(make_document(text, "a.md"), _MAX)

    assert sum(len(title) for chunk in chunks for title in chunk.heading) < 10 * len(text)


@pytest.mark.parametrize(
    "unit", ["甲", "e\u0301", "\u0301", "甲，", " 甲", "甲。", "\n", "a\n\n", "甲\n"]
)
def test_the_time_grows_with_the_length_and_not_with_its_square(unit):
    def seconds(n_units: int) -> float:
        document = replace(make_document("x"), text=unit * n_units + "乙", headings=())
        started = time.perf_counter()
        chunk_document(document, _MAX)
        return time.perf_counter() - started

    short = min(seconds(2_000) for _ in range(3))
    long = min(seconds(16_000) for _ in range(2))

    assert long < 30 * max(short, 1e-3)  # 8 when linear, 64 when quadratic


@pytest.mark.parametrize("name", _GOLDEN)
def test_chunks_of_our_own_documents_are_those_reviewed(name, corpus_dir, golden_dir):
    document = make_document((corpus_dir / name).read_bytes().decode("utf-8"), name)
    golden = json.loads((golden_dir / "chunks" / f"{name}.json").read_text("utf-8"))

    assert golden["sha256"] == document.sha256, "the document changed: review its chunks anew"
    assert _snapshot(document) == golden["chunks"]
