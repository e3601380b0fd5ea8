"""The other way round: how much to spend for an outcome or a marginal ROI."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from sklearn_mmm._arguments import check_number
from sklearn_mmm.allocation._allocate import allocate_budget
from sklearn_mmm.allocation._result import BudgetAllocation
from sklearn_mmm.allocation._setup import Rules, Setup, prepare, solve
from sklearn_mmm.allocation._totals import allowed_totals
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model


@of_fitted_model
def minimize_spend(
    mmm: FittedMMM,
    X: Any,
    outcome: float,
    bounds: Any = None,
    by: str = "channel",
    *,
    spend_limits: Mapping[str, tuple[float, float]] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    locked: Iterable[str] = (),
    react: str | Sequence[str] = "none",
    fixed: pd.DataFrame | None = None,
    linear_constraints: Sequence[Mapping[str, Any]] = (),
    max_change: float | None = None,
    max_frequency: Mapping[str, float] | None = None,
    audience: Any = None,
    frequency: str = "kept",
    price_elasticity: Mapping[str, float] | None = None,
    risk: float = 0.0,
    members: Sequence[Any] | None = None,
    coverage: float = 0.9,
    n_starts: int = 3,
    random_state: Any = 0,
) -> BudgetAllocation:
    """Find the least spend that reaches an outcome.

    The best outcome grows with the budget, so the least budget is a root of "best
    outcome of a budget less the outcome wanted".

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan.
    outcome : float
        To be reached over all rows, carry-over after them included, outcome units;
        what it is worth, where the model has an ``outcome_value``.
    bounds, by, spend_limits, groups, locked, react, fixed, linear_constraints, \
max_change, max_frequency, audience, frequency, price_elasticity, risk, members, \
coverage, n_starts, random_state : default as there
        See :func:`allocate_budget`. Without bounds, a budget between a hundredth of
        the plan and ten times as much is searched.

    Returns
    -------
    BudgetAllocation
        With the least total; ``objective`` is the outcome.

    Raises
    ------
    ValueError
        If the outcome is not reached within the bounds, and as
        :func:`allocate_budget`.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.allocation import minimize_spend
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=3, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     media_columns=truth.media_columns, control_columns=truth.control_columns,
    ...     region_column="region", time_column="week", random_state=0, max_epochs=200,
    ... ).fit(X, y)
    >>> result = minimize_spend(mmm, X, outcome=mmm.predict(X).sum())
    >>> result.total < result.planned_total
    True
    """
    check_number("outcome", outcome)
    money = react, fixed, price_elasticity, frequency
    setup = prepare(mmm, X, by, risk, members, coverage, *money)
    rules = Rules(
        bounds,
        spend_limits,
        groups,
        locked,
        linear_constraints,
        max_change,
        max_frequency,
        audience,
    )

    def best(total: float) -> BudgetAllocation:
        # "At most": under some constraints, spending all of it would bring less.
        limits = setup.limits(rules, total, exact=False)
        return solve(setup, limits, 1.0, 0.0, n_starts, random_state)

    found = _least_spend(setup, best, allowed_totals(setup, rules), outcome)
    return setup.weighed([found], 1.0, [0.0])[0]


def _least_spend(
    setup: Setup,
    best: Callable[[float], BudgetAllocation],
    ends: tuple[float, float],
    outcome: float,
) -> BudgetAllocation:
    """Return the cheapest best allocation that reaches an outcome."""

    def reached(result: BudgetAllocation) -> float:
        # What is maximised lacks the baseline and controls, which are given.
        return result.objective + float(setup.plan.organic.sum())

    lowest, highest = (best(end) for end in ends)
    if reached(highest) < outcome:
        raise _too_much(outcome, reached(highest), highest.total)
    if reached(lowest) >= outcome:
        return lowest
    found: dict[float, BudgetAllocation] = {}

    def short(log_total: float) -> float:
        found[log_total] = best(float(np.exp(log_total)))
        return (reached(found[log_total]) - outcome) / (abs(outcome) or 1.0)

    low, high = np.log(ends)
    brentq(short, low, high, xtol=1e-10, rtol=1e-10, maxiter=60)
    enough = [r for r in found.values() if reached(r) >= outcome * (1 - 1e-9)]
    return min([*enough, highest], key=lambda result: result.total)


def _too_much(outcome: float, reached: float, spend: float) -> ValueError:
    return ValueError(
        f"outcome={outcome:g} is not reached: the most within the bounds is "
        f"{reached:g}, for a spend of {spend:g}; widen the bounds or ask for less"
    )


@of_fitted_model
def budget_at_marginal_roi(
    mmm: FittedMMM,
    X: Any,
    marginal_roi: float = 1.0,
    bounds: Any = None,
    by: str = "channel",
    *,
    spend_limits: Mapping[str, tuple[float, float]] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    locked: Iterable[str] = (),
    react: str | Sequence[str] = "none",
    fixed: pd.DataFrame | None = None,
    linear_constraints: Sequence[Mapping[str, Any]] = (),
    max_change: float | None = None,
    max_frequency: Mapping[str, float] | None = None,
    audience: Any = None,
    frequency: str = "kept",
    price_elasticity: Mapping[str, float] | None = None,
    risk: float = 0.0,
    members: Sequence[Any] | None = None,
    coverage: float = 0.9,
    n_starts: int = 3,
    random_state: Any = 0,
) -> BudgetAllocation:
    """Spend until the last unit of every channel brings just enough.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan.
    marginal_roi : float, default=1.0
        What the last spend unit has to bring, outcome units or, with an
        ``outcome_value``, money.
    bounds, by, spend_limits, groups, locked, react, fixed, linear_constraints, \
max_change, max_frequency, audience, frequency, price_elasticity, risk, members, \
coverage, n_starts, random_state : default as there
        See :func:`allocate_budget`.

    Returns
    -------
    BudgetAllocation
        Amounts within their bounds have this marginal ROI; at an upper bound it is
        higher, at a lower one lower.

    Raises
    ------
    ValueError
        If ``marginal_roi`` is not positive, and as :func:`allocate_budget`.

    Notes
    -----
    This maximises outcome / marginal_roi − spend.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.allocation import budget_at_marginal_roi
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=3, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     media_columns=truth.media_columns, control_columns=truth.control_columns,
    ...     region_column="region", time_column="week", random_state=0, max_epochs=200,
    ... ).fit(X, y)
    >>> budget_at_marginal_roi(mmm, X, 1.5, bounds=(0, 3)).status
    'optimal'
    """
    check_number("marginal_roi", marginal_roi, positive=True)
    return allocate_budget(
        mmm,
        X,
        None,
        bounds,
        by,
        spend_limits=spend_limits,
        groups=groups,
        locked=locked,
        react=react,
        fixed=fixed,
        linear_constraints=linear_constraints,
        max_change=max_change,
        max_frequency=max_frequency,
        audience=audience,
        frequency=frequency,
        price_elasticity=price_elasticity,
        target_marginal_roi=marginal_roi,
        risk=risk,
        members=members,
        coverage=coverage,
        n_starts=n_starts,
        random_state=random_state,
    )
