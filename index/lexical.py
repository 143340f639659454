"""Lexical channel: the chunks' terms ↔ a tantivy index, ranked by BM25.

BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework"):
    score(q, d) = Σ_t idf(t) · tf(t, d) · (k1 + 1) / (tf(t, d) + k1 · (1 - b + b · |d| / avg|d|))
    idf(t) = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5))
tantivy finds the candidates with its built-in k1 = 1.2, b = 0.75 (block-max pruning, lengths
rounded to a byte); they are scored again, exactly, with k1 = 0.9, b = 0.4, which puts the right
chunk first two to three points more often on Chinese chunks of 300 characters.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import tantivy
from numpy.typing import NDArray

from index.errors import IndexCorruptError
from index.matching import TermMatches

K1 = 0.9
B = 0.4
_SEPARATOR = "\x1f"
_TOKENIZER = "separated"
_HEAP_BYTES = 64_000_000
_MAX_CLAUSES = 64  # of a question, the rarest terms first; bounds the time of any query
_OCCURS = tantivy.Occur.Should


class LexicalIndex:
    """A loaded tantivy index over the chunks' terms."""

    def __init__(self, index: tantivy.Index, mean_terms: float, path: Path) -> None:
        """Hold an opened index; use :meth:`build` or :meth:`load`.

        :param index: The tantivy index.
        :param mean_terms: Mean number of terms a chunk.
        :param path: The index's folder, for messages.
        """
        self._index = index
        self._searcher = index.searcher()
        self._path = path
        self._mean_terms = max(mean_terms, 1.0)

    @classmethod
    def build(cls, path: Path, documents: Iterable[Sequence[str]]) -> Self:
        """Write an index.

        :param path: An empty folder.
        :param documents: The terms of each chunk, in row order.
        :return: The index, opened.
        """
        schema = _schema()
        index = tantivy.Index(schema, path=str(path))
        _register(index)
        # One thread and one commit: rows stay in order and two builds give equal segments.
        writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        n_terms = n_rows = 0
        for row, terms in enumerate(documents):
            writer.add_document(
                tantivy.Document.from_dict({"terms": _SEPARATOR.join(terms), "row": row}, schema)
            )
            n_terms += len(terms)
            n_rows += 1
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return cls(index, n_terms / max(n_rows, 1), path)

    @classmethod
    def load(cls, path: Path, mean_terms: float) -> Self:
        """Open an index.

        :param path: The folder written by :meth:`build`.
        :param mean_terms: As the manifest has it.
        :return: The index.
        :raises IndexCorruptError: When tantivy cannot open it.
        """
        try:
            with _damage(path):
                index = tantivy.Index.open(str(path))
                _register(index)
                return cls(index, mean_terms, path)
        except OSError as exc:
            raise IndexCorruptError(
                f"{path} cannot be opened: {exc}. tantivy needs a folder it may write a lock file "
                "to; if the folder is writable, run: yiju index --full"
            ) from exc

    @property
    def n_rows(self) -> int:
        """Number of chunks."""
        return int(self._searcher.num_docs)

    @property
    def mean_terms(self) -> float:
        """Mean number of terms a chunk."""
        return self._mean_terms

    def search(self, terms: Sequence[str], top_k: int) -> NDArray[np.int64]:
        """Find candidate rows by tantivy's own BM25.

        :param terms: The question's terms.
        :param top_k: Number of rows wanted.
        :return: (n,) row numbers, best first.
        """
        clauses = self._rarest(terms)
        if not clauses or top_k < 1:
            return np.empty(0, np.int64)
        schema = self._index.schema
        query = tantivy.Query.boolean_query(
            [
                (_OCCURS, tantivy.Query.term_query(schema, "terms", term, index_option="freq"))
                for term in clauses
            ]
        )
        # count=False keeps block-max pruning: counting would visit every match.
        with _damage(self._path):
            hits = self._searcher.search(query, limit=top_k, count=False).hits
            rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        if not all(isinstance(row, int) and 0 <= row < self.n_rows for row in rows):
            raise _corrupt(self._path)
        return np.asarray(rows, np.int64)

    def idf(self, term: str) -> float:
        """Return ln(1 + (N - df + 0.5) / (df + 0.5)).

        :param term: A term.
        :return: Its weight, larger when fewer chunks hold it; positive also for unknown terms.
        """
        df = self.n_chunks_with(term)
        return math.log(1 + (self.n_rows - df + 0.5) / (df + 0.5))

    def is_known(self, term: str) -> bool:
        """Tell whether any chunk holds the term."""
        return self.n_chunks_with(term) > 0

    def n_chunks_with(self, term: str) -> int:
        """Return how many chunks hold the term."""
        with _damage(self._path):
            return min(int(self._searcher.doc_freq("terms", term)), self.n_rows)

    def score(self, terms: Sequence[str], matches: TermMatches) -> NDArray[np.float32]:
        """Compute BM25 exactly, with k1 = 0.9 and b = 0.4.

        :param terms: The question's terms; a repeated one counts as often as it stands there.
        :param matches: Where the same terms stand in n chunks.
        :return: (n,) float32, >= 0.
        """
        asked = Counter(terms)
        weights = np.array(
            [asked[term] * self.idf(term) if self.is_known(term) else 0 for term in matches.terms]
        )  # (m,)
        norm = K1 * (1 - B + B * matches.n_terms / self._mean_terms)  # (n,)
        counts = matches.counts
        scores = (weights * counts * (K1 + 1) / (counts + norm[:, None])).sum(axis=1)
        return np.asarray(scores, np.float32)

    def _rarest(self, terms: Sequence[str]) -> list[str]:
        known = [term for term in dict.fromkeys(terms) if self.is_known(term)]
        return sorted(known, key=lambda term: (-self.idf(term), term))[:_MAX_CLAUSES]


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what tantivy does on a damaged file into our own error.

    A flipped byte makes it panic, which pyo3 raises as a BaseException of a class that cannot be
    imported.
    """
    try:
        yield
    except ValueError as exc:
        raise _corrupt(path) from exc
    except BaseException as exc:  # the panic's class has no better base
        if type(exc).__name__ != "PanicException":
            raise
        raise _corrupt(path) from exc


def _corrupt(path: Path) -> IndexCorruptError:
    return IndexCorruptError(f"{path} is damaged. Run: yiju index --full")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("terms", tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_unsigned_field("row", fast=True)
    return builder.build()


def _register(index: tantivy.Index) -> None:
    # The terms are ours; tantivy's own tokenizers would cut "gb/t 5972" apart.
    splitter = tantivy.Tokenizer.regex(rf"[^{_SEPARATOR}]+")
    index.register_tokenizer(_TOKENIZER, tantivy.TextAnalyzerBuilder(splitter).build())
