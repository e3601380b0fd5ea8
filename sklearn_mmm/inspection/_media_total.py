"""What all media together brought, and how sure that is."""

import numpy as np
import pandas as pd

from sklearn_mmm._intervals import check_coverage, interval_around
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._totals import outcome_total
from sklearn_mmm.inspection._training_rows import training_rows, worth_of_parts


@of_fitted_model
def media_total(mmm: FittedMMM, *, coverage: float = 0.9) -> pd.Series:
    """Return what all media together brought in the training rows.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the interval.

    Returns
    -------
    Series
        ``contribution`` of all channels and ``outcome`` as fitted (outcome units, or
        money with an ``outcome_value``),
        ``share`` of the outcome (NaN where it has no sign); ``low`` and ``high`` of
        the contribution, NaN without members. What channels bring varies together, so
        the interval is not the sum of theirs.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import media_total
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, n_members=4, random_state=0,
    ... ).fit(X, y)
    >>> total = media_total(mmm)
    >>> bool(total["low"] <= total["contribution"] <= total["high"])
    True
    """
    check_coverage(coverage)
    parts = worth_of_parts(mmm)
    brought = float(parts[mmm.media_columns_].to_numpy().sum())
    whole = outcome_total(mmm)
    worlds = [
        float(plan.contributions(plan.spend).sum())
        for plan in mmm.member_plans(training_rows(mmm))
    ]
    low = high = np.nan
    if worlds:
        low, high = interval_around(np.array(worlds), np.array(brought), coverage)
    return pd.Series(
        {
            "contribution": brought,
            "low": float(low),
            "high": float(high),
            "outcome": float(parts.to_numpy().sum()),
            "share": brought / whole,
        }
    )
