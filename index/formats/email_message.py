"""E-mail messages: what a mail program shows of them, subject and people first."""

import email
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email.errors import MessageError
from email.message import Message
from email.policy import Compat32
from typing import TypeAlias

from index.datatypes import Heading, Span
from index.errors import DocumentError
from index.formats.charsets import decode_declared
from index.formats.email_header import decode_header, decode_parameter
from index.formats.extraction import Extraction
from index.formats.html_source import decode_html
from index.formats.html_text import HtmlText, read_html
from index.formats.limits import MAX_PARTS
from index.formats.text_builder import LINE, PARAGRAPH, TextBuilder, clean_text, one_line

_FIELDS = ("Subject", "From", "To", "Cc", "Date")
_SIGNS = {"subject", "from", "to", "date", "received", "message-id", "return-path"}
_MAX_DEPTH = 30  # of parts in parts
_MAX_NAMED = 10
_READ = {"text/plain": 0, "text/markdown": 0, "text/html": 1}  # of alternatives the first
_ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_Parameter: TypeAlias = str | tuple[str | None, str | None, str]
_ERRORS = (MessageError, LookupError, ValueError, RecursionError)


class _RawPolicy(Compat32):
    """Gives headers as they were sent; the usual one gives U+FFFD for bytes outside ASCII."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - inherited
        return value


_POLICY = _RawPolicy()


def extract_eml(data: bytes) -> Extraction:
    """Read a message and the messages in it.

    :param data: The file's bytes.
    :return: The headers that a reader sees, then the body: the plain one where the same is sent
        in several forms. Subjects are headings; attachments are named, not read.
    :raises DocumentError: When it is no message.
    """
    if data.count(b"\n--") > MAX_PARTS:
        raise DocumentError(f"It has more than {MAX_PARTS:,} parts.")
    reader = _Reader()
    try:
        message = _parse(data)
        if _SIGNS.isdisjoint(name.lower() for name in message):
            raise DocumentError("It is not an e-mail message: it has no sender, subject or date.")
        reader.add_message(message, 1)
    except _ERRORS as exc:
        raise DocumentError("It is damaged: it cannot be read as an e-mail message.") from exc
    return reader.extraction()


def _parse(data: bytes) -> Message:
    try:
        return email.message_from_bytes(data, policy=_POLICY)
    except TypeError as exc:  # a boundary in such pieces as `_parameter` meets
        raise MessageError("boundary") from exc


@dataclass(slots=True)
class _Reader:
    """Goes through the parts of a message."""

    _builder: TextBuilder = field(default_factory=TextBuilder)
    _headings: list[Heading] = field(default_factory=list)
    _encoding: str = ""  # of the first body
    _attachments: list[str] = field(default_factory=list)
    _has_body: bool = False
    _n_unreadable: int = 0
    _is_encrypted: bool = False
    _is_too_deep: bool = False
    _level: int = 0  # messages that the part at hand is in

    def add_message(self, message: Message, depth: int) -> None:
        self._level += 1
        fields: dict[str, str] = {}
        for name, raw in message.raw_items():
            fields.setdefault(name.title(), decode_header(str(raw)))
        separator = PARAGRAPH
        for name in _FIELDS:
            if value := fields.get(name):
                span = self._builder.add(f"{name}: {value}", separator)
                separator = LINE
                if name == "Subject":
                    self._headings.append(Heading(self._level, value, span))
        self._add_part(message, depth)
        self._level -= 1

    def extraction(self) -> Extraction:
        title = next((x.title for x in self._headings if x.level == 1), "")
        extraction = self._builder.extraction("message/rfc822", title, self._warnings())
        return replace(
            extraction, headings=tuple(self._headings), encoding=self._encoding or "ascii"
        )

    def _add_part(self, part: Message, depth: int) -> None:
        kind = part.get_content_type()
        self._is_encrypted |= kind in _ENCRYPTED
        children = _children(part)
        if depth >= _MAX_DEPTH and children:
            self._is_too_deep = True
        elif kind == "message/rfc822":
            for child in children:
                self.add_message(child, depth + 1)
        elif kind == "multipart/alternative":
            self._add_best(children, depth + 1)
        elif children:
            for child in children:
                self._add_part(child, depth + 1)
        else:
            self._add_leaf(part, kind)

    def _add_leaf(self, part: Message, kind: str) -> None:
        if kind in _READ and not _is_attachment(part):
            self._add_body(part, kind)
        elif not _is_picture_of_page(part):
            self._attachments.append(_file_name(part) or one_line(clean_text(kind)))

    def _add_best(self, parts: Sequence[Message], depth: int) -> None:
        """Add the simplest form that says anything."""
        before = len(self._builder)
        for part in sorted(parts, key=lambda part: _READ.get(part.get_content_type(), 2)):
            if len(self._builder) == before:
                self._add_part(part, depth)

    def _add_body(self, part: Message, kind: str) -> None:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return
        charset = _charset(part)
        try:
            if kind == "text/html" and not charset:
                text, encoding = decode_html(payload)
            else:
                text, encoding = decode_declared(payload, charset)
            page = read_html(text) if kind == "text/html" else _read_plain(text, part)
        except DocumentError:
            self._n_unreadable += 1
            return
        if page.text:
            self._encoding = self._encoding or encoding
            self._has_body = True
            start = self._builder.add(page.text).start
            self._headings += (
                Heading(
                    x.level + self._level, x.title, Span(start + x.span.start, start + x.span.end)
                )
                for x in page.headings
            )

    def _warnings(self) -> list[str]:
        warnings = []
        if names := self._attachments:
            listed = ", ".join(names[:_MAX_NAMED]) + ("…" if len(names) > _MAX_NAMED else "")
            warnings.append(f"It has attachments, which are not read: {listed}.")
        if self._n_unreadable:
            number = self._n_unreadable
            warnings.append(f"It has parts in no known encoding, which are left out: {number}.")
        if self._is_too_deep:
            warnings.append(f"Parts nested more than {_MAX_DEPTH} deep are not read.")
        if self._is_encrypted:
            warnings.append("It is encrypted; save a decrypted copy.")
        elif not self._has_body:
            warnings.append("It has no text besides its headers.")
        return warnings


def _children(part: Message) -> list[Message]:
    # Of a part that is none, get_payload may fail at a charset that is no word.
    payload = part.get_payload() if part.is_multipart() else []
    return [child for child in payload if isinstance(child, Message)]


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _file_name(part: Message) -> str:
    said = (
        _parameter(part, "filename", "content-disposition"),
        _parameter(part, "name"),
    )
    return next((name for value in said if (name := decode_parameter(value))), "")


def _charset(part: Message) -> str:
    try:
        return part.get_content_charset("")
    except TypeError:  # as below
        return ""


def _parameter(part: Message, name: str, field: str = "content-type") -> _Parameter:
    try:
        return part.get_param(name, "", field)
    except (
        TypeError
    ):  # a value in pieces (RFC 2231) of which some have no number: the library sorts
        return ""


def _is_picture_of_page(part: Message) -> bool:
    is_shown = part.get_content_disposition() != "attachment" and "Content-ID" in part
    return is_shown and part.get_content_maintype() == "image"


def _read_plain(text: str, part: Message) -> HtmlText:
    text = clean_text(text)
    if str(_parameter(part, "format")).lower() == "flowed":
        text = _join_flowed(text, is_spaced=str(_parameter(part, "delsp")).lower() != "yes")
    return HtmlText(text.strip(), "", (), has_script=False)


def _join_flowed(text: str, *, is_spaced: bool) -> str:
    """Join the lines that the sender's program broke (RFC 3676): those that end in a space."""
    lines: list[str] = []
    previous_depth, is_open = 0, False
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")
        is_signature = words == "-- "
        if is_open and depth == previous_depth and not is_signature:
            lines[-1] = (lines[-1] if is_spaced else lines[-1][:-1]) + words
        else:
            lines.append("> " * depth + words)
        previous_depth, is_open = depth, words.endswith(" ") and not is_signature
    return "\n".join(line.rstrip() for line in lines)
