"""Calibration: what the reader says of a span → the probability that it is the answer.

A logistic model (Platt 1999, "Probabilistic outputs for support vector machines"):
p = 1 / (1 + exp(-(w · x + b))), fitted by ``rag.training.calibrate`` on questions asked with and
without the document that answers them. What the retriever says is left out: cosine and coverage
tell right from wrong within one collection but mean another thing in the next.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rag.datatypes import AnswerSpan, Status
from rag.errors import ReaderError
from rag.reader import BUNDLED_DIR

_MOST_LOGIT = 10.0
_MOST_MARGIN = 5.0
FEATURES = ("score", "relevance", "margin", "rank")


@dataclass(frozen=True, slots=True)
class Judged:
    """A span with its confidence and what that means."""

    span: AnswerSpan
    confidence: float  # in [0, 1]
    status: Status


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fitted model with its thresholds."""

    weights: tuple[float, ...]  # in the order of FEATURES
    bias: float
    answered: float  # probability from which an answer counts as sure
    uncertain: float  # probability from which it is shown at all

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
            if len(body["weights"]) != len(FEATURES):
                raise ValueError("it has not one weight a feature")
            return cls(
                tuple(map(float, body["weights"])),
                float(body["bias"]),
                float(body["answered"]),
                float(body["uncertain"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise ReaderError(f"{path} cannot be used: {exc}. Install yiju again.") from exc

    def probability(self, values: Sequence[float]) -> float:
        """Return 1 / (1 + exp(-(w · x + b))).

        :param values: In the order of FEATURES.
        """
        z = self.bias + sum(w * x for w, x in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, z))))

    def judge(self, spans: Sequence[AnswerSpan]) -> list[Judged]:
        """Give every span its confidence.

        :param spans: One a hit.
        :return: The spans, most probable first.
        """
        judged = [
            Judged(span, confidence, self._status(confidence))
            for span, values in zip(spans, extract_features(spans), strict=True)
            for confidence in [self.probability(values)]
        ]
        judged.sort(key=lambda entry: (-entry.confidence, entry.span.hit.rank))
        return judged

    def _status(self, confidence: float) -> Status:
        if confidence >= self.answered:
            return Status.ANSWERED
        return Status.UNCERTAIN if confidence >= self.uncertain else Status.NOT_FOUND


def extract_features(spans: Sequence[AnswerSpan]) -> list[tuple[float, ...]]:
    """Compute the features of each span.

    :param spans: One a hit.
    :return: One row a span, in the order of FEATURES; ``margin`` is the span's lead over the best
        of the others, ``rank`` the logarithm of its hit's.
    """
    strength = [span.score + span.relevance for span in spans]
    rows: list[tuple[float, ...]] = []
    for at, span in enumerate(spans):
        others = strength[:at] + strength[at + 1 :]
        margin = strength[at] - max(others, default=strength[at] - _MOST_MARGIN)
        rows.append(
            (
                max(span.score, -_MOST_LOGIT),
                _clip(span.relevance, _MOST_LOGIT),
                _clip(margin, _MOST_MARGIN),
                math.log(span.hit.rank),
            )
        )
    return rows


def _clip(value: float, most: float) -> float:
    return max(-most, min(most, value))
