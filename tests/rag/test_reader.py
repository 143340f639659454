import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.chunking import chunk_document
from index.datatypes import Channel, Hit, Span
from index.encoder import StaticEncoder
from index.normalization import fold_text
from rag.errors import ReaderError
from rag.reader import BUNDLED_DIR, SpanReader, trim_span
from tests.fakes import HeuristicReader
from tests.rag.samples import make_hit, make_query
from tests.strategies import documents, mixed_texts, questions


def _letters(text):
    return "".join(char for char in fold_text(text) if char.isalnum())


def _hits(document, max_chars=120):
    return [
        Hit(chunk, 1 / rank, rank, Channel.FUSED)
        for rank, chunk in enumerate(chunk_document(document, max_chars)[:3], 1)
    ]


@pytest.fixture(scope="module")
def span_reader(bundled_encoder):
    return SpanReader.load(bundled_encoder)


@pytest.fixture(scope="module", params=["span_reader", "heuristic_reader"])
def reader(request):
    """Every reader there is: what follows first is what all of them keep to."""
    if request.param == "heuristic_reader":
        return HeuristicReader()
    return request.getfixturevalue("span_reader")


@settings(max_examples=40)
@given(document=documents(), question=questions())
def test_spans_lie_in_their_sentence_and_chunk_and_are_the_words_read(reader, document, question):
    hits = _hits(document)
    spans = reader.read(make_query(question), hits)

    for span in spans:
        chunk = span.hit.chunk
        assert chunk.span.start <= span.sentence.start <= span.span.start < span.span.end
        assert span.span.end <= span.sentence.end <= chunk.span.end
        words = span.span.of(document.text)
        assert words == chunk.text[span.span.start - chunk.span.start :][: len(words)]
        assert _letters(words) in _letters(chunk.text)
        assert span.score <= 1e-6


@settings(max_examples=20)
@given(document=documents(), question=questions())
def test_spans_keep_the_order_of_hits_and_come_best_first(reader, document, question):
    spans = reader.read(make_query(question), _hits(document))

    keys = [(span.hit.rank, -span.score) for span in spans]
    assert keys == sorted(keys)


def test_no_hits_give_no_spans(reader):
    assert reader.read(make_query(), []) == []


@pytest.mark.parametrize("question", ["", "？", "\ud800"])
def test_a_question_without_words_can_be_read(reader, question):
    for span in reader.read(make_query(question), [make_hit("会议于2月5日召开。")]):
        assert len(span.span)


@pytest.mark.parametrize(
    ("text", "question", "words"),
    [
        ("会议于2月5日下午召开，由林武主持。", "会议什么时候召开？", "2月5日下午"),
        ("公司董事长为**顾汝舟**，总经理为**韦伯闻**。", "公司的总经理是谁？", "韦伯闻"),
        ("会议于２０２４年３月１１日召开。", "会议什么时候召开？", "２０２４年３月１１日"),
        (
            "The tower was designed by Andre\u0301 Lefe\u0300vre in 1871.",
            "Who designed the tower?",
            "Andre\u0301 Lefe\u0300vre",
        ),
        ("會議由㐂田先生主持，於臺北市舉行。", "會議在哪裡舉行？", "臺北市"),
        (
            "ﬁrst line. The oﬃce closes on 31 December 2025.",
            "When does the office close?",
            "31 December 2025",
        ),
    ],
    ids=["plain", "marks", "full-width", "decomposed", "traditional", "ligatures"],
)
def test_the_best_span_is_the_answer_in_the_document_s_own_spelling(
    span_reader, text, question, words
):
    base = 1000
    hit = make_hit(text, base=base)
    best = span_reader.read(make_query(question), [hit])[0]

    read = text[best.span.start - base : best.span.end - base]
    assert words in read
    assert len(read) <= len(words) + 12


def test_a_span_never_ends_before_a_combining_mark(span_reader):
    text = "图书馆שָׁלוֹם"

    for span in span_reader.read(make_query("图书馆？"), [make_hit(text)]):
        assert not unicodedata.combining((text[span.span.end :] or "x")[0])


def test_a_hit_gives_at_most_ten_different_spans(span_reader):
    spans = span_reader.read(make_query(), [make_hit("会议于2月5日召开，" * 30)])

    assert 1 < len(spans) <= 10


def test_reading_twice_gives_the_same(span_reader):
    hits = [make_hit("会议于2月5日召开。", rank=1), make_hit("林武主持。", rank=2)]

    assert span_reader.read(make_query(), hits) == span_reader.read(make_query(), hits)


def test_marks_at_the_edge_of_the_words_are_left_out(span_reader):
    text = "董事长为**顾汝舟**。"
    best = span_reader.read(make_query("董事长是谁？"), [make_hit(text)])[0]

    assert best.span.of(text) == "顾汝舟"


def test_a_missing_reader_is_refused_by_name(bundled_encoder, tmp_path):
    with pytest.raises(ReaderError, match="cannot be loaded"):
        SpanReader.load(bundled_encoder, tmp_path)


def test_a_damaged_reader_is_refused(bundled_encoder, tmp_path):
    whole = (BUNDLED_DIR / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ReaderError, match="cannot be loaded"):
        SpanReader.load(bundled_encoder, tmp_path)


def test_a_reader_of_other_embeddings_is_refused(bundled_encoder):
    other = StaticEncoder(bundled_encoder.tokenizer, bundled_encoder.embeddings, "other", "")

    with pytest.raises(ReaderError, match="other embeddings"):
        SpanReader.load(other)


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("会议由[**林武**]主持", "林武"),
        ("会议[，2月5日。]召开", "2月5日"),
        ("放映[《一片叶子]》。", "《一片叶子》"),
        ("放映《[一片叶子》]。", "《一片叶子》"),
        ("由[林武（书记]）主持", "林武（书记）"),
        ("by [Acme Inc.] in", "Acme Inc."),
        ("at [9:10 p.m.] today", "9:10 p.m."),
        ("in [1871.] It", "1871"),
        ("价格[ - ¥3.50 - ]每日", "¥3.50"),
        ("[`PPR-9087`]", "PPR-9087"),
        ("气温[-20 ℃]以下", "-20 ℃"),
        ("“[勇争先”]", "“勇争先”"),
        ("放映《[一片叶子]》。", "一片叶子"),
    ],
)
def test_trimming_leaves_the_answer_proper(marked, words):
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "").replace("]", "")

    assert trim_span(text, Span(start, end)).of(text) == words


@pytest.mark.parametrize("text", ["，", "**", " \n", "。。。", "——"])
def test_trimming_punctuation_alone_leaves_nothing(text):
    assert len(trim_span(text, Span(0, len(text)))) == 0


@st.composite
def _ranges(draw):
    text = draw(mixed_texts(max_pieces=10))
    start = draw(st.integers(0, len(text)))
    return text, Span(start, draw(st.integers(start, len(text))))


@given(_ranges())
def test_trimming_stays_in_the_text_and_adds_brackets_at_most(case):
    text, span = case
    trimmed = trim_span(text, span)

    assert 0 <= trimmed.start <= trimmed.end <= len(text)
    added = text[trimmed.start : span.start] + text[span.end : trimmed.end]
    assert all(char in "《》「」『』()（）“”" for char in added)
    assert _letters(span.of(text)) == _letters(trimmed.of(text))
