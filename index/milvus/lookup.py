"""Lookup: chunks, documents and counts of a slot, each fetched once while it is asked for often."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Chunk, Document
from index.errors import IndexCorruptError
from index.milvus.client import Row, StoreClient
from index.milvus.documents import StoredInfo, info_key, read_document, read_info, text_name
from index.milvus.generation import Generation
from index.milvus.records import Records, piece_key
from index.milvus.schema import CHUNK_FIELDS, Slot, StoredChunk, chunk_key, read_chunk
from index.milvus.terms import term_key, unpack_bucket

_CACHED_CHUNKS = 4096  # with their vectors, about 2 KB each
_CACHED_DOCUMENTS = 16  # with their texts
_CACHED_INFOS = 1024
_CACHED_BUCKETS = 256  # 18 KB each

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class _Cache(Generic[_Key, _Value]):
    """The last few values that were used; safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._values: OrderedDict[_Key, _Value] = OrderedDict()

    def get(self, key: _Key) -> _Value | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: _Key, value: _Value) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)


class ChunkLookup:
    """The chunks of a slot, found by searching or by their places."""

    def __init__(self, client: StoreClient, slot: Slot) -> None:
        """Begin with none.

        :param client: The connection.
        :param slot: The slot.
        """
        self._client = client
        self._collection = slot.chunks
        self._cache: _Cache[str, StoredChunk] = _Cache(_CACHED_CHUNKS)  # by the row's key
        self._ordinals: dict[str, int] = {}  # of every chunk handed out, by chunk_id
        self._lock = threading.Lock()

    def search(self, vector: object, options: Row) -> list[tuple[StoredChunk, float]]:
        """Search in the engine.

        :param vector: As for :meth:`index.milvus.client.StoreClient.search`.
        :param options: Likewise, but for the fields.
        :return: Chunks with the engine's scores, best first.
        """
        options = {**options, "output_fields": list(CHUNK_FIELDS)}
        rows = self._client.search(self._collection, vector, options)
        return [(self._keep(row), float(row["distance"])) for row in rows]

    def at(self, places: Sequence[tuple[str, int]]) -> list[Chunk]:
        """Return the chunks at places.

        :param places: Documents' ids and places in them from 0; no two alike.
        :return: Those that are there, in order.
        """
        return [one.chunk for one in self._fetch(places).values()]

    def vectors(self, chunks: Sequence[Chunk], dim: int) -> NDArray[np.float32]:
        """Return the vectors of chunks.

        :param chunks: Chunks that were handed out.
        :param dim: Their width.
        :return: (len(chunks), dim) float32.
        :raises IndexCorruptError: When one is no longer in the slot.
        """
        places = list(zip((one.doc_id for one in chunks), self.ordinals(chunks), strict=True))
        found = self._fetch(list(dict.fromkeys(places)))
        if any(place not in found for place in places):
            raise IndexCorruptError(
                f"Chunks have gone from {self._client.address} while they were read: it was built "
                "twice meanwhile. Ask again."
            )
        rows = [found[place].vector for place in places]
        return np.stack(rows) if rows else np.empty((0, dim), np.float32)

    def ordinals(self, chunks: Sequence[Chunk]) -> list[int]:
        """Return the places of chunks in their documents.

        :param chunks: Chunks that were handed out.
        """
        with self._lock:
            return [self._ordinals[chunk.chunk_id] for chunk in chunks]

    def _fetch(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], StoredChunk]:
        keys = {place: chunk_key(*place) for place in places}
        held = {place: self._cache.get(key) for place, key in keys.items()}
        missing = [keys[place] for place, one in held.items() if one is None]
        if missing:
            rows = self._client.get(self._collection, missing, CHUNK_FIELDS)
            fresh = {key: self._keep(row) for key, row in rows.items()}
            held.update({place: fresh.get(keys[place]) for place in held if held[place] is None})
        return {place: one for place, one in held.items() if one is not None}

    def _keep(self, row: Row) -> StoredChunk:
        one = read_chunk(row)
        self._cache.put(chunk_key(one.chunk.doc_id, one.ordinal), one)
        with self._lock:
            self._ordinals[one.chunk.chunk_id] = one.ordinal
        return one


class DocumentLookup:
    """The documents of a slot."""

    def __init__(self, client: StoreClient, slot: Slot) -> None:
        """Begin with none.

        :param client: The connection.
        :param slot: The slot.
        """
        self._records = Records(client, slot)
        self._documents: _Cache[str, Document] = _Cache(_CACHED_DOCUMENTS)
        self._infos: _Cache[str, StoredInfo] = _Cache(_CACHED_INFOS)

    def info(self, doc_id: str) -> StoredInfo:
        """Return what is known of a document.

        :param doc_id: Its id.
        :raises KeyError: When there is none.
        """
        info = self._infos.get(doc_id)
        if info is None:
            info = read_info(doc_id, self._records.get([info_key(doc_id)])[info_key(doc_id)])
            self._infos.put(doc_id, info)
        return info

    def document(self, doc_id: str) -> Document:
        """Return a document with its text.

        :param doc_id: Its id.
        :raises KeyError: When there is none.
        :raises IndexCorruptError: When its text is not the one that was indexed.
        """
        document = self._documents.get(doc_id)
        if document is None:
            first = piece_key(text_name(doc_id), 0)
            found = self._records.get([info_key(doc_id), first])  # both in one message
            info = read_info(doc_id, found[info_key(doc_id)])
            self._infos.put(doc_id, info)
            document = read_document(self._records, info, found.get(first))
            self._documents.put(doc_id, document)
        return document


class TermLookup:
    """How many chunks hold each term."""

    def __init__(self, client: StoreClient, generation: Generation) -> None:
        """Begin with none.

        :param client: The connection.
        :param generation: The generation.
        """
        self._address = client.address
        self._records = Records(client, generation.slot)
        self._n_buckets = generation.n_pieces["terms"]
        self._cache: _Cache[int, tuple[NDArray[np.uint64], NDArray[np.uint32]]] = _Cache(
            _CACHED_BUCKETS
        )

    def n_with(self, terms: Sequence[str]) -> dict[str, int]:
        """Count the chunks that hold each term.

        :param terms: Terms; repetitions are dropped.
        :raises IndexCorruptError: When the counts are missing or damaged.
        """
        keys = {term: term_key(term) for term in dict.fromkeys(terms)}
        wanted = {key % self._n_buckets for key in keys.values()}
        held = {number: self._cache.get(number) for number in wanted}
        missing = [number for number, bucket in held.items() if bucket is None]
        if missing:
            found = self._records.get(piece_key("terms", number) for number in missing)
            try:
                for number in missing:
                    bucket = unpack_bucket(found[piece_key("terms", number)])
                    self._cache.put(number, bucket)
                    held[number] = bucket
            except (KeyError, ValueError) as exc:
                raise IndexCorruptError(
                    f"The counts of terms in {self._address} are damaged. "
                    f"Run: yiju index --full --store {self._address}"
                ) from exc
        return {term: _look_up(held[key % self._n_buckets], key) for term, key in keys.items()}


def _look_up(bucket: tuple[NDArray[np.uint64], NDArray[np.uint32]] | None, key: int) -> int:
    if bucket is None:
        return 0
    keys, counts = bucket
    at = int(np.searchsorted(keys, np.uint64(key)))
    return int(counts[at]) if at < len(keys) and int(keys[at]) == key else 0
