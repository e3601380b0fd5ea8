"""How good a forecast is, beside what costs nothing."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from sklearn_mmm._arguments import check_table, check_whole
from sklearn_mmm.panel._numbers import as_floats, check_size


def skill_score(y_true: np.ndarray, y_pred: np.ndarray, reference: np.ndarray) -> float:
    """Return 1 - SSE / SSE of a reference forecast.

    Parameters
    ----------
    y_true, y_pred, reference : array-like of shape (n_rows,)
        Outcome units.

    Returns
    -------
    float
        1 for a perfect forecast, 0 for one as good as the reference; NaN where the
        reference is without an error.

    Examples
    --------
    >>> from sklearn_mmm.inspection import skill_score
    >>> skill_score([1.0, 2.0], [1.0, 1.0], [0.0, 1.0])
    0.5
    """
    given = {"y_true": y_true, "y_pred": y_pred, "reference": reference}
    y_true, y_pred, reference = _columns(given)
    total = ((y_true - reference) ** 2).sum()
    if total == 0:
        return np.nan
    return float(1 - ((y_true - y_pred) ** 2).sum() / total)


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
    given = {"y_true": y_true, "y_pred": y_pred, "region_mean": region_mean}
    y_true, y_pred, region_mean = _columns(given)
    return float(r2_score(y_true - region_mean, y_pred - region_mean))


def forecast_metrics(
    train: pd.DataFrame, test: pd.DataFrame, prediction: np.ndarray, n_recent: int = 4
) -> dict[str, float]:
    """Return pooled R², within-region R² and skill of a forecast.

    Parameters
    ----------
    train, test : DataFrame
        Columns ``region`` and ``outcome``, and ``time`` in training.
    prediction : array-like of shape (n_test_rows,)
        Of the outcome of test rows, outcome units.
    n_recent : int, default=4
        The reference forecast is the mean of each region's last ``n_recent``
        training rows.

    Returns
    -------
    dict
        ``r2``, ``within_region_r2``, ``skill``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.inspection import forecast_metrics
    >>> train = pd.DataFrame(
    ...     {"region": "north", "time": range(4), "outcome": [1.0, 3.0, 2.0, 2.0]}
    ... )
    >>> test = pd.DataFrame({"region": ["north"] * 2, "outcome": [3.0, 4.0]})
    >>> round(forecast_metrics(train, test, [3.0, 3.0])["skill"], 3)
    0.8
    """
    check_table("train", train, ("region", "time", "outcome"), "training rows")
    check_table("test", test, ("region", "outcome"), "later rows")
    check_whole("n_recent", n_recent, 1)
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


def _columns(given: dict[str, Any]) -> list[np.ndarray]:
    """Return numbers of one length."""
    n_rows = int(np.size(given["y_true"]))
    out = []
    for name, values in given.items():
        found = as_floats(values, name)
        if found.ndim != 1 or len(found) != n_rows:
            raise ValueError(
                f"{name} has the shape {found.shape}; give one number for each of the "
                f"{n_rows} rows"
            )
        if not np.isfinite(found).all():
            raise ValueError(f"{name} has NaN or infinity; leave these rows out")
        check_size(found, name)
        out.append(found)
    return out
