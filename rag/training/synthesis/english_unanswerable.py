"""English questions that a passage seems to answer and does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random

from rag.training.synthesis.english_lexicon import (
    NAME,
    Lexicon,
    inner_names,
    without_possessive,
)
from rag.training.synthesis.english_phrasing import Draft
from rag.training.synthesis.english_tokens import DATE

NamePool = dict[str, list[str]]
_STATEMENT = re.compile(r"What (?:did|does|was|were|has|have|is|are|will) ")
_TIME = re.compile(r"\b(when|after|before|ago|today|yesterday|week|month|year)\b")
_AMOUNT = re.compile(r"\d|\b(two|three|four|five|six|ten|million|percent)\b")
_REASON = re.compile(r"\b(because|due to|since|thanks to|in order|so that|reason|to)\b")
_TRIES = 5
_ORDINARY = 20  # a name that stands in lower case as often is a word


def name_pool(texts: Iterable[str], lexicon: Lexicon) -> NamePool:
    """Collect the names and dates of texts by type: date, person, place, name."""
    pool: NamePool = {"date": [], "person": [], "place": [], "name": []}
    for text in texts:
        pool["date"] += [match.group() for match in DATE.finditer(text)]
        for name in map(without_possessive, inner_names(text)):
            if lexicon.lower[name.lower()] < _ORDINARY and not DATE.search(name):
                pool[lexicon.name_kind(name)].append(name)
    return pool


def swap_name(
    question: str, passage: str, pool: NamePool, lexicon: Lexicon, random: Random
) -> str | None:
    """Put another name or date of the same type into a question, one that the passage lacks.

    :param pool: Names and dates of other passages.
    :return: The question that the passage no longer answers; None when it names nothing.
    """
    rest = question[1:]  # its first word is capitalised whatever it is
    spots = [("date", *match.span()) for match in DATE.finditer(rest)]
    dates = list(spots)
    for match in NAME.finditer(rest):
        name = without_possessive(match.group())
        if not any(match.start() < end and start < match.end() for _, start, end in dates):
            spots.append((lexicon.name_kind(name), match.start(), match.start() + len(name)))
    random.shuffle(spots)
    for kind, start, end in spots:
        for other in random.choices(pool[kind], k=_TRIES) if pool[kind] else ():
            old = rest[start:end]
            digits = any(map(str.isdigit, other)) == any(map(str.isdigit, old))
            if (kind != "date" or digits) and other not in passage and old not in other:
                return question[0] + rest[:start] + other + rest[end:]
    return None


def ask_missing(passage: str, drafts: Iterable[Draft], random: Random) -> str | None:
    """Ask when, how much or why of a statement, where the passage holds no such thing."""
    statements = [
        draft.question
        for draft in drafts
        if draft.kind == "object" and _STATEMENT.match(draft.question)
    ]
    words: list[str] = []
    if not DATE.search(passage) and not _TIME.search(passage):
        words += ["When", "In what year", "What year"]
    if not _AMOUNT.search(passage):
        words += ["How much money", "How many people"]
    if not _REASON.search(passage):
        words.append("Why")
    if not statements or not words:
        return None
    return random.choice(statements).replace("What", random.choice(words), 1)
