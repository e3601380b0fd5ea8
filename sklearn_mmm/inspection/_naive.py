"""Forecasts that cost nothing, and how much better a model is."""

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import check_table, check_whole
from sklearn_mmm.inspection._fit_table import check_fit_table, fit_metrics
from sklearn_mmm.inspection._forecast import skill_score
from sklearn_mmm.panel._time_axis import make_time_axis


def naive_forecasts(
    train: pd.DataFrame, test: pd.DataFrame, n_recent: int = 4
) -> pd.DataFrame:
    """Return two forecasts that need no model.

    Parameters
    ----------
    train : DataFrame
        Columns ``region``, ``time`` and ``outcome``.
    test : DataFrame
        Columns ``region`` and ``time``, later than the training rows.
    n_recent : int, default=4
        Training rows of a region that count as recent.

    Returns
    -------
    DataFrame of shape (n_test_rows, 2)
        ``recent_mean``: the mean of each region's last ``n_recent`` training rows.
        ``seasonal_naive``: that mean, times how the year before went on from there in
        the median region; the recent mean where there is no year before.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.inspection import naive_forecasts
    >>> train = pd.DataFrame({"region": "a", "time": range(52), "outcome": 1.0})
    >>> train.loc[48:, "outcome"] = 3.0
    >>> naive_forecasts(train, pd.DataFrame({"region": ["a"], "time": [52]}))
       recent_mean  seasonal_naive
    0          3.0             3.0
    """
    check_table("train", train, ("region", "time", "outcome"), "training rows")
    check_table("test", test, ("region", "time"), "later rows")
    check_whole("n_recent", n_recent, 1)
    axis = make_time_axis(train["time"].to_numpy(), "time")
    step = axis.position(train["time"].to_numpy(), "time")
    wide = train.assign(step=step).pivot(
        index="step", columns="region", values="outcome"
    )
    ordered = train.sort_values("time").groupby("region")["outcome"]
    recent = ordered.apply(lambda s: s.tail(n_recent).mean())
    level = test["region"].map(recent).fillna(ordered.mean().median()).to_numpy()
    ratio = np.ones(len(test))
    if axis.season_length is not None:
        year = round(axis.season_length)
        now = float(step.max()) + 1
        past = wide.reindex(np.arange(now - year - n_recent, now - year)).mean()
        later = axis.position(test["time"].to_numpy(), "time")
        # Beyond a year ahead, the latest year that is known.
        before = later - year * np.ceil((later - now + 1) / year)
        grown = (wide.reindex(np.unique(before)) / past).median(axis=1)
        ratio = pd.Series(before).map(grown).fillna(1.0).to_numpy()
    return pd.DataFrame(
        {"recent_mean": level, "seasonal_naive": level * ratio}, test.index
    )


def forecast_comparison(table: pd.DataFrame, n_recent: int = 4) -> pd.DataFrame:
    """Return how well the holdout was forecast, by the model and without one.

    Parameters
    ----------
    table : DataFrame
        As :func:`fit_table` returns it, with a holdout.
    n_recent : int, default=4
        See :func:`naive_forecasts`.

    Returns
    -------
    DataFrame
        Indexed by ``forecast`` ("model", "recent mean", "seasonal naive"): ``r2``,
        ``rmse`` (outcome units per time step), ``mape``, and ``skill``: 1 - SSE / SSE
        of the recent mean.

    Raises
    ------
    ValueError
        If there is no holdout.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.inspection import forecast_comparison
    >>> table = pd.DataFrame({
    ...     "region": "a", "time": range(6),
    ...     "split": ["training"] * 4 + ["holdout"] * 2,
    ...     "actual": [1.0, 1.0, 1.0, 1.0, 2.0, 4.0],
    ...     "predicted": [1.0, 1.0, 1.0, 1.0, 2.0, 3.0],
    ... })
    >>> forecast_comparison(table)["skill"].tolist()
    [0.9, 0.0, 0.0]
    """
    check_fit_table(table, "region", "time", "split")
    test = table[table["split"] == "holdout"]
    if test.empty:
        raise ValueError("the table has no holdout; give fit_table X_test and y_test")
    train = table[table["split"] == "training"].rename(columns={"actual": "outcome"})
    naive = naive_forecasts(train, test, n_recent)
    reference = naive["recent_mean"].to_numpy()
    forecasts = {
        "model": test["predicted"].to_numpy(),
        "recent mean": reference,
        "seasonal naive": naive["seasonal_naive"].to_numpy(),
    }
    rows = {}
    for name, forecast in forecasts.items():
        measured = fit_metrics(test.assign(predicted=forecast)).loc["holdout"]
        rows[name] = measured.drop("n_rows").to_dict()
        rows[name]["skill"] = skill_score(
            test["actual"].to_numpy(), forecast, reference
        )
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("forecast")
