"""Match features of the reader in numpy: which tokens of a passage are also those of the question.

Input: a batch. Output: one row of features a token and one a passage. It is the namesake of
`rag.training.features`, with which the tests compare the whole.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.span_network.batch import Floats, RaggedAxis, ReaderBatch

N_CHARACTERS = 6002  # 0: none, 1: rare, then the 6,000 most frequent
N_PASSAGE_FEATURES = 20
N_QUESTION_FEATURES = 4
N_PAIR_FEATURES = 5
_RARE = 1
_PUNCTUATION = 3  # the script number of marks and symbols: they never count as a match
_LOCAL_WINDOW = 21  # tokens over which the local density of matches is averaged
_LOCAL_IDF = 7  # the feature that holds the local density of exact matches


@dataclass(frozen=True, slots=True)
class TokenTables:
    """Constants of every token id."""

    embeddings: NDArray[np.float16 | np.float32]  # (n_tokens, dim), a memory map as a rule
    idf: Floats  # (n_tokens,) 0 to 4.5; 0.05 for punctuation
    characters: NDArray[np.int16]  # (n_tokens, 4) the first and last two characters
    script: NDArray[np.int16]  # (n_tokens,) Han, Latin, digits, punctuation, kana, hangul, other
    length: NDArray[np.int16]  # (n_tokens,) characters, at most 7

    def unit_rows(self, ids: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the unit embeddings of these ids alone: all of them would take 65 MB.

        :param ids: (n,) token ids.
        :return: (n, dim) rows, and (n,) log(length + 0.001) of the rows as they were.
        """
        rows = self.embeddings[ids].astype(np.float32)  # (n, dim)
        norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))  # (n,)
        rows /= np.maximum(norms, np.float32(1e-6))[:, None]
        return rows, np.log(norms + np.float32(1e-3))


@dataclass(frozen=True, slots=True)
class MatchFeatures:
    """Features of a batch."""

    passage: Floats  # (n_rows, 20)
    question: Floats  # (n_passages, Q, 4)
    pair: Floats  # (n_passages, 5)
    cosine: Floats  # (n_rows, Q)
    is_equal: NDArray[np.bool_]  # (n_rows, Q) the same token, and not punctuation


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What the features are made from."""

    axis: RaggedAxis
    cosine: Floats  # (n_rows, Q)
    is_equal: NDArray[np.bool_]  # (n_rows, Q)
    in_bigram: NDArray[np.bool_]  # (n_rows, Q) equal, and so is a neighbour
    in_trigram: NDArray[np.bool_]  # (n_rows, Q) in the middle of three equal ones
    idf: Floats  # (n_rows,)
    question_idf: Floats  # (Q,)
    total_idf: np.float32  # of the question, never 0


def match_features(tables: TokenTables, batch: ReaderBatch, unit: Floats) -> MatchFeatures:
    """Compare every token of the passages with every token of the question.

    :param tables: the constants of the tokens.
    :param batch: question and passages.
    :param unit: (n_types, dim) unit embeddings of the batch's types.
    :return: the features.
    """
    compared = _compare(tables, batch, unit)
    idf = compared.question_idf
    centre = idf @ unit[batch.question_at]  # (dim,)
    centre /= np.maximum(np.linalg.norm(centre), np.float32(1e-12))
    types_features = np.stack([(unit @ centre), _character_coverage(tables, batch)], 1)
    shares, best_shares = _sentence_features(compared, batch)  # (n_sentences, 6), (n, 3)

    passage = np.empty((batch.axis.n_rows, N_PASSAGE_FEATURES), dtype=np.float32)
    _fill_token_features(passage, compared)
    passage[:, [9, 3]] = types_features[batch.at]
    passage[:, 14:] = shares[batch.sentence_at]

    question = _question_features(tables, batch, compared)
    nearness = question[:, :, 1] @ idf / compared.total_idf  # (n,)
    density = [passage[rows, _LOCAL_IDF].max() for rows in batch.axis.spans]
    pair = np.column_stack([best_shares, density, nearness]).astype(np.float32)  # (n, 5)
    return MatchFeatures(passage, question, pair, compared.cosine, compared.is_equal)


def _compare(tables: TokenTables, batch: ReaderBatch, unit: Floats) -> _Comparison:
    """Compare all tokens."""
    q_ids = batch.question.ids
    is_equal = (batch.ids[:, None] == q_ids) & (tables.script[q_ids] != _PUNCTUATION)
    # By types, not tokens: less work, and equal tokens are equally near to the last bit.
    cosine = (unit @ unit[batch.question_at].T)[batch.at]  # (n_rows, Q)
    before = np.zeros_like(is_equal)
    before[1:, 1:] = is_equal[1:, 1:] & is_equal[:-1, :-1]
    before[batch.axis.starts] = False  # the row before it belongs to another passage
    after = np.zeros_like(is_equal)
    after[:-1, :-1] = before[1:, 1:]
    question_idf = tables.idf[q_ids]  # (Q,)
    return _Comparison(
        axis=batch.axis,
        cosine=cosine,
        is_equal=is_equal,
        in_bigram=before | after,
        in_trigram=before & after,
        idf=tables.idf[batch.ids],
        question_idf=question_idf,
        total_idf=np.maximum(question_idf.sum(), np.float32(1e-3)),
    )


def _fill_token_features(features: Floats, compared: _Comparison) -> None:
    """Fill in what concerns a token and its neighbours: columns 0-2, 4-8 and 10-13."""
    axis, idf = compared.axis, compared.idf
    matched = compared.is_equal.any(axis=1)
    at = compared.cosine.argmax(axis=1)
    nearest = compared.cosine[np.arange(axis.n_rows), at]
    nearest_idf = compared.question_idf[at]
    features[:, 0] = matched
    features[:, 1] = compared.in_bigram.any(axis=1)
    features[:, 2] = compared.in_trigram.any(axis=1)
    features[:, 4] = nearest
    features[:, 5] = nearest * nearest_idf / 5
    features[:, 6] = matched * idf / 5
    densities = (_LOCAL_IDF, matched * idf), (8, nearest.clip(min=0) ** 2 * nearest_idf)
    for rows, n_tokens in zip(axis.spans, axis.lengths, strict=True):
        for column, values in densities:
            features[rows, column] = _local_mean(values[rows])
        features[rows, 10] = np.arange(n_tokens) / n_tokens
    features[:, 11] = compared.is_equal.argmax(axis=1) / len(compared.question_idf)
    features[:, 12] = idf / 5
    features[:, 13] = 1


def _question_features(tables: TokenTables, batch: ReaderBatch, compared: _Comparison) -> Floats:
    """Return (n_passages, Q, 4): how well each passage covers each question token."""
    characters = tables.characters[batch.question.ids]  # (Q, 4)
    features = np.empty((len(batch.axis.spans), len(characters), N_QUESTION_FEATURES), np.float32)
    features[:, :, 2] = compared.question_idf / 5
    for of_passage, rows in zip(features, batch.axis.spans, strict=True):
        of_passage[:, 0] = compared.is_equal[rows].any(axis=0)
        of_passage[:, 1] = compared.cosine[rows].max(axis=0)
        of_passage[:, 3] = _coverage(characters, tables.characters[batch.ids[rows]])
    return features


def _sentence_features(compared: _Comparison, batch: ReaderBatch) -> tuple[Floats, Floats]:
    """Return the share of the question's idf that sentences cover, and the best of each passage.

    Covered exactly, by similarity (the squared cosine), and by runs of two tokens.

    :return: (n_sentences, 6): the three shares, and what the passage's best have more, negated;
        (n_passages, 3): these best.
    """
    ways = (compared.is_equal, compared.cosine.clip(min=0) ** 2, compared.in_bigram)
    covered = [np.maximum.reduceat(way, batch.sentence_rows, axis=0) for way in ways]
    weights = compared.question_idf / compared.total_idf  # (Q,)
    shares = np.stack([way @ weights for way in covered], 1).astype(np.float32)
    first = batch.sentence_at[batch.axis.starts]  # (n_passages,)
    best = np.maximum.reduceat(shares, first, axis=0)  # (n_passages, 3)
    n_sentences = np.diff(first, append=len(shares))
    return np.hstack([shares, shares - np.repeat(best, n_sentences, axis=0)]), best


def _character_coverage(tables: TokenTables, batch: ReaderBatch) -> Floats:
    """Return (n_types,): the share of each type's characters that occur in the question."""
    asked = tables.characters[batch.question.ids]  # (Q, 4)
    # Rare characters share one number, so an equal number says nothing here.
    return _coverage(tables.characters[batch.types], asked[asked > _RARE])


def _coverage(characters: NDArray[np.int16], among: NDArray[np.int16]) -> Floats:
    """Return (n,): the share of the characters of each row that occur on the other side.

    :param characters: (n, 4), 0: none.
    :param among: any shape, 0: none.
    """
    occurs = np.zeros(N_CHARACTERS, dtype=np.float32)
    occurs[among] = 1
    occurs[0] = 0
    found: Floats = occurs[characters].sum(axis=1)
    found /= np.maximum((characters > 0).sum(axis=1), 1)
    return found


def _local_mean(values: Floats) -> Floats:
    """Return (P,): means over the window around each token, zeros beyond the ends."""
    window = np.full(_LOCAL_WINDOW, 1 / _LOCAL_WINDOW, dtype=np.float32)
    reach = _LOCAL_WINDOW // 2
    mean: Floats = np.convolve(values, window)[reach:-reach]
    return mean
