r"""Dependence between regions: what moves many of them at once, unequally.

Regions that share shocks are not so many independent witnesses. Their standardised
innovations have the covariance :math:`I + \Lambda \Lambda^\top` over regions, with the
loadings of a few factors; errors of regions are whitened by it, as by the covariance
in time. Factors are those principal components whose variance exceeds what independent
regions would show (Marchenko & Pastur, 1967), with the bias of a sample's eigenvalue
removed (Baik & Silverstein, 2006, "Eigenvalues of large sample covariance matrices of
spiked population models").

Factors may also differ from week to week: those of a channel whose effect is larger or
smaller in one week than in another, in all regions alike, have the loadings of what it
does in that week, see :mod:`sklearn_mmm.baseline._volatility`.
"""

import numpy as np
import torch
from torch import Tensor

# How far above the edge of pure noise a component must lie to count.
_MARGIN = 1.2
_MOST_FACTORS = 8


def factor_loadings(innovation: np.ndarray, n_weeks: int) -> np.ndarray:
    """Return the loadings of common factors.

    Parameters
    ----------
    innovation : ndarray of shape (n_regions, n_weeks)
        Standardised, zero where missing.
    n_weeks : int
        Number of weeks that are typically observed.

    Returns
    -------
    ndarray of shape (n_regions, n_factors)
        No factors where regions look independent.
    """
    n_regions = len(innovation)
    if n_regions < 2 or n_weeks < 2:
        return np.zeros((n_regions, 0))
    # A single odd week must not make a factor of its own.
    clipped = np.clip(innovation, -3.0, 3.0) / np.sqrt(n_weeks)
    vectors, values, _ = np.linalg.svd(clipped, full_matrices=False)
    variance = values**2
    ratio = n_regions / n_weeks
    edge = _MARGIN * (1 + np.sqrt(ratio)) ** 2
    kept = min(int((variance > edge).sum()), _MOST_FACTORS)
    half = 0.5 * (variance[:kept] + 1 - ratio)
    spike = half + np.sqrt(np.maximum(half**2 - variance[:kept], 0.0))
    return vectors[:, :kept] * np.sqrt(np.maximum(spike - 1, 0.0))


class Decorrelation:
    r"""Multiplication by :math:`(I + \Lambda_t \Lambda_t^\top)^{-1/2}` over regions.

    Parameters
    ----------
    loadings : Tensor of shape (1 or week, region, factor)
        One matrix if all weeks have the same.
    """

    def __init__(self, loadings: Tensor) -> None:
        # What all weeks have alike is taken for all of them at once.
        same = (loadings == loadings[:1]).flatten(0, 1).all(0)
        loadings = torch.cat([loadings[..., same], loadings[..., ~same]], -1)
        self.loadings, n_lasting = loadings, int(same.sum())
        self.lasting = loadings[0, :, :n_lasting].contiguous()
        # (factor, region, week)
        self.changing = loadings[..., n_lasting:].permute(2, 1, 0).contiguous()
        squared, basis = torch.linalg.eigh(loadings.mT @ loadings)
        squared = squared.clamp_min(1e-9)
        self._squared, self._basis = squared, basis
        weight = ((1 + squared).rsqrt() - 1) / squared
        self.inner = basis * weight.unsqueeze(-2) @ basis.mT

    @property
    def n_factors(self) -> int:
        """Number of factors; 0 changes nothing."""
        return self.loadings.shape[2]

    @property
    def strength(self) -> float:
        """Variance of the strongest factor beside that of the noise, 0 without any."""
        if not self.n_factors:
            return 0.0
        return float(self._squared.amax(-1).mean().item())

    @property
    def root(self) -> Tensor:
        r"""The :math:`U` for which the square of this is :math:`I - U U^\top`.

        (1 or week, region, factor)
        """
        return self.loadings @ (self._basis * (1 + self._squared).rsqrt().unsqueeze(-2))

    def __call__(self, values: Tensor) -> Tensor:
        """Return the product with values, which is its own transpose.

        Parameters
        ----------
        values : Tensor of shape (..., region, week)
        """
        if not self.n_factors:
            return values
        if len(self.loadings) == 1:
            lasting, inner = self.lasting, self.inner[0]
            return values + lasting @ (inner @ (lasting.T @ values))
        flat = values.flatten(0, -3) if values.dim() > 2 else values[None]
        along = [self.lasting.T @ flat]
        along += [(flat * own).sum(1, keepdim=True) for own in self.changing]
        # (week, factor, member), then (member, factor, week)
        weight = self.inner @ torch.cat(along, 1).permute(2, 1, 0)
        weight = weight.permute(2, 1, 0)
        n_lasting = self.lasting.shape[1]
        out = flat + self.lasting @ weight[:, :n_lasting]
        for place, own in enumerate(self.changing, start=n_lasting):
            out.addcmul_(own, weight[:, place : place + 1])
        return out.reshape(values.shape)
