"""What any media plan would bring under the truth of a synthetic panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mmm._threads import one_thread
from sklearn_mmm.datasets._funnel import propagate


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

    Examples
    --------
    >>> from sklearn_mmm.datasets import make_mmm, true_contributions
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> float(true_contributions(truth, X.assign(tv=0.0))["tv"].abs().max())
    0.0
    """
    panel = truth.panel
    region = pd.Index(panel.regions).get_indexer(X["region"])
    week = panel.weeks.get_indexer(pd.DatetimeIndex(X["week"]))
    for column, place in (("region", region), ("week", week)):
        if (place < 0).any():
            row = int(np.flatnonzero(place < 0)[0])
            raise ValueError(
                f"{column} {X[column].iloc[row]!r} (row {row}) is not in the panel "
                "that the truth belongs to"
            )
    planned = panel.activity.copy()
    spend = X[truth.media_columns].to_numpy(float)
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

    Examples
    --------
    >>> from sklearn_mmm.datasets import make_mmm, true_outcome
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> without = true_outcome(truth, X.assign(tv=0.0))
    >>> bool((without <= true_outcome(truth, X)).all())
    True
    """
    media = true_contributions(truth, X).sum(axis=1)
    panel = truth.panel
    region = pd.Index(panel.regions).get_indexer(X["region"])
    week = panel.weeks.get_indexer(pd.DatetimeIndex(X["week"]))
    return (media + panel.organic[region, week]).rename("sales")
