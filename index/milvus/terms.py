"""Terms: a chunk's terms ↔ a sparse vector, and how many chunks hold each term.

A term has two dimensions. The even one weighs it as BM25 does by its count in the chunk, so that
the inner product with the question's idf is the chunk's score; the odd one only says that it is
there, so that one that weighs more than all even ones together ranks the chunks by how many of a
phrase's terms they hold. Lengths are taken relative to a fixed number of terms, not to the mean,
which changes with every document: the engine only finds candidates, whose scores are computed
exactly afterwards.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.lexical import K1, B

Sparse = dict[int, float]  # weights by dimension

_USUAL_TERMS = 150  # of a chunk of 300 characters
_NOTHING: Sparse = {0: 1.0}  # of a chunk without terms; no term has this dimension
_N_DIMENSIONS = 2**31 - 2  # pairs; Milvus keeps the last of 2**32 for itself
_PRESENCE = 4096.0  # more than 16 terms of the greatest idf, still exact as float32
_TERMS_A_BUCKET = 1500  # of 16 bytes each; a record holds more than twice as many
_MERGED_AT_ONCE = 2**20


@lru_cache(2**17)
def term_key(term: str) -> int:
    """Return a term's 64-bit key, the same in every process and on every machine."""
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def weigh_chunk(terms: Sequence[str]) -> Sparse:
    """Make the sparse vector of a chunk.

    :param terms: Of the chunk, repeated as often as they occur.
    :return: tf · (k1 + 1) / (tf + k1 · (1 - b + b · |d| / 150)) and 1 for every term.
    """
    norm = K1 * (1 - B + B * len(terms) / _USUAL_TERMS)
    sparse: Sparse = {}
    for term, count in Counter(terms).items():
        even = _dimension(term)
        sparse[even] = count * (K1 + 1) / (count + norm)
        sparse[even + 1] = 1.0
    return sparse or _NOTHING


def weigh_question(weights: Mapping[str, float], *, counts_first: bool = False) -> Sparse:
    """Make the sparse vector of a question or a phrase.

    :param weights: The idf of its terms.
    :param counts_first: Rank chunks by how many of the terms they hold, and only then by BM25.
    :return: To be multiplied with the chunks'.
    """
    sparse = {_dimension(term): weight for term, weight in weights.items()}
    if counts_first:
        sparse.update((_dimension(term) + 1, _PRESENCE) for term in weights)
    return sparse


def n_held(distance: float) -> int:
    """Return how many terms a chunk holds that was found with ``counts_first``.

    :param distance: Its inner product.
    """
    return int(distance // _PRESENCE)


def _dimension(term: str) -> int:
    return 2 * (term_key(term) % _N_DIMENSIONS + 1)


class TermCounts:
    """How many chunks hold each term: sorted arrays, 16 bytes a term, whatever the number."""

    def __init__(self) -> None:
        """Know no term."""
        self.n_terms = 0  # occurrences in all chunks
        self._keys = np.empty(0, np.uint64)  # sorted
        self._counts = np.empty(0, np.int64)
        self._pending: Counter[int] = Counter()

    def add(self, terms: Sequence[str], sign: int = 1) -> None:
        """Count a chunk.

        :param terms: Of the chunk, repeated as often as they occur.
        :param sign: -1 takes it away again.
        """
        self.n_terms += sign * len(terms)
        pending = self._pending
        for term in set(terms):
            pending[term_key(term)] += sign
        if len(pending) >= _MERGED_AT_ONCE:
            self._merge()

    def buckets(self) -> Iterator[str]:
        """Write the counts down, a term in the bucket of its key's remainder.

        :return: The buckets; their number is part of what tells where a term is.
        """
        self._merge()
        n_buckets = max(1, -(-len(self._keys) // _TERMS_A_BUCKET))
        place = self._keys % np.uint64(n_buckets)
        order = np.argsort(place, kind="stable")
        ends = np.searchsorted(place[order], np.arange(n_buckets), side="right")
        for at in np.split(order, ends[:-1]):
            yield pack_bucket(self._keys[at], self._counts[at])

    def take(self, bucket: str) -> None:
        """Add a bucket's counts.

        :param bucket: As :meth:`buckets` gave it.
        """
        keys, counts = unpack_bucket(bucket)
        self._pending.update(dict(zip(keys.tolist(), counts.tolist(), strict=True)))
        if len(self._pending) >= _MERGED_AT_ONCE:
            self._merge()

    def _merge(self) -> None:
        fresh = np.fromiter(self._pending.keys(), np.uint64, len(self._pending))
        more = np.fromiter(self._pending.values(), np.int64, len(self._pending))
        self._pending.clear()
        keys, at = np.unique(np.concatenate([self._keys, fresh]), return_inverse=True)
        counts = np.zeros(len(keys), np.int64)
        np.add.at(counts, at, np.concatenate([self._counts, more]))
        self._keys, self._counts = keys[counts > 0], counts[counts > 0]


def pack_bucket(keys: NDArray[np.uint64], counts: NDArray[np.int64]) -> str:
    """Write counts as text: the keys, then the counts, in base64.

    :param keys: (n,) sorted.
    :param counts: (n,) below 2**32.
    """
    return base64.b64encode(keys.astype("<u8").tobytes() + counts.astype("<u4").tobytes()).decode()


def unpack_bucket(bucket: str) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Read counts (:func:`pack_bucket`).

    :raises ValueError: When it is no such text.
    """
    data = base64.b64decode(bucket, validate=True)
    n_keys, rest = divmod(len(data), 12)
    if rest:
        raise ValueError("a bucket is cut short")
    return np.frombuffer(data, "<u8", n_keys), np.frombuffer(data, "<u4", n_keys, 8 * n_keys)
