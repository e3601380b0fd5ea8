"""What an allocation found."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sklearn_mmm.allocation._evidence import Evidence, words
from sklearn_mmm.allocation._plan_table import write_csv


@dataclass(frozen=True, repr=False)
class BudgetAllocation:
    """A budget, allocated.

    Where the model has an ``outcome_value``, outcomes, contributions and returns are in
    its money instead of outcome units.

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
        ``planned_roi``, ``roi`` and ``marginal_roi``. What was spent before the plan
        counts in contributions, not in ROI.
    spend : DataFrame of shape (n_rows, n_channels)
        Of each row of X, spend units per time step; 0 for what costs nothing.
    plan : DataFrame or array of shape (n_rows, n_columns)
        X with the new media and the new money behind them: the table to hand over,
        and to give to ``predict`` or :func:`simulate`. Of a pipeline, in the form of
        its last step.
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
        Over the members, when there are any; among them, channels that moved together
        in the past exchange parts of what they bring.
    expected_gain : float or None
        Mean over members, in units of what is maximised: the outcome, or profit.
    probability : float or None
        That the new plan is better than the old one.
    regret : dict of float or None
        Expected regret of choosing the ``"new"`` or the ``"old"`` plan: what is lost
        on average where the other one is better.
    recommendation : str
        In words; doubts come first.
    evidence : Evidence or None
        Where these come from.
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

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, graph=False, random_state=0,
    ... ).fit(X, y)
    >>> result = allocate_budget(mmm, X[-8:])
    >>> list(result.channels.index), result.status
    (['tv', 'search'], 'optimal')
    """

    table: pd.DataFrame
    channels: pd.DataFrame
    spend: pd.DataFrame
    plan: Any
    total: float
    spent: float
    planned_total: float
    outcome: float
    planned_outcome: float
    gain: float
    evidence: Evidence | None
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

    @property
    def outcome_interval(self) -> tuple[float, float] | None:
        """Of the new plan's outcome, over members."""
        return None if self.evidence is None else self.evidence.outcome_interval

    @property
    def gain_interval(self) -> tuple[float, float] | None:
        """Of the gain, over members."""
        return None if self.evidence is None else self.evidence.gain_interval

    @property
    def expected_gain(self) -> float | None:
        """Mean gain over members."""
        return None if self.evidence is None else self.evidence.expected_gain

    @property
    def probability(self) -> float | None:
        """Probability that the new plan is better."""
        return None if self.evidence is None else self.evidence.probability

    @property
    def regret(self) -> dict[str, float] | None:
        """Expected regret of the new and the old plan."""
        if self.evidence is None:
            return None
        return {"new": self.evidence.regret_new, "old": self.evidence.regret_old}

    @property
    def recommendation(self) -> str:
        """Whether to make the move, in words; doubts come first."""
        return " ".join(self.recommend())

    def recommend(self, skill: float | None = None) -> list[str]:
        """Say whether to make the move.

        Parameters
        ----------
        skill : float, default=None
            1 - SSE / SSE of a naive forecast on a holdout; below 0 it is the first
            thing said.

        Returns
        -------
        list of str
            Sentences, the doubts first.
        """
        return words(self.evidence, skill)

    def to_csv(self, path: Any) -> None:
        """Write the new plan as CSV.

        Parameters
        ----------
        path : str, Path or file
            Where the table goes.
        """
        write_csv(self.plan, path)

    def __repr__(self) -> str:
        """Return the main figures."""
        return (
            f"BudgetAllocation({self.status}: spend {self.total:.6g} (planned "
            f"{self.planned_total:.6g}), outcome {self.outcome:.6g} (planned "
            f"{self.planned_outcome:.6g}), gain {self.gain:.6g})"
        )
