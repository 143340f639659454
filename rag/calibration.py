"""Calibration: what the reader says of a span → the probability that it is the answer.

A logistic model (Platt 1999, "Probabilistic outputs for support vector machines"):
p = 1 / (1 + exp(-(w · x + b))), fitted by ``rag.training.calibrate`` on questions asked with and
without the document that answers them, for each group by itself: Chinese, English, other languages,
and questions in another language than the text. What the retriever says is left out: cosine and
coverage tell right from wrong within one collection but mean another thing in the next.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from index.datatypes import Chunk
from index.normalization import fold_text
from rag.answer_type import expected_type, type_fit
from rag.datatypes import AnswerSpan, Query, Status
from rag.errors import ReaderError
from rag.query import detect_language
from rag.reader import BUNDLED_DIR
from rag.values import Agreement

_MOST_LOGIT = 10.0
_MOST_MARGIN = 5.0
FEATURES = ("score", "relevance", "margin", "rank", "type")


class Group(StrEnum):
    """Questions and texts that are judged alike."""

    CHINESE = "zh"
    ENGLISH = "en"
    OTHER = "other"  # the same language on both sides
    CROSS = "cross"  # different languages


@dataclass(frozen=True, slots=True)
class Judged:
    """A span with its confidence and what that means."""

    span: AnswerSpan
    confidence: float  # in [0, 1]
    status: Status
    agreement: Agreement = Agreement.INCOMPARABLE  # with the most probable span


@dataclass(frozen=True, slots=True)
class GroupCalibration:
    """The fitted model of one group, with its thresholds."""

    weights: tuple[float, ...]  # in the order of FEATURES
    bias: float
    answered: float  # probability from which an answer counts as sure
    uncertain: float  # probability from which it is shown at all

    def probability(self, values: Sequence[float]) -> float:
        """Return 1 / (1 + exp(-(w · x + b))).

        :param values: In the order of FEATURES.
        """
        z = self.bias + sum(w * x for w, x in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, z))))

    def status(self, confidence: float) -> Status:
        """Tell what may be made of an answer.

        :param confidence: Its probability.
        """
        if confidence >= self.answered:
            return Status.ANSWERED
        return Status.UNCERTAIN if confidence >= self.uncertain else Status.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fitted models of all groups."""

    groups: Mapping[Group, GroupCalibration]

    @classmethod
    def load(cls, path: Path = BUNDLED_DIR / "calibration.json") -> Self:
        """Read the fitted weights.

        :param path: Written by the calibration recipe.
        :return: The calibration.
        :raises ReaderError: When the file is missing or does not fit this version.
        """
        try:
            body = json.loads(path.read_text("utf-8"))
            if tuple(body["features"]) != FEATURES:
                raise ValueError("it was fitted for other features")
            return cls({group: _read_group(body["groups"][group.value]) for group in Group})
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise ReaderError(f"{path} cannot be used: {exc}. Install yiju again.") from exc

    def judge(self, query: Query, spans: Sequence[AnswerSpan]) -> list[Judged]:
        """Give every span its confidence.

        :param query: The question.
        :param spans: One a hit.
        :return: The spans, most probable first.
        """
        judged = []
        for span, values in zip(spans, extract_features(query, spans), strict=True):
            model = self.groups[group_of(query, span.hit.chunk)]
            confidence = model.probability(values)
            judged.append(Judged(span, confidence, model.status(confidence)))
        judged.sort(key=lambda entry: (-entry.confidence, entry.span.hit.rank))
        return judged


def _read_group(body: Mapping[str, Any]) -> GroupCalibration:
    weights = tuple(map(float, body["weights"]))
    if len(weights) != len(FEATURES):
        raise ValueError("it has not one weight a feature")
    return GroupCalibration(
        weights, float(body["bias"]), float(body["answered"]), float(body["uncertain"])
    )


def group_of(query: Query, chunk: Chunk) -> Group:
    """Tell which model judges a question over a chunk.

    :param query: The question.
    :param chunk: What was read.
    """
    told = detect_language(fold_text(chunk.text))
    if query.language not in (told, "other") and told != "other":
        return Group.CROSS
    return Group(told) if told in (Group.CHINESE, Group.ENGLISH) else Group.OTHER


def extract_features(query: Query, spans: Sequence[AnswerSpan]) -> list[tuple[float, ...]]:
    """Compute the features of each span.

    :param query: The question.
    :param spans: One a hit.
    :return: One row a span, in the order of FEATURES; ``margin`` is the span's lead over the best
        of the others, ``rank`` the logarithm of its hit's, ``type`` whether its words can be what
        the question asks for.
    """
    strength = [span.score + span.relevance for span in spans]
    expected = expected_type(query.normalized)
    rows: list[tuple[float, ...]] = []
    for at, span in enumerate(spans):
        others = strength[:at] + strength[at + 1 :]
        margin = strength[at] - max(others, default=strength[at] - _MOST_MARGIN)
        base = span.hit.chunk.span.start
        words = span.hit.chunk.text[span.span.start - base : span.span.end - base]
        rows.append(
            (
                max(span.score, -_MOST_LOGIT),
                _clip(span.relevance, _MOST_LOGIT),
                _clip(margin, _MOST_MARGIN),
                math.log(span.hit.rank),
                type_fit(expected, fold_text(words)),
            )
        )
    return rows


def _clip(value: float, most: float) -> float:
    return max(-most, min(most, value))
