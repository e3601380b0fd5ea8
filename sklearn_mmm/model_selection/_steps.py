"""The time steps and regions of rows, numbered."""

from typing import Any

import numpy as np

from sklearn_mmm.panel._columns import as_table, read_key
from sklearn_mmm.panel._region_labels import RegionSpec, read_region_labels
from sklearn_mmm.panel._time_axis import make_time_axis


def steps_of(X: Any, time_column: str | int) -> np.ndarray:
    """Return the number of each row's time step among those of X, in order of time."""
    labels = read_key(as_table(X), time_column, "time_column")
    axis = make_time_axis(labels, time_column)
    position = axis.position(labels, time_column)
    return np.unique(position, return_inverse=True)[1]


def regions_of(X: Any, region_column: RegionSpec) -> np.ndarray:
    """Return the number of each row's region among those of X, in order of labels."""
    region = read_region_labels(as_table(X), region_column)
    return np.unique(region, return_inverse=True)[1]


def rows_of(number: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the positions of rows whose number is among those chosen, ascending."""
    return np.flatnonzero(np.isin(number, chosen))
