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

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from sklearn_mmm.baseline._factors import Factor
from sklearn_mmm.baseline._whitening import Whitener

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
    values: np.ndarray, observed: np.ndarray, columns: np.ndarray
) -> Outliers:
    """Find weeks far from the running median, before anything is known.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_weeks)
    observed : bool ndarray of shape (n_regions, n_weeks)
    columns : ndarray of shape (n_regions, n_weeks, n_columns)
        What may be the reason that a week is far out.
    """
    shift = np.zeros(values.shape)
    for region, weeks in enumerate(observed):
        seen = np.flatnonzero(weeks)
        gap, far = _far_out(values[region, seen])
        if far.any():
            far &= ~_explained(columns[region, seen], far)
            shift[region, seen[far]] = gap[far]
    return Outliers(shift, np.where(shift != 0, 0.0, 1.0))


def without_gross_outliers(values: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return values less what is far from the running median, with a reason or not.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_weeks)
    observed : bool ndarray of shape (n_regions, n_weeks)
    """
    nothing = np.zeros((*values.shape, 0))
    return np.asarray(values - gross_outliers(values, observed, nothing).shift)


def _far_out(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distances from the running median, and which are gross and rare."""
    gap, size = (one[..., 0] for one in _from_median(series[:, None]))
    far = np.abs(gap) > _GROSS * size
    return gap, far & bool(size > 0 and far.mean() <= _MOST)


def _explained(columns: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Return in which weeks far out a column is a reason for it, (n_weeks,).

    A column is one if it is as striking itself and most weeks in which it stands out
    at least half as much are far out as well: a channel that is now and then on does
    not excuse a single week.

    Parameters
    ----------
    columns : ndarray of shape (n_weeks, n_columns)
    far : bool ndarray of shape (n_weeks,)
    """
    gap, size = _from_median(columns)
    striking = np.abs(gap) > np.maximum(_GROSS * size, 1e-12)
    out = np.zeros(len(far), bool)
    for week in np.flatnonzero(far & striking.any(1)):
        alike = gap * np.sign(gap[week]) >= 0.5 * np.abs(gap[week])
        share = (alike & far[:, None]).sum(0) / np.maximum(alike.sum(0), 1)
        out[week] = (striking[week] & (share >= 0.5)).any()
    return out


def _from_median(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distances from the running medians, and their median sizes.

    Parameters
    ----------
    columns : ndarray of shape (n_weeks, n_columns)

    Returns
    -------
    gap : ndarray of shape (n_weeks, n_columns)
    size : ndarray of shape (n_columns,)
    """
    if len(columns) < _WINDOW:
        return np.zeros(columns.shape), np.zeros(columns.shape[1])
    half = _WINDOW // 2
    padded = np.pad(columns, ((half, half), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=0)
    gap = columns - np.median(windows, axis=-1)
    return gap, np.median(np.abs(gap), axis=0)


def find_outliers(
    residual: np.ndarray,
    observed: np.ndarray,
    whitener: Whitener,
    sigma: np.ndarray,
    leverage: Callable[[int, int], float],
) -> Outliers:
    """Find the shifts of single observations given everything else.

    Parameters
    ----------
    residual : ndarray of shape (n_regions, n_weeks)
        Outcome less everything but the region's own course, zero where missing.
    observed : bool ndarray of shape (n_regions, n_weeks)
    whitener : Whitener
        Of the regions' covariance in time.
    sigma : ndarray of shape (n_regions,)
        Noise standard deviations.
    leverage : callable
        Of a region and a week: share of the observation that columns fit by
        themselves.
    """
    shift, weight = np.zeros(residual.shape), np.ones(residual.shape)
    white = whitener.whiten_series(torch.as_tensor(residual / sigma[:, None]))
    gradient = whitener.transpose_series(white).numpy()
    own, step = (np.maximum(p, np.finfo(float).tiny) for p in whitener.precision)
    striking = np.abs(gradient) / np.sqrt(own) * observed >= _threshold()
    for region in np.flatnonzero(striking.any(1)).tolist():
        series = _Series(
            gradient[region], own[region], step[region], whitener.of_region(region)
        )
        found, probability = _search(series, observed[region], leverage, region)
        shift[region] = found * probability * sigma[region]
        weight[region] = 1.0 - probability
    return Outliers(shift, weight)


class _Series(NamedTuple):
    """A region's series times its inverse covariance.

    Attributes
    ----------
    gradient : ndarray of shape (n_weeks,)
    own, step : ndarray of shape (n_weeks,)
        Precision of each week, and of a step of the level there.
    factor : Factor
    """

    gradient: np.ndarray
    own: np.ndarray
    step: np.ndarray
    factor: Factor

    def column(self, week: int) -> np.ndarray:
        """Return a column of the inverse covariance."""
        unit = torch.zeros(len(self.gradient), 1, dtype=torch.float64)
        unit[week] = 1.0
        found = self.factor.transpose(self.factor.whiten(unit))
        return np.asarray(found[:, 0].numpy())


def _search(
    series: _Series,
    observed: np.ndarray,
    leverage: Callable[[int, int], float],
    region: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Add outliers one by one, the most striking first, all estimated together."""
    gradient = rest = series.gradient
    n = len(gradient)
    shift, probability = np.zeros(n), np.zeros(n)
    threshold, may = _threshold(), observed.copy()
    chosen: list[int] = []
    columns = np.zeros((n, 0))
    while len(chosen) < _MOST * n:
        size = np.abs(rest) / np.sqrt(series.own)
        size[chosen] = 0.0
        size[~may] = 0.0
        at = int(size.argmax())
        if size[at] < threshold:
            break
        step = np.abs(rest[::-1].cumsum()[::-1]) / np.sqrt(series.step)
        # A level that moves is no outlier: a step into the week or out of it.
        moves = max(step[at], step[min(at + 1, n - 1)]) > size[at]
        if moves or leverage(region, at) >= _MOST_LEVERAGE:
            may[at] = False
            continue
        chosen.append(at)
        columns = np.column_stack([columns, series.column(at)])
        own = np.linalg.solve(columns[chosen], gradient[chosen])
        rest = gradient - columns @ own
    if chosen:
        covariance = np.linalg.inv(columns[chosen])
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
