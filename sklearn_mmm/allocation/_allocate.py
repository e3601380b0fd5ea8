"""The budget that brings most."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._intervals import central_interval
from sklearn_mmm._threads import one_thread
from sklearn_mmm.allocation._limits import Limits, make_limits
from sklearn_mmm.allocation._objective import Objective
from sklearn_mmm.allocation._result import BudgetAllocation
from sklearn_mmm.allocation._solve import Problem, Solution, maximise
from sklearn_mmm.allocation._variables import Variables, make_variables
from sklearn_mmm.inspection._members import plans_of
from sklearn_mmm.inspection._model import of_fitted_model

# Relative to the typical amount.
_FLOOR = 1e-8


@of_fitted_model
def allocate_budget(
    mmm: Any,
    X: Any,
    total: float | None = None,
    bounds: Any = None,
    by: str = "channel",
    *,
    spend_limits: Mapping[str, tuple[float, float]] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    locked: Iterable[str] = (),
    react: str | Sequence[str] = "none",
    target: str = "outcome",
    margin: float = 1.0,
    risk: float = 0.0,
    members: Sequence[Any] | None = None,
    coverage: float = 0.9,
    n_starts: int = 3,
    random_state: int = 0,
) -> BudgetAllocation:
    """Allocate a budget so that it brings most.

    The outcome is the model's own counterfactual prediction for the rows of X, with
    carry-over from the training weeks into the plan and from the plan into the weeks
    that follow.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan: rows to predict, with media as planned. An amount that is decided is
        spread over rows in proportion to the plan.
    total : float, default=None
        Budget over all rows, spend units. All of it is spent; for a profit it is the
        most that may be spent. None means as much as planned, and for a profit no
        limit.
    bounds : tuple or dict of tuple, default=None
        Lowest and highest amount as multiples of the plan, such as ``(0.8, 1.2)``, for
        all channels or by channel. Where none are given, an amount stays within half
        and one and a half times the plan, the plan being scaled to the total first.
    by : {"channel", "channel×region", "channel×week"}, default="channel"
        What is decided: one amount for each channel, or for each channel and region or
        week. ``*`` may stand for the sign.
    spend_limits : dict of tuple, default=None
        Lowest and highest spend of a channel over the whole plan, spend units. They
        replace the default bounds of that channel and add to given ones.
    groups : dict of dict, default=None
        Limits of channels together: ``{"digital": {"channels": ["search", "social"],
        "max_share": 0.6}}``, with any of ``min_share``, ``max_share`` (of the spend
        of all channels), ``min_spend`` and ``max_spend`` (spend units).
    locked : list of str, default=()
        Channels that stay as planned.
    react : {"none", "graph"} or list of str, default="none"
        Channels that follow what drives them, as the graph (``dag_``) says: none, all,
        or these. Decided, and limited by the total, is what each spends of its own
        accord; what reactions cost or save is in ``spent`` and in a profit.
    target : {"outcome", "profit"}, default="outcome"
        Whether to maximise the outcome, or margin × outcome − spend.
    margin : float, default=1.0
        Profit of an outcome unit before media, in spend units.
    risk : float, default=0.0
        0 maximises the model's outcome; a level up to 0.5 maximises that quantile of
        the outcome over the members: 0.1 asks for a plan that does well even if
        media work less than expected.
    members : sequence of DeepCausalMMMRegressor, default=None
        Other fits of the same columns, whose spread stands for uncertainty. None takes
        the estimator's own members.
    coverage : float, default=0.9
        Of the intervals over members.
    n_starts : int, default=3
        Starting points. The first is the optimum of the concave envelopes, the second
        the plan, further ones are random.
    random_state : int, default=0
        Seed of the random starting points.

    Returns
    -------
    BudgetAllocation

    Raises
    ------
    ValueError
        If constraints cannot hold together (they are named), the plan is empty, a
        channel is unknown, or a parameter is out of its range.

    See Also
    --------
    minimize_spend : The least spend for a given outcome.
    budget_at_marginal_roi : Spend until the last unit brings just enough.
    budget_frontier : The best outcome of several budgets.

    Notes
    -----
    Gradients are exact (reverse-mode differentiation of the forward pass). Up to 150
    amounts are decided by SLSQP (Kraft, 1988, "A software package for sequential
    quadratic programming"), more by sequential quadratic programming with a diagonal
    curvature, which is exact where amounts do not influence one another.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=3, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     media_columns=truth.media_columns, control_columns=truth.control_columns,
    ...     region_column="region", time_column="week", random_state=0, max_epochs=200,
    ... ).fit(X, y)
    >>> result = allocate_budget(mmm, X, bounds={"tv": (0.8, 1.2)})
    >>> result.status, result.gain > 0
    ('optimal', True)
    >>> new_plan = X.assign(**result.spend)
    """
    if target not in ("outcome", "profit"):
        raise ValueError(f"got target={target!r}; choose 'outcome' or 'profit'")
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"got margin={margin!r}; it must be a positive number")
    setup = prepare(mmm, X, by, risk, members, coverage, react)
    planned_total = float(setup.variables.planned.sum())
    if total is None and target == "outcome":
        total = planned_total
    limits = make_limits(
        setup.variables,
        total,
        exact=target == "outcome",
        bounds=bounds,
        spend_limits=spend_limits,
        groups=groups,
        locked=locked,
    )
    worth, cost = (1.0, 0.0) if target == "outcome" else (margin, 1.0)
    return solve(setup, limits, worth, cost, n_starts, random_state)


@dataclass(frozen=True)
class Setup:
    """A plan under every model, and what is to be decided.

    Attributes
    ----------
    plan : MediaPlan
        Of the model.
    members : list of MediaPlan
    variables : Variables
    risk, coverage : float
    """

    plan: Any
    members: list[Any]
    variables: Variables
    risk: float
    coverage: float

    def objective(self, worth: float, cost: float) -> Objective:
        """Return the objective; risk is a matter of the members."""
        return Objective(
            self.members if self.risk > 0 else [self.plan],
            self.variables,
            worth,
            cost,
            self.risk,
            _FLOOR * self.unit,
        )

    @property
    def unit(self) -> np.ndarray:
        """Typical amounts."""
        planned = self.variables.planned
        return np.where(planned > 0, planned, planned[planned > 0].min())


def prepare(
    mmm: Any,
    X: Any,
    by: str,
    risk: float,
    members: Sequence[Any] | None,
    coverage: float,
    react: str | Sequence[str] = "none",
) -> Setup:
    if not 0 <= risk <= 0.5:
        raise ValueError(f"got risk={risk!r}; it is a level between 0 and 0.5")
    plan, plans = plans_of(mmm, X, members, coverage, react)
    if risk > 0 and len(plans) < 2:
        raise ValueError(
            f"risk={risk!r} is a quantile over members, and there are {len(plans)}; "
            "fit with n_members=32, give at least two other fits in members, or risk=0"
        )
    return Setup(plan, plans, make_variables(plan, by), risk, coverage)


@one_thread()
def solve(
    setup: Setup,
    limits: Limits,
    worth: float,
    cost: float,
    n_starts: int,
    seed: int,
) -> BudgetAllocation:
    """Maximise, and tell what was found."""
    if n_starts < 1:
        raise ValueError(f"got n_starts={n_starts!r}; it takes at least one")
    limits.check_feasible()
    variables = setup.variables
    problem = Problem(setup.objective(worth, cost), limits, setup.unit)
    solution = maximise(problem, variables.planned, n_starts, seed)
    spend = variables.spend(solution.amount)
    gradient = _gradient(setup.plan, spend)
    outcome, planned = (_outcome(setup.plan, s) for s in (spend, setup.plan.spend))
    by_member = np.array(
        [[_outcome(m, s) for s in (spend, m.spend)] for m in setup.members]
    )
    intervals: list[tuple[float, float] | None] = [None, None]
    if len(by_member) > 1:
        for i, values in enumerate((by_member[:, 0], by_member @ [1.0, -1.0])):
            low, high = central_interval(values, setup.coverage)
            intervals[i] = float(low), float(high)
    return BudgetAllocation(
        table=_table(setup, limits, solution, spend, gradient),
        channels=_channels(setup.plan, spend, gradient),
        spend=pd.DataFrame(spend, setup.plan.index, setup.plan.channels),
        total=float(spend.sum()),
        spent=float(setup.plan.reacted(spend).sum()),
        planned_total=float(variables.planned.sum()),
        outcome=outcome,
        planned_outcome=planned,
        gain=outcome - planned,
        outcome_interval=intervals[0],
        gain_interval=intervals[1],
        objective=solution.value,
        price=solution.price,
        status="optimal" if solution.converged else "stopped",
        message=solution.message,
        kkt_residual=solution.residual,
        max_violation=limits.violation(solution.amount),
    )


def _outcome(plan: Any, spend: np.ndarray) -> float:
    return float(plan.organic.sum() + plan.value_and_gradient(spend)[0])


def _gradient(plan: Any, spend: np.ndarray) -> np.ndarray:
    """Return the gradient, just above zero where nothing is spent."""
    gradient = plan.value_and_gradient(np.maximum(spend, _FLOOR * plan.media_scale))[1]
    return np.asarray(gradient)


def _table(
    setup: Setup,
    limits: Limits,
    solution: Solution,
    spend: np.ndarray,
    gradient: np.ndarray,
) -> pd.DataFrame:
    variables, amount = setup.variables, solution.amount
    beyond = variables.collect(setup.plan.extrapolated(spend) * 1.0)
    near = 1e-7 * setup.unit
    at_bound = np.where(
        amount - limits.low <= near,
        "low",
        np.where(limits.high - amount <= near, "high", ""),
    )
    planned = variables.planned
    change = np.divide(
        amount, planned, out=np.full(len(amount), np.nan), where=planned > 0
    )
    return variables.table.assign(
        planned=planned,
        spend=amount,
        change=change - 1,
        low=limits.low,
        high=limits.high,
        marginal_roi=variables.pull_back(gradient),
        at_bound=at_bound,
        extrapolated=beyond > 0,
    )


def _channels(plan: Any, spend: np.ndarray, gradient: np.ndarray) -> pd.DataFrame:
    columns: dict[str, np.ndarray] = {}
    for prefix, given in (("planned_", plan.spend), ("", spend)):
        brought = plan.contributions(given).sum(axis=0) + plan.after(given).sum(axis=0)
        cost = plan.reacted(given).sum(axis=0)
        columns["planned" if prefix else "spend"] = cost
        columns[f"{prefix}contribution"] = brought
        columns[f"{prefix}roi"] = np.divide(
            brought, cost, out=np.full(len(cost), np.nan), where=cost > 0
        )
    # Of one more unit, spread over rows as the channel's spend is.
    idle = spend.sum(axis=0) == 0
    pattern = np.where(idle, plan.media_scale, spend)
    share = pattern / pattern.sum(axis=0)
    marginal = (gradient * share).sum(axis=0)
    columns["marginal_roi"] = np.where(plan.free, np.nan, marginal)
    order = [
        "planned",
        "spend",
        "planned_contribution",
        "contribution",
        "planned_roi",
        "roi",
        "marginal_roi",
    ]
    index = pd.Index(plan.channels, name="channel")
    return pd.DataFrame(columns, index)[order]
