"""Evaluation: a user's own questions, answered → how good the answers are.

What is measured follows ``evaluation_metrics``. A question that is not found has no words: its F1
is 0. The calibration error is of the answers given, for of the others only the refusal is known.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypedDict

import numpy as np

from index.normalization import fold_text
from rag.datatypes import Answer, Status
from rag.evaluation_file import EvaluationQuestion
from rag.evaluation_metrics import (
    Overlap,
    expected_calibration_error,
    holds_gold,
    is_right,
    metric_for,
    metric_name,
)
from rag.query import detect_language

EvaluationProgress = Callable[[int, int], None]  # questions answered, of how many
_SHOWN = (Status.ANSWERED, Status.UNCERTAIN)


class AskedDict(TypedDict):
    """One question's outcome as JSON."""

    line: int
    question: str
    answers: list[str]
    not_answers: list[str]
    expected_source: str | None
    text: str
    status: str
    confidence: float
    source: str | None
    quote: str | None
    right: bool
    f1: float | None
    exact: float | None
    quote_holds_answer: bool | None
    right_source: bool | None
    seconds: float


class OverlapDict(TypedDict):
    """The overlap of one language's answers as JSON."""

    language: str
    metric: str
    questions: int
    f1: float
    exact: float


class EvaluationDict(TypedDict):
    """An evaluation as JSON; shares are in [0, 1], None where nothing could be measured."""

    questions: int
    answerable: int
    unanswerable: int
    right: int
    sure: int
    sure_right: int
    unsure: int
    unsure_right: int
    not_found: int
    refused_unanswerable: int
    open: int
    open_right: int
    quote_holds_answer: float | None
    right_source: float | None
    overlap: list[OverlapDict]
    calibration_error: float | None
    seconds_median: float
    seconds_p90: float
    results: list[AskedDict]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was answered and how that compares with its gold answers."""

    gold: EvaluationQuestion
    answer: Answer
    seconds: float
    language: str  # of the question
    metric: str  # by which overlap was measured
    overlap: Overlap | None  # None for an unanswerable question
    is_right: bool  # for an unanswerable question: it was refused; never what is known wrong
    quote_holds: bool | None  # None where nothing was answered or there is nothing to hold
    is_right_source: bool | None  # None where nothing was answered or no source was named

    @classmethod
    def of(cls, gold: EvaluationQuestion, answer: Answer, seconds: float) -> Self:
        """Compare an answer with what was expected.

        :param gold: The question.
        :param answer: What was answered.
        :param seconds: How long that took.
        """
        language = detect_language(fold_text(gold.question))
        written_in = _language_of(gold.answers, language)
        first = answer.citations[0] if answer.citations else None
        overlap = metric_for(written_in)(answer.text, gold.answers) if gold.answers else None
        return cls(
            gold=gold,
            answer=answer,
            seconds=seconds,
            language=language,
            metric=metric_name(written_in),
            overlap=overlap,
            is_right=meets(gold, answer.text, answer.status),
            quote_holds=holds_gold(first.quote, gold.answers) if first and gold.answers else None,
            is_right_source=(
                any(is_same_source(one, gold.source) for one in (first.source, *first.copies))
                if first and gold.source
                else None
            ),
        )

    def to_dict(self) -> AskedDict:
        """Return the outcome as JSON-ready values."""
        answer = self.answer.to_dict()
        first = answer["citations"][0] if answer["citations"] else None
        return {
            "line": self.gold.line,
            "question": answer["question"],
            "answers": list(self.gold.answers),
            "not_answers": list(self.gold.excluded),
            "expected_source": self.gold.source,
            "text": answer["text"],
            "status": answer["status"],
            "confidence": answer["confidence"],
            "source": first["source"] if first else None,
            "quote": first["quote"] if first else None,
            "right": self.is_right,
            "f1": round(self.overlap.f1, 4) if self.overlap else None,
            "exact": self.overlap.exact if self.overlap else None,
            "quote_holds_answer": self.quote_holds,
            "right_source": self.is_right_source,
            "seconds": round(self.seconds, 4),
        }


@dataclass(frozen=True, slots=True)
class LanguageOverlap:
    """Mean overlap of the answerable questions of one language, by one metric."""

    language: str
    metric: str
    n_questions: int
    f1: float  # in [0, 1]
    exact: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcomes of all questions."""

    results: tuple[Asked, ...]

    @property
    def answerable(self) -> tuple[Asked, ...]:
        """Those whose answer the documents hold."""
        return tuple(asked for asked in self.results if asked.gold.answers)

    @property
    def unanswerable(self) -> tuple[Asked, ...]:
        """Those that ought to be refused."""
        return tuple(asked for asked in self.results if asked.gold.is_unanswerable)

    @property
    def open_ended(self) -> tuple[Asked, ...]:
        """Those of which only wrong answers are known."""
        return tuple(asked for asked in self.results if asked.gold.is_open)

    @property
    def wrong(self) -> tuple[Asked, ...]:
        """Those that were not answered rightly, in the order of the file."""
        return tuple(asked for asked in self.results if not asked.is_right)

    def with_status(self, status: Status) -> tuple[Asked, ...]:
        """Return the answerable questions that got a status.

        :param status: The status.
        """
        return tuple(asked for asked in self.answerable if asked.answer.status is status)

    @property
    def overlaps(self) -> tuple[LanguageOverlap, ...]:
        """Overlap by language and metric, the commonest first."""
        groups: dict[tuple[str, str], list[Overlap]] = {}
        for asked in self.results:
            if asked.overlap:
                groups.setdefault((asked.language, asked.metric), []).append(asked.overlap)
        rows = [
            LanguageOverlap(
                language,
                metric,
                len(overlaps),
                sum(overlap.f1 for overlap in overlaps) / len(overlaps),
                sum(overlap.exact for overlap in overlaps) / len(overlaps),
            )
            for (language, metric), overlaps in groups.items()
        ]
        return tuple(sorted(rows, key=lambda row: (-row.n_questions, row.language, row.metric)))

    @property
    def quote_holds(self) -> float | None:
        """Share of the answers to answerable questions whose first quote holds a gold answer."""
        return _share([asked.quote_holds for asked in self.results])

    @property
    def right_source(self) -> float | None:
        """Share of the answers to questions with a source that cite it first."""
        return _share([asked.is_right_source for asked in self.results])

    @property
    def calibration_error(self) -> float | None:
        """ECE of the answers given, None when there are none."""
        given = [asked for asked in self.results if asked.answer.status in _SHOWN]
        if not given:
            return None
        return expected_calibration_error(
            [asked.answer.confidence for asked in given], [asked.is_right for asked in given]
        )

    def seconds(self, share: float) -> float:
        """Return the time within which a share of the questions was answered.

        :param share: In [0, 1]; 0.5 is the median.
        """
        return float(np.quantile([asked.seconds for asked in self.results], share))

    def to_dict(self) -> EvaluationDict:
        """Return the evaluation as JSON-ready values."""
        sure, unsure = (self.with_status(status) for status in _SHOWN)
        return {
            "questions": len(self.results),
            "answerable": len(self.answerable),
            "unanswerable": len(self.unanswerable),
            "right": n_right(self.answerable),
            "sure": len(sure),
            "sure_right": n_right(sure),
            "unsure": len(unsure),
            "unsure_right": n_right(unsure),
            "not_found": len(self.with_status(Status.NOT_FOUND)),
            "refused_unanswerable": n_right(self.unanswerable),
            "open": len(self.open_ended),
            "open_right": n_right(self.open_ended),
            "quote_holds_answer": _rounded(self.quote_holds),
            "right_source": _rounded(self.right_source),
            "overlap": [
                {
                    "language": row.language,
                    "metric": row.metric,
                    "questions": row.n_questions,
                    "f1": round(row.f1, 4),
                    "exact": round(row.exact, 4),
                }
                for row in self.overlaps
            ],
            "calibration_error": _rounded(self.calibration_error),
            "seconds_median": round(self.seconds(0.5), 4),
            "seconds_p90": round(self.seconds(0.9), 4),
            "results": [asked.to_dict() for asked in self.results],
        }


def evaluate(
    questions: Sequence[EvaluationQuestion],
    ask: Callable[[str], Answer],
    *,
    progress: EvaluationProgress | None = None,
) -> Evaluation:
    """Ask every question and compare the answers.

    :param questions: At least one.
    :param ask: Answers a question, such as ``Answerer.answer``.
    :param progress: Told after each question.
    :return: The outcomes in the order of the questions.
    :raises ValueError: When there are no questions.
    """
    if not questions:
        raise ValueError("There are no questions to ask.")
    results = []
    for number, gold in enumerate(questions, 1):
        began = time.perf_counter()
        answer = ask(gold.question)
        results.append(Asked.of(gold, answer, time.perf_counter() - began))
        if progress:
            progress(number, len(questions))
    return Evaluation(tuple(results))


def n_right(results: Sequence[Asked]) -> int:
    """Count the right ones."""
    return sum(asked.is_right for asked in results)


def is_same_source(source: str, named: str) -> bool:
    r"""Tell whether a document is the one that somebody named.

    :param source: As in a citation.
    :param named: The same path, with ``\`` or ``/``, or only its last parts.
    """
    parts = [part for part in named.replace("\\", "/").split("/") if part not in ("", ".")]
    return bool(parts) and source.split("/")[-len(parts) :] == parts


def meets(gold: EvaluationQuestion, text: str, status: Status) -> bool:
    """Tell whether an answer is what a question ought to be answered with.

    :param gold: The question.
    :param text: The answer's words; "" when none were found.
    :param status: The answer's.
    """
    words = fold_text(text).strip()
    if any(fold_text(one).strip() == words for one in gold.excluded):
        return False
    if gold.answers:
        return is_right(text, gold.answers)
    return gold.is_open or status is Status.NOT_FOUND


def _language_of(answers: Sequence[str], default: str) -> str:
    """Name the language of gold answers; a number's is that of its question."""
    language = detect_language(fold_text(" ".join(answers)))
    return default if language == "other" else language


def _share(outcomes: Sequence[bool | None]) -> float | None:
    known = [outcome for outcome in outcomes if outcome is not None]
    return sum(known) / len(known) if known else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
