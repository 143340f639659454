"""Asking the whole pipeline: question → Answer, from all documents or from all but one."""

from collections.abc import Sequence
from dataclasses import replace

from index.datatypes import Chunk, Hit
from index.knowledge_base import KnowledgeBase
from index.phrases import Phrase
from rag.calibration import Calibration
from rag.datatypes import Answer
from rag.reading import Reading
from tests.benchmarks.models import Models
from tests.benchmarks.pool import IndexedSets


class LeavingOut(KnowledgeBase):
    """A knowledge base that can hide one document; only the idf still knows of it."""

    hidden: str | None = None  # doc_id

    def search_dense(self, vector, top_k: int) -> list[Hit]:
        """Rank the other documents' chunks by cosine."""
        return self._visible(super().search_dense(vector, top_k + self._n_hidden()), top_k)

    def search_lexical(self, terms: Sequence[str], top_k: int) -> list[Hit]:
        """Rank the other documents' chunks by BM25."""
        return self._visible(super().search_lexical(terms, top_k + self._n_hidden()), top_k)

    def search_phrase(self, phrase: Phrase, top_k: int) -> list[Chunk]:
        """Find the other documents' chunks with a phrase."""
        found = super().search_phrase(phrase, top_k + self._n_hidden())
        return [chunk for chunk in found if chunk.doc_id != self.hidden][:top_k]

    def _n_hidden(self) -> int:
        return self.files.document_info(self.hidden).n_chunks if self.hidden else 0

    def _visible(self, hits: Sequence[Hit], top_k: int) -> list[Hit]:
        kept = [hit for hit in hits if hit.chunk.doc_id != self.hidden]
        return [replace(hit, rank=rank) for rank, hit in enumerate(kept[:top_k], 1)]


class Asker:
    """Asks questions of indexed sets."""

    def __init__(self, indexed: IndexedSets, models: Models, *, always: bool = False) -> None:
        """Load the index.

        :param indexed: What is asked.
        :param models: What answers.
        :param always: Answer however low the confidence; for curves over all thresholds.
        """
        self._knowledge_base = LeavingOut.load(indexed.index_dir, encoder=models.encoder)
        calibration = models.calibration
        if always:
            calibration = Calibration(
                {
                    group: replace(fitted, answered=0.0, uncertain=0.0)
                    for group, fitted in calibration.groups.items()
                }
            )
        self._reading = Reading(models.encoder, models.require_reader(), calibration)

    def ask(self, question: str, *, without: str | None = None) -> Answer:
        """Ask a question.

        :param question: The question.
        :param without: The source of a document to leave out.
        """
        files = self._knowledge_base.files
        self._knowledge_base.hidden = files.doc_id_of(without) if without else None
        return self._reading.answer(self._knowledge_base, question)  # every time anew
