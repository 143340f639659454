"""A clause under questioning: what it speaks of, and what kind of words a span of it holds."""

from __future__ import annotations

import re
from typing import NamedTuple

from rag.training.synthesis.chinese_spans import DATE
from rag.training.synthesis.chinese_text import Sentence, name_end

_PRONOUN = re.compile(
    r"^(?:他|她|它|其|该[一-龥]{0,3}|此[一-龥]?|本[一-龥]{1,2}|这[一-龥]{0,2})(?:们)?(?:的|于|在)?$"
)
# Words that a clause may begin with and that say nothing of its subject.
_LOOSE_START = re.compile(
    r"^(?:据|另据|而且|然而|不过|所以|并且|并|而|也|又|还|则|曾|后|现|其后|后来|目前|因此|于|在|是|由|为|主要"
    r"|最|约|全|总|其中|当中|当时|同时|和|与|及|以及|但|且|之|至|被|常|故|即|亦|均|都|共|不|第|以|从|按|将|已)"
)
_LOOSE_END = re.compile(
    r"(?:是|为|的|于|在|也|又|曾|一[款部个种本座家支首间所张条项名位]|现|原|由|则|并|便|就|后|先后|主要|正式"
    r"|被|一般|通常|总|全|约|其|均|皆|都|最|有|将|已|和|与|及)+$"
)
_NOT_IN_SUBJECTS = frozenset(("v", "p", "c", "d", "r", "uj", "ul", "u", "y", "vd", "m"))
_LIGHT = frozenset(("u", "m"))
_QUOTES = "「」“”\"' ,"


class Clause(NamedTuple):
    """A clause of a passage: the code points ``[start, end)`` of ``passage``."""

    passage: str
    sentence: Sentence
    start: int
    end: int

    @property
    def text(self) -> str:
        """The clause with the mark that follows it, if it is in the sentence."""
        return self.passage[self.start : min(self.end + 1, self.sentence.end)]

    def begins_word(self, start: int) -> bool:
        """Tell whether a word begins at ``start``."""
        return any(word.start == start for word in self.sentence.words)

    def is_place(self, start: int) -> bool:
        """Tell whether the name of a place begins at ``start``."""
        return any(word.start == start and word.tag == "ns" for word in self.sentence.words)

    def has_verb(self, start: int, end: int) -> bool:
        """Tell whether a span holds other words than nouns, numbers and their like."""
        return any(
            word.tag in _NOT_IN_SUBJECTS - _LIGHT
            for word in self.sentence.words
            if start <= word.start < end
        )

    def is_person(self, start: int, end: int) -> bool:
        """Tell whether a span is a person's name."""
        for index, word in enumerate(self.sentence.words):
            if word.start == start:
                last = name_end(self.sentence.words, index)
                return last > 0 and self.sentence.words[last - 1].end == end
        return False

    def subject(self, end: int, default: str) -> str:
        """Return what the clause speaks of before ``end``, or "" when that is not clear.

        :param default: What pronouns and left-out subjects stand for: the document's subject.
        """
        before = re.sub(r"\([^)]*\)?", "", self.passage[self.start : end]).strip()
        before = _LOOSE_END.sub("", before).strip(_QUOTES)
        if not before or _PRONOUN.match(before) or before == default:
            return default
        if DATE.fullmatch(before):
            return default + before if default else ""
        if not 2 <= len(before) <= 16 or re.search(r"[:;,、]", before):
            return ""
        stop = self.start + len(before)
        words = [word for word in self.sentence.words if self.start <= word.start < stop]
        return "" if any(word.tag in _NOT_IN_SUBJECTS for word in words) else before


def is_tidy(answer: str) -> bool:
    """Tell whether an answer begins and ends with words of its own."""
    return answer[:1] not in "的了着和与及、" and answer[-1:] not in "的所和与及、了"


def is_loose(words: str) -> bool:
    """Tell whether words begin with a conjunction or the like, or are a pronoun."""
    return bool(_LOOSE_START.match(words) or _PRONOUN.match(words) or _PRONOUN.match(words[:1]))
