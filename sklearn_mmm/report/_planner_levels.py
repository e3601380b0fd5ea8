"""How finely the planner of a report divides money: by channel, or by region too."""

from typing import Any, NamedTuple

import numpy as np

# A person can move so many amounts, and a page solve for them at once.
_MOST_CELLS = 60
_MOST_GROUPS = 8
# With fewer, what is left of many regions is nearly all of them.
_FEWEST_GROUPS = 3


class Level(NamedTuple):
    """Groups of a plan's rows whose money is decided apart.

    Attributes
    ----------
    name : str
        In words, what an amount of a channel is for.
    groups : list of str
        Names of the groups.
    of_row : int ndarray of shape (n_rows,)
        The group of each row.
    """

    name: str
    groups: list[str]
    of_row: np.ndarray


def levels_of(plan: Any) -> list[Level]:
    """Return the levels at which money can be planned, the coarsest first.

    All regions together, and then each region or, where regions have several
    dimensions, each label of a dimension. Where these are many, those with the largest
    spend stand alone and all others together; a plan of so many channels that fewer
    than three groups would remain has no such level.

    Parameters
    ----------
    plan : MediaPlan
    """
    out = [Level("all regions together", [""], np.zeros(len(plan.spend), np.intp))]
    n_paid = int((plan.spend.sum(axis=0) > 0).sum())
    most = min(_MOST_GROUPS, _MOST_CELLS // max(n_paid, 1))
    keys = plan.dimensions or {"region": plan.region}
    for name, labels in keys.items():
        known, code = np.unique(labels, return_inverse=True)
        size = np.bincount(code, plan.spend.sum(axis=1))
        if len(known) < 2 or most < min(len(known), _FEWEST_GROUPS):
            continue
        if len(known) <= most:
            out.append(Level(f"each {name}", [*map(str, known)], code))
            continue
        largest = np.sort(np.argsort(-size, kind="stable")[: most - 1])
        place = np.full(len(known), most - 1)
        place[largest] = np.arange(most - 1)
        groups = [*map(str, known[largest]), f"{len(known) - len(largest)} others"]
        words = f"{name}: the {len(largest)} largest, the others together"
        out.append(Level(words, groups, place[code]))
    return out


def parts_of(level: Level, plan: Any) -> np.ndarray:
    """Return which regions make each group, (n_groups, n_regions)."""
    parts = np.zeros((len(level.groups), len(plan.outcome_scale)))
    parts[level.of_row, plan.cells[0]] = 1.0
    return parts
