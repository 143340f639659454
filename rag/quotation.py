"""Quotation: the words of a question that stand in quotation marks → phrases to find exactly.

In Chinese the marks are also those of titles and of emphasis, so what holds the phrases is
preferred, never demanded: ``RagSettings.phrase_logit`` is added to w · x of the reranker. Of 247
questions of CMRC 2018 (train) with quotation marks, the right chunk comes first for 96.8 % with it
and 95.5 % without, and is among the five best for 99.6 % and 100 %. Of 120 phrases of three
characters cut at random out of chunks, each asked about together with another question's words, the
phrase is among the five best for 99 % with it and 29 % without.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.chunking import search_text
from index.datatypes import Chunk, Span
from index.normalization import fold, fold_text
from index.phrases import Phrase
from rag.joined import Knowledge

# Both curly marks open and both close: on Chinese keyboards they are often mistaken.
_QUOTED = re.compile(
    r'"([^"]+)"|[\u201c\u201d]([^\u201c\u201d]+)[\u201c\u201d]|「([^「」]+)」|『([^『』]+)』|«([^«»]+)»'
)
_AROUND = " \t\r\n,.;:!?、。…"  # punctuation that is put inside the marks without being quoted
_MOST_PHRASES = 8  # of a question; bounds its time


def find_phrases(folded: str) -> tuple[Phrase, ...]:
    """Find what is quoted in a question.

    :param folded: The folded question.
    :return: The first eight different phrases.
    """
    quoted = ("".join(groups).strip(_AROUND) for groups in _QUOTED.findall(folded))
    phrases = (Phrase.of(text) for text in dict.fromkeys(quoted) if text)
    return tuple(phrase for phrase in phrases if phrase)[:_MOST_PHRASES]


def find_place(phrases: Sequence[Phrase], chunk: Chunk) -> Span | None:
    """Find where a chunk's text has the first of the phrases that it has.

    :param phrases: Phrases.
    :param chunk: The chunk.
    :return: The words' place in the document's text; None when there are none.
    """
    folded = fold(chunk.text)
    matches = (phrase.pattern.search(folded.text) for phrase in phrases)
    match = next(filter(None, matches), None)
    if match is None:
        return None
    place = folded.to_original(match.start(), match.end())
    return Span(chunk.span.start + place.start, chunk.span.start + place.end)


def share_held(
    knowledge_base: Knowledge, phrases: Sequence[Phrase], chunks: Sequence[Chunk]
) -> NDArray[np.float64]:
    """Tell which share of the phrases each chunk holds.

    :param knowledge_base: The chunks'.
    :param phrases: At least one.
    :param chunks: n chunks.
    :return: (n,) float64 in [0, 1].
    """
    n_held = np.zeros(len(chunks))
    texts: dict[int, str] = {}  # folding them all would take longer than all the rest
    for phrase in phrases:
        counts = knowledge_base.match(phrase.terms, chunks).counts  # (n, n_terms)
        n_needed = max(1, len(phrase.terms) - 1)  # a line that ends within it hides one
        for at in np.flatnonzero((counts > 0).sum(axis=1) >= n_needed).tolist():
            if at not in texts:
                texts[at] = fold_text(search_text(chunks[at]))
            n_held[at] += phrase.stands_in(texts[at])
    return n_held / len(phrases)
