"""What an allocation decides: amounts of spend, each spread over cells of the plan."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

LEVELS = {"channel": (), "channel×region": ("region",), "channel×week": ("time",)}


@dataclass(frozen=True)
class Variables:
    """Amounts of spend, and how each is spread over (row, channel) cells.

    Attributes
    ----------
    table : DataFrame of shape (n_variables, 1 or 2)
        ``channel`` and, by the level of the allocation, ``region`` or ``time``.
    planned : ndarray of shape (n_variables,)
        Amounts of the plan, spend units.
    of_cell : int ndarray of shape (n_rows, n_channels)
        The variable of each cell.
    share : ndarray of shape (n_rows, n_channels)
        Of the variable's amount that the cell receives; they sum to 1 by variable.
    """

    table: pd.DataFrame
    planned: np.ndarray
    of_cell: np.ndarray
    share: np.ndarray

    def __len__(self) -> int:
        return len(self.planned)

    def spend(self, amount: np.ndarray) -> np.ndarray:
        """Return the spend of every cell, (n_rows, n_channels)."""
        return amount[self.of_cell] * self.share

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


def make_variables(plan: Any, by: str) -> Variables:
    """Divide the cells of a plan into variables.

    An amount is spread over its cells as planned; where nothing is planned, as the
    largest training spend of the regions.

    Parameters
    ----------
    plan : MediaPlan
    by : {"channel", "channel×region", "channel×week"}

    Raises
    ------
    ValueError
        If ``by`` is none of these, or nothing is planned at all.
    """
    # The sign of multiplication is not on every keyboard.
    by = by.replace("*", "×")
    if by not in LEVELS:
        raise ValueError(f"got by={by!r}; choose one of {list(LEVELS)}")
    if not plan.spend.sum() > 0:
        raise ValueError(
            "the plan is empty: all media in X are zero, so there is nothing to "
            "allocate; give the spend as planned, for instance last year's"
        )
    n_rows, n_channels = plan.spend.shape
    table = pd.DataFrame({"channel": plan.channels})
    group = np.zeros(n_rows, np.intp)
    for name in LEVELS[by]:
        labels, group = np.unique(getattr(plan, name), return_inverse=True)
        table = table.merge(pd.DataFrame({name: labels}), how="cross")
    n_groups = len(table) // n_channels
    of_cell = np.arange(n_channels) * n_groups + group[:, None]
    n = len(table)
    planned = np.bincount(of_cell.ravel(), plan.spend.ravel(), minlength=n)
    capacity = np.bincount(of_cell.ravel(), plan.media_scale.ravel(), minlength=n)
    idle = (planned == 0)[of_cell]
    pattern = np.where(idle, plan.media_scale, plan.spend)
    share = pattern / np.where(planned == 0, capacity, planned)[of_cell]
    return Variables(table, planned, of_cell, share)
