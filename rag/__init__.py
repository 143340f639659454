"""Question → the documents' exact words: ``from rag import answer``."""

from rag.answerer import Answerer
from rag.asking import answer
from rag.datatypes import Answer, Citation, Status

__all__ = ["Answer", "Answerer", "Citation", "Status", "answer"]
