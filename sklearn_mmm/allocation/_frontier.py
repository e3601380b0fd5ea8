"""The best outcome of several budgets."""

import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from sklearn_mmm._arguments import check_number, shown
from sklearn_mmm.allocation._allocate import Request, allocate_budget
from sklearn_mmm.allocation._result import BudgetAllocation
from sklearn_mmm.allocation._setup import Setup
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model


@of_fitted_model
def budget_frontier(
    mmm: FittedMMM, X: Any, totals: Any = None, *, verbose: int = 0, **options: Any
) -> pd.DataFrame:
    """Return the best outcome of several budgets.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan.
    totals : array-like of shape (n_budgets,), default=None
        Budgets over all rows, spend units. None means eleven from half the planned
        total to one and a half times as much.
    verbose : int, default=0
        Whether to show a progress bar.
    **options
        Of :func:`allocate_budget`, such as ``bounds`` or ``groups``; no other aim than
        the outcome.

    Returns
    -------
    DataFrame
        A row for each budget: ``total`` (spend units), ``outcome`` and ``gain`` over
        the plan (outcome units, or money with an ``outcome_value``), ``low`` and
        ``high`` (interval of the outcome, when there are members), ``marginal_roi`` of
        the total (what a further spend unit would bring), ``status``, and the spend of
        each channel under ``spend_`` and its name.

    Raises
    ------
    ValueError
        As :func:`allocate_budget`.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, budget_frontier
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=3, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     media_columns=truth.media_columns, control_columns=truth.control_columns,
    ...     region_column="region", time_column="week", random_state=0, max_epochs=200,
    ... ).fit(X, y)
    >>> frontier = budget_frontier(mmm, X)
    >>> len(frontier), bool(frontier["outcome"].is_monotonic_increasing)
    (11, True)
    """
    _check(options)
    request = _request(mmm, X, options)
    if totals is None:
        totals = request.setup.planned_total * np.linspace(0.5, 1.5, 11)
    budgets = _budgets(totals)
    results = request.best(tqdm(budgets, desc="frontier", disable=not verbose))
    return _table(budgets, results)


def best_and_frontier(
    mmm: FittedMMM, X: Any, multiples: np.ndarray
) -> tuple[BudgetAllocation, pd.DataFrame, Setup]:
    """Return the best allocation, a frontier from single starts, and what both share.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
    X : DataFrame or array of shape (n_rows, n_columns)
    multiples : ndarray of shape (n_budgets,)
        Of the planned total.
    """
    request = _request(mmm, X, {})
    totals = request.setup.planned_total * multiples
    n_starts = [request.n_starts, *np.ones(len(totals), int)]
    best, *others = request.best([None, *totals], n_starts)
    return best, _table(totals, others), request.setup


def _request(mmm: FittedMMM, X: Any, options: dict[str, Any]) -> Request:
    asked = inspect.signature(allocate_budget).bind(mmm, X, **options)
    asked.apply_defaults()
    return Request.of(asked.arguments)


def _table(totals: Iterable[float], results: list[BudgetAllocation]) -> pd.DataFrame:
    rows = []
    for total, result in zip(totals, results, strict=True):
        low, high = result.outcome_interval or (np.nan, np.nan)
        row: dict[Any, Any] = {
            "total": total,
            "outcome": result.outcome,
            "gain": result.gain,
            "low": low,
            "high": high,
            "marginal_roi": result.price,
            "status": result.status,
        }
        row |= result.channels["spend"].add_prefix("spend_").to_dict()
        rows.append(row)
    return pd.DataFrame(rows)


def _check(options: dict[str, Any]) -> None:
    if "total" in options:
        raise TypeError("a frontier has several budgets; give totals instead of total")
    known = [p for p in inspect.signature(allocate_budget).parameters if p != "total"]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise TypeError(
            f"unknown options {unknown}; those of allocate_budget are {known[2:]}"
        )
    aims = [name for name in ("target_roi", "target_marginal_roi") if options.get(name)]
    if options.get("target", "outcome") != "outcome":
        aims.append("target")
    if aims:
        raise ValueError(
            f"a frontier is of outcomes, and {' and '.join(aims)} is another aim; "
            "leave it out, or call allocate_budget"
        )


def _budgets(totals: Any) -> list[float]:
    try:
        values = np.atleast_1d(np.asarray(totals, float))
    except (TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.ndim > 1 or not len(values):
        raise ValueError(f"got totals={shown(totals)}; give a list of numbers")
    for value in values:
        check_number("a total", float(value), positive=True)
    return [float(value) for value in values]
