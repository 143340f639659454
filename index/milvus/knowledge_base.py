"""Knowledge base in an engine: one generation's slot, asked over the network.

The engine finds the candidates of both channels; cosines and BM25 are then computed here from what
it returned, as :class:`index.knowledge_base.KnowledgeBase` computes them, so that a question is
answered alike wherever its documents are indexed.
"""

import json
import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Channel, Chunk, Document, Hit
from index.encoder import Encoder, load_encoder
from index.errors import IndexFormatError, SelectionError
from index.lexical import MAX_CLAUSES, MAX_DEMANDED, LexicalStatistics
from index.matching import ChunkTerms, TermMatches, match_terms
from index.milvus.address import StoreAddress
from index.milvus.client import StoreClient
from index.milvus.generation import (
    Generation,
    no_index,
    read_generation,
    read_live,
    restore_files,
)
from index.milvus.lookup import ChunkLookup, DocumentLookup, TermLookup
from index.milvus.schema import DENSE_SEARCH, SPARSE_SEARCH
from index.milvus.terms import Sparse, n_held, weigh_question
from index.phrases import Phrase
from index.ranking import MOST_BROKEN, MOST_COMPARED, find_phrase, rank_hits
from index.selection import Selection
from index.store import ChunkStore

_MOST_CHOSEN = 10_000  # documents, by their ids of 16 letters
_MOST_COUNTED = 1000  # chunks with a term, where only some may be found
_CACHED_CHUNKS = 4096  # whose terms are kept for exact scoring, about 4 KB each


class MilvusKnowledgeBase:
    """What a question is asked of; immutable, safe to use from several threads."""

    def __init__(self, client: StoreClient, generation: Generation, encoder: Encoder) -> None:
        """Hold a generation; use :meth:`load`.

        :param client: The connection, which ends with this object.
        :param generation: What its slot holds.
        :param encoder: The one it was built with.
        """
        self.manifest = generation.manifest
        self.encoder = encoder
        self._client = client
        self._live = generation
        self._chunks = ChunkLookup(client, generation.slot)
        self._documents = DocumentLookup(client, generation.slot)
        self._counts = TermLookup(client, generation)
        self._files: ChunkStore | None = None
        self._files_lock = threading.Lock()
        # Not a method: a cache that holds this object would keep a replaced generation open.
        self._terms = lru_cache(_CACHED_CHUNKS)(ChunkTerms.read)
        self._filter: dict[str, str] = {}  # which chunks may be found, as the engine is told
        self._whole: Self | None = None  # kept while a part of it is asked
        weakref.finalize(self, client.close)

    @classmethod
    def load(cls, address: StoreAddress, *, encoder: Encoder | None = None) -> Self:
        """Load the live generation of a store.

        :param address: The store's.
        :param encoder: An already loaded encoder; by default the one the manifest names.
        :return: The knowledge base, pinned to that generation.
        :raises IndexMissingError: When there is no index.
        :raises IndexFormatError: When it was made by another encoder or format.
        :raises IndexCorruptError: When its manifest is damaged.
        :raises StoreError: When the engine cannot be reached.
        """
        if address.path and not address.path.exists():
            raise no_index(address)  # nothing is made where somebody only asks
        with ExitStack() as stack:
            client = stack.enter_context(StoreClient.open(address))
            generation = read_live(client)
            name = generation.manifest.encoder
            encoder = encoder or load_encoder(name)
            if encoder.fingerprint != generation.manifest.encoder_fingerprint:
                raise IndexFormatError(
                    f"The index in {address} was made with another encoder "
                    f"({name or 'an older bundled one'}). Run: yiju index --store {address}"
                )
            stack.pop_all()
        return cls(client, generation, encoder)

    def within(self, patterns: Sequence[str]) -> Self | None:
        """Return the same with only some documents to be found; all else of it is as before.

        Terms weigh what they do among all documents.

        :param patterns: As :mod:`index.selection` has them.
        :return: None when no document matches.
        :raises SelectionError: When they are no patterns, or more documents match than the engine
            can be told of.
        """
        selection = Selection.make(self.files, patterns)
        found = selection.doc_ids
        if found and selection.is_all:
            return self
        if len(found) > _MOST_CHOSEN:
            raise SelectionError(
                f"{len(found):,} documents match; of an engine, at most {_MOST_CHOSEN:,} can be "
                "asked for. Name fewer, or ask all."
            )
        if not found:
            return None
        part = copy(self)
        part._filter, part._whole = {"filter": f"doc_id in {json.dumps(found)}"}, self
        return part

    @property
    def n_chunks(self) -> int:
        """Number of chunks."""
        return self.manifest.n_chunks

    @property
    def generation(self) -> str:
        """The generation's name."""
        return self.manifest.generation

    def is_live(self) -> bool:
        """Tell whether the store still answers from this generation; two short messages.

        :raises StoreError: When the engine cannot be reached.
        """
        if self._client.resolve(self._client.address.name) != self._live.slot.chunks:
            return False
        now = read_generation(self._client, self._live.slot)  # the slots take turns
        return now is not None and now.manifest == self.manifest

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
        return self._documents.document(doc_id)

    def modified_ns(self, doc_id: str) -> int | None:
        """Return when a document's file was last changed, since 1970; None for none of that id."""
        try:
            return self._documents.info(doc_id).mtime_ns
        except KeyError:
            return None

    @property
    def files(self) -> ChunkStore:
        """What is known of the files, indexed or not; without texts and chunks.

        It is fetched when it is first asked for, which a question alone does not.

        :raises IndexCorruptError: When it is damaged.
        """
        with self._files_lock:
            if self._files is None:
                folder = Path(tempfile.mkdtemp(prefix="yiju-"))
                weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
                path = restore_files(self._client, self._live, folder / "files.sqlite")
                self._files = ChunkStore.load(path)
            return self._files

    def search_dense(self, vector: NDArray[np.float32], top_k: int) -> list[Hit]:
        """Rank chunks by cosine.

        :param vector: (dim,) float32, the encoded question.
        :param top_k: Number of hits wanted.
        :return: Hits, best first.
        """
        if not self.n_chunks:
            return []
        options = {"anns_field": "dense", "limit": top_k, "search_params": DENSE_SEARCH}
        options |= self._filter
        found = self._chunks.search(vector.tolist(), options)
        chunks = [one.chunk for one, _ in found]
        return rank_hits(chunks, self.score_dense(vector, chunks), Channel.DENSE)

    def search_lexical(
        self, terms: Sequence[str], top_k: int, statistics: LexicalStatistics | None = None
    ) -> list[Hit]:
        """Rank chunks by BM25.

        :param terms: The question's terms.
        :param top_k: Number of hits wanted.
        :param statistics: What the terms weigh; by default what they do in this knowledge base.
        :return: Hits, best first; none when no chunk has any of the terms.
        """
        own = self.statistics(terms)
        weights = {term: own.idf(term) for term in own.rarest()[:MAX_CLAUSES]}
        chunks = [chunk for chunk, _ in self._search_sparse(weigh_question(weights), top_k)]
        scores = (statistics or own).score(terms, self.match(terms, chunks))
        return rank_hits(chunks, scores, Channel.LEXICAL)

    def search_phrase(self, phrase: Phrase, top_k: int) -> list[Chunk]:
        """Find chunks that hold a phrase in their text or their headings.

        Of a phrase whose terms stand apart in many chunks, only so many are looked through.

        :param phrase: Words to be found exactly.
        :param top_k: Number of chunks wanted.
        :return: Chunks that hold it, those where its terms weigh most first.
        """
        statistics = self.statistics(phrase.terms)
        known = statistics.rarest()
        n_unknown = len(set(phrase.terms)) - len(known)
        demanded = known[:MAX_DEMANDED]
        if n_unknown > 1 or not demanded:
            return []
        weights = {term: statistics.idf(term) for term in demanded}
        query = weigh_question(weights, counts_first=True)
        candidates = self._search_sparse(query, MOST_COMPARED + MOST_BROKEN)
        whole = [chunk for chunk, score in candidates if n_held(score) == len(demanded)]
        # A line that ends within the phrase hides one of its terms.
        broken = [chunk for chunk, score in candidates if n_held(score) == len(demanded) - 1]
        looked_through = whole if n_unknown else [*whole[:MOST_COMPARED], *broken[:MOST_BROKEN]]
        return find_phrase(phrase, looked_through, top_k)

    def score_dense(
        self, vector: NDArray[np.float32], chunks: Sequence[Chunk]
    ) -> NDArray[np.float32]:
        """Compute the cosine of given chunks.

        :param vector: (dim,) float32, the encoded question.
        :param chunks: Chunks of this knowledge base.
        :return: (len(chunks),) float32.
        """
        vectors = self._chunks.vectors(chunks, self.manifest.dim)  # (n, dim)
        # Not a product of matrices, whose rows come out differently by where they stand in it.
        return np.asarray((vectors * vector).sum(axis=1), np.float32)

    def match(self, terms: Sequence[str], chunks: Sequence[Chunk]) -> TermMatches:
        """Find where terms stand in given chunks.

        :param terms: Terms; repetitions are dropped.
        :param chunks: Chunks of this knowledge base.
        :return: The distinct terms with their places.
        """
        return match_terms(terms, [self.terms(chunk) for chunk in chunks])

    def terms(self, chunk: Chunk) -> ChunkTerms:
        """Return a chunk's terms, cut once while it is asked for often.

        :param chunk: A chunk of this knowledge base.
        """
        return self._terms(chunk)

    def statistics(self, terms: Sequence[str]) -> LexicalStatistics:
        """Return what BM25 weighs terms by.

        :param terms: Terms; repetitions are dropped.
        """
        mean_terms = max(self.manifest.mean_terms, 1.0)
        return LexicalStatistics(self.n_chunks, mean_terms, self._counts.n_with(terms))

    def n_chunks_with(self, term: str) -> int:
        """Return how many of the chunks that may be found hold a term; of some, up to 1,000."""
        n_with = self._counts.n_with([term])[term]
        if not self._filter or not n_with:
            return n_with
        return len(self.search_lexical([term], min(n_with, _MOST_COUNTED)))

    def neighbours(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Return the chunks right before and after given ones in the same documents.

        :param chunks: Chunks of this knowledge base.
        :return: Their neighbours, each once, by document and place; may be given chunks themselves.
        """
        places = {
            (chunk.doc_id, row + step)
            for row, chunk in zip(self.rows(chunks), chunks, strict=True)
            for step in (-1, 1)
            if row + step >= 0
        }
        return self._chunks.at(sorted(places))

    def rows(self, chunks: Sequence[Chunk]) -> list[int]:
        """Return the row numbers of chunks in their documents, where they follow one another.

        :param chunks: Chunks of this knowledge base.
        """
        return self._chunks.ordinals(chunks)

    def _search_sparse(self, query: Sparse, top_k: int) -> list[tuple[Chunk, float]]:
        if not query or top_k < 1:
            return []
        options = {"anns_field": "sparse", "limit": top_k, "search_params": SPARSE_SEARCH}
        options |= self._filter
        return [(one.chunk, score) for one, score in self._chunks.search(query, options)]
