"""What an allocation found."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, repr=False)
class BudgetAllocation:
    """A budget, allocated.

    Attributes
    ----------
    table : DataFrame
        One row for each amount that was decided: ``channel`` (and ``region`` or
        ``time``), ``planned`` and ``spend`` (spend units over the whole plan),
        ``change`` (relative to the plan), ``low`` and ``high`` (bounds),
        ``marginal_roi`` (outcome units per further spend unit), ``at_bound`` ("low",
        "high" or "") and ``extrapolated``: whether some cell is beyond the largest
        training spend of its region.
    channels : DataFrame
        By channel: ``planned`` and ``spend``; ``planned_contribution`` and
        ``contribution`` (outcome units, with the carry-over after the plan);
        ``planned_roi``, ``roi`` and ``marginal_roi``.
    spend : DataFrame of shape (n_rows, n_channels)
        Of each row of X, spend units per time step. Where media are spend,
        ``X.assign(**result.spend)`` is the new plan.
    total : float
        Spend of the allocation.
    spent : float
        What is spent once channels have reacted; ``total`` where none does.
    planned_total : float
        Spend of the plan as given.
    outcome, planned_outcome : float
        Of the rows of X, carry-over after them included, outcome units.
    gain : float
        Their difference.
    outcome_interval, gain_interval : tuple of float or None
        Over the members, when there are any.
    objective : float
        What was maximised: outcome of media, or profit.
    price : float
        What one more spend unit of the total would add to the objective; 0 where the
        total does not bind.
    status : {"optimal", "stopped"}
    message : str
        Of the solver.
    kkt_residual : float
        Violation of the Karush-Kuhn-Tucker conditions, relative to the mean marginal
        objective: how far marginal values of amounts within their bounds are from
        being equal.
    max_violation : float
        Of bounds and constraints, relative to the total.
    """

    table: pd.DataFrame
    channels: pd.DataFrame
    spend: pd.DataFrame
    total: float
    spent: float
    planned_total: float
    outcome: float
    planned_outcome: float
    gain: float
    outcome_interval: tuple[float, float] | None
    gain_interval: tuple[float, float] | None
    objective: float
    price: float
    status: str
    message: str
    kkt_residual: float
    max_violation: float

    @property
    def marginal_roi(self) -> pd.Series:
        """Outcome units per further spend unit, by channel."""
        return self.channels["marginal_roi"]

    def __repr__(self) -> str:
        """Return the main figures."""
        return (
            f"BudgetAllocation({self.status}: spend {self.total:.6g} (planned "
            f"{self.planned_total:.6g}), outcome {self.outcome:.6g} (planned "
            f"{self.planned_outcome:.6g}), gain {self.gain:.6g})"
        )
