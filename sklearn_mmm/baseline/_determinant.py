"""Determinants of what whitens a panel: densities on a scale of their own need them."""

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.baseline._dependence import Decorrelation
from sklearn_mmm.baseline._factors import BlockFactor, DenseFactor, Factor
from sklearn_mmm.baseline._whitening import Whitener


def log_determinant(
    whitener: Whitener, decorrelation: Decorrelation, n_weeks: int
) -> float:
    """Return the logarithm of the determinant of both, over the weeks observed.

    Parameters
    ----------
    whitener : Whitener
    decorrelation : Decorrelation
    n_weeks : int
        Of the panel.
    """
    total = 0.0
    for index, (regions, factor) in enumerate(whitener.groups):
        own = _diagonal(factor)
        size = float(own[own > 0].log().sum())
        n_regions = len(np.arange(whitener.n_regions)[regions])
        total += size if whitener.batched(index) else n_regions * size
    if decorrelation.n_factors:
        loadings = decorrelation.loadings
        inner = loadings.mT @ loadings
        unit = torch.eye(len(inner[0]), dtype=inner.dtype)
        by_week = torch.linalg.slogdet(unit + inner)[1]
        total -= 0.5 * float(by_week.sum()) * (n_weeks / len(loadings))
    return total


def _diagonal(factor: Factor) -> Tensor:
    """Return the diagonals of triangular matrices; 0 in weeks that are missing."""
    if isinstance(factor, BlockFactor):
        steps = factor.steps[..., : factor.size, : factor.size]
        return steps.diagonal(dim1=-2, dim2=-1)
    assert isinstance(factor, DenseFactor)
    return factor.inverse.diagonal(dim1=-2, dim2=-1)
