"""What controls brought, and from which value on."""

import numpy as np
import pandas as pd

from sklearn_mmm._intervals import check_coverage, interval_around
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._totals import outcome_total
from sklearn_mmm.inspection._training_rows import worth_of_parts


@of_fitted_model
def control_table(mmm: FittedMMM, *, coverage: float = 0.9) -> pd.DataFrame:
    """Return what each control brought or cost in the training rows.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``control``; ``reference``, the value from which it is measured: "mean", "min"
        or "max", or in the control's own unit, see ``control_reference``;
        ``contribution`` (outcome units, or money with an ``outcome_value``), its
        ``share`` of the outcome (NaN where that has no sign), and ``low`` and ``high``
        of the contribution, NaN without members. The largest comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import control_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     control_reference={"price": "max"},
    ...     max_epochs=5, n_members=0, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> dict(control_table(mmm)[["control", "reference"]].to_numpy().tolist())
    {'price': 'max', 'promotion': '0'}
    """
    check_coverage(coverage)
    names = mmm.control_columns_
    brought = worth_of_parts(mmm)[names].sum().to_numpy()
    low = high = np.full(len(names), np.nan)
    worlds = mmm.control_totals()
    if len(worlds):
        low, high = interval_around(worlds, brought, coverage)
    table = pd.DataFrame(
        {
            "control": names,
            "reference": [reference_words(mmm, name) for name in names],
            "contribution": brought,
            "share": brought / outcome_total(mmm),
            "low": low,
            "high": high,
        }
    )
    order = np.argsort(-np.abs(brought), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def reference_words(mmm: FittedMMM, name: str) -> str:
    """Return the value from which a control is measured, or how regions have theirs."""
    values = mmm.control_reference_[name]
    if (values == 0).all():
        return "0"
    by_region = mmm.history_.groupby("region")[name]
    for rule in ("mean", "min", "max"):
        own = by_region.agg(rule).loc[values.index]
        if np.allclose(own, values, rtol=1e-9, atol=0.0):
            return rule
    return f"{values.median():.3g}"
