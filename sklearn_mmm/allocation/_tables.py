"""What an allocation found, as tables."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.allocation._limits import Limits
from sklearn_mmm.allocation._money_curves import brought
from sklearn_mmm.allocation._variables import Variables

# Relative to the typical amount.
FLOOR = 1e-8


def gradient_of(plan: Any, spend: np.ndarray) -> np.ndarray:
    """Return the gradient, just above zero where nothing is spent."""
    gradient = plan.value_and_gradient(np.maximum(spend, FLOOR * plan.media_scale))[1]
    return np.asarray(gradient)


def amounts_table(
    plan: Any,
    variables: Variables,
    limits: Limits,
    amount: np.ndarray,
    unit: np.ndarray,
    gradient: np.ndarray,
) -> pd.DataFrame:
    """Return one row for each amount that was decided."""
    spend = variables.spend(amount)
    beyond = variables.collect(plan.extrapolated(spend) * 1.0)
    near = 1e-7 * unit
    at_bound = np.where(
        amount - limits.low <= near,
        "low",
        np.where(limits.high - amount <= near, "high", ""),
    )
    planned = variables.planned
    change = np.divide(
        amount, planned, out=np.full(len(amount), np.nan), where=planned > 0
    )
    return variables.table.assign(
        planned=planned,
        spend=amount,
        change=change - 1,
        low=limits.low,
        high=limits.high,
        marginal_roi=variables.pull_back(gradient),
        at_bound=at_bound,
        extrapolated=beyond > 0,
    )


def channels_table(
    plan: Any, spend: np.ndarray, gradient: np.ndarray, given: Any
) -> pd.DataFrame:
    """Return what each channel costs and brings, planned and new.

    Parameters
    ----------
    plan, given : MediaPlan
        The new one, and that of X; they differ where frequencies do.
    spend, gradient : ndarray of shape (n_rows, n_channels)
        Of the new one.
    """
    columns: dict[str, np.ndarray] = {}
    # What was spent before the plan still works in it, and is no return of the plan's.
    carried = brought(plan, np.zeros_like(spend))
    for prefix, under, money in (("planned_", given, given.spend), ("", plan, spend)):
        worth = brought(under, money)
        cost = under.reacted(money).sum(axis=0)
        columns["planned" if prefix else "spend"] = cost
        columns[f"{prefix}contribution"] = worth
        columns[f"{prefix}roi"] = np.divide(
            worth - carried, cost, out=np.full(len(cost), np.nan), where=cost > 0
        )
    # Of one more unit, spread over rows as the channel's spend is.
    idle = spend.sum(axis=0) == 0
    pattern = np.where(idle, plan.media_scale, spend)
    share = pattern / pattern.sum(axis=0)
    marginal = (gradient * share).sum(axis=0)
    columns["marginal_roi"] = np.where(plan.free, np.nan, marginal)
    order = [
        "planned",
        "spend",
        "planned_contribution",
        "contribution",
        "planned_roi",
        "roi",
        "marginal_roi",
    ]
    index = pd.Index(plan.channels, name="channel")
    return pd.DataFrame(columns, index)[order]
