"""Interpretation: a question and its conversation → the question as understood."""

import re
from collections.abc import Callable, Sequence
from itertools import takewhile

from rag.conversation.chinese import rewrite_chinese
from rag.conversation.english import rewrite_english
from rag.conversation.other_languages import rewrite_other
from rag.conversation.turns import History, Similarity, Understood

_Rewriter = Callable[[str, Sequence[Understood], Similarity | None], str | None]

_MAX_TURNS = 5  # that a follow-up may look back at
_MAX_CHARS = 300  # a longer question says all by itself, and a longer one before it is cut
_FEW_WORDS = 5
_ENGLISH = re.compile(
    r"(?:and |so |then )?(?:who|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could"
    r"|should|must|will|has|have|the|for)\b",
    re.IGNORECASE,
)
_KANA = re.compile(r"[\u3041-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_OTHER = re.compile(r"[^\W\d_A-Za-z\u3400-\u9fff]")


def interpret(
    question: str,
    history: History,
    similarity: Similarity | None = None,
) -> str:
    """Put back what a follow-up leaves out.

    :param question: As asked; any string.
    :param history: The turns before it, oldest first: answers, or questions alone.
    :param similarity: Compares words by meaning; without it nouns are compared by their letters.
    :return: The question that it stands for; the same when it leans on nothing.
    """
    turns = _understand(history[-_MAX_TURNS:], similarity)
    return _rewrite(question, turns, similarity) or question


def _understand(history: History, similarity: Similarity | None) -> list[Understood]:
    turns: list[Understood] = []
    for entry in history:
        if isinstance(entry, str):  # what it was understood as has to be found out again
            question, answer = _rewrite(entry, turns, similarity) or entry, ""
        else:
            question, answer = entry.interpreted or entry.question, entry.text
        question = question.strip()[:_MAX_CHARS]
        if question:
            turns.append(Understood(question, answer[:_MAX_CHARS]))
    return turns


def _rewrite(
    question: str, turns: Sequence[Understood], similarity: Similarity | None
) -> str | None:
    text = question.strip()
    if not turns or not text or len(text) > _MAX_CHARS:
        return None
    # The language of a follow-up without letters ("2022?") is that of the turn before it.
    before = _rewriter(turns[-1].question)
    rewriter = _rewriter(text) or before
    if before is rewrite_other and rewriter is rewrite_english and len(text.split()) <= _FEW_WORDS:
        rewriter = before  # "Et en 2022 ?"
    of_language = takewhile(lambda turn: _rewriter(turn.question) is rewriter, reversed(turns))
    same = list(of_language)[::-1]
    return rewriter(text, same, similarity) if rewriter and same else None


def _rewriter(text: str) -> _Rewriter | None:
    if _ENGLISH.match(text) and not _HAN.search(text):  # also with a café in it
        return rewrite_english
    if _KANA.search(text) or _OTHER.search(text):
        return rewrite_other
    if _HAN.search(text):
        return rewrite_chinese
    return rewrite_english if _LATIN.search(text) else None
