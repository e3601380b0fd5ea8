"""How often people should be reached."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import is_number, shown
from sklearn_mmm._intervals import check_coverage, interval_around
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._frequency import (
    brought_by_reach,
    largest_frequency,
    mean_frequency,
    optimal_frequency,
    reached_channels,
)
from sklearn_mmm.inspection._members import plans_of
from sklearn_mmm.inspection._model import of_fitted_model


@of_fitted_model
def best_frequency(
    mmm: FittedMMM,
    X: Any,
    *,
    max_frequency: float | Mapping[str, float] | None = None,
    coverage: float = 0.9,
) -> pd.DataFrame:
    r"""Return how often people should be reached, by channel with reach and frequency.

    An impression is taken to cost the same however often somebody sees one. Then the
    same money buys people in inverse proportion to frequency, and brings most where the
    response to frequency :math:`h(f)`, divided by :math:`f`, is largest.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted with ``reach_frequency``.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan: rows of the past or the future, in which each row keeps its spend.
    max_frequency : float or dict of float, default=None
        Most contacts per person reached, of all channels or by channel. None is the
        largest frequency in training: beyond it nothing was seen. It is another limit
        than ``max_frequency`` of :func:`allocate_budget`, which is one of media per
        person of a whole audience.
    coverage : float, default=0.9
        Of the intervals over members.

    Returns
    -------
    DataFrame
        Indexed by channel: ``optimal_frequency`` (contacts per person reached),
        ``mean_frequency`` of X (impressions / reach), ``gain`` (outcome units, or money
        with an ``outcome_value``: over the rows and after them, if each row had the
        optimal frequency for its money, or, of a channel that costs nothing, for its
        impressions) and ``gain_share`` of the channel's contribution; with members
        ``low`` and ``high`` of the optimum, and ``gain_low`` and ``gain_high``.

    Raises
    ------
    ValueError
        If there is no such channel, or a parameter is out of its range.

    Notes
    -----
    Of a Hill curve with the half-saturation :math:`\kappa` and the slope :math:`s` the
    optimum is :math:`\kappa (s - 1)^{1 / s}`; with a slope up to 1 the first contact is
    worth most and the optimum is 1. Meridian's "optimal frequency" is the same, found
    on a grid.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn_mmm import DeepCausalMMMRegressor, best_frequency
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({
    ...     "tv": rng.gamma(2.0, 10.0, 60),
    ...     "reach": rng.gamma(2.0, 100.0, 60), "contacts": rng.uniform(1, 9, 60),
    ... })
    >>> X["money"] = 0.01 * X["reach"] * X["contacts"]
    >>> heard = X["contacts"] ** 2 / (X["contacts"] ** 2 + 3.0**2)
    >>> y = 100 + X["tv"] ** 0.5 + X["reach"] * heard + rng.normal(0, 1, 60)
    >>> mmm = DeepCausalMMMRegressor(
    ...     ["tv"], spend_columns={"tv": "tv", "video": "money"},
    ...     reach_frequency={"video": ("reach", "contacts")}, max_lag=1,
    ...     graph=False, n_members=0, random_state=0,
    ... ).fit(X, y)
    >>> bool(abs(best_frequency(mmm, X)["optimal_frequency"]["video"] - 3) < 0.3)
    True
    """
    check_coverage(coverage)
    channels = reached_channels(mmm)
    most = _most(mmm, channels, max_frequency)
    plan, members = plans_of(mmm, X, None, coverage)
    best = optimal_frequency(plan, most)
    table = pd.DataFrame(
        {"optimal_frequency": best, "mean_frequency": mean_frequency(plan)},
        pd.Index(channels, name="channel"),
    )
    brought, gain = brought_by_reach(plan), _gain(plan, best)
    table["gain"] = gain
    table["gain_share"] = gain / np.where(brought > 0, brought, np.nan)
    if not members:
        return table
    drawn = np.array([optimal_frequency(m, most) for m in members])
    low, high = interval_around(drawn, best, coverage)
    table["low"], table["high"] = np.maximum(low, 1.0), np.minimum(high, most)
    gains = np.array([_gain(m, best) for m in members])
    table["gain_low"], table["gain_high"] = interval_around(gains, gain, coverage)
    order = ["optimal_frequency", "low", "high", "mean_frequency"]
    return table[[*order, "gain", "gain_low", "gain_high", "gain_share"]]


def at_optimal_frequency(mmm: FittedMMM, plan: Any, members: list[Any]) -> list[Any]:
    """Return the plans of model and members at the model's best frequency.

    Up to the largest of training; impressions that cost nothing stay as they are.

    Raises
    ------
    ValueError
        If no channel has a frequency.
    """
    channels = list(mmm.reach_frequency_)
    if not channels:
        raise ValueError(
            "frequency='optimal', but no channel of the model has one; name columns of "
            "reach and frequency in reach_frequency, or leave it 'kept'"
        )
    best = optimal_frequency(plan, largest_frequency(mmm, channels))
    free = plan.free[plan.reached] | (plan.given[:, plan.reached] > 0)
    wanted = np.where(free, plan.frequency, best)
    return [each.at_frequency(wanted) for each in (plan, *members)]


def _most(mmm: FittedMMM, channels: list[str], given: Any) -> np.ndarray:
    """Return the most contacts of each channel."""
    most = largest_frequency(mmm, channels)
    if given is None:
        return most
    limits = given if isinstance(given, Mapping) else dict.fromkeys(channels, given)
    unknown = [name for name in limits if name not in channels]
    if unknown:
        raise ValueError(
            f"max_frequency names {unknown}; the channels with a frequency are "
            f"{channels}"
        )
    for name, limit in limits.items():
        if not is_number(limit) or float(limit) < 1:
            raise ValueError(
                f"max_frequency of {name!r} is {shown(limit)}; it is a number of "
                "contacts of those who are reached, at least 1"
            )
        most[channels.index(name)] = float(limit)
    return most


def _gain(plan: Any, best: np.ndarray) -> np.ndarray:
    """Return what impressions at the best frequency would bring more, (n_reached,)."""
    moved = plan.at_frequency(np.broadcast_to(best, plan.frequency.shape))
    return brought_by_reach(moved) - brought_by_reach(plan)
