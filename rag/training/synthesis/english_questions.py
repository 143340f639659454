"""Questions about the parts of a clause: subject, objects, agent, predicate noun."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from rag.function_words import FUNCTION_WORDS
from rag.training.synthesis.english_adverbials import adverbial_questions, number_questions
from rag.training.synthesis.english_lexicon import Lexicon
from rag.training.synthesis.english_phrasing import PHRASE_ENDS, Draft, Phrasing, join
from rag.training.synthesis.english_syntax import Clause
from rag.training.synthesis.english_tokens import DATE
from rag.training.synthesis.english_words import (
    BE,
    DURATIONS,
    HEDGES,
    PARTICIPLE_LEMMA,
    PAST_OF,
    PREPOSITIONS,
    SCALES,
    TWO_OBJECT_VERBS,
)

_NO_OBJECTS = DURATIONS | frozenset(
    {"place", "part", "twice", "everywhere", "once", "shape", "care", "time", "today", "tomorrow"}
    | {"yesterday", "anything", "morning", "evening", "night", "afternoon", "times", "moment"}
)
_NOUN_ENDING = re.compile(r"(?:[^s]s|tion|ment|ness|ity|ance|ence|ism|er|or|ist|logy|ship|ware)$")
_POINTERS = frozenset(
    {"this", "that", "these", "those", "such", "their", "his", "her", "its", "my", "our", "your"}
    | {"another", "other", "both"}
)
_PARTICLES = frozenset({"up", "out", "down", "back", "away"})
_SECOND = frozenset({"with", "to", "for", "from", "against", "about", "into", "as"})
_CIRCUMSTANCES = frozenset({"in", "at", "on", "during", "since", "until", "after", "before"})
_MAX_PHRASE = 12  # words
_PERSON_WORDS = ("who", "which person")


def clause_questions(
    clause: Clause, antecedent: str | None, lexicon: Lexicon, random: Random
) -> list[Draft]:
    """Make the questions that a clause answers.

    :param clause: A parsed clause.
    :param antecedent: The person that "he" or "she" may mean, None when unknown.
    :return: Drafts, unpolished: lower-case first letter, no question mark.
    """
    subject = _subject_words(clause, antecedent)
    if subject is None:
        return []
    phrasing = Phrasing(clause, subject, lexicon, random)
    if subject == "there":
        return list(number_questions(phrasing))
    return [
        *_subject_questions(phrasing),
        *_object_questions(phrasing),
        *adverbial_questions(phrasing),
    ]


def _subject_words(clause: Clause, antecedent: str | None) -> str | None:
    first = clause.tokens[clause.subject[0]]
    if first.tag == "R":
        if first.lower in ("he", "she"):
            return antecedent
        return first.lower if first.lower in ("there", "it", "they") else None
    words = clause.words(*clause.subject)
    lowered = first.tag != "K" and (words[1:2].islower() or first.lower == "a")
    return words[0].lower() + words[1:] if lowered else words


def _subject_questions(phrasing: Phrasing) -> Iterator[Draft]:
    clause, tokens = phrasing.clause, phrasing.tokens
    start, end = clause.subject
    first = tokens[start]
    if first.tag == "R" or end - start > _MAX_PHRASE or first.lower in _POINTERS:
        return
    rest = join(clause.words(*clause.verb), phrasing.predicate())
    # "the bank", "the call": what they are, the sentence before has said.
    vague = end - start <= 2 and tokens[end - 1].tag == "N" and phrasing.random.random() < 0.7
    if vague or not _tells_enough(rest):
        return
    if first.tag == "#" or clause.words(start, end).lower().startswith(tuple(HEDGES)):
        yield from _subject_number(phrasing, rest)
        return
    if clause.base in ("say", "add") and phrasing.random.random() < 0.6:
        return
    answer = phrasing.without_article(start, end)
    word = phrasing.question_word(answer, end, subject=True)
    kind = "person" if word in _PERSON_WORDS else "subject"
    yield phrasing.draft(join(word, rest), answer, end, kind)


def _tells_enough(rest: str) -> bool:
    words = rest.split()
    content = [w for w in re.findall(r"[\w'’-]+", rest.lower()) if w not in FUNCTION_WORDS]
    return len(content) >= 2 and len(words) >= 4 and words[-1].lower() not in PREPOSITIONS


def _subject_number(phrasing: Phrasing, rest: str) -> Iterator[Draft]:
    """Ask for the number where "more than 300 workers went home"."""
    clause, tokens = phrasing.clause, phrasing.tokens
    start, end = clause.subject
    number = next((k for k in range(start, end) if tokens[k].tag == "#"), end)
    stop = number + 1
    while stop < end and tokens[stop].lower in SCALES:
        stop += 1
    if stop < end and tokens[stop].tag in "NKP":
        amount = clause.words(start, stop)
        word = "what percentage" if "cent" in amount or "%" in amount else "how many"
        yield phrasing.draft(join(word, clause.words(stop, end), rest), start, stop, "number")


class _Object(NamedTuple):
    """The noun phrase after the verb: token positions, and the preposition or particle before."""

    start: int
    answer: int
    end: int
    preposition: str


def _object_questions(phrasing: Phrasing) -> Iterator[Draft]:
    clause = phrasing.clause
    full_verb = phrasing.is_passive or phrasing.last_verb.endswith("ing")
    if phrasing.finite.lower in BE and not full_verb:
        if clause.verb[1] - clause.verb[0] == 1:
            yield from _copula_questions(phrasing)
        return
    found = _find_object(phrasing)
    if found is None:
        return
    end = clause.predicate[1]
    following = phrasing.tokens[found.end] if found.end < end else None
    relative = following is not None and (following.tag == "S" or following.lower == "that")
    drop_to = end if relative else found.end
    if found.preposition == "by" and phrasing.is_passive:
        yield from _agent_questions(phrasing, found, drop_to)
    elif found.preposition:
        yield from _prepositional_question(phrasing, found, clause.words(drop_to, end))
    else:
        word = phrasing.question_word(found.answer, found.end, subject=False)
        kind = "person" if word in _PERSON_WORDS else "object"
        question = join(word, phrasing.inverted((found.start, drop_to)))
        yield phrasing.draft(question, found.answer, found.end, kind)
        if not relative:
            yield from _second_object(phrasing, found.end)


def _prepositional_question(phrasing: Phrasing, found: _Object, rest: str) -> Iterator[Draft]:
    """Ask for B where "X looked for B", the preposition left at the end."""
    clause, preposition = phrasing.clause, found.preposition
    word = phrasing.question_word(found.answer, found.end, subject=False)
    person = word in _PERSON_WORDS
    if preposition in _CIRCUMSTANCES:
        place = phrasing.lexicon.is_place(clause.words(found.answer, found.end))
        if person or (place and preposition in ("in", "at")):
            return  # a place is asked for with "where"
    verb = phrasing.inverted(clause.predicate)
    question = join(word, verb, preposition, rest if len(rest) < 60 else "")
    yield phrasing.draft(question, found.answer, found.end, "person" if person else "object")


def _find_object(phrasing: Phrasing) -> _Object | None:
    tokens, (start, end) = phrasing.tokens, phrasing.clause.predicate
    at, preposition = start, ""
    if start + 1 < end and (
        (tokens[start].tag == "P" and tokens[start].lower not in ("of", "than", "like"))
        or (tokens[start].lower in _PARTICLES and tokens[start + 1].tag in "DK")
    ):
        at, preposition = start + 1, tokens[start].text
    if at >= end or (preposition == "to" and (tokens[at].tag == "N" or phrasing.is_infinitive(at))):
        return None
    stop = phrasing.phrase_end(at)
    if stop == at or stop - at > _MAX_PHRASE:
        return None
    found = _Object(start, phrasing.without_article(at, stop), stop, preposition)
    if not preposition and not _is_direct_object(phrasing, found):
        return None
    return found if _is_thing(phrasing, found, at) else None


def _is_thing(phrasing: Phrasing, found: _Object, at: int) -> bool:
    """Tell a noun phrase from a date, a number, a pointer, an adjective or an adverb."""
    tokens, text = phrasing.tokens, phrasing.clause.text
    last = tokens[found.end - 1].text
    lone = found.end - found.answer == 1
    bare = found.end - at == 1 and tokens[at].tag == "N"
    return not (
        DATE.match(text, tokens[found.answer].start)
        or tokens[at].lower in PHRASE_ENDS
        or (bare and not _NOUN_ENDING.search(last))
        or tokens[found.answer].tag == "#"
        or (lone and tokens[found.answer].tag in "DR")
        or last.endswith("ing")
    )


def _is_direct_object(phrasing: Phrasing, found: _Object) -> bool:
    last = phrasing.tokens[found.end - 1]
    if last.text in _NO_OBJECTS or last.tag == "B":
        return False
    participle = phrasing.last_verb
    base = PARTICIPLE_LEMMA.get(participle) or phrasing.lexicon.lemma(participle)
    return not phrasing.is_passive or base in TWO_OBJECT_VERBS


def _second_object(phrasing: Phrasing, at: int) -> Iterator[Draft]:
    """Ask for B where "X compared A with B"."""
    tokens, end = phrasing.tokens, phrasing.clause.predicate[1]
    if at + 1 >= end or tokens[at].lower not in _SECOND or phrasing.is_infinitive(at + 1):
        return
    stop = phrasing.phrase_end(at + 1)
    if stop == at + 1 or stop != end or stop - at > _MAX_PHRASE:
        return
    answer = phrasing.without_article(at + 1, stop)
    date = DATE.match(phrasing.clause.text, tokens[answer].start)
    if date or tokens[answer].tag not in "NK" or tokens[stop - 1].text in _NO_OBJECTS:
        return
    word = phrasing.question_word(answer, stop, subject=False)
    kind = "person" if word in _PERSON_WORDS else "object"
    yield phrasing.draft(join(word, phrasing.inverted((at + 1, end))), answer, stop, kind)


def _agent_questions(phrasing: Phrasing, found: _Object, drop_to: int) -> Iterator[Draft]:
    """Ask for Y where "X was founded by Y", in the passive and in the active."""
    clause, finite = phrasing.clause, phrasing.finite.lower
    word = phrasing.question_word(found.answer, found.end, subject=False)
    rest = clause.words(drop_to, clause.predicate[1])
    verb = clause.words(clause.verb[0] + 1, clause.verb[1])
    kind = "person" if word in _PERSON_WORDS else "agent"
    passive = join(word, finite, phrasing.subject, verb, "by", rest)
    yield phrasing.draft(passive, found.answer, found.end, kind)
    if finite in ("was", "were") and clause.verb[1] - clause.verb[0] == 2:
        base = PARTICIPLE_LEMMA.get(phrasing.last_verb)
        past = PAST_OF[base] if base else phrasing.last_verb
        active = join(word, past, phrasing.subject, rest)
        yield phrasing.draft(active, found.answer, found.end, kind)


def _copula_questions(phrasing: Phrasing) -> Iterator[Draft]:
    """Ask what X is where "X is the capital of Y", and what is the capital of Y."""
    clause, tokens = phrasing.clause, phrasing.tokens
    start, end = clause.predicate
    if start >= end or tokens[start].tag != "D" or tokens[clause.subject[0]].tag == "R":
        return
    stop = phrasing.phrase_end(start)
    if stop - start < 2 or (stop < end and tokens[stop].tag not in "PS"):
        return
    person = phrasing.lexicon.is_person(clause.words(*clause.subject))
    finite = phrasing.finite.lower
    word = phrasing.pick("who", "what") if person else "what"
    full = end if end - start <= 16 else stop
    yield phrasing.draft(join(word, finite, phrasing.subject), start, full, "definition")
    if tokens[start].lower == "the" and clause.subject[1] - clause.subject[0] <= 8:
        answer, last = phrasing.without_article(*clause.subject), clause.subject[1]
        word = phrasing.question_word(answer, last, subject=False)
        question = join(word, finite, clause.words(start, end))
        yield phrasing.draft(question, answer, last, "person" if person else "subject")
