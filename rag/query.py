"""Query analysis: the user's question → a Query."""

import re
from collections import Counter

from index.normalization import fold_text
from index.segmentation import extract_terms
from rag.conversation import History, Similarity, interpret
from rag.datatypes import Query
from rag.function_words import FUNCTION_WORDS
from rag.quotation import find_phrases

_SCRIPTS = {
    "zh": re.compile(r"[\u3400-\u9fff]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "en": re.compile(r"[a-z]+"),  # words, since a Chinese character is about a word
}


def analyze_question(
    question: str,
    *,
    history: History = (),
    similarity: Similarity | None = None,
    max_chars: int = 1000,
) -> Query:
    """Analyse a question.

    :param question: Any string.
    :param history: The conversation before it, oldest first (:func:`rag.conversation.interpret`).
    :param similarity: Compares words by meaning, where an encoder is at hand.
    :param max_chars: Only so many characters are searched.
    :return: The query; without terms when there is nothing to search for.
    """
    text = interpret(question, history, similarity).strip()[:max_chars]
    folded = fold_text(text).strip()
    terms = tuple(extract_terms(folded))
    return Query(
        question=question,
        text=text,
        normalized=folded,
        language=detect_language(folded),
        terms=terms,
        content=tuple(term for term in terms if _names_something(term)) or terms,
        phrases=find_phrases(folded),
    )


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
