"""Questions as hurried people type them: a question word in the answer's place, words dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from rag.function_words import FUNCTION_WORDS
from rag.training.synthesis.english_lexicon import Lexicon, without_possessive
from rag.training.synthesis.english_phrasing import Draft
from rag.training.synthesis.english_tokens import DATE
from rag.training.synthesis.english_words import PAST_LEMMA, SCALES, TITLES

_NUMBER = re.compile(
    r"(?<![\w.'-])(?:"
    r"(?:[$£€]\s?)?\d[\d,.]*(?<![,.])"
    r"(?:\s?(?:%|percent|per cent|million|billion|trillion|thousand))*"
    r"|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|hundreds?)\b"
    r")(?: [a-z]+)?(?![\w])"
)
_NAME = re.compile(r"[A-Z][\w’'-]+(?: (?:of |the |de |von |and )?[A-Z][\w’'-]+)*")
_PHRASE = re.compile(
    r"\b(?:the|a|an|his|her|its|their|of|in|for) ((?:[a-z][\w-]+ ){0,3}[a-z][\w-]+)"
)
_NOT_LAST = FUNCTION_WORDS | {"who", "were", "been", "into", "over"}
_WEIGHTS = {"date": 3.0, "number": 2.5, "person": 1.8, "place": 1.6, "name": 1.2, "phrase": 0.4}
_PART_OF_CODE = re.compile(r"[./_(-]\w")
_NAME_WORDS = ("who", "what", "which organization", "what", "which", "what is the name of")
_WORDS = {
    "person": ("who", "who", "who", "which person", "what is the name of the person"),
    "place": ("where", "where", "which country", "what city", "in which place", "what place"),
    "name": _NAME_WORDS,
}
_Spot = tuple[str, int, int]


def rough_questions(text: str, lexicon: Lexicon, random: Random, most: int) -> Iterator[Draft]:
    """Ask for the dates, numbers, names and phrases of a sentence.

    :param most: How many to make at most.
    """
    spots = _spots(text, lexicon, random)
    weights = [_WEIGHTS[kind] for kind, _, _ in spots]
    for _ in range(min(most, len(spots))):
        spot = random.choices(spots, weights)[0]
        question = _ask(text, spot, lexicon, random)
        if question:
            yield Draft(question, spot[1], spot[2], f"rough-{spot[0]}")


def _spots(text: str, lexicon: Lexicon, random: Random) -> list[_Spot]:
    dates = [("date", *match.span()) for match in DATE.finditer(text)]
    others = [
        *_numbers(text, random),
        *_names(text, lexicon),
    ]
    free = [
        spot for spot in others if not any(spot[1] < end and spot[2] > low for _, low, end in dates)
    ]
    return [*dates, *free, *_phrases(text, lexicon)]


def _numbers(text: str, random: Random) -> Iterator[_Spot]:
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        amount, _, unit = match.group().rpartition(" ")
        if amount and unit.isalpha() and unit not in SCALES | {"cent"}:
            counted = unit.endswith("s") and unit not in FUNCTION_WORDS and "%" not in amount
            if not counted or text[end : end + 1] == "-" or random.random() < 0.4:
                end -= len(unit) + 1
        yield "number", start, end


def _names(text: str, lexicon: Lexicon) -> Iterator[_Spot]:
    for match in _NAME.finditer(text):
        start, end = match.span()
        opening = match.group().split(" ", 1)[0].lower()
        name = without_possessive(match.group())
        if start == 0 and lexicon.lower[opening] >= 3:
            continue
        if (
            name.lower() in FUNCTION_WORDS
            or name in TITLES
            or text[start - 1 : start] in ("/", ".", "_", "-")
        ):
            continue
        if _PART_OF_CODE.match(text[end : end + 2]) or _modifies(text[end:]):
            continue
        yield lexicon.name_kind(name), start, start + len(name)


def _modifies(rest: str) -> bool:
    """Say whether a name only tells which: "the Persian army"."""
    following = re.match(r" ([a-z]\w*)", rest)
    if following is None:
        return False
    word = following[1]
    return not (word in FUNCTION_WORDS or word in PAST_LEMMA or word.endswith("ed"))


def _phrases(text: str, lexicon: Lexicon) -> Iterator[_Spot]:
    for match in _PHRASE.finditer(text):
        words = match[1].split()
        while words and words[-1] in _NOT_LAST:
            words.pop()
        cut = next((n for n, word in enumerate(words) if word in FUNCTION_WORDS), len(words))
        phrase = " ".join(words[:cut])
        end = match.start(1) + len(phrase)
        noun = not phrase.endswith(("ed", "ing", "ly")) and text[end : end + 1] not in ("'", "’")
        if cut >= 2 and noun and lexicon.verbs.get(words[cut - 1], 0) < 0.5:
            yield "phrase", match.start(1), end


def _question_word(kind: str, answer: str, random: Random) -> str:
    head = answer.rsplit(" ", 1)[-1]
    if kind == "date":
        year = ("what year", "in which year")
        day = ("what day", "what date")
        return random.choice(
            ("when", "when", "when", *(year if re.search(r"\d{4}", answer) else day))
        )
    if kind == "number":
        return _amount_word(answer, head, random)
    choices = _WORDS.get(
        kind,
        ("what", "what", "what", f"which {head}", f"what type of {head}", f"what kind of {head}"),
    )
    return random.choice(choices)


def _amount_word(answer: str, head: str, random: Random) -> str:
    if "%" in answer or "cent" in answer:
        return random.choice(("what percentage", "how much"))
    if answer[0] in "$£€":
        return random.choice(("how much", "how much money"))
    if head.isalpha() and " " in answer and head not in SCALES:
        return f"how many {head}"
    return random.choice(("how many", "how much", "what number"))


def _ask(text: str, spot: _Spot, lexicon: Lexicon, random: Random) -> str | None:
    kind, start, end = spot
    low, high = _bounds(text, start, end, random)
    opening = text[low:start]
    if low == 0 and opening[:1].isupper() and lexicon.lower[opening.split()[0].lower()] >= 3:
        opening = opening[0].lower() + opening[1:]
    left = _shortened(opening.split()[::-1], random)[::-1]
    right = _shortened(text[end:high].strip(" .!?\"'").split(), random)
    if left and left[-1].lower() in ("the", "a", "an"):
        left.pop()
    if len(left) + len(right) < 3:
        return None
    word = _question_word(kind, text[start:end], random)
    auxiliary = ""
    if random.random() < 0.6:
        auxiliary = random.choice(("did", "is", "was", "does", "has", "were", ""))
    parts = (word, auxiliary, *left, *right) if random.random() < 0.75 else (*left, word, *right)
    return " ".join(part for part in parts if part)


def _bounds(text: str, start: int, end: int, random: Random) -> tuple[int, int]:
    """Return the clause around an answer, or the whole sentence."""
    clauses = [
        match.span()
        for match in re.finditer(r"[^,;:—]+", text)
        if match.start() < end and match.end() > start
    ]
    if clauses and clauses[-1][1] - clauses[0][0] >= 45 and random.random() < 0.6:
        return clauses[0][0], clauses[-1][1]
    return 0, len(text)


def _shortened(words: list[str], random: Random) -> list[str]:
    """Keep the first words, nearest to the answer, and drop some of those."""
    if len(words) > 8 and random.random() < 0.6:
        words = words[: random.randint(3, 8)]
    function_rate, content_rate = random.choice((0, 0.3, 0.5)), random.choice((0, 0.08, 0.15))
    return [
        word
        for word in words
        if random.random() >= (function_rate if word.lower() in FUNCTION_WORDS else content_rate)
    ]
