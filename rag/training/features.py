"""Match features of the reader in torch: which tokens of a passage are also those of the question.

Input: the token ids of questions and passages. Output: one row of features a token and one a pair.
Exact match and embedding similarity follow DrQA (Chen et al. 2017, arXiv:1704.00051, section 3.2);
runs of matches, characters and sentence coverage are ours. `rag.span_network.matching` computes
the same in numpy and is tested against this module.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

N_CHARACTERS = 6002  # 0: none, 1: rare, then the 6,000 most frequent
RARE = 1
N_SCRIPTS = N_LENGTHS = 8
PUNCTUATION = 3  # the script number of marks and symbols: they never count as a match
LOCAL_WINDOW = 21  # tokens over which the local density of matches is averaged
LOCAL_IDF = 7  # the feature that holds the local density of exact matches
N_PASSAGE_FEATURES = 20
N_QUESTION_FEATURES = 4
N_PAIR_FEATURES = 5
NO_COSINE = -2.0  # below any cosine: a place of padding is never the nearest one


@dataclass(frozen=True, slots=True)
class ReaderBatch:
    """Questions and the passage to read for each, padded at the end."""

    question_ids: Tensor  # (B, Q) int64, -1: padding
    question_spaced: Tensor  # (B, Q) bool, white space stands before the token
    passage_ids: Tensor  # (B, P) int64, -1: padding
    passage_spaced: Tensor  # (B, P) bool
    sentences: Tensor  # (B, P) int64, sentence number, non-decreasing from 0; 0 in padding


@dataclass(frozen=True, slots=True)
class MatchFeatures:
    """Features of every pair, zero in padding."""

    passage: Tensor  # (B, P, 20) float32
    question: Tensor  # (B, Q, 4) float32
    pair: Tensor  # (B, 5) float32
    cosine: Tensor  # (B, P, Q) float32
    is_equal: Tensor  # (B, P, Q) bool, the same token, and not punctuation


class TokenTables(nn.Module):
    """Constants of every token id; saved with the weights because the weights were fitted to them.

    :param embeddings: the encoder's rows, (n_tokens, dim), of any float type.
    """

    unit: Tensor  # (n_tokens, dim) float32, unit rows
    log_norm: Tensor  # (n_tokens,) float32, log(length of the row + 0.001)
    idf: Tensor  # (n_tokens,) float32, 0 to 4.5; 0.05 for punctuation
    characters: Tensor  # (n_tokens, 4) int16, the first and last two characters
    script: Tensor  # (n_tokens,) uint8: Han, Latin, digits, punctuation, kana, hangul, other
    length: Tensor  # (n_tokens,) uint8, characters, at most 7

    def __init__(self, embeddings: Tensor) -> None:
        """Normalise the embeddings and make room for the tables."""
        super().__init__()
        n_tokens = embeddings.shape[0]
        rows = embeddings.float()
        unit = rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-6)
        # The embeddings belong to the encoder: the reader's file holds their fingerprint alone.
        self.register_buffer("unit", unit, persistent=False)
        self.register_buffer("log_norm", (rows.norm(dim=1) + 1e-3).log(), persistent=False)
        self.register_buffer("idf", torch.zeros(n_tokens))
        self.register_buffer("characters", torch.zeros(n_tokens, 4, dtype=torch.int16))
        self.register_buffer("script", torch.zeros(n_tokens, dtype=torch.uint8))
        self.register_buffer("length", torch.zeros(n_tokens, dtype=torch.uint8))


@dataclass(frozen=True, slots=True)
class _Side:
    """What the tables say of one side of the pairs."""

    ids: Tensor  # (B, T) int64, 0 in padding
    is_real: Tensor  # (B, T) bool
    unit: Tensor  # (B, T, dim) float32
    idf: Tensor  # (B, T) float32, 0 in padding
    characters: Tensor  # (B, T, 4) int64, 0 in padding

    @classmethod
    def of(cls, tables: TokenTables, padded_ids: Tensor) -> Self:
        is_real, ids = padded_ids >= 0, padded_ids.clamp(min=0)
        characters = tables.characters[ids].long() * is_real[..., None]
        return cls(ids, is_real, tables.unit[ids], tables.idf[ids] * is_real, characters)

    @property
    def n_tokens(self) -> Tensor:  # (B, 1)
        return self.is_real.sum(1, keepdim=True).clamp(min=1)


@torch.no_grad()
def match_features(
    tables: TokenTables, batch: ReaderBatch, hidden: Tensor | None = None
) -> MatchFeatures:
    """Compare every token of the passages with every token of their questions.

    :param tables: the constants of the tokens.
    :param batch: the pairs.
    :param hidden: (B,) bool, pairs whose exact matches are hidden: training must go by meaning.
    :return: the features; none depends on the padding.
    """
    p, q = _Side.of(tables, batch.passage_ids), _Side.of(tables, batch.question_ids)
    shown = torch.ones_like(p.is_real[:, 0]) if hidden is None else ~hidden  # (B,)
    both = p.is_real[:, :, None] & q.is_real[:, None]  # (B, P, Q)
    # .float(): training runs this in bfloat16
    cosine = (p.unit @ q.unit.transpose(1, 2)).float().masked_fill(~both, 0.0)  # (B, P, Q)
    is_equal = both & (p.ids[:, :, None] == q.ids[:, None]) & shown[:, None, None]
    is_equal = is_equal & (tables.script[q.ids] != PUNCTUATION)[:, None]  # (B, P, Q)

    by_sentence = _sentence_features(cosine, is_equal, batch.sentences, q.idf)  # (B, S, 6)
    index = batch.sentences[..., None].expand(-1, -1, by_sentence.shape[2])
    passage = torch.cat(
        [_passage_features(p, q, cosine, is_equal), by_sentence.gather(1, index)], 2
    )
    passage = passage * p.is_real[..., None]  # (B, P, 20)
    passage[:, :, 3] *= shown[:, None]  # the characters' coverage would give the match away
    question = _question_features(p, q, cosine, is_equal)  # (B, Q, 4)
    question[:, :, 3] *= shown[:, None]

    nearness = (question[:, :, 1] * q.idf).sum(1, keepdim=True) / _total(q.idf)  # (B, 1)
    density = passage[:, :, LOCAL_IDF].amax(1, keepdim=True)  # (B, 1)
    pair = torch.cat([by_sentence[:, :, :3].amax(1), density, nearness], 1)  # (B, 5)
    return MatchFeatures(passage, question, pair, cosine, is_equal)


def _passage_features(p: _Side, q: _Side, cosine: Tensor, is_equal: Tensor) -> Tensor:
    """Return (B, P, 14): the features of each passage token by itself and its neighbours."""
    matched = is_equal.any(2).float()  # (B, P)
    in_bigram, in_trigram = _runs(is_equal)
    nearest, at = cosine.masked_fill(~q.is_real[:, None], NO_COSINE).max(2)  # (B, P)
    nearest_idf = q.idf.gather(1, at)
    centre = functional.normalize((q.unit * q.idf[..., None]).sum(1), dim=1)  # (B, dim)
    columns = (
        matched,
        in_bigram.any(2).float(),
        in_trigram.any(2).float(),
        # Rare characters share one number, so an equal number says nothing here.
        _coverage(p.characters, q.characters * (q.characters > RARE)),
        nearest,
        nearest * nearest_idf / 5,
        matched * p.idf / 5,
        _local_mean(matched * p.idf),
        _local_mean(nearest.clamp(min=0) ** 2 * nearest_idf * p.is_real),
        (p.unit @ centre[..., None])[..., 0].float(),
        torch.arange(p.ids.shape[1])[None] / p.n_tokens,
        is_equal.float().argmax(2) / q.n_tokens,  # place of the first equal token
        p.idf / 5,
        torch.ones_like(p.idf),
    )
    return torch.stack(columns, 2)


def _question_features(p: _Side, q: _Side, cosine: Tensor, is_equal: Tensor) -> Tensor:
    """Return (B, Q, 4): how well the passage covers each question token."""
    columns = (
        is_equal.any(1).float(),
        cosine.masked_fill(~p.is_real[..., None], NO_COSINE).amax(1),
        q.idf / 5,
        _coverage(q.characters, p.characters),
    )
    return torch.stack(columns, 2) * q.is_real[..., None]


def _sentence_features(
    cosine: Tensor, is_equal: Tensor, sentences: Tensor, q_idf: Tensor
) -> Tensor:
    """Return (B, S, 6): the shares of the question's idf that each sentence covers.

    Covered exactly, by similarity (the squared cosine), and by runs of two tokens; then the same
    three less those of the best sentence.
    """
    n_sentences = int(sentences.max()) + 1
    in_bigram, _ = _runs(is_equal)
    index = sentences[..., None].expand_as(cosine)  # (B, P, Q)
    covered = [
        # Every value is >= 0, so the zeros of padding (sentence 0) change no maximum.
        cosine.new_zeros(cosine.shape[0], n_sentences, cosine.shape[2]).scatter_reduce(
            1, index, values.float(), "amax"
        )
        for values in (is_equal, cosine.clamp(min=0) ** 2, in_bigram)
    ]  # 3 x (B, S, Q)
    shares = torch.stack([(c * q_idf[:, None]).sum(2) for c in covered], 2)  # (B, S, 3)
    shares = shares / _total(q_idf)[..., None]
    return torch.cat([shares, shares - shares.amax(1, keepdim=True)], 2)


def _runs(is_equal: Tensor) -> tuple[Tensor, Tensor]:
    """Return two (B, P, Q) masks: equal together with a neighbour, and in the middle of three."""
    both = is_equal[:, 1:, 1:] & is_equal[:, :-1, :-1]  # this pair and the one before it
    before = functional.pad(both, (1, 0, 1, 0))
    after = functional.pad(both, (0, 1, 0, 1))
    return before | after, before & after


def _coverage(characters: Tensor, among: Tensor) -> Tensor:
    """Return (B, T): the share of each token's characters that occur among those of the other side.

    :param characters: (B, T, 4) int64, 0: none.
    :param among: (B, U, 4) int64, 0: none.
    """
    n_pairs = characters.shape[0]
    occurs = torch.zeros(n_pairs, N_CHARACTERS).scatter(1, among.reshape(n_pairs, -1), 1.0)
    occurs[:, 0] = 0
    found = occurs.gather(1, characters.reshape(n_pairs, -1)).view_as(characters)
    return found.sum(2) / (characters > 0).sum(2).clamp(min=1)


def _local_mean(values: Tensor) -> Tensor:
    """Return (B, P): the mean over the window around each token, zeros beyond the ends."""
    return functional.avg_pool1d(values[:, None], LOCAL_WINDOW, 1, LOCAL_WINDOW // 2)[:, 0]


def _total(q_idf: Tensor) -> Tensor:
    """Return (B, 1): the question's whole idf, never zero."""
    return q_idf.sum(1, keepdim=True).clamp(min=1e-3)
