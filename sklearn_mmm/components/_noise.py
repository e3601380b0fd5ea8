"""The noise: what a residual costs, how much it counts, and how large noise is."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn


@dataclass(frozen=True)
class HuberNoise:
    r"""Noise that is normal in the middle and has exponential tails.

    In standard deviations, its negative log-density is but for a constant

    .. math:: \rho(v) = \tfrac12 v^2 \text{ for } |v| \le \delta, \quad
        \delta (|v| - \tfrac12 \delta) \text{ beyond}

    (Huber, 1964, "Robust Estimation of a Location Parameter"), so that an outlying
    residual costs linearly.

    Attributes
    ----------
    threshold : float
        :math:`\delta`, where the loss turns linear; infinity for normal noise.
    """

    threshold: float

    def loss(self, v: np.ndarray) -> np.ndarray:
        r"""Return :math:`\rho` of standardised residuals."""
        if np.isinf(self.threshold):
            return np.asarray(0.5 * v**2)
        size, limit = np.abs(v), self.threshold
        return np.where(size <= limit, 0.5 * v**2, limit * (size - 0.5 * limit))

    def loss_of_tensor(self, v: Tensor) -> Tensor:
        r"""Return :math:`\rho` of standardised residuals, with derivatives."""
        return nn.functional.huber_loss(
            v, v.new_zeros(v.shape), reduction="none", delta=self.threshold
        )

    def slope(self, v: np.ndarray) -> np.ndarray:
        r"""Return the loss's derivative, :math:`\psi = \rho'`: a residual, clipped."""
        return np.asarray(np.clip(v, -self.threshold, self.threshold))

    def slope_of_tensor(self, v: Tensor) -> Tensor:
        r"""Return :math:`\psi` of a tensor."""
        return v.clamp(-self.threshold, self.threshold)

    def weight(self, v: np.ndarray) -> np.ndarray:
        r"""Return :math:`\psi(v) / v`, by which a residual counts: 1 or less."""
        return np.asarray(np.minimum(1.0, self.threshold / np.maximum(np.abs(v), 1e-9)))

    def inflation(self, v: np.ndarray) -> np.ndarray:
        """Return by how much the variance of a residual is larger: one over weight."""
        return np.asarray(np.maximum(1.0, np.abs(v) / self.threshold))

    def mean_square(
        self, residual: np.ndarray, scale: np.ndarray, seen: np.ndarray
    ) -> np.ndarray:
        """Return the weighted mean square of residuals by row: noise variance anew.

        Parameters
        ----------
        residual : ndarray of shape (n_draws, n_rows, n_columns)
        scale : ndarray of shape (n_rows,)
            Standard deviations so far, by which residuals are weighted.
        seen : bool ndarray of shape (n_rows, n_columns)

        Returns
        -------
        ndarray of shape (n_rows,)
            Mean over draws.
        """
        weight = self.weight(residual / scale[:, None])
        squares = (weight * residual**2 * seen).sum(2).mean(0)
        return np.asarray(squares / np.maximum(seen.sum(1), 1))


NORMAL = HuberNoise(np.inf)
