"""Knowledge base: one generation, loaded: chunks, both channels and the manifest."""

import threading
from collections.abc import Sequence
from copy import copy
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.codes import Codes
from index.datatypes import Channel, Chunk, Document, Hit
from index.dense import DenseIndex
from index.encoder import Encoder, load_encoder
from index.errors import IndexCorruptError, IndexFormatError
from index.generations import IndexDir
from index.lexical import LexicalIndex, LexicalStatistics
from index.loading import hash_bytes
from index.manifest import Manifest, check_folder, check_loaded, read_manifest
from index.matching import ChunkTerms, TermMatches, match_terms
from index.phrases import Phrase
from index.pins import Pin
from index.ranking import MOST_BROKEN, MOST_COMPARED, find_phrase, rank_hits
from index.selection import Selection
from index.store import ChunkStore

_CACHED_DOCUMENTS = 16  # with their texts
_CACHED_SELECTIONS = 8  # 8 bytes a row that may be found
_COMPARED_AT_ONCE = 32
_ALL = np.empty(0, np.int64)  # stands for a selection that leaves nothing out
_SCORED_FOR_ONE = 20  # rows found by their codes, for each that is wanted


class KnowledgeBase:
    """What a question is asked of; immutable, safe to use from several threads."""

    def __init__(self, manifest: Manifest, encoder: Encoder, pin: Pin) -> None:
        """Open a generation's files; use :meth:`load`.

        :param manifest: The generation's.
        :param encoder: The one it was built with.
        :param pin: Holds its files for as long as this object lives.
        :raises IndexCorruptError: When they do not fit one another.
        """
        paths = pin.paths
        self.manifest = manifest
        self.encoder = encoder
        self._pin = pin
        self._store = ChunkStore.load(paths.store)
        self._dense = DenseIndex.load(paths.dense)
        self._codes = Codes.load(paths.codes) if manifest.n_scored else None
        self._lexical = LexicalIndex.load(paths.lexical, manifest.mean_terms)
        n_coded = self._codes.n_rows if self._codes else manifest.n_chunks
        if not manifest.n_chunks == self._dense.n_rows == n_coded == self._lexical.n_rows:
            raise IndexCorruptError(
                f"The files in {paths.root} do not belong together. Run: yiju index --full"
            )
        self._rows: dict[str, int] = {}  # of every chunk handed out
        self._rows_lock = threading.Lock()
        # Not methods: a cache that holds this object would keep a replaced generation open.
        self._document = lru_cache(_CACHED_DOCUMENTS)(partial(_read_document, self._store))
        self._select = lru_cache(_CACHED_SELECTIONS)(partial(_select, self._store))
        self._among: NDArray[np.int64] | None = None  # rows that may be found; None: all
        self._whole: Self | None = None  # kept while a part of it is asked

    @classmethod
    def load(
        cls,
        index_dir: Path,
        *,
        encoder: Encoder | None = None,
        documents_dir: Path | None = None,
        generation: str = "",
    ) -> Self:
        """Load a generation.

        :param index_dir: The index's folder.
        :param encoder: An already loaded encoder; by default the one the manifest names.
        :param documents_dir: When given, the index must have been made for it.
        :param generation: One that is kept; by default the live one.
        :return: The knowledge base, pinned to that generation.
        :raises IndexMissingError: When there is no index, or no such generation.
        :raises IndexFormatError: When it was made by another encoder, format or for another folder.
        :raises IndexCorruptError: When a file is missing or damaged.
        """
        home = IndexDir(index_dir)
        pin = home.pin(generation) if generation else home.pin_current()
        manifest = read_manifest(pin.paths)
        if documents_dir is not None:
            check_folder(manifest, documents_dir, index_dir)
        check_loaded(pin.paths)
        encoder = encoder or load_encoder(manifest.encoder)
        if encoder.fingerprint != manifest.encoder_fingerprint:
            raise IndexFormatError(
                f"The index at {index_dir} was made with another encoder "
                f"({manifest.encoder or 'an older bundled one'}). Run: yiju index"
            )
        return cls(manifest, encoder, pin)

    def within(self, patterns: Sequence[str]) -> Self | None:
        """Return the same with only some documents to be found; all else of it is as before.

        Terms weigh what they do among all documents.

        :param patterns: As :mod:`index.selection` has them.
        :return: None when no document matches.
        :raises SelectionError: When they are no patterns.
        """
        found = self._select(tuple(patterns))
        if found is None or found is _ALL:
            return None if found is None else self
        part = copy(self)
        part._among, part._whole = found, self
        return part

    @property
    def n_chunks(self) -> int:
        """Number of chunks."""
        return self.manifest.n_chunks

    @property
    def generation(self) -> str:
        """The generation's name."""
        return self.manifest.generation

    def collection_of(self, doc_id: str) -> str:  # noqa: ARG002
        """Return "": by itself a knowledge base is no part of several."""
        return ""

    def document(self, doc_id: str) -> Document:
        """Return a document with its text.

        :param doc_id: Its id.
        :return: The document.
        :raises KeyError: When the knowledge base has none of that id.
        :raises IndexCorruptError: When its stored text is not the one that was indexed.
        """
        return self._document(doc_id)

    def modified_ns(self, doc_id: str) -> int | None:
        """Return when a document's file was last changed, since 1970; None for none of that id."""
        try:
            return self._store.document_info(doc_id).mtime_ns
        except KeyError:
            return None

    @property
    def files(self) -> ChunkStore:
        """What is known of the files, indexed or not, by name and in lists."""
        return self._store

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """Return chunks by row number.

        :param rows: Rows in [0, n_chunks).
        :return: The chunks in the order of rows.
        """
        stored = self._store.chunks(rows)
        with self._rows_lock:
            self._rows.update((entry.chunk.chunk_id, entry.row) for entry in stored)
        return [entry.chunk for entry in stored]

    def search_dense(self, vector: NDArray[np.float32], top_k: int) -> list[Hit]:
        """Rank chunks by cosine.

        :param vector: (dim,) float32, the encoded question.
        :param top_k: Number of hits wanted.
        :return: Hits, best first.
        """
        n_scored = max(self.manifest.n_scored, _SCORED_FOR_ONE * top_k)
        among = self._among
        if among is None and self._codes:
            among = self._codes.search(vector, n_scored)
        ranking = self._dense.search(vector, top_k, among)
        return rank_hits(self.chunks(ranking.rows.tolist()), ranking.scores, Channel.DENSE)

    def search_lexical(
        self, terms: Sequence[str], top_k: int, statistics: LexicalStatistics | None = None
    ) -> list[Hit]:
        """Rank chunks by BM25.

        :param terms: The question's terms.
        :param top_k: Number of hits wanted.
        :param statistics: What the terms weigh; by default what they do in this knowledge base.
        :return: Hits, best first; none when no chunk has any of the terms.
        """
        chunks = self.chunks(self._lexical.search(terms, top_k, among=self._among).tolist())
        statistics = statistics or self.statistics(terms)
        scores = statistics.score(terms, self.match(terms, chunks))
        return rank_hits(chunks, scores, Channel.LEXICAL)

    def search_phrase(self, phrase: Phrase, top_k: int) -> list[Chunk]:
        """Find chunks that hold a phrase in their text or their headings.

        Of a phrase whose terms stand apart in many chunks, only so many are looked through.

        :param phrase: Words to be found exactly.
        :param top_k: Number of chunks wanted.
        :return: Chunks that hold it, those where its terms weigh most first.
        """
        rows = self._lexical.search_all(phrase.terms, MOST_COMPARED, among=self._among)
        found = self._holding(phrase, rows, top_k)
        if len(found) < top_k:  # a line that ends within the phrase hides one of its terms
            broken = self._lexical.search_all(
                phrase.terms, MOST_BROKEN, n_missing=1, among=self._among
            )
            found += self._holding(phrase, broken[~np.isin(broken, rows)], top_k - len(found))
        return found

    def _holding(self, phrase: Phrase, rows: NDArray[np.int64], top_k: int) -> list[Chunk]:
        parts = (
            self.chunks(rows[first : first + _COMPARED_AT_ONCE].tolist())
            for first in range(0, len(rows), _COMPARED_AT_ONCE)
        )
        return find_phrase(phrase, chain.from_iterable(parts), top_k)

    def score_dense(
        self, vector: NDArray[np.float32], chunks: Sequence[Chunk]
    ) -> NDArray[np.float32]:
        """Compute the cosine of given chunks.

        :param vector: (dim,) float32, the encoded question.
        :param chunks: Chunks of this knowledge base.
        :return: (len(chunks),) float32.
        """
        return self._dense.score(vector, self.rows(chunks))

    def match(self, terms: Sequence[str], chunks: Sequence[Chunk]) -> TermMatches:
        """Find where terms stand in given chunks.

        :param terms: Terms; repetitions are dropped.
        :param chunks: Chunks of this knowledge base.
        :return: The distinct terms with their places.
        """
        return match_terms(terms, [self._lexical.terms(row) for row in self.rows(chunks)])

    def terms(self, chunk: Chunk) -> ChunkTerms:
        """Return a chunk's terms.

        :param chunk: A chunk of this knowledge base.
        """
        (row,) = self.rows([chunk])
        return self._lexical.terms(row)

    def statistics(self, terms: Sequence[str]) -> LexicalStatistics:
        """Return what terms weigh (:meth:`index.lexical.LexicalIndex.statistics`)."""
        return self._lexical.statistics(terms)

    def n_chunks_with(self, term: str) -> int:
        """Return how many of the chunks that may be found hold a term."""
        return self._lexical.n_chunks_with(term, self._among)

    def neighbours(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Return the chunks right before and after given ones in the same documents.

        :param chunks: Chunks of this knowledge base.
        :return: Their neighbours, each once, in row order; may be given chunks themselves.
        """
        sides = [
            (row + step, chunk.doc_id)
            for row, chunk in zip(self.rows(chunks), chunks, strict=True)
            for step in (-1, 1)
            if 0 <= row + step < self.n_chunks
        ]
        rows = sorted({row for row, _ in sides})
        beside = dict(zip(rows, self.chunks(rows), strict=True))
        kept = sorted({row for row, doc_id in sides if beside[row].doc_id == doc_id})
        return [beside[row] for row in kept]

    def rows(self, chunks: Sequence[Chunk]) -> list[int]:
        """Return the row numbers of chunks; those of a document follow one another.

        :param chunks: Chunks of this knowledge base.
        """
        with self._rows_lock:
            return [self._rows[chunk.chunk_id] for chunk in chunks]


def _read_document(store: ChunkStore, doc_id: str) -> Document:
    document, expected = store.document(doc_id), store.document_info(doc_id).text_sha256
    if hash_bytes(document.text.encode("utf-8")) != expected:
        raise IndexCorruptError(
            f"The stored text of {document.source} was altered. Run: yiju index --full"
        )
    return document


def _select(store: ChunkStore, patterns: Sequence[str]) -> NDArray[np.int64] | None:
    """Return the rows that patterns leave; None when no document matches."""
    selection = Selection.make(store, patterns)
    if selection.is_all and selection.doc_ids:
        return _ALL
    return selection.rows if selection.doc_ids else None
