r"""Outlying observations: single weeks that neither model nor level explain.

An outlier is a shift :math:`o` of one observation, on top of the Gaussian process of
what wanders. Its generalised least-squares estimate and the standardised statistic

.. math:: \hat o_i = u_i / K^{-1}_{ii}, \quad
    t_i = u_i / \sqrt{K^{-1}_{ii}}, \quad u = K^{-1} r

are those of the deletion of week :math:`i`; the same statistic for a step of the level
is :math:`x^\top u / \sqrt{x^\top K^{-1} x}` (de Jong & Penzer, 1998, "Diagnosing Shocks
in Time Series"). Observations are ordinary, or with a small probability come from a
distribution ten times as wide; what is taken off an observation is its shift times the
probability that it is an outlier (Box & Tiao, 1968, "A Bayesian Approach to Some
Outlier Problems").
"""

from typing import NamedTuple

import numpy as np

# Of the running median that a series is first compared with, in time steps.
_WINDOW = 9
# Median absolute deviations from it beyond which a week is no longer believed.
_GROSS = 8.0
_PROBABILITY = 0.01
_WIDTH = 10.0
# Largest share of a region's weeks that may be outliers.
_MOST = 0.1
# Share of an observation that columns of its own explain from which it is theirs.
_MOST_LEVERAGE = 0.5


class Outliers(NamedTuple):
    """What is taken off observations, (region, week).

    Attributes
    ----------
    shift : ndarray of shape (n_regions, n_weeks)
        In the unit of the outcome given.
    weight : ndarray of shape (n_regions, n_weeks)
        Probability that an observation is an ordinary one.
    """

    shift: np.ndarray
    weight: np.ndarray


def gross_outliers(
    values: np.ndarray, observed: np.ndarray, explained: np.ndarray
) -> Outliers:
    """Find weeks far from the running median, before anything is known.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_weeks)
    observed : bool ndarray of shape (n_regions, n_weeks)
    explained : bool ndarray of shape (n_regions, n_weeks)
        Weeks in which something happened that may be the reason.
    """
    shift = np.zeros(values.shape)
    for region, weeks in enumerate(observed):
        seen = np.flatnonzero(weeks)
        gap, size = _distance_from_median(values[region, seen])
        far = (np.abs(gap) > _GROSS * size) & ~explained[region, seen]
        if size > 0 and far.mean() <= _MOST:
            shift[region, seen[far]] = gap[far]
    return Outliers(shift, np.where(shift != 0, 0.0, 1.0))


def spikes(columns: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return weeks in which any column is as far out, (region, week).

    Parameters
    ----------
    columns : ndarray of shape (n_regions, n_weeks, n_columns)
    observed : bool ndarray of shape (n_regions, n_weeks)
    """
    out = np.zeros(observed.shape, bool)
    for region, weeks in enumerate(observed):
        seen = np.flatnonzero(weeks)
        for values in columns[region, seen].T:
            gap, size = _distance_from_median(values)
            out[region, seen] |= np.abs(gap) > max(_GROSS * size, 1e-12)
    return out


def _distance_from_median(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Return distances from the running median, and their median size."""
    if len(values) < _WINDOW:
        return np.zeros(len(values)), 0.0
    half = _WINDOW // 2
    padded = np.pad(values, half, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    gap = values - np.median(windows, axis=1)
    return gap, float(np.median(np.abs(gap)))


def without_gross_outliers(
    values: np.ndarray, observed: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Return values less what is far from the running median without a reason.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_weeks)
    observed : bool ndarray of shape (n_regions, n_weeks)
    columns : ndarray of shape (n_regions, n_weeks, n_columns)
        What may be the reason.
    """
    outliers = gross_outliers(values, observed, spikes(columns, observed))
    return np.asarray(values - outliers.shift)


def find_outliers(
    residual: np.ndarray,
    observed: np.ndarray,
    whitener: np.ndarray,
    sigma: np.ndarray,
    leverage: np.ndarray,
) -> Outliers:
    """Find the shifts of single observations given everything else.

    Parameters
    ----------
    residual : ndarray of shape (n_regions, n_weeks)
        Outcome less everything but the region's own course, zero where missing.
    observed : bool ndarray of shape (n_regions, n_weeks)
    whitener : ndarray of shape (1 or n_regions, n_weeks, n_weeks)
        Inverse Cholesky factors of the regions' covariance in time.
    sigma : ndarray of shape (n_regions,)
        Noise standard deviations.
    leverage : ndarray of shape (n_regions, n_weeks)
        Share of each observation that columns fit by themselves.
    """
    shift, weight = np.zeros(residual.shape), np.ones(residual.shape)
    precisions = _Precision.of(whitener[0]) if len(whitener) == 1 else None
    for region, values in enumerate(residual / sigma[:, None]):
        precision = precisions or _Precision.of(whitener[region])
        may = observed[region] & (leverage[region] < _MOST_LEVERAGE)
        found, probability = _search(values, may, precision)
        shift[region] = found * probability * sigma[region]
        weight[region] = 1.0 - probability
    return Outliers(shift, weight)


class _Precision(NamedTuple):
    """A region's inverse covariance, and that of steps from each week on."""

    matrix: np.ndarray
    own: np.ndarray
    step: np.ndarray

    @classmethod
    def of(cls, whitener: np.ndarray) -> "_Precision":
        matrix = whitener.T @ whitener
        later = matrix[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1].diagonal()
        tiny = np.finfo(float).tiny
        return cls(matrix, np.maximum(matrix.diagonal(), tiny), np.maximum(later, tiny))


def _search(
    values: np.ndarray, may: np.ndarray, precision: _Precision
) -> tuple[np.ndarray, np.ndarray]:
    """Add outliers one by one, the most striking first, all estimated together."""
    n = len(values)
    shift, probability = np.zeros(n), np.zeros(n)
    gradient = precision.matrix @ values
    threshold = _threshold()
    chosen: list[int] = []
    rest = gradient
    while len(chosen) < _MOST * n:
        size = np.abs(rest) / np.sqrt(precision.own)
        size[chosen] = 0.0
        size[~may] = 0.0
        at = int(size.argmax())
        if size[at] < threshold:
            break
        step = np.abs(rest[::-1].cumsum()[::-1]) / np.sqrt(precision.step)
        # A level that moves is no outlier: a step into the week or out of it.
        if max(step[at], step[min(at + 1, n - 1)]) > size[at]:
            may = may.copy()
            may[at] = False
            continue
        chosen.append(at)
        inner = precision.matrix[np.ix_(chosen, chosen)]
        own = np.linalg.solve(inner, gradient[chosen])
        rest = gradient - precision.matrix[:, chosen] @ own
    if chosen:
        covariance = np.linalg.inv(precision.matrix[np.ix_(chosen, chosen)])
        own = covariance @ gradient[chosen]
        shift[chosen] = own
        probability[chosen] = _outlying(np.abs(own) / np.sqrt(covariance.diagonal()))
    return shift, probability


def _outlying(t: np.ndarray) -> np.ndarray:
    """Return the probability that an observation is an outlier by its statistic."""
    wide = 1 + _WIDTH**2
    log_odds = np.log(_PROBABILITY / (1 - _PROBABILITY)) - 0.5 * np.log(wide)
    log_odds = log_odds + 0.5 * t**2 * (1 - 1 / wide)
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))


def _threshold() -> float:
    """Return the statistic from which an outlier is as likely as not."""
    wide = 1 + _WIDTH**2
    log_odds = np.log(_PROBABILITY / (1 - _PROBABILITY)) - 0.5 * np.log(wide)
    return float(np.sqrt(-2 * log_odds / (1 - 1 / wide)))
