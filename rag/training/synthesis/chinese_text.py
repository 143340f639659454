"""A Chinese passage cut into sentences, clauses and tagged words; names of people and offices."""

from __future__ import annotations

import re
from typing import NamedTuple

import rjieba

from rag.training.synthesis.passages import cut_sentences
from rag.training.synthesis.tables import load_characters, load_words

_WORDS = "chinese_words.toml"
SURNAMES = frozenset(load_characters(_WORDS, "names", "surnames"))
COUNTRIES = load_words(_WORDS, "names", "countries")
HEADS = tuple(
    sorted(set(load_words(_WORDS, "offices", "heads")), key=lambda head: (-len(head), head))
)
_COMPOUND = load_words(_WORDS, "names", "compound_surnames")
_TRANSCRIBING = frozenset(load_characters(_WORDS, "names", "transcribing"))
_NEVER_IN_NAMES = frozenset(load_characters(_WORDS, "names", "never_in_names"))
_NOT_IN_NAMES = load_characters(_WORDS, "names", "not_after_short_names")
# The parts of speech (of jieba) that names and noun phrases are made of.
NOMINAL = frozenset(
    (
        "n",
        "vn",
        "nz",
        "j",
        "l",
        "eng",
        "nr",
        "ns",
        "nt",
        "nrt",
        "nrfg",
        "b",
        "an",
        "ng",
        "f",
        "s",
        "i",
        "m",
        "q",
        "t",
    )
)
_NAME_TAGS = frozenset(("nr", "nrt", "nrfg"))
_NEVER_ENDS_NAMES = frozenset(("v", "p", "c", "uj", "ul", "u", "x", "m", "r", "y"))
_DOTS = ("·", "・")


class Word(NamedTuple):
    """A word of a passage, at the code points ``[start, end)``, with jieba's part of speech."""

    start: int
    end: int
    text: str
    tag: str


class Sentence(NamedTuple):
    """A sentence of a passage: its span, its words and the spans of its clauses."""

    start: int
    end: int
    words: tuple[Word, ...]
    clauses: tuple[tuple[int, int], ...]


class Analysis(NamedTuple):
    """A passage with its sentences."""

    text: str
    sentences: tuple[Sentence, ...]


def analyze(text: str) -> Analysis:
    """Cut a passage into sentences of 8 to 200 characters, clauses and words."""
    words, end = [], 0
    for word, tag in rjieba.tag(text):
        words.append(Word(end, end + len(word), word, tag))
        end += len(word)
    sentences, index = [], 0
    for start, stop in cut_sentences(text):
        first = index
        while index < len(words) and words[index].start < stop:
            index += 1
        if 8 <= stop - start <= 200:
            inside = tuple(words[first:index])
            sentences.append(Sentence(start, stop, inside, tuple(_clauses(text, start, stop))))
    return Analysis(text, tuple(sentences))


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    clauses, depth = [], 0
    begin = start
    for index in range(start, end):
        char = text[index]
        depth += (char in "(《") - (char in ")》")
        is_decimal = (
            char in ",:"
            and text[index - 1 : index].isdigit()
            and text[index + 1 : index + 2].isdigit()
        )
        if char in "。!?;\n" or (char in ",:" and depth <= 0 and not is_decimal):
            if index > begin:
                clauses.append((begin, index))
            begin = index + 1
    if begin < end:
        clauses.append((begin, end))
    return clauses


def name_end(words: tuple[Word, ...], index: int) -> int:
    """Return the index after the words that make up the person's name at ``index``, or 0.

    jieba cuts unknown given names in two (傅明 | 先), and foreign names anywhere (布 | 林肯).
    """
    if _begins_foreign_name(words, index):
        return _foreign_end(words, index)
    word = words[index]
    if not is_name_like(word):
        return 0
    if len(word.text) == 2 and index + 1 < len(words) and _ends_name(words[index + 1]):
        return index + 2
    return index + 1


def is_name_like(word: Word) -> bool:
    """Tell whether a word may be a person's name, by its tag and its characters."""
    if word.tag not in _NAME_TAGS or not 2 <= len(word.text) <= 6 or not _may_be_name(word.text):
        return False
    if word.text.startswith(_COMPOUND) or (word.text[0] in SURNAMES and len(word.text) <= 3):
        return True
    return len(word.text) > 2 and _TRANSCRIBING.issuperset(word.text)


def _may_be_name(text: str) -> bool:
    return not _NEVER_IN_NAMES.intersection(text) and text not in COUNTRIES


def _ends_name(word: Word) -> bool:
    return (
        len(word.text) == 1
        and _is_han(word.text)
        and word.text not in _NOT_IN_NAMES
        and word.tag not in _NEVER_ENDS_NAMES
    )


def _begins_foreign_name(words: tuple[Word, ...], index: int) -> bool:
    word = words[index]
    if not (_TRANSCRIBING.issuperset(word.text) and _may_be_name(word.text)):
        return False
    after = words[index + 1] if index + 1 < len(words) else None
    if word.tag[0] == "n" and after is not None and after.text in _DOTS:
        return True
    if word.tag not in _NAME_TAGS:
        return False
    is_known = len(word.text) > 2 or (word.tag == "nrt" and len(word.text) > 1)
    return is_known or (after is not None and _continues(after))


def _foreign_end(words: tuple[Word, ...], index: int) -> int:
    end = index + 1
    while end < len(words):
        is_dot = words[end].text in _DOTS
        if is_dot and end + 1 < len(words) and _is_part(words[end + 1]):
            end += 2
        elif not is_dot and _continues(words[end]):
            end += 1
        else:
            break
    return end


def _continues(word: Word) -> bool:
    """Tell whether a word may be the rest of a transcribed name."""
    if not _TRANSCRIBING.issuperset(word.text) or not _may_be_name(word.text):
        return False
    return word.tag[0] in "nxb" if len(word.text) > 1 else word.tag in _NAME_TAGS


def _is_part(word: Word) -> bool:
    return _is_han(word.text) or re.fullmatch(r"[A-Z]\.?", word.text) is not None


def _is_han(text: str) -> bool:
    return all("一" <= char <= "龥" for char in text)
