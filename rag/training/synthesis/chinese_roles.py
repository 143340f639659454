"""Who holds which office where: facts of a sentence, and the questions that ask for each part."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from rag.training.synthesis.chinese_phrasing import fill, polish
from rag.training.synthesis.chinese_text import (
    HEADS,
    NOMINAL,
    Analysis,
    Sentence,
    Word,
    name_end,
)
from rag.training.synthesis.tables import load_characters, load_table, load_words
from rag.training.synthesis.writing import Question

_WORDS = "chinese_words.toml"
_MODIFIERS = frozenset(load_words(_WORDS, "offices", "modifiers"))
_PRAISE = load_words(_WORDS, "offices", "praise")
_COMMON_SURNAMES = frozenset(load_characters(_WORDS, "names", "common_surnames"))
_HEAD_END = re.compile(rf"(?:{'|'.join(HEADS)})$")
_AFTER_NAME = re.compile(
    r"[,、。;:()\n!?等和与及在同于为是将从对曾向说率]"
    r"|表示|介绍|认为|指出|强调|出席|会见|告诉|主持|宣布|代表"
)
_HELD = re.compile(
    r"(?:曾|后|现|又|先后|随后|开始|被|并|同时|再|还|也)*"
    r"(?:担任|出任|就任|当选为?|获任|任命为|任|接任|兼任|升任|调任|改任|转任|为|是)"
)
_ASKS = load_table("chinese_schemes.toml")["shared"]
_BODIES = tuple(
    (re.compile(body["ends"]), tuple(body["words"].split()))
    for body in load_table(_WORDS)["bodies"].values()
)
_NEEDS_BODY = re.compile(r"\{organization\}的|在\{organization\}")
_WHERE = (
    "{person}是{where}的{role}",
    "{person}担任{where}的{role}",
    "{person}来自{where}",
    "{person}在{where}任{role}",
)


class Fact(NamedTuple):
    """A person in an office: spans of the organisation (may be empty), the role and the name."""

    organization: tuple[int, int]
    role: tuple[int, int]
    person: tuple[int, int]


def find_facts(analysis: Analysis) -> list[Fact]:
    """Return the facts that the sentences of a passage state."""
    return [fact for sentence in analysis.sentences for fact in _facts_of(analysis, sentence)]


def _facts_of(analysis: Analysis, sentence: Sentence) -> Iterator[Fact]:
    words, index = sentence.words, 0
    while index < len(words):
        end = name_end(words, index) or _unknown_name_end(analysis.text, words, index)
        if not end:
            index += 1
            continue
        person = words[index].start, words[end - 1].end
        before = _office_before(analysis.text, words, index)
        if before:
            yield Fact(*before, person)
        after = _office_after(analysis.text, words, end)
        if after:
            yield Fact(*after, person)
        index = end


def _unknown_name_end(text: str, words: tuple[Word, ...], index: int) -> int:
    """Return the end of a name that jieba took for other words, when an office stands before it."""
    word = words[index]
    if (
        word.text[0] not in _COMMON_SURNAMES
        or word.tag[0] in "vpdc"
        or not index
        or not _HEAD_END.search(words[index - 1].text)
    ):
        return 0
    for last in range(index, min(index + 3, len(words))):
        name = text[word.start : words[last].end]
        if 2 <= len(name) <= 3 and _AFTER_NAME.match(text, words[last].end):
            return last + 1
    return 0


def _office_before(
    text: str, words: tuple[Word, ...], index: int
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    first = index
    while first and index - first < 8 and _is_part(words[first - 1]):
        first -= 1
    return _split_office(text, words[first:index])


def _is_part(word: Word) -> bool:
    return (
        word.tag in NOMINAL and word.tag not in ("m", "t", "f", "q", "nr", "nrt")
    ) or word.text in _MODIFIERS


def _office_after(
    text: str, words: tuple[Word, ...], index: int
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    if index >= len(words):
        return None
    held = _HELD.match(text, words[index].start)
    if not held:
        return None
    office = [word for word in words[index:] if word.start >= held.end()]
    kept: list[Word] = []
    for word in office[:10]:
        if not (_is_part(word) or word.tag == "nr"):
            break
        kept.append(word)
    if len(kept) < len(office) and office[len(kept)].text not in ",。;、()":
        return None
    return _split_office(text, tuple(kept))


def _split_office(
    text: str, words: tuple[Word, ...]
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    if not words or not _HEAD_END.search(text[words[0].start : words[-1].end]):
        return None
    while len(words) > 1 and words[0].text in _PRAISE:
        words = words[1:]
    at = len(words) - 1
    while at and not _HEAD_END.search(text[words[at].start : words[-1].end]):
        at -= 1
    while at and words[at - 1].text in _MODIFIERS:
        at -= 1
    organization = (words[0].start, words[at].start)
    if organization[1] - organization[0] > 24 or organization[1] - organization[0] == 1:
        return None
    return organization, (words[at].start, words[-1].end)


def ask_facts(analysis: Analysis, facts: list[Fact], random: Random) -> list[Question]:
    """Return questions for the person, the office and the organisation of facts."""
    text = analysis.text
    offices = Counter(text[fact.organization[0] : fact.role[1]] for fact in facts)
    questions = []
    for fact in facts:
        fields = {
            "organization": text[slice(*fact.organization)],
            "role": text[slice(*fact.role)],
            "person": text[slice(*fact.person)],
        }
        office = fields["organization"] + fields["role"]
        if offices[office] == 1 and len(office) > 2:
            asked = _ask_person(fields, random)
            questions.append(Question(asked, *fact.person, "role_person"))
        questions.append(_ask_role(fact, fields, random))
        if len(fields["organization"]) > 2:
            asked = _ask_organization(fields, random)
            questions.append(Question(asked, *fact.organization, "role_organization"))
    return questions


def _ask_person(fields: dict[str, str], random: Random) -> str:
    asks = _ASKS["office_person"]
    if not fields["organization"]:
        asks = [ask for ask in asks if not _NEEDS_BODY.search(ask)]
    return polish(fill(random.choice(asks), fields), random)


def _ask_role(fact: Fact, fields: dict[str, str], random: Random) -> Question:
    """Ask for the whole office, or for the role alone where the question names the organisation."""
    asks = list(_ASKS["office"])
    if fields["organization"]:
        asks += _ASKS["office_role"]
    ask = random.choice(asks)
    start = fact.role[0] if "{organization}" in ask else fact.organization[0]
    return Question(polish(fill(ask, fields), random), start, fact.role[1], "role")


def _ask_organization(fields: dict[str, str], random: Random) -> str:
    words = next(words for ends, words in _BODIES if ends.search(fields["organization"]))
    return polish(fill(random.choice(_WHERE), fields | {"where": random.choice(words)}), random)
