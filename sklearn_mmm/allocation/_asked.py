"""A plan that is asked about amounts instead of the spend of every row."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sklearn_mmm.allocation._money_curves import brought
from sklearn_mmm.allocation._variables import Variables
from sklearn_mmm.inspection._spend_along import along


@dataclass(frozen=True)
class AskedPlan:
    """What amounts bring under a plan.

    Attributes
    ----------
    plan : MediaPlan
    variables : Variables
    """

    plan: Any
    variables: Variables

    def totals(self, amount: np.ndarray) -> np.ndarray:
        """Return what each channel brings, (n_channels,), for (n_variables,)."""
        if self._place is None:
            return brought(self.plan, self.variables.spend(amount))
        return np.asarray(self._line.totals(self._multiple(amount)))

    def value_and_gradient(self, amount: np.ndarray) -> tuple[float, np.ndarray]:
        """Return what all channels bring, and the gradient, (n_variables,)."""
        variables = self.variables
        if self._place is None:
            value, gradient = self.plan.value_and_gradient(variables.spend(amount))
            return value, variables.pull_back(gradient)
        value, gradient = self._line.value_and_gradient(self._multiple(amount))
        places = self._place.ravel()
        return value, np.bincount(places, gradient.ravel(), minlength=len(variables))

    def _multiple(self, amount: np.ndarray) -> np.ndarray:
        """Return the amounts beyond fixed cells, (n_regions, n_channels)."""
        beyond = amount - self.variables.committed
        return np.asarray(beyond[self._place])

    @cached_property
    def _place(self) -> np.ndarray | None:
        """The variable of each region's channels; None if weeks have their own."""
        of_cell, region = self.variables.of_cell, self.plan.cells[0]
        place = np.zeros((len(self.plan.outcome_scale), of_cell.shape[1]), np.intp)
        place[region] = of_cell
        return place if (place[region] == of_cell).all() else None

    @cached_property
    def _line(self) -> Any:
        return along(self.plan, self.variables.fixed, self.variables.share)
