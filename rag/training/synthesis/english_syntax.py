"""English statement → its main clause: subject, verb group, predicate, without a tagger."""

from __future__ import annotations

from dataclasses import dataclass

from rag.training.synthesis.english_lexicon import Lexicon
from rag.training.synthesis.english_tokens import DATE, Token, tokenize
from rag.training.synthesis.english_words import (
    AMBIGUOUS_PRESENT,
    DO,
    HAVE,
    HEDGES,
    MODALS,
    PARTICIPLE_LEMMA,
    PAST_LEMMA,
)

_OPENERS = frozenset(
    {"but", "and", "so", "however", "meanwhile", "moreover", "furthermore", "also", "then", "still"}
    | {"nevertheless", "therefore", "thus", "yet", "overall", "finally", "instead", "indeed"}
    | {"additionally", "similarly"}
)
_LEADING = frozenset(
    {"when", "if", "although", "though", "as", "after", "because", "while", "before", "since"}
    | {"once"}
)
_CUT_WORDS = frozenset(
    {"because", "when", "while", "although", "though", "if", "unless", "after", "before", "as"}
    | {"which", "who", "where", "whereas", "but"}
)
_MAX_SUBJECT = 18  # words
_Tokens = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A main clause; all but text are token positions, half-open.

    :param subject: The subject without its apposition.
    :param verb: The verb group; its first word is the finite one.
    :param predicate: What follows, up to the first comma or subordinate clause.
    :param lead: The adverbial before the subject, or an empty range.
    :param base: The finite word's base when it needs do-support, else None.
    """

    text: str
    tokens: _Tokens
    subject: tuple[int, int]
    verb: tuple[int, int]
    predicate: tuple[int, int]
    lead: tuple[int, int]
    base: str | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Turn token positions into code-point offsets."""
        return self.tokens[start].start, self.tokens[end - 1].end

    def words(self, start: int, end: int) -> str:
        """Return the text of tokens start..end, empty for an empty range."""
        end = min(end, len(self.tokens))
        if start >= end:
            return ""
        low, high = self.span(start, end)
        return self.text[low:high]


def parse(text: str, lexicon: Lexicon) -> Clause | None:
    """Find the main clause of a sentence.

    :param text: One sentence.
    :param lexicon: The corpus's words.
    :return: The clause, None when the sentence is not of a shape that is read with certainty.
    """
    tokens = tokenize(text, lexicon)
    if not 5 <= len(tokens) <= 60 or tokens[0].tag in "A,":
        return None
    start = _subject_start(tokens, text)
    found = _subject_end(tokens, start, lexicon) if start is not None else None
    group = _verb_group(tokens, found[1], lexicon) if found else None
    if start is None or not found or not group or group[0] >= len(tokens):
        return None
    (subject_end, finite), (verb_end, base) = found, group
    if base is not None and _is_reduced_relative(tokens, finite, lexicon):
        return None
    end = verb_end
    while end < len(tokens) and not _ends_predicate(tokens, end, verb_end, text, lexicon):
        end += 1
    if end == verb_end and start == 0:
        return None
    return Clause(
        text, tokens, (start, subject_end), (finite, verb_end), (verb_end, end), (0, start), base
    )


def is_participle(word: str, lexicon: Lexicon) -> bool:
    """Say whether a word can be a past participle."""
    return word in PARTICIPLE_LEMMA or (word.endswith("ed") and lexicon.lemma(word) is not None)


def finite_base(tokens: _Tokens, at: int, lexicon: Lexicon) -> str | None:
    """Return the base of the full verb at a position when it is finite, else None."""
    previous = tokens[at - 1]
    noun_place = previous.tag in "DPA,S" or previous.text.endswith(("'s", "’s"))
    if noun_place or tokens[at].tag != "N" or at + 1 >= len(tokens):
        return None
    word = tokens[at].text
    if word.endswith("ed"):
        return lexicon.lemma(word)
    past = None if word in AMBIGUOUS_PRESENT else PAST_LEMMA.get(word)
    return past or _present_base(word, previous, tokens[at + 1], lexicon)


def _present_base(word: str, previous: Token, following: Token, lexicon: Lexicon) -> str | None:
    """Return the base of a present form; what follows must look like its object."""
    if previous.lower == "they":
        return word if lexicon.verbs.get(word, 0) > 0.3 else None
    if not (following.tag in "DPSRB#K" or following.lower == "that"):
        return None
    plural_before = previous.tag == "N" and previous.text.endswith("s")
    if word.endswith("s") and not word.endswith("ss"):
        base = lexicon.lemma(word)
        certain = base is not None and lexicon.verbs[base] > 0.7
        return base if certain and (not plural_before or previous.text.endswith("ss")) else None
    return word if plural_before and lexicon.verbs.get(word, 0) > 0.85 else None


def _is_finite(tokens: _Tokens, at: int, lexicon: Lexicon) -> bool:
    if at >= len(tokens):
        return False
    auxiliary = tokens[at].tag == "A" and tokens[at - 1].tag not in "DPS"
    return auxiliary or finite_base(tokens, at, lexicon) is not None


def _verb_group(tokens: _Tokens, at: int, lexicon: Lexicon) -> tuple[int, str | None] | None:
    """Return (end, base) of the verb group at a finite word."""
    word = tokens[at].lower
    if tokens[at].tag != "A":
        return at + 1, finite_base(tokens, at, lexicon)
    end = _after_adverbs(tokens, at + 1)
    if end >= len(tokens):
        return None
    if word in MODALS or word in DO:
        return _after_modal(tokens, at, end, lexicon)
    return (
        _after_have(tokens, at, end, lexicon) if word in HAVE else _after_be(tokens, end, lexicon)
    )


def _after_have(
    tokens: _Tokens, at: int, end: int, lexicon: Lexicon
) -> tuple[int, str | None] | None:
    following = tokens[end].lower
    if following == "been":
        return _after_be(tokens, end + 1, lexicon)
    if is_participle(following, lexicon):
        return end + 1, None
    return None if tokens[at].lower.endswith("t") else (at + 1, "have")


def _after_modal(
    tokens: _Tokens, at: int, end: int, lexicon: Lexicon
) -> tuple[int, str | None] | None:
    word, following = tokens[at].lower, tokens[end].lower
    if following == "be":
        return _after_be(tokens, end + 1, lexicon)
    if following == "have" and word not in DO:
        perfect = _after_adverbs(tokens, end + 1)
        if perfect < len(tokens) and tokens[perfect].lower == "been":
            return _after_be(tokens, perfect + 1, lexicon)
        if perfect < len(tokens) and is_participle(tokens[perfect].lower, lexicon):
            return perfect + 1, None
        return end + 1, None
    verb = tokens[end].tag == "N" and following in lexicon.verbs
    if verb or following in ("do", "have"):
        return end + 1, None
    return (end, "do") if word in DO and end == at + 1 else None


def _after_be(tokens: _Tokens, at: int, lexicon: Lexicon) -> tuple[int, str | None]:
    """Return the end of a passive or progressive group, or of "is not" before a predicative."""
    end = _after_adverbs(tokens, at)
    if end < len(tokens) and tokens[end].lower == "being":
        end = _after_adverbs(tokens, end + 1)
    verb = end < len(tokens) and tokens[end].tag == "N"
    if verb and (is_participle(tokens[end].lower, lexicon) or tokens[end].text.endswith("ing")):
        return end + 1, None
    while end > at and tokens[end - 1].tag == "B" and tokens[end - 1].lower != "not":
        end -= 1
    return end, None


def _after_adverbs(tokens: _Tokens, at: int) -> int:
    while at < len(tokens) and tokens[at].tag == "B":
        at += 1
    return at


def _subject_start(tokens: _Tokens, text: str) -> int | None:
    """Return where the subject starts after an adverbial opening, None when it is not clear."""
    at = 0
    if tokens[0].lower in _OPENERS:
        at = 2 if tokens[1].text == "," else 1
    if _opens_amount(tokens, at):
        return at
    if tokens[at].tag in "PB":
        return _after_comma(tokens, at + 1, at + 10, text)
    if tokens[at].lower in _LEADING:
        start = _after_comma(tokens, at + 3, at + 22, text)
        return start if start and start < len(tokens) and tokens[start].tag in "DKN#R" else None
    return at if tokens[at].tag not in "S,A" else None


def _after_comma(tokens: _Tokens, low: int, high: int, text: str) -> int | None:
    for at in range(low, min(high, len(tokens))):
        if tokens[at].text == "," and not _is_in_date(tokens[at], text):
            return at + 1
    return None


def _is_in_date(mark: Token, text: str) -> bool:
    """Say whether a comma stands inside a date ("July 4, 1776")."""
    date = DATE.search(text, max(0, mark.start - 12))
    return date is not None and date.start() < mark.start < date.end() - 1


def _subject_end(tokens: _Tokens, start: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """Return (end of the subject, position of the finite word)."""
    if not _can_be_subject(tokens, start):
        return None
    at, end = start + 1, None
    while at < min(len(tokens) - 1, start + _MAX_SUBJECT):
        token = tokens[at]
        finite = at + 1 if token.tag == "B" else at
        if _is_finite(tokens, finite, lexicon):
            return end or at, finite
        if token.text == "," and end is None:
            end, at = at, _apposition_end(tokens, at)
        elif token.tag in ",SBR":
            return None
        else:
            at += 1
    return None


def _opens_amount(tokens: _Tokens, at: int) -> bool:
    """Say whether a subject such as "about 300 people" or "at least 300 people" starts here."""
    number = next((k for k in (at + 1, at + 2) if tokens[k].tag == "#"), at)
    return " ".join(token.lower for token in tokens[at:number]) in HEDGES


def _can_be_subject(tokens: _Tokens, start: int) -> bool:
    if start >= len(tokens) - 2:
        return False
    if _opens_amount(tokens, start):
        return True
    pronoun = tokens[start].tag == "R" and tokens[start + 1].tag not in "AN"
    return not (pronoun or tokens[start].tag in ",SB" or tokens[start].text.endswith("ing"))


def _apposition_end(tokens: _Tokens, comma: int) -> int:
    """Return what follows ", the president of Y,": the sentence's end when there is none such."""
    last = min(comma + 14, len(tokens) - 1) if tokens[comma + 1].tag in "DKN#" else 0
    commas = (k + 1 for k in range(comma + 1, last) if tokens[k].text == ",")
    return next(commas, len(tokens))


def _ends_predicate(tokens: _Tokens, at: int, verb_end: int, text: str, lexicon: Lexicon) -> bool:
    token = tokens[at]
    if token.tag == "," and token.text not in "%'" and not _is_in_date(token, text):
        return True
    if token.lower in _CUT_WORDS and at > verb_end:
        return True
    if token.tag != "C" or at + 1 >= len(tokens):
        return False
    joined = (*tokens[:at], *tokens[at + 1 :])
    return tokens[at + 1].tag in "AR" or finite_base(joined, at, lexicon) is not None


def _is_reduced_relative(tokens: _Tokens, finite: int, lexicon: Lexicon) -> bool:
    """Say whether the verb may be a participle after its noun ("the man arrested in …")."""
    if not is_participle(tokens[finite].text, lexicon):
        return False
    if tokens[finite + 1].lower == "by":
        return True
    for at in range(finite + 1, len(tokens)):
        token = tokens[at]
        if token.tag in ",SRC" or token.lower in ("to", "that"):
            return False
        if token.tag == "A" or (token.text in PAST_LEMMA and tokens[at - 1].tag in "NK#"):
            return True
    return False
