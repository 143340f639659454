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
MOST_PATTERN_CHARS = 1000  # of each; and of all those with ``*``, ``?`` or ``[…]`` together, for
# every file's path is compared with every character of these: 5 s at worst for 100,000 files.
_WILD = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Selection:
    """Documents, and the rows of their chunks."""

    doc_ids: tuple[str, ...]
    rows: NDArray[np.int64]  # (n,) rising
    is_all: bool  # no document is left out

    @classmethod
    def make(cls, store: ChunkStore, patterns: Sequence[str]) -> Self:
        """Find the documents that have a file which matches any of some patterns.

        :param store: Of all documents; a copy of a file counts by its own path.
        :param patterns: At least one.
        :raises SelectionError: When there are too many, or one is too long or empty.
        """
        matches = match_sources(patterns)
        found: dict[str, tuple[int | None, int]] = {}
        others: set[str] = set()
        for source, doc_id, first_row, n_chunks in store.rows_by_source():
            if matches(source):
                found[doc_id] = (first_row, n_chunks)
            else:
                others.add(doc_id)
        # An engine numbers a document's chunks only within it, and asks by documents.
        placed = [np.arange(first, first + n) for first, n in found.values() if first is not None]
        rows = np.concatenate([np.empty(0, np.int64), *placed])
        return cls(tuple(found), np.sort(rows), is_all=others <= found.keys())


def match_sources(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Make the test for paths.

    :param patterns: At least one.
    :return: Tells whether a file's path, relative and with ``/``, matches any of them.
    :raises SelectionError: When there are too many, or they are too long or empty.
    """
    if isinstance(patterns, str) or not 1 <= len(patterns) <= MOST_PATTERNS:
        raise SelectionError(f"Give a list of 1 to {MOST_PATTERNS} paths or patterns.")
    for pattern in patterns:  # all of them before any is folded, which may take the square of it
        if not 1 <= len(pattern) <= MOST_PATTERN_CHARS:
            raise _no_pattern(pattern)
    plain = {_plain(form) for pattern in patterns for form in (pattern, _slashed(pattern))}
    wild = [_plain(_slashed(pattern)) for pattern in patterns if _WILD.search(pattern)]
    if sum(map(len, wild)) > MOST_PATTERN_CHARS:
        raise SelectionError(
            f"Patterns with *, ? or [ must have at most {MOST_PATTERN_CHARS} characters together."
        )
    # Itself, or what lies in a folder of that name; ``*`` at the beginning passes folders anyway.
    by_path = [translate(form) for glob in wild for form in (glob, f"{glob}/*")]
    by_name = [translate(glob) for glob in wild if "/" not in glob and not glob.startswith("*")]
    matches_path, matches_name = _any_of(by_path), _any_of(by_name)

    def matches(source: str) -> bool:
        path = _fold(source)
        name = path.rpartition("/")[2]
        if path in plain or name in plain:
            return True
        if any(path[:at] in plain for at, char in enumerate(path) if char == "/"):
            return True
        return matches_path(path) or matches_name(name)

    return matches


def _any_of(expressions: Sequence[str]) -> Callable[[str], bool]:
    if not expressions:
        return lambda _: False
    regex = re.compile("|".join(expressions))
    return lambda text: regex.match(text) is not None


def _slashed(pattern: str) -> str:
    return pattern.replace("\\", "/")  # of Windows


def _plain(pattern: str) -> str:
    folded = _fold(pattern).removeprefix("./").strip("/")
    if not folded:
        raise _no_pattern(pattern)
    return folded


def _no_pattern(pattern: str) -> SelectionError:
    return SelectionError(
        f"A path or pattern must have 1 to {MOST_PATTERN_CHARS} characters, got {pattern[:80]!r}."
    )


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
