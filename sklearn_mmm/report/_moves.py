"""Moves of money from one channel to another, and the chance that each pays."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm._intervals import interval_around
from sklearn_mmm.inspection._spend_along import along

MOST = 3
# A move that members agree on, for or against, is green or red; between, it is grey.
LIKELY, UNLIKELY = 0.8, 0.2
_SMALL = 0.005
MOVE_COLUMNS = ("from", "to", "amount", "gain", "low", "high", "chance")


class Shift(NamedTuple):
    """Money that goes from one channel to another.

    Attributes
    ----------
    source, target : str
    amount : float
        Spend units over the whole plan.
    """

    source: str
    target: str
    amount: float


def shifts(planned: pd.Series, spend: pd.Series, most: int = MOST) -> list[Shift]:
    """Return the largest shifts by which a plan becomes another one.

    Parameters
    ----------
    planned, spend : Series of shape (n_channels,)
        Amounts by channel.
    most : int, default=3
        Number of shifts.

    Notes
    -----
    The largest cut pays the largest raise, as far as it goes, and so on; money that
    the new plan adds or saves belongs to no shift.
    """
    change = (spend - planned).astype(float)
    least = _SMALL * float(planned.sum())
    out: list[Shift] = []
    while len(out) < most:
        raised, cut = str(change.idxmax()), str(change.idxmin())
        moved = min(float(change[raised]), -float(change[cut]))
        if not moved > least:
            break
        out.append(Shift(cut, raised, moved))
        change[raised] -= moved
        change[cut] += moved
    return out


def _parts_moved(plan: Any, found: list[Shift], change: np.ndarray) -> np.ndarray:
    """Return how far shifts take channels towards the goal, (n_shifts, n_channels).

    Each row goes as far as the shift's amount goes towards the whole change of its
    channels.

    Parameters
    ----------
    plan : MediaPlan
    found : list of Shift
    change : ndarray of shape (n_rows, n_channels)
        From the plan to the goal, spend units.
    """
    whole = np.abs(change.sum(axis=0))
    out = np.zeros((len(found), len(whole)))
    for part, shift in zip(out, found, strict=True):
        own = [plan.channels.index(name) for name in (shift.source, shift.target)]
        part[own] = shift.amount / whole[own]
    return out


def move_table(worlds: list[Any], allocation: Any, coverage: float) -> pd.DataFrame:
    """Return the largest moves towards an allocation.

    Parameters
    ----------
    worlds : list of MediaPlan
        The plan under the model and under each member.
    allocation : BudgetAllocation
    coverage : float
        Of the intervals.

    Returns
    -------
    DataFrame
        ``from``, ``to``, ``amount`` (spend units), ``gain`` of this move alone
        (outcome units), ``low`` and ``high`` of the gain, and ``chance``: the share of
        members in which it brings more than nothing. NaN without members. The move that
        brings most comes first.
    """
    found = shifts(allocation.channels["planned"], allocation.channels["spend"])
    if not found:
        return pd.DataFrame(columns=list(MOVE_COLUMNS))
    own = worlds[0]
    change = allocation.spend[own.channels].to_numpy(float) - own.spend
    parts = _parts_moved(own, found, change)
    still = np.zeros((1, len(own.channels)))
    lines = (along(plan, own.spend, change) for plan in worlds)
    # (world, shift)
    brought = np.array(
        [[line.totals(part).sum() for part in (*still, *parts)] for line in lines]
    )
    rows = []
    for shift, moved in zip(found, (brought[:, 1:] - brought[:, :1]).T, strict=True):
        gain, gains = moved[0], moved[1:]
        low = high = chance = np.nan
        if len(gains):
            low, high = interval_around(gains, gain, coverage)
            chance = float((gains > 0).mean())
        rows.append((*shift, float(gain), float(low), float(high), chance))
    table = pd.DataFrame(rows, columns=list(MOVE_COLUMNS))
    return table.sort_values("gain", ascending=False, ignore_index=True)
