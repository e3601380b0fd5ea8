r"""Effects that are larger in one week than in another, in all regions alike.

Where a channel's effect is :math:`\beta (1 + \eta_t)`, with an independent
:math:`\eta_t` for each week, regions that receive much of it at the same time err
together, and many regions are no more witnesses of its effect than there are weeks. So
the standardised innovations of week :math:`t` have the covariance

.. math:: I + \Lambda \Lambda^\top + \sum_c \tau_c^2 g_{ct} g_{ct}^\top

over regions, with :math:`g_{ct}` what a unit of channel :math:`c`'s effect does there,
and :math:`\tau_c` its volatility: random slopes with groups of weeks (Laird & Ware,
1982, "Random-Effects Models for Longitudinal Data"), without which evidence from
clustered observations is overstated (Moulton, 1990, "An Illustration of a Pitfall in
Estimating the Effects of Aggregate Variables on Micro Units").
"""

import numpy as np
import torch

from sklearn_mmm.baseline._whitening import Whitener

# Log Bayes factor from which an effect is said to be volatile: very strong evidence on
# the scale of Kass & Raftery (1995, "Bayes Factors").
_STRONG = 5.0
# A single odd region must not make an effect volatile.
_CLIP = 3.0
# Variances that are tried, in units of the error of a typical week's effect.
_GRID = np.geomspace(0.05, 1000.0, 30)


def likeliest_volatility(
    columns: np.ndarray, innovation: np.ndarray, loadings: np.ndarray
) -> np.ndarray:
    """Return how far the channels' effects differ from week to week.

    Channels are taken in, changed and left out one by one as long as the marginal
    likelihood gains.

    Parameters
    ----------
    columns : ndarray of shape (n_weeks, n_regions, n_channels)
        Standardised innovations of what a unit of each effect does.
    innovation : ndarray of shape (n_regions, n_weeks)
        Standardised, zero where missing.
    loadings : ndarray of shape (n_regions, n_factors)
        Of what moves regions together in every week.

    Returns
    -------
    ndarray of shape (n_channels,)
        Standard deviations, in units of the effect; zero without strong evidence.
    """
    clipped = np.clip(innovation, -_CLIP, _CLIP)
    inner = np.linalg.inv(np.eye(loadings.shape[1]) + loadings.T @ loadings)
    free = columns - loadings @ (inner @ (loadings.T @ columns))
    gram = columns.transpose(0, 2, 1) @ free
    score = np.einsum("trc,rt->tc", free, clipped)
    information = np.einsum("tcc->c", gram) / max(len(gram), 1)
    unit = 1.0 / np.maximum(information, np.finfo(float).tiny)
    variance, best = np.zeros(len(unit)), 0.0
    usable = np.flatnonzero(information > 0)
    for _ in range(2 * len(usable)):
        gain, tried = best, variance
        for channel in usable:
            for value in (0.0, *_GRID * unit[channel]):
                other = variance.copy()
                other[channel] = value
                found = _evidence(other, gram, score) - _STRONG * (other > 0).sum()
                if found > gain + 1e-6:
                    gain, tried = found, other
        if tried is variance:
            break
        best, variance = gain, tried
    return np.sqrt(variance)


def _evidence(variance: np.ndarray, gram: np.ndarray, score: np.ndarray) -> float:
    r"""Return the log Bayes factor of variances against none.

    With the weeks' Gram matrices :math:`S_t` and scores :math:`b_t`, and :math:`T` the
    diagonal of the variances, half the sum of :math:`b_t^\top (T^{-1} + S_t)^{-1} b_t -
    \log |I + T S_t|`.
    """
    own = np.flatnonzero(variance)
    if not len(own):
        return 0.0
    precision = gram[:, own[:, None], own] + np.diag(1.0 / variance[own])
    _, size = np.linalg.slogdet(precision)
    solved = np.linalg.solve(precision, score[:, own, None])[..., 0]
    fitted = (score[:, own] * solved).sum(1)
    return 0.5 * float((fitted - size - np.log(variance[own]).sum()).sum())


def weekly_loadings(
    loadings: np.ndarray, volatility: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Return the loadings of all factors.

    Parameters
    ----------
    loadings : ndarray of shape (n_regions, n_factors)
        Of what moves regions together in every week.
    volatility : ndarray of shape (n_channels,)
        Of no channels before anything is learned.
    columns : ndarray of shape (n_weeks, n_regions, n_channels)
        See :func:`likeliest_volatility`.

    Returns
    -------
    ndarray of shape (1 or n_weeks, n_regions, n_all_factors)
    """
    own = np.flatnonzero(volatility)
    if not len(own):
        return loadings[None]
    shape = (len(columns), *loadings.shape)
    moved = columns[..., own] * volatility[own]
    return np.concatenate([np.broadcast_to(loadings, shape), moved], axis=2)


def standardised(
    columns: np.ndarray, W: Whitener, precise: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    """Return columns as standardised innovations, (n_weeks, n_regions, n_channels).

    Parameters
    ----------
    columns : ndarray of shape (n_regions, n_weeks, n_channels)
    W : Whitener
    precise : ndarray of shape (n_regions,)
        One over the noise standard deviations.
    observed : bool ndarray of shape (n_regions, n_weeks)
    """
    white = (
        W.whiten(torch.as_tensor(columns)).numpy()
        * precise[:, None, None]
        * observed[..., None]
    )
    return white.transpose(1, 0, 2)
