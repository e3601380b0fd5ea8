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
# Gain of it below which nothing is changed any more.
_LEAST_GAIN = 1e-6
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
    usable = information > 0
    unit = 1.0 / np.where(usable, information, 1.0)
    values = unit[:, None] * np.append(0.0, _GRID)  # (channel, value)
    variance, best = np.zeros(len(unit)), 0.0
    for _ in range(2 * usable.sum()):
        gain = _gains(variance, gram, score, values)
        channel, place = np.unravel_index(gain.argmax(), gain.shape)
        if gain[channel, place] <= best + _LEAST_GAIN:
            break
        best = gain[channel, place]
        variance[channel] = values[channel, place]
    return np.sqrt(variance)


def _gains(
    variance: np.ndarray, gram: np.ndarray, score: np.ndarray, values: np.ndarray
) -> np.ndarray:
    r"""Return log Bayes factors against no volatility, less what channels have to beat.

    With the weeks' Gram matrices :math:`S_t` and scores :math:`b_t`, and :math:`T` the
    diagonal of the variances, a factor is half the sum of :math:`b_t^\top (T^{-1} +
    S_t)^{-1} b_t - \log |I + T S_t|`: that of the others, and what one channel adds
    once they have explained their part of its own :math:`S_t` and :math:`b_t`.

    Parameters
    ----------
    variance : ndarray of shape (n_channels,)
        Of which one is replaced at a time.
    gram : ndarray of shape (n_weeks, n_channels, n_channels)
    score : ndarray of shape (n_weeks, n_channels)
    values : ndarray of shape (n_channels, n_values)
        What may stand there instead.

    Returns
    -------
    ndarray of shape (n_channels, n_values)
    """
    out = np.empty(values.shape)
    chosen = np.flatnonzero(variance)
    free = np.flatnonzero(variance == 0)
    for channels in (free, *chosen[:, None]):
        others = np.setdiff1d(chosen, channels)
        inner = gram[:, others[:, None], others] + np.diag(1.0 / variance[others])
        cross = gram[:, others][:, :, channels]
        known = np.linalg.solve(inner, np.dstack([cross, score[:, others]]))
        known, fitted = known[..., :-1], known[..., -1]
        _, size = np.linalg.slogdet(inner)
        size = size.sum() + len(gram) * np.log(variance[others]).sum()
        base = 0.5 * ((score[:, others] * fitted).sum() - size)
        own = gram[:, channels, channels] - (cross * known).sum(1)  # (week, channel)
        left = score[:, channels] - np.einsum("toc,to->tc", cross, fitted)
        value = values[channels, :, None]  # (channel, value, week)
        own, squares = np.maximum(own.T, 0.0)[:, None], (left.T**2)[:, None]
        spread = value * own
        added = value * squares / (1 + spread) - np.log1p(spread)
        out[channels] = base + 0.5 * added.sum(-1)
        out[channels] -= _STRONG * (len(others) + (values[channels] > 0))
    return out


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
