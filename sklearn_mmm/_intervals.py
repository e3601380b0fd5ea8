"""Intervals from members."""

from numbers import Real

import numpy as np
from scipy.special import ndtri


def central_interval(values: np.ndarray, coverage: float) -> np.ndarray:
    """Return the ends of the central interval over members.

    Parameters
    ----------
    values : ndarray of shape (n_members, ...)
    coverage : float
        Probability that a further member would be inside. With few members and a high
        coverage the interval is their range.

    Returns
    -------
    ndarray of shape (2, ...)

    Raises
    ------
    ValueError
        If ``coverage`` is not between 0 and 1.
    """
    check_coverage(coverage)
    tails = [(1 - coverage) / 2, (1 + coverage) / 2]
    # The expected share of a distribution below the k-th of n draws is k / (n + 1).
    return np.asarray(np.quantile(values, tails, axis=0, method="weibull"))


def interval_around(
    values: np.ndarray, estimate: np.ndarray, coverage: float
) -> np.ndarray:
    """Return the central interval over members, extended to hold the estimate.

    Where members are skewed, the most probable value need not be central.

    Parameters
    ----------
    values : ndarray of shape (n_members, ...)
    estimate : ndarray of shape (...)
    coverage : float

    Returns
    -------
    ndarray of shape (2, ...)

    Raises
    ------
    ValueError
        If ``coverage`` is not between 0 and 1.
    """
    low, high = central_interval(values, coverage)
    return np.stack([np.minimum(low, estimate), np.maximum(high, estimate)])


def half_width(coverage: float) -> float:
    """Return half of a normal variable's central interval, in standard deviations.

    Raises
    ------
    ValueError
        If ``coverage`` is not between 0 and 1.
    """
    check_coverage(coverage)
    return float(ndtri((1 + coverage) / 2))


def check_coverage(coverage: float) -> None:
    """Refuse a coverage that is no probability."""
    if not (isinstance(coverage, Real) and 0 < coverage < 1):
        raise ValueError(f"got coverage={coverage!r}; it is between 0 and 1")
