"""What the planner of a report computes with: channels' curves over a plan's money."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sklearn_mmm.allocation._limits import DEFAULT_RANGE
from sklearn_mmm.allocation._money_curves import MoneyCurves, brought
from sklearn_mmm.report._content import Results
from sklearn_mmm.report._encode import scalar, scalars

# Larger plans are downloaded by time step, summed over regions.
_MOST_CELLS = 20_000


def planner_data(
    results: Results, labels: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    r"""Return what a page needs to compute any split of money between channels.

    Parameters
    ----------
    results : Results
    labels : dict of str, default=None
        Names for people, by column.

    Returns
    -------
    dict or None
        JSON types; None without a plan that costs anything. ``channels`` with
        ``name``, ``planned`` (spend units), ``extrapolated`` (the multiple of the plan
        beyond which training has seen no media), and ``values`` and ``slopes``, one
        list of nodes for the model and each member. ``organic`` is the rest of the
        outcome, of the model and each member. ``coupling`` is the largest error known,
        relative to what media bring.

    Notes
    -----
    Curves are those of :class:`MoneyCurves`, given by values and slopes at nodes, so
    that a page evaluates a cubic of one cell. Where effects vary with the
    media of other channels, curves are those of all channels scaled alike, and
    ``coupling`` says by how much mixed plans depart from that.
    """
    rows = results.plan_rows
    if rows is None:
        return None
    plan, members = results.mmm.media_plan(rows), results.mmm.member_plans(rows)
    planned = plan.spend.sum(axis=0)
    paid = np.flatnonzero(planned > 0)
    if not len(paid):
        return None
    worlds = [plan, *members]
    curves = results.curves or MoneyCurves.of(worlds)
    values, slopes = curves.values, curves.slopes
    unpaid = np.setdiff1d(np.arange(len(planned)), paid)
    organic = [
        float(p.organic.sum() + values[w, 0, unpaid].sum())
        for w, p in enumerate(worlds)
    ]
    beyond = _known_multiple(plan)
    names = labels or {}
    return {
        "reach": curves.reach,
        "coverage": results.coverage,
        "outcome": results.units.worth,
        "money": results.units.spend,
        "plan": results.plan_name,
        "coupling": float(_coupling(plan, paid)),
        "organic": scalars(np.array(organic)),
        "usual": list(DEFAULT_RANGE),
        "channels": [
            {
                "name": names.get(plan.channels[c], plan.channels[c]),
                "column": plan.channels[c],
                "planned": float(planned[c]),
                "extrapolated": scalar(beyond[c]),
                "values": [scalars(v) for v in values[:, :, c]],
                "slopes": [scalars(v) for v in slopes[:, :, c]],
            }
            for c in paid
        ],
        "rows": _rows(plan, paid),
    }


def _known_multiple(plan: Any) -> np.ndarray:
    """Return the multiple of each channel's spend up to which training has seen it."""
    room = np.where(plan.silent, 0.0, 1 - plan.given) * plan.media_scale
    ratio = np.full(plan.spend.shape, np.inf)
    np.divide(room, plan.spend, out=ratio, where=plan.spend > 0)
    return np.asarray(np.maximum(ratio.min(axis=0), 0.0))


def _coupling(plan: Any, paid: np.ndarray) -> float:
    """Return how far channels change one another's contributions, relative to all.

    Every second channel gets less and the others more, against the same change of all.
    """
    mix = np.ones(len(plan.channels))
    mix[paid] = np.where(np.arange(len(paid)) % 2 == 0, *DEFAULT_RANGE)
    mixed = brought(plan, plan.spend * mix)
    whole = float(brought(plan, plan.spend).sum())
    apart = np.choose(mix > 1, [brought(plan, plan.spend * m) for m in DEFAULT_RANGE])
    error = float(np.abs((mixed - apart)[paid].sum()))
    return error / abs(whole) if whole else 0.0


def _rows(plan: Any, paid: np.ndarray) -> dict[str, Any]:
    """Return the plan's spend by row, or by time step where rows are many."""
    spend = plan.spend[:, paid]
    region: np.ndarray | None = plan.region
    time = plan.time
    if spend.size > _MOST_CELLS:
        time, place = np.unique(plan.time, return_inverse=True)
        spend = np.stack([np.bincount(place, column) for column in spend.T], axis=1)
        region = None
    return {
        "region": None if region is None else [str(r) for r in region],
        "time": scalars(np.asarray(time)),
        "spend": [scalars(column) for column in spend.T],
    }
