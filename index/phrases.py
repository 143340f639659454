"""Phrases: words that are looked for exactly as they stand, in the folded copy of a text.

The lexical index keeps no positions: the chunks that have all terms of a phrase are its candidates,
and their texts are compared.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from index.segmentation import SPACED, UNSPACED, extract_certain_terms

_IS_UNSPACED = re.compile(UNSPACED)
_IS_SPACED = re.compile(SPACED)
_FREE_SPACES = re.compile(rf"(?<={UNSPACED})\s+|\s+(?={UNSPACED})")  # as good as none


@dataclass(frozen=True, slots=True)
class Phrase:
    """Folded words that follow one another with nothing but white space between them."""

    text: str
    terms: tuple[str, ...]  # that every text with the phrase has, each once; at least one
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, folded: str) -> Self | None:
        """Make a phrase.

        :param folded: Folded text (:func:`index.normalization.fold`).
        :return: The phrase; None for what is too short to be looked for: neither a word of letters
            or digits nor two characters on end of a script that is written without spaces.
        """
        text = _FREE_SPACES.sub("", " ".join(folded.split()))
        terms = extract_certain_terms(text)
        return cls(text, tuple(terms), re.compile(_write_pattern(text))) if terms else None

    def stands_in(self, folded: str) -> bool:
        """Tell whether a text has the phrase.

        :param folded: The text, folded.
        """
        return self.pattern.search(folded) is not None


def _write_pattern(text: str) -> str:
    """Write a phrase as a regular expression.

    Text that comes from pages has its lines broken within Chinese sentences, so white space may
    stand beside any character of a script without spaces. A word of an alphabet or a number is not
    found within a longer one.
    """
    parts = [rf"(?<!{SPACED})"] if _IS_SPACED.match(text[0]) else []
    for char, after in pairwise(text + " "):
        parts.append(r"\s+" if char == " " else re.escape(char))
        if " " not in (char, after) and (_IS_UNSPACED.match(char) or _IS_UNSPACED.match(after)):
            parts.append(r"\s*")
    if _IS_SPACED.match(text[-1]):
        parts.append(rf"(?!{SPACED})")
    return "".join(parts)
