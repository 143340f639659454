"""Receipts: an Answer, as long as its documents are at hand → what proves it years later.

A receipt is made right after the answer, saved as one JSON file (``rag.receipt_file``), and checked
against the documents' folders without any index or model (``rag.receipt_checking``).
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index.loading import hash_bytes
from index.manifest import utc_now
from rag.datatypes import Answer, Citation, Status
from rag.federation import Library
from rag.joined import JoinedBase, SingleBase
from rag.quotes import anchor_quote
from rag.reader import BUNDLED_DIR, SpanReader
from rag.receipt_checking import verify_receipt
from rag.receipt_file import load_receipt, save_receipt
from rag.receipt_records import (
    CitedQuote,
    ModelFingerprints,
    Receipt,
    ReceiptError,
    SearchedCollection,
    SearchedFile,
    hash_files,
)
from rag.reranking import BUNDLED_PATH

__all__ = ["load_receipt", "make_receipt", "save_receipt", "verify_receipt"]

_MAX_LISTED = 1000  # files of all collections, each has its share; of more there is one hash only


def make_receipt(answer: Answer, library: Library) -> Receipt:
    """Make the receipt of an answer.

    :param answer: From the generations that are still live.
    :param library: The folder or collections that gave it.
    :return: The receipt. When nothing was found it lists the files that were searched.
    :raises ReceiptError: When an index is no longer the one that was asked.
    """
    bases = {one.collection: one.knowledge_base for one in library.answerers}
    joined = JoinedBase(bases)
    if answer.generation not in {joined.generation, joined.generations}:
        raise _outdated()
    is_bundled = isinstance(library.reading.reader, SpanReader)
    most = _MAX_LISTED // len(bases) if answer.status is Status.NOT_FOUND else 0
    body = answer.to_dict()  # whose question has no lone surrogates
    return Receipt(
        created_at=utc_now(),
        yiju_version=_version(),
        question=body["question"],
        interpreted=body["interpreted"],
        text=answer.text,
        status=answer.status,
        confidence=answer.confidence,
        citations=tuple(_anchor(citation, bases) for citation in answer.citations),
        models=ModelFingerprints(
            reader=_hash_file(BUNDLED_DIR / "model.safetensors") if is_bundled else "",
            reranker=_hash_file(BUNDLED_PATH),
        ),
        searched=tuple(_describe(name, base, most) for name, base in bases.items()),
        unsearched=answer.unsearched,
    )


def _anchor(citation: Citation, bases: Mapping[str, SingleBase]) -> CitedQuote:
    try:
        knowledge_base = bases[citation.collection]
        info = knowledge_base.files.document_info(knowledge_base.files.doc_id_of(citation.source))
        text = knowledge_base.document(info.doc_id).text
    except KeyError as exc:
        raise _outdated() from exc
    if (
        info.sha256 != citation.sha256
        or info.text_sha256 != hash_bytes(text.encode("utf-8"))
        or citation.span.of(text) != citation.quote
    ):
        raise _outdated()
    anchor = anchor_quote(text, citation.span)
    return CitedQuote(citation, anchor.prefix, anchor.suffix, info.text_sha256, info.size)


def _describe(collection: str, knowledge_base: SingleBase, most: int) -> SearchedCollection:
    files = [
        SearchedFile(file.source, file.sha256, was_read=file.is_indexed)
        for file in knowledge_base.files.files()
    ]
    return SearchedCollection(
        collection=collection,
        generation=knowledge_base.generation,
        encoder=knowledge_base.manifest.encoder_fingerprint,
        n_files=len(files),
        sha256=hash_files((file.source, file.sha256) for file in files),
        # Other people may see the receipt of an answer, and the other files are none of theirs.
        files=tuple(files) if len(files) <= most else (),
    )


@cache
def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version() -> str:
    try:
        return version("yiju")
    except PackageNotFoundError:  # run from its source
        return ""


def _outdated() -> ReceiptError:
    return ReceiptError(
        "The index changed after the answer, so no receipt can be made of it. Ask again."
    )
