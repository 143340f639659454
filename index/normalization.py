"""Normalization: any text → its search copy (folded text) with a map back to the text.

Folding is Unicode NFKC, lower case and traditional → simplified Chinese, each character on its own
(with its combining marks), repeated until nothing changes, so that it is idempotent. Markdown's
emphasis and code marks become spaces. What is shown to people is always the text itself.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Span

# Marks that would stand between a word and its neighbours: ** and __ around words, ` and leading #.
_MARKS = re.compile(
    r"\*\*+|`+|~~+|(?<!\w)__+(?=\w)|(?<=\w)__+(?!\w)"
    r"|(?m:^[ \t]*#{1,6}(?:[ \t]+#{1,6})*(?=[ \t]))"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_PASSES = 4  # the longest chain in Unicode 16 needs 2


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A search copy and where each of its characters comes from."""

    text: str
    starts: NDArray[np.int64] | None  # (len(text),) None: every character maps to its own place
    ends: NDArray[np.int64] | None  # (len(text),) end of the original character(s)

    def to_original(self, start: int, end: int) -> Span:
        """Map a range of the search copy to the range of the original that gave rise to it.

        :param start: First character in the search copy.
        :param end: One past the last; not before start.
        :return: The covering range in the original text.
        :raises ValueError: When the range does not lie inside the search copy.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is outside a text of {len(self.text)} characters")
        if self.starts is None or self.ends is None:
            return Span(start, end)
        if start == end:
            at = int(self.starts[start]) if start < len(self.text) else self._original_length()
            return Span(at, at)
        return Span(int(self.starts[start]), int(self.ends[end - 1]))

    def _original_length(self) -> int:
        return int(self.ends[-1]) if self.ends is not None and len(self.ends) else 0


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _opencc() -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC("t2s")
    return converter


@cache
def _simplify(char: str) -> str:
    return _opencc().convert(char) if char > "\u2e7f" else char


def _fold_cluster(cluster: str) -> str:
    """Fold one character with its combining marks until it no longer changes."""
    for _ in range(_MAX_PASSES):
        folded = unicodedata.normalize("NFKC", cluster).lower()
        folded = "".join(map(_simplify, folded))
        folded = unicodedata.normalize("NFKC", folded)
        if folded == cluster:
            break
        cluster = folded
    return cluster


class _FoldTable(dict[int, str]):
    """Folded form by code point, filled as characters are met; for ``str.translate``."""

    def __missing__(self, code: int) -> str:
        folded = _fold_cluster(chr(code))
        self[code] = folded
        return folded


_TABLE = _FoldTable()


def blank_marks(text: str) -> str:
    """Return the text with Markdown's marks replaced by as many spaces."""
    while (blanked := _MARKS.sub(_spaces, text)) != text:  # "# # a": one mark uncovers the next
        text = blanked
    return text


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group())


def fold(text: str) -> FoldedText:
    """Make the search copy of a text.

    :param text: Any string; lone surrogates become U+FFFD in the copy only.
    :return: The copy with its map; the map is monotone and folding the copy again changes nothing.
    """
    text = _SURROGATE.sub("\ufffd", text)
    folded = text.translate(_TABLE)
    # A length that stays means that every character became one character: nothing folds to none.
    if len(folded) == len(text) and unicodedata.is_normalized("NFKC", folded):
        return FoldedText(blank_marks(folded), None, None)
    return _fold_clusters(text)


def fold_text(text: str) -> str:
    """Return the search copy alone."""
    return fold(text).text


def _fold_clusters(text: str) -> FoldedText:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        folded = _TABLE[ord(text[start])] if end == start + 1 else _fold_cluster(text[start:end])
        pieces.append(folded)
        starts += [start] * len(folded)
        ends += [end] * len(folded)
    return FoldedText(
        blank_marks("".join(pieces)),
        np.asarray(starts, np.int64),  # (n_folded,)
        np.asarray(ends, np.int64),  # (n_folded,)
    )


@cache
def _is_mark(char: str) -> bool:
    # Decomposed first: some vowel signs (U+0F73) are starters that decompose to two marks. The
    # vowels and final consonants of Hangul (U+1160 to U+11FF) are starters that join a syllable.
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.combining(first) != 0 or "\u1160" <= first <= "\u11ff"


def _composes(pair: str) -> bool:
    return len(unicodedata.normalize("NFKC", pair)) == 1


def _clusters(text: str) -> list[tuple[int, int]]:
    """Cut before every character that cannot join the one before it."""
    cuts = [0]
    for at in range(1, len(text)):
        joined = text[at - 1 : at + 1]
        if joined.isascii() or not (_is_mark(text[at]) or _composes(joined)):
            cuts.append(at)
    return list(zip(cuts, [*cuts[1:], len(text)], strict=True)) if text else []
