"""Own probability: what a reader of somebody else's says of a span → its confidence, uncalibrated.

The bundled calibration was fitted for the bundled reader and is wrong for any other. Here the
confidence is what the model itself believes, p(the passage answers) · p(span | it does); such
models are known to believe in themselves too much (Guo et al. 2017, "On calibration of modern
neural networks"). The thresholds are therefore no error rates: an answer counts as sure when the
model finds it more probable than everything else together, and is shown from one in ten.
"""

import math
from collections.abc import Sequence

from rag.calibration import Judged
from rag.datatypes import AnswerSpan, Query, Status

ANSWERED = 0.5
UNCERTAIN = 0.1


class OwnProbability:
    """Stands where ``Calibration`` does for a reader that none was fitted for."""

    def judge(self, query: Query, spans: Sequence[AnswerSpan]) -> list[Judged]:  # noqa: ARG002
        """Give every span its confidence, exp(score) / (1 + exp(-relevance)).

        :param query: The question; it does not matter here.
        :param spans: One a hit.
        :return: The spans, most probable first.
        """
        judged = [
            Judged(span, confidence, _status(confidence))
            for span in spans
            for confidence in [math.exp(span.score) / (1 + math.exp(-span.relevance))]
        ]
        judged.sort(key=lambda entry: (-entry.confidence, entry.span.hit.rank))
        return judged


def _status(confidence: float) -> Status:
    if confidence >= ANSWERED:
        return Status.ANSWERED
    return Status.UNCERTAIN if confidence >= UNCERTAIN else Status.NOT_FOUND
