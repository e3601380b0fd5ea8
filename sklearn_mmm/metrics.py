"""Scorers for searches and cross-validation, by name.

``GridSearchCV(mmm, grid, scoring=get_scorer("forecast_skill"))`` takes one of them,
``scoring=SCORERS`` with ``refit="forecast_skill"`` all of them, by their names.
"""

from collections.abc import Callable
from typing import Any

from sklearn_mmm._arguments import check_choice
from sklearn_mmm.inspection._forecast import (
    forecast_metrics,
    skill_score,
    within_region_r2,
)
from sklearn_mmm.inspection._model import take_apart
from sklearn_mmm.panel._columns import check_target

__all__ = [
    "SCORERS",
    "forecast_skill_scorer",
    "get_scorer",
    "skill_score",
    "within_region_r2",
    "within_region_r2_scorer",
]


def within_region_r2_scorer(estimator: Any, X: Any, y: Any) -> float:
    """Score a forecast by R² of outcomes less their region's training mean.

    Parameters
    ----------
    estimator : DeepCausalMMMRegressor, or a pipeline that ends in one
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        Rows of the test fold.
    y : array-like of shape (n_rows,)
        Their outcome.

    Returns
    -------
    float
        At most 1; 0 for a forecast as good as the test fold's mean.

    Raises
    ------
    TypeError
        If the estimator is no marketing mix model.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.metrics import within_region_r2_scorer
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=1, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(["tv"], None, "region", "week", random_state=0,
    ...     n_members=0, validation=False, graph=False).fit(X[:52], y[:52])
    >>> bool(within_region_r2_scorer(mmm, X[52:], y[52:]) < 1)
    True
    """
    return _scores(estimator, X, y)["within_region_r2"]


def forecast_skill_scorer(estimator: Any, X: Any, y: Any) -> float:
    """Score a forecast by its skill beside the mean of the last four training weeks.

    Parameters
    ----------
    estimator : DeepCausalMMMRegressor, or a pipeline that ends in one
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        Rows of the test fold.
    y : array-like of shape (n_rows,)
        Their outcome.

    Returns
    -------
    float
        1 - SSE / SSE of each region's mean of its last four training rows: at most 1,
        and 0 for a forecast that is no better than these.

    Raises
    ------
    TypeError
        If the estimator is no marketing mix model.

    See Also
    --------
    sklearn_mmm.inspection.forecast_metrics : The same for any table.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.metrics import forecast_skill_scorer
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=1, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(["tv"], None, "region", "week", random_state=0,
    ...     n_members=0, validation=False, graph=False).fit(X[:52], y[:52])
    >>> bool(forecast_skill_scorer(mmm, X[52:], y[52:]) < 1)
    True
    """
    return _scores(estimator, X, y)["skill"]


SCORERS: dict[str, Callable[[Any, Any, Any], float]] = {
    "forecast_skill": forecast_skill_scorer,
    "within_region_r2": within_region_r2_scorer,
}


def get_scorer(scoring: str) -> Callable[[Any, Any, Any], float]:
    """Return a scorer by its name, as :func:`sklearn.metrics.get_scorer` does.

    Parameters
    ----------
    scoring : {"forecast_skill", "within_region_r2"}

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``; larger is better.

    Raises
    ------
    ValueError
        If there is no scorer of that name.

    Notes
    -----
    scikit-learn keeps its own list of names, to which nobody may add; so
    ``scoring="forecast_skill"`` is no choice, while ``scoring=SCORERS`` is.

    Examples
    --------
    >>> from sklearn_mmm.metrics import get_scorer
    >>> get_scorer("forecast_skill").__name__
    'forecast_skill_scorer'
    """
    check_choice("scoring", scoring, sorted(SCORERS))
    return SCORERS[scoring]


def _scores(estimator: Any, X: Any, y: Any) -> dict[str, float]:
    mmm, steps = take_apart(estimator)
    for step in steps:
        X = step.transform(X)
    train = mmm.history_[["region", "time"]].assign(outcome=mmm.outcome_.to_numpy())
    keys = mmm.row_keys(X)
    test = keys.assign(outcome=check_target(y, len(keys)))
    return forecast_metrics(train, test, mmm.predict(X))
