"""What an allocation maximises."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from sklearn_mmm.allocation._asked import AskedPlan
from sklearn_mmm.allocation._variables import Variables


@dataclass(frozen=True)
class Objective:
    """Value of amounts, and its gradient.

    Attributes
    ----------
    asked : sequence of AskedPlan
        The model's, or one of each member of an ensemble.
    variables : Variables
    worth : float
        Of an outcome unit.
    cost : float
        Of a spend unit.
    risk : float
        Level of the quantile over the plans that is maximised; 0 for the mean.
    floor : ndarray of shape (n_variables,)
        Amounts below which responses are not followed, as a concave response to no
        spend at all may have no finite derivative.
    """

    asked: Sequence[AskedPlan]
    variables: Variables
    worth: float
    cost: float
    risk: float
    floor: np.ndarray

    def __call__(self, amount: np.ndarray) -> tuple[float, np.ndarray]:
        """Return value and gradient of (n_variables,) amounts."""
        followed = np.maximum(amount, self.floor)
        found = [asked.value_and_gradient(followed) for asked in self.asked]
        values = np.array([value for value, _ in found])
        weights = quantile_weights(values, self.risk)
        gradient = sum(w * g for w, (_, g) in zip(weights, found, strict=True))
        spent, spending = amount.sum(), np.ones_like(amount)
        if self.cost:
            spend = self.variables.spend(followed)
            costs = [asked.plan.cost_and_gradient(spend) for asked in self.asked]
            spent = weights @ np.array([cost for cost, _ in costs])
            spending = self.variables.pull_back(
                np.tensordot(weights, np.array([g for _, g in costs]), 1)
            )
        return (
            self.worth * float(weights @ values) - self.cost * float(spent),
            self.worth * np.asarray(gradient) - self.cost * spending,
        )

    def value(self, amount: np.ndarray) -> float:
        """Return the value of (n_variables,) amounts, below the floor as well."""
        spend = self.variables.spend(amount)
        values = np.array([asked.totals(amount).sum() for asked in self.asked])
        spent = np.array([asked.plan.reacted(spend).sum() for asked in self.asked])
        weights = quantile_weights(values, self.risk)
        return float(weights @ (self.worth * values - self.cost * spent))


def quantile_weights(values: np.ndarray, level: float) -> np.ndarray:
    """Return weights of values whose weighted sum estimates a quantile.

    All values count, those near the quantile most, so that an optimiser meets no
    jumps in the gradient where two values change places (Harrell & Davis, 1982, "A
    new distribution-free quantile estimator").

    Parameters
    ----------
    values : ndarray of shape (n,)
    level : float
        In (0, 1); 0 gives the mean's weights.
    """
    n = len(values)
    if level == 0 or n == 1:
        return np.full(n, 1.0 / n)
    edges = beta.cdf(np.arange(n + 1) / n, (n + 1) * level, (n + 1) * (1 - level))
    weights = np.empty(n)
    weights[np.argsort(values, kind="stable")] = np.diff(edges)
    return weights
