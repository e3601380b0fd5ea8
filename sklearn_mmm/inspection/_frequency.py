"""What the same money brings when people are reached more or less often."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import check_whole
from sklearn_mmm._intervals import interval_around
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._members import plans_of
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import training_rows


@of_fitted_model
def frequency_curves(
    mmm: FittedMMM, X: Any = None, *, n_points: int = 49, coverage: float = 0.9
) -> pd.DataFrame:
    """Return what the same money brings at each frequency, by channel.

    Impressions times the response to one of them: the curve that
    :func:`~sklearn_mmm.best_frequency` finds the top of.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted with ``reach_frequency``.
    X : DataFrame or array of shape (n_rows, n_columns), default=None
        Of which each row keeps its spend; by default the training rows.
    n_points : int, default=49
        From 1 to the largest frequency in training; the best and the present one come
        in addition.
    coverage : float, default=0.9
        Of the intervals over members.

    Returns
    -------
    DataFrame
        ``channel``, ``frequency`` (contacts per person reached), ``contribution``
        (outcome units, or money with an ``outcome_value``: of the channel at this
        frequency in all rows, with what comes after them), with members ``low`` and
        ``high``, and ``optimal`` and ``present``: whether it is the best frequency up
        to the largest in training, and the mean of the rows.

    Raises
    ------
    ValueError
        If the model has no channel with reach and frequency, or there are fewer than
        two points.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.inspection import frequency_curves
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({
    ...     "reach": rng.gamma(2.0, 100.0, 60), "contacts": rng.uniform(1, 9, 60),
    ... })
    >>> heard = X["contacts"] ** 2 / (X["contacts"] ** 2 + 3.0**2)
    >>> y = 100 + X["reach"] * heard + rng.normal(0, 1, 60)
    >>> mmm = DeepCausalMMMRegressor(
    ...     [], reach_frequency={"video": ("reach", "contacts")}, max_lag=1,
    ...     graph=False, n_members=0, random_state=0,
    ... ).fit(X, y)
    >>> curve = frequency_curves(mmm, X).set_index("frequency")["contribution"]
    >>> bool(2.5 < curve.idxmax() < 3.5)
    True
    """
    channels = reached_channels(mmm)
    check_whole("n_points", n_points, 2)
    X = training_rows(mmm) if X is None else X
    plan, members = plans_of(mmm, X, None, coverage)
    ends = largest_frequency(mmm, channels)
    best, now = optimal_frequency(plan, ends), mean_frequency(plan)
    now = np.where(np.isnan(now), 1.0, now)
    grid = np.sort(np.vstack([np.linspace(1.0, ends, n_points), best, now]), axis=0)
    found = _contribution_at(plan, grid)  # (point, channel)
    drawn = np.array([_contribution_at(m, grid) for m in members])
    tables = []
    for i, channel in enumerate(channels):
        table = pd.DataFrame(
            {"channel": channel, "frequency": grid[:, i], "contribution": found[:, i]}
        )
        if members:
            low, high = interval_around(drawn[..., i], found[:, i], coverage)
            table["low"], table["high"] = low, high
        for name, value in (("optimal", best[i]), ("present", now[i])):
            table[name] = table["frequency"] == value
        tables.append(table.drop_duplicates("frequency"))
    return pd.concat(tables, ignore_index=True)


def reached_channels(mmm: FittedMMM) -> list[str]:
    """Return the channels with reach and frequency.

    Raises
    ------
    ValueError
        If there are none.
    """
    channels = list(mmm.reach_frequency_)
    if not channels:
        raise ValueError(
            "the model has no channel with a frequency; name columns of reach and "
            "frequency in reach_frequency={'youtube': ('youtube_reach', "
            "'youtube_frequency')}"
        )
    return channels


def mean_frequency(plan: Any) -> np.ndarray:
    """Return impressions per person reached, (n_reached,); NaN without any."""
    reach = plan.media(plan.spend)[:, plan.reached]
    people = reach.sum(axis=0)
    seen = (reach * plan.frequency).sum(axis=0)
    return np.divide(seen, people, out=np.full(len(people), np.nan), where=people > 0)


def optimal_frequency(plan: Any, most: np.ndarray) -> np.ndarray:
    """Return the best frequencies up to a limit, (n_reached,).

    Parameters
    ----------
    plan : MediaPlan
    most : ndarray of shape (n_reached,)
    """
    curve = plan.frequency_parameters
    half, slope = curve["half_saturation"], curve["slope"]
    rising = np.maximum(slope - 1.0, 0.0)
    return np.asarray(np.clip(half * rising ** (1 / slope), 1.0, most))


def largest_frequency(mmm: FittedMMM, channels: Sequence[str]) -> np.ndarray:
    """Return the largest frequency in training of each channel, at least 1."""
    columns = [mmm.reach_frequency_[channel][1] for channel in channels]
    return np.maximum(mmm.history_[columns].max().fillna(1.0).to_numpy(float), 1.0)


def brought_by_reach(plan: Any) -> np.ndarray:
    """Return what the channels bring in the rows and after them, (n_reached,)."""
    return np.asarray(plan.totals(plan.spend)[plan.reached])


def _contribution_at(plan: Any, grid: np.ndarray) -> np.ndarray:
    """Return what the rows' impressions bring at each frequency, (n_points, n_reached).

    Impressions times the response to one of them, beside what was there before.
    """
    once = plan.at_frequency(np.ones(plan.frequency.shape))
    before = once.with_free_media(0.0)
    past = before.totals(np.zeros_like(plan.spend))[plan.reached]
    alone = plan.response_to_frequency(grid) / grid
    return np.asarray(past + (brought_by_reach(once) - past) * alone / alone[0])
