"""Search: words → the passages closest to them, whether or not they answer anything."""

from dataclasses import replace

from rag.composer import cite_hits
from rag.datatypes import Citation
from rag.federation import Federation
from rag.query import analyze_question
from rag.quotation import find_place
from rag.retriever import retrieve

_ABOVE_ALL = 1000.0  # logits; all else that is known of a chunk comes to less


def search_passages(library: Federation, words: str, limit: int) -> tuple[Citation, ...]:
    """Find the passages closest to words or to a question.

    Words in quotation marks are found exactly: passages that hold all of them come first, then
    those that hold some. When no passage does, the closest are returned as without the marks.

    :param library: The collections to search.
    :param words: Any string.
    :param limit: The most passages, from 1.
    :return: Passages, closest first, in the shape of citations; the highlight is where the text has
        quoted words, None where it has none.
    """
    knowledge_base = library.asked
    settings = replace(library.reading.settings, phrase_logit=_ABOVE_ALL)
    query = analyze_question(words, max_chars=settings.max_question_chars)
    hits = retrieve(knowledge_base, query, settings, limit)
    places = {hit.chunk.chunk_id: find_place(query.phrases, hit.chunk) for hit in hits}
    marked = {chunk_id: place for chunk_id, place in places.items() if place}
    return cite_hits(knowledge_base, hits, marked)
