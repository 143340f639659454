import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reranking import FEATURES, Reranker
from rag.training.listwise import Candidates, fit_listwise, join, rank_unseen

_N = len(FEATURES)


def _candidates(seed=0, n_questions=60, weights=None):
    """Questions of six candidates; the gold one is drawn by the weights' own probability."""
    random = np.random.default_rng(seed)
    asked = []
    for _ in range(n_questions):
        features = random.standard_normal((6, _N))
        scores = features @ (np.zeros(_N) if weights is None else weights)
        probability = np.exp(scores - scores.max())
        is_gold = np.zeros(6, np.bool_)
        is_gold[random.choice(6, p=probability / probability.sum())] = True
        asked.append(Candidates(features, is_gold, np.zeros(6, np.int64)))
    return join(asked)


def _loss(candidates, weights, penalty):
    """The sum over questions, one by one."""
    losses = []
    for number in range(candidates.question.max() + 1):
        of = candidates.question == number
        raised = np.exp(candidates.features[of] @ weights)
        losses.append(-np.log(raised[candidates.is_gold[of]].sum() / raised.sum()))
    return np.mean(losses) + penalty * weights @ weights


def test_the_fit_is_a_minimum_of_the_loss():
    candidates = _candidates(weights=np.linspace(-1, 1, _N))
    weights = fit_listwise(candidates, 1e-3).weights

    least = _loss(candidates, weights, 1e-3)
    for at in range(_N):
        for step in (-1e-2, 1e-2):
            moved = weights.copy()
            moved[at] += step
            assert _loss(candidates, moved, 1e-3) > least


def test_the_fit_finds_the_weights_that_made_the_data():
    true = np.linspace(-2, 2, _N)

    weights = fit_listwise(_candidates(n_questions=3000, weights=true), 1e-6).weights

    np.testing.assert_allclose(weights, true, atol=0.25)


def test_several_gold_candidates_are_as_good_as_one():
    candidates = _candidates(weights=np.linspace(-1, 1, _N))
    candidates.is_gold[::6] = True
    weights = fit_listwise(candidates, 1e-3).weights

    least = _loss(candidates, weights, 1e-3)
    assert all(
        _loss(candidates, weights + 1e-2 * direction, 1e-3) > least
        for direction in (*np.eye(_N), *-np.eye(_N))
    )


def test_data_that_can_be_told_apart_wholly_is_no_trouble():
    candidates = _candidates()
    candidates.features[:, 0] = candidates.is_gold * 100.0

    reranker = fit_listwise(candidates)

    assert candidates.ranks(reranker).tolist() == [1] * 60


@given(st.integers(0, 10_000))
def test_ranks_are_those_of_sorting(seed):
    candidates = _candidates(seed, n_questions=5)
    reranker = Reranker(np.linspace(-1, 1, _N))

    ranks = candidates.ranks(reranker)

    for number, rank in enumerate(ranks):
        of = candidates.question == number
        scores = candidates.features[of] @ reranker.weights
        assert rank == 1 + (scores > scores[candidates.is_gold[of]]).sum()


def test_a_tie_counts_against_the_gold_candidate():
    candidates = Candidates(
        np.zeros((3, _N)), np.array([False, True, False]), np.zeros(3, np.int64)
    )

    assert candidates.ranks(Reranker(np.ones(_N))).tolist() == [3]


def test_questions_are_kept_with_all_their_candidates():
    candidates = _candidates(n_questions=4)

    kept = candidates.of(np.array([False, True, False, True]))

    assert kept.question.tolist() == [0] * 6 + [1] * 6
    np.testing.assert_array_equal(
        kept.features, np.concatenate([candidates.features[6:12], candidates.features[18:]])
    )


def test_unseen_questions_are_ranked_by_a_model_that_does_not_know_them():
    candidates = _candidates(n_questions=40, weights=np.linspace(-1, 1, _N))
    folds = np.arange(40) % 2
    # A feature that gives the gold away in one fold and misleads in the other.
    sign = np.where(folds[candidates.question] == 0, 1, -1)
    candidates.features[:, 0] = sign * candidates.is_gold * 50.0

    seen = candidates.ranks(fit_listwise(candidates))
    unseen = rank_unseen(candidates, folds)

    assert unseen.tolist() == pytest.approx([6] * 40)
    assert seen.mean() < 6
