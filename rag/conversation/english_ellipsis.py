"""English ellipsis: the last question with one part exchanged for what a follow-up says."""

import re
from collections.abc import Sequence

from rag.conversation import english_words as en
from rag.conversation.english_entities import (
    asked_for,
    is_person,
    names_in,
    noun_phrases,
    tokens_of,
    topic_of,
)
from rag.conversation.turns import Similarity, Understood
from rag.conversation.values import ValueKind, find_value, kind_of

_END = " \t\n\r?.!？。"
_MAX_ANSWER = 60
_LEADING = re.compile(
    rf"(?P<preposition>(?:{'|'.join(sorted(en.PREPOSITIONS))}) )?(?P<rest>.*)", re.IGNORECASE
)
_ON = frozenset({ValueKind.DATE, ValueKind.WEEKDAY})
_TIMES = _ON | {ValueKind.YEAR, ValueKind.QUARTER, ValueKind.MONTH}
_BOUND = 0.1  # what a preposition adds is exchanged sooner than what the question is about
_BINDING = tuple(f" {preposition} " for preposition in sorted(en.PREPOSITIONS))


def swap_interrogative(base: Understood, asking: str, new: str) -> str | None:
    """Ask the last question for something else: Where did it derail + when → When did it derail.

    :param base: The last turn.
    :param asking: The interrogative of the follow-up.
    :param new: What it asks for.
    :return: The question; None when the last one has nothing to take over.
    """
    question = base.question.strip(_END)
    asked = asked_for(question)
    if not tokens_of(question) or (asked and asked.group() == asking.lower()):
        return None
    opening = asking[:1].upper() + asking[1:]
    if asked is None:
        if question.split()[0].lower() in en.AUXILIARIES and new in en.ADVERBIAL:
            return f"{opening} {question[0].lower()}{question[1:]}?"
        return f"{question}, {asking}?"
    rest = question[asked.end() :].strip()
    is_first = asked.start() == 0
    if is_first and asked.lastgroup in en.ADVERBIAL and new in {*en.ADVERBIAL, "number"}:
        return f"{opening} {rest}?"
    if (
        is_first
        and _has_auxiliary_first(rest)
        and new in en.ADVERBIAL
        and asked.lastgroup == "thing"
    ):
        return f"{opening} {rest}?"
    return _state(question, asked, base.answer, asking)


def _has_auxiliary_first(rest: str) -> bool:
    words = rest.lower().split()
    return bool(words) and words[0] in {"did", "does", "do", "will", "can", "should", "must"}


def _state(question: str, asked: re.Match[str], answer: str, asking: str) -> str:
    answer = answer.strip().rstrip(".")
    rest = question[asked.end() :].strip()
    is_subject = asked.lastgroup == "person" and asked.start() == 0
    is_verb_next = bool(rest) and rest.split()[0].lower() not in en.AUXILIARIES
    if is_subject and is_verb_next and 0 < len(answer) <= _MAX_ANSWER:
        return f"{asking[:1].upper()}{asking[1:]} was it that {answer} {rest}?"
    return f"{question}, and {asking}?"


def replace_part(base: Understood, said: str, similarity: Similarity | None) -> str | None:
    """Ask the last question of something else.

    :param base: The last turn.
    :param said: What the follow-up says.
    :param similarity: Compares words by meaning.
    :return: The question; None when the last one has no part of the kind.
    """
    question = base.question.strip(_END)
    if not noun_phrases(question):
        return None
    leading = _LEADING.match(said)
    preposition = (leading["preposition"] or "").strip() if leading else ""
    bare = leading["rest"] if leading else said
    kind = kind_of(said.lower()) or kind_of(bare.lower())
    if kind:
        return _replace_value(question, kind, preposition, bare)
    attribute = en.ATTRIBUTES.get(re.sub(r"^the ", "", said.lower()))
    asked = asked_for(question)
    if attribute and asked and asked.start() == 0 and asked.lastgroup in en.ADVERBIAL:
        word = {"time": "When", "place": "Where", "reason": "Why"}[attribute]
        return f"{word}{question[asked.end() :]}?"
    if attribute or re.sub(r"^the ", "", said.lower()) in en.OF_THINGS:
        topic = topic_of(question)
        return f"What is {said} of {topic}?" if topic else None
    if preposition:
        return _replace_phrase(question, preposition, bare)
    return _replace_noun(question, said, similarity)


def _replace_value(question: str, kind: ValueKind, preposition: str, bare: str) -> str:
    found = find_value(kind, question.lower())
    if found:
        start = found.start()
        before = re.search(r"\b(?:in|on|at|for|during|by|since) $", question[:start].lower())
        if before and preposition:
            start, bare = before.start(), f"{preposition} {bare}"
        return f"{question[:start]}{bare}{question[found.end() :]}?"
    if not preposition and kind in _TIMES:
        preposition = "on" if kind in _ON else "in"
        preposition = "" if re.match(r"(?:last|this|next) ", bare.lower()) else preposition
    return re.sub(r" +", " ", f"{question} {preposition} {bare}?")


def _replace_phrase(question: str, preposition: str, bare: str) -> str:
    """Exchange a phrase with the same preposition, or add one."""
    tokens = tokens_of(question)
    for at, token in enumerate(tokens):
        if token.text == preposition.lower() and at + 1 < len(tokens):
            end = _phrase_end(question, token.end)
            return f"{question[: token.start]}{preposition} {bare}{question[end:]}?"
    return f"{question} {preposition} {bare}?"


def _phrase_end(question: str, start: int) -> int:
    ends = [end for begin, end in noun_phrases(question) if begin <= start + 5 and end > start]
    return min(ends) if ends else len(question)


def _replace_noun(question: str, said: str, similarity: Similarity | None) -> str:
    people = [name for name in names_in(question) if is_person(name)]
    if people and names_in(said) == [said] and is_person(said):
        return question.replace(people[-1], said) + "?"
    completed = _replace_verb(question, said) or _replace_with_tail(question, said)
    if completed:
        return completed
    ranges = noun_phrases(question)
    same = _same_head(question, said)
    place = same[0] if same else _nearest(question, ranges, said, similarity)
    start, end = _keep_determiner(question, place, said.lower().split())
    return f"{question[:start]}{said}{question[end:]}?"


def _replace_verb(question: str, said: str) -> str:
    """Exchange the last verb for another, as in "When does it open?", "And close?"."""
    is_verb = said.lower() in en.VERBS - en.OFTEN_NOUNS | {"close"}
    verbs = [token for token in tokens_of(question) if token.text in en.VERBS]
    if not is_verb or not verbs:
        return ""
    return f"{question[: verbs[-1].start]}{said}{question[verbs[-1].end :]}?"


def _replace_with_tail(question: str, said: str) -> str:
    """Exchange what "the fee for groups" has in common with the last question."""
    head, tail = _split_tail(said)
    if not tail or not head.strip():
        return ""
    preposition, _, bare = tail.partition(" ")
    same = _same_head(question, head)
    if same:
        start, end = same[0]
        return _replace_phrase(question[:start] + head + question[end:], preposition, bare)
    if head.lower().split()[-1] not in en.OF_THINGS:
        return ""
    if f" {preposition} " in question:
        return _replace_phrase(question, preposition, bare)
    return f"What is {said} of {topic_of(question)}?"


def _same_head(question: str, said: str) -> list[tuple[int, int]]:
    """List the noun phrases of a question that end with the same noun."""
    head = said.lower().split()[-1].rstrip("s")
    return [
        (start, end)
        for start, end in noun_phrases(question)
        if question[start:end].lower().split()[-1].rstrip("s") == head
    ]


def _split_tail(said: str) -> tuple[str, str]:
    """Part "the fee for groups" into "the fee" and "for groups"."""
    found = re.search(rf"\s(?=(?:{'|'.join(sorted(en.PREPOSITIONS))})\s)", said)
    return (said[: found.start()], said[found.end() :]) if found else (said, "")


def _nearest(
    question: str, ranges: Sequence[tuple[int, int]], said: str, similarity: Similarity | None
) -> tuple[int, int]:
    if similarity is None or len(ranges) == 1:
        return ranges[0]
    near = similarity(said, [question[start:end] for start, end in ranges])
    scores = [
        score + _BOUND * (question[:start].lower().endswith(_BINDING))
        for score, (start, _) in zip(near, ranges, strict=True)
    ]
    return ranges[scores.index(max(scores))]


def _keep_determiner(
    question: str, place: tuple[int, int], words: Sequence[str]
) -> tuple[int, int]:
    """Leave "the" where it is, unless what comes in brings its own."""
    start, end = place
    first = question[start:end].lower().split()[0]
    if first in en.DETERMINERS and words[0] not in en.DETERMINERS and len(words) > 1:
        return start + len(first) + 1, end
    return start, end
