"""Plans whose channels' spend moves along straight lines, of whatever kind they are."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SpendAlong:
    """A plan that is asked anew at each spend ``start + multiple * change``.

    Attributes
    ----------
    plan : MediaPlan
    start, change : ndarray of shape (n_rows, n_channels)
    """

    plan: Any
    start: np.ndarray
    change: np.ndarray

    def contributions(self, multiple: np.ndarray) -> np.ndarray:
        """Return what channels contribute to the rows, (n_rows, n_channels)."""
        return np.asarray(self.plan.contributions(self._spend(multiple)))

    def totals(self, multiple: np.ndarray) -> np.ndarray:
        """Return what channels contribute, see :class:`PlanAlong`."""
        return np.asarray(self.plan.totals(self._spend(multiple)))

    def regional_totals(self, multiple: np.ndarray) -> np.ndarray:
        """Return the same by region, (n_regions, n_channels)."""
        return np.asarray(self.plan.regional_totals(self._spend(multiple)))

    def value_and_gradient(self, multiple: np.ndarray) -> tuple[float, np.ndarray]:
        """Return all contributions and their gradient, (n_regions, n_channels)."""
        value, gradient = self.plan.value_and_gradient(self._spend(multiple))
        out = np.zeros((len(self.plan.outcome_scale), gradient.shape[1]))
        np.add.at(out, self.plan.cells[0], gradient * self.change)
        return value, out

    def _spend(self, multiple: np.ndarray) -> np.ndarray:
        own = np.asarray(multiple)
        rows = own if own.ndim == 1 else own[self.plan.cells[0]]
        return np.asarray(self.start + rows * self.change)


def along(plan: Any, start: np.ndarray, change: np.ndarray) -> Any:
    """Return a plan along ``start + multiple * change``, worked out once where it can.

    Parameters
    ----------
    plan : MediaPlan
    start, change : ndarray of shape (n_rows, n_channels)
        Spend units per time step. Spend is at least 0 at all multiples that are asked
        about.
    """
    if plan.straight:
        return plan.along(start, change)
    return SpendAlong(plan, start, change)
