"""JSON and JSON Lines: values with their keys, a paragraph each record.

A line is ``key: value``; the keys around a value are joined with `` / ``, so that each line says by
itself what it is about. Numbers stay as the file writes them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from index.datatypes import Heading, PlaceKind, Span
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.plain_text import decode
from index.formats.text_builder import (
    LINE,
    PARAGRAPH,
    TextBuilder,
    clean_text,
    one_line,
    refuse_too_much,
)

_BETWEEN_KEYS = " / "
_BETWEEN_VALUES = ", "
_MAX_DEPTH = 100
_TOO_DEEP = f"It is nested more than {_MAX_DEPTH} deep, which no record needs."
_MAX_RECORDS = 2_000_000  # a place each: 0.5 GB
_MAX_SHORT_CHARS = 60  # values up to this share a line
_MAX_INLINE_CHARS = 120  # a longer one begins a line below its key
_MAX_TITLE_CHARS = 100
_MAX_NAMED = 10
_TITLE_KEYS = {
    *("title", "name", "headline", "subject", "question", "标题", "標題", "名称", "名稱", "题目"),
    *("題目", "主题", "主題", "问题", "問題"),
}


@dataclass(frozen=True, slots=True)
class _Object:
    """An object with its keys as written, repeated ones too."""

    pairs: Sequence[tuple[str, "_Value"]]


_Value: TypeAlias = "str | bool | list[_Value] | _Object | None"


def extract_json(data: bytes) -> Extraction:
    """Read a JSON file.

    :param data: The file's bytes.
    :return: The elements of an array as records; of an object, what is nested below its key as a
        heading. Headings begin at level 2: no key is the title of the file.
    :raises DocumentError: When it is not JSON or nested too deep.
    """
    text, encoding = decode(data)
    try:
        value = _parse(text)
    except json.JSONDecodeError as exc:
        several = " If every line is JSON by itself, name it .jsonl." * (exc.msg == "Extra data")
        raise DocumentError(
            f"It is not valid JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}.{several}"
        ) from exc
    writer = _Writer()
    title = ""
    if isinstance(value, _Object):
        title = _find_title(value)[1]
        writer.add_object(value)
    else:
        writer.add_records(enumerate(value if isinstance(value, list) else [value], 1), 2)
    return writer.extraction("application/json", title, encoding, [])


def extract_jsonl(data: bytes) -> Extraction:
    """Read a file of JSON lines; a line that is none is left out and named.

    :param data: The file's bytes.
    :return: Its records, numbered by their lines.
    :raises DocumentError: When no line is JSON.
    """
    text, encoding = decode(data)
    bad: list[int] = []
    writer = _Writer()
    n_read = writer.add_records(_parse_lines(text, bad), 2)
    if bad and not n_read:
        raise DocumentError("It is not JSON Lines: none of its lines is valid JSON.")
    warnings = []
    if bad:
        numbers = ", ".join(map(str, bad[:_MAX_NAMED])) + ("…" if len(bad) > _MAX_NAMED else "")
        warnings.append(f"It has lines that are not JSON and are left out ({len(bad)}): {numbers}.")
    return writer.extraction("application/jsonl", "", encoding, warnings)


def _parse(text: str) -> _Value:
    try:
        value: _Value = json.loads(
            text,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
            object_pairs_hook=_Object,
            strict=False,  # line breaks in strings are common and harmless
        )
    except RecursionError as exc:
        raise DocumentError(_TOO_DEEP) from exc
    return value


def _parse_lines(text: str, bad: list[int]) -> Iterator[tuple[int, _Value]]:
    # Not splitlines: U+2028 and its like may stand in a string.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, _parse(line)
            except (json.JSONDecodeError, DocumentError):
                bad.append(number)


class _Writer:
    """Writes values as text."""

    def __init__(self) -> None:
        self._builder = TextBuilder()
        self._headings: list[Heading] = []
        self._n_records = 0

    def add_object(self, value: _Object) -> None:
        """Write the top level: what is nested under its key as a heading."""
        lines: list[str] = []
        for key, inner in value.pairs:
            if _is_flat(inner):
                lines += _lines(inner, (_clean_key(key),))
                continue
            self._add_lines(lines)
            lines = []
            self._add_section(_clean_key(key), inner)
        self._add_lines(lines)

    def add_records(self, records: Iterable[tuple[int, _Value]], level: int, name: str = "") -> int:
        """Write records and return how many there were."""
        n_before = self._n_records
        for number, value in records:
            self._n_records += 1
            if self._n_records > _MAX_RECORDS:
                raise DocumentError(f"It has more than {_MAX_RECORDS:,} records; split it.")
            lines = _list_lines_of(value)
            separator = PARAGRAPH if isinstance(value, _Object | list) else LINE
            span = self._add_lines(lines, separator)
            self._builder.add_place(PlaceKind.RECORD, number, span, name)
            if isinstance(value, _Object):
                self._note_heading(value, lines, span.start, level)
        return self._n_records - n_before

    def extraction(
        self, media_type: str, title: str, encoding: str, warnings: list[str]
    ) -> Extraction:
        extraction = self._builder.extraction(media_type, title, warnings)
        return replace(extraction, encoding=encoding, headings=tuple(self._headings))

    def _add_section(self, key: str, value: _Value) -> None:
        if key:
            self._headings.append(Heading(2, key, self._builder.add(key)))
        if isinstance(value, list):
            self.add_records(enumerate(value, 1), 3, key)
        else:
            self._add_lines(_list_lines_of(value))

    def _add_lines(self, lines: list[str], separator: str = PARAGRAPH) -> Span:
        if not lines:
            return Span(len(self._builder), len(self._builder))
        return self._builder.add("\n".join(lines), separator)

    def _note_heading(self, value: _Object, lines: list[str], start: int, level: int) -> None:
        key, title = _find_title(value)
        for line in lines if title else ():
            if line == f"{key}: {title}":
                self._headings.append(Heading(level, title, Span(start, start + len(line))))
                return
            start += len(line) + 1


def _list_lines_of(value: _Value) -> list[str]:
    """Write a record as lines.

    :raises DocumentError: When they are too long together: each repeats all its keys.
    """
    lines: list[str] = []
    n_chars = 0
    for line in _lines(value, ()):
        n_chars += len(line)
        refuse_too_much(n_chars)
        lines.append(line)
    return lines


def _lines(value: _Value, keys: tuple[str, ...]) -> Iterator[str]:
    """Write a value as lines, each with all its keys."""
    if len(keys) > _MAX_DEPTH:
        raise DocumentError(_TOO_DEEP)
    if isinstance(value, _Object):
        for key, inner in value.pairs:
            yield from _lines(inner, (*keys, _clean_key(key)))
    elif isinstance(value, list):
        yield from _list_lines(value, keys)
    elif words := _words(value):
        yield _line(keys, words)


def _list_lines(values: list[_Value], keys: tuple[str, ...]) -> Iterator[str]:
    if not _is_flat(values):
        for value in values:
            yield from _lines(value, (*keys, ""))
        return
    words = [text for value in values if (text := _words(value))]
    if all(len(text) <= _MAX_SHORT_CHARS and "\n" not in text for text in words):
        words = [_BETWEEN_VALUES.join(words)] if words else []
    for text in words:
        yield _line(keys, text)


def _line(keys: tuple[str, ...], words: str) -> str:
    name = _BETWEEN_KEYS.join(filter(None, keys))
    is_long = "\n" in words or len(words) > _MAX_INLINE_CHARS
    return f"{name}:{LINE if is_long else ' '}{words}" if name else words


def _is_flat(value: _Value) -> bool:
    """Tell whether nothing in a value has a key or values of its own."""
    if isinstance(value, list):
        return not any(isinstance(inner, _Object | list) for inner in value)
    return not isinstance(value, _Object)


def _words(value: _Value) -> str:
    """Return a single value as text; "" for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean_text(value).strip() if isinstance(value, str) else ""


def _clean_key(key: str) -> str:
    return one_line(clean_text(key))


def _find_title(value: _Object) -> tuple[str, str]:
    """Return the key and the words of what names an object; both "" when nothing does."""
    for key, inner in value.pairs:
        if _clean_key(key).lower() in _TITLE_KEYS and isinstance(inner, str):
            words = _words(inner)
            if words and len(words) <= _MAX_TITLE_CHARS and "\n" not in words:
                return _clean_key(key), words
    return "", ""
