"""Questions from surface patterns of English: appositions, titles, abbreviations, ages, quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from rag.training.synthesis.english_lexicon import Lexicon
from rag.training.synthesis.english_phrasing import Draft
from rag.training.synthesis.english_words import ROLES

_ROLE = "(?:" + "|".join(sorted(ROLES, key=len, reverse=True)) + ")"
_NAME = r"[A-Z][\w'’-]+(?: (?:[A-Z]\. ?|[A-Z][\w'’-]+|de|van|von|bin|al)){1,3}"
_ABBREVIATION = re.compile(
    r"((?:[A-Z][\w'’-]+ (?:(?:of|for|and|the|on|in) ){0,2}){1,6}[A-Z][\w'’-]+) \(([A-Z]{2,7})\)"
)
_APPOSITION = re.compile(
    rf"({_NAME}), (?:the |a |an )?"
    rf"((?i:(?:[\w-]+ ){{0,3}}{_ROLE}(?: (?:of|at|for|with|and|in) [^,.;()\"]{{3,60}})?)),"
)
_TITLED = re.compile(rf"((?:[A-Z][\w.-]*(?:'s)? ){{0,3}}(?i:(?:[\w-]+ )?{_ROLE})) ({_NAME})")
_TITLE_OPENING = re.compile(r"^(?:the|a|for|in|as|by|and|but|with|to|of|from) ", re.I)
_OWNER = re.compile(rf"((?:[A-Z][\w.-]*(?:'s)? ?)+?) ((?i:(?:[\w-]+ )?{_ROLE}))")
_AGE = re.compile(
    rf"({_NAME}), (?:aged )?(\d{{1,2}}),|({_NAME}),? who is (\d{{1,2}})\b"
    rf"|(\d{{1,2}})-year-old ({_NAME})"
)
_WHO = re.compile(rf"({_NAME}), who ((?:is|was|has|had|were|will) [^,.;()\"]{{8,80}})")
_CALLED = re.compile(
    r"((?:[a-z-]+ )?[a-z]+),? (?:is |was )?(?:called|titled|entitled|named|dubbed) "
    r"[\"']([^\"]{2,50})[\"']"
)
_SAID = re.compile(
    rf"\"([^\"]{{15,160}})[,.]?\" (?:said|says) ({_NAME})"
    rf"|\"([^\"]{{15,160}})[,.]?\" ({_NAME}) (?:said|says)"
)
_MAX_QUOTED = 90  # characters of a quotation in a question


def pattern_questions(text: str, lexicon: Lexicon, random: Random) -> Iterator[Draft]:
    """Ask what surface patterns of a sentence state with certainty."""
    yield from _abbreviations(text, random)
    yield from _roles(text, lexicon, random)
    yield from _ages(text, lexicon, random)
    for match in _WHO.finditer(text):
        if lexicon.is_person(match[1]):
            yield Draft(f"who {match[2]}", *match.span(1), "person")
    for match in _CALLED.finditer(text):
        noun = match[1].rsplit(" ", 1)[-1]
        yield Draft(f"what is the {noun} called", *match.span(2), "title")
    for match in _SAID.finditer(text):
        quote = (match[1] or match[3]).strip(" ,.")
        if len(quote) > _MAX_QUOTED:
            quote = quote[:_MAX_QUOTED].rsplit(" ", 1)[0]
        yield Draft(f'who said "{quote}"', *match.span(2 if match[2] else 4), "person")


def _abbreviations(text: str, random: Random) -> Iterator[Draft]:
    for match in _ABBREVIATION.finditer(text):
        initials = list(re.finditer(r"\b[A-Z]", match[1]))
        letters = "".join(m.group() for m in initials)
        if not letters.endswith(match[2]):
            continue
        start = match.start(1) + initials[len(letters) - len(match[2])].start()
        end = match.end(1)
        question = random.choice(
            (f"what does {match[2]} stand for", f"what is the full name of the {match[2]}")
        )
        yield Draft(question, start, end, "abbreviation")
        question = f"what is the abbreviation of {text[start:end]}"
        yield Draft(question, *match.span(2), "abbreviation")


def _roles(text: str, lexicon: Lexicon, random: Random) -> Iterator[Draft]:
    for match in _APPOSITION.finditer(text):
        name, role = match.groups()
        if not lexicon.is_person(name):
            continue
        if " " in role:
            yield Draft(f"who is the {role}", *match.span(1), "person")
        question = random.choice(
            (f"what is {name}'s job", f"what is {name}'s position", f"who is {name}")
        )
        yield Draft(question, *match.span(2), "role")
    for match in _TITLED.finditer(text):
        title, name = _TITLE_OPENING.sub("", match[1]), match[2]
        if " " not in title or not title[0].isupper() or not lexicon.is_person(name):
            continue
        yield Draft(f"who is the {_of_owner(title)}", *match.span(2), "person")
        question = random.choice((f"what is {name}'s position", f"who is {name}"))
        yield Draft(question, match.end(1) - len(title), match.end(1), "role")


def _of_owner(title: str) -> str:
    """Turn "Apple CEO" into "CEO of Apple"."""
    match = _OWNER.fullmatch(title)
    if match is None:
        return title
    owner = match[1].removesuffix("'s")
    return f"{match[2]} of {owner}"


def _ages(text: str, lexicon: Lexicon, random: Random) -> Iterator[Draft]:
    for match in _AGE.finditer(text):
        name = match[1] or match[3] or match[6]
        if lexicon.is_person(name):
            question = random.choice((f"how old is {name}", f"what is the age of {name}"))
            group = next(n for n in (2, 4, 5) if match[n])
            yield Draft(question, *match.span(group), "age")
