"""Listwise fit: candidates of many questions → the weights that put the gold ones first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.reranking import Reranker

PENALTY = 1e-4  # on the squared weights
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of q questions, one question after another; n in all."""

    features: NDArray[np.float64]  # (n, n_features)
    is_gold: NDArray[np.bool_]  # (n,)
    question: NDArray[np.int64]  # (n,) number of the question, rising from 0 without a gap

    @property
    def first(self) -> NDArray[np.int64]:
        """(q,) the first candidate of each question."""
        return np.flatnonzero(np.diff(self.question, prepend=-1))

    def of(self, questions: NDArray[np.bool_]) -> "Candidates":
        """Keep some questions.

        :param questions: (q,) which.
        """
        kept = questions[self.question]
        numbers = np.cumsum(questions) - 1
        return Candidates(self.features[kept], self.is_gold[kept], numbers[self.question[kept]])

    def ranks(self, reranker: Reranker) -> NDArray[np.float64]:
        """Return the rank of the best gold candidate of each question.

        :param reranker: Ranks the candidates; a tie counts against the gold one.
        :return: (q,) from 1.
        """
        scores = (self.features * reranker.weights).sum(axis=1)
        gold = np.maximum.reduceat(np.where(self.is_gold, scores, -np.inf), self.first)
        beaten = (scores >= gold[self.question]) & ~self.is_gold
        return np.add.reduceat(beaten, self.first, dtype=np.float64) + 1


def fit_listwise(candidates: Candidates, penalty: float = PENALTY) -> Reranker:
    """Minimise mean -log Σ_gold P(d) + penalty · |w|² by Newton's method with halved steps.

    :param candidates: Questions with at least one gold candidate each.
    :param penalty: On the squared weights.
    :return: The model.
    """
    x, first = candidates.features, candidates.first
    weights = np.zeros(x.shape[1])
    now = _evaluate(candidates, weights, penalty)
    for _ in range(_STEPS):
        mean = np.add.reduceat(x * now.probability[:, None], first)  # (q, n_features)
        # Of the normalising term alone: positive definite also where several are gold.
        hessian = (x.T @ (x * now.probability[:, None]) - mean.T @ mean) / len(first)
        hessian += 2 * penalty * np.eye(len(weights))
        pull = now.probability - now.of_gold
        gradient = x.T @ pull / len(first) + 2 * penalty * weights
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        after = _evaluate(candidates, weights - step, penalty)
        while after.loss > now.loss and size > 1e-6:
            size /= 2
            after = _evaluate(candidates, weights - size * step, penalty)
        gained, now = now.loss - after.loss, after
        weights = weights - size * step
        if gained < 1e-9:
            break
    return Reranker(weights)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    loss: float
    probability: NDArray[np.float64]  # (n,) among all candidates of its question
    of_gold: NDArray[np.float64]  # (n,) among the gold ones, 0 for others


def _evaluate(candidates: Candidates, weights: NDArray[np.float64], penalty: float) -> _Evaluation:
    first, question = candidates.first, candidates.question
    scores = candidates.features @ weights
    raised = np.exp(scores - np.maximum.reduceat(scores, first)[question])
    gold = raised * candidates.is_gold
    total = np.add.reduceat(raised, first)
    total_gold = np.maximum(np.add.reduceat(gold, first), 1e-300)
    loss = float(-np.log(total_gold / total).mean() + penalty * weights @ weights)
    return _Evaluation(loss, raised / total[question], gold / total_gold[question])


def join(asked: Sequence[Candidates]) -> Candidates:
    """Put questions one after another.

    :param asked: Each with at least one candidate.
    """
    sizes = [len(candidates.question) for candidates in asked]
    return Candidates(
        np.concatenate([candidates.features for candidates in asked]),
        np.concatenate([candidates.is_gold for candidates in asked]),
        np.repeat(np.arange(len(asked)), sizes),
    )


def rank_unseen(asked: Candidates, folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rank every question's candidates by a model that was fitted without its fold.

    :param asked: The candidates of q questions.
    :param folds: (q,) each question's.
    :return: (q,) rank of the gold candidate.
    """
    ranks = np.empty(len(folds))
    for fold in np.unique(folds):
        is_unseen = folds == fold
        ranks[is_unseen] = asked.of(is_unseen).ranks(fit_listwise(asked.of(~is_unseen)))
    return ranks
