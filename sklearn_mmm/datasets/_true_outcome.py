"""What any media plan would bring under the truth of a synthetic panel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mmm._arguments import check_table, shown
from sklearn_mmm._threads import one_thread
from sklearn_mmm.datasets._funnel import propagate
from sklearn_mmm.datasets._media_table import activity_in, media_table


@one_thread()
def true_contributions(truth: Bunch, X: pd.DataFrame) -> pd.DataFrame:
    """Return each channel's contribution if media were as in X.

    Parameters
    ----------
    truth : Bunch
        From :func:`make_mmm`.
    X : DataFrame
        Rows of the panel with other media; weeks that are not in X keep theirs. Where
        the truth has a graph, children react to what their parents do.

    Returns
    -------
    DataFrame of shape (n_rows, n_channels)
        Outcome units, same index as X; columns as those of ``truth.contributions``.

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
    region, step = _cells(truth, X)
    panel, media = truth.panel, truth.panel.media
    planned, own = activity_in(panel, X, region, step), media.campaigns
    activity = own.totals(planned)
    if media.graph.any():
        # Then no channel has campaigns.
        planned = propagate(activity, media.activity, media.graph, media.response)
        activity = planned
    values = panel.weight * media.response.share(activity)
    parts = own.parts(values, planned, media.response)
    return pd.DataFrame(parts[region, step], index=X.index, columns=own.names)


@one_thread()
def true_outcome(truth: Bunch, X: pd.DataFrame) -> pd.Series:
    """Return sales without noise if media were as in X.

    Parameters
    ----------
    truth : Bunch
        From :func:`make_mmm`.
    X : DataFrame
        Rows of the panel with other media; controls and events stay as they were.

    Returns
    -------
    Series of shape (n_rows,)
        Outcome units per time step.

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
    region, step = _cells(truth, X)
    media = true_contributions(truth, X).sum(axis=1)
    name = "sales" if truth.outcome_value is None else "orders"
    return (media + truth.panel.organic[region, step]).rename(name)


def _cells(truth: Bunch, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the region and the time step of each row of X."""
    if not isinstance(truth, Bunch) or "panel" not in truth:
        raise TypeError(f"got truth={shown(truth)}; give what make_mmm returned")
    cells, clock = truth.panel.cells, truth.panel.clock
    needed = [*cells.columns, clock.column, *media_table(truth.panel.media)]
    check_table("X", X, needed, "make_mmm")
    try:
        steps = pd.DatetimeIndex(X[clock.column])
    except (ValueError, TypeError) as error:
        raise ValueError(f"X: column {clock.column!r} holds no dates") from error
    labels: Any = X[cells.columns[0]]
    if len(cells.columns) > 1:
        labels = pd.MultiIndex.from_frame(X[cells.columns])
    region = cells.labels.get_indexer(labels)
    step = clock.labels.get_indexer(steps)
    for column, place in ((cells.columns[0], region), (clock.column, step)):
        if (place < 0).any():
            row = int(np.flatnonzero(place < 0)[0])
            raise ValueError(
                f"{column} {X[column].iloc[row]!r} (row {row}) is not in the panel "
                "that the truth belongs to"
            )
    return region, step
