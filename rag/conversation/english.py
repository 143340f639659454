"""English: a follow-up with the turns before it → the question it stands for.

By a word that points (he, its, that company, there), by an interrogative alone (and when?), by
leaving out all but what changes (what about 2022?).
"""

import re
from collections.abc import Iterator, Sequence

from rag.conversation import english_words as en
from rag.conversation.english_ellipsis import replace_part, swap_interrogative
from rag.conversation.english_entities import (
    Token,
    asked_for,
    find_by_head,
    find_moment,
    find_pair,
    find_person,
    find_place,
    find_thing,
    noun_phrases,
    tokens_of,
    topic_of,
)
from rag.conversation.phrases import word_set
from rag.conversation.turns import Similarity, Understood
from rag.conversation.values import kind_of

_HE = frozenset({"he", "him", "she", "her"})
_POSSESSIVE = frozenset({"his", "hers", "its", "their", "theirs"})
_POINTERS = _HE | _POSSESSIVE | {"it", "they", "them", "there"}
_MAX_FRAGMENT = 8  # words
_EXACTLY = re.compile(r"[, ]+(?:exactly|precisely|then|please)$", re.IGNORECASE)
# Whoever acts first, and whoever is named at the end, is whom the pronoun means.
_SUBJECT = re.compile(
    r"(?:which|what|how many) \w+ (?!is|are|was|were|did|does|do|has|have|had|will|can|must)",
    re.IGNORECASE,
)
_APPENDED = re.compile(r", (?:the|all|those) [\w ]+$", re.IGNORECASE)
# A plural, several names, or what many people are.
_SEVERAL = re.compile(
    r"[^su]s$|,| and |\b(?:staff|people|children|council|company|committee|police|team|group)$",
    re.IGNORECASE,
)
_CONDITIONS = frozenset({"if", "when", "while", "after", "before", "once", "unless", "because"})
_ADJECTIVES = word_set("lost closed open due given known available paid written kept long")
_END = " \t\n\r?.!？。"


def rewrite_english(
    question: str, turns: Sequence[Understood], similarity: Similarity | None
) -> str | None:
    """Complete an English follow-up.

    :param question: As asked.
    :param turns: Oldest first, at least one.
    :param similarity: Compares words by meaning, where an encoder is at hand.
    :return: The completed question; None when it leans on nothing or on what is not known.
    """
    text = question.strip(_END)
    opener = en.OPENER.match(text.lower())
    start = opener.end() if opener else 0
    core = _EXACTLY.sub("", text[start:])
    is_about = bool(opener and opener["about"])
    edits = list(_resolve(core, turns))
    if edits:
        completed = _edit(core, edits)
        if start and not en.ASKING.search(core.lower()) and _is_noun_phrase(core):
            return f"What is {completed}?"
        return f"What about {completed}?" if is_about else _capital(completed) + "?"
    if not core:
        return None
    return _complete(core, turns, similarity, has_opener=start > 0)


def _edit(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, words in sorted(edits, reverse=True):
        text = text[:start] + words + text[end:]
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# Words that point.


def _resolve(text: str, turns: Sequence[Understood]) -> Iterator[tuple[int, int, str]]:
    tokens = tokens_of(text)
    lower = text.lower()
    for at, token in enumerate(tokens):
        is_name = at > 0 and text[token.start].isupper()  # the IT department
        if token.text in _POINTERS and not is_name and not _is_answered_inside(text, tokens, at):
            words = _referent(lower, tokens, at, turns)
            if words:
                yield token.start, token.end, words
    yield from _resolve_phrases(text, turns)


def _referent(lower: str, tokens: Sequence[Token], at: int, turns: Sequence[Understood]) -> str:
    word = tokens[at].text
    if word in {"it", "its"}:
        found = "" if word == "it" and en.EMPTY_IT.search(lower) else find_thing(turns)
    elif word in {"they", "them", "their", "theirs"}:
        found = _find_them(turns)
    elif word == "there":
        is_last = at == len(tokens) - 1 or tokens[at + 1].text in en.PREPOSITIONS
        found = find_place(turns) if is_last and not en.EMPTY_THERE.search(lower) else ""
        to_there = at and tokens[at - 1].text in {"get", "go", "come", "travel", "walk"}
        return f"{'to' if to_there else 'at'} {found}" if found else ""
    else:
        found = find_person(turns)
    is_possessive = word in _POSSESSIVE or (word == "her" and _owns(tokens, at))
    return _possessive(found) if found and is_possessive else found


def _find_them(turns: Sequence[Understood]) -> str:
    asked = asked_for(turns[-1].question)
    if asked and asked.lastgroup == "person":
        people = find_person(turns, several=True)
        return people if _SEVERAL.search(people) else ""
    thing = find_thing(turns)
    return thing if _SEVERAL.search(thing) else ""


def _owns(tokens: Sequence[Token], at: int) -> bool:
    if at + 1 == len(tokens):
        return False
    following = tokens[at + 1]
    return following.text not in en.FUNCTION and following.start == tokens[at].end + 1


def _possessive(words: str) -> str:
    return f"{words}'" if words.endswith("s") else f"{words}'s"


def _is_answered_inside(text: str, tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a pronoun means a noun of its own question, as in "if a driver … he"."""
    token = tokens[at]
    nouns = [(start, end) for start, end in noun_phrases(text) if end <= token.start]
    is_quoted = text[: token.start].count('"') % 2 == 1
    is_condition = tokens[0].text in _CONDITIONS and tokens[1].text not in en.AUXILIARIES
    if is_quoted or _APPENDED.search(text) or (nouns and is_condition):
        return True
    if token.text == "there" or not nouns:
        return False
    before = tokens[at - 1].text
    between = [other.text for other in tokens[:at] if other.start >= nouns[0][1]]
    if before == "of" and len(nouns) == 1:
        return False  # the name of his deputy
    if any(word in en.SUBORDINATORS for word in between):
        return True
    is_indefinite = any(other.text in {"a", "an", "any", "each", "every"} for other in tokens[:at])
    has_subject = any(
        other.text in en.AUXILIARIES and other.end < nouns[0][0] for other in tokens[:at]
    )
    # In "Must members pay their fees?" somebody acts before the pronoun, and is meant by it.
    if _SUBJECT.match(text) and token.text in _POSSESSIVE:
        return True
    return is_indefinite or (token.text in _POSSESSIVE and has_subject and before != "of")


def _resolve_phrases(text: str, turns: Sequence[Understood]) -> Iterator[tuple[int, int, str]]:
    for match in re.finditer(r"\bthe (former|latter)\b", text, re.IGNORECASE):
        pair = find_pair(turns)
        if pair:
            yield *match.span(), pair[match.group(1).lower() == "latter"]
    for match in en.POINTING.finditer(text.lower()):
        head = match["head"]
        if head in en.FUNCTION:
            continue
        if head.removesuffix("s") in en.HEADS_OF_TIME and match["pointer"] in {"these", "those"}:
            continue
        is_time = head in en.HEADS_OF_TIME and match["pointer"].startswith(("that", "the"))
        named = find_moment(turns) if is_time else find_by_head(head, turns)
        if named:
            yield *match.span(), named


# What leaves out all but what changes.


def _complete(
    core: str,
    turns: Sequence[Understood],
    similarity: Similarity | None,
    *,
    has_opener: bool,
) -> str | None:
    base = turns[-1]
    asked = en.ASKING.match(core.lower())
    if asked and asked.end() == len(core):
        return swap_interrogative(base, core, str(asked.lastgroup))
    words = [token.text for token in tokens_of(core)]
    if asked:
        return _give_topic(core, words, base, has_opener=has_opener)
    if not 0 < len(words) <= _MAX_FRAGMENT or not _is_fragment(words, has_opener=has_opener):
        return None
    verbs = (en.VERBS - en.OFTEN_NOUNS - _ADJECTIVES) | en.AUXILIARIES
    if any(word in verbs for word in words) or en.ASKING.search(core.lower()):
        return None
    return replace_part(base, core, similarity)


def _is_fragment(words: Sequence[str], *, has_opener: bool) -> bool:
    if has_opener:
        return words[0] not in en.AUXILIARIES
    said = " ".join(words)
    bare = " ".join(words[1:]) if words and words[0] in en.PREPOSITIONS | {"the"} else said
    return bool(kind_of(said) or kind_of(bare)) or (
        len(words) <= 3 and bool(words) and words[0] in en.PREPOSITIONS
    )


def _give_topic(
    core: str, words: Sequence[str], base: Understood, *, has_opener: bool
) -> str | None:
    """Add what a clause is about, if it is about nothing by itself, as "and who chaired" is."""
    topic = topic_of(base.question)
    content = [word for word in words if word not in en.FUNCTION]
    is_bare = len(content) == 1 and content[0] in en.VERBS | _past(content)
    if not has_opener or not topic or not is_bare or words[-1] != content[0]:
        return None
    return f"{_capital(core)} {topic}?"


def _is_noun_phrase(core: str) -> bool:
    words = [token.text for token in tokens_of(core)]
    return len(words) <= _MAX_FRAGMENT and not any(word in en.AUXILIARIES for word in words)


def _past(words: Sequence[str]) -> set[str]:
    return {word for word in words if word.endswith("ed") and len(word) > 4}
