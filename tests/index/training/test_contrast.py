import numpy as np
import pytest
import torch
from torch.nn import functional

from index.training.contrast import BagMean, InBatchContrast
from index.training.sampling import Bags

pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta:UserWarning")


def _bags(n: int, n_tokens: int, random: np.random.Generator) -> Bags:
    sizes = random.integers(0, 9, n)
    ids = random.integers(0, n_tokens, sizes.sum())
    return Bags(ids, np.cumsum(sizes) - sizes)


def test_the_mean_of_bags_and_its_gradient_are_those_of_torch():
    bags = _bags(40, 500, np.random.default_rng(0))
    ours = torch.randn(500, 16, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    weights = torch.randn(40, 16)

    mean = BagMean.apply(ours, bags)
    (mean * weights).sum().backward()
    ids, offsets = torch.from_numpy(bags.ids), torch.from_numpy(bags.offsets)
    expected = functional.embedding_bag(ids, theirs, offsets, mode="mean")
    (expected * weights).sum().backward()

    torch.testing.assert_close(mean, expected)
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_the_contrast_and_its_gradients_are_those_of_cross_entropy_in_both_directions():
    left = functional.normalize(torch.randn(64, 32), dim=1)
    right = functional.normalize(left + 0.3 * torch.randn(64, 32), dim=1)
    ours = [side.clone().requires_grad_() for side in (left, right)]
    theirs = [side.clone().requires_grad_() for side in (left, right)]

    loss = InBatchContrast.apply(*ours)
    loss.backward()
    scores, own = 20 * theirs[0] @ theirs[1].T, torch.arange(64)
    expected = (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
    expected.backward()

    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=0.03)  # bfloat16
    for mine, their in zip(ours, theirs, strict=True):
        assert mine.grad is not None
        assert their.grad is not None
        assert (mine.grad - their.grad).norm() < 0.03 * their.grad.norm()
