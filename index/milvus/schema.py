"""Schema: the two collections of a slot, and how a chunk becomes a row.

``<name>__a`` and ``<name>__b`` are the two slots; the alias ``<name>`` stands for the one that
answers. A slot's ``chunks`` are searched; its ``records`` are everything else, text by key:

    manifest              what the generation holds and was made with, with a checksum
    writer                who is filling the slot
    info/DOC_ID           a document without its text
    text/DOC_ID/N         its text and layout as JSON, in pieces
    files|documents|passed_over/N   the tables of an index's store, a row a line, in pieces
    terms/N               how many chunks hold each term (:mod:`index.milvus.terms`)

Milvus Lite compares dense vectors one by one, so nothing is missed. A server gets HNSW (M 16,
efConstruction 200), searched with ef 400, eight times the hits that a question asks for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Chunk, Span
from index.milvus.client import Row, StoreClient
from index.milvus.terms import weigh_chunk

CHUNK_FIELDS = ("doc_id", "ordinal", "chunk_id", "start", "end", "heading", "text", "dense")
COPIED_FIELDS = (*CHUNK_FIELDS, "sparse")
DENSE_SEARCH: Row = {"metric_type": "IP", "params": {"ef": 400}}
SPARSE_SEARCH: Row = {"metric_type": "IP"}
MAX_CHUNK_CHARS = 16_000  # of at most 4 bytes; a text field holds 65,535
_MOST_BYTES = 65_535
_MOST_KEY = 64


@dataclass(frozen=True, slots=True)
class Slot:
    """The collections of one generation."""

    chunks: str

    @property
    def records(self) -> str:
        """Everything but the chunks."""
        return f"{self.chunks}_records"


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as it came back from the engine."""

    chunk: Chunk
    ordinal: int  # in its document, from 0
    vector: NDArray[np.float32]  # (dim,)


def slots_of(name: str) -> tuple[Slot, Slot]:
    """Return the slots of an index.

    :param name: Of the index.
    """
    return Slot(f"{name}__a"), Slot(f"{name}__b")


def chunk_key(doc_id: str, ordinal: int) -> str:
    """Return the key of a chunk's row; the rows of a document can be named without asking."""
    return f"{doc_id}{ordinal:08x}"


def chunk_keys(doc_id: str, first: int, end: int) -> list[str]:
    """Return the keys of a document's chunks from the first to before the end."""
    return [chunk_key(doc_id, ordinal) for ordinal in range(first, end)]


def chunk_row(chunk: Chunk, ordinal: int, vector: NDArray[np.float32], terms: Sequence[str]) -> Row:
    """Make the row of a chunk.

    :param chunk: The chunk.
    :param ordinal: Its place in its document, from 0.
    :param vector: (dim,) float32.
    :param terms: Repeated as often as they occur.
    """
    return {
        "key": chunk_key(chunk.doc_id, ordinal),
        "doc_id": chunk.doc_id,
        "ordinal": ordinal,
        "chunk_id": chunk.chunk_id,
        "start": chunk.span.start,
        "end": chunk.span.end,
        "heading": json.dumps(chunk.heading, ensure_ascii=False),
        "text": chunk.text,
        "dense": vector,
        "sparse": weigh_chunk(terms),
    }


def read_chunk(row: Row) -> StoredChunk:
    """Make a chunk of its row.

    :param row: With ``CHUNK_FIELDS``.
    """
    span, heading = Span(row["start"], row["end"]), tuple(json.loads(row["heading"]))
    chunk = Chunk(row["chunk_id"], row["doc_id"], span, heading, row["text"])
    return StoredChunk(chunk, row["ordinal"], np.asarray(row["dense"], np.float32))


def record_row(key: str, body: str) -> Row:
    """Make the row of a record.

    :param key: Its key.
    :param body: At most 65,535 bytes.
    """
    return {"key": key, "body": body, "unused": [0.0, 0.0]}


def open_slot(client: StoreClient, slot: Slot, dim: int) -> None:
    """Make a slot's collections where they are missing, and have them ready to be asked.

    :param client: The connection.
    :param slot: The slot.
    :param dim: Width of the dense vectors.
    """
    is_local = client.address.path is not None
    if not client.has(slot.chunks):
        client.create(slot.chunks, *_describe_chunks(client.library, dim, is_local=is_local))
    if not client.has(slot.records):
        client.create(slot.records, *_describe_records(client.library))
    client.load(slot.chunks)
    client.load(slot.records)


def drop_slot(client: StoreClient, slot: Slot) -> None:
    """Delete a slot, if it is there."""
    client.drop(slot.records)  # its manifest first: what is left is no generation
    client.drop(slot.chunks)


def _describe_chunks(library: Any, dim: int, *, is_local: bool) -> tuple[Any, Any]:  # noqa: ANN401
    from pymilvus import DataType

    schema = _schema(library)
    for name, most in (("doc_id", 32), ("chunk_id", 32), ("heading", _MOST_BYTES)):
        schema.add_field(name, DataType.VARCHAR, max_length=most)
    for name in ("ordinal", "start", "end"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("text", DataType.VARCHAR, max_length=_MOST_BYTES)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    indexes = library.prepare_index_params()
    dense: Row = {"index_type": "FLAT"}
    if not is_local:
        dense = {"index_type": "HNSW", "params": {"M": 16, "efConstruction": 200}}
    indexes.add_index("dense", metric_type="IP", **dense)
    indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    return schema, indexes


def _describe_records(library: Any) -> tuple[Any, Any]:  # noqa: ANN401
    from pymilvus import DataType

    schema = _schema(library)
    schema.add_field("body", DataType.VARCHAR, max_length=_MOST_BYTES)
    schema.add_field("unused", DataType.FLOAT_VECTOR, dim=2)  # Milvus has no collection without one
    indexes = library.prepare_index_params()
    indexes.add_index("unused", index_type="FLAT", metric_type="IP")
    return schema, indexes


def _schema(library: Any) -> Any:  # noqa: ANN401
    from pymilvus import DataType

    schema = library.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.VARCHAR, max_length=_MOST_KEY, is_primary=True)
    return schema
