"""Receipts: an Answer, as long as its documents are at hand → what proves it years later.

A receipt is made right after the answer, saved as one JSON file (``rag.receipt_file``), and checked
against the documents' folder without any index or model (``rag.receipt_checking``).
"""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index.knowledge_base import KnowledgeBase
from index.loading import hash_bytes
from index.manifest import utc_now
from rag.datatypes import Answer, Citation, Status
from rag.quotes import anchor_quote
from rag.reader import BUNDLED_DIR
from rag.receipt_checking import verify_receipt
from rag.receipt_file import load_receipt, save_receipt
from rag.receipt_records import (
    CitedQuote,
    ModelFingerprints,
    Receipt,
    ReceiptError,
    SearchedFile,
    SearchedFiles,
    hash_files,
)
from rag.reranking import BUNDLED_PATH

__all__ = [
    "bundled_reader_sha256",
    "load_receipt",
    "make_receipt",
    "save_receipt",
    "verify_receipt",
]

_MAX_LISTED = 1000  # files; of more there is one hash only


def make_receipt(
    answer: Answer,
    knowledge_base: KnowledgeBase,
    *,
    reader_sha256: str,
) -> Receipt:
    """Make the receipt of an answer.

    :param answer: From the generation that is still live.
    :param knowledge_base: That generation.
    :param reader_sha256: :func:`bundled_reader_sha256`, or "" when another reader answered.
    :return: The receipt. When nothing was found it lists the files that were searched.
    :raises ReceiptError: When the index is no longer the one that was asked.
    """
    if answer.generation != knowledge_base.generation:
        raise _outdated()
    body = answer.to_dict()  # whose question has no lone surrogates
    return Receipt(
        created_at=utc_now(),
        yiju_version=_version(),
        question=body["question"],
        interpreted=body["interpreted"],
        text=answer.text,
        status=answer.status,
        confidence=answer.confidence,
        generation=answer.generation,
        citations=tuple(_anchor(citation, knowledge_base) for citation in answer.citations),
        models=ModelFingerprints(
            encoder=knowledge_base.manifest.encoder_fingerprint,
            reader=reader_sha256,
            reranker=_hash_file(BUNDLED_PATH),
        ),
        searched=_describe_files(knowledge_base, is_listed=answer.status is Status.NOT_FOUND),
    )


def bundled_reader_sha256() -> str:
    """Return the sha256 of the weights of the bundled reader."""
    return _hash_file(BUNDLED_DIR / "model.safetensors")


def _anchor(citation: Citation, knowledge_base: KnowledgeBase) -> CitedQuote:
    try:
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


def _describe_files(knowledge_base: KnowledgeBase, *, is_listed: bool) -> SearchedFiles:
    files = [
        SearchedFile(file.source, file.sha256, was_read=file.is_indexed)
        for file in knowledge_base.files.files()
    ]
    digest = hash_files((file.source, file.sha256) for file in files)
    # Other people may get to see the receipt of an answer, and the other files are none of theirs.
    listed = tuple(files) if is_listed and len(files) <= _MAX_LISTED else ()
    return SearchedFiles(len(files), digest, listed)


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
