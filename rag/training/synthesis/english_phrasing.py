"""How a clause is turned into words of a question: inversion, noun phrases, question words."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from rag.training.synthesis.english_lexicon import Lexicon
from rag.training.synthesis.english_syntax import Clause, finite_base
from rag.training.synthesis.english_tokens import Token
from rag.training.synthesis.english_words import (
    HUMAN_VERBS,
    PARTICIPLE_LEMMA,
    PAST_LEMMA,
    PERSON_NOUNS,
    SPEECH_VERBS,
)

PHRASE_ENDS = frozenset(
    {"due", "able", "together", "ahead", "back", "away", "up", "down", "out", "forward", "apart"}
    | {"according", "based", "home"}
)
_COMPANY = re.compile(r"\b(Inc|Corp|Ltd|Group|Company|Bank|Airlines|Motors|Holdings)\b\.?$")
_BODIES = frozenset(
    {"University", "Museum", "Party", "Club", "Hospital", "Court", "Ministry", "Institute"}
    | {"Association", "Committee", "Commission", "Agency", "Council"}
)


class Draft(NamedTuple):
    """A question and its answer, the code points ``[start, end)`` of the statement's text."""

    question: str
    start: int
    end: int
    kind: str


def join(*parts: str) -> str:
    """Join the parts that are not empty with spaces."""
    return " ".join(part for part in parts if part)


class Phrasing:
    """A clause and how to speak of it.

    :param clause: The clause.
    :param subject: What to call the subject in questions: its words, or the name a pronoun means.
    :param lexicon: The corpus's words.
    :param random: Draws among phrasings.
    """

    def __init__(self, clause: Clause, subject: str, lexicon: Lexicon, random: Random) -> None:
        """Hold the clause."""
        self.clause, self.subject, self.lexicon, self.random = clause, subject, lexicon, random
        self.tokens = clause.tokens
        self.finite = clause.tokens[clause.verb[0]]
        self.last_verb = clause.tokens[clause.verb[1] - 1].text

    @property
    def is_past(self) -> bool:
        """Whether the finite word is a past form of a full verb."""
        return self.finite.lower in PAST_LEMMA or self.finite.lower.endswith("ed")

    @property
    def is_passive(self) -> bool:
        """Whether the verb group ends in a participle after an auxiliary."""
        participle = self.last_verb in PARTICIPLE_LEMMA or self.last_verb.endswith("ed")
        return self.clause.base is None and participle

    def pick(self, *choices: str) -> str:
        """Draw one of the choices."""
        return self.random.choice(choices)

    def inverted(self, drop: tuple[int, int] = (0, 0)) -> str:
        """Return "did the company open a shop", the predicate without ``drop``."""
        clause = self.clause
        if clause.base is None:
            rest = clause.words(clause.verb[0] + 1, clause.verb[1])
            return join(self.finite.lower, self.subject, rest, self.predicate(drop))
        present = "do" if self.finite.lower == clause.base else "does"
        auxiliary = "did" if self.is_past else present
        return join(auxiliary, self.subject, clause.base, self.predicate(drop))

    def predicate(self, drop: tuple[int, int] = (0, 0)) -> str:
        """Return the predicate without some of its tokens, sometimes shortened."""
        start, end = self.clause.predicate
        low, high = drop if drop[1] > start else (start, start)
        if end - high > 9 and self.random.random() < 0.6:
            joints = (
                at
                for at in range(high + 4, end)
                if self.tokens[at].tag == "P" and self.tokens[at].lower != "of"
            )
            end = next(joints, end)
        return join(self.clause.words(start, low), self.clause.words(max(high, start), end))

    def phrase_end(self, at: int) -> int:
        """Return where the noun phrase that starts at a token ends; ``at`` when there is none."""
        end, opened = at, True
        while end < self.clause.predicate[1] and self._continues_phrase(at, end, opened):
            opened = self.tokens[end].lower in ("of", "and")
            end += 1
        return at if end > at and self.tokens[end - 1].tag in "DPC" else end

    def _continues_phrase(self, start: int, at: int, opened: bool) -> bool:
        token = self.tokens[at]
        if at > start and token.lower in PHRASE_ENDS:
            return False
        if token.lower in ("of", "and"):
            inside = start < at < self.clause.predicate[1] - 1 and self.tokens[at + 1].tag in "DNK#"
            return inside and not (token.lower == "and" and self._has_verb(at + 2, at + 5))
        if token.tag == "D":
            return opened
        return token.text in ("'s", "%") or (
            token.tag in "NK#" and not (at > start and token.lower.endswith("ing"))
        )

    def _has_verb(self, start: int, end: int) -> bool:
        return any(
            self.tokens[k].tag == "A" or finite_base(self.tokens, k, self.lexicon)
            for k in range(start, min(end, len(self.tokens)))
        )

    def without_article(self, start: int, end: int) -> int:
        """Return where a noun phrase starts after its article."""
        article = self.tokens[start].lower in ("the", "a", "an") and end - start > 1
        return start + 1 if article else start

    def is_infinitive(self, at: int) -> bool:
        """Say whether a word after "to" is a verb."""
        token = self.tokens[at]
        verb = token.tag == "N" and self.lexicon.verbs.get(token.text, 0) > 0.3
        return verb or token.lower in ("be", "have", "do")

    def question_word(self, start: int, end: int, *, subject: bool) -> str:
        """Choose the question word of a noun phrase.

        :param subject: Whether the phrase is the clause's subject, who acts.
        """
        tokens = self.tokens
        head_at = next((k for k in range(start + 1, end) if tokens[k].tag == "P"), end) - 1
        head = tokens[head_at]
        if head.lower in PERSON_NOUNS:
            return "who"
        if head.tag == "K":
            first = next(k for k in range(start, end) if tokens[k].tag == "K")
            return self._name_word(self.clause.words(first, head_at + 1), subject=subject)
        modified = head_at > start and head.tag == "N" and tokens[start].tag in "NK"
        if modified and self._is_noun(head) and self.random.random() < 0.35:
            return self.pick("what kind of ", "what type of ", "which ", "what ") + head.text
        return "what"

    def _is_noun(self, head: Token) -> bool:
        return self.lexicon.verbs.get(head.text, 0) < 0.3 and not head.text.endswith(("ed", "ly"))

    def _name_word(self, name: str, *, subject: bool) -> str:
        base = self.clause.base if subject else None
        last = name.rsplit(" ", 1)[-1]
        if self.lexicon.is_person(name):
            return self.pick("who", "who", "who", "which person")
        if _COMPANY.search(name):
            return self.pick("which company", "what company", "what")
        if last in _BODIES:
            return self.pick("which ", "what ") + last.lower()
        if self.lexicon.is_place(name):
            return self.pick("what", "what", "which country", "what country")
        # A lone unknown name that acts is more often a person's than a thing's.
        acts = base in HUMAN_VERBS and " " not in name and not name.isupper()
        return "who" if acts or base in SPEECH_VERBS else "what"

    def draft(self, question: str, start: int, end: int, kind: str) -> Draft:
        """Answer with tokens start..end."""
        return Draft(question, *self.clause.span(start, end), kind)
