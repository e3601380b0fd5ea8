"""What an allocation decides: amounts of spend, each spread over cells of the plan."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

LEVELS = {
    "channel": (),
    "channel×region": ("region",),
    "channel×week": ("time",),
    "channel×region×week": ("region", "time"),
}


@dataclass(frozen=True)
class Variables:
    """Amounts of spend, and how each is spread over (row, channel) cells.

    Attributes
    ----------
    table : DataFrame of shape (n_variables, 1 to 3)
        ``channel`` and, by the level of the allocation, ``region`` and ``time``.
    planned : ndarray of shape (n_variables,)
        Amounts of the plan, spend units.
    of_cell : int ndarray of shape (n_rows, n_channels)
        The variable of each cell.
    share : ndarray of shape (n_rows, n_channels)
        Of the variable's amount beyond its fixed cells that the cell receives; they
        sum to 1 by variable, and are 0 for fixed cells and free channels.
    fixed : ndarray of shape (n_rows, n_channels)
        Spend of cells that is decided already, 0 elsewhere.
    """

    table: pd.DataFrame
    planned: np.ndarray
    of_cell: np.ndarray
    share: np.ndarray
    fixed: np.ndarray

    def __len__(self) -> int:
        return len(self.planned)

    @property
    def channels(self) -> list[str]:
        """Channels that have a budget, in their order."""
        return list(dict.fromkeys(self.table["channel"]))

    @property
    def committed(self) -> np.ndarray:
        """Part of each amount that is in fixed cells, (n_variables,)."""
        return self.collect(self.fixed)

    @property
    def open(self) -> np.ndarray:
        """Whether some cell of a variable can still be decided, (n_variables,)."""
        return self.collect(self.share) > 0

    def spend(self, amount: np.ndarray) -> np.ndarray:
        """Return the spend of every cell, (n_rows, n_channels)."""
        beyond = amount - self.committed
        return self.fixed + beyond[self.of_cell] * self.share

    def collect(self, cells: np.ndarray) -> np.ndarray:
        """Sum (n_rows, n_channels) over each variable's cells."""
        sums = np.bincount(self.of_cell.ravel(), cells.ravel(), minlength=len(self))
        return np.asarray(sums)

    def pull_back(self, gradient: np.ndarray) -> np.ndarray:
        """Return the derivative by amounts from that by the cells' spend."""
        return self.collect(gradient * self.share)

    def of_channels(self, channels: list[str]) -> np.ndarray:
        """Return which variables belong to some channels, bool."""
        return self.table["channel"].isin(channels).to_numpy()


def make_variables(plan: Any, by: str, fixed: np.ndarray | None = None) -> Variables:
    """Divide the cells of a plan into variables.

    An amount is spread over its cells as planned; where nothing is planned, as the
    largest training spend of the regions. Channels that cost nothing have none.

    Parameters
    ----------
    plan : MediaPlan
    by : {"channel", "channel×region", "channel×week", "channel×region×week"} or str
        A dimension of regions may stand in the place of "region".
    fixed : ndarray of shape (n_rows, n_channels), optional
        Spend that is decided already; NaN where it is not.

    Raises
    ------
    ValueError
        If ``by`` is none of these, or nothing is planned at all.
    """
    # The sign of multiplication is not on every keyboard.
    level = by.replace("*", "×") if isinstance(by, str) else by
    levels = _levels(plan)
    if level not in levels:
        raise ValueError(f"got by={by!r}; choose one of {list(levels)}")
    if not plan.spend.sum() > 0:
        raise ValueError(
            "the plan is empty: all media in X are zero or cost nothing, so there is "
            "nothing to allocate; give the spend as planned, for instance last year's"
        )
    paid = np.flatnonzero(~plan.free)
    table = pd.DataFrame({"channel": [plan.channels[c] for c in paid]})
    group = np.zeros(len(plan.spend), np.intp)
    n_groups = 1
    keys = {"region": plan.region, "time": plan.time, **plan.dimensions}
    for name in levels[level]:
        labels, code = np.unique(keys[name], return_inverse=True)
        table = table.merge(pd.DataFrame({name: labels}), how="cross")
        group, n_groups = group * len(labels) + code, n_groups * len(labels)
    place = np.zeros(len(plan.channels), np.intp)
    place[paid] = np.arange(len(paid))
    of_cell = place * n_groups + group[:, None]
    # A region need not have a row in every week.
    used, of_cell = np.unique(of_cell, return_inverse=True)
    table = table.loc[used].reset_index(drop=True)
    of_cell = of_cell.reshape(plan.spend.shape)
    known = np.full(plan.spend.shape, np.nan) if fixed is None else fixed
    movable = np.isnan(known) & ~plan.free
    planned = _collect(of_cell, plan.spend)
    share = _shares(plan, of_cell, movable)
    return Variables(
        table, planned, of_cell, share, np.where(movable, 0.0, np.nan_to_num(known))
    )


def _levels(plan: Any) -> dict[str, tuple[str, ...]]:
    """Return the keys of amounts by level, those of dimensions included."""
    levels: dict[str, tuple[str, ...]] = dict(LEVELS)
    for name in plan.dimensions:
        levels |= {f"channel×{name}": (name,), f"channel×{name}×week": (name, "time")}
    return levels


def _collect(of_cell: np.ndarray, cells: np.ndarray) -> np.ndarray:
    return np.bincount(of_cell.ravel(), cells.ravel())


def _shares(plan: Any, of_cell: np.ndarray, movable: np.ndarray) -> np.ndarray:
    """Return the share of its variable's amount that each movable cell receives."""
    spend, capacity = plan.spend * movable, plan.media_scale * movable
    idle = (_collect(of_cell, spend) == 0)[of_cell]
    pattern = np.where(idle, capacity, spend)
    total = _collect(of_cell, pattern)[of_cell]
    return np.divide(pattern, total, out=np.zeros_like(pattern), where=total > 0)
