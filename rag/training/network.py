"""The reader's network in torch: what training fits and `rag.span_network` repeats in numpy.

Input: token ids of questions and passages. Output: for every passage token the logit of beginning
the answer, what scores the ends of a given start, and the logit that the passage answers at all.

It reads as DrQA does (Chen et al. 2017, arXiv:1704.00051) with convolutions in the place of
recurrence, as in QANet (Yu et al. 2018, arXiv:1804.09541); the end is conditioned on the start as
in the answer pointer of Match-LSTM (Wang and Jiang 2017, arXiv:1608.07905).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from rag.training.features import (
    N_PAIR_FEATURES,
    N_PASSAGE_FEATURES,
    N_QUESTION_FEATURES,
    ReaderBatch,
    TokenTables,
    match_features,
)
from rag.training.layers import MASKED, WIDTH, ConvBlock, SelfAttention, TokenEmbedding

MAX_ANSWER = 40  # tokens


@dataclass(frozen=True, slots=True)
class ReaderOutput:
    """What the network says of every pair."""

    starts: Tensor  # (B, P) logits, MASKED in padding
    end_keys: Tensor  # (B, P, d)
    end_queries: Tensor  # (B, P, d), of a start at that token
    end_logits: Tensor  # (B, P), the part that does not depend on the start
    relevance: Tensor  # (B,) logits
    is_token: Tensor  # (B, P) bool


class ReaderNetwork(nn.Module):
    """The whole reader.

    :param embeddings: the encoder's rows, (n_tokens, 256), of any float type.
    """

    def __init__(self, embeddings: Tensor) -> None:
        """Make the layers; `load_network` or a recipe's counts fill the token tables."""
        super().__init__()
        self.tables = TokenTables(embeddings)
        self.embedding = TokenEmbedding(len(embeddings))
        self.passage_features = nn.Linear(N_PASSAGE_FEATURES, WIDTH)
        self.question_features = nn.Linear(N_QUESTION_FEATURES, WIDTH)
        self.encode = nn.ModuleList([ConvBlock(1), ConvBlock(2)])
        self.pool = nn.Linear(WIDTH, 2)
        self.align_query = nn.Linear(WIDTH, WIDTH)
        self.align_key = nn.Linear(WIDTH, WIDTH)
        self.align_match = nn.Parameter(torch.tensor([3.0, 2.0]))  # of the cosine, of equality
        self.fuse = nn.Linear(5 * WIDTH + N_PASSAGE_FEATURES, WIDTH)
        self.compare = nn.ModuleList([ConvBlock(1), ConvBlock(3)])
        self.attend = SelfAttention()
        self.reread_norm = nn.LayerNorm(WIDTH)
        self.reread_query = nn.Linear(WIDTH, WIDTH)
        self.reread_key = nn.Linear(WIDTH, WIDTH)
        self.reread_output = nn.Linear(2 * WIDTH, WIDTH)
        self.settle = nn.ModuleList([ConvBlock(1), ConvBlock(4), ConvBlock(1)])
        self.norm = nn.LayerNorm(WIDTH)
        self.start_passage = nn.Linear(WIDTH, WIDTH)
        self.start_question = nn.Linear(2 * WIDTH, WIDTH)
        self.start = nn.Linear(WIDTH, 1)
        self.end_key = nn.Linear(WIDTH, WIDTH)
        self.end_query = nn.Linear(WIDTH, WIDTH)
        self.end_question = nn.Linear(2 * WIDTH, WIDTH)
        self.end = nn.Linear(WIDTH, 1)
        self.end_distance = nn.Parameter(torch.zeros(MAX_ANSWER))
        self.relevance_hidden = nn.Linear(3 * WIDTH + N_PAIR_FEATURES, 64)
        self.relevance = nn.Linear(64, 1)

    def forward(self, batch: ReaderBatch, hidden: Tensor | None = None) -> ReaderOutput:
        """Read every passage for its question.

        :param batch: the pairs.
        :param hidden: (B,) bool, pairs whose exact matches are hidden; for training alone.
        :return: the logits.
        """
        features = match_features(self.tables, batch, hidden)
        p_real, q_real = batch.passage_ids >= 0, batch.question_ids >= 0  # (B, P), (B, Q)
        x = self.embedding(self.tables, batch.passage_ids.clamp(min=0), batch.passage_spaced)
        y = self.embedding(self.tables, batch.question_ids.clamp(min=0), batch.question_spaced)
        x = x + self.passage_features(features.passage)  # (B, P, d)
        y = y + self.question_features(features.question)  # (B, Q, d)
        for block in self.encode:
            x, y = block(x, p_real), block(y, q_real)
        weights = self.pool(y).masked_fill(~q_real[..., None], MASKED).softmax(1)  # (B, Q, 2)
        pooled = (weights.transpose(1, 2) @ y).flatten(1)  # (B, 2 d)

        bias = self.align_match[0] * features.cosine + self.align_match[1] * features.is_equal
        aligned = _attend(self.align_query(x), self.align_key(y), y, bias + _mask(q_real))
        first, second = pooled[:, None].split(WIDTH, 2)  # (B, 1, d)
        fused = [x, aligned, x * aligned, x * first, x * second, features.passage]
        x = functional.relu(self.fuse(torch.cat(fused, 2))) + x  # (B, P, d)
        for block in self.compare:
            x = block(x, p_real)
        x = self.attend(x, p_real)
        normed = self.reread_norm(x)
        again = _attend(self.reread_query(normed), self.reread_key(y), y, _mask(q_real))
        x = x + self.reread_output(torch.cat([again, again * normed], 2))
        for block in self.settle:
            x = block(x, p_real)
        return self._heads(self.norm(x), pooled, features.pair, p_real)

    def _heads(self, x: Tensor, pooled: Tensor, pair: Tensor, is_token: Tensor) -> ReaderOutput:
        """Score starts, ends and the pair from (B, P, d) tokens and (B, 2 d) questions."""
        begun = torch.tanh(self.start_passage(x) + self.start_question(pooled)[:, None])
        starts = self.start(begun)[..., 0].masked_fill(~is_token, MASKED)  # (B, P)
        keys = self.end_key(x)  # (B, P, d)
        ended = torch.tanh(keys + self.end_question(pooled)[:, None])
        read = (starts.softmax(1)[:, None] @ x)[:, 0]  # (B, d), the tokens where answers begin
        hidden = functional.relu(self.relevance_hidden(torch.cat([read, pooled, pair], 1)))
        return ReaderOutput(
            starts=starts,
            end_keys=keys,
            end_queries=self.end_query(x),
            end_logits=self.end(ended)[..., 0],
            relevance=self.relevance(hidden)[:, 0],
            is_token=is_token,
        )

    def score_ends(self, output: ReaderOutput, starts: Tensor) -> Tensor:
        """Score the last token of the answers that begin at `starts`.

        :param output: what `forward` returned.
        :param starts: (B,) int64 token positions: the gold ones in training.
        :return: (B, MAX_ANSWER) logits of ending 0, 1, … tokens after the start.
        """
        rows = torch.arange(len(starts))
        query = output.end_queries[rows, starts]  # (B, d)
        logits = (output.end_keys @ query[..., None])[..., 0] / math.sqrt(WIDTH)  # (B, P)
        ends = starts[:, None] + torch.arange(MAX_ANSWER)  # (B, MAX_ANSWER)
        inside = ends.clamp(max=logits.shape[1] - 1)
        is_end = (ends < logits.shape[1]) & output.is_token.gather(1, inside)
        logits = (logits + output.end_logits).gather(1, inside) + self.end_distance
        return logits.masked_fill(~is_end, MASKED)

    @torch.no_grad()
    def best_spans(self, output: ReaderOutput, sentences: Tensor, n_spans: int) -> Tensor:
        """Return the best end, within the sentence, of each of the most probable starts.

        log p(start) + log p(end | start). p(end | start) is over all ends within reach, beyond the
        sentence too: a start whose best end lies there is a bad one.

        :param output: what `forward` returned.
        :param sentences: (B, P) int64 as in the batch.
        :param n_spans: starts to follow, at most P.
        :return: (B, n_spans, 3): start, last token, score; most probable start first.
        """
        log_starts, starts = output.starts.log_softmax(1).topk(n_spans, 1)
        spans = []
        for log_start, start in zip(log_starts.T, starts.T, strict=True):
            log_ends = self.score_ends(output, start).log_softmax(1)  # (B, MAX_ANSWER)
            ends = start[:, None] + torch.arange(MAX_ANSWER)
            of_end = sentences.gather(1, ends.clamp(max=sentences.shape[1] - 1))
            is_outside = of_end != sentences.gather(1, start[:, None])
            log_end, distance = log_ends.masked_fill(is_outside, MASKED).max(1)
            spans.append(torch.stack([start, start + distance, log_start + log_end], 1))
        return torch.stack(spans, 1)


def load_network(weights_path: Path, embeddings: Tensor) -> ReaderNetwork:
    """Load the network for evaluation, in float32.

    :param weights_path: the reader's `model.safetensors`.
    :param embeddings: the encoder's rows, (n_tokens, 256), of any float type.
    :return: the network.
    """
    network = ReaderNetwork(embeddings)
    tensors = load_file(weights_path)
    rows, scale = (tensors.pop(f"embedding.token.{name}") for name in ("rows", "scale"))
    # What training changed is in the rows already.
    tensors["embedding.first"] = rows.float() * scale.float()[:, None]
    state = network.state_dict()
    unchanged = {name: state[name] for name in ("embedding.change.weight", "embedding.frequent")}
    network.load_state_dict({**tensors, **unchanged})
    return network.eval()


def _attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
    """Return (B, P, d): the mean of the values (B, Q, d) by the fit of their keys to each query."""
    scores = query @ key.transpose(1, 2) / math.sqrt(WIDTH) + bias  # (B, P, Q)
    return scores.softmax(2) @ value


def _mask(is_token: Tensor) -> Tensor:
    """Return (B, 1, Q): what to add to a logit so that padding gets no weight."""
    return ~is_token[:, None] * MASKED
