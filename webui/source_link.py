"""Links: a place in a document ↔ the address that opens it again, also when it changed meanwhile.

``/?doc=…&hash=…&sel=…`` names the document by its path, the file by how its sha256 begins, and the
words as a TextQuoteSelector with a TextPositionSelector does (W3C, "Web Annotation Data Model",
2017, 4.2.4 and 4.2.5): the quote, up to 32 characters before and after it, and where it begins. The
selector is JSON, deflated, in the alphabet of addresses: chats and mails leave such a link whole,
and Chinese takes a third of what percent signs make of it.
"""

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from index.datatypes import Document, Span
from rag.datatypes import Citation
from rag.quotes import CONTEXT_CHARS, QuoteAnchor, anchor_quote

HASH_DIGITS = 16  # of 64: told apart are versions of one file
_MAX_QUOTE_CHARS = 1000  # of a longer one only the beginning is marked
_MAX_PART_CHARS = 8000  # of an address; what is longer is not ours
_MAX_BYTES = 32 * 1024  # of an unpacked selector


@dataclass(frozen=True, slots=True)
class Link:
    """What an address says; anybody may have written it."""

    doc: str  # path or doc_id
    sha256: str = ""  # the beginning of it; "" when not known
    anchor: QuoteAnchor | None = None  # None for the document as a whole
    words: Span | None = None  # the answering ones, in the quote
    collection: str = ""


def link_document(document: Document, collection: str = "") -> Link:
    """Link to a document as a whole."""
    return Link(document.source, document.sha256, collection=collection)


def link_citation(citation: Citation, document: Document | None = None) -> Link:
    """Link to a citation.

    :param citation: The citation.
    :param document: Its document, when at hand: what stands around the quote helps to find it.
    :return: The link.
    """
    start = citation.span.start
    n_chars = min(len(citation.quote), _MAX_QUOTE_CHARS)
    if document:
        anchor = anchor_quote(document.text, Span(start, start + n_chars))
    else:
        anchor = QuoteAnchor(citation.quote[:n_chars], "", "", start)
    words = None
    if citation.highlight and citation.highlight.start < start + n_chars:
        first, last = citation.highlight.start - start, citation.highlight.end - start
        words = Span(first, min(last, n_chars))
    return Link(citation.source, citation.sha256, anchor, words, citation.collection)


def write_link(link: Link) -> str:
    """Write the query of an address.

    :param link: The link.
    :return: The query with its question mark.
    """
    parts = {"doc": link.doc, "hash": link.sha256[:HASH_DIGITS]}
    if link.anchor:
        parts["sel"] = _pack(link.anchor, link.words)
    if link.collection:
        parts["collection"] = link.collection
    return "?" + urlencode(parts, quote_via=quote, safe="/", errors="replace")


def read_link(parts: object) -> Link | None:
    """Read the parts of an address's query.

    :param parts: Anything; it comes from a browser.
    :return: The link, without a place when its selector is none; None when it names no document.
    """
    if not isinstance(parts, dict):
        return None
    doc = _text(parts.get("doc"))
    if not doc:
        return None
    anchor, words = _unpack(_text(parts.get("sel")))
    sha256 = _text(parts.get("hash")).lower()
    return Link(doc, sha256, anchor, words, _text(parts.get("collection")))


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _MAX_PART_CHARS else ""


def _pack(anchor: QuoteAnchor, words: Span | None) -> str:
    place = [anchor.start, words.start, words.end] if words else [anchor.start]
    fields = [place, anchor.quote, anchor.prefix, anchor.suffix]
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(body.encode("utf-8", "replace")) + packer.flush()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def _unpack(selector: str) -> tuple[QuoteAnchor | None, Span | None]:
    """Read a selector; nothing when it is none."""
    try:
        packed = base64.b64decode(selector + "=" * (-len(selector) % 4), b"-_", validate=True)
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        body = unpacker.decompress(packed, _MAX_BYTES)
        if not unpacker.eof:
            return None, None
        place, words, prefix, suffix = json.loads(body)
        anchor = QuoteAnchor(_bounded(words), _context(prefix), _context(suffix), _count(place[0]))
        return anchor, _words(place[1:], len(anchor.quote))
    except (binascii.Error, zlib.error, ValueError, TypeError, IndexError, RecursionError):
        return None, None


def _bounded(words: object) -> str:
    if not isinstance(words, str) or not 0 < len(words) <= _MAX_QUOTE_CHARS:
        raise ValueError("no quote")
    return words


def _context(words: object) -> str:
    if not isinstance(words, str) or len(words) > CONTEXT_CHARS:
        raise ValueError("no context")
    return words


def _count(number: object) -> int:
    if type(number) is not int or not 0 <= number < 1 << 53:
        raise ValueError("no place")
    return number


def _words(places: list[object], n_chars: int) -> Span | None:
    if not places:
        return None
    start, end = map(_count, places)
    return Span(start, end) if start < end <= n_chars else None
