r"""Dependence between regions: what moves many of them at once, unequally.

Regions that share shocks are not so many independent witnesses. Their standardised
innovations have the covariance :math:`I + \Lambda \Lambda^\top` over regions, with the
loadings of a few factors; errors of regions are whitened by it, as by the covariance
in time. Factors are those principal components whose variance exceeds what independent
regions would show (Marchenko & Pastur, 1967), with the bias of a sample's eigenvalue
removed (Baik & Silverstein, 2006, "Eigenvalues of large sample covariance matrices of
spiked population models").
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


def decorrelate(values: Tensor, loadings: Tensor) -> Tensor:
    r"""Return :math:`(I + \Lambda \Lambda^\top)^{-1/2}` times (region, ...) values.

    Parameters
    ----------
    values : Tensor of shape (region, ...)
    loadings : Tensor of shape (region, factor)
    """
    if not loadings.shape[1]:
        return values
    squared, basis = torch.linalg.eigh(loadings.T @ loadings)
    squared = squared.clamp_min(1e-9)
    weight = ((1 + squared).rsqrt() - 1) / squared
    inner = basis * weight @ basis.T  # (factor, factor)
    flat = values.reshape(len(values), -1)
    return (flat + loadings @ (inner @ (loadings.T @ flat))).reshape(values.shape)
