"""What any media plan would bring under the truth of a synthetic panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mmm._arguments import check_table, shown
from sklearn_mmm._threads import one_thread
from sklearn_mmm.datasets._funnel import propagate
from sklearn_mmm.panel._columns import check_media, read_numbers


@one_thread()
def true_contributions(truth: Bunch, X: pd.DataFrame) -> pd.DataFrame:
    """Return each channel's contribution if media were as in X.

    Parameters
    ----------
    truth : Bunch
        From :func:`make_mmm`.
    X : DataFrame
        Rows of the panel with other spend; weeks that are not in X keep theirs. Where
        the truth has a graph, children react to what their parents do.

    Returns
    -------
    DataFrame of shape (n_rows, n_channels)
        Outcome units, same index as X.

    Raises
    ------
    TypeError, ValueError
        If the truth is none, or X no rows of its panel.

    Examples
    --------
    >>> from sklearn_mmm.datasets import make_mmm, true_contributions
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> float(true_contributions(truth, X.assign(tv=0.0))["tv"].abs().max())
    0.0
    """
    region, week, spend = _cells(truth, X)
    panel = truth.panel
    planned = panel.activity.copy()
    planned[region, week] = spend / panel.scale[region]
    activity = propagate(planned, panel.activity, panel.graph, panel.response)
    values = panel.weight * panel.response.share(activity)
    return pd.DataFrame(
        values[region, week], index=X.index, columns=truth.media_columns
    )


@one_thread()
def true_outcome(truth: Bunch, X: pd.DataFrame) -> pd.Series:
    """Return sales without noise if media were as in X.

    Parameters
    ----------
    truth : Bunch
        From :func:`make_mmm`.
    X : DataFrame
        Rows of the panel with other spend; controls stay as they were.

    Returns
    -------
    Series of shape (n_rows,)
        Outcome units per week.

    Raises
    ------
    TypeError, ValueError
        As :func:`true_contributions`.

    Examples
    --------
    >>> from sklearn_mmm.datasets import make_mmm, true_outcome
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> without = true_outcome(truth, X.assign(tv=0.0))
    >>> bool((without <= true_outcome(truth, X)).all())
    True
    """
    region, week, _ = _cells(truth, X)
    media = true_contributions(truth, X).sum(axis=1)
    return (media + truth.panel.organic[region, week]).rename("sales")


def _cells(truth: Bunch, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the region, the week and the spend of each row of X."""
    if not isinstance(truth, Bunch) or "panel" not in truth:
        raise TypeError(f"got truth={shown(truth)}; give what make_mmm returned")
    panel = truth.panel
    check_table("X", X, ["region", "week", *truth.media_columns], "make_mmm")
    try:
        weeks = pd.DatetimeIndex(X["week"])
    except (ValueError, TypeError) as error:
        raise ValueError("X: column 'week' holds no dates") from error
    region = pd.Index(panel.regions).get_indexer(X["region"])
    week = panel.weeks.get_indexer(weeks)
    for column, place in (("region", region), ("week", week)):
        if (place < 0).any():
            row = int(np.flatnonzero(place < 0)[0])
            raise ValueError(
                f"{column} {X[column].iloc[row]!r} (row {row}) is not in the panel "
                "that the truth belongs to"
            )
    spend = read_numbers(X, truth.media_columns, "media")
    check_media(spend, truth.media_columns)
    return region, week, spend
