"""The records of receipts: an answer kept with all that it takes to check it years later."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from index.loading import hash_bytes
from rag.datatypes import Citation, Status
from rag.errors import RagError


class ReceiptError(RagError):
    """Raised when a receipt cannot be made, written or read, or was altered."""


@dataclass(frozen=True, slots=True)
class CitedQuote:
    """A citation with what finds its words again in a file that was renamed or edited.

    The words around the quote are those of a W3C TextQuoteSelector
    (https://www.w3.org/TR/annotation-model/#text-quote-selector).
    """

    citation: Citation
    prefix: str  # up to 32 characters before the quote
    suffix: str  # up to 32 after it
    text_sha256: str  # of the document's decoded text, as UTF-8
    size: int  # bytes of the file

    def to_dict(self) -> dict[str, Any]:
        """Return the citation as every interface gives it, with four more keys."""
        return {
            **self.citation.to_dict(),
            "prefix": self.prefix,
            "suffix": self.suffix,
            "text_sha256": self.text_sha256,
            "size": self.size,
        }


@dataclass(frozen=True, slots=True)
class ModelFingerprints:
    """Which models answered, but for the encoder that each index was made with."""

    reader: str  # sha256 of the bundled one's weights; "" for any other
    reranker: str  # sha256 of the bundled one's weights


@dataclass(frozen=True, slots=True)
class SearchedFile:
    """A file of a collection that was asked."""

    source: str
    sha256: str  # "" when its bytes could not be read
    was_read: bool  # False: it was there, but could not be read as a document


@dataclass(frozen=True, slots=True)
class SearchedCollection:
    """A collection that was asked, or a folder; its files are listed only where it matters."""

    collection: str  # its name then; "" for a folder without one, which is then the only one
    generation: str  # of its index
    encoder: str  # fingerprint, as in the manifest
    n_files: int
    sha256: str  # of all of them, see hash_files
    files: tuple[SearchedFile, ...] = ()  # by source; all of them or none

    @property
    def is_listed(self) -> bool:
        """Tell whether every file is listed, or only what all of them hash to."""
        return len(self.files) == self.n_files

    @property
    def label(self) -> str:
        """Its generation with its name, if it has one: ``合同@000003``."""
        return f"{self.collection}@{self.generation}" if self.collection else self.generation


@dataclass(frozen=True, slots=True)
class Receipt:
    """An answer as it was given."""

    created_at: str  # ISO 8601, UTC, to the second
    yiju_version: str  # "" when it is not installed but run from its source
    question: str
    interpreted: str
    text: str
    status: Status
    confidence: float
    citations: tuple[CitedQuote, ...]
    models: ModelFingerprints
    searched: tuple[SearchedCollection, ...]  # at least one
    unsearched: tuple[str, ...] = ()  # collections that were asked and could not be searched

    @property
    def generation(self) -> str:
        """The generation of every index that was asked: ``合同@000003, 年报@000012``."""
        return ", ".join(one.label for one in self.searched)

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt as JSON-ready values, without its own checksum."""
        return {
            "created_at": self.created_at,
            "yiju_version": self.yiju_version,
            "question": self.question,
            "interpreted": self.interpreted,
            "text": self.text,
            "status": self.status.value,
            "confidence": self.confidence,
            "citations": [cited.to_dict() for cited in self.citations],
            "models": asdict(self.models),
            "searched": [
                {**asdict(one), "files": [asdict(file) for file in one.files]}
                for one in self.searched
            ],
            "unsearched": list(self.unsearched),
        }


def hash_files(files: Iterable[tuple[str, str]]) -> str:
    """Hash a folder's files.

    :param files: Sources, each with the sha256 of its bytes, in any order.
    :return: The sha256 of their sorted list as JSON: it changes when any file is added, edited,
        renamed or removed.
    """
    return hash_json(sorted([source, sha256] for source, sha256 in files))


def hash_json(body: object) -> str:
    """Hash JSON-ready values in the canonical form of the index's manifest.

    :param body: The values.
    :return: The sha256 of the JSON with sorted keys, as UTF-8.
    :raises UnicodeEncodeError: When a string holds a lone surrogate.
    """
    return hash_bytes(json.dumps(body, sort_keys=True, ensure_ascii=False).encode("utf-8"))
