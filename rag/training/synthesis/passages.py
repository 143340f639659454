"""The documents of the Chinese corpus, and their cutting into passages of whole sentences."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from random import Random
from typing import NamedTuple

from rag.training.synthesis.writing import MAX_PASSAGE_CHARS, MIN_PASSAGE_CHARS

_MOST_WINDOWS = {"zhwiki": 3, "news": 6}
_SENTENCE = re.compile(r"[^。!?;\n]*[。!?;\n]+[」”\"』》)]*|[^。!?;\n]+$")
_EMPTY_BRACKETS = re.compile(r"\(\s*[,、;:·\s]*\)|\[查看原文\]\([^)]*\)|【[^】]{0,6}】")
_LEADING_MARK = re.compile(r"\(\s*[,、;:·]\s*")


class Document(NamedTuple):
    """A document of the corpus: ``sections`` are pairs of a heading and its paragraphs."""

    number: int
    source: str
    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def subject(self) -> str:
        """The title without its bracketed disambiguation."""
        return re.sub(r"\s*\(.*?\)", "", self.title).strip()


def read_lines(path: Path, limit: int | None) -> Iterator[tuple[int, str]]:
    """Yield the first ``limit`` lines of an xz-compressed file with their numbers."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            if limit is not None and number >= limit:
                return
            yield number, line


def parse_document(number: int, line: str) -> Document:
    """Return the document that a line of the corpus holds, without its empty brackets."""
    record = json.loads(line)
    sections = tuple(
        (heading, tuple(_clean(paragraph) for paragraph in paragraphs))
        for heading, paragraphs in record["secs"]
    )
    return Document(number, record["src"], unescape(unescape(record["title"])), sections)


def cut_sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of ``text``: whole, in order."""
    return [match.span() for match in _SENTENCE.finditer(text)]


def cut_passages(document: Document, random: Random) -> list[str]:
    """Cut a document into passages of 80 to 500 characters, and draw some of them.

    Now and then a passage opens with its title or its heading on a line of its own, as the pages
    of real documents do.
    """
    cut = (
        _with_heading(window, document, heading, random)
        for heading, paragraphs in document.sections
        for window in _windows(paragraphs, random)
    )
    windows = [window for window in cut if _is_prose(window)]
    most = _MOST_WINDOWS[document.source]
    if document.source == "zhwiki" and len(windows) > 1:
        most = random.choice((2, 3, 3))
    random.shuffle(windows)
    return windows[:most]


def _clean(paragraph: str) -> str:
    text = _LEADING_MARK.sub("(", _EMPTY_BRACKETS.sub("", unescape(unescape(paragraph))))
    return "" if "<" in text or "{" in text else text.strip()


def _windows(paragraphs: tuple[str, ...], random: Random) -> Iterator[str]:
    window, most = "", random.randint(120, 480)
    for paragraph in paragraphs:
        glue = random.choice(("", "", "\n"))
        for index, (start, end) in enumerate(cut_sentences(paragraph)):
            sentence = paragraph[start:end]
            if window and len(window) + len(sentence) > most:
                yield window
                window, most = "", random.randint(120, 480)
            window += (glue if window and index == 0 else "") + sentence
    yield window


def _with_heading(window: str, document: Document, heading: str, random: Random) -> str:
    draw = random.random()
    if draw < 0.12 and document.title not in window[:40]:
        window = f"{document.title}\n{window}"
    elif draw < 0.3 and heading:
        window = f"{heading}\n{window}"
    return window.strip()


def _is_prose(window: str) -> bool:
    if not MIN_PASSAGE_CHARS <= len(window) <= MAX_PASSAGE_CHARS:
        return False
    n_han = sum("一" <= char <= "龥" for char in window)
    n_stops = sum(char in "。!?,;" for char in window)
    return n_han > 0.6 * len(window) and n_stops * 60 > len(window) and "|" not in window
