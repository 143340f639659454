"""Turns: what is known of the questions before a follow-up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

# (words, others) -> how near each of the others is in meaning; (len(others),)
Similarity: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]


class PastTurn(Protocol):
    """An earlier turn; an :class:`rag.Answer` is one."""

    @property
    def question(self) -> str:
        """As asked."""

    @property
    def interpreted(self) -> str:
        """As understood."""

    @property
    def text(self) -> str:
        """The words that answered it; "" when there were none or they are not known."""


History: TypeAlias = Sequence[str | PastTurn]  # oldest first; questions alone will do


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier turn in three strings, for those who have no Answer at hand."""

    question: str
    interpreted: str = ""  # "": as asked
    text: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """An earlier question as understood, with the words that answered it."""

    question: str
    answer: str
