"""Layers of the reader's network in torch; `rag.span_network.layers` has the same in numpy."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from rag.training.features import N_CHARACTERS, N_LENGTHS, N_SCRIPTS, TokenTables

EMBEDDING = 256  # the encoder's width
WIDTH = 128  # d
TOKEN_DIM = 64  # of the reader's own vector of a token
N_FREQUENT = 4000  # tokens whose own vectors are trained; those of the others stay as they were
INNER = 192  # channels inside a convolution block
KERNEL = 5
N_HEADS = 4
DROPOUT = 0.1
MASKED = -1e4  # a logit that no softmax gives weight to


class ChannelDropout(nn.Module):
    """Dropout of the same channels at all tokens of a sequence.

    As Gal and Ghahramani do in recurrent networks (2016, arXiv:1512.05287).
    """

    def forward(self, x: Tensor) -> Tensor:  # (B, T, d)
        """Drop channels while training."""
        kept = torch.ones_like(x[:, :1])  # (B, 1, d)
        return x * functional.dropout(kept, DROPOUT, self.training)


class ConvBlock(nn.Module):
    """x + W relu(conv(norm(x))): a dense convolution over KERNEL tokens, `dilation` apart."""

    def __init__(self, dilation: int) -> None:
        """Make the layers."""
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        reach = KERNEL // 2 * dilation
        self.conv = nn.Conv1d(WIDTH, INNER, KERNEL, padding=reach, dilation=dilation)
        self.output = nn.Linear(INNER, WIDTH)
        self.dropout = ChannelDropout()

    def forward(self, x: Tensor, is_token: Tensor) -> Tensor:  # (B, T, d), (B, T)
        """Add what the neighbours say; padding counts as zeros, as beyond the ends."""
        normed = self.norm(x) * is_token[..., None]  # (B, T, d)
        inner = functional.relu(self.conv(normed.transpose(1, 2)).transpose(1, 2))  # (B, T, INNER)
        read: Tensor = x + self.dropout(self.output(inner))
        return read


class SelfAttention(nn.Module):
    """x + W attention(norm(x)) over the whole passage (Vaswani et al. 2017, arXiv:1706.03762)."""

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.dropout = ChannelDropout()

    def forward(self, x: Tensor, is_token: Tensor) -> Tensor:  # (B, T, d), (B, T)
        """Add what the other tokens say."""
        n_pairs, n_tokens, _ = x.shape
        qkv = self.qkv(self.norm(x)).view(n_pairs, n_tokens, 3, N_HEADS, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # 3 x (B, heads, T, d / heads)
        scores = query @ key.transpose(2, 3) / math.sqrt(WIDTH // N_HEADS)  # (B, heads, T, T)
        weights = scores.masked_fill(~is_token[:, None, None], MASKED).softmax(3)
        mixed = (weights @ value).transpose(1, 2).reshape(x.shape)  # (B, T, d)
        read: Tensor = x + self.dropout(self.output(mixed))
        return read


class TokenEmbedding(nn.Module):
    """A token's vector, from the encoder's frozen one, the reader's own, characters and looks."""

    first: Tensor  # (n_tokens, TOKEN_DIM) the reader's own vectors before training
    frequent: Tensor  # (n_tokens,) int64 row of what training adds to them

    def __init__(self, n_tokens: int) -> None:
        """Make the layers.

        :param n_tokens: Size of the vocabulary.
        """
        super().__init__()
        self.project = nn.Linear(EMBEDDING, WIDTH)
        self.register_buffer("first", torch.zeros(n_tokens, TOKEN_DIM))
        self.register_buffer("frequent", torch.zeros(n_tokens, dtype=torch.int64))  # 0: not
        self.change = nn.Embedding(1 + N_FREQUENT, TOKEN_DIM, padding_idx=0)
        nn.init.zeros_(self.change.weight)
        self.character = nn.Embedding(N_CHARACTERS, 32, padding_idx=0)
        self.script = nn.Embedding(N_SCRIPTS, 8)
        self.length = nn.Embedding(N_LENGTHS, 8)
        self.output = nn.Linear(WIDTH + TOKEN_DIM + 4 * 32 + 8 + 8 + 3, WIDTH)
        self.dropout = ChannelDropout()

    def forward(self, tables: TokenTables, ids: Tensor, is_spaced: Tensor) -> Tensor:
        """Embed ids, (B, T) int64 without padding's -1, to (B, T, d)."""
        unit = self._drop(tables.unit[ids], 0.05)  # (B, T, 256)
        characters = self._drop(self.character(tables.characters[ids].long()).flatten(2), 0.1)
        own = self._drop(self.first[ids] + self.change(self.frequent[ids]), 0.1)
        parts = (
            self.project(unit),
            own,  # (B, T, TOKEN_DIM)
            characters,  # (B, T, 4 * 32)
            self.script(tables.script[ids].long()),
            self.length(tables.length[ids].long()),
            torch.stack([tables.log_norm[ids], tables.idf[ids], is_spaced.float()], 2),
        )
        embedded: Tensor = self.dropout(self.output(torch.cat(parts, 2)))
        return embedded

    def _drop(self, x: Tensor, rate: float) -> Tensor:
        """Hide one view of some tokens while training; unscaled, for such tokens do occur."""
        if not self.training:
            return x
        return x * (torch.rand_like(x[..., :1]) > rate)
