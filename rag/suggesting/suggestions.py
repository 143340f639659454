"""Suggestions: an Answerer's documents → questions that they answer, to click on.

Nothing is written by hand: a sample of the documents' sentences is turned into questions by rules
(``suggestion_chinese``, ``suggestion_english``), each is asked, and only those stay whose answer is
sure and holds the words that the question was made from.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from index.datatypes import Document, DocumentInfo
from index.normalization import fold_text
from index.sentences import split_sentences
from rag.answerer import Answerer
from rag.datatypes import Answer, Status
from rag.joined import SingleBase
from rag.query import detect_language
from rag.suggesting.chinese import draft_chinese
from rag.suggesting.draft import (
    Draft,
    Kind,
    Statement,
    clean_sentence,
    cut_statements,
    name_subject,
    simplify,
)
from rag.suggesting.english import draft_english

# The bounds that keep a call near a second on any number of documents of any size.
_N_DOCUMENTS = 40
_N_CHARS = 48_000  # read in all, half of it at least from the one document of a small folder
_WINDOW_CHARS = 1_200
_ASKED_PER_QUESTION = 3
_SPECIFIC_CHARS = 14  # a shorter question seldom says what it is about
_MAX_SURPLUS_CHARS = 40  # of an answer beyond the words it was made from
_MAX_TITLE_CHARS = 24
_MIN_SCRIPT_SHARE = 0.02  # of characters that simplification changes, in a traditional text


@dataclass(frozen=True, slots=True)
class _Candidate:
    draft: Draft
    source: str
    turn: int  # its place among its document's questions of that kind


def suggest_questions(answerer: Answerer, n: int = 6) -> tuple[str, ...]:
    """Make questions that the documents answer.

    :param answerer: Holds the documents and answers the questions.
    :param n: Number wanted, from 1.
    :return: At most n questions, spread over documents and kinds, the same for the same documents;
        fewer, or none, where few can be made.
    :raises ValueError: When n is not positive.
    :raises IndexingError: When the index cannot be read.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    waiting = _gather(answerer)
    kept: list[_Candidate] = []
    tried: Counter[str | Kind] = Counter()
    taken: Counter[str | Kind] = Counter()
    for _ in range(n * _ASKED_PER_QUESTION):
        if not waiting or len(kept) == n:
            break
        best = min(waiting, key=lambda one: _turn(one, taken, tried))
        waiting.remove(best)
        tried.update((best.source, best.draft.kind))
        if _is_answered(answerer.answer(best.draft.question), best):
            kept.append(best)
            taken.update((best.source, best.draft.kind))
            waiting = [one for one in waiting if not _gives_away(one.draft, best.draft)]
    return tuple(one.draft.question for one in kept)


def _turn(
    one: _Candidate, taken: Counter[str | Kind], tried: Counter[str | Kind]
) -> tuple[int, ...]:
    """Tell whose turn it is: documents first, then kinds, those that failed later."""
    source, kind = one.source, one.draft.kind
    vagueness = max(0, _SPECIFIC_CHARS - len(one.draft.question))
    return (taken[source], tried[source], taken[kind], tried[kind], vagueness, kind, one.turn)


def _is_answered(answer: Answer, one: _Candidate) -> bool:
    words, text = _letters(one.draft.words), _letters(answer.text)
    return (
        answer.status is Status.ANSWERED
        and words in text
        and len(text) <= len(words) + _MAX_SURPLUS_CHARS
        and any(citation.source == one.source for citation in answer.citations)
    )


def _gives_away(one: Draft, other: Draft) -> bool:
    """Tell whether one of two questions holds the other's answer, or asks for the same words."""
    return (
        _letters(one.words) == _letters(other.words)
        or _letters(one.question) == _letters(other.question)
        or one.words in other.question
        or other.words in one.question
    )


def _letters(text: str) -> str:
    return "".join(char for char in fold_text(text) if char.isalnum())


def _gather(answerer: Answerer) -> list[_Candidate]:
    documents = _spread(answerer.knowledge_base)
    n_windows = max(1, _N_CHARS // _WINDOW_CHARS // max(1, len(documents)))
    candidates: dict[str, _Candidate] = {}
    for info in documents:
        try:
            document = answerer.document(info.source)
        except KeyError:  # a refresh took it away meanwhile
            continue
        numbers: Counter[Kind] = Counter()
        for draft in _draft(document, n_windows):
            if draft.words and draft.question not in candidates:
                numbers[draft.kind] += 1
                candidate = _Candidate(draft, document.source, numbers[draft.kind])
                candidates[draft.question] = candidate
    return list(candidates.values())


def _spread(knowledge_base: SingleBase) -> list[DocumentInfo]:
    """Choose documents from the whole list, in an order whose beginning is spread over it too."""
    golden = (math.sqrt(5) - 1) / 2
    n_documents = knowledge_base.manifest.n_documents
    n_chosen = min(n_documents, _N_DOCUMENTS)
    places = [at * n_documents // n_chosen for at in range(n_chosen)]
    order = [at for _, at in sorted((place * golden % 1, place) for place in places)]
    return knowledge_base.files.sample_infos(order)


def _draft(document: Document, n_windows: int) -> Iterator[Draft]:
    sentences = list(_sample_sentences(document.text, n_windows))
    sample = "".join(sentences)
    language = detect_language(fold_text(sample))
    if language == "en":
        for sentence in sentences:
            yield from draft_english(sentence)
    elif language == "zh":
        about = _describe(document, sample)
        for sentence in sentences:
            for statement in cut_statements(sentence, about):
                yield from draft_chinese(statement)


def _describe(document: Document, sample: str) -> Statement:
    n_changed = sum(a != b for a, b in zip(sample, simplify(sample), strict=False))
    is_named = document.title != PurePosixPath(document.source).stem
    title = clean_sentence(document.title) if is_named else ""
    return Statement(
        text="",
        simple="",
        title=re.sub(r"[（(].*", "", title) if len(title) <= _MAX_TITLE_CHARS else "",
        subject=name_subject(title, simplify(title)),
        is_traditional=n_changed > _MIN_SCRIPT_SHARE * len(sample),
    )


def _sample_sentences(text: str, n_windows: int) -> Iterator[str]:
    """Give the whole sentences of windows that are spread over a text from beginning to end."""
    n_needed = math.ceil(len(text) / _WINDOW_CHARS)
    n_taken = min(n_windows, n_needed)
    for number in range(n_taken):
        start = number * (n_needed - 1) // max(1, n_taken - 1) * _WINDOW_CHARS
        window = text[start : start + _WINDOW_CHARS]
        spans = split_sentences(window)
        if start > 0 and text[start - 1] != "\n":
            spans = spans[1:]  # its beginning lies in front of the window
        if start + _WINDOW_CHARS < len(text):
            spans = spans[:-1]
        for span in spans:
            if sentence := clean_sentence(span.of(window)):
                yield sentence
