"""Search: words → the passages closest to them, whether or not they answer anything."""

from rag.composer import compose_answer
from rag.datatypes import Citation
from rag.federation import Federation
from rag.query import analyze_question
from rag.retriever import retrieve


def search_passages(library: Federation, words: str, limit: int) -> tuple[Citation, ...]:
    """Find the passages closest to words or to a question.

    :param library: The collections to search.
    :param words: Any string.
    :param limit: The most passages, from 1.
    :return: Passages, closest first, in the shape of citations without a highlight.
    """
    knowledge_base, settings = library.asked, library.reading.settings
    query = analyze_question(words, max_chars=settings.max_question_chars)
    hits = retrieve(knowledge_base, query, settings, limit)
    return compose_answer(knowledge_base, query, judged=(), nearest=hits).nearest
