"""First vectors of the reader's tokens, from the tokens that stand beside them.

The encoder's vectors tell what a text is about, not what part a word plays in a sentence: whether
it begins a person's name or counts something. That is learned from direct neighbours: the positive
pointwise mutual information of every token with the frequent tokens to its left and to its right,
told apart, factored to 64 dimensions (Levy and Goldberg 2014, "Neural word embedding as implicit
matrix factorization"; Bullinaria and Levy 2007 on small windows).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.utils.extmath import randomized_svd

from index.training.passages import Passages

TOKEN_DIM = 64
_N_CONTEXTS = 8000  # most frequent tokens that count as neighbours
_DISTANCES = (-2, -1, 1, 2)
_SMOOTHING = 0.75  # of the contexts' counts
_SINGULAR_POWER = 0.5
_BLOCK = 4_000_000  # tokens counted at once


def neighbour_vectors(
    texts: Sequence[Passages], n_tokens: int, seed: int = 0
) -> NDArray[np.float32]:
    """Compute a vector for every token.

    :param texts: What to count in; neighbours stand in the same sentence.
    :param n_tokens: Size of the vocabulary.
    :param seed: Of the random projections (Halko et al. 2011).
    :return: (n_tokens, TOKEN_DIM) float32, of mean square 1; zeros for a token that never occurs.
    """
    counts = np.zeros(n_tokens)
    for text in texts:
        counts += np.bincount(text.tokens, minlength=n_tokens)
    contexts = np.argsort(-counts)[:_N_CONTEXTS]
    column_of = np.full(n_tokens, -1)
    column_of[contexts] = np.arange(_N_CONTEXTS)
    matrix = hstack(
        [
            _positive_information(_count(texts, column_of, distance, n_tokens))
            for distance in _DISTANCES
        ]
    ).tocsr()
    left, values, _ = randomized_svd(matrix, TOKEN_DIM, n_iter=4, random_state=seed)
    vectors = left * values**_SINGULAR_POWER
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.asarray(vectors * TOKEN_DIM**0.5, np.float32)


def _count(
    texts: Sequence[Passages], column_of: NDArray[np.int64], distance: int, n_tokens: int
) -> csr_matrix:
    """Count (n_tokens, _N_CONTEXTS) neighbours at one distance."""
    total = csr_matrix((n_tokens, _N_CONTEXTS), dtype=np.float32)
    for text in texts:
        sentence = np.repeat(np.arange(len(text.sentences) - 1), np.diff(text.sentences))
        tokens = text.tokens[: len(sentence)]
        for begin in range(0, len(tokens), _BLOCK):
            block, of = tokens[begin : begin + _BLOCK], sentence[begin : begin + _BLOCK]
            token, other = (block[:-distance], block[distance:])
            is_near = of[:-distance] == of[distance:]
            if distance < 0:
                token, other = block[-distance:], block[:distance]
                is_near = of[-distance:] == of[:distance]
            column = column_of[other]
            is_counted = is_near & (column >= 0)
            pairs = (token[is_counted].astype(np.int64), column[is_counted])
            ones = np.ones(len(pairs[0]), np.float32)
            total = total + csr_matrix((ones, pairs), shape=total.shape)
    return total


def _positive_information(counts: csr_matrix) -> csr_matrix:
    """Turn counts into max(0, log p(token, context) / (p(token) p(context)))."""
    of_token = np.asarray(counts.sum(1)).ravel()
    of_context = np.asarray(counts.sum(0)).ravel() ** _SMOOTHING
    entries = counts.tocoo()
    share = of_context[entries.col] / of_context.sum()
    information = np.log(entries.data / (of_token[entries.row] * share))
    kept = information > 0
    return csr_matrix(
        (information[kept].astype(np.float32), (entries.row[kept], entries.col[kept])),
        shape=counts.shape,
    )
