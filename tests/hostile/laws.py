"""Laws: what must be true of a file that was read, and what may be said of one refused."""

import io
import re
import zipfile
from dataclasses import dataclass
from email import message_from_bytes

from index.chunking import chunk_document, search_text
from index.datatypes import Document
from index.errors import DocumentError, UnreadableError
from index.loading import FoundFile, LoadedDocument, load_document
from index.normalization import fold_text
from index.segmentation import extract_terms
from index.settings import IndexSettings

# How the build tells what it had to stop; of a small file only a library's crash may be such.
_STOPPED = re.compile(
    r"took longer|memory|Reading it|cannot be used|not installed|could not be start"
)
_CRASH = "Reading it crashed"
_SENTENCE = re.compile(r"(?:It|Its|One of its|Parts|Reading) [^\n]*\.")
_REPLACEMENTS = (
    *(b"\xef\xbf\xbd", b"\xfd\xff", b"\xff\xfd", b"\x84\x31\xa4\x37", b"=EF=BF=BD", b"//0"),
    *(b"\\ufffd", b"\\uFFFD", b"_xFFFD_", b"_xfffd_"),
)
_REPLACEMENT_REFERENCE = re.compile(rb"&#(?:0*65533|[xX]0*[fF]{3}[dD])(?![0-9a-fA-F])")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_HELD_AS_IS = (".md", ".txt")  # plain text keeps what its file holds
_MAX_CHARS = IndexSettings().max_chunk_chars


class BrokenLawError(AssertionError):
    """Raised when a law does not hold; the message begins with the law's name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a file: ``read``, ``refused`` or ``crashed`` (a library; the build went on)."""

    outcome: str
    message: str = ""


def judge(file: FoundFile, data: bytes, extract) -> Verdict:
    """Read a file as a build does and check every law.

    :param file: Its name.
    :param data: Its bytes.
    :param extract: Runs a loader, as ``IsolatedExtractor.extract``.
    :return: What came of it.
    :raises BrokenLawError: When a law does not hold.
    """
    first = _read(file, data, extract)
    second = _read(file, data, extract)
    if first != second:
        raise BrokenLawError("same bytes, same result")
    if isinstance(first, str):
        if first.startswith(_CRASH):
            return Verdict("crashed", first)
        if _STOPPED.search(first) or not _SENTENCE.fullmatch(first):
            raise BrokenLawError(f"refusal: {first[:200]}")
        return Verdict("refused", first)
    check_extraction(first, data)
    check_chunks(first.document)
    return Verdict("read")


def check_extraction(loaded: LoadedDocument, data: bytes) -> None:
    """Check what a loader gave.

    :param loaded: The document and what is told of it.
    :param data: The file's bytes.
    :raises BrokenLawError: When a law does not hold.
    """
    document = loaded.document
    parts = (*document.headings, *document.places)
    strings = [document.text, document.title, *loaded.warnings]
    strings += [heading.title for heading in document.headings]
    strings += [place.name for place in document.places]
    _require("no lone surrogates", all(map(_is_unicode, strings)))
    if "\ufffd" in "".join(strings):
        _require("no invented U+FFFD", _holds_replacement(data))
    inside = [0 <= part.span.start <= part.span.end <= len(document.text) for part in parts]
    _require("spans inside the text", all(inside))
    for kind in (document.headings, document.places):
        starts = [part.span.start for part in kind]
        _require("spans sorted", starts == sorted(starts))
    _require("headings have words", all(h.title.strip() and h.level > 0 for h in document.headings))
    _require("places count from 0", all(place.number >= 0 for place in document.places))
    lines = [document.title, *loaded.warnings, *(place.name for place in document.places)]
    _require("one line", not any("\n" in line for line in lines))
    _require("title is short", 0 < len(document.title) <= 300)
    if not document.source.endswith(_HELD_AS_IS):
        _require("no control characters", not _CONTROLS.search(document.text))


def check_chunks(document: Document) -> None:
    """Check that a text can be cut, searched and covered.

    :param document: The document.
    :raises BrokenLawError: When a law does not hold.
    """
    chunks = chunk_document(document, _MAX_CHARS)
    end = 0
    for chunk in chunks:
        _require("L1 slices", chunk.span.of(document.text) == chunk.text != "")
        _require("L2 in order", chunk.span.start >= end)
        _require("L2 covers", not document.text[end : chunk.span.start].strip())
        _require("chunk size", len(chunk.text) <= _MAX_CHARS)
        end = chunk.span.end
    _require("L2 covers the end", not document.text[end:].strip())
    _require("ids differ", len({chunk.chunk_id for chunk in chunks}) == len(chunks))
    for chunk in chunks[:20]:
        folded = fold_text(search_text(chunk))
        _require("L7 folding is idempotent", fold_text(folded) == folded)
        _require("terms are Unicode", all(map(_is_unicode, extract_terms(folded))))


def _read(file: FoundFile, data: bytes, extract) -> LoadedDocument | str:
    try:
        return load_document(file, data, extract)
    except UnreadableError as exc:
        raise BrokenLawError(f"unreadable: {exc}") from exc
    except DocumentError as exc:
        return str(exc)


def _require(law: str, holds: bool) -> None:
    if not holds:
        raise BrokenLawError(law)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _holds_replacement(data: bytes) -> bool:
    """Tell whether a file holds U+FFFD itself, in any spelling."""
    return any(
        any(spelling in part for spelling in _REPLACEMENTS) or _REPLACEMENT_REFERENCE.search(part)
        for part in (data, *_inner_parts(data))
    )


def _inner_parts(data: bytes) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [archive.read(name) for name in archive.namelist()]
    except Exception:  # noqa: BLE001 - damaged in any way there is
        parts = message_from_bytes(data).walk()
        bodies = [part.get_payload(decode=True) for part in parts if not part.is_multipart()]
        return [body for body in bodies if isinstance(body, bytes)]
