"""Questions about when, where, how many, why, how and under what condition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.training.synthesis.english_phrasing import Draft, Phrasing, join
from rag.training.synthesis.english_tokens import DATE
from rag.training.synthesis.english_words import (
    CATENATIVE_VERBS,
    CURRENCIES,
    DURATIONS,
    HEDGES,
    SCALES,
    SPEECH_VERBS,
)

_SINCE_WHEN = {"since": "since when", "until": "until when", "by": "by when", "from": "from when"}
_NOT_BEFORE_NUMBERS = frozenset({"of", "between", "than", "from", "to", "under"})
_CHANGES = frozenset(
    {"rise", "fall", "increase", "grow", "drop", "decline", "gain", "lose", "climb"}
)
_NOT_AN_AMOUNT = re.compile(r"(st|nd|rd|th|s|\d:\d\d)$")  # ordinals, decades, times of day
_REASON = re.compile(r"(because of|due to|thanks to|because|in order to|so that) (?=\w)")
_CLAUSE_END = re.compile(r"[,;:(]| - |[.!?]?$|[.!?\"] ")


def adverbial_questions(phrasing: Phrasing) -> Iterator[Draft]:
    """Ask for the circumstances that a clause states."""
    yield from _date_questions(phrasing)
    yield from _place_questions(phrasing)
    yield from number_questions(phrasing)
    yield from _said_questions(phrasing)
    yield from _reason_questions(phrasing)


def _date_questions(phrasing: Phrasing) -> Iterator[Draft]:
    clause = phrasing.clause
    for start, end in (clause.predicate, clause.lead):
        if start < end:
            for match in DATE.finditer(clause.text, *clause.span(start, end)):
                draft = _date_question(phrasing, match, start, end)
                if draft:
                    yield draft


def _date_question(phrasing: Phrasing, match: re.Match[str], start: int, end: int) -> Draft | None:
    tokens = phrasing.tokens
    inside = [
        k
        for k in range(start, end)
        if tokens[k].end > match.start() and tokens[k].start < match.end()
    ]
    first, last = inside[0], inside[-1]
    if tokens[first].start > match.start() or tokens[last].end > match.end():
        return None
    drop_from, word = first, _date_word(phrasing, match.group())
    if first > start:
        before = tokens[first - 1]
        if before.lower in ("in", "on", "at", "during"):
            drop_from = first - 1
        elif before.lower in _SINCE_WHEN:
            drop_from, word = first - 1, _SINCE_WHEN[before.lower]
        elif before.tag in "DPK" or before.text == "'s":
            return None
    # "the 2016 election": the year only tells which one.
    modifier = last + 1 < len(tokens) and tokens[last + 1].tag in "NK" and first == drop_from
    if modifier:
        return None
    drop = (drop_from, last + 1) if start == phrasing.clause.predicate[0] else (0, 0)
    return Draft(join(word, phrasing.inverted(drop)), match.start(), match.end(), "date")


def _date_word(phrasing: Phrasing, date: str) -> str:
    if re.fullmatch(r"\d{4}", date):
        return phrasing.pick("when", "when", "in what year", "what year", "in which year")
    if date.endswith("day"):
        return phrasing.pick("when", "when", "on what day", "on which day")
    exact = re.search(r"[a-z] \d{1,2}\b|^\d\d? ", date)
    return phrasing.pick("when", "when", "when", "on what date" if exact else "when")


def _place_questions(phrasing: Phrasing) -> Iterator[Draft]:
    clause, tokens = phrasing.clause, phrasing.tokens
    for start, end in (clause.predicate, clause.lead):
        for at in range(start, end - 1):
            if tokens[at].lower not in ("in", "at", "near") or tokens[at + 1].tag != "K":
                continue
            last = next((k for k in range(at + 1, end) if tokens[k].tag != "K"), end)
            name = clause.words(at + 1, last)
            if not phrasing.lexicon.is_place(name) or DATE.fullmatch(name):
                continue
            drop = (at, last) if start == clause.predicate[0] else (0, 0)
            word = phrasing.pick("where", "where", "where", "in which city or country")
            yield phrasing.draft(join(word, phrasing.inverted(drop)), at + 1, last, "place")


def number_questions(phrasing: Phrasing) -> Iterator[Draft]:
    """Ask for the amounts in the predicate: how many, how much, what percentage, how long."""
    clause, tokens = phrasing.clause, phrasing.tokens
    start, end = clause.predicate
    at = start
    while at < end:
        token = tokens[at]
        if (
            token.tag != "#"
            or _NOT_AN_AMOUNT.search(token.text)
            or DATE.match(clause.text, token.start)
        ):
            at += 1
            continue
        stop = at + 1
        while stop < end and _scales(phrasing, stop):
            stop += 2 if tokens[stop].lower == "per" else 1
        stop = min(stop, end)
        yield from _amount_question(phrasing, at, stop)
        at = stop


def _scales(phrasing: Phrasing, at: int) -> bool:
    token = phrasing.tokens[at]
    per_cent = phrasing.clause.words(at, at + 2).startswith("per cent")
    return token.lower in SCALES or token.text == "%" or per_cent


def _amount_question(phrasing: Phrasing, at: int, stop: int) -> Iterator[Draft]:
    clause, tokens = phrasing.clause, phrasing.tokens
    start = clause.predicate[0]
    amount, unit = clause.words(at, stop), _unit_end(phrasing, stop)
    units = clause.words(stop, unit)
    currency = units.split(" ", 1)[0] in CURRENCIES
    percent = "%" in amount or "cent" in amount
    money = amount[0] in "$£€" or currency
    if (percent or money) and units and not currency:
        return
    if not (percent or money or units):
        return
    begin = _hedge_start(phrasing, at)
    before = tokens[begin - 1] if begin > start else None
    if before and (before.tag != "P" or before.lower in _NOT_BEFORE_NUMBERS):
        return
    drop = (begin - 1 if before else begin, unit)
    if before and before.lower == "for" and units in DURATIONS:
        yield phrasing.draft(join("how long", phrasing.inverted(drop)), at, unit, "duration")
        return
    word, kind = f"how many {units}", "number"
    if percent:
        change = before is None and clause.base in _CHANGES
        word, kind = "by how much" if change else "what percentage", "percent"
    elif money:
        word, kind = phrasing.pick("how much", "how much money"), "money"
    question = join(before.lower if before else "", word, phrasing.inverted(drop))
    first = begin if phrasing.random.random() < 0.5 else at
    yield phrasing.draft(question, first, unit if kind == "money" else stop, kind)


def _unit_end(phrasing: Phrasing, start: int) -> int:
    end, tokens = start, phrasing.tokens
    while (
        end < min(phrasing.clause.predicate[1], start + 4)
        and tokens[end].tag in "NK"
        and not tokens[end].lower.endswith(("ed", "ing"))
    ):
        end += 1
    return end


def _hedge_start(phrasing: Phrasing, at: int) -> int:
    """Return where "more than 300" starts."""
    for width in (3, 2, 1):
        low = at - width
        if low >= phrasing.clause.predicate[0] and phrasing.clause.words(low, at).lower() in HEDGES:
            return low
    return at


def _said_questions(phrasing: Phrasing) -> Iterator[Draft]:
    """Ask what X said where "X said that …", what X wants where "X wants to …"."""
    clause, tokens = phrasing.clause, phrasing.tokens
    start, end = clause.predicate
    if start + 1 >= end:
        return
    if clause.base in CATENATIVE_VERBS and tokens[start].lower == "to":
        question = join("what", phrasing.inverted(clause.predicate), "to do")
        yield phrasing.draft(question, start + 1, end, "action")
    if clause.base not in SPEECH_VERBS or '"' in clause.text:
        return
    at = start + 1 if tokens[start].lower == "that" else start
    low, high = tokens[at].start, len(clause.text.rstrip(" .!?;:\"'"))
    states = any(token.tag == "A" for token in tokens[at + 1 :])
    if states and 12 < high - low < 180 and (at > start or tokens[at].tag in "RDK"):
        yield Draft(join("what", phrasing.inverted(clause.predicate)), low, high, "said")


def _reason_questions(phrasing: Phrasing) -> Iterator[Draft]:
    """Ask for the first reason, means or condition after the verb."""
    clause, tokens = phrasing.clause, phrasing.tokens
    start, end = clause.predicate
    for at in range(start, min(len(tokens) - 2, end + 2)):
        low = tokens[at].start
        reason = _REASON.match(clause.text, low)
        if reason:
            word = phrasing.pick("why", "why", "for what reason")
            question = join(word, phrasing.inverted((min(at, end), end)))
            yield Draft(question, reason.end(), _clause_end(clause.text, reason.end()), "why")
            return
        following = tokens[at + 1]
        if tokens[at].lower == "by" and following.tag == "N" and following.text.endswith("ing"):
            question = join("how", phrasing.inverted((at, end)))
            yield Draft(question, low, _clause_end(clause.text, low), "how")
            return
        if at >= end and _opens_condition(phrasing, at):
            word = phrasing.pick("when", "when", "under what condition", "in which case")
            question = join(word, phrasing.inverted())
            yield Draft(question, low, _clause_end(clause.text, low), "condition")
            return


def _opens_condition(phrasing: Phrasing, at: int) -> bool:
    """Say whether "if", or "when" with a present verb, opens a condition."""
    word = phrasing.tokens[at].lower
    past = phrasing.clause.base is not None and phrasing.is_past
    present = not past and phrasing.finite.lower not in ("was", "were")
    return word == "if" or (word == "when" and present)


def _clause_end(text: str, start: int) -> int:
    match = _CLAUSE_END.search(text, start)
    return match.start() if match else len(text)
