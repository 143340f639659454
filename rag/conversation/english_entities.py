"""English entities: earlier turns → the person, thing, place and time that they were about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.conversation import english_words as en
from rag.conversation.turns import Understood
from rag.conversation.values import find_time, kind_of

_MAX_ANSWER = 60  # characters of an answer that may stand in a question
_TOKEN = re.compile(r"[^\W_]+(?:[-.'’&/][^\W_]+)*")
_NAME = re.compile(r"(?:[A-Z][\w'’.-]*)(?:(?:\s+(?:of|de|van|von|da|and|the))*\s+[A-Z][\w'’-]*)*")
_PREPOSITION = re.compile(rf"^(?:{'|'.join(sorted(en.PREPOSITIONS))})\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an English question with its place."""

    text: str  # lower case
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """Cut a question into words."""
    return [
        Token(match.group().lower(), match.start(), match.end()) for match in _TOKEN.finditer(text)
    ]


def asked_for(text: str) -> re.Match[str] | None:
    """Find the interrogative of a question; its ``lastgroup`` says what it asks for."""
    return en.ASKING.search(text.lower())


def noun_phrases(text: str) -> list[tuple[int, int]]:
    """List the noun phrases of a question with their determiners, without 'of' and the like.

    :param text: A question.
    :return: Ranges, in order.
    """
    asked = asked_for(text)
    tokens = tokens_of(text)
    phrases: list[tuple[int, int]] = []
    run: list[Token] = []
    for at, token in enumerate(tokens):
        is_asking = asked is not None and asked.start() <= token.start < asked.end()
        gap = text[tokens[at - 1].end : token.start].strip() if at else ""
        is_word = token.text not in en.FUNCTION and not is_asking
        if run and (not is_word or gap):
            phrases += _cut_verbs(text, tokens, run)
            run = []
        if is_word:
            run.append(token)
    return phrases + _cut_verbs(text, tokens, run)


def _cut_verbs(text: str, tokens: Sequence[Token], run: Sequence[Token]) -> list[tuple[int, int]]:
    """Cut a run of content words where a verb stands in it."""
    if not run:
        return []
    pieces: list[list[Token]] = [[]]
    first = tokens.index(run[0])
    has_determiner = first > 0 and tokens[first - 1].text in en.DETERMINERS
    has_auxiliary = any(token.text in en.AUXILIARIES for token in tokens[:first])
    is_sure = any(_looks_verbal(token.text, sure=True) for token in run[1:])
    for at, token in enumerate(run):
        is_capital = text[token.start].isupper() and token.start > 0
        opens = at == 0 and (has_determiner or has_auxiliary)
        is_last = at == len(run) - 1 and has_auxiliary
        is_verb = _looks_verbal(token.text, sure=is_sure or not is_last)
        if not is_capital and not opens and is_verb:
            pieces.append([])
        else:
            pieces[-1].append(token)
    found = [(piece[0].start, piece[-1].end) for piece in pieces if piece]
    if found and has_determiner and found[0][0] == run[0].start:
        found[0] = (tokens[first - 1].start, found[0][1])
    return found


def _looks_verbal(word: str, *, sure: bool) -> bool:
    if word.endswith(("ed", "ing")) and len(word) > 5:
        return word.removesuffix("s") not in en.NOUNS_IN_ING
    return word in en.VERBS and not (sure and word in en.OFTEN_NOUNS)


def topic_of(text: str) -> str:
    """Name what a question is about: its first noun phrase, or the owner of an attribute.

    :param text: A question.
    :return: Its words; "" when it has none.
    """
    phrases = [
        (start, end)
        for start, end in noun_phrases(text)
        if kind_of(text[start:end].lower()) is None and not _counts(text, start)
    ]
    for at, (start, end) in enumerate(phrases):
        head = text[start:end].lower().split()[-1]
        is_owned = text[end:].lower().startswith((" of ", " for ", " at ")) and at + 1 < len(
            phrases
        )
        is_attribute = head in en.OF_THINGS or text[end:].lower().startswith(" of ")
        if not (is_owned and is_attribute):
            return text[start:end]
    return ""


def _counts(text: str, start: int) -> bool:
    """Tell whether a noun is what "how many" or "which" asks for."""
    return bool(re.search(r"\b(?:how (?:many|much)|which|what) $", text[:start].lower()))


def is_person(name: str) -> bool:
    """Tell whether a capitalised name is more likely a person's than a thing's."""
    words = name.lower().replace(".", "").split()
    if any(word in en.ORGANISATIONS for word in words):
        return False
    return words[0] in en.TITLES or (2 <= len(words) <= 4 and "the" not in words)


def names_in(text: str) -> list[str]:
    """List the capitalised names in a question or answer."""
    names = []
    for match in _NAME.finditer(text):
        words = match.group().split()
        while words and words[0].lower() in en.FUNCTION | {"did", "does", "and"}:
            words.pop(0)
        if words:
            names.append(" ".join(words))
    return names


def find_person(turns: Sequence[Understood], *, several: bool = False) -> str:
    """Find the person that was last spoken of; "" when nobody was.

    :param turns: Oldest first.
    :param several: More than one is meant.
    """
    for turn in reversed(turns):
        asked = asked_for(turn.question)
        answer = turn.answer.strip().rstrip(".")
        asks_who = asked is not None and asked.lastgroup == "person"
        if asks_who and 0 < len(answer) <= _MAX_ANSWER:
            named = [name for name in names_in(answer) if is_person(name) or " " not in name]
            return answer if several or not named else named[0]
        people = [name for name in names_in(turn.question) if is_person(name)]
        if people:
            return people[-1]
        if asks_who and asked:
            return _describe(turn.question, asked)
        role = _role_in(turn.question)
        if role:
            return role
    return ""


def _describe(question: str, asked: re.Match[str]) -> str:
    """Describe whom a question asks for: Who is the mayor → the mayor."""
    rest = question[asked.end() :].strip()
    copula = re.match(r"(?:is|was|are|were)\s+", rest, re.IGNORECASE)
    if copula:
        return rest[copula.end() :]
    return f"the one who {rest}" if rest else ""


def _role_in(question: str) -> str:
    """Find a noun for a person by its form: the treasurer, a driver, the head of People."""
    roles = re.search(
        r"\b(?:the|a|an) (?:[a-z-]+ ){0,2}?(?:\w+(?:er|or|ist|ian|man|ant)|clerk|mayor|chief"
        r"|chair"
        r"|head of [\w ]+?|captain|secretary|president|employee|child|student)\b",
        question,
        re.IGNORECASE,
    )
    return roles.group() if roles else ""


def find_thing(turns: Sequence[Understood]) -> str:
    """Find the thing that was last spoken of; "" when there is none."""
    for turn in reversed(turns):
        asked = asked_for(turn.question)
        answer = turn.answer.strip().rstrip(".")
        if asked and asked.lastgroup == "thing" and 0 < len(answer) <= _MAX_ANSWER:
            is_time = bool(find_time(answer.lower()))
            if _names_all(answer) and not is_time:
                return answer
        topic = topic_of(turn.question)
        if topic and not (topic in names_in(turn.question) and is_person(topic)):
            return topic
    return ""


def _names_all(answer: str) -> bool:
    return bool(_NAME.fullmatch(re.sub(r"^(?:the|a|an) ", "", answer)))


def find_place(turns: Sequence[Understood]) -> str:
    """Find the place that was last spoken of; "" when there is none."""
    for turn in reversed(turns):
        asked = asked_for(turn.question)
        answer = turn.answer.strip().rstrip(".")
        if asked and asked.lastgroup == "place" and 0 < len(answer) <= _MAX_ANSWER:
            return _PREPOSITION.sub("", answer)
        topic = topic_of(turn.question)
        if topic:
            return topic
    return ""


def find_moment(turns: Sequence[Understood]) -> str:
    """Find the time that was last spoken of; "" when there is none."""
    for turn in reversed(turns):
        asked = asked_for(turn.question)
        answer = turn.answer.strip().rstrip(".")
        if asked and asked.lastgroup == "time" and 0 < len(answer) <= _MAX_ANSWER:
            return answer
        time = find_time(turn.question.lower())
        if time:
            at = turn.question.lower().find(time)
            return turn.question[at : at + len(time)]
    return ""


def find_by_head(head: str, turns: Sequence[Understood]) -> str:
    """Find the last thing named with a head noun: of "company" the last such name."""
    for turn in reversed(turns):
        for text in (turn.answer[:200], turn.question):
            for start, end in reversed(noun_phrases(text)):
                words = text[start:end].lower().split()
                bare = [word for word in words if word not in en.DETERMINERS]
                if len(bare) > 1 and bare[-1].rstrip("s") == head.rstrip("s"):
                    return text[start:end]
    return ""


def find_pair(turns: Sequence[Understood]) -> tuple[str, str] | None:
    """Find the two that were last spoken of together, for "the former" and "the latter"."""
    for turn in reversed(turns):
        for text in (turn.answer, turn.question):
            found = re.search(
                r"((?:the )?[\w'-]+(?: [\w'-]+){0,2}?) (?:and|or) ((?:the )?[\w'-]+(?:"
                r" [\w'-]+){0,2})$",
                text.rstrip("?. "),
            )
            if found:
                return found.group(1), found.group(2)
    return None
