"""How well a model fits: predictions beside outcomes, and what is left."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from sklearn_mmm._arguments import check_table, check_whole
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import (
    calendar_labels,
    interval_options,
    keys,
    step_numbers,
    training_rows,
)

# Standard deviations per median absolute deviation, for normal errors.
_PER_MAD = 1.4826


@of_fitted_model
def fit_table(
    mmm: FittedMMM, X_test: Any = None, y_test: Any = None, *, coverage: float = 0.9
) -> pd.DataFrame:
    """Return outcomes beside predictions, in training and holdout.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X_test : DataFrame or array of shape (n_test_rows, n_columns), default=None
        Rows that were not trained on.
    y_test : array-like of shape (n_test_rows,), default=None
        Their outcome, outcome units per time step.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        A row for each region and time step: ``region``, ``time``, ``split``
        ("training" or "holdout"), ``actual`` and ``predicted`` (outcome units per time
        step), and ``low`` and ``high``, the interval of the prediction, where the model
        has members.

    Raises
    ------
    ValueError
        If only one of ``X_test`` and ``y_test`` is given, or lengths differ.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import fit_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X[:52], y[:52])
    >>> table = fit_table(mmm, X[52:], y[52:])
    >>> table["split"].value_counts().to_dict()
    {'training': 52, 'holdout': 8}
    """
    options = interval_options(mmm, coverage)
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test belong together; give both or neither")
    table = keys(mmm).assign(
        split="training",
        actual=mmm.outcome_.to_numpy(),
        predicted=mmm.contributions_.to_numpy().sum(axis=1),
    )
    if options:
        table[["low", "high"]] = mmm.predict_interval(training_rows(mmm), **options)
    if X_test is None:
        return table
    later = _holdout(mmm, X_test, y_test)
    if options:
        later[["low", "high"]] = mmm.predict_interval(X_test, **options)
    return pd.concat([table, later], ignore_index=True)


def _holdout(mmm: FittedMMM, X_test: Any, y_test: Any) -> pd.DataFrame:
    actual = np.asarray(y_test, float).ravel()
    predicted = mmm.predict(X_test)
    if len(actual) != len(predicted):
        raise ValueError(
            f"y_test has {len(actual)} rows, X_test {len(predicted)}; give one outcome "
            "for each row"
        )
    key = mmm.row_keys(X_test)
    time = calendar_labels(key["time"])
    if mmm.time_column is None:  # Row order is time: later rows come afterwards.
        time = time + 1 + int(mmm.history_["time"].max())
    return pd.DataFrame(
        {
            "region": key["region"],
            "time": time,
            "split": "holdout",
            "actual": actual,
            "predicted": predicted,
        }
    )


def fit_metrics(table: pd.DataFrame) -> pd.DataFrame:
    """Return R², RMSE and MAPE of training and holdout.

    Parameters
    ----------
    table : DataFrame
        As :func:`fit_table` returns it.

    Returns
    -------
    DataFrame
        Indexed by ``split``: ``n_rows``, ``r2``, ``rmse`` (outcome units per time
        step) and ``mape``, the mean absolute error relative to the outcome, over the
        rows whose outcome is not 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.inspection import fit_metrics
    >>> table = pd.DataFrame({
    ...     "split": "training", "actual": [1.0, 2.0, 4.0],
    ...     "predicted": [1.0, 1.0, 4.0],
    ... })
    >>> round(float(fit_metrics(table).loc["training", "mape"]), 4)
    0.1667
    """
    check_fit_table(table, "split")
    rows = {}
    for split, part in table.groupby("split", sort=False):
        error = (part["actual"] - part["predicted"]).to_numpy()
        size = part["actual"].abs().to_numpy()
        relative = np.abs(error[size > 0]) / size[size > 0]
        rows[split] = {
            "n_rows": len(part),
            "r2": r2_score(part["actual"], part["predicted"])
            if len(part) > 1
            else np.nan,
            "rmse": float(np.sqrt(np.mean(error**2))),
            "mape": float(relative.mean()) if len(relative) else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("split")


def residual_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return what predictions miss.

    Parameters
    ----------
    table : DataFrame
        As :func:`fit_table` returns it.

    Returns
    -------
    DataFrame
        ``region``, ``time``, ``split``, ``residual`` (actual less predicted, outcome
        units per time step) and ``score``: the residual less the region's median, in
        robust standard deviations of its training residuals (1.4826 times their median
        absolute deviation).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.inspection import residual_table
    >>> table = pd.DataFrame({
    ...     "region": "a", "time": range(5), "split": "training",
    ...     "actual": [1.0, 2.0, 3.0, 4.0, 9.0], "predicted": 3.0,
    ... })
    >>> residual_table(table)["score"].round(2).tolist()
    [-1.35, -0.67, 0.0, 0.67, 4.05]
    """
    check_fit_table(table, "region", "time", "split")
    out = table[["region", "time", "split"]].copy()
    out["residual"] = table["actual"] - table["predicted"]
    training = out[out["split"] == "training"]
    middle = training.groupby("region")["residual"].median()
    centred = out["residual"] - out["region"].map(middle)
    spread = (
        _PER_MAD * centred[training.index].abs().groupby(training["region"]).median()
    )
    scale = out["region"].map(spread)
    out["score"] = centred / scale.where(scale > 0)
    return out


def autocorrelation(table: pd.DataFrame, n_lags: int = 26) -> pd.DataFrame:
    r"""Return the autocorrelation of training residuals within regions.

    .. math:: \rho_k = \frac{\sum_r \sum_t e_{r,t}\, e_{r,t-k}}{\sum_r \sum_t e_{r,t}^2}

    with residuals e centred and scaled within regions, so that each region counts
    alike. Pairs whose time step is missing do not count.

    Parameters
    ----------
    table : DataFrame
        As :func:`fit_table` returns it.
    n_lags : int, default=26
        Largest lag, in time steps; at most half of the series.

    Returns
    -------
    DataFrame
        ``lag``, ``autocorrelation`` and ``bound``: of independent residuals 95 % lie
        between ``-bound`` and ``bound``. Regions whose residuals move together count as
        fewer rows (:func:`design_effect`).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.inspection import autocorrelation
    >>> table = pd.DataFrame({
    ...     "region": "a", "time": range(8), "split": "training",
    ...     "actual": [1.0, -1.0] * 4, "predicted": 0.0,
    ... })
    >>> autocorrelation(table, n_lags=2)["autocorrelation"].tolist()
    [-0.875, 0.75]
    """
    check_fit_table(table, "region", "time", "split")
    check_whole("n_lags", n_lags, 1)
    if not (table["split"] == "training").any():
        return pd.DataFrame(columns=["lag", "autocorrelation", "bound"], dtype=float)
    errors = _training_residuals(table).to_numpy()
    return _correlogram(errors, n_lags, max(_design_effect(errors), 1.0))


def regional_autocorrelation(
    table: pd.DataFrame, n_lags: int = 26
) -> dict[Any, pd.DataFrame]:
    """Return :func:`autocorrelation` of each region's training residuals alone.

    Parameters
    ----------
    table, n_lags
        See :func:`autocorrelation`.
    """
    if not (table["split"] == "training").any():
        return {}
    wide = _training_residuals(table)
    errors, out = wide.to_numpy(), {}
    for i, region in enumerate(wide.columns):
        known = np.flatnonzero(np.isfinite(errors[:, i]))
        own = errors[known[0] : known[-1] + 1, i : i + 1]
        out[region] = _correlogram(own, n_lags, 1.0)
    return out


def _correlogram(errors: np.ndarray, n_lags: int, effect: float) -> pd.DataFrame:
    """Return the autocorrelation of (time step, region) residuals."""
    errors = errors - np.nanmean(errors, axis=0)
    spread = np.nanstd(errors, axis=0)
    errors = errors / np.where(spread > 0, spread, np.inf)
    n_rows = int(np.isfinite(errors).sum())
    total = np.nansum(errors**2)
    bound = 1.96 * np.sqrt(effect / n_rows)
    lags = np.arange(1, min(n_lags, len(errors) // 2) + 1)
    rho = [np.nansum(errors[k:] * errors[:-k]) / total if total else 0.0 for k in lags]
    return pd.DataFrame({"lag": lags, "autocorrelation": rho, "bound": bound})


def design_effect(table: pd.DataFrame) -> float:
    r"""Return how strongly training residuals of regions move together.

    .. math:: \frac{\mathrm{Var}_t \sum_r e_{r,t}}{\sum_r \mathrm{Var}_t\, e_{r,t}}

    1 if regions are independent, the number of regions if they are equal.
    """
    if not (table["split"] == "training").any():
        return 1.0
    return _design_effect(_training_residuals(table).to_numpy())


def _design_effect(errors: np.ndarray) -> float:
    errors = np.nan_to_num(errors - np.nanmean(errors, axis=0))
    apart = (errors**2).sum()
    return float((errors.sum(axis=1) ** 2).sum() / apart) if apart > 0 else 1.0


def _training_residuals(table: pd.DataFrame) -> pd.DataFrame:
    """Return residuals, (time step, region); NaN where there is no row."""
    training = table[table["split"] == "training"]
    step = step_numbers(training["time"])
    error = (training["actual"] - training["predicted"]).to_numpy()
    rows = pd.DataFrame({"step": step, "region": training["region"].to_numpy()})
    wide = rows.assign(error=error).pivot(
        index="step", columns="region", values="error"
    )
    return wide.reindex(np.arange(step.min(), step.max() + 1))


def fit_over_time(table: pd.DataFrame) -> pd.DataFrame:
    r"""Return all regions together, with intervals of the sum.

    Half-widths of regions are added in quadrature and widened by how strongly their
    training residuals move together: for the sum, with the design effect d,

    .. math:: \sqrt{d \sum_r (\hat y_{r,t} - l_{r,t})^2}

    below the prediction and accordingly above. So independent regions average their
    errors out, and regions that are equal do not.

    Parameters
    ----------
    table : DataFrame
        As :func:`fit_table` returns it.

    Returns
    -------
    DataFrame
        ``time``, ``split``, ``actual``, ``predicted`` and, where the table has them,
        ``low`` and ``high``, outcome units per time step.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.inspection import fit_over_time
    >>> table = pd.DataFrame({
    ...     "region": ["a", "b"], "time": [0, 0], "split": "training",
    ...     "actual": [1.0, 2.0], "predicted": [1.0, 2.0],
    ... })
    >>> fit_over_time(table)["actual"].tolist()
    [3.0]
    """
    check_fit_table(table, "time", "split")
    by = table.groupby(["time", "split"], sort=True)
    out = by[["actual", "predicted"]].sum().reset_index()
    if "low" not in table:
        return out
    widen = np.sqrt(design_effect(table))
    for column, sign in (("low", -1), ("high", 1)):
        squares = (table[column] - table["predicted"]) ** 2
        summed = squares.groupby([table["time"], table["split"]]).sum()
        out[column] = out["predicted"] + sign * widen * np.sqrt(summed.to_numpy())
    return out


def check_fit_table(table: pd.DataFrame, *keys: str) -> None:
    """Refuse what is no table of :func:`fit_table` with some of its columns."""
    check_table("table", table, (*keys, "actual", "predicted"), "fit_table")
