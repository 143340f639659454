"""Conversation: a follow-up and the turns before it → the question that it stands for.

Deterministic and small: word classes from the segmenter, closed classes of words as grammars list
them, and patterns of typed values. A question that does not lean on what came before is left as it
is: taking a new topic for a follow-up would silently change what was asked. Only words of questions
and answers are carried over; no document, citation or place ever is.
"""

from rag.conversation.interpretation import interpret
from rag.conversation.turns import History, PastTurn, Similarity, Turn

__all__ = ["History", "PastTurn", "Similarity", "Turn", "interpret"]
