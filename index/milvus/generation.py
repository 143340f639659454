"""Generation: a slot → the manifest of what it holds, and its catalogue."""

import hashlib
import json
import sqlite3
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from index.errors import IndexCorruptError, IndexFormatError, IndexMissingError
from index.manifest import Manifest
from index.milvus.address import StoreAddress
from index.milvus.catalogue import TABLES, restore_catalogue
from index.milvus.client import Row, StoreClient
from index.milvus.records import Records
from index.milvus.schema import Slot, record_row, slots_of
from index.segmentation import TERMS_VERSION

MANIFEST = "manifest"
_FORMAT_VERSION = 1
_REBUILD = "Run: yiju index --full --store"


@dataclass(frozen=True, slots=True)
class Generation:
    """A complete slot."""

    slot: Slot
    manifest: Manifest
    n_terms: int  # in all chunks
    n_pieces: dict[str, int]  # of each table and of the terms

    @property
    def recipe(self) -> tuple[str, int, int]:
        """What its rows depend on beside the documents; another one's cannot be used again."""
        return recipe_of(self.manifest.encoder_fingerprint, self.manifest.max_chunk_chars)

    def to_record(self) -> Row:
        """Return the record that makes a slot complete."""
        body: dict[str, Any] = {
            "format_version": _FORMAT_VERSION,
            "terms_version": TERMS_VERSION,
            "n_terms": self.n_terms,
            "n_pieces": self.n_pieces,
            "manifest": asdict(self.manifest),
        }
        body["checksum"] = _checksum(body)
        return record_row(MANIFEST, json.dumps(body, ensure_ascii=False))


def recipe_of(encoder_fingerprint: str, max_chunk_chars: int) -> tuple[str, int, int]:
    """Return what rows depend on beside the documents."""
    return encoder_fingerprint, max_chunk_chars, TERMS_VERSION


def live_slot(client: StoreClient, slots: tuple[Slot, Slot]) -> Slot | None:
    """Return the slot that answers; None before the first generation.

    :param client: The connection.
    :param slots: Those of the index.
    :raises IndexFormatError: When something else has the index's name.
    """
    name = client.address.name
    chunks = client.resolve(name)
    if not chunks:
        if client.has(name):
            raise IndexFormatError(
                f"The store {client.address} has a collection {name!r} that is no index of yiju. "
                "Give the index another name in --store."
            )
        return None
    for slot in slots:
        if slot.chunks == chunks:
            return slot
    raise IndexFormatError(
        f"In the store {client.address} the name {name!r} stands for {chunks!r}, which is no index "
        "of yiju. Give the index another name in --store."
    )


def no_index(address: StoreAddress) -> IndexMissingError:
    """Return the error of a store without an index."""
    return IndexMissingError(f"No index in the store {address}. Run: yiju index --store {address}")


def read_live(client: StoreClient) -> Generation:
    """Read the generation that answers.

    :param client: The connection.
    :raises IndexMissingError: When there is none.
    :raises IndexFormatError: When it was written in another format version.
    :raises IndexCorruptError: When the manifest is missing or was altered.
    """
    slot = live_slot(client, slots_of(client.address.name))
    if slot is None:
        raise no_index(client.address)
    client.load(slot.chunks)
    client.load(slot.records)
    generation = read_generation(client, slot)
    if generation is None:
        raise IndexCorruptError(
            f"The index in {client.address} has no manifest. {_REBUILD} {client.address}"
        )
    return generation


def read_generation(client: StoreClient, slot: Slot) -> Generation | None:
    """Read what a slot holds; it must be loaded.

    :param client: The connection.
    :param slot: The slot.
    :return: The generation; None for a slot that is not complete.
    :raises IndexFormatError: When it was written in another format version.
    :raises IndexCorruptError: When the manifest was altered.
    """
    found = Records(client, slot).get([MANIFEST])
    if MANIFEST not in found:
        return None
    try:
        body = json.loads(found[MANIFEST])
        if (body["format_version"], body["terms_version"]) != (_FORMAT_VERSION, TERMS_VERSION):
            raise IndexFormatError(
                f"The index in {client.address} was made by another version of yiju. "
                f"{_REBUILD} {client.address}"
            )
        if body.pop("checksum") != _checksum(body):
            raise _altered(client)
        values = {field.name: body["manifest"][field.name] for field in fields(Manifest)}
        return Generation(slot, Manifest(**values), body["n_terms"], body["n_pieces"])
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise _altered(client) from exc


def restore_files(client: StoreClient, generation: Generation, path: Path) -> Path:
    """Make the catalogue of a generation (:mod:`index.milvus.catalogue`).

    :param client: The connection.
    :param generation: The generation.
    :param path: A file that does not exist yet.
    :return: The file.
    :raises IndexCorruptError: When a record of it is missing or damaged.
    """
    records = Records(client, generation.slot)
    n_pieces = {table: generation.n_pieces[table] for table in TABLES}
    try:
        restore_catalogue(records, n_pieces, path)
    except (KeyError, ValueError, sqlite3.Error) as exc:
        raise IndexCorruptError(
            f"The list of files in {client.address} is damaged. {_REBUILD} {client.address}"
        ) from exc
    return path


def _altered(client: StoreClient) -> IndexCorruptError:
    return IndexCorruptError(
        f"The manifest in {client.address} was altered. {_REBUILD} {client.address}"
    )


def _checksum(body: dict[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False).encode("utf-8")
    return hashlib.sha256(canonical).hexdigest()
