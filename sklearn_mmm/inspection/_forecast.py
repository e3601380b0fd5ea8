"""How good a forecast is, beside what costs nothing."""

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score


def skill_score(y_true: np.ndarray, y_pred: np.ndarray, reference: np.ndarray) -> float:
    """Return 1 - SSE / SSE of a reference forecast.

    Parameters
    ----------
    y_true, y_pred, reference : array-like of shape (n_rows,)
        Outcome units.

    Returns
    -------
    float
        1 for a perfect forecast, 0 for one as good as the reference.

    Examples
    --------
    >>> from sklearn_mmm.inspection import skill_score
    >>> skill_score([1.0, 2.0], [1.0, 1.0], [0.0, 1.0])
    0.5
    """
    y_true, y_pred, reference = map(np.asarray, (y_true, y_pred, reference))
    return float(1 - ((y_true - y_pred) ** 2).sum() / ((y_true - reference) ** 2).sum())


def within_region_r2(
    y_true: np.ndarray, y_pred: np.ndarray, region_mean: np.ndarray
) -> float:
    """Return R² of outcome and prediction less each region's training mean.

    Regions differ by orders of magnitude, so pooled R² says little.

    Parameters
    ----------
    y_true, y_pred, region_mean : array-like of shape (n_rows,)
        Outcome units.

    Returns
    -------
    float
        1 for a perfect forecast.

    Examples
    --------
    >>> from sklearn_mmm.inspection import within_region_r2
    >>> within_region_r2([1.0, 3.0], [1.0, 2.0], [2.0, 2.0])
    0.5
    """
    y_true, y_pred, region_mean = map(np.asarray, (y_true, y_pred, region_mean))
    return float(r2_score(y_true - region_mean, y_pred - region_mean))


def forecast_metrics(
    train: pd.DataFrame, test: pd.DataFrame, prediction: np.ndarray, n_recent: int = 4
) -> dict[str, float]:
    """Return pooled R², within-region R² and skill of a forecast.

    Parameters
    ----------
    train, test : DataFrame
        Columns ``region``, ``time`` and ``outcome``.
    prediction : array-like of shape (n_test_rows,)
    n_recent : int, default=4
        The reference forecast is the mean of each region's last ``n_recent``
        training rows.

    Returns
    -------
    dict
        ``r2``, ``within_region_r2``, ``skill``.
    """
    by_region = train.sort_values("time").groupby("region")["outcome"]
    mean, recent = by_region.mean(), by_region.apply(lambda s: s.tail(n_recent).mean())
    y = test["outcome"].to_numpy()
    # A region without training rows is expected to be a middling one.
    region_mean = test["region"].map(mean).fillna(mean.median()).to_numpy()
    reference = test["region"].map(recent).fillna(mean.median()).to_numpy()
    return {
        "r2": float(r2_score(y, prediction)),
        "within_region_r2": within_region_r2(y, prediction, region_mean),
        "skill": skill_score(y, prediction, reference),
    }
