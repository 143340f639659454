"""Query analysis: the user's question → a Query."""

import re
from collections import Counter
from collections.abc import Sequence

from index.normalization import fold_text
from index.segmentation import cut_words, extract_terms
from rag.datatypes import Query
from rag.function_words import FUNCTION_WORDS

_SCRIPTS = {
    "zh": re.compile(r"[\u3400-\u9fff]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "en": re.compile(r"[a-z]+"),  # words, since a Chinese character is about a word
}
# A question that leans on the one before it opens with one of these words, or has a pronoun.
_OPENERS = frozenset(
    [
        "那",
        "那么",
        "还有",
        "然后",
        "其中",
        "这",
        "这个",
        "这些",
        "那个",
        "那些",
        "其",
        "该",
        "此",
        "他",
        "她",
        "它",
        "他们",
        "她们",
        "它们",
    ]
)
_PRONOUN = re.compile(
    r"^(?:[Aa]nd|[Aa]lso|[Ww]hat about|[Hh]ow about|[Tt]hen)\b"
    r"|\b(?:it|[Hh]e|[Ss]he|[Tt]hey|him|her|them|[Hh]is|[Tt]heir|[Ii]ts)\b"
)
_HAN_START = re.compile(r"[\u4e00-\u9fd5]+")


def analyze_question(question: str, *, history: Sequence[str] = (), max_chars: int = 1000) -> Query:
    """Analyse a question.

    :param question: Any string.
    :param history: Earlier questions of the conversation, oldest first.
    :param max_chars: Only so many characters are searched.
    :return: The query; without terms when there is nothing to search for.
    """
    text = question.strip()[:max_chars]
    folded = fold_text(text).strip()
    previous = tuple(entry.strip() for entry in history if entry.strip())
    if previous and _leans_on_previous(text, folded):
        room = max(0, max_chars - len(text) - 1)
        text = f"{previous[-1][:room]} {text}".strip()
        folded = fold_text(text).strip()
    terms = tuple(extract_terms(folded))
    return Query(
        question=question,
        text=text,
        normalized=folded,
        language=detect_language(folded),
        terms=terms,
        content=tuple(term for term in terms if _names_something(term)) or terms,
        previous=previous,
    )


def _leans_on_previous(text: str, folded: str) -> bool:
    # By whole words: 那不勒斯 and 他信 are names.
    run = _HAN_START.match(folded)
    return bool(run and cut_words(run.group())[0] in _OPENERS) or bool(_PRONOUN.search(text))


def _names_something(term: str) -> bool:
    # Two-character pieces only repeat what the words say.
    return not term.startswith("#") and term not in FUNCTION_WORDS


def detect_language(folded: str) -> str:
    """Name the language of a question by its script.

    :param folded: Folded text.
    :return: zh, ja, ko, ru, en or other; Japanese is told from Chinese by any kana.
    """
    counts = Counter({name: len(pattern.findall(folded)) for name, pattern in _SCRIPTS.items()})
    if not counts.total():
        return "other"
    if counts["ja"]:
        return "ja"
    return counts.most_common(1)[0][0]
