"""What the planner of a report computes with: channels' curves over a plan's money."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sklearn_mmm.allocation._limits import DEFAULT_RANGE
from sklearn_mmm.allocation._money_curves import REACH, MoneyCurves, brought
from sklearn_mmm.report._content import Results
from sklearn_mmm.report._encode import scalar, scalars
from sklearn_mmm.report._planner_levels import Level

# Larger plans are downloaded by time step, summed over regions of a group.
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
        JSON types; None without a plan that costs anything. ``levels`` at which money
        is divided, each with ``name``, ``groups`` (of regions) and ``cells``: for each
        ``channel`` and ``group`` that has money, ``planned`` (spend units),
        ``extrapolated`` (the multiple of the plan beyond which training has seen no
        media), and ``values`` and ``slopes``, one list of nodes for the model and each
        member. ``organic`` of a level is the rest of the outcome, of the model and each
        member. ``coupling`` is the largest error known, relative to what media bring.

    Notes
    -----
    Curves are those of :class:`MoneyCurves`, given by values and slopes at nodes, so
    that a page evaluates a cubic of one cell. Where effects vary with the
    media of other channels, curves are those of all channels scaled alike, and
    ``coupling`` says by how much mixed plans depart from that.
    """
    if not results.worlds:
        return None
    plan, levels = results.worlds[0], results.levels
    paid = np.flatnonzero(plan.spend.sum(axis=0) > 0)
    if not len(paid):
        return None
    curves = iter(results.curves_of_levels)
    rest = np.array([p.organic.sum() for p in results.worlds])
    names = labels or {}
    written = [
        _level(level, plan, [next(curves) for _ in level.groups], rest)
        for level in levels
    ]
    return {
        "reach": REACH,
        "coverage": results.coverage,
        "outcome": results.units.worth,
        "money": results.units.spend,
        "plan": results.plan_name,
        "coupling": float(_coupling(plan, paid)),
        "usual": list(DEFAULT_RANGE),
        "channels": [
            {"name": names.get(column, column), "column": column}
            for column in (plan.channels[c] for c in paid)
        ],
        "levels": written,
        "rows": _rows(plan, paid, levels),
    }


def _level(
    level: Level, plan: Any, curves: list[MoneyCurves], rest: np.ndarray
) -> dict[str, Any]:
    """Return the cells of a level, channel by channel, and the rest of the outcome.

    Parameters
    ----------
    curves : list of MoneyCurves
        Of each group.
    rest : ndarray of shape (n_worlds,)
        Outcome without media.
    """
    cells: list[dict[str, Any]] = []
    organic = rest.copy()
    paid = np.cumsum(plan.spend.sum(axis=0) > 0) - 1
    for channel in range(len(plan.channels)):
        for group, known in enumerate(curves):
            inside = level.of_row == group
            planned = float(plan.spend[inside, channel].sum())
            if not planned > 0:
                organic += known.values[:, 0, channel]
                continue
            beyond = _known_multiple(plan, inside, channel)
            cells.append(
                {
                    "channel": int(paid[channel]),
                    "group": group,
                    "planned": planned,
                    "extrapolated": scalar(beyond),
                    "values": [scalars(v) for v in known.values[:, :, channel]],
                    "slopes": [scalars(v) for v in known.slopes[:, :, channel]],
                }
            )
    return {
        "name": level.name,
        "groups": level.groups,
        "organic": scalars(organic),
        "cells": cells,
    }


def _known_multiple(plan: Any, inside: np.ndarray, channel: int) -> float:
    """Return the multiple of some rows' spend up to which training has seen it."""
    spend = plan.spend[inside, channel]
    seen = np.where(plan.silent[inside, channel], 0.0, 1 - plan.given[inside, channel])
    room = seen * plan.media_scale[inside, channel]
    ratio = room[spend > 0] / spend[spend > 0]
    return float(max(ratio.min(initial=np.inf), 0.0))


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


def _rows(plan: Any, paid: np.ndarray, levels: list[Level]) -> dict[str, Any]:
    """Return the plan's spend by row, or by time step and groups where rows are many.

    ``groups`` has the group of each row, level by level.
    """
    spend, time = plan.spend[:, paid], plan.time
    groups = np.stack([level.of_row for level in levels])
    region = [str(r) for r in plan.region]
    if spend.size > _MOST_CELLS:
        _, step = np.unique(time, return_inverse=True)
        _, first, place = np.unique(
            np.vstack([groups, step]), axis=1, return_index=True, return_inverse=True
        )
        place = place.ravel()
        spend = np.stack([np.bincount(place, column) for column in spend.T], axis=1)
        time, groups = time[first], groups[:, first]
        region = [
            ", ".join(
                level.groups[g] for level, g in zip(levels[1:], own[1:], strict=True)
            )
            for own in groups.T
        ]
    return {
        "region": region if any(region) else None,
        "time": scalars(np.asarray(time)),
        "groups": groups.tolist(),
        "spend": [scalars(column) for column in spend.T],
    }
