"""What is wrong with data, before anything is fitted."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sklearn_mmm._threads import one_thread
from sklearn_mmm.inspection._data_refusals import refusals
from sklearn_mmm.inspection._data_sheet import Finding, make_sheet, read_table
from sklearn_mmm.inspection._data_signals import (
    collinear,
    gaps,
    little_variation,
    too_little,
    zero_spells,
)
from sklearn_mmm.inspection._data_suspicions import (
    changed_units,
    media_outliers,
    outliers,
    spend_follows,
    target_in_disguise,
)
from sklearn_mmm.panel._columns import ColumnSpec, as_table
from sklearn_mmm.panel._region_labels import RegionSpec

SEVERITIES = ("stops", "distorts", "note")
_JUDGES = (
    gaps,
    zero_spells,
    outliers,
    media_outliers,
    collinear,
    little_variation,
    too_little,
    spend_follows,
    target_in_disguise,
    changed_units,
)


@one_thread()
def check_data(
    X: Any,
    y: Any,
    media_columns: ColumnSpec = None,
    control_columns: ColumnSpec = None,
    region_column: RegionSpec = None,
    time_column: str | int | None = None,
    *,
    spend_columns: Mapping[Any, Any] | Sequence[Any] | None = None,
    reach_frequency: Mapping[str, tuple[Any, Any]] | None = None,
    organic_columns: ColumnSpec = None,
    outcome_value: Any = None,
) -> pd.DataFrame:
    """Return what is wrong with data, before anything is fitted.

    Looked for are values that are no numbers, negative media, frequencies below 1,
    repeated rows, dates whose day and month were exchanged; gaps, spells of zeros,
    outliers, collinearity, too little variation, too few rows for what is to be
    learned; spend that follows the outcome, columns that are the outcome in disguise,
    and units that change on the way.

    Parameters
    ----------
    X : DataFrame or array of shape (n_rows, n_columns)
        As for :meth:`DeepCausalMMMRegressor.fit`, but it may hold anything.
    y : array-like of shape (n_rows,)
        The outcome, outcome units per time step.
    media_columns, control_columns, region_column, time_column, spend_columns, \
reach_frequency, organic_columns, outcome_value : column specifiers
        As for :class:`DeepCausalMMMRegressor`.

    Returns
    -------
    DataFrame
        A row for each finding, the worst first: ``severity`` ("stops": a fit is
        refused or meaningless; "distorts": its results are wrong or vague; "note"),
        ``check`` (its kind), ``where``, ``what`` and ``what_to_do``. Without a row,
        nothing stands out.

    Raises
    ------
    ValueError
        If X has no such columns, a column has two roles, or y is not as long as X.

    Notes
    -----
    "Spend follows the outcome" is the test of Granger (1969), "Investigating Causal
    Relations by Econometric Models and Cross-spectral Methods", with one lag, inside
    regions, given the media of two steps before, a trend and three waves of the year.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm import check_data
    >>> X = pd.DataFrame({
    ...     "week": pd.date_range("2023-01-02", periods=6, freq="7D"),
    ...     "tv": [1.0, 0.0, 3.0, -2.0, 0.0, 1.0],
    ... })
    >>> table = check_data(X, [9.0, 8.0, 9.5, 8.5, 8.0, 9.0], time_column="week")
    >>> table.loc[0, ["severity", "where"]].tolist()
    ['stops', "column 'tv', row 3 / 2023-01-23"]
    """
    X = as_table(X)
    table = read_table(
        X,
        y,
        media_columns,
        control_columns,
        region_column,
        time_column,
        spend_columns,
        reach_frequency,
        organic_columns,
        outcome_value,
    )
    found = list(refusals(table, X, y, region_column, time_column))
    if not {"missing key", "repeated rows", "misread dates"} & {f.check for f in found}:
        found += _judged(table, time_column)
    order = sorted(found, key=lambda f: SEVERITIES.index(f.severity))
    return pd.DataFrame(order, columns=list(Finding._fields))


def _judged(table: Any, time_column: Any) -> list[Finding]:
    try:
        sheet = make_sheet(table, time_column)
    except ValueError as error:
        advice = "Bring all rows to one spacing, with dates such as 2023-05-31."
        where = f"time column {str(time_column)!r}"
        return [Finding("stops", "time steps", where, f"{error}", advice)]
    return [finding for judge in _JUDGES for finding in judge(sheet)]
