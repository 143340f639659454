"""Office packages: the zip of XML parts that a docx, pptx or xlsx file is, read safely.

The parts are streamed through expat and never unpacked whole, no tree is built, and a document
type declaration (the only door to entities) is refused; so a hostile file costs no more than its
own size. Packages follow ECMA-376 part 2; both namespaces of every schema, transitional and
strict, are known by one prefix.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from index.errors import DocumentError
from index.formats.limits import MAX_PARTS, MAX_UNPACKED_BYTES
from index.formats.text_builder import clean_text, one_line, refuse_too_much

Attributes = Mapping[str, str]

_OPENXML = ("http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/")
_SCHEMAS = {
    "a": "drawingml{}/main",
    "c": "drawingml{}/chart",
    "dgm": "drawingml{}/diagram",
    "m": "officeDocument{}/math",
    "p": "presentationml{}/main",
    "r": "officeDocument{}/relationships",
    "s": "spreadsheetml{}/main",
    "w": "wordprocessingml{}/main",
}
_NAMESPACES = {
    **{
        prefix: (_OPENXML[0] + path.format("/2006"), _OPENXML[1] + path.format(""))
        for prefix, path in _SCHEMAS.items()
    },
    "dc": ("http://purl.org/dc/elements/1.1/",),
    "mc": ("http://schemas.openxmlformats.org/markup-compatibility/2006",),
    "rel": ("http://schemas.openxmlformats.org/package/2006/relationships",),
    "v": ("urn:schemas-microsoft-com:vml",),
}
_CHUNK_BYTES = 1 << 18
_MAX_TOKEN_BYTES = 16 << 20  # a tag; expat reads an unfinished one again with every chunk
_MAX_READS = 3  # times the limit, for a sheet is read twice; parts named again and again end here
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
_CENTRAL_HEADER = b"PK\x01\x02"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_PASSWORD = "It is protected by a password; save a copy without one."
_DAMAGED = "It is damaged: it cannot be unpacked."
_TOO_LARGE = f"It unpacks to more than {MAX_UNPACKED_BYTES:,} bytes."
# What the programs write when nobody gave a title.
_NO_TITLE = re.compile(
    r"(?i)(powerpoint\s.*|(microsoft\s)?(word|excel)\b.*|(document|文档|文件|presentation|slide|"
    r"演示文稿|幻灯片|workbook|工作簿)\s*\d*|untitled|title|标题)"
)


class Relationship(NamedTuple):
    """A link from one part to another."""

    kind: str  # the last word of its type: "slide", "image", …
    target: str  # the other part's name; "" when it lies outside the package


@dataclass(frozen=True, slots=True)
class XmlReader:
    """What to do with the elements of a part, by names such as ``w:p``."""

    starts: Mapping[str, Callable[[Attributes], None]]
    ends: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    text: Callable[[str], None] | None = None
    skipped: tuple[str, ...] = ()  # elements passed over with all that is in them


class OfficePackage:
    """An opened package."""

    def __init__(self, data: bytes) -> None:
        """Open a package without unpacking anything.

        :param data: The file's bytes.
        :raises DocumentError: When it is none, is encrypted, or would unpack to too much.
        """
        if data.startswith(_OLE_MAGIC):
            is_encrypted = _ENCRYPTED_STREAM in data
            raise DocumentError(
                _PASSWORD
                if is_encrypted
                else "It is in the old binary format of Office; save it in the new one."
            )
        # Counted before they are listed: a list of millions would itself fill the memory.
        if data.count(_CENTRAL_HEADER) > MAX_PARTS:
            raise DocumentError(f"It holds more than {MAX_PARTS:,} parts.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _ZIP_ERRORS as exc:
            raise DocumentError("It is not an Office file, or only a part of one.") from exc
        members = self._zip.infolist()
        if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
            raise DocumentError(_TOO_LARGE)
        # Part names ignore case; some programs write them with backslashes.
        self._members = {
            member.filename.replace("\\", "/").lstrip("/").lower(): member for member in members
        }
        self._bytes_left = _MAX_READS * MAX_UNPACKED_BYTES

    def has(self, part: str) -> bool:
        """Tell whether there is a part of that name."""
        return part.lower() in self._members

    def main_part(self) -> str:
        """Find the part that the package is about.

        :return: The part's name.
        :raises DocumentError: When there is none.
        """
        part = self.find("", "officeDocument")
        if not part:
            raise DocumentError("It is not an Office file: it names no main part that it holds.")
        return part

    def find(self, part: str, kind: str) -> str:
        """Find the first part of a kind that a part links to.

        :param part: The part's name; "" is the package itself.
        :param kind: The last word of the relationship's type.
        :return: The other part's name; "" when there is none.
        """
        links = self.relationships(part).values()
        return next((x.target for x in links if x.kind == kind and self.has(x.target)), "")

    def relationships(self, part: str) -> dict[str, Relationship]:
        """Read a part's links to others.

        :param part: The part's name; "" is the package itself.
        :return: The links by their ids; none when the part has none.
        :raises DocumentError: When their list is damaged or endless.
        """
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        links: dict[str, Relationship] = {}

        def add(attributes: Attributes) -> None:
            target = attributes.get("Target", "")
            is_outside = attributes.get("TargetMode") == "External" or "\x00" in target
            joined = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = attributes.get("Type", "").rpartition("/")[2]
            links[attributes.get("Id", "")] = Relationship(kind, "" if is_outside else joined)
            if len(links) > MAX_PARTS:
                raise DocumentError(f"It has more than {MAX_PARTS:,} links between its parts.")

        if self.has(listing):
            self.parse(listing, XmlReader({"rel:Relationship": add}))
        return links

    def title(self) -> str:
        """Return the title in the file's properties, "" when there is none worth showing."""
        pieces: list[str] = []
        depth = 0

        def move(step: int) -> None:
            nonlocal depth
            depth += step

        def take(text: str) -> None:
            if depth:
                pieces.append(text)

        reader = XmlReader({"dc:title": lambda _: move(1)}, {"dc:title": lambda: move(-1)}, take)
        try:
            if part := self.find("", "core-properties"):
                self.parse(part, reader)
        except DocumentError:  # the text is there even when the properties are damaged
            return ""
        title = one_line(clean_text("".join(pieces)))
        return "" if _NO_TITLE.fullmatch(title) else title

    def parse(self, part: str, reader: XmlReader, root: str = "") -> None:
        """Read a part whole.

        :param part: Its name.
        :param reader: What to do with its elements.
        :param root: The outermost element that it must have; "" when any will do.
        :raises DocumentError: When it is missing, damaged, too long or has a document type.
        """
        for _ in self.parse_steps(part, reader, root):
            pass

    def parse_steps(self, part: str, reader: XmlReader, root: str = "") -> Iterator[None]:
        """Read a part piece by piece, so that what was read can be taken between two pieces.

        :param part: Its name.
        :param reader: What to do with its elements.
        :param root: The outermost element that it must have; "" when any will do.
        :yield: Nothing, after each piece.
        :raises DocumentError: When it is missing, damaged, too long or has a document type.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_document_type
        _Dispatcher(reader, root).connect(parser)
        n_bytes = 0
        try:
            for chunk in self._chunks(part):
                n_bytes += len(chunk)
                parser.Parse(chunk, False)
                if n_bytes - parser.CurrentByteIndex > _MAX_TOKEN_BYTES:
                    raise DocumentError(f"It is damaged: its part {part!a} has an endless tag.")
                yield
            parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as exc:  # or an unknown encoding
            raise DocumentError(f"It is damaged: its part {part!a} is not XML.") from exc
        yield

    def _chunks(self, part: str) -> Iterator[bytes]:
        member = self._members.get(part.lower())
        if member is None:
            raise DocumentError(f"It is damaged: its part {part!a} is missing.")
        if member.flag_bits & 1:
            raise DocumentError(_PASSWORD)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DocumentError(_DAMAGED)
        try:
            with self._zip.open(member) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    self._bytes_left -= len(chunk)
                    if self._bytes_left < 0:
                        raise DocumentError(_TOO_LARGE)
                    yield chunk
        except _ZIP_ERRORS as exc:
            raise DocumentError(_DAMAGED) from exc


def attribute(attributes: Attributes, name: str, default: str = "") -> str:
    """Return an attribute that has a prefix, in whichever of its namespaces it is.

    :param attributes: What an element has.
    :param name: Such as ``w:val``.
    :param default: What it is when the element has none.
    :return: Its value.
    """
    return next((attributes[key] for key in _expand(name) if key in attributes), default)


def whole_number(text: str, default: int = 0, *, most: int = 1 << 31) -> int:
    """Read a number that a file gives; never fails.

    :param text: Its digits.
    :param default: What it is when they are none.
    :param most: What a larger number becomes.
    :return: The number.
    """
    digits = text.strip()
    is_negative = digits.startswith("-")
    digits = digits.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        return default
    number = min(int(digits[:20]), most)
    return -number if is_negative else number


def is_on(value: str) -> bool:
    """Read an on-off value; an element without one is on."""
    return value.lower() not in {"0", "false", "off"}


def _expand(name: str) -> tuple[str, ...]:
    prefix, _, local = name.partition(":")
    return tuple(f"{uri} {local}" for uri in _NAMESPACES[prefix])


def _skip(_: Attributes) -> None:
    """Mark an element that is passed over; never called."""


class _Dispatcher:
    """Calls what a reader has for each element of a part."""

    def __init__(self, reader: XmlReader, root: str) -> None:
        self._starts = {key: call for name, call in reader.starts.items() for key in _expand(name)}
        self._starts |= {key: _skip for name in reader.skipped for key in _expand(name)}
        self._ends = {key: call for name, call in reader.ends.items() for key in _expand(name)}
        self._take = reader.text
        self._roots = _expand(root) if root else ()
        self._depth = 0  # elements open since one that is skipped
        self._n_chars = 0

    def connect(self, parser: expat.XMLParserType) -> None:
        """Have a parser call this."""

        def first(name: str, attributes: dict[str, str]) -> None:
            if self._roots and name not in self._roots:
                raise DocumentError("It is another kind of Office file than its name says.")
            parser.StartElementHandler = self._start
            self._start(name, attributes)

        parser.StartElementHandler = first
        parser.EndElementHandler = self._end
        if self._take:
            parser.CharacterDataHandler = self._text

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth:
            self._depth += 1
            return
        call = self._starts.get(name)
        if call is _skip:
            self._depth = 1
        elif call:
            call(attributes)

    def _end(self, name: str) -> None:
        if self._depth:
            self._depth -= 1
        elif call := self._ends.get(name):
            call()

    def _text(self, chars: str) -> None:
        self._n_chars += len(chars)
        refuse_too_much(self._n_chars)
        if not self._depth and self._take:
            self._take(chars)


def _refuse_document_type(*_: object) -> None:
    raise DocumentError("It declares an XML document type, which no Office file needs.")
