"""The fakes of the tests: small, real implementations of the two Protocols."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Hit, Span
from index.normalization import fold_text
from index.segmentation import extract_terms
from index.sentences import split_sentences
from rag.datatypes import AnswerSpan, Query


class HashEncoder:
    """An ``index.encoder.Encoder``: the sum of one random vector a term, seeded by its hash."""

    def __init__(self, dim: int = 32, name: str = "hash") -> None:
        """Choose the width; another name is another encoder."""
        self._dim = dim
        self._name = name
        self.encoded: list[str] = []  # every text that was ever encoded, in order

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self._dim

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors do."""
        return f"{self._name}:{self._dim}"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts: (len(texts), dim) float32, unit rows; zeros for a text without terms."""
        self.encoded += texts
        rows = np.zeros((len(texts), self._dim), np.float32)
        for at, text in enumerate(texts):
            for term in extract_terms(fold_text(text)):
                rows[at] += self._vector(term)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    def _vector(self, term: str) -> NDArray[np.float32]:
        digest = hashlib.blake2b(f"{self._name}\0{term}".encode(), digest_size=8).digest()
        seed = int.from_bytes(digest, "little")
        return np.random.default_rng(seed).standard_normal(self._dim, np.float32)


class HeuristicReader:
    """A ``rag.reader.Reader``: of each hit, the sentence with most terms of the question."""

    def read(self, query: Query, hits: Sequence[Hit]) -> list[AnswerSpan]:
        """Read hits; one span a hit, none for a hit without terms."""
        found = (self._read_hit(frozenset(query.terms), hit) for hit in hits)
        return [span for span in found if span is not None]

    def _read_hit(self, wanted: frozenset[str], hit: Hit) -> AnswerSpan | None:
        text, base = hit.chunk.text, hit.chunk.span.start
        shares = {}
        for sentence in split_sentences(text):
            if terms := set(extract_terms(fold_text(sentence.of(text)))):
                shares[sentence] = (len(wanted & terms) + 1) / (len(wanted) + 2)
        if not shares:
            return None
        best = max(shares, key=lambda sentence: (shares[sentence], -sentence.start))
        span = Span(base + best.start, base + best.end)
        share = shares[best]
        return AnswerSpan(hit, span, span, math.log(share), math.log(share / (1 - share)))
