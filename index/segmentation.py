"""Segmentation: folded text → the terms of the lexical index.

Terms are jieba's search-mode words on runs of Han characters (cut by rjieba, a Rust port of the
same dictionary and algorithm), the other words as they stand, two-character pieces of every run of
script that is written without spaces, and codes such as ``PPR-9087`` in one spelling. Words and
pieces together: a word that the dictionary cuts wrongly is still found by its pieces.
"""

import re
from collections.abc import Iterator

import rjieba

# Han as jieba's dictionary knows it, then the other scripts that put no space between words:
# kana, Hangul (its words carry particles), Thai, Lao, Khmer, Burmese, and the rarer Han blocks.
_HAN = r"\u4e00-\u9fd5"
_UNSPACED = (
    _HAN + r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u9fd6-\u9fff\uac00-\ud7af"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U000323af"
)
UNSPACED = f"[{_UNSPACED}]"  # as in a regular expression, like the next
SPACED = rf"[^\W_{_UNSPACED}]"
_RUN = re.compile(rf"({UNSPACED}+)|({SPACED}+)")
_HAN_RUN = re.compile(rf"[{_HAN}]+")
# Letters and digits joined by - . / _ + & (the code), optionally "gb/t 5972-2023": a code of
# letters with its number after one space.
_LATIN = r"[a-z0-9\u00df-\u024f\u0370-\u04ff]"
_CODE = re.compile(
    rf"(?<!{_LATIN})(?:{_LATIN}+(?:[-./_+&]{_LATIN}+)+(?: \d[\d.-]*\d)?|[a-z]{{1,5}} ?\d[\d.-]*\d)"
    rf"(?!{_LATIN})"
)
_SEPARATORS = re.compile(r"[-./_+& ]")
TERMS_VERSION = 1  # to be raised with every change of what extract_terms gives
_MAX_TERM_CHARS = 64  # longer "words" are noise such as base64, and tantivy loses those over 64 KiB


def cut_words(run: str) -> list[str]:
    """Cut a run of Han characters into words as ``jieba.cut`` does.

    :param run: Han characters only.
    :return: The words in order; joined they give the run.
    """
    words: list[str] = rjieba.cut(run)
    return words


def tag_words(text: str) -> list[tuple[str, str]]:
    """Cut a text into words and name their classes as ``jieba.posseg`` does.

    :param text: Folded text.
    :return: (word, tag of the ICTCLAS set) in order.
    """
    tagged: list[tuple[str, str]] = rjieba.tag(text)
    return tagged


def extract_terms(folded: str) -> list[str]:
    """List the terms of a folded text in order, repeated as often as they occur.

    Two-character pieces carry a leading ``#`` and codes a leading ``=``, so that a piece never
    counts as the word it looks like.

    :param folded: Folded text (:func:`index.normalization.fold`).
    :return: The terms; empty when the text has neither letters nor digits.
    """
    terms: list[str] = []
    for unspaced, word in _RUN.findall(folded):
        if word:
            terms.append(word[:_MAX_TERM_CHARS])
        else:
            terms.extend(_unspaced_terms(unspaced))
    terms.extend(extract_codes(folded))
    return terms


def extract_certain_terms(folded: str) -> list[str]:
    """List the terms that a text has wherever these words stand in it, whatever is around them.

    The words of the dictionary are not among them: beside other characters they are cut otherwise.

    :param folded: Folded text that neither begins nor ends within a word of an alphabet.
    :return: Some of its terms, each once, in order; none for single characters of unspaced scripts.
    """
    terms: list[str] = []
    for unspaced, word in _RUN.findall(folded):
        terms += [word[:_MAX_TERM_CHARS]] if word else _pieces(unspaced)
    return list(dict.fromkeys(terms))


def extract_codes(folded: str) -> Iterator[str]:
    """Give each code in one spelling: ``PPR-9087``, ``ppr 9087`` and ``PPR9087`` are ``=ppr9087``.

    A code of several parts is also given without its last ones, so that ``GB/T 5972`` finds
    ``GB/T 5972-2023``.

    :param folded: Folded text.
    :return: Code terms in order.
    """
    for match in _CODE.finditer(folded):
        first, *others = _SEPARATORS.split(match.group())
        if not others or not (first.isalpha() or first.isdecimal()):
            yield "=" + first[:_MAX_TERM_CHARS]
        for part in others:
            first += part
            if len(first) > _MAX_TERM_CHARS:
                break
            yield "=" + first


def _unspaced_terms(run: str) -> list[str]:
    terms: list[str] = []
    for words in map(rjieba.cut_for_search, _HAN_RUN.findall(run)):
        terms += words
    if len(run) == 1:
        return terms or [run]
    return terms + _pieces(run)


def _pieces(run: str) -> list[str]:
    return ["#" + run[at : at + 2] for at in range(len(run) - 1)]
