"""The other way round: how much to spend for an outcome or a marginal ROI."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import brentq

from sklearn_mmm.allocation._allocate import prepare, solve
from sklearn_mmm.allocation._limits import make_limits
from sklearn_mmm.allocation._result import BudgetAllocation
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
    risk: float = 0.0,
    members: Sequence[Any] | None = None,
    coverage: float = 0.9,
    n_starts: int = 3,
    random_state: int = 0,
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
        To be reached over all rows, carry-over after them included, outcome units.
    bounds, by, spend_limits, groups, locked, react, risk, members, coverage, \
n_starts, random_state : default as there
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
    if not np.isfinite(outcome):
        raise ValueError(f"got outcome={outcome!r}; it must be a number")
    setup = prepare(mmm, X, by, risk, members, coverage, react)
    planned_total = float(setup.variables.planned.sum())

    def best(total: float) -> BudgetAllocation:
        limits = make_limits(
            setup.variables,
            total,
            exact=True,
            bounds=bounds,
            spend_limits=spend_limits,
            groups=groups,
            locked=locked,
        )
        return solve(setup, limits, 1.0, 0.0, n_starts, random_state)

    def reached(result: BudgetAllocation) -> float:
        # What is maximised lacks the baseline and controls, which are given.
        return result.objective + float(setup.plan.organic.sum())

    least, most = 0.01 * planned_total, 10.0 * planned_total
    if bounds is not None or spend_limits or list(locked):
        free = make_limits(
            setup.variables,
            None,
            exact=False,
            bounds=bounds,
            spend_limits=spend_limits,
            locked=locked,
        )
        least, most = max(least, float(free.low.sum())), float(free.high.sum())
    lowest, highest = best(least), best(most)
    if reached(highest) < outcome:
        raise _too_much(outcome, reached(highest), most)
    if reached(lowest) >= outcome:
        return lowest
    found: dict[float, BudgetAllocation] = {}

    def short(log_total: float) -> float:
        found[log_total] = best(float(np.exp(log_total)))
        return (reached(found[log_total]) - outcome) / abs(outcome)

    brentq(short, np.log(least), np.log(most), xtol=1e-10, rtol=1e-10, maxiter=60)
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
    risk: float = 0.0,
    members: Sequence[Any] | None = None,
    coverage: float = 0.9,
    n_starts: int = 3,
    random_state: int = 0,
) -> BudgetAllocation:
    """Spend until the last unit of every channel brings just enough.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan.
    marginal_roi : float, default=1.0
        Outcome units that the last spend unit has to bring.
    bounds, by, spend_limits, groups, locked, react, risk, members, coverage, \
n_starts, random_state : default as there
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
    if not (np.isfinite(marginal_roi) and marginal_roi > 0):
        raise ValueError(f"got marginal_roi={marginal_roi!r}; it must be positive")
    setup = prepare(mmm, X, by, risk, members, coverage, react)
    limits = make_limits(
        setup.variables,
        None,
        exact=False,
        bounds=bounds,
        spend_limits=spend_limits,
        groups=groups,
        locked=locked,
    )
    return solve(setup, limits, 1.0 / marginal_roi, 1.0, n_starts, random_state)
