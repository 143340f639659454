"""The loss of the encoder's training and the mean of token vectors, with gradients of their own.

Autograd needs six passes over an (n, n) matrix in float32 where one exponential in bfloat16 does,
and sorts the ids of a batch with a comparison sort: a step of 4,096 pairs took 2.5 s on two cores
that way, and takes a sixth of that here.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from index.training.sampling import Bags

_SCALE = 20.0  # inverse temperature of the cosines


class InBatchContrast(torch.autograd.Function):
    """InfoNCE in both directions (van den Oord et al. 2018, arXiv:1807.03748).

    loss = mean over i of -[log softmax_j(s l_i·r_j)_i + log softmax_j(s l_j·r_i)_i] / 2
    """

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor) -> Tensor:  # noqa: ANN401
        """Compute the loss of (n, dim) unit rows."""
        n = len(left)
        low, high = left.bfloat16(), right.bfloat16()
        # Cosines are at most 1, so nothing overflows once the scale is taken off.
        shifted = torch.addmm(
            torch.tensor(-_SCALE, dtype=torch.bfloat16), low, high.T, alpha=_SCALE
        )
        scores = shifted.exp_()  # (n, n)
        by_left = scores.sum(1, dtype=torch.float32)  # (n,)
        by_right = scores.sum(0, dtype=torch.float32)
        own = _SCALE * ((left * right).sum(1) - 1)
        ctx.save_for_backward(low, high, scores, by_left, by_right)
        loss: Tensor = (by_left.log() + by_right.log() - 2 * own).sum() / (2 * n)
        return loss

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        """Return the gradients of left and right."""
        left, right, scores, by_left, by_right = ctx.saved_tensors
        n, dim = left.shape
        grads = []
        for own, other, matrix, of_own, of_other in (
            (left, right, scores, by_left, by_right),
            (right, left, scores.T, by_right, by_left),
        ):
            del own
            weighted = torch.cat([other, (other.float() / of_other[:, None]).bfloat16()], 1)
            mixed = (matrix @ weighted).float()  # (n, 2 dim)
            grad = mixed[:, :dim] / of_own[:, None] + mixed[:, dim:] - 2 * other.float()
            grads.append(upstream[0] * _SCALE / (2 * n) * grad)
        return grads[0], grads[1]


class BagMean(torch.autograd.Function):
    """The mean vector of each bag of tokens."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, bags: Bags) -> Tensor:  # noqa: ANN401
        """Compute (n, dim) from the (n_tokens, dim) table; zeros for an empty bag."""
        ctx.bags, ctx.n_tokens = bags, len(table)
        ids, offsets = torch.from_numpy(bags.ids), torch.from_numpy(bags.offsets)
        return torch.nn.functional.embedding_bag(ids, table, offsets, mode="mean")

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        """Add each bag's gradient to the rows of its tokens: a product with a sparse matrix."""
        bags, n = ctx.bags, len(upstream[0])
        sizes = np.diff(bags.offsets, append=len(bags.ids))
        order = np.argsort(bags.ids.astype(np.uint16), kind="stable")  # a radix sort
        rows = np.repeat(np.arange(n), sizes)[order]
        begins = np.concatenate([[0], np.cumsum(np.bincount(bags.ids, minlength=ctx.n_tokens))])
        shares = (1 / np.maximum(sizes, 1)).astype(np.float32)[rows]
        spread = torch.sparse_csr_tensor(
            torch.from_numpy(begins), torch.from_numpy(rows), torch.from_numpy(shares),
            (ctx.n_tokens, n), check_invariants=False,
        )  # fmt: skip
        return spread @ upstream[0], None
