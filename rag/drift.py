"""Drift: questions asked of two generations of an index → what became of each answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self, TypedDict

from index.datatypes import Span
from rag.answerer import Answerer
from rag.datatypes import Answer, AnswerDict, Role, Status
from rag.evaluation import Asked, Evaluation, EvaluationProgress, evaluate
from rag.evaluation_file import EvaluationQuestion

_ANSWERING = (Role.ANSWER, Role.ALSO)


class Drift(StrEnum):
    """What became of an answer; the best known reason wins, from top to bottom."""

    BETTER = "better"  # wrong before, right now
    WORSE = "worse"  # right before, wrong now; or an honest no before, wrong words now
    GONE = "gone"  # words before, not found now, where that is not right
    UNCHANGED = "unchanged"  # the same words in the same place, or not found both times
    MOVED = "moved"  # the same words in another place
    REWORDED = "reworded"  # other words, neither better nor worse


class DriftedDict(TypedDict):
    """What became of one answer, as JSON."""

    line: int
    question: str
    answers: list[str]
    drift: str
    right_before: bool
    right_after: bool
    before: AnswerDict
    after: AnswerDict


class DriftDict(TypedDict):
    """What became of all answers, as JSON."""

    counts: dict[str, int]
    results: list[DriftedDict]


@dataclass(frozen=True, slots=True)
class Drifted:
    """One question's answers from two generations."""

    before: Asked
    after: Asked
    drift: Drift

    @classmethod
    def of(cls, before: Asked, after: Asked) -> Self:
        """Compare two answers to one question.

        :param before: From one generation.
        :param after: From the other.
        """
        return cls(before, after, _judge(before, after))

    def to_dict(self) -> DriftedDict:
        """Return the comparison as JSON-ready values."""
        after = self.after.answer.to_dict()
        return {
            "line": self.after.gold.line,
            "question": after["question"],
            "answers": list(self.after.gold.answers),
            "drift": self.drift.value,
            "right_before": self.before.is_right,
            "right_after": self.after.is_right,
            "before": self.before.answer.to_dict(),
            "after": after,
        }


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What became of the answers to all questions, in their order."""

    results: tuple[Drifted, ...]

    def with_drift(self, drift: Drift) -> tuple[Drifted, ...]:
        """Return those of one kind.

        :param drift: The kind.
        """
        return tuple(entry for entry in self.results if entry.drift is drift)

    @property
    def has_losses(self) -> bool:
        """Whether any answer is gone or worse."""
        return any(entry.drift in (Drift.GONE, Drift.WORSE) for entry in self.results)

    def to_dict(self) -> DriftDict:
        """Return the report as JSON-ready values."""
        return {
            "counts": {drift.value: len(self.with_drift(drift)) for drift in Drift},
            "results": [entry.to_dict() for entry in self.results],
        }


def compare_evaluations(before: Evaluation, after: Evaluation) -> DriftReport:
    """Compare the answers to the same questions.

    :param before: From one generation.
    :param after: From the other.
    :return: What became of each.
    :raises ValueError: When the questions are not the same.
    """
    asked = [[entry.gold for entry in evaluation.results] for evaluation in (before, after)]
    if asked[0] != asked[1]:
        raise ValueError("The two evaluations are of different questions.")
    pairs = zip(before.results, after.results, strict=True)
    return DriftReport(tuple(Drifted.of(*pair) for pair in pairs))


@dataclass(frozen=True, slots=True)
class GenerationAsker:
    """Asks kept generations of one index as they are."""

    documents_dir: Path
    index_dir: Path
    reader: str = ""  # as in :meth:`rag.answerer.Answerer.load`

    def ask(
        self,
        generation: str,
        questions: Sequence[EvaluationQuestion],
        progress: EvaluationProgress | None = None,
    ) -> Evaluation:
        """Ask one generation every question; its models are loaded for that and then dropped.

        :param generation: The generation.
        :param questions: At least one.
        :param progress: Told after each question.
        :return: The outcomes in the order of the questions.
        :raises IndexingError: When the generation cannot be used, or its encoder not loaded.
        :raises ReaderError: When the reader cannot be loaded.
        :raises ValueError: When there are no questions.
        """
        answerer = Answerer.load(
            self.index_dir,
            documents_dir=self.documents_dir,
            reader=self.reader,
            generation=generation,
        )
        return evaluate(questions, answerer.answer, progress=progress)


def _judge(before: Asked, after: Asked) -> Drift:
    if before.is_right != after.is_right:
        if after.is_right:
            return Drift.BETTER
        return Drift.WORSE if _is_found(after) else Drift.GONE
    if _is_found(before) != _is_found(after):
        # Both times not what the file expects, so words are worse than an honest no.
        return Drift.WORSE if _is_found(after) else Drift.GONE
    old, new = _items(before.answer), _items(after.answer)
    if [item.words for item in old] != [item.words for item in new]:
        return Drift.REWORDED
    return Drift.UNCHANGED if old == new else Drift.MOVED


def _is_found(asked: Asked) -> bool:
    return asked.answer.status is not Status.NOT_FOUND


@dataclass(frozen=True, slots=True)
class _Item:
    """The words of an answer, or of one item of a list, and their place."""

    words: str
    source: str
    span: Span


def _items(answer: Answer) -> list[_Item]:
    return [
        _Item(
            citation.quote[words.start - citation.span.start : words.end - citation.span.start],
            citation.source,
            words,
        )
        for citation in answer.citations
        if citation.role in _ANSWERING and (words := citation.highlight)
    ]
