"""A plan under every model, what it must keep to, and the best answer for a budget."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import check_choice, check_number, check_whole
from sklearn_mmm._threads import one_thread
from sklearn_mmm.allocation._asked import AskedPlan
from sklearn_mmm.allocation._best_frequency import at_optimal_frequency
from sklearn_mmm.allocation._commitments import read_fixed
from sklearn_mmm.allocation._evidence import OldPlan, weigh
from sklearn_mmm.allocation._frequency import read_frequency
from sklearn_mmm.allocation._limits import Limits, make_limits
from sklearn_mmm.allocation._objective import Objective
from sklearn_mmm.allocation._plan_table import new_plan
from sklearn_mmm.allocation._price import priced
from sklearn_mmm.allocation._result import BudgetAllocation
from sklearn_mmm.allocation._seed import read_seed
from sklearn_mmm.allocation._solve import Problem, maximise, without_traces
from sklearn_mmm.allocation._sums import limit_changes, limit_sums
from sklearn_mmm.allocation._tables import (
    FLOOR,
    amounts_table,
    channels_table,
    gradient_of,
)
from sklearn_mmm.allocation._variables import Variables, make_variables
from sklearn_mmm.inspection._exchanged_plan import exchanged
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._members import plans_of

# More starts only take longer.
_MOST_STARTS = 1000


@dataclass(frozen=True)
class Rules:
    """What an allocation must keep to besides a total, see :func:`allocate_budget`."""

    bounds: Any
    spend_limits: Any
    groups: Any
    locked: Any
    linear_constraints: Any
    max_change: Any
    max_frequency: Any
    audience: Any

    def __post_init__(self) -> None:
        # They are read anew for each total.
        for name in ("locked", "linear_constraints"):
            if isinstance(getattr(self, name), Iterator):
                object.__setattr__(self, name, list(getattr(self, name)))


@dataclass(frozen=True)
class Setup:
    """A plan under every model, and what is to be decided.

    Attributes
    ----------
    mmm : DeepCausalMMMRegressor
    X : DataFrame or array
    plan : MediaPlan
        Of the model.
    members : list of MediaPlan
    given : list of MediaPlan
        Those of model and members with the frequencies of X.
    doubted, doubted_given : list of MediaPlan
        Those of members in which channels that moved together in the past exchange
        what they bring: how sure a plan is.
    variables : Variables
    risk, coverage : float
    """

    mmm: FittedMMM
    X: Any
    plan: Any
    members: list[Any]
    given: list[Any]
    doubted: list[Any]
    doubted_given: list[Any]
    variables: Variables
    risk: float
    coverage: float

    def objective(self, worth: float, cost: float, most: np.ndarray) -> Objective:
        """Return the objective; risk is a matter of the members.

        Parameters
        ----------
        worth, cost : float
            Of an outcome unit and a spend unit.
        most : ndarray of shape (n_variables,)
            Amounts that are not exceeded.
        """
        return Objective(
            self._asked,
            self.variables,
            worth,
            cost,
            self.risk,
            np.minimum(FLOOR * self.unit, most),
        )

    @cached_property
    def _asked(self) -> list[AskedPlan]:
        """The plans that the objective is of; the same for all budgets."""
        plans = self.members if self.risk > 0 else [self.plan]
        return [AskedPlan(plan, self.variables) for plan in plans]

    @property
    def unit(self) -> np.ndarray:
        """Typical amounts."""
        planned = self.variables.planned
        return np.where(planned > 0, planned, planned[planned > 0].min())

    @property
    def planned_total(self) -> float:
        """Spend of the plan as given."""
        return float(self.variables.planned.sum())

    @cached_property
    def planned_outcome(self) -> float:
        """Outcome of the plan as given."""
        return outcome_of(self.given[0], self.plan.spend)

    def weighed(
        self,
        results: Sequence[BudgetAllocation],
        worth: float,
        costs: Sequence[float],
    ) -> list[BudgetAllocation]:
        """Return results with what members say of them, all asked at once.

        Parameters
        ----------
        results : sequence of BudgetAllocation
        worth : float
            Of an outcome unit.
        costs : sequence of float
            Of a spend unit in each result.
        """
        if len(self.doubted) < 2:
            return list(results)
        amounts = [result.table["spend"].to_numpy() for result in results]
        planned = self.variables.planned
        first, *new = self._brought([planned, *amounts]).swapaxes(0, 1)
        old = OldPlan.under(self.doubted_given, first if self._as_given else None)
        return [
            self._told(result, worth, cost, old, brought)
            for result, cost, brought in zip(results, costs, new, strict=True)
        ]

    @property
    def _as_given(self) -> bool:
        """Whether the planned amounts are the plan as given, row by row."""
        spend = self.variables.spend(self.variables.planned)
        return self.doubted is self.doubted_given and np.allclose(
            spend, self.plan.spend, rtol=1e-9, atol=0.0
        )

    def _brought(self, amounts: Sequence[np.ndarray]) -> np.ndarray:
        """Return what channels bring, (n_members, n_amounts, n_channels)."""
        found = []
        for member in self.doubted:
            # One at a time, since what members keep takes memory.
            asked = AskedPlan(member, self.variables)
            found.append([asked.totals(amount) for amount in amounts])
        return np.array(found)

    def _told(
        self,
        result: BudgetAllocation,
        worth: float,
        cost: float,
        old: OldPlan,
        new: np.ndarray,
    ) -> BudgetAllocation:
        """Return a result with what members say of it."""
        found = weigh(
            self.doubted,
            result.spend.to_numpy(copy=True),
            self.plan.channels,
            worth,
            cost,
            self.coverage,
            old,
            new,
        )
        if found is not None:
            # Members that exchange lie to one side of the model.
            found = found.around(result.outcome, result.gain)
        return replace(result, evidence=found)

    def limits(self, rules: Rules, total: float | None, exact: bool) -> Limits:
        """Return what the amounts must keep to.

        Parameters
        ----------
        rules : Rules
        total : float or None
            Spend units over the whole plan; None for no such limit.
        exact : bool
            Whether all of the total has to be spent, or at most that.
        """
        variables = self.variables
        return make_limits(
            variables,
            total,
            exact=exact,
            bounds=rules.bounds,
            spend_limits=rules.spend_limits,
            groups=rules.groups,
            locked=rules.locked,
            most=read_frequency(
                self.plan, self.X, variables, rules.max_frequency, rules.audience
            ),
            further=[
                *limit_sums(rules.linear_constraints, variables),
                *limit_changes(rules.max_change, variables),
            ],
        )


def prepare(
    mmm: FittedMMM,
    X: Any,
    by: str,
    risk: float,
    members: Sequence[Any] | None,
    coverage: float,
    react: str | Sequence[str] = "none",
    fixed: pd.DataFrame | None = None,
    price_elasticity: Mapping[str, float] | None = None,
    frequency: str = "kept",
) -> Setup:
    """Read a plan under every model."""
    check_number("risk", risk)
    check_choice("frequency", frequency, ("kept", "optimal"))
    if not 0 <= risk <= 0.5:
        raise ValueError(f"got risk={risk!r}; it is a level between 0 and 0.5")
    plan, plans = plans_of(mmm, X, members, coverage, react)
    if risk > 0 and len(plans) < 2:
        raise ValueError(
            f"risk={risk!r} is a quantile over members, and there are {len(plans)}; "
            "fit with n_members=32, give at least two other fits in members, or risk=0"
        )
    variables = make_variables(plan, by, read_fixed(plan, fixed))
    worlds = [plan, *plans]
    given, doubted_given = _under(mmm, worlds, price_elasticity)
    chosen, doubted = given, doubted_given
    if frequency == "optimal":
        worlds = at_optimal_frequency(mmm, plan, plans)
        chosen, doubted = _under(mmm, worlds, price_elasticity)
    return Setup(
        mmm,
        X,
        chosen[0],
        chosen[1:],
        given,
        doubted,
        doubted_given,
        variables,
        risk,
        coverage,
    )


def _under(
    mmm: FittedMMM, worlds: list[Any], elasticity: Mapping[str, float] | None
) -> tuple[list[Any], list[Any]]:
    """Return plans at their prices, and those of members with an exchange."""
    mixed = [worlds[0], *exchanged(mmm, worlds[1:])]
    return priced(worlds, elasticity), priced(mixed, elasticity)[1:]


@one_thread()
def solve(
    setup: Setup,
    limits: Limits,
    worth: float,
    cost: float,
    n_starts: int,
    random_state: Any,
) -> BudgetAllocation:
    """Maximise, and tell what was found but not how sure that is."""
    check_whole("n_starts", n_starts, 1, _MOST_STARTS)
    seed = read_seed(random_state)
    limits.check_feasible()
    variables, plan = setup.variables, setup.plan
    objective = setup.objective(worth, cost, limits.high)
    problem = Problem(objective, limits, setup.unit)
    solution = maximise(problem, variables.planned, n_starts, seed)
    amount = without_traces(solution.amount, limits, setup.unit)
    spend = variables.spend(amount)
    gradient = gradient_of(plan, spend)
    outcome, planned = outcome_of(plan, spend), setup.planned_outcome
    return BudgetAllocation(
        table=amounts_table(plan, variables, limits, amount, setup.unit, gradient),
        channels=channels_table(plan, spend, gradient, setup.given[0]),
        spend=pd.DataFrame(spend, plan.index, plan.channels),
        plan=new_plan(setup.mmm, setup.X, plan, spend),
        total=float(spend.sum()),
        spent=float(plan.reacted(spend).sum()),
        planned_total=setup.planned_total,
        outcome=outcome,
        planned_outcome=planned,
        gain=outcome - planned,
        evidence=None,
        objective=objective.value(amount),
        price=solution.price,
        status="optimal" if solution.converged else "stopped",
        message=solution.message,
        kkt_residual=solution.residual,
        max_violation=limits.violation(amount),
    )


def outcome_of(plan: Any, spend: np.ndarray) -> float:
    """Return the outcome of the rows, carry-over after them included."""
    return float(plan.organic.sum() + plan.value_and_gradient(spend)[0])
