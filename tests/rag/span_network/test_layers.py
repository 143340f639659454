import math

import numpy as np
import pytest

from rag.span_network.layers import LayerNorm, attend, log_softmax, softmax


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def test_layer_norm_is_the_formula():
    x, gain, bias = 3 * _random(7, 16) + 5, _random(16), _random(16)
    exact = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * gain + bias

    assert LayerNorm(gain, bias)(x) == pytest.approx(exact, abs=1e-5)


def test_attend_is_the_formula():
    query, key, value, bias = _random(5, 8), _random(3, 8), _random(3, 4), _random(5, 3)
    powers = np.exp(query @ key.T / math.sqrt(8) + bias)
    exact = powers / powers.sum(1, keepdims=True) @ value

    assert attend(query, key, value, bias.T) == pytest.approx(exact, abs=1e-5)


def test_softmaxes_agree_and_bear_large_logits():
    logits = np.array([1e4, 1e4 - 1, -1e4], dtype=np.float32)

    assert np.exp(log_softmax(logits)) == pytest.approx(softmax(logits, axis=0), abs=1e-6)
    assert softmax(logits, axis=0).sum() == pytest.approx(1)
