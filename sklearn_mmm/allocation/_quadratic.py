"""Separable quadratic programs with few linear constraints, by their dual."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

_NEWTON_STEPS = 20


def solve_quadratic(
    gradient: np.ndarray,
    curvature: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    matrix: np.ndarray,
    least: np.ndarray,
    most: np.ndarray,
) -> np.ndarray:
    r"""Maximise :math:`g'd - \frac12 \sum_i h_i d_i^2` within bounds and constraints.

    With multipliers :math:`\lambda` of the few constraints the maximum is
    :math:`d_i = (g_i - (A'\lambda)_i) / h_i`, clipped to the bounds, so that the dual
    has as many variables as there are constraints (Boyd & Vandenberghe, 2004, "Convex
    Optimization", section 5.5). Its minimum is found by L-BFGS-B and sharpened by
    Newton steps on the constraints that bind.

    Parameters
    ----------
    gradient, curvature : ndarray of shape (n,)
        Curvature is positive.
    low, high : ndarray of shape (n,)
    matrix : ndarray of shape (k, n)
    least, most : ndarray of shape (k,)
        ``least <= matrix @ d <= most``; the constraints can be met.

    Returns
    -------
    ndarray of shape (n,)
    """
    # A row without coefficients limits nothing.
    some = matrix.any(axis=1)
    matrix, least, most = matrix[some], least[some], most[some]
    if not len(matrix):
        return np.clip(gradient / curvature, low, high)
    # One-sided rows: A d <= b, an equality's multiplier being free.
    equal = least == most
    upper, lower = np.isfinite(most), np.isfinite(least) & ~equal
    rows = np.vstack([matrix[upper], -matrix[lower]])
    ends = np.concatenate([most[upper], -least[lower]])
    free = np.concatenate([equal[upper], np.zeros(lower.sum(), bool)])
    norm = np.sqrt((rows**2 / curvature).sum(axis=1))
    rows, ends = rows / norm[:, None], ends / norm

    def respond(multiplier: np.ndarray) -> np.ndarray:
        return np.clip((gradient - multiplier @ rows) / curvature, low, high)

    def dual(multiplier: np.ndarray) -> tuple[float, np.ndarray]:
        d = respond(multiplier)
        slack = ends - rows @ d
        value = gradient @ d - 0.5 * (curvature * d) @ d + multiplier @ slack
        return float(value), slack

    found = minimize(
        dual,
        np.zeros(len(rows)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None if f else 0.0, None) for f in free],
        options={"maxiter": 500, "ftol": 1e-16, "gtol": 1e-12},
    )
    return respond(_sharpen(found.x, free, rows, ends, respond, curvature, low, high))


def _sharpen(
    multiplier: np.ndarray,
    free: np.ndarray,
    rows: np.ndarray,
    ends: np.ndarray,
    respond: Callable[[np.ndarray], np.ndarray],
    curvature: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Newton steps until the binding constraints hold to rounding."""
    best, least_error = multiplier, np.inf
    for _ in range(_NEWTON_STEPS):
        d = respond(multiplier)
        excess = rows @ d - ends
        binding = free | (multiplier > 0) | (excess > 0)
        error = np.abs(excess[binding]).max(initial=0.0)
        if error < least_error:
            best, least_error = multiplier, error
        if error < 1e-14:
            break
        inside = (d > low) & (d < high)
        part = rows[binding][:, inside]
        step = np.linalg.lstsq(part / curvature[inside] @ part.T, excess[binding])[0]
        multiplier = multiplier.copy()
        multiplier[binding] += step
        multiplier = np.where(free, multiplier, np.maximum(multiplier, 0.0))
    return best
