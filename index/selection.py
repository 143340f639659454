"""Selection: patterns of paths → the documents that a question is answered from.

A pattern is a file's path, a folder's, or either with ``*``, ``?`` and ``[…]``, where ``*`` also
stands for several folders; without a ``/``, a file's name alone may match it. Upper and lower case
are the same, and so are the ways in which Unicode composes a character.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.errors import SelectionError
from index.store import ChunkStore

MOST_PATTERNS = 100
MOST_PATTERN_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Selection:
    """Documents, and the rows of their chunks."""

    doc_ids: tuple[str, ...]  # in the order of their sources
    rows: NDArray[np.int64]  # (n,) rising

    @classmethod
    def make(cls, store: ChunkStore, patterns: Sequence[str]) -> Self:
        """Find the documents that have a file which matches any of some patterns.

        :param store: Of all documents; a copy of a file counts by its own path.
        :param patterns: At least one.
        :raises SelectionError: When there are too many, or one is too long or empty.
        """
        matches = match_sources(patterns)
        found = {
            doc_id: (first_row, n_chunks)
            for source, doc_id, first_row, n_chunks in store.rows_by_source()
            if matches(source)
        }
        # An engine numbers a document's chunks only within it, and asks by documents.
        placed = [np.arange(first, first + n) for first, n in found.values() if first is not None]
        rows = np.concatenate([np.empty(0, np.int64), *placed])
        return cls(tuple(found), np.sort(rows))


def match_sources(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Make the test for paths.

    :param patterns: At least one.
    :return: Tells whether a file's path, relative and with ``/``, matches any of them.
    :raises SelectionError: When there are too many, or one is too long or empty.
    """
    if isinstance(patterns, str) or not 1 <= len(patterns) <= MOST_PATTERNS:
        raise SelectionError(f"Give a list of 1 to {MOST_PATTERNS} paths or patterns.")
    regex = re.compile("|".join(map(_translate, patterns)))
    return lambda source: bool(regex.match(_fold(source)))


def _translate(pattern: str) -> str:
    folded = _fold(pattern.replace("\\", "/")).removeprefix("./").strip("/")
    if not folded or len(pattern) > MOST_PATTERN_CHARS:
        raise SelectionError(
            f"A path or pattern must have 1 to {MOST_PATTERN_CHARS} characters, "
            f"got {pattern[:80]!r}."
        )
    where = "" if "/" in folded else "(?:.*/)?"
    # Itself, or what lies in a folder of that name.
    own, below = translate(folded), translate(f"{folded}/*")
    return f"(?s:{where}(?:{own}))|{below}"


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
