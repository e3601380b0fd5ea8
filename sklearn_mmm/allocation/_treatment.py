"""What a test changes: all channels' spend in some regions for some time steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mmm.allocation._experiment_regions import Treated
from sklearn_mmm.allocation._setup import Setup
from sklearn_mmm.inspection._spend_along import along


class Treatment:
    """Multiples of all channels' spend in some regions, under every model.

    Parameters
    ----------
    setup : Setup
    treated : Treated
    duration : int
        Time steps from the first of the plan.
    factors : sequence of float
        Multiples that are asked about.

    Attributes
    ----------
    start, end : label
        First and last time step.
    spend : ndarray of shape (n_channels,)
        Planned in the treated rows, spend units.
    lift, everywhere : ndarray of shape (n_factors, n_models, n_channels)
        What a multiple changes in the treated rows, outcome units, and in all rows and
        after them, value units. The first model is the fit, the others its members.
    """

    def __init__(
        self,
        setup: Setup,
        treated: Treated,
        duration: int,
        factors: Sequence[float],
    ) -> None:
        plan = setup.plan
        times = np.unique(plan.time)
        self.treated, self.duration, self.channels = treated, duration, plan.channels
        self.start, self.end = times[0], times[duration - 1]
        inside = plan.time <= self.end
        if treated.regions is not None:
            inside &= np.isin(plan.region, treated.regions)
        moves = np.where(inside[:, None], plan.spend, 0.0)
        stays, self.spend = plan.spend - moves, moves.sum(axis=0)
        n, changes = len(plan.channels), []
        for model in (plan, *setup.doubted):
            # A lift is read off the outcome, whatever that is worth.
            own = along(model.in_outcome_units(), stays, moves)
            money = along(model, stays, moves)
            found = np.array(
                [_brought(own, money, np.full(n, f), inside) for f in (1.0, *factors)]
            )
            changes.append(found[1:] - found[0])
        # (lift or everywhere, factor, model, channel)
        self.lift, self.everywhere = np.array(changes).transpose(2, 1, 0, 3)


def _brought(own: Any, money: Any, multiple: np.ndarray, inside: np.ndarray) -> Any:
    """Return what channels bring to some rows, and to all and after them."""
    return own.contributions(multiple)[inside].sum(axis=0), money.totals(multiple)
