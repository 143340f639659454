"""Calibration: what retriever and reader say of a span → the probability that it is the answer.

A logistic model a kind of question (Platt 1999, "Probabilistic outputs for support vector
machines"): p = 1 / (1 + exp(-(w · x + b))). Fitted by ``rag.training.calibrate`` on questions asked
with and without the document that answers them; the weights lie beside the reader's.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rag.datatypes import AnswerSpan, Query, Status
from rag.errors import ReaderError
from rag.query import detect_language
from rag.reader import BUNDLED_DIR
from rag.retriever import Retrieved

FEATURES = ("score", "relevance", "margin", "coverage", "dense", "rank")
GROUPS = ("zh", "en", "other", "cross")


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for one span."""

    group: str  # one of GROUPS
    values: tuple[float, ...]  # in the order of FEATURES


@dataclass(frozen=True, slots=True)
class Logistic:
    """One group's model."""

    weights: tuple[float, ...]
    bias: float
    answered: float  # probability from which an answer counts as answered
    uncertain: float  # probability from which it is shown at all

    def probability(self, values: Sequence[float]) -> float:
        """Return 1 / (1 + exp(-(w · x + b)))."""
        z = self.bias + sum(w * x for w, x in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, z))))


@dataclass(frozen=True, slots=True)
class Judged:
    """A span with its confidence and what that means."""

    span: AnswerSpan
    confidence: float  # in [0, 1]
    status: Status


@dataclass(frozen=True, slots=True)
class Calibration:
    """The models of all groups."""

    models: dict[str, Logistic]

    @classmethod
    def load(cls, path: Path = BUNDLED_DIR / "calibration.json") -> Self:
        """Read the fitted weights.

        :param path: Written by the calibration recipe.
        :return: The calibration.
        :raises ReaderError: When the file is missing or does not fit this version.
        """
        try:
            body = json.loads(path.read_text("utf-8"))
            if tuple(body["features"]) != FEATURES or set(body["groups"]) != set(GROUPS):
                raise ValueError("it was fitted for other features")
            models = {
                name: Logistic(
                    tuple(group["weights"]),
                    group["bias"],
                    group["answered"],
                    group["uncertain"],
                )
                for name, group in body["groups"].items()
            }
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise ReaderError(f"{path} cannot be used: {exc}. Install yiju again.") from exc
        return cls(models)

    def judge(
        self, query: Query, retrieved: Retrieved, spans: Sequence[AnswerSpan]
    ) -> list[Judged]:
        """Give every span its confidence.

        :param query: The question.
        :param retrieved: The hits that were read.
        :param spans: What the reader found in them.
        :return: The spans, most probable first.
        """
        judged = []
        for span, features in zip(spans, extract_features(query, retrieved, spans), strict=True):
            model = self.models[features.group]
            confidence = model.probability(features.values)
            judged.append(Judged(span, confidence, _status(model, confidence)))
        judged.sort(key=lambda entry: (-entry.confidence, entry.span.hit.rank, entry.span.span))
        return judged


def extract_features(
    query: Query, retrieved: Retrieved, spans: Sequence[AnswerSpan]
) -> list[Features]:
    """Compute the features of each span.

    :param query: The question.
    :param retrieved: The hits that were read.
    :param spans: What the reader found in them.
    :return: One entry a span; ``margin`` is its lead over the best span of any other hit.
    """
    place = {hit.chunk.chunk_id: at for at, hit in enumerate(retrieved.hits)}
    strength = [span.score + span.relevance for span in spans]
    features = []
    for span, own in zip(spans, strength, strict=True):
        others = [
            other
            for other, rival in zip(strength, spans, strict=True)
            if rival.hit.chunk.chunk_id != span.hit.chunk.chunk_id
        ]
        at = place[span.hit.chunk.chunk_id]
        values = (
            max(span.score, -10.0),
            max(-10.0, min(10.0, span.relevance)),
            max(-5.0, min(5.0, own - max(others, default=own - 5.0))),
            retrieved.coverage[at],
            retrieved.dense[at],
            math.log(span.hit.rank),
        )
        features.append(Features(_group(query, span), values))
    return features


def _group(query: Query, span: AnswerSpan) -> str:
    language = detect_language(span.hit.chunk.text.lower())
    if language != query.language:
        return "cross"
    return language if language in ("zh", "en") else "other"


def _status(model: Logistic, confidence: float) -> Status:
    if confidence >= model.answered:
        return Status.ANSWERED
    return Status.UNCERTAIN if confidence >= model.uncertain else Status.NOT_FOUND
