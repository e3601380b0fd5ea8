"""Refits of a model on other rows or with another column."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_mmm.exceptions import UnusedLiftTestWarning
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.panel._columns import as_table, column_names, read_key
from sklearn_mmm.panel._region_labels import read_region_labels, region_columns
from sklearn_mmm.panel._time_axis import make_time_axis


def refit(mmm: FittedMMM, X: Any, y: Any, lift_tests: Any = None, **params: Any) -> Any:
    """Return a clone fitted to X and y, without the graph, which changes no prediction.

    Lift tests that reach beyond the rows are left out without a word.
    """
    model = clone(mmm).set_params(graph=False, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedLiftTestWarning)
        return model.fit(X, y, lift_tests=lift_tests)


def regions_of(mmm: FittedMMM, X: Any) -> np.ndarray:
    """Return the region of each row of X."""
    table = as_table(X)
    if mmm.region_column is None:
        return np.full(table.shape[0], "")
    return read_region_labels(table, mmm.region_column)


def steps_of(mmm: FittedMMM, X: Any) -> np.ndarray:
    """Return the number of each row's time step; rows count where there is no time."""
    table = as_table(X)
    if mmm.time_column is None:
        return np.arange(table.shape[0], dtype=float)
    labels = read_key(table, mmm.time_column, "time_column")
    return make_time_axis(labels, mmm.time_column).position(labels, mmm.time_column)


def with_channel(
    mmm: FittedMMM, X: Any, values: np.ndarray
) -> tuple[str, Any, dict[str, Any]]:
    """Return a further channel's name, X with its column, and parameters that name it.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted to columns as X has them.
    X : frame or array of shape (n_rows, n_columns)
    values : ndarray of shape (n_rows,)
    """
    table = as_table(X)
    columns = column_names(table)
    name: Any = "placebo"
    while name in columns:
        name += "_"
    wider: Any
    if isinstance(table, pd.DataFrame):
        wider = table.assign(**{name: values})
    elif hasattr(table, "with_columns"):
        series = type(table[columns[0]])
        wider = table.with_columns(series(name, values))
    else:
        name, wider = len(columns), np.column_stack([table, values])
    named = hasattr(mmm, "feature_names_in_")

    def specifiers(names: Sequence[str]) -> list[Any]:
        return [n if named else int(n.removeprefix("x")) for n in names]

    other = [*mmm.organic_columns_, *mmm.mediators_, *mmm.reach_frequency_]
    media = [n for n in mmm.media_columns_ if n not in other]
    params: dict[str, Any] = {
        "media_columns": [*specifiers(media), name],
        "organic_columns": specifiers(mmm.organic_columns_) or None,
        "mediators": specifiers(mmm.mediators_) or None,
        "control_columns": specifiers(mmm.control_columns_) or None,
    }
    if mmm.outcome_value_column_ is not None:
        params["outcome_value"] = specifiers([mmm.outcome_value_column_])

    def counted(column: Any) -> Any:
        # Positions from the end; there is one more column now.
        from_end = isinstance(column, (int, np.integer)) and column < 0
        return columns[column] if from_end else column

    regions = [counted(column) for column in region_columns(mmm.region_column)]
    if regions:
        params["region_column"] = regions[0] if len(regions) == 1 else regions
    params["time_column"] = counted(mmm.time_column)
    for parameter in ("adstock", "max_lag", "saturation"):
        told = mmm.get_params(deep=False)[parameter]
        if isinstance(told, Mapping):
            params[parameter] = {counted(key): value for key, value in told.items()}
    if mmm.channel_groups_:
        params["channel_groups"] = {
            group: specifiers(own) for group, own in mmm.channel_groups_.items()
        }
    spend = mmm.spend_columns
    if isinstance(spend, Mapping):
        params["spend_columns"] = {**spend, name: name} if spend else None
    elif spend is not None:
        paid = list(spend)
        paid.insert(len(media), name)
        params["spend_columns"] = paid
    return name if isinstance(name, str) else f"x{name}", wider, params
