"""Joined bases: the knowledge bases of several collections → one to ask, with one measure for all.

A chunk is worth what it would be worth if all documents lay in one folder: terms are weighed by how
many chunks of all collections hold them (as the global statistics of distributed retrieval do:
Callan 2000, "Distributed information retrieval"), so BM25 and the reranker's shares of idf mean
the same everywhere; cosines do so by themselves. The best of a collection that has nothing to say
are then as far behind as they are, and a large collection cannot crowd a small one out of the
candidates: the best few of each stay among them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Chunk, Document, Hit
from index.encoder import Encoder
from index.knowledge_base import KnowledgeBase
from index.lexical import LexicalStatistics
from index.matching import TermMatches, match_terms
from index.milvus.knowledge_base import MilvusKnowledgeBase
from index.phrases import Phrase

# Hits of each collection that stay however many better ones others have. Of 225 English questions
# about the 40 Chinese texts of one collection, beside 2,403 texts in another, 215 have their chunk
# among the candidates with it, 178 without.
_KEPT_OF_EACH = 10
_SEPARATOR = "/"  # between a collection's number and what is unique in it only

SingleBase: TypeAlias = KnowledgeBase | MilvusKnowledgeBase  # one index, wherever it lies


class JoinedBase:
    """What a question is asked of when it is asked of several collections at once.

    The same relative path may be in two collections, so ids are told apart by the number of their
    collection.
    """

    def __init__(self, members: Mapping[str, SingleBase]) -> None:
        """Join knowledge bases.

        :param members: By the name of their collection; at least one, all of the same encoder.
        """
        self._names = tuple(members)
        self._members = tuple(members.values())

    @property
    def members(self) -> Mapping[str, SingleBase]:
        """The knowledge bases by the names of their collections."""
        return dict(zip(self._names, self._members, strict=True))

    @property
    def encoder(self) -> Encoder:
        """The one that all were built with."""
        return self._members[0].encoder

    @property
    def n_chunks(self) -> int:
        """Number of chunks of all."""
        return sum(member.n_chunks for member in self._members)

    @property
    def generation(self) -> str:
        """The generation of the only one, or those of all by their names."""
        return self._members[0].generation if len(self._members) == 1 else self.generations

    @property
    def generations(self) -> str:
        """Every collection's generation by its name, such as ``合同@000003, 年报@000012``."""
        pairs = zip(self._names, self._members, strict=True)
        return ", ".join(f"{name}@{member.generation}" for name, member in pairs)

    def collection_of(self, doc_id: str) -> str:
        """Return the name of the collection that a document is in."""
        return self._names[_number_of(doc_id)]

    def document(self, doc_id: str) -> Document:
        """Return a document with its text (:meth:`index.knowledge_base.KnowledgeBase.document`)."""
        document = self._members[_number_of(doc_id)].document(_own_id(doc_id))
        return replace(document, doc_id=doc_id)

    def modified_ns(self, doc_id: str) -> int | None:
        """Return when a document's file was last changed, since 1970; None for none of that id."""
        return self._members[_number_of(doc_id)].modified_ns(_own_id(doc_id))

    def search_dense(self, vector: NDArray[np.float32], top_k: int) -> list[Hit]:
        """Rank the chunks of all by cosine.

        :param vector: (dim,) float32, the encoded question.
        :param top_k: Number of hits wanted.
        :return: Hits, best first: top_k, and further ones that are the best of their collection.
        """
        return self._search(lambda member: member.search_dense(vector, top_k), top_k)

    def search_lexical(self, terms: Sequence[str], top_k: int) -> list[Hit]:
        """Rank the chunks of all by BM25, terms weighed alike everywhere.

        :param terms: The question's terms.
        :param top_k: Number of hits wanted.
        :return: Hits, best first: top_k, and further ones that are the best of their collection.
        """
        statistics = self.statistics(terms)
        return self._search(lambda member: member.search_lexical(terms, top_k, statistics), top_k)

    def search_phrase(self, phrase: Phrase, top_k: int) -> list[Chunk]:
        """Find chunks of any collection that hold a phrase.

        :param phrase: Words to be found exactly.
        :param top_k: Number of chunks wanted.
        :return: Chunks that hold it, those of all collections in turns.
        """
        found = [
            [_qualify(chunk, number) for chunk in member.search_phrase(phrase, top_k)]
            for number, member in enumerate(self._members)
        ]
        in_turns = [chunk for turn in zip_longest(*found) for chunk in turn if chunk is not None]
        return in_turns[:top_k]

    def score_dense(
        self, vector: NDArray[np.float32], chunks: Sequence[Chunk]
    ) -> NDArray[np.float32]:
        """Compute the cosine of given chunks.

        :param vector: (dim,) float32, the encoded question.
        :param chunks: Chunks of this knowledge base.
        :return: (len(chunks),) float32.
        """
        scores = np.empty(len(chunks), np.float32)
        for member, at, own in self._parts(chunks):
            scores[at] = member.score_dense(vector, own)
        return scores

    def match(self, terms: Sequence[str], chunks: Sequence[Chunk]) -> TermMatches:
        """Find where terms stand in given chunks.

        :param terms: Terms; repetitions are dropped.
        :param chunks: Chunks of this knowledge base.
        :return: The distinct terms with their places.
        """
        owners = [self._members[_number_of(chunk.doc_id)] for chunk in chunks]
        pairs = zip(owners, chunks, strict=True)
        return match_terms(terms, [member.terms(_own(chunk)) for member, chunk in pairs])

    def statistics(self, terms: Sequence[str]) -> LexicalStatistics:
        """Return what terms weigh in all collections together."""
        return LexicalStatistics.sum([member.statistics(terms) for member in self._members])

    def n_chunks_with(self, term: str) -> int:
        """Return how many chunks of all hold a term."""
        return sum(member.n_chunks_with(term) for member in self._members)

    def neighbours(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Return the chunks right before and after given ones in the same documents.

        :param chunks: Chunks of this knowledge base.
        :return: Their neighbours, each once; may be given chunks themselves.
        """
        return [
            _qualify(chunk, number)
            for number, member in enumerate(self._members)
            for chunk in member.neighbours(
                [_own(chunk) for chunk in chunks if _number_of(chunk.doc_id) == number]
            )
        ]

    def rows(self, chunks: Sequence[Chunk]) -> list[int]:
        """Return the row numbers of chunks in their collections; a document's follow one another.

        :param chunks: Chunks of this knowledge base.
        """
        rows = np.empty(len(chunks), np.int64)
        for member, at, own in self._parts(chunks):
            rows[at] = member.rows(own)
        return [int(row) for row in rows]

    def _search(self, search: Callable[[SingleBase], list[Hit]], top_k: int) -> list[Hit]:
        found = [
            (hit, replace(hit, chunk=_qualify(hit.chunk, number)))
            for number, member in enumerate(self._members)
            for hit in search(member)
        ]
        found.sort(key=lambda pair: (-pair[1].score, pair[1].chunk.chunk_id))
        kept = [
            hit
            for place, (own, hit) in enumerate(found, 1)
            if place <= top_k or own.rank <= min(top_k, _KEPT_OF_EACH)
        ]
        return [replace(hit, rank=rank) for rank, hit in enumerate(kept, 1)]

    def _parts(self, chunks: Sequence[Chunk]) -> list[tuple[SingleBase, list[int], list[Chunk]]]:
        """Tell the chunks of each collection with their places among all."""
        places: dict[int, list[int]] = {}
        for place, chunk in enumerate(chunks):
            places.setdefault(_number_of(chunk.doc_id), []).append(place)
        return [
            (self._members[number], at, [_own(chunks[place]) for place in at])
            for number, at in places.items()
        ]


Knowledge: TypeAlias = SingleBase | JoinedBase  # what a question can be asked of


def _qualify(chunk: Chunk, number: int) -> Chunk:
    prefix = f"{number}{_SEPARATOR}"
    return replace(chunk, chunk_id=prefix + chunk.chunk_id, doc_id=prefix + chunk.doc_id)


def _own(chunk: Chunk) -> Chunk:
    return replace(chunk, chunk_id=_own_id(chunk.chunk_id), doc_id=_own_id(chunk.doc_id))


def _own_id(qualified: str) -> str:
    return qualified.partition(_SEPARATOR)[2]


def _number_of(qualified: str) -> int:
    return int(qualified.partition(_SEPARATOR)[0])
