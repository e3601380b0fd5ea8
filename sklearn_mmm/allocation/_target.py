"""The budget whose media have a wanted ROI."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from sklearn_mmm.allocation._result import BudgetAllocation

_PRECISION = 1e-4
_STEPS = 40


def at_target_roi(
    best: Callable[[float], BudgetAllocation], target: float
) -> tuple[BudgetAllocation, float]:
    r"""Maximise the outcome of media that bring at least a target per spend unit.

    For the constraint :math:`f - \rho S \ge 0` with multiplier :math:`\mu` the
    Lagrangian is proportional to :math:`f - \lambda S` with :math:`\lambda = \mu\rho /
    (1 + \mu) < \rho`. The ROI of its maximum rises with :math:`\lambda`, so that the
    least :math:`\lambda` that meets the target is a root.

    Parameters
    ----------
    best : callable
        Price of a spend unit -> the best allocation at that price.
    target : float
        Outcome units per spend unit.

    Returns
    -------
    result : BudgetAllocation
    price : float
        Of a spend unit, at which it is the best.

    Raises
    ------
    ValueError
        If the target is not met at any spend within the limits.
    """
    free = best(0.0)
    if _roi(free) >= target * (1 - _PRECISION):
        return free, 0.0
    careful = best(target * (1 + 1e-6))
    if _roi(careful) < target * (1 - _PRECISION):
        raise ValueError(
            f"target_roi={target:g} is not reached: within the limits the best is "
            f"{_roi(careful):.4g}, for a spend of {careful.total:g}; allow less spend "
            "(bounds) or ask for less"
        )
    found = [(careful, target * (1 + 1e-6))]

    def short(price: float) -> float:
        result = best(price)
        found.append((result, price))
        return _roi(result) / target - 1

    brentq(
        short,
        0.0,
        target * (1 + 1e-6),
        xtol=1e-6 * target,
        maxiter=_STEPS,
        disp=False,
    )
    enough = [f for f in found if _roi(f[0]) >= target * (1 - _PRECISION)]
    return max(enough, key=lambda pair: pair[0].outcome)


def _roi(result: BudgetAllocation) -> float:
    paid = result.channels[result.channels["spend"] > 0]
    spend = float(paid["spend"].sum())
    return float((paid["spend"] * paid["roi"]).sum()) / spend if spend > 0 else np.inf
