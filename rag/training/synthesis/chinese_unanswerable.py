"""Questions that a passage seems to answer and does not."""

from __future__ import annotations

import re
from random import Random

from rag.training.synthesis.chinese_names import Names
from rag.training.synthesis.chinese_phrasing import polish
from rag.training.synthesis.chinese_spans import DATE, NUMBER, Candidate
from rag.training.synthesis.chinese_text import Analysis
from rag.training.synthesis.tables import load_table
from rag.training.synthesis.writing import Question

_UNTOLD = {
    kind: [(bank["cues"], bank["asks"].split()) for bank in banks]
    for kind, banks in load_table("chinese_untold.toml").items()
}
_SWAPPED = ("person", "organization", "place", "title")


def ask_in_vain(
    analysis: Analysis,
    candidates: list[Candidate],
    questions: tuple[Question, ...],
    names: Names,
    random: Random,
) -> str | None:
    """Return a question that looks as if the passage answered it, or None.

    Half of them swap a name, a date or a number in one of its questions for one that the passage
    lacks; the others ask of something it names what it does not tell.
    """
    if random.random() < 0.5 and questions:
        swapped = _swap(analysis.text, random.choice(questions).question, candidates, names, random)
        if swapped:
            return swapped
    return _ask_untold(analysis.text, candidates, random)


def _swap(
    text: str, question: str, candidates: list[Candidate], names: Names, random: Random
) -> str | None:
    found = [
        (candidate.kind, text[candidate.start : candidate.end])
        for candidate in candidates
        if candidate.kind in _SWAPPED and text[candidate.start : candidate.end] in question
    ]
    found += [("date", m.group()) for m in DATE.finditer(question) if len(m.group()) > 3]
    found += [("number", m.group()) for m in NUMBER.finditer(question) if m.group()[0].isdigit()]
    if not found:
        return None
    kind, old = random.choice(found)
    new = _another(kind, old, names, random)
    if not new or new in text or old in new or new in old:
        return None
    return question.replace(old, new)


def _another(kind: str, old: str, names: Names, random: Random) -> str | None:
    if kind in ("date", "number"):
        return re.sub(r"\d+", lambda match: _other_number(match.group(), random), old, count=1)
    if kind == "person":
        return names.draw("{person}", random)
    pool = {"organization": names.organizations, "place": names.places, "title": names.books}[kind]
    return random.choice(pool) if pool else None


def _other_number(digits: str, random: Random) -> str:
    value = int(digits) if len(digits) < 9 else 0
    return str(max(1, value + random.choice((-12, -7, -3, -2, -1, 1, 2, 3, 5, 10, 20))))


def _ask_untold(text: str, candidates: list[Candidate], random: Random) -> str | None:
    known = [candidate for candidate in candidates if candidate.kind in _UNTOLD]
    if not known:
        return None
    about = random.choice(known)
    name = text[about.start : about.end]
    cues, asks = random.choice(_UNTOLD[about.kind])
    if len(name) > 20 or "、" in name or re.search(cues, text):
        return None
    if about.kind == "title" and name[0] != "《":
        return None
    return polish(random.choice(asks).replace("{s}", name), random)
