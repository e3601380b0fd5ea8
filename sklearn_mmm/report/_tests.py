"""Which channel to test next."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.allocation._experiments import FEWEST_MEMBERS, rank_tests
from sklearn_mmm.allocation._money_curves import MoneyCurves
from sklearn_mmm.allocation._setup import Setup, prepare
from sklearn_mmm.inspection import Units
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.plotting._words import is_money

# Time steps, fewer in a shorter plan.
_DURATION = 4
# Share of what the plan brings that a test is worth at least, to be spoken of.
_LEAST_WORTH = 1e-4
# Of regions in a cell of a file.
SEPARATOR = "; "


def planned_tests(
    mmm: FittedMMM,
    rows: Any,
    curves: MoneyCurves | None,
    units: Units,
    setup: Setup | None = None,
) -> pd.DataFrame | None:
    """Return the best test of each channel in the first time steps of a plan.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
    rows : DataFrame, array or None
        Of the plan.
    curves : MoneyCurves or None
        Of the model and its members, for the plan.
    units : Units
        Where the outcome is no money, what a test costs cannot be set off against
        what it is worth.
    setup : Setup, optional
        The plan under every model, where it is known.

    Returns
    -------
    DataFrame or None
        As :func:`~sklearn_mmm.plan_experiments` returns it, regions as text; None
        without members, without a plan of time steps to come, or if no test is worth
        more than next to nothing.
    """
    if rows is None or curves is None or mmm.n_members_ < FEWEST_MEMBERS:
        return None
    plan = mmm.media_plan(rows) if setup is None else setup.plan
    later = mmm.time_column is not None and _after(plan.time, mmm.history_["time"])
    if not later or not plan.spend.sum() > 0:
        return None
    if setup is None:
        setup = prepare(mmm, rows, "channel", 0.0, None, 0.9)
    places = [plan.channels.index(name) for name in setup.variables.channels]
    length = min(_DURATION, len(np.unique(plan.time)))
    table = rank_tests(
        setup, [length], places, None, 1.0, 1.0, 0, curves.part(slice(1, None))
    )
    if not is_money(units.outcome) and not units.value:
        order = ["value", "power"]
        table = table.sort_values(order, ascending=False, kind="stable")
    table = table.drop_duplicates("channel").reset_index(drop=True)
    table["region"] = table["region"].map(_as_text)
    least = _LEAST_WORTH * abs(setup.planned_outcome)
    return table if len(table) and table["value"].iloc[0] > least else None


def _as_text(regions: Any) -> str:
    """Return regions as a file can hold them."""
    return regions if isinstance(regions, str) else SEPARATOR.join(map(str, regions))


def _after(times: np.ndarray, history: pd.Series) -> bool:
    return bool(np.min(times) > history.max())


def next_test(roi: pd.DataFrame) -> pd.DataFrame:
    """Return the channels by the outcome that hangs on what is not known of them.

    Parameters
    ----------
    roi : DataFrame
        As :func:`~sklearn_mmm.inspection.roi_table` returns it.

    Returns
    -------
    DataFrame
        ``channel``, ``spend``, ``roi_low``, ``roi_high`` and ``at_stake``: spend times
        the width of the interval of ROI, in what that is in. Empty without members.
    """
    if "roi_low" not in roi:
        names = ["channel", "spend", "roi_low", "roi_high", "at_stake"]
        return pd.DataFrame(columns=names)
    table = roi[["channel", "spend", "roi_low", "roi_high"]].copy()
    table["at_stake"] = table["spend"] * (table["roi_high"] - table["roi_low"])
    table = table[table["at_stake"] > 0]
    return table.sort_values("at_stake", ascending=False, ignore_index=True)
