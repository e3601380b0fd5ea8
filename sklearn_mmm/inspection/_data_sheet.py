"""A long table on a grid of regions and time steps, before anything is fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.panel._columns import ColumnSpec, read_column, read_key
from sklearn_mmm.panel._region_labels import RegionSpec, cell_label, region_columns
from sklearn_mmm.panel._roles import Roles, resolve_roles
from sklearn_mmm.panel._time_axis import TimeAxis, make_time_axis
from sklearn_mmm.panel._time_labels import time_label


class Finding(NamedTuple):
    """Something in the data that a fit would suffer from.

    Attributes
    ----------
    severity : {"stops", "distorts", "note"}
        A fit is refused or meaningless; its results are wrong or vague; good to know.
    check : str
        Name of the kind of finding.
    where : str
        Columns, regions and time steps.
    what, what_to_do : str
        The finding and its remedy, in a sentence each.
    """

    severity: str
    check: str
    where: str
    what: str
    what_to_do: str


@dataclass(frozen=True)
class DataSheet:
    """Columns of a long table, arranged by region and time step.

    Attributes
    ----------
    outcome : ndarray of shape (n_regions, n_steps)
        NaN where there is no row.
    media, spend : ndarray of shape (n_regions, n_steps, n_channels)
    controls : ndarray of shape (n_regions, n_steps, n_controls)
    channels, spend_names, control_names : list of str
    regions : ndarray of shape (n_regions,)
        Labels; one empty label without a region column.
    times : ndarray of shape (n_steps,)
        Label of each time step, missing ones of the time axis included.
    axis : TimeAxis or None
        None without a time column.
    """

    outcome: np.ndarray
    media: np.ndarray
    spend: np.ndarray
    controls: np.ndarray
    channels: list[str]
    spend_names: list[str]
    control_names: list[str]
    regions: np.ndarray
    times: np.ndarray
    axis: TimeAxis | None

    @property
    def observed(self) -> np.ndarray:
        """Which region has a row in which time step."""
        seen: np.ndarray = np.isfinite(self.outcome)
        return seen

    @property
    def year(self) -> float | None:
        """Time steps in a year, None where there is no calendar."""
        return None if self.axis is None else self.axis.season_length

    def label(self, step: int) -> str:
        """Return the label of a time step as people write it."""
        return time_label(self.times[step])

    def place(self, region: int, step: int) -> str:
        """Return region and time step in words."""
        name = str(self.regions[region])
        return f"region {name!r}, {self.label(step)}" if name else self.label(step)


@dataclass(frozen=True)
class Table:
    """Columns of X and y as they were given.

    Attributes
    ----------
    roles : Roles
    numbers : dict of ndarray
        Columns with a role as floats, NaN where they hold no number.
    frequency : dict of ndarray
        Columns with frequencies alike; they may hold none where nobody is reached.
    target : ndarray of shape (n_rows,)
    region, time : ndarray of shape (n_rows,) or None
    """

    roles: Roles
    numbers: Mapping[Any, np.ndarray]
    frequency: Mapping[Any, np.ndarray]
    target: np.ndarray
    region: np.ndarray | None
    time: np.ndarray | None


def as_numbers(values: Any) -> np.ndarray:
    """Return values as floats, NaN where they are no numbers."""
    array = np.asarray(values)
    if array.dtype.kind in "Mmc":
        return np.full(array.shape, np.nan)
    if array.dtype.kind in "iufb":
        return array.astype(float)
    found = pd.to_numeric(pd.Series(array.ravel()), errors="coerce")
    return found.to_numpy(float, na_value=np.nan).copy()


def read_table(
    X: Any,
    y: Any,
    media_columns: ColumnSpec,
    control_columns: ColumnSpec,
    region_column: RegionSpec,
    time_column: str | int | None,
    spend_columns: Mapping[Any, Any] | Sequence[Any] | None,
    reach_frequency: Mapping[str, tuple[Any, Any]] | None = None,
    organic_columns: ColumnSpec = None,
    outcome_value: Any = None,
) -> Table:
    """Read columns without judging their content.

    Raises
    ------
    ValueError
        If X has no such columns, or X and y differ in length.
    """
    roles = resolve_roles(
        *(X, media_columns, control_columns, region_column, time_column),
        spend_columns,
        reach_frequency=reach_frequency,
        organic_columns=organic_columns,
        outcome_value=outcome_value,
    )
    target = as_numbers(np.asarray(y).ravel())
    if len(target) != X.shape[0]:
        raise ValueError(f"X has {X.shape[0]} rows, y has {len(target)}; pass pairs")
    # What costs nothing is judged by its media.
    spend = [
        m if s is None else s for m, s in zip(roles.media, roles.spend, strict=True)
    ]
    roles = replace(roles, spend=[*spend])
    value = [] if roles.value is None else [roles.value]
    used = dict.fromkeys([*roles.media, *roles.controls, *spend, *value])
    numbers = {name: as_numbers(read_column(X, name)) for name in used}
    often = {name: as_numbers(read_column(X, name)) for _, name in roles.reach.values()}
    time = None
    if time_column is not None:
        time = read_key_as_is(X, time_column, "time_column")
    return Table(roles, numbers, often, target, _regions(X, region_column), time)


def _regions(X: Any, spec: RegionSpec) -> np.ndarray | None:
    """Return the region of each row, None where any of its labels is missing."""
    parts = [read_key_as_is(X, c, "region_column") for c in region_columns(spec)]
    if len(parts) < 2:
        return parts[0] if parts else None
    missing = np.any([pd.isna(part) for part in parts], axis=0)
    labels = [cell_label(own) for own in zip(*parts, strict=True)]
    found = np.array(labels, dtype=object)
    found[missing] = None
    return found


def read_key_as_is(X: Any, column: str | int, parameter: str) -> np.ndarray:
    """Return a key column or index level, with whatever is missing in it."""
    if isinstance(X, pd.DataFrame) and column not in X and column in X.index.names:
        return X.index.get_level_values(column).to_numpy()
    if hasattr(X, "columns") and column in list(X.columns):
        return np.asarray(read_column(X, column))
    return read_key(X, column, parameter)


def make_sheet(table: Table, name: Any) -> DataSheet:
    """Arrange rows by region and time step.

    Parameters
    ----------
    table : Table
        With keys, each of which occurs once.
    name : object
        Of the time column, for messages.

    Raises
    ------
    ValueError
        If the time steps cannot be read or are not evenly spaced.
    """
    n_rows = len(table.target)
    if table.region is None:
        regions, code = np.array([""], dtype=object), np.zeros(n_rows, int)
    else:
        regions, code = np.unique(table.region.astype(str), return_inverse=True)
    axis = None
    if table.time is None:
        step = pd.Series(code).groupby(code).cumcount().to_numpy()
    else:
        axis = make_time_axis(table.time, name)
        step = np.round(axis.position(table.time, name)).astype(int)
    times = _labels(table.time, step)
    shape = len(regions), len(times)

    def grid(columns: list[Any]) -> np.ndarray:
        out = np.full((*shape, len(columns)), np.nan)
        for i, column in enumerate(columns):
            out[code, step, i] = table.numbers[column]
        return out

    outcome = np.full(shape, np.nan)
    outcome[code, step] = table.target
    roles = table.roles
    return DataSheet(
        outcome=outcome,
        media=grid(roles.media),
        spend=grid(roles.spend),
        controls=grid(roles.controls),
        channels=[str(c) for c in roles.channels],
        spend_names=[str(c) for c in roles.spend],
        control_names=[str(c) for c in roles.controls],
        regions=regions,
        times=times,
        axis=axis,
    )


def _labels(time: np.ndarray | None, step: np.ndarray) -> np.ndarray:
    """Return a label for each time step; one without a row names the one before."""
    n_steps = int(step.max()) + 1
    labels = np.empty(n_steps, dtype=object)
    labels[step] = [f"row {i}" for i in step] if time is None else time
    known = np.zeros(n_steps, bool)
    known[step] = True
    last = np.maximum.accumulate(np.where(known, np.arange(n_steps), 0))
    for i in np.flatnonzero(~known):
        labels[i] = f"after {time_label(labels[last[i]])}"
    return labels
