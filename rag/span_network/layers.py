"""Layers of the reader in numpy, over passages of unequal length laid on one axis.

Each is the namesake of one in `rag.training.layers`, with which the tests compare the whole.
"""

from dataclasses import dataclass

import numpy as np

from rag.span_network.batch import Floats, RaggedAxis

KERNEL = 5  # taps of a convolution
MASKED = np.float32(-1e4)  # a logit, or a log-probability, of what cannot be
N_HEADS = 4


@dataclass(frozen=True, slots=True)
class Linear:
    """x W + b."""

    weight: Floats  # (n_in, n_out): transposed once, at load
    bias: Floats  # (n_out,)

    def __call__(self, x: Floats) -> Floats:
        """Map rows of n_in to rows of n_out."""
        y: Floats = x @ self.weight
        y += self.bias
        return y


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """(x - mean) / sqrt(variance + 1e-5) * gain + bias (Ba et al. 2016, arXiv:1607.06450)."""

    gain: Floats  # (d,)
    bias: Floats  # (d,)

    def __call__(self, x: Floats) -> Floats:
        """Normalise each row."""
        width = x.shape[1]
        # Products with a vector of ones, because numpy's sums over a short last axis are slow.
        y: Floats = x - (x @ np.full((width, 1), 1 / width, dtype=np.float32))
        variance = np.einsum("td,td->t", y, y) / np.float32(width)  # (T,)
        y *= (1 / np.sqrt(variance + np.float32(1e-5)))[:, None]
        y *= self.gain
        y += self.bias
        return y


@dataclass(frozen=True, slots=True)
class ConvBlock:
    """x + W relu(conv(norm(x))): a dense convolution over KERNEL tokens, `dilation` apart."""

    norm: LayerNorm
    conv: Linear  # (KERNEL * d, inner)
    output: Linear
    dilation: int

    def add_to(self, x: Floats, axis: RaggedAxis) -> None:
        """Add what the neighbours say to each token.

        :param x: (n_rows, d), changed in place.
        :param axis: the layout of its rows.
        """
        rows, is_beyond = axis.neighbours(KERNEL, self.dilation)  # (n_rows, KERNEL)
        windows = self.norm(x)[rows]  # (n_rows, KERNEL, d)
        windows[is_beyond] = 0
        # One product over all taps beats five over shifted rows.
        inner = self.conv(windows.reshape(len(x), -1))  # (n_rows, inner)
        np.maximum(inner, 0, out=inner)
        x += self.output(inner)


@dataclass(frozen=True, slots=True)
class SelfAttention:
    """x + W attention(norm(x)) within each sequence (Vaswani et al. 2017, arXiv:1706.03762)."""

    norm: LayerNorm
    qkv: Linear
    output: Linear

    def add_to(self, x: Floats, axis: RaggedAxis) -> None:
        """Add what the other tokens of the same sequence say to each token.

        :param x: (n_rows, d), changed in place.
        :param axis: the layout of its rows.
        """
        n_rows, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(n_rows, 3, N_HEADS, width // N_HEADS)
        mixed = np.empty_like(x)
        for rows in axis.spans:
            query, key, value = qkv[rows].transpose(1, 2, 0, 3)  # 3 x (heads, P, d / heads)
            out = attend(query, key, value)  # (heads, P, d / heads)
            mixed[rows] = out.transpose(1, 0, 2).reshape(-1, width)
        x += self.output(mixed)


def attend(query: Floats, key: Floats, value: Floats, bias: Floats | None = None) -> Floats:
    """Return softmax(query key^T / sqrt(d) + bias) value.

    :param query: (…, P, d).
    :param key: (…, Q, d).
    :param value: (…, Q, d).
    :param bias: (Q, P) to add to the scores: transposed, as they are kept here.
    :return: (…, P, d).
    """
    scaled = query * np.float32(query.shape[-1] ** -0.5)
    # Transposed, so that the softmax reduces over the first axis: four times as fast in numpy.
    scores: Floats = key @ scaled.swapaxes(-1, -2)  # (…, Q, P)
    if bias is not None:
        scores += bias
    scores -= scores.max(axis=-2, keepdims=True)
    np.exp(scores, out=scores)
    total = scores.sum(axis=-2)[..., None]  # (…, P, 1)
    mixed: Floats = scores.swapaxes(-1, -2) @ value
    mixed /= total
    return mixed


def softmax(logits: Floats, axis: int) -> Floats:
    """Return exp(logits) / sum exp(logits) along an axis.

    :param logits: any shape, not empty along the axis.
    :param axis: the axis.
    :return: the same shape.
    """
    powers: Floats = np.exp(logits - logits.max(axis=axis, keepdims=True))
    powers /= powers.sum(axis=axis, keepdims=True)
    return powers


def log_softmax(logits: Floats) -> Floats:
    """Return logits - log sum exp(logits) along the last axis.

    :param logits: any shape, not empty along that axis.
    :return: the same shape, at most 0.
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
