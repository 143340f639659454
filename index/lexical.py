"""Lexical channel: the chunks' terms ↔ a tantivy index of their numbers, ranked by BM25.

BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework"):
    score(q, d) = Σ_t idf(t) · tf(t, d) · (k1 + 1) / (tf(t, d) + k1 · (1 - b + b · |d| / avg|d|))
    idf(t) = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5))
tantivy finds the candidates with its built-in k1 = 1.2, b = 0.75 (block-max pruning, lengths
rounded to a byte); they are scored again, exactly, with k1 = 0.9, b = 0.4, which puts the right
chunk first two to three points more often on Chinese chunks of 300 characters.
"""

import json
import math
import shutil
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np
import tantivy
from numpy.typing import NDArray

from index.errors import IndexCorruptError
from index.matching import END, ChunkTerms, TermMatches, make_tokens, match_terms, number_terms
from index.terms_file import SUFFIX, TermsFile

K1 = 0.9
B = 0.4
_TOKENIZER = "separated"
MAX_CLAUSES = 64  # of a question, the rarest terms first; bounds the time of any query
MAX_DEMANDED = 16  # of the terms that must all be there
# That a search reads, the rarest terms' first. At 1,040,000 chunks all of them take 17 ms, so many
# 12: 97 % of the 50 candidates stay, and the best chunk of 200 in 200 questions. All are read where
# there are fewer than 7,800 chunks, whatever is asked.
_MOST_POSTINGS = 500_000
_MOST_MATCHED = 10_000  # rows that are all looked at where only those may be found
_ROW_COST = 20  # a row looked at takes as long as so many that the engine reads and leaves out
_CACHED_COUNTS = 16_384  # of terms: a question asks for each of its own several times


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of an index, written once and shared by generations."""

    key: str  # of its rows' content
    name: str  # of its files
    n_rows: int
    n_terms: int
    terms_version: int  # of the rules that the terms were made by


@dataclass(frozen=True, slots=True)
class LexicalStatistics:
    """What BM25 weighs terms by: of one index, or of several as if they were one."""

    n_rows: int  # chunks
    mean_terms: float  # a chunk
    n_with: Mapping[str, int]  # chunks that hold each term asked about

    @classmethod
    def sum(cls, parts: Sequence[Self]) -> Self:
        """Count several indexes as one.

        :param parts: At least one, all for the same terms.
        """
        n_rows = sum(part.n_rows for part in parts)
        n_terms = sum(part.mean_terms * part.n_rows for part in parts)
        n_with = {term: sum(part.n_with[term] for part in parts) for term in parts[0].n_with}
        return cls(n_rows, max(n_terms / max(n_rows, 1), 1.0), n_with)

    def idf(self, term: str) -> float:
        """Return ln(1 + (N - df + 0.5) / (df + 0.5)).

        :param term: One of the terms.
        :return: Its weight, larger when fewer chunks hold it; positive also for unknown terms.
        """
        df = self.n_with[term]
        return math.log(1 + (self.n_rows - df + 0.5) / (df + 0.5))

    def rarest(self) -> list[str]:
        """Return the terms that any chunk holds, those of the greatest weight first."""
        known = [term for term, df in self.n_with.items() if df]
        return sorted(known, key=lambda term: (-self.idf(term), term))

    def score(self, terms: Sequence[str], matches: TermMatches) -> NDArray[np.float32]:
        """Compute BM25 exactly, with k1 = 0.9 and b = 0.4.

        :param terms: The question's terms; a repeated one counts as often as it stands there.
        :param matches: Where the same terms stand in n chunks.
        :return: (n,) float32, >= 0.
        """
        asked = Counter(terms)
        weights = np.array(
            [asked[term] * self.idf(term) if self.n_with[term] else 0 for term in matches.terms]
        )  # (m,)
        norm = K1 * (1 - B + B * matches.n_terms / self.mean_terms)  # (n,)
        counts = matches.counts
        scores = (weights * counts * (K1 + 1) / (counts + norm[:, None])).sum(axis=1)
        return np.asarray(scores, np.float32)


class LexicalIndex:
    """A loaded tantivy index over the chunks' terms."""

    def __init__(self, index: tantivy.Index, mean_terms: float, path: Path) -> None:
        """Hold an opened index; use :meth:`load`.

        :param index: The tantivy index.
        :param mean_terms: Mean number of terms a chunk.
        :param path: The index's folder, for messages.
        """
        segments = read_segments(path)
        self._index = index
        self._searcher = index.searcher()
        self._first_rows = np.cumsum([0, *(segment.n_rows for segment in segments)])
        self._starts = self._first_rows.tolist()
        self._terms = [
            TermsFile((path / segment.name).with_suffix(SUFFIX), segment.n_rows)
            for segment in segments
        ]
        self._count = lru_cache(_CACHED_COUNTS)(partial(_count_rows, self._searcher, path))
        self._path = path
        self._mean_terms = max(mean_terms, 1.0)

    @classmethod
    def load(cls, path: Path, mean_terms: float) -> Self:
        """Open an index.

        :param path: The folder written by :class:`index.lexical_writer.LexicalWriter`.
        :param mean_terms: As the manifest has it.
        :return: The index.
        :raises IndexCorruptError: When tantivy cannot open it.
        """
        try:
            with _damage(path):
                index = _open(path)
                register_tokenizer(index)
                lexical = cls(index, mean_terms, path)
        except OSError as exc:
            raise IndexCorruptError(
                f"{path} cannot be opened: {exc}. If it may be read, run: yiju index --full"
            ) from exc
        if lexical.n_rows != lexical._starts[-1]:
            raise _corrupt(path)
        return lexical

    @property
    def n_rows(self) -> int:
        """Number of chunks."""
        return int(self._searcher.num_docs)

    @property
    def mean_terms(self) -> float:
        """Mean number of terms a chunk."""
        return self._mean_terms

    def search(
        self, terms: Sequence[str], top_k: int, *, among: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Find candidate rows by tantivy's own BM25.

        :param terms: The question's terms.
        :param top_k: Number of rows wanted.
        :param among: (n,) rising rows that may be found; all when None.
        :return: (n,) row numbers, best first.
        """
        statistics = self.statistics(terms)
        asked = statistics.rarest()[:MAX_CLAUSES]
        n_read = np.cumsum([statistics.n_with[term] for term in asked])
        n_asked = int(np.searchsorted(n_read, _MOST_POSTINGS, "right"))
        return self._search(asked[: max(n_asked, 1)], 1, top_k, among)

    def search_all(
        self,
        terms: Sequence[str],
        top_k: int,
        *,
        n_missing: int = 0,
        among: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int64]:
        """Find rows that hold every one of some terms, by tantivy's own BM25.

        :param terms: Terms; of many, only the rarest are demanded.
        :param top_k: Number of rows wanted.
        :param n_missing: So many of the terms may be missing in a row.
        :param among: (n,) rising rows that may be found; all when None.
        :return: (n,) row numbers, best first.
        """
        known = self.statistics(terms).rarest()
        n_missing -= len(set(terms)) - len(known)
        demanded = known[:MAX_DEMANDED]
        if n_missing < 0:
            return np.empty(0, np.int64)
        return self._search(demanded, len(demanded) - n_missing, top_k, among)

    def _search(
        self, terms: Sequence[str], at_least: int, top_k: int, among: NDArray[np.int64] | None
    ) -> NDArray[np.int64]:
        """Find rows that hold so many of known, different terms."""
        if not terms or at_least < 1 or top_k < 1:
            return np.empty(0, np.int64)
        if among is None:
            return self._search_engine(terms, at_least, top_k)
        if len(among) <= min(_MOST_MATCHED, self.n_rows // _ROW_COST):
            return self._search_rows(terms, at_least, top_k, among)
        n_read = 2 * top_k * self.n_rows // len(among)  # tantivy cannot be told which may be found
        while True:
            rows = self._search_engine(terms, at_least, min(n_read, self.n_rows))
            found = rows[np.isin(rows, among)]
            if len(found) >= top_k or len(rows) < n_read:
                return found[:top_k]
            n_read *= 4

    def _search_rows(
        self, terms: Sequence[str], at_least: int, top_k: int, among: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Find rows by looking at every one that may be found."""
        matches = match_terms(terms, [self.terms(row) for row in among.tolist()])
        holds = np.flatnonzero((matches.counts > 0).sum(axis=1) >= at_least)
        scores = self.statistics(terms).score(terms, matches)[holds]
        return among[holds[np.argsort(-scores, kind="stable")[:top_k]]]

    def _search_engine(self, terms: Sequence[str], at_least: int, top_k: int) -> NDArray[np.int64]:
        schema = self._index.schema
        occur = tantivy.Occur.Must if 1 < at_least == len(terms) else tantivy.Occur.Should
        clauses = [
            (occur, tantivy.Query.term_query(schema, "terms", token, index_option="freq"))
            for token in _tokens(terms)
        ]
        # A number that must match, even 1, costs the pruning.
        least = {"minimum_number_should_match": at_least} if 1 < at_least < len(terms) else {}
        query = tantivy.Query.boolean_query(clauses, **least)
        # count=False keeps block-max pruning: counting would visit every match.
        with _damage(self._path):
            hits = self._searcher.search(query, limit=top_k, count=False).hits
        segments = np.asarray([address.segment_ord for _, address in hits], np.int64)
        rows = self._first_rows[segments] + [address.doc for _, address in hits]
        if (rows >= self._first_rows[segments + 1]).any():
            raise _corrupt(self._path)
        return np.asarray(rows, np.int64)

    def n_chunks_with(self, term: str, among: NDArray[np.int64] | None = None) -> int:
        """Return how many chunks hold the term, of all or of some rows."""
        n_with = self.statistics([term]).n_with[term]
        return n_with if among is None else len(self.search([term], n_with, among=among))

    def terms(self, row: int) -> ChunkTerms:
        """Return the terms of a chunk.

        :param row: Its row.
        """
        segment = bisect_right(self._starts, row) - 1
        return self._terms[segment].read(row - self._starts[segment])

    def statistics(self, terms: Sequence[str]) -> LexicalStatistics:
        """Return what BM25 weighs terms by.

        :param terms: Terms; repetitions are dropped.
        """
        wanted = list(dict.fromkeys(terms))
        n_with = dict(zip(wanted, map(self._count, _tokens(wanted)), strict=True))
        return LexicalStatistics(self.n_rows, self._mean_terms, n_with)


def _tokens(terms: Sequence[str]) -> list[str]:
    return make_tokens(number_terms("".join(term + END for term in terms))).split()


def _count_rows(searcher: tantivy.Searcher, path: Path, token: str) -> int:
    with _damage(path):
        return min(int(searcher.doc_freq("terms", token)), int(searcher.num_docs))


def _open(path: Path) -> tantivy.Index:
    """Open an index, also one that may only be read.

    tantivy writes a lock file beside the index whenever it opens one, so where that is refused it
    is given a folder of links for the moment; what it has opened stays open.
    """
    try:
        return tantivy.Index.open(str(path))
    except ValueError:  # or it is damaged, which the second attempt will say
        with TemporaryDirectory(prefix="yiju-", ignore_cleanup_errors=True) as folder:
            for file in path.iterdir():
                if file.suffix != ".lock":
                    _link(file, Path(folder, file.name))
            return tantivy.Index.open(folder)


def _link(file: Path, link: Path) -> None:
    try:
        link.symlink_to(file.resolve())
    except OSError:  # Windows keeps links for administrators
        shutil.copyfile(file, link)


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


def make_schema() -> tantivy.Schema:
    """Return the schema: the terms only; a row is known by its segment and its place in it."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("terms", tokenizer_name=_TOKENIZER, index_option="freq")
    return builder.build()


def register_tokenizer(index: tantivy.Index) -> None:
    """Teach an index to cut tokens apart.

    :param index: The index.
    """
    # Half the time of one with a regular expression.
    splitter = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_TOKENIZER, splitter)


def read_segments(path: Path) -> tuple[Segment, ...]:
    """Read which segments an index has, in row order.

    :param path: The index's folder.
    :raises IndexCorruptError: When that cannot be read.
    """
    try:
        body = json.loads((path / "segments.json").read_text("utf-8"))
        return tuple(Segment(**entry) for entry in body)
    except (OSError, ValueError, TypeError) as exc:
        raise _corrupt(path) from exc
