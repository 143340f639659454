"""The reader's network in numpy: a batch of token ids in, logits of starts, ends, relevance out.

It is the namesake of `rag.training.network`, which explains the architecture and with which the
tests compare it; dropout and other matters of training are absent here.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.span_network.batch import Floats, RaggedAxis, ReaderBatch
from rag.span_network.heads import ReaderHeads, ReaderOutput
from rag.span_network.layers import (
    KERNEL,
    ConvBlock,
    LayerNorm,
    Linear,
    SelfAttention,
    attend,
    softmax,
)
from rag.span_network.matching import (
    N_CHARACTERS,
    N_PASSAGE_FEATURES,
    N_QUESTION_FEATURES,
    MatchFeatures,
    TokenTables,
    match_features,
)
from rag.span_network.weights import WeightsFile

EMBEDDING = 256  # the encoder's width
WIDTH = 128  # d
_BLOCK_SIZES = (WIDTH, 192, KERNEL)
_FUSE_SPLITS = [WIDTH, 3 * WIDTH, 4 * WIDTH, 5 * WIDTH]
TOKEN_DIM = 64  # of the reader's own vector of a token
_N_LOOKS = 8  # scripts, and lengths


@dataclass(frozen=True, slots=True)
class TokenEmbedding:
    """A token's vector, from the encoder's, the reader's own, its characters and its looks."""

    project: Linear
    rows: NDArray[np.int8]  # (n_tokens, 64) the reader's own vectors, in units of
    scale: Floats  # (n_tokens,)
    character: Floats  # (6002, 32)
    script: Floats  # (8, 8)
    length: Floats  # (8, 8)
    output: Linear  # of all but the space
    spaced: Floats  # (d,) what white space before the token adds

    @classmethod
    def of(cls, weights: WeightsFile, n_tokens: int) -> Self:
        """Take the layers from the weights.

        :param weights: the file.
        :param n_tokens: size of the vocabulary.
        :return: the layers.
        """
        output = weights.linear("embedding.output", WIDTH + TOKEN_DIM + 4 * 32 + 8 + 8 + 3, WIDTH)
        return cls(
            project=weights.linear("embedding.project", EMBEDDING, WIDTH),
            rows=weights.bytes("embedding.token.rows", n_tokens, TOKEN_DIM),
            scale=weights.floats("embedding.token.scale", n_tokens),
            character=weights.floats("embedding.character.weight", N_CHARACTERS, 32),
            script=weights.floats("embedding.script.weight", _N_LOOKS, 8),
            length=weights.floats("embedding.length.weight", _N_LOOKS, 8),
            output=Linear(output.weight[:-1], output.bias),
            spaced=output.weight[-1],
        )

    def embed_types(
        self, tables: TokenTables, batch: ReaderBatch, unit: Floats, log_norms: Floats
    ) -> Floats:
        """Embed each token id once.

        :param tables: the constants of the tokens.
        :param batch: question and passages.
        :param unit: (n_types, 256) unit embeddings of the batch's types.
        :param log_norms: (n_types,) of their lengths.
        :return: (n_types, d).
        """
        ids = batch.types
        parts = (
            self.project(unit),  # (n_types, d)
            self.rows[ids] * self.scale[ids, None],  # (n_types, TOKEN_DIM)
            self.character[tables.characters[ids]].reshape(len(ids), -1),  # (n_types, 4 * 32)
            self.script[tables.script[ids]],
            self.length[tables.length[ids]],
            log_norms[:, None],
            tables.idf[ids, None],
        )
        return self.output(np.concatenate(parts, axis=1))


@dataclass(frozen=True, slots=True)
class ReaderNetwork:
    """All layers."""

    embedding: TokenEmbedding
    passage_features: Linear
    question_features: Linear
    encode: tuple[ConvBlock, ...]
    pool: Linear
    align_query: Linear
    align_key: Linear
    align_match: Floats  # (2,): of the cosine, of equality
    fuse: Linear
    compare: tuple[ConvBlock, ...]
    attend: SelfAttention
    reread_norm: LayerNorm
    reread_query: Linear
    reread_key: Linear
    reread_output: Linear
    settle: tuple[ConvBlock, ...]
    norm: LayerNorm
    heads: ReaderHeads

    @classmethod
    def of(cls, weights: WeightsFile, n_tokens: int) -> Self:
        """Take the layers from the weights.

        :param weights: the file.
        :param n_tokens: size of the vocabulary.
        :return: the network.
        """
        return cls(
            embedding=TokenEmbedding.of(weights, n_tokens),
            passage_features=weights.linear("passage_features", N_PASSAGE_FEATURES, WIDTH),
            question_features=weights.linear("question_features", N_QUESTION_FEATURES, WIDTH),
            encode=_blocks(weights, "encode", 1, 2),
            pool=weights.linear("pool", WIDTH, 2),
            align_query=weights.linear("align_query", WIDTH, WIDTH),
            align_key=weights.linear("align_key", WIDTH, WIDTH),
            align_match=weights.floats("align_match", 2),
            fuse=weights.linear("fuse", 5 * WIDTH + N_PASSAGE_FEATURES, WIDTH),
            compare=_blocks(weights, "compare", 1, 3),
            attend=SelfAttention(
                norm=weights.norm("attend.norm", WIDTH),
                qkv=weights.linear("attend.qkv", WIDTH, 3 * WIDTH),
                output=weights.linear("attend.output", WIDTH, WIDTH),
            ),
            reread_norm=weights.norm("reread_norm", WIDTH),
            reread_query=weights.linear("reread_query", WIDTH, WIDTH),
            reread_key=weights.linear("reread_key", WIDTH, WIDTH),
            reread_output=weights.linear("reread_output", 2 * WIDTH, WIDTH),
            settle=_blocks(weights, "settle", 1, 4, 1),
            norm=weights.norm("norm", WIDTH),
            heads=ReaderHeads.of(weights, WIDTH),
        )

    def read(self, tables: TokenTables, batch: ReaderBatch) -> ReaderOutput:
        """Read the passages of a batch for its question.

        :param tables: the constants of the tokens.
        :param batch: question and passages.
        :return: the logits.
        """
        axis = batch.axis
        unit, log_norms = tables.unit_rows(batch.types)  # (n_types, 256), (n_types,)
        features = match_features(tables, batch, unit)
        types = self.embedding.embed_types(tables, batch, unit, log_norms)  # (n_types, d)
        x, y = self._encode(types, batch, features)  # (n_rows, d), (n_passages, Q, d)
        weights = softmax(self.pool(y), axis=1)  # (n_passages, Q, 2)
        pooled = (weights.swapaxes(1, 2) @ y).reshape(len(y), -1)  # (n_passages, 2 d)

        x = self._fuse(x, y, pooled, batch, features)
        for block in self.compare:
            block.add_to(x, axis)
        self.attend.add_to(x, axis)
        self._reread(x, y, axis)
        for block in self.settle:
            block.add_to(x, axis)
        return self.heads.score(self.norm(x), pooled, features.pair, axis)

    def _encode(
        self, types: Floats, batch: ReaderBatch, features: MatchFeatures
    ) -> tuple[Floats, Floats]:
        """Return (n_rows, d) passages and (n_passages, Q, d) questions, each read by itself.

        A question differs between passages, by the features that say how each covers it.
        """
        question, n_rows = batch.question, batch.axis.n_rows
        n_passages = len(batch.axis.spans)
        # Passages first, so that their rows are the same as on the batch's axis.
        both = RaggedAxis.of([*batch.axis.lengths, *[len(question)] * n_passages])
        z = np.empty((both.n_rows, WIDTH), dtype=np.float32)
        spaced = self.embedding.spaced
        z[:n_rows] = types[batch.at] + self.passage_features(features.passage)
        z[:n_rows][batch.is_spaced] += spaced
        asked = types[batch.question_at] + question.is_spaced[:, None] * spaced  # (Q, d)
        y = asked + self.question_features(features.question)  # (n_passages, Q, d)
        z[n_rows:] = y.reshape(-1, WIDTH)
        for block in self.encode:
            block.add_to(z, both)
        return z[:n_rows], z[n_rows:].reshape(y.shape)

    def _fuse(
        self, x: Floats, y: Floats, pooled: Floats, batch: ReaderBatch, features: MatchFeatures
    ) -> Floats:
        """Return (n_rows, d): the passages in the light of their questions.

        relu([x, a, x a, x u, x v, features] W) + x, a the question's tokens aligned with each
        token and u, v the pooled question. (x u) W = x (diag(u) W) spares both wide products.
        """
        of_x, of_seen, of_xu, of_xv, of_features = np.split(self.fuse.weight, _FUSE_SPLITS)
        query, key = self.align_query(x), self.align_key(y)
        bias = self.align_match[0] * features.cosine + self.align_match[1] * features.is_equal
        seen = np.empty((len(x), 2 * WIDTH), dtype=np.float32)  # a, x a
        fused: Floats = features.passage @ of_features
        fused += self.fuse.bias
        for i, rows in enumerate(batch.axis.spans):
            u, v = np.split(pooled[i, :, None], 2)  # (d, 1)
            fused[rows] += x[rows] @ (of_x + u * of_xu + v * of_xv)
            seen[rows, :WIDTH] = attend(query[rows], key[i], y[i], bias[rows].T)
        np.multiply(seen[:, :WIDTH], x, out=seen[:, WIDTH:])
        fused += seen @ of_seen
        np.maximum(fused, 0, out=fused)
        fused += x
        return fused

    def _reread(self, x: Floats, y: Floats, axis: RaggedAxis) -> None:
        """Add to each token of x, (n_rows, d), what the question says to it on second sight."""
        normed = self.reread_norm(x)
        query, key = self.reread_query(normed), self.reread_key(y)
        seen = np.empty((len(x), 2 * WIDTH), dtype=np.float32)
        for i, rows in enumerate(axis.spans):
            seen[rows, :WIDTH] = attend(query[rows], key[i], y[i])
        np.multiply(seen[:, :WIDTH], normed, out=seen[:, WIDTH:])
        x += self.reread_output(seen)


def _blocks(weights: WeightsFile, name: str, *dilations: int) -> tuple[ConvBlock, ...]:
    """Return the convolution blocks of a stage."""
    return tuple(
        weights.conv_block(f"{name}.{i}", dilation, _BLOCK_SIZES)
        for i, dilation in enumerate(dilations)
    )
