"""Money beside what it brought: over time, by period, now and later, then and now."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._effects import roi_table
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    keys,
    worth_of_parts,
)

# Below this share of the usual spend, what a period shows is carry-over.
_LEAST_SPEND = 0.05


@of_fitted_model
def spend_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return spend and contribution of each channel over time, all regions together.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``channel``, ``time``, ``spend`` (spend units) and ``contribution`` (outcome
        units, or money with an ``outcome_value``; of the carry-over of former spend as
        well). The largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import spend_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, n_members=0, random_state=0,
    ... ).fit(X, y)
    >>> spend_table(mmm).shape
    (120, 4)
    """
    time = keys(mmm)["time"].to_numpy()
    parts, tables = worth_of_parts(mmm), []
    for name in channels_by_size(mmm):
        rows = pd.DataFrame(
            {
                "time": time,
                "spend": mmm.spend_[name].to_numpy(),
                "contribution": parts[name].to_numpy(),
            }
        )
        by_time = rows.groupby("time", as_index=False).sum()
        by_time.insert(0, "channel", name)
        tables.append(by_time)
    return pd.concat(tables, ignore_index=True)


@of_fitted_model
def period_roi_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return ROI by quarter and by year.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted, with dates as time steps.

    Returns
    -------
    DataFrame
        ``channel``, ``by`` ("quarter" or "year"), ``period`` (such as "2023 Q1" or
        "2023"), ``spend``, ``contribution`` and ``roi`` (NaN where less than 5 % of
        what is usual was spent). What was spent before a period and works in it counts
        for the period. Empty where time steps are no dates.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import period_roi_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, n_members=0, random_state=0,
    ... ).fit(X, y)
    >>> period_roi_table(mmm)["period"].unique().tolist()[:2]
    ['2022 Q1', '2022 Q2']
    """
    table = spend_table(mmm)
    names = ["channel", "by", "period", "spend", "contribution", "roi"]
    if table["time"].dtype.kind != "M":
        return pd.DataFrame(columns=names)
    year = table["time"].dt.year.astype(str)
    quarter = year + " Q" + table["time"].dt.quarter.astype(str)
    parts = []
    for by, period in (("quarter", quarter), ("year", year)):
        grouped = table.assign(period=period).groupby(["channel", "period"], sort=False)
        sums = grouped[["spend", "contribution"]].sum().reset_index()
        parts.append(sums.assign(by=by))
    out = pd.concat(parts, ignore_index=True)
    usual = out.groupby(["channel", "by"])["spend"].transform("mean")
    enough = (out["spend"] > 0) & (out["spend"] >= _LEAST_SPEND * usual)
    out["roi"] = out["contribution"] / out["spend"].where(enough)
    return out[names]


@of_fitted_model
def carry_over_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return how much of each channel's effect comes at once and how much later.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``channel``, ``immediate`` and ``carried_over`` (outcome units, or money with an
        ``outcome_value``), which sum to its contribution: it is divided as the weights
        of the carry-over are, those of the time step itself and those of later ones.
        The largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import carry_over_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, n_members=0, random_state=0,
    ... ).fit(X, y)
    >>> table = carry_over_table(mmm).set_index("channel")
    >>> whole = mmm.contributions_[table.index].sum()
    >>> bool((abs(table.sum(axis=1) - whole) < 1e-9 * abs(whole)).all())
    True
    """
    channels = channels_by_size(mmm)
    brought = worth_of_parts(mmm)[channels].sum()
    first = mmm.adstock_.loc[channels].iloc[:, 0]
    return pd.DataFrame(
        {
            "channel": channels,
            "immediate": (brought * first).to_numpy(),
            "carried_over": (brought * (1 - first)).to_numpy(),
        }
    )


def change_table(
    mmm: FittedMMM, previous: Any, *, coverage: float = 0.9
) -> pd.DataFrame:
    """Return what two fits say of each channel's ROI.

    Parameters
    ----------
    mmm, previous : DeepCausalMMMRegressor
        Fitted; the latter on former data, or with other options.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``channel``, ``roi_before`` and ``roi_now`` (contribution per spend unit),
        ``change``, and where both have members ``low_before``, ``high_before``,
        ``low_now`` and ``high_now``. NaN where a fit does not have the channel.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import change_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, n_members=0, random_state=0,
    ... ).fit(X, y)
    >>> change_table(mmm, mmm)["change"].tolist()
    [0.0, 0.0]
    """
    now, before = (
        roi_table(model, coverage=coverage).set_index("channel")
        for model in (mmm, previous)
    )
    table = pd.DataFrame(
        {"roi_before": before["roi"].reindex(now.index), "roi_now": now["roi"]}
    )
    table["change"] = table["roi_now"] - table["roi_before"]
    if "roi_low" in now and "roi_low" in before:
        for when, source in (("before", before), ("now", now)):
            table[f"low_{when}"] = source["roi_low"].reindex(now.index)
            table[f"high_{when}"] = source["roi_high"].reindex(now.index)
    return table.reset_index().replace([np.inf, -np.inf], np.nan)
