"""The reader's last step in numpy: states of the passages' tokens in, scored spans out."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.span_network.batch import Floats, RaggedAxis
from rag.span_network.layers import MASKED, Linear, log_softmax, softmax
from rag.span_network.matching import N_PAIR_FEATURES
from rag.span_network.weights import WeightsFile

MAX_ANSWER = 40  # tokens


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """A possible answer."""

    start: int  # token position in the passage
    end: int  # one past the last token
    score: float  # log p(start) + log p(end | start), at most 0
    relevance: float  # logit: does the passage answer the question at all; the same for its spans


@dataclass(frozen=True, slots=True)
class ReaderOutput:
    """What the network says of a batch."""

    starts: Floats  # (n_rows,) logits
    ends: Floats  # (n_rows,) logits, the part that does not depend on the start
    end_keys: Floats  # (n_rows, d)
    states: Floats  # (n_rows, d)
    relevance: Floats  # (n_passages,) logits


@dataclass(frozen=True, slots=True)
class ReaderHeads:
    """The layers that score starts, ends and passages."""

    start_passage: Linear
    start_question: Linear
    start: Linear
    end_key: Linear
    end_query: Linear
    end_question: Linear
    end: Linear
    end_distance: Floats  # (MAX_ANSWER,)
    relevance_hidden: Linear
    relevance: Linear

    @classmethod
    def of(cls, weights: WeightsFile, width: int) -> Self:
        """Take the layers from the weights.

        :param weights: the file.
        :param width: of the states.
        :return: the heads.
        """
        return cls(
            start_passage=weights.linear("start_passage", width, width),
            start_question=weights.linear("start_question", 2 * width, width),
            start=weights.linear("start", width, 1),
            end_key=weights.linear("end_key", width, width),
            end_query=weights.linear("end_query", width, width),
            end_question=weights.linear("end_question", 2 * width, width),
            end=weights.linear("end", width, 1),
            end_distance=weights.floats("end_distance", MAX_ANSWER),
            relevance_hidden=weights.linear("relevance_hidden", 3 * width + N_PAIR_FEATURES, 64),
            relevance=weights.linear("relevance", 64, 1),
        )

    def score(self, x: Floats, pooled: Floats, pair: Floats, axis: RaggedAxis) -> ReaderOutput:
        """Score starts, ends and passages.

        :param x: (n_rows, d) states of the tokens.
        :param pooled: (n_passages, 2 d) questions.
        :param pair: (n_passages, 5) match features.
        :param axis: the layout of the rows.
        :return: the logits.
        """
        keys, begun = self.end_key(x), self.start_passage(x)  # (n_rows, d)
        ended = keys.copy()
        questions = (self.start_question(pooled), self.end_question(pooled))  # (n_passages, d)
        for rows, to_start, to_end in zip(axis.spans, *questions, strict=True):
            begun[rows] += to_start
            ended[rows] += to_end
        starts = self.start(np.tanh(begun))[:, 0]
        # The states where answers begin, weighted by how probable that is.
        read = np.stack([softmax(starts[rows], axis=0) @ x[rows] for rows in axis.spans])
        hidden = self.relevance_hidden(np.concatenate([read, pooled, pair], axis=1))
        np.maximum(hidden, 0, out=hidden)
        return ReaderOutput(
            starts=starts,
            ends=self.end(np.tanh(ended))[:, 0],
            end_keys=keys,
            states=x,
            relevance=self.relevance(hidden)[:, 0],
        )

    def best_spans(
        self, output: ReaderOutput, place: tuple[int, slice], sentences: NDArray[np.int64], n: int
    ) -> list[TokenSpan]:
        """Return the best end, within the sentence, of each of the most probable starts.

        log p(start) + log p(end | start). p(end | start) is over all ends within reach, beyond the
        sentence too: a start whose best end lies there is a bad one.

        :param output: what `score` returned.
        :param place: number and rows of a passage.
        :param sentences: (P,) the sentence of each of its tokens.
        :param n: starts to follow.
        :return: spans, best first, of equals the one with the more probable start.
        """
        number, rows = place
        log_starts = log_softmax(output.starts[rows])  # (P,)
        starts = np.argsort(-log_starts, kind="stable")[:n]
        ends = starts[:, None] + np.arange(MAX_ANSWER)  # (n, MAX_ANSWER)
        is_beyond = ends >= len(sentences)
        ends = ends.clip(max=len(sentences) - 1)
        queries = self.end_query(output.states[rows][starts])  # (n, d)
        fit = queries @ output.end_keys[rows].T / np.float32(queries.shape[1] ** 0.5)  # (n, P)
        logits = np.take_along_axis(fit, ends, axis=1) + output.ends[rows][ends] + self.end_distance
        logits[is_beyond] = MASKED
        log_ends = log_softmax(logits)
        log_ends[sentences[ends] != sentences[starts, None]] = MASKED
        distances = log_ends.argmax(axis=1)  # (n,)
        scores = log_starts[starts] + log_ends[np.arange(len(starts)), distances]
        relevance = float(output.relevance[number])
        last = starts + distances
        spans = [
            TokenSpan(start, end + 1, score, relevance)
            for start, end, score in zip(
                starts.tolist(), last.tolist(), scores.tolist(), strict=True
            )
        ]
        return sorted(spans, key=lambda span: -span.score)
