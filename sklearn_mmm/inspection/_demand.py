"""Whether spend follows the outcome: what past surprises foretell."""

import numpy as np
import pandas as pd
from scipy import stats

from sklearn_mmm.inspection._data_signals import within_regions
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    keys,
    step_numbers,
    time_axis,
)

# A channel whose spend is foretold so surely by chance is one in a hundred.
_SURE = 0.01
# Steps of the channel's own past that are known when it is foretold.
_OWN_PAST = 2
_N_WAVES = 2
# Fewer degrees of freedom say nothing.
_LEAST_FREEDOM = 20


@of_fitted_model
def demand_table(mmm: FittedMMM) -> pd.DataFrame:
    r"""Return how far the outcome's surprises foretell the spend of channels.

    Spend that is bought as demand goes (search, retargeting, budgets set as a share of
    sales) moves with the outcome without having caused it, and is credited with it.
    Such spend can be foretold from what the outcome did before; spend that only causes
    sales cannot, beyond its own past.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``channel``, ``t`` of the former outcome, the one-sided ``p_value``,
        ``partial_r2`` (share of the spend's own news that it foretells), and
        ``suspected``: whether the p-value is below 0.01. NaN where the channel does
        not vary or there are too few rows. The largest channel comes first.

    Notes
    -----
    A test of Granger (1969, "Investigating causal relations by econometric models and
    cross-spectral methods") with one lag of the outcome. Inside regions, roots of the
    media are regressed on their own two past steps, a trend, two waves of the season,
    the controls, the other channels, and the step before of the outcome less the
    contributions of controls and of other channels. Standard errors are clustered by
    time step where there are several regions. A control for demand that does its work
    takes the suspicion away. Spend that follows demand exactly, without noise of its
    own, or demand without any memory cannot be seen like this.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import demand_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> demand_table(mmm).columns.tolist()
    ['channel', 't', 'p_value', 'partial_r2', 'suspected']
    """
    channels, controls = mmm.media_columns_, mmm.control_columns_
    key = keys(mmm)
    history = mmm.history_[[*channels, *controls]].to_numpy(dtype=float)
    media, given = np.split(history, [len(channels)], axis=1)
    parts = mmm.contributions_[[*channels, *controls]].to_numpy()
    left = mmm.outcome_.to_numpy() - parts.sum(axis=1)
    axis = time_axis(mmm)
    year = None if axis is None else axis.season_length
    # The channel's own part may be the outcome's, wrongly credited.
    own = left[:, None] + parts[:, : len(channels)]
    former, roots, reasons = (_grid(key, v) for v in (own, np.sqrt(media), given))
    rows = {}
    for i, name in enumerate(channels):
        t, freedom, share = foretold(roots, i, former[..., i], reasons, year)
        p_value = float(stats.t.sf(t, freedom)) if freedom else np.nan
        rows[name] = {
            "channel": name,
            "t": t,
            "p_value": p_value,
            "partial_r2": share,
            "suspected": p_value < _SURE,
        }
    return pd.DataFrame([rows[name] for name in channels_by_size(mmm)])


def foretold(
    media: np.ndarray,
    channel: int,
    former: np.ndarray,
    controls: np.ndarray,
    year: float | None,
) -> tuple[float, int, float]:
    """Return how surely, and how far, a former outcome foretells a channel's media.

    Parameters
    ----------
    media : ndarray of shape (n_regions, n_steps, n_channels)
        NaN where there is no row.
    channel : int
    former : ndarray of shape (n_regions, n_steps)
        Outcome, of which the step before counts.
    controls : ndarray of shape (n_regions, n_steps, n_controls)
    year : float or None
        Time steps of a year; None leaves the season out.

    Returns
    -------
    t : float
        NaN where nothing can be said, with no degrees of freedom.
    freedom : int
    partial_r2 : float
    """
    n_regions, n_steps = media.shape[:2]
    own, others = media[..., channel], np.delete(media, channel, axis=2)
    step = np.broadcast_to(np.arange(n_steps, dtype=float), own.shape)
    angle = [] if year is None else [2 * np.pi * k * step / year for k in _waves()]
    now, before = slice(_OWN_PAST, None), slice(_OWN_PAST - 1, -1)
    known = [own[:, _OWN_PAST - k : n_steps - k] for k in range(1, _OWN_PAST + 1)]
    known += [step[:, now], *(f(a)[:, now] for a in angle for f in (np.sin, np.cos))]
    columns = [own[:, now], former[:, before], *known]
    stacked = np.concatenate(
        [np.stack(columns, axis=2), controls[:, now], others[:, now]], axis=2
    )
    whole = np.isfinite(stacked).all(axis=2)
    freedom = int(whole.sum()) - stacked.shape[2] - n_regions
    if freedom < _LEAST_FREEDOM:
        return np.nan, 0, np.nan
    scaled = within_regions(np.where(whole[..., None], stacked, np.nan))
    rows = np.nan_to_num(scaled.reshape(-1, stacked.shape[2]))
    fitted = np.linalg.lstsq(rows[:, 2:], rows[:, :2], rcond=None)[0]
    news = rows[:, :2] - rows[:, 2:] @ fitted
    t, share = _slope(news, n_regions, freedom)
    return t, freedom if np.isfinite(t) else 0, share


def _waves() -> range:
    return range(1, _N_WAVES + 1)


def _slope(news: np.ndarray, n_regions: int, freedom: int) -> tuple[float, float]:
    """Return t and partial R² of one column on another, (n_rows, 2), by region."""
    now, before = news.T
    size = now @ now, before @ before
    if min(size) < 1e-9 * len(news):
        return np.nan, np.nan
    slope = now @ before / size[1]
    residual = now - slope * before
    variance = residual @ residual / freedom / size[1]
    if n_regions > 1:
        # What regions share in a time step counts once.
        score = (before * residual).reshape(n_regions, -1).sum(axis=0)
        variance = score @ score / size[1] ** 2 * len(news) / freedom
    share = (now @ before) ** 2 / (size[0] * size[1])
    return float(slope / np.sqrt(variance)), float(share)


def _grid(key: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    """Return values of rows as (region, step, ...), NaN where there is no row."""
    region = np.unique(key["region"], return_inverse=True)[1]
    step = step_numbers(key["time"]).astype(int)
    step -= step.min()
    shape = (region.max() + 1, step.max() + 1, *values.shape[1:])
    out = np.full(shape, np.nan)
    out[region, step] = values
    return out
