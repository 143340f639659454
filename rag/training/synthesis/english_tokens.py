"""English words with their classes, found by lists, endings and capitals."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.training.synthesis.english_lexicon import Lexicon
from rag.training.synthesis.english_words import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    MONTHS,
    NUMBER_WORDS,
    PREPOSITIONS,
    PRONOUNS,
    SUBORDINATORS,
    WEEKDAYS,
)

WORD = re.compile(
    r"(?:[A-Z]\.){2,}"
    r"|[$£€]\s?\d[\d,.]*\d|[$£€]\s?\d"
    r"|\d[\d,.:]*\d(?:st|nd|rd|th|s|%)?|\d(?:st|nd|rd|th|s|%)?"
    r"|[^\W\d_]\w*(?:(?:['’.-]|\(\))?\w+)*(?:\(\))?"
    r"|\S"
)
_M = "|".join(MONTHS)
_D = "|".join(WEEKDAYS)
DATE = re.compile(
    rf"\b(?:(?:{_D}),? (?:{_M}) \d{{1,2}}(?:, \d{{4}})?"
    rf"|(?:{_M})(?: \d{{1,2}}(?:st|nd|rd|th)?)?,? \d{{4}}\b"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_M})(?:,? \d{{4}})?"
    rf"|(?:{_M}) \d{{1,2}}(?:st|nd|rd|th)?\b"
    rf"|(?:early |late |mid-|the )?(?:1[5-9]\d\d|20\d\d)s?\b(?![,.]\d|%)"
    rf"|(?:last |next )?(?:{_D})(?: night| morning| afternoon| evening)?\b"
    rf"|(?:early |late |mid-|last |next )?(?:{_M})\b"
    rf"|the \d+(?:th|st|nd|rd) century)"
)
_CONTRACTION = re.compile(
    r"(?:i|you|he|she|it|we|they|that|there|who|what|here|let)['’](?:s|re|m|ve|ll|d)"
)
_LY_NOT_ADVERBS = frozenset(
    {"family", "supply", "early", "daily", "weekly", "friendly", "likely", "elderly", "reply"}
    | {"rally", "ally", "assembly"}
)
_CONJUNCTIONS = frozenset({"and", "or", "but", "nor"})
_BE_FORMS = frozenset({"be", "been", "being"})
_CLOSED = (
    *(("C", word) for word in _CONJUNCTIONS),
    *(("D", word) for word in DETERMINERS),
    *(("R", word) for word in PRONOUNS - {"one"}),
    *(("S", word) for word in SUBORDINATORS | _BE_FORMS),
    *(("P", word) for word in PREPOSITIONS),
    *(("B", word) for word in ADVERBS),
)
_TAGS = {word: tag for tag, word in reversed(_CLOSED)}  # the first class named wins


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a sentence.

    :param tag: D determiner, P preposition, S subordinator, R pronoun, A auxiliary, B adverb,
        C conjunction, K capitalised name, # number, N any other word, ``,`` a mark.
    """

    start: int
    end: int
    text: str
    tag: str

    @property
    def lower(self) -> str:
        """The word in lower case."""
        return self.text.lower()


def tokenize(text: str, lexicon: Lexicon) -> tuple[Token, ...]:
    """Cut a sentence into tagged words."""
    return tuple(
        Token(match.start(), match.end(), match.group(), _tag(match.group(), n == 0, lexicon))
        for n, match in enumerate(WORD.finditer(text))
    )


def _tag(word: str, first: bool, lexicon: Lexicon) -> str:
    lower = word.lower()
    if not any(char.isalnum() for char in word):
        return ","
    if word[0].isdigit() or word[0] in "$£€" or lower in NUMBER_WORDS:
        return "#"
    if not first and word in ("May", "Will"):
        return "K"
    if lower in AUXILIARIES and (first or not word[0].isupper()):
        return "A"
    if _CONTRACTION.fullmatch(lower):
        return "S"
    return _TAGS.get(lower) or _open_class(word, first, lexicon)


def _open_class(word: str, first: bool, lexicon: Lexicon) -> str:
    lower = word.lower()
    adverb = word.endswith("ly") and len(word) > 4 and lower not in _LY_NOT_ADVERBS
    if adverb and word == lower and lexicon.lower[lower] > 2:
        return "B"
    seen = lexicon.lower[lower]
    if word[0].isupper() and (not first or lexicon.capital[word] > seen or seen < 3):
        return "K"
    return "N"
