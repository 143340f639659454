"""What the corpus says about its English words: verbs, persons, places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rag.training.synthesis.english_words import (
    ADVERBS,
    AUXILIARIES,
    CITIES,
    DETERMINERS,
    FIRST_NAMES,
    MONTHS,
    PAST_OF,
    PLACES,
    PREPOSITIONS,
    PRONOUNS,
    SUBORDINATORS,
    TITLES,
)

# A capitalised word or several, without a closing possessive.
NAME = re.compile(r"[A-Z][\w'’-]*\w(?: [A-Z][\w'’-]*\w)*")
_INNER_NAME = re.compile(rf"(?<=[a-z,] ){NAME.pattern}")
_LOCATED = re.compile(r"(?<=[a-z,] )in ([A-Z][\w-]*\w(?: [A-Z][\w-]*\w)*)")
_LOWER = re.compile(r"\b[a-z]{2,}\b")
_VERB_PLACE = re.compile(
    r"\b(?:will|would|can|could|may|might|must|should|didn't|don't|doesn't|cannot"
    r"|did not|does not|to|they|we) ([a-z]{2,})\b"
)
_NOUN_PLACE = re.compile(r"\b(?:the|a|an|of|his|her|their|its|this|these) ([a-z]{2,})\b")
_NOT_VERBS = (
    AUXILIARIES
    | PRONOUNS
    | DETERMINERS
    | PREPOSITIONS
    | SUBORDINATORS
    | ADVERBS
    | {"be", "and", "or"}
)
_ENDINGS = (("ied", ("y",)), ("ed", ("", "e")), ("ies", ("y",)), ("es", ("", "e")), ("s", ("",)))
_SHORT_FAMILY_NAMES = frozenset({"Xi", "Li"})  # they come first, so what follows is no surname


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What was counted.

    :param verbs: Base form → share of its uses as a verb, in [0, 1].
    :param lower: How often a word stands in lower case.
    :param capital: How often a capitalised name stands inside a sentence.
    :param located: How often the name follows "in".
    :param surnames: Words seen after a first name.
    """

    verbs: dict[str, float]
    lower: Counter[str]
    capital: Counter[str]
    located: Counter[str]
    surnames: frozenset[str]

    def is_person(self, name: str) -> bool:
        """Say whether a capitalised name is a person's, as far as first names and surnames tell."""
        parts = [part.removesuffix("'s").strip(".") for part in name.split()]
        if parts[0] in TITLES and len(parts) > 1:
            return True
        if self.is_place(name):
            return False
        if len(parts) == 1:
            return parts[0] in self.surnames and self.lower[parts[0].lower()] < 5
        return len(parts) <= 4 and parts[0] in FIRST_NAMES

    def is_place(self, name: str) -> bool:
        """Say whether a capitalised name is a place's: listed, or mostly seen after "in"."""
        if name in PLACES or name in CITIES:
            return True
        seen = self.capital[name]
        month = name.startswith(MONTHS)
        return seen >= 4 and self.located[name] / seen > 0.3 and not month

    def name_kind(self, name: str) -> str:
        """Name the type of a capitalised name: person, place or name."""
        if self.is_person(name):
            return "person"
        return "place" if self.is_place(name) else "name"

    def lemma(self, word: str) -> str | None:
        """Return the base of a regular past or third-person form, None when no known verb fits."""
        for ending, repairs in _ENDINGS:
            if not word.endswith(ending):
                continue
            stem = word[: -len(ending)]
            forms = [stem + repair for repair in repairs]
            if ending == "ed" and len(stem) > 3 and stem[-1] == stem[-2]:
                forms.append(stem[:-1])
            known = [form for form in forms if form in self.verbs]
            if known:
                return max(known, key=lambda form: self.verbs[form])
        return None


def without_possessive(name: str) -> str:
    """Return a name without its closing 's."""
    return name.removesuffix("'s").removesuffix("’s")


def inner_names(text: str) -> list[str]:
    """List the capitalised names that do not begin a sentence."""
    return [match.group() for match in _INNER_NAME.finditer(text)]


def learn_lexicon(sentences: Iterable[str]) -> Lexicon:
    """Count the corpus's words once.

    :param sentences: English sentences.
    :return: The lexicon.
    """
    verb: Counter[str] = Counter()
    noun: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    located: Counter[str] = Counter()
    surnames: set[str] = set()
    for sentence in sentences:
        verb.update(_VERB_PLACE.findall(sentence))
        noun.update(_NOUN_PLACE.findall(sentence))
        lower.update(_LOWER.findall(sentence))
        located.update(_LOCATED.findall(sentence))
        for name in inner_names(sentence):
            capital[name] += 1
            parts = without_possessive(name).split()
            known = parts[0] in FIRST_NAMES and parts[0] not in _SHORT_FAMILY_NAMES
            if known and 2 <= len(parts) <= 3:
                surnames.add(parts[-1])
    verbs = dict.fromkeys(PAST_OF.keys() - {"be"}, 0.8)
    verbs |= {
        word: count / (count + noun[word])
        for word, count in verb.items()
        if count >= 3 and word not in _NOT_VERBS and not word.endswith(("ly", "ed", "ing"))
    }
    return Lexicon(verbs, lower, capital, located, frozenset(surnames - PLACES - CITIES))
