"""Delimited tables (csv, tsv): the delimiter is found from the text, each record is a line.

Records are numbered as a spreadsheet numbers the rows it makes of them: a quoted field may hold
line breaks, and empty lines count.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.plain_text import decode
from index.formats.table_header import Cell, CellKind, Row
from index.formats.table_text import add_rows
from index.formats.text_builder import TextBuilder, clean_text, refuse_too_much

MEDIA_TYPE = "text/csv"
_DELIMITERS = "\t;,|"  # of two that fit alike the first: a comma may stand in a number
_NO_DELIMITER = "\x1f"  # which no cleaned text holds
_MAX_COLUMNS = 100_000
_SAMPLE_CHARS = 1 << 17
_SAMPLE_RECORDS = 200
_LEAST_EVEN = 0.3  # share of records with as many fields as most have
_SWALLOWED_LINES = 20  # a record of as many was opened by a stray quotation mark
_SEPARATOR_LINE = re.compile(r"sep=(.)\n", re.IGNORECASE)  # spreadsheets obey and hide it
_INNER_BREAKS = re.compile("[\v\f\x85\u2028\u2029]")  # which end no record
_NUMBER = re.compile(r"[-+(]?[¥￥$€£]?\s?[-+]?\d[\d.,' ]*[%‰)]?|[-+]?[.,]\d+")
_DATE = re.compile(
    r"(?:\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?|月)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
    r"(?:[ T].{1,20})?"
)
_MAX_VALUE_CHARS = 40  # of a number or a date
_PRIOR = 1  # most such files have a header


def extract_csv(data: bytes) -> Extraction:
    """Read a table whose fields are separated by commas, semicolons, tabs or bars.

    :param data: The file's bytes.
    :return: Its text; its records are its places, numbered as rows.
    :raises DocumentError: When the bytes are not text or the text is too long.
    """
    decoded, encoding = decode(data)
    text = clean_text(_INNER_BREAKS.sub(" ", decoded))
    refuse_too_much(len(text))
    told = _SEPARATOR_LINE.match(text)
    text = text[told.end() :] if told else text
    delimiter = told.group(1) if told and told.group(1) != '"' else _find_delimiter(text)
    quoting, warnings = csv.QUOTE_MINIMAL, []
    if text.count('"') % 2 and _is_swallowed(text, delimiter):
        quoting = csv.QUOTE_NONE
        warnings = ["A quotation mark is never closed; all of them were read as plain characters."]
    builder = TextBuilder()
    add_rows(builder, _rows(text, delimiter, quoting), prior=_PRIOR)
    return builder.extraction(MEDIA_TYPE, "", warnings, encoding)


def _records(
    text: str, delimiter: str, quoting: int = csv.QUOTE_MINIMAL
) -> Iterator[tuple[int, list[str]]]:
    """Give each record with the number of lines read up to its end."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=quoting,  # type: ignore[arg-type]  # an int here, a literal there
        skipinitialspace=True,
    )
    # The limit belongs to the whole process; it is put back between two records.
    while True:
        limit = csv.field_size_limit(len(text) + 1)
        try:
            record = next(reader, None)
        finally:
            csv.field_size_limit(limit)
        if record is None:
            return
        yield reader.line_num, record


def _rows(text: str, delimiter: str, quoting: int) -> Iterator[Row]:
    for number, (_, record) in enumerate(_records(text, delimiter, quoting), 1):
        if len(record) > _MAX_COLUMNS:
            raise DocumentError(f"It has a record of more than {_MAX_COLUMNS:,} columns; split it.")
        cells = tuple(
            Cell(column, field.strip(), _kind(field.strip()))
            for column, field in enumerate(record, 1)
            if field and not field.isspace()
        )
        if cells:
            yield Row(number, cells)


def _kind(field: str) -> CellKind:
    if len(field) > _MAX_VALUE_CHARS or not any(char.isdecimal() for char in field):
        return CellKind.TEXT
    if _DATE.fullmatch(field):
        return CellKind.DATE
    return CellKind.NUMBER if _NUMBER.fullmatch(field) else CellKind.TEXT


def _find_delimiter(text: str) -> str:
    """Find the delimiter that cuts the most records into equally many fields."""
    sample = text[:_SAMPLE_CHARS]
    shares = {delimiter: _evenness(sample, delimiter) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda delimiter: shares[delimiter])
    return best if shares[best] >= _LEAST_EVEN else _NO_DELIMITER


def _evenness(sample: str, delimiter: str) -> float:
    records = islice(_records(sample, delimiter), _SAMPLE_RECORDS)
    widths = Counter(len(record) for _, record in records if record)
    n_most = max((n for width, n in widths.items() if width > 1), default=0)
    return n_most / max(widths.total(), 1)


def _is_swallowed(text: str, delimiter: str) -> bool:
    before = n_lines = 0
    for line, _ in _records(text, delimiter):
        before, n_lines = line, line - before
    return n_lines >= _SWALLOWED_LINES
