"""EPUB packages: the zip of a book → its parts in reading order and its table of contents.

After EPUB 3.3 and OPF 2.0. Only what is read is unpacked; entities are refused.
"""

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from index.errors import DocumentError
from index.formats.limits import MAX_PARTS, MAX_UNPACKED_BYTES
from index.formats.text_builder import clean_text, one_line

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CENTRAL_HEADER = b"PK\x01\x02"
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError),
    *(ValueError, OverflowError),
)
_DAMAGED = "It is damaged: it cannot be unpacked."
_NOT_A_BOOK = "It is not an EPUB book, or only a part of one."
_PROTECTED = "It is protected against copying (DRM), so its text cannot be read."
_TOO_LARGE = f"It unpacks to more than {MAX_UNPACKED_BYTES:,} bytes."
_MAX_ELEMENTS = 10 * MAX_PARTS


class Part(NamedTuple):
    """A file of the reading order."""

    path: str  # in the zip
    media_type: str


@dataclass(frozen=True, slots=True)
class Book:
    """What the package says of the book."""

    title: str
    parts: tuple[Part, ...]
    ncx: str  # path of the old table of contents; "" when there is none
    nav: str  # path of the new one
    is_fixed: bool  # pages laid out like print


class Element(NamedTuple):
    """An element of a package's own files."""

    name: str  # without its namespace
    attributes: dict[str, str]
    depth: int
    words: list[str]  # its own text


class EpubPackage:
    """An opened package."""

    def __init__(self, data: bytes) -> None:
        """Open a package without unpacking anything.

        :param data: The file's bytes.
        :raises DocumentError: When it is none or would unpack to too much.
        """
        # Counted before they are listed: a list of millions would itself fill the memory.
        if data.count(_CENTRAL_HEADER) > MAX_PARTS:
            raise DocumentError(f"It holds more than {MAX_PARTS:,} parts.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _ZIP_ERRORS as exc:
            raise DocumentError(_NOT_A_BOOK) from exc
        self._members = {member.filename: member for member in self._zip.infolist()}
        if sum(member.file_size for member in self._members.values()) > MAX_UNPACKED_BYTES:
            raise DocumentError(_TOO_LARGE)
        self._bytes_left = MAX_UNPACKED_BYTES

    def read(self, path: str) -> bytes:
        """Unpack a file.

        :param path: Its path in the zip.
        :return: Its bytes.
        :raises DocumentError: When it is missing, damaged or protected.
        """
        member = self._members.get(path)
        if member is None:
            raise DocumentError(f"It is damaged: its part {path!a} is missing.")
        if member.flag_bits & 1:
            raise DocumentError(_PROTECTED)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DocumentError(_DAMAGED)
        try:
            with self._zip.open(member) as stream:
                data = stream.read(max(self._bytes_left, 0) + 1)
        except _ZIP_ERRORS as exc:
            raise DocumentError(_DAMAGED) from exc
        self._bytes_left -= len(data)
        if self._bytes_left < 0:  # parts named again and again end here
            raise DocumentError(_TOO_LARGE)
        return data

    def book(self) -> Book:
        """Read the package document.

        :return: The book.
        :raises DocumentError: When there is none, or its parts are encrypted.
        """
        if _CONTAINER not in self._members:
            raise DocumentError(_NOT_A_BOOK)
        container = parse_elements(self.read(_CONTAINER))
        roots = [x.attributes.get("full-path", "") for x in container if x.name == "rootfile"]
        if not roots:
            raise DocumentError(_NOT_A_BOOK)
        elements = parse_elements(self.read(roots[0]))
        items = [x.attributes for x in elements if x.name == "item"]
        by_id = {
            item.get("id", ""): Part(
                resolve(roots[0], item.get("href", "")), item.get("media-type", "")
            )
            for item in items
        }
        order = [x.attributes.get("idref", "") for x in elements if x.name == "itemref"]
        spine = next((x.attributes for x in elements if x.name == "spine"), {})
        navs = [x.get("id", "") for x in items if "nav" in x.get("properties", "").split()]
        book = Book(
            title=words_of(next((x for x in elements if x.name == "title"), None)),
            # A part that is named twice is read once.
            parts=tuple(dict.fromkeys(by_id[key] for key in order if key in by_id)),
            ncx=by_id[spine["toc"]].path if spine.get("toc") in by_id else "",
            nav=by_id[navs[0]].path if navs else "",
            is_fixed=any(words_of(x) == "pre-paginated" for x in elements if x.name == "meta"),
        )
        self._refuse_protected(book)
        return book

    def _refuse_protected(self, book: Book) -> None:
        """Let pass encrypted fonts, which are only made hard to reuse."""
        if _ENCRYPTION not in self._members:
            return
        locked = {
            unquote(x.attributes.get("URI", ""))
            for x in parse_elements(self.read(_ENCRYPTION))
            if x.name == "CipherReference"
        }
        if any(part.path in locked for part in book.parts):
            raise DocumentError(_PROTECTED)


def resolve(base: str, link: str) -> str:
    """Follow a link from a file of the package.

    :param base: The path of the file.
    :param link: The link, relative to it.
    :return: The path it leads to, without the place in the file; "" when it leads outside.
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc:
        return ""
    if not parts.path:
        return base
    path = posixpath.join("/", posixpath.dirname(base), unquote(parts.path))
    return posixpath.normpath(path).lstrip("/")


def parse_elements(data: bytes) -> list[Element]:
    """Read an XML file as the flat list of its elements.

    :param data: The file's bytes.
    :return: The elements in the order they begin.
    :raises DocumentError: When it is not XML, declares entities or is endless.
    """
    elements: list[Element] = []
    opened: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        local = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition(" ")[2], local, len(opened), [])
        elements.append(element)
        opened.append(element)
        if len(elements) > _MAX_ELEMENTS:
            raise DocumentError(f"It has more than {_MAX_ELEMENTS:,} elements in one part.")

    def take(words: str) -> None:
        if opened:
            opened[-1].words.append(words)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: opened.pop()
    parser.CharacterDataHandler = take
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as exc:  # or an unknown encoding
        raise DocumentError("It is damaged: its package file is not XML.") from exc
    return elements


def words_of(element: Element | None) -> str:
    """Return an element's own words as one line; "" of none."""
    return one_line(clean_text("".join(element.words))) if element else ""


def _refuse_entity(*_: object) -> None:
    raise DocumentError("It declares XML entities, which no book needs.")
