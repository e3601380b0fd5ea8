"""The best outcome of several budgets."""

from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from sklearn_mmm.allocation._allocate import allocate_budget
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
        Of :func:`allocate_budget`, such as ``bounds`` or ``groups``.

    Returns
    -------
    DataFrame
        A row for each budget: ``total`` (spend units), ``outcome`` and ``gain`` over
        the plan (outcome units), ``low`` and ``high`` (interval of the outcome, when
        there are members), ``marginal_roi`` of the total (outcome units that a
        further spend unit would bring), ``status``, and the spend of each channel
        under ``spend_`` and its name.

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
    if options.get("target", "outcome") != "outcome":
        raise ValueError("a frontier is of outcomes; leave target='outcome'")
    if totals is None:
        planned = float(mmm.media_plan(X).spend.sum())
        totals = planned * np.linspace(0.5, 1.5, 11)
    rows = []
    for total in tqdm(np.atleast_1d(totals), desc="frontier", disable=not verbose):
        result = allocate_budget(mmm, X, total=float(total), **options)
        low, high = result.outcome_interval or (np.nan, np.nan)
        row: dict[Any, Any] = {
            "total": float(total),
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
