import dataclasses
import functools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.encoder import StaticEncoder
from index.normalization import fold_text
from rag.span_network.model import (
    MAX_PASSAGE_TOKENS,
    MAX_QUESTION_TOKENS,
    ReaderModel,
    TokenizedText,
    TokenSpan,
    tokenize_text,
)

ROOT = Path(__file__).parents[3]
MODEL_DIR = ROOT / "rag" / "models" / "reader"

# Of very unequal lengths, from one token to some four hundred.
PASSAGES = {
    "seed, opening": (0, 330),
    "seed, middle": (900, 1150),
    "bridge": "青岩大桥于2011年6月动工，2014年10月18日建成通车，总投资7.6亿元。大桥全长2,184米，"
    "由省交通设计院总工程师许明远主持设计。通车后，两岸之间的车程由50分钟缩短到8分钟。",
    "tea": "白毫银针是福鼎的名茶。它只用春天的单芽，所以产量很少；制作时只萎凋、烘干，不炒不揉。",
    "one word": "你好",
    "list": "会议选举周敏为理事长，陈立、何静为副理事长，赵一凡为秘书长。",
    "library, traditional": "圖書館每週一閉館。讀者憑借書證可以借閱圖書十冊，借期三十天；"
    "逾期每冊每日罰款一元。館長林秀珍說，新館預計於二〇二五年九月開放，藏書將達到八十萬冊。",
    "temple, traditional": "龍山寺始建於清乾隆三年，主祀觀世音菩薩，後來毀於地震，由居民集資重建。",
    "lighthouse": "The lighthouse on Gull Rock was built in 1874 by the engineer Thomas Harwood. "
    "It is 31.5 m tall. Since 1986 it has been automatic; the last keeper, Ann Doyle, left because "
    "the new lamp needed no one.",
    "release": "Version 3.2 fixes a crash at start-up. Upgrade with pip install atlas==3.2.\n\nThe "
    "default port is 8080; set ATLAS_PORT to change it.",
    "mixed": "GPU 服务器 DGX-7 由 Linda Zhao 管理，部署在 B 栋 3 楼。请在 8:30–18:00 致电 +86 10 "
    "5550 1234，或发邮件到 ops@example.com。Kubernetes 版本为 v1.29.4，每周三 weekly maintenance。",
    "marks": "……！？",
}
QUESTIONS = (
    "大会是哪一天召开的？",
    "谁主持了会议？",
    "青岩大桥什么时候建成通车？",
    "大桥是谁设计的？",
    "为什么白毫银针产量少？",
    "秘书长是谁？",
    "圖書館星期幾閉館？",
    "讀者最多可以借幾本書？",
    "龍山寺是哪一年建的？",
    "Who built the lighthouse?",
    "How tall is the lighthouse on Gull Rock?",
    "What is the default port?",
    "Who looks after the GPU server?",
    "灯塔是哪一年建成的？",
    "DGX-7 部署在几楼？",
    "谁",
    "？",
)


@functools.cache
def _encoder() -> StaticEncoder:
    return StaticEncoder.load()


@functools.cache
def _model() -> ReaderModel:
    return ReaderModel.load(MODEL_DIR, _encoder().embeddings)


def _tokens(text: str) -> TokenizedText:
    return tokenize_text(_encoder().tokenizer, fold_text(text))


@functools.cache
def _passages() -> tuple[TokenizedText, ...]:
    (seed_path,) = (ROOT / "seeds").glob("000_*.txt")
    seed = seed_path.read_text(encoding="utf-8")
    texts = (seed[slice(*p)] if isinstance(p, tuple) else p for p in PASSAGES.values())
    return tuple(_tokens(text) for text in texts)


@pytest.fixture(scope="module")
def network():
    torch = pytest.importorskip("torch")
    from rag.training.network import load_network

    n_threads = torch.get_num_threads()
    # On a busy machine torch's threads wait for one another: one is then ten times as fast.
    torch.set_num_threads(1)
    embeddings = torch.from_numpy(np.array(_encoder().embeddings))
    yield load_network(MODEL_DIR / "model.safetensors", embeddings)
    torch.set_num_threads(n_threads)


def _read_with_torch(network, question: TokenizedText, n_spans: int) -> list[list[TokenSpan]]:
    """Read all passages as one padded batch."""
    import torch

    from rag.training.features import ReaderBatch

    def pad(rows: list[np.ndarray], value: int) -> torch.Tensor:
        tensors = [torch.from_numpy(row) for row in rows]
        return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)

    passages = _passages()
    batch = ReaderBatch(
        question_ids=pad([question.ids] * len(passages), -1),
        question_spaced=pad([question.is_spaced] * len(passages), 0),
        passage_ids=pad([p.ids for p in passages], -1),
        passage_spaced=pad([p.is_spaced for p in passages], 0),
        sentences=pad([p.sentences for p in passages], 0),
    )
    with torch.no_grad():
        output = network(batch)
    rows = network.best_spans(output, batch.sentences, n_spans).tolist()
    # A passage with fewer tokens than spans were asked for also begins spans in its padding.
    found = [
        [
            TokenSpan(int(start), int(last) + 1, score, relevance)
            for start, last, score in spans
            if start < len(passage)
        ]
        for spans, relevance, passage in zip(rows, output.relevance.tolist(), passages, strict=True)
    ]
    return [sorted(spans, key=lambda span: -span.score) for spans in found]


def _places(spans: list[TokenSpan]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def _numbers(spans: list[TokenSpan]) -> list[float]:
    return [number for span in spans for number in (span.score, span.relevance)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_spans_and_scores_are_those_of_the_torch_network(network, question):
    tokens = _tokens(question)
    expected = _read_with_torch(network, tokens, 5)

    found = _model().predict(tokens, _passages(), n_spans=5)

    for of_passage, of_torch, name in zip(found, expected, PASSAGES, strict=True):
        assert _places(of_passage) == _places(of_torch), name
        assert _numbers(of_passage) == pytest.approx(_numbers(of_torch), abs=2e-3), name


@pytest.mark.parametrize("question", QUESTIONS[:3] + QUESTIONS[9:11])
def test_a_passage_reads_the_same_alone_and_among_others(question):
    tokens = _tokens(question)
    among = _model().predict(tokens, _passages())

    for passage, spans in zip(_passages(), among, strict=True):
        (alone,) = _model().predict(tokens, [passage])
        assert _places(alone) == _places(spans)
        assert _numbers(alone) == pytest.approx(_numbers(spans), abs=1e-3)


def test_more_passages_than_are_read_at_once_are_all_read():
    tokens = _tokens(QUESTIONS[0])
    once = _model().predict(tokens, _passages())

    many = _model().predict(tokens, _passages() * 3)

    assert [_places(spans) for spans in many] == [_places(spans) for spans in once] * 3


@pytest.mark.parametrize(
    ("question", "passage", "answer"),
    [
        ("青岩大桥什么时候建成通车？", "bridge", "2014年10月18日"),
        ("讀者可以借閱多少冊圖書？", "library, traditional", "十册"),
        ("What is the default port?", "release", "8080"),
        ("DGX-7 部署在几楼？", "mixed", "3 楼"),
    ],
    ids=["zh", "zh-Hant", "en", "mixed"],
)
def test_the_best_span_answers_a_plain_question(question, passage, answer):
    text = fold_text(PASSAGES[passage])
    tokens = _tokens(PASSAGES[passage])

    best = _model().predict(_tokens(question), [tokens])[0][0]

    start, end = tokens.offsets[best.start, 0], tokens.offsets[best.end - 1, 1]
    assert answer in text[start:end]
    assert best.relevance > 0


def test_predicting_twice_gives_equal_spans_and_scores():
    tokens = _tokens(QUESTIONS[0])

    assert _model().predict(tokens, _passages()) == _model().predict(tokens, _passages())


def test_an_empty_question_gives_no_spans():
    assert _model().predict(_tokens(" \n"), _passages()) == [[]] * len(PASSAGES)


def test_empty_passages_give_no_spans_and_leave_the_others_alone():
    question, empty = _tokens(QUESTIONS[0]), _tokens("")
    first, second = _passages()[:2]
    expected = _model().predict(question, [first, second])

    assert _model().predict(question, [empty, first, empty, second]) == [
        [], expected[0], [], expected[1]
    ]  # fmt: skip
    assert _model().predict(question, [empty]) == [[]]
    assert _model().predict(question, []) == []


def test_only_the_first_tokens_of_overlong_texts_are_read():
    question = _tokens("大会 " * 200)
    passage = _tokens("大会于2月5日召开，" * 400)

    (spans,) = _model().predict(question, [passage], n_spans=3)

    expected = _model().predict(
        question.head(MAX_QUESTION_TOKENS), [passage.head(MAX_PASSAGE_TOKENS)], n_spans=3
    )
    assert [spans] == expected
    assert all(span.end <= MAX_PASSAGE_TOKENS < len(passage) for span in spans)


def test_asking_for_no_spans_is_an_error():
    with pytest.raises(ValueError, match="n_spans must be at least 1, not 0"):
        _model().predict(_tokens("谁"), _passages(), n_spans=0)


TEXTS = st.text(
    st.sampled_from("大会召开于年月日，。！？；\n .!?;0123456789abcde館長は한국어ñё\u0301🙂《》()"),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=4), st.integers(1, 8))
def test_spans_are_finite_ordered_and_within_one_sentence(question, texts, n_spans):
    asked, passages = _tokens(question), [_tokens(text) for text in texts]

    found = _model().predict(asked, passages, n_spans=n_spans)

    assert len(found) == len(passages)
    for spans, passage in zip(found, passages, strict=True):
        assert len(spans) == (min(n_spans, len(passage)) if len(asked) else 0)
        assert len({span.start for span in spans}) == len(spans)
        assert [span.score for span in spans] == sorted((s.score for s in spans), reverse=True)
        for span in spans:
            assert 0 <= span.start < span.end <= len(passage)
            assert len(set(passage.sentences[span.start : span.end])) == 1
            assert -math.inf < span.score <= 0
            assert math.isfinite(span.relevance)


def test_the_weights_were_trained_with_the_bundled_embeddings():
    assert _model().encoder_fingerprint == _encoder().embeddings_digest


def test_embeddings_of_another_width_are_refused():
    with pytest.raises(ValueError, match="embeddings of 256 dimensions, not 64"):
        ReaderModel.load(MODEL_DIR, np.zeros((64000, 64), dtype=np.float16))


def test_embeddings_of_another_vocabulary_are_refused():
    with pytest.raises(ValueError, match=r"tables\.idf is of shape \(64000,\), not .*\(100,\)"):
        ReaderModel.load(MODEL_DIR, np.zeros((100, 256), dtype=np.float16))


def test_the_model_cannot_be_altered_by_mistake():
    with pytest.raises(dataclasses.FrozenInstanceError):
        _model().encoder_fingerprint = ""
