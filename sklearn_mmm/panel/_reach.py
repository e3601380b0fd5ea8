"""Channels told as reach and frequency: their columns, and what these hold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sklearn_mmm._arguments import shown
from sklearn_mmm.panel._columns import Column, read_column, resolve_column
from sklearn_mmm.panel._grid import Panel, interpolate_gaps
from sklearn_mmm.panel._numbers import as_floats, check_size

# A frequency that was computed from impressions may fall short of 1 by rounding.
ROUNDING = 1e-6

ReachColumns = dict[str, tuple[Column, Column]]


def resolve_reach(X: Any, reach_frequency: Any) -> ReachColumns:
    """Return the columns of reach and frequency of each channel that has them.

    Parameters
    ----------
    X : frame or array
    reach_frequency : dict or None
        By the channel's name, a pair of columns.

    Raises
    ------
    ValueError
        If it is no such dict, X has no such column, or one is named twice.
    """
    if reach_frequency is None:
        return {}
    if not isinstance(reach_frequency, Mapping):
        raise ValueError(
            f"got reach_frequency={shown(reach_frequency)}; give a dict from channels "
            "to pairs of columns: {'youtube': ('youtube_reach', 'youtube_frequency')}"
        )
    found: ReachColumns = {}
    for name, columns in reach_frequency.items():
        if not isinstance(name, str) or not name:
            raise ValueError(
                f"reach_frequency: got the channel {shown(name)}; give it a name, "
                "which need not be a column's"
            )
        pair = list(columns) if isinstance(columns, (tuple, list)) else []
        if len(pair) != 2:
            raise ValueError(
                f"reach_frequency of {name!r} is {shown(columns)}; give two columns, "
                "that with its reach and that with its frequency"
            )
        reach, frequency = (resolve_column(X, c, "reach_frequency") for c in pair)
        found[name] = reach, frequency
    every = [column for pair in found.values() for column in pair]
    for column in every:
        if every.count(column) > 1:
            raise ValueError(
                f"reach_frequency names column {column!r} more than once; reach and "
                "frequency of each channel are columns of their own"
            )
    return found


def check_reach(found: ReachColumns, other: Sequence[Column | None]) -> None:
    """Refuse columns of reach and frequency that have another role as well.

    Raises
    ------
    ValueError
    """
    for name, pair in found.items():
        for column in pair:
            if column in other:
                raise ValueError(
                    f"column {column!r} is in reach_frequency, as {name!r}, and has "
                    "another role as well; give each column one role"
                )


def read_frequency(X: Any, column: Column, reach: np.ndarray) -> np.ndarray:
    """Return how often those who were reached saw something, (n_rows,).

    Parameters
    ----------
    X : frame or array
    column : str or int
    reach : ndarray of shape (n_rows,)

    Returns
    -------
    ndarray of shape (n_rows,)
        At least 1; NaN where nobody was reached and X has no frequency of 1 or more.

    Raises
    ------
    ValueError
        If somebody was reached less than once, or no one knows how often.
    """
    what = f"frequency column {column!r}"
    values = as_floats(read_column(X, column), what)
    missing = np.flatnonzero(~np.isfinite(values) & (reach > 0))
    if len(missing):
        raise ValueError(
            f"Input X contains NaN or inf: {what} has {len(missing)} such values where "
            f"reach is above 0, first in row {missing[0]}; fill them or leave the row "
            "out"
        )
    check_size(np.nan_to_num(values, posinf=0.0, neginf=0.0), what)
    few = np.flatnonzero((values < 1 - ROUNDING) & (reach > 0))
    if len(few):
        raise ValueError(
            f"{what} is {values[few[0]]:g} in row {few[0]}, where reach is "
            f"{reach[few[0]]:g}: who is reached has at least one contact. Give "
            "impressions / reach of the same time step (not of the whole audience), "
            "and a reach of 0 where nothing ran"
        )
    known = np.isfinite(values) & (values >= 1 - ROUNDING)
    return np.where(known, np.maximum(values, 1.0), np.nan)


def usual_frequency(
    panel: Panel, reach: np.ndarray, frequency: np.ndarray
) -> np.ndarray:
    """Return impressions per person reached, (n_regions, n_reached).

    That of all regions together where nobody was reached, and 1 where nobody ever was.

    Parameters
    ----------
    panel : Panel
    reach, frequency : ndarray of shape (n_rows, n_reached)
    """
    seen = panel.scatter(np.where(reach > 0, reach * frequency, 0.0)).sum(1)
    people = panel.scatter(reach).sum(1)
    whole = people.sum(0)
    common = np.divide(seen.sum(0), whole, out=np.ones(len(whole)), where=whole > 0)
    out = np.broadcast_to(common, people.shape).copy()
    return np.divide(seen, people, out=out, where=people > 0)


def frequency_grid(
    panel: Panel, frequency: np.ndarray, usual: np.ndarray
) -> np.ndarray:
    """Return frequencies of a panel, (n_regions, n_weeks, n_reached).

    Parameters
    ----------
    panel : Panel
    frequency : ndarray of shape (n_rows, n_reached)
    usual : ndarray of shape (n_regions, n_reached)
        Where nobody was reached, so that whoever will be is reached as often as this.
    """
    filled = np.where(np.isnan(frequency), usual[panel.row_region], frequency)
    return interpolate_gaps(panel, panel.scatter(filled))
