import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.encoder import StaticEncoder
from index.normalization import fold_text
from rag.span_network.tokens import TokenizedText, tokenize_text


@functools.cache
def _tokenizer():
    return StaticEncoder.load().tokenizer


def _tokens(text: str) -> TokenizedText:
    return tokenize_text(_tokenizer(), text)


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in _tokens(text).offsets]


@pytest.mark.parametrize(
    ("text", "n_sentences"),
    [
        ("会议召开。会议结束。", 2),
        ("多少钱?很贵!真的;是的", 4),
        ("pi is 3.14 and v1.2.3", 1),
        ("it rains. it pours", 2),
        ("第一行\n第二行", 2),
        ("第一行 \n\n 第二行", 2),
        ("", 0),
        (" \n ", 0),
    ],
    ids=["full stop", "marks", "number", "stop before a space", "line", "blank line", "", "blank"],
)
def test_sentences_end_at_marks_and_lines(text, n_sentences):
    assert len(set(_tokens(text).sentences)) == n_sentences


def test_white_space_belongs_to_no_token_but_is_noted():
    tokens = _tokens("  gpu 服务器")

    assert _words("  gpu 服务器") == ["gpu", "服务器"]
    assert tokens.is_spaced.tolist() == [True, True]
    assert not _tokens("gpu服务器").is_spaced.any()


def test_sentences_beyond_the_last_number_share_it():
    assert _tokens("好。" * 100).sentences.max() == 63


def test_head_keeps_the_first_tokens():
    text = _tokens("会议召开。会议结束。")

    head = text.head(3)

    assert len(head) == 3
    assert head.offsets.tolist() == text.offsets[:3].tolist()
    assert text.head(1000) is text


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_tokens_lie_in_the_text_in_order(text):
    folded = fold_text(text)

    tokens = _tokens(folded)

    n_tokens = len(tokens)
    assert tokens.offsets.shape == (n_tokens, 2)
    assert tokens.is_spaced.shape == tokens.sentences.shape == (n_tokens,)
    starts, ends = tokens.offsets[:, 0], tokens.offsets[:, 1]
    assert (starts < ends).all()
    assert (ends <= len(folded)).all()
    assert (np.diff(starts) >= 0).all()
    assert not any(folded[start].isspace() for start in starts)
    assert (np.diff(tokens.sentences) >= 0).all()
