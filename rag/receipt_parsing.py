"""Receipt parsing: JSON values that anybody may have written → a Receipt, or what is wrong."""

import re
from collections.abc import Callable
from typing import TypeVar

from index.datatypes import PlaceKind, Span
from index.formats.limits import MAX_TEXT_CHARS
from rag.datatypes import Citation, CitedPlace, DateOrigin, Role, Status
from rag.quotes import CONTEXT_CHARS
from rag.receipt_records import (
    CitedQuote,
    ModelFingerprints,
    Receipt,
    ReceiptError,
    SearchedCollection,
    SearchedFile,
    hash_files,
)
from rag.registry import name_key

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SHA256_OR_NONE = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)
_DATE = re.compile(r"(?:\d{4}(?:-\d\d){0,2})?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", re.ASCII)
_MOST = 2**53  # beyond it JSON's numbers are not exact everywhere

T = TypeVar("T")


def parse_receipt(body: object) -> Receipt:
    """Read a receipt's values.

    :param body: What was read from JSON; keys that are not known are passed over.
    :return: The receipt.
    :raises ReceiptError: When a value is missing, of the wrong kind or contradicts another one; a
        clause for the caller's sentence.
    """
    fields = _Fields(body, "")
    receipt = Receipt(
        created_at=fields.text("created_at", _TIME),
        yiju_version=fields.text("yiju_version"),
        question=fields.text("question"),
        interpreted=fields.text("interpreted"),
        text=fields.text("text"),
        status=fields.choice("status", Status),
        confidence=fields.share("confidence"),
        citations=tuple(fields.each("citations", _parse_citation)),
        models=_parse_models(fields.inner("models")),
        searched=tuple(fields.each("searched", _parse_searched)),
        unsearched=fields.texts("unsearched"),
    )
    _check_answer(receipt)
    _check_collections(receipt)
    return receipt


class _Fields:
    """A JSON object whose values are taken by name and checked as they are."""

    def __init__(self, body: object, where: str) -> None:
        if not isinstance(body, dict):
            raise ReceiptError(f"{where or 'it'} is not an object")
        self._body = body
        self._where = where

    def name(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def require(self, is_right: bool, key: str, what: str) -> None:
        if not is_right:
            raise ReceiptError(f"{self.name(key)} is not {what}")

    def has(self, key: str) -> bool:
        return self._body.get(key) is not None

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._body.get(key)
        if not isinstance(value, str):
            raise ReceiptError(f"{self.name(key)} is not a text")
        self.require(pattern is None or bool(pattern.fullmatch(value)), key, "what it should be")
        return value

    def integer(self, key: str, least: int, most: int = _MOST) -> int:
        value = self._body.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ReceiptError(f"{self.name(key)} is not a whole number from {least} to {most}")
        return value

    def share(self, key: str) -> float:
        value = self._body.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise ReceiptError(f"{self.name(key)} is not a number from 0 to 1")
        return float(value)

    def flag(self, key: str) -> bool:
        value = self._body.get(key)
        if not isinstance(value, bool):
            raise ReceiptError(f"{self.name(key)} is not true or false")
        return value

    def choice(self, key: str, kind: Callable[[str], T]) -> T:
        value = self.text(key)
        try:
            return kind(value)
        except ValueError as exc:
            raise ReceiptError(f"{self.name(key)} is not one of the known values") from exc

    def inner(self, key: str) -> "_Fields":
        return _Fields(self._body.get(key), self.name(key))

    def each(self, key: str, parse: Callable[["_Fields"], T]) -> list[T]:
        return [parse(_Fields(value, at)) for at, value in self._items(key)]

    def texts(self, key: str) -> tuple[str, ...]:
        values = [value for _, value in self._items(key)]
        self.require(all(isinstance(value, str) for value in values), key, "a list of texts")
        return tuple(map(str, values))

    def span(self, key: str) -> Span:
        ends = self.inner(key)
        start = ends.integer("start", 0, MAX_TEXT_CHARS)
        return Span(start, ends.integer("end", start + 1, MAX_TEXT_CHARS))

    def _items(self, key: str) -> list[tuple[str, object]]:
        values = self._body.get(key)
        if not isinstance(values, list):
            raise ReceiptError(f"{self.name(key)} is not a list")
        return [(f"{self.name(key)}[{at}]", value) for at, value in enumerate(values)]


def _parse_citation(fields: _Fields) -> CitedQuote:
    quote, span = fields.text("quote"), fields.span("span")
    fields.require(len(quote) == len(span), "quote", "as long as its span")
    highlight = fields.span("highlight") if fields.has("highlight") else None
    fields.require(
        highlight is None or span.start <= highlight.start < highlight.end <= span.end,
        "highlight",
        "inside the quote",
    )
    citation = Citation(
        number=fields.integer("number", 1),
        role=fields.choice("role", Role),
        source=_parse_source(fields),
        title=fields.text("title"),
        quote=quote,
        span=span,
        highlight=highlight,
        line=fields.integer("line", 1),
        page=fields.integer("page", 1) if fields.has("page") else None,
        heading=fields.texts("heading"),
        sha256=fields.text("sha256", _SHA256),
        places=tuple(fields.each("places", _parse_place)),
        collection=fields.text("collection"),
        date=fields.text("date", _DATE),
        date_origin=fields.choice("date_origin", DateOrigin),
        copies=fields.texts("copies"),
    )
    return CitedQuote(
        citation,
        prefix=_parse_context(fields, "prefix"),
        suffix=_parse_context(fields, "suffix"),
        text_sha256=fields.text("text_sha256", _SHA256),
        size=fields.integer("size", 0),
    )


def _parse_context(fields: _Fields, key: str) -> str:
    words = fields.text(key)
    fields.require(len(words) <= CONTEXT_CHARS, key, f"at most {CONTEXT_CHARS} characters")
    return words


def _parse_source(fields: _Fields) -> str:
    """Take only a path that stays in the folder; files are never opened by it all the same."""
    source = fields.text("source")
    leaves = {"", ".", ".."}.intersection(source.split("/"))  # an absolute path begins with ""
    fields.require(not leaves, "source", "a path inside the documents' folder")
    return source


def _parse_place(fields: _Fields) -> CitedPlace:
    return CitedPlace(
        fields.choice("kind", PlaceKind), fields.integer("number", 1), fields.text("name")
    )


def _parse_models(fields: _Fields) -> ModelFingerprints:
    return ModelFingerprints(
        reader=fields.text("reader", _SHA256_OR_NONE),
        reranker=fields.text("reranker", _SHA256_OR_NONE),
    )


def _parse_searched(fields: _Fields) -> SearchedCollection:
    searched = SearchedCollection(
        collection=fields.text("collection"),
        generation=fields.text("generation"),
        encoder=fields.text("encoder"),
        n_files=fields.integer("n_files", 0),
        sha256=fields.text("sha256", _SHA256),
        files=tuple(fields.each("files", _parse_file)),
    )
    if searched.files:
        listed = hash_files((file.source, file.sha256) for file in searched.files)
        is_whole = searched.is_listed and listed == searched.sha256
        fields.require(is_whole, "files", "the list that its sha256 is of")
    return searched


def _parse_file(fields: _Fields) -> SearchedFile:
    return SearchedFile(
        _parse_source(fields), fields.text("sha256", _SHA256_OR_NONE), fields.flag("was_read")
    )


def _check_answer(receipt: Receipt) -> None:
    """Hold a receipt to the law of answers: its text is the first citation's marked words."""
    if (receipt.status is Status.NOT_FOUND) == bool(receipt.citations):
        raise ReceiptError("its status and its citations contradict each other")
    words = ""
    if receipt.citations:
        first = receipt.citations[0].citation
        if first.highlight is not None:
            start = first.highlight.start - first.span.start
            words = first.quote[start : start + len(first.highlight)]
    if receipt.text != words:
        raise ReceiptError("its text is not what its first citation says")


def _check_collections(receipt: Receipt) -> None:
    """Hold a receipt to one meaning of each collection's name, whatever its spelling."""
    names = [one.collection for one in receipt.searched]
    is_clear = len(set(map(name_key, names))) == len(names) and (all(names) or len(names) == 1)
    if not names or not is_clear:
        raise ReceiptError("it does not tell the collections that were searched apart")
    if any(cited.citation.collection not in names for cited in receipt.citations):
        raise ReceiptError("it cites a collection that was not searched")
