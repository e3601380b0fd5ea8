"""A linear acyclic graph with noise of learned shape."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_mmm.functional import acyclicity


class GraphScore(NamedTuple):
    """Terms of the loss, one value for each start.

    Attributes
    ----------
    loss : Tensor of shape (start,)
        Negative log-likelihood of a row.
    cycles : Tensor of shape (start,)
        See :func:`~sklearn_mmm.functional.acyclicity`.
    size : Tensor of shape (start,)
        Sum of absolute weights.
    """

    loss: Tensor
    cycles: Tensor
    size: Tensor


class AcyclicGraph(nn.Module):
    r"""Several candidates of :math:`y = z W + \ell V + e`, side by side.

    Noise of each variable has a sinh-arcsinh density (Jones & Pewsey, 2009,
    "Sinh-arcsinh distributions"), whose skewness and tails are learned: without a
    noise that is not Gaussian, standardised data do not tell causes from effects
    (Shimizu et al., 2006, "A Linear Non-Gaussian Acyclic Model for Causal Discovery").
    The likelihood has the Jacobian's determinant, so units do not matter (Ng, Ghassami
    & Zhang, 2020, "On the Role of Sparsity and DAG Constraints for Learning Linear
    DAGs").

    Parameters
    ----------
    allowed : bool Tensor of shape (n, n)
        Edges that may exist, row to column.
    n_lagged : int
        Columns of lagged values.
    log_tail : Tensor of shape (start,)
        Where the logarithm of the tail parameter starts: 0 is Gaussian, less is
        heavier.
    """

    allowed: Tensor

    def __init__(self, allowed: Tensor, n_lagged: int, log_tail: Tensor) -> None:
        super().__init__()
        n, n_starts = len(allowed), len(log_tail)
        self.register_buffer("allowed", allowed)
        self.raw = nn.Parameter(torch.zeros(n_starts, n, n))
        self.lagged = nn.Parameter(torch.zeros(n_starts, n_lagged, n))
        tail = log_tail[:, None].expand(-1, n)
        self.location = nn.Parameter(torch.zeros(n_starts, 1, n))
        self.log_scale = nn.Parameter(tail.clone().unsqueeze(1))
        self.skewness = nn.Parameter(torch.zeros(n_starts, 1, n))
        self.log_tail = nn.Parameter(tail.clone().unsqueeze(1))

    @property
    def weights(self) -> Tensor:
        """Weights of the edges, (start, n, n)."""
        return self.raw * self.allowed

    def forward(
        self, children: Tensor, parents: Tensor, lagged: Tensor, now: Tensor
    ) -> GraphScore:
        """Return the terms of the loss.

        Parameters
        ----------
        children : Tensor of shape (start or 1, row, n)
            Standardised.
        parents : Tensor of shape (start or 1, row, n)
            What acts on the children: the same values, or their carry-over.
        lagged : Tensor of shape (start or 1, row, n_lagged)
        now : Tensor of shape (n,)
            Weight of a variable's present value in ``parents``.
        """
        weights = self.weights
        noise = children - parents @ weights
        if self.lagged.shape[1]:
            noise = noise - lagged @ self.lagged
        eye = torch.eye(len(now), dtype=now.dtype)
        jacobian = torch.linalg.slogdet(eye - now[:, None] * weights)[1]
        loss = -self._log_density(noise).mean(1).sum(-1) - jacobian
        size = weights.abs().sum((1, 2)) + self.lagged.abs().sum((1, 2))
        return GraphScore(loss, acyclicity(weights), size)

    def _log_density(self, noise: Tensor) -> Tensor:
        x = (noise - self.location) / self.log_scale.exp()
        # Far outliers must not overflow on the way.
        bent = (self.log_tail.exp() * torch.asinh(x) - self.skewness).clamp(-15, 15)
        z = torch.sinh(bent)
        jacobian = 0.5 * (torch.log1p(z * z) - torch.log1p(x * x))
        scale = self.log_tail - self.log_scale - 0.5 * math.log(2 * math.pi)
        return scale + jacobian - 0.5 * z * z

    @torch.no_grad()
    def shrink_cycles(self, before: Tensor) -> None:
        """Go back to weights within the function's domain where a step left it."""
        weights = self.weights
        radius = torch.linalg.eigvals(weights * weights).abs().amax(-1)
        outside = ~(radius < 0.99)
        if outside.any():
            self.raw[outside] = 0.9 * before[outside]
