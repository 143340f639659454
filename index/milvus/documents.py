"""Documents: a document ↔ its records, the text in pieces, what is known of it beside.

What is known of the file, such as its time, changes more often than the text, so it is a record of
its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from index.datatypes import Document
from index.errors import IndexCorruptError
from index.loading import hash_bytes
from index.milvus.client import Row
from index.milvus.records import Records, piece_key, split_text
from index.milvus.schema import record_row
from index.store import unpack_document

_MOST_BYTES = 60_000
_MAX_COPIES = 20  # of a document that are named with it
# What is known of every document of one of the attached catalogues, as JSON.
INFO_SQL = f"""
SELECT d.doc_id, json_array(d.source, d.own_title, d.media_type, d.sha256, d.text_sha256,
    f.mtime_ns, json((SELECT json_group_array(source) FROM (
        SELECT source FROM {{0}}.files WHERE doc_id = d.doc_id AND source <> d.source
        ORDER BY source LIMIT {_MAX_COPIES}))))
FROM {{0}}.documents AS d JOIN {{0}}.files AS f USING (source, doc_id)"""


@dataclass(frozen=True, slots=True)
class StoredInfo:
    """What is known of a document without its text."""

    doc_id: str
    source: str
    own_title: str
    media_type: str
    sha256: str
    text_sha256: str
    mtime_ns: int
    copies: tuple[str, ...]


def info_key(doc_id: str) -> str:
    """Return the key of a document's info."""
    return f"info/{doc_id}"


def text_name(doc_id: str) -> str:
    """Return what the keys of a text's pieces begin with."""
    return f"text/{doc_id}"


def info_row(doc_id: str, body: str) -> Row:
    """Make the row of a document's info.

    :param doc_id: The document's.
    :param body: As ``INFO_SQL`` gives it.
    """
    if len(body.encode("utf-8")) > _MOST_BYTES:  # twenty names may have 4,096 bytes each
        body = json.dumps([*json.loads(body)[:-1], []], ensure_ascii=False)
    return record_row(info_key(doc_id), body)


def text_rows(document: Document) -> list[Row]:
    """Make the rows of a document's text, the first of which begins with their number."""
    places = [(p.kind, p.number, p.span.start, p.span.end, p.name) for p in document.places]
    headings = [(h.level, h.title, h.span.start, h.span.end) for h in document.headings]
    body = json.dumps([document.text, places, headings], ensure_ascii=False)
    rows = list(split_text(text_name(document.doc_id), [body]))
    rows[0]["body"] = f"{len(rows)}\n{rows[0]['body']}"
    return rows


def n_pieces_of(first: str) -> int:
    """Return the number of a text's pieces.

    :param first: The first of them.
    """
    return int(first.partition("\n")[0])


def read_info(doc_id: str, body: str) -> StoredInfo:
    """Read a document's info.

    :param doc_id: The document's.
    :param body: The record.
    :raises ValueError: When it is none; also TypeError.
    """
    source, own_title, media_type, sha256, text_sha256, mtime_ns, copies = json.loads(body)
    return StoredInfo(
        doc_id, source, own_title, media_type, sha256, text_sha256, mtime_ns, tuple(copies)
    )


def read_document(records: Records, info: StoredInfo, first: str | None = None) -> Document:
    """Read a document and check its text.

    :param records: Of its slot.
    :param info: What is known of it.
    :param first: The first piece of its text, if it is at hand.
    :raises IndexCorruptError: When the text is missing, damaged or not the one that was indexed.
    """
    name = text_name(info.doc_id)
    try:
        first = first or records.get([piece_key(name, 0)])[piece_key(name, 0)]
        number, _, head = first.partition("\n")
        rest = [piece_key(name, at) for at in range(1, int(number))]
        found: Mapping[str, str] = records.get(rest) if rest else {}
        text, places, headings = json.loads("".join([head, *(found[key] for key in rest)]))
        document = _unpack(info, text, places, headings)
    except (KeyError, TypeError, ValueError) as exc:
        raise _altered(info) from exc
    if hash_bytes(document.text.encode("utf-8")) != info.text_sha256:
        raise _altered(info)
    return document


def _unpack(info: StoredInfo, text: str, places: Any, headings: Any) -> Document:  # noqa: ANN401
    document = unpack_document(
        info.doc_id,
        info.source,
        info.own_title,
        text,
        info.media_type,
        info.sha256,
        json.dumps(places),
        json.dumps(headings),
    )
    return replace(document, copies=info.copies)


def _altered(info: StoredInfo) -> IndexCorruptError:
    return IndexCorruptError(
        f"The stored text of {info.source} is missing or was altered. "
        "Run: yiju index --full --store with the store's address"
    )
