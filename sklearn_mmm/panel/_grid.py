"""Rows of a long table as dense (region, week, feature) arrays, and back."""

from dataclasses import dataclass

import numpy as np

# Labels of regions beyond which each needs so many rows on average.
_MOST_SMALL_REGIONS, _FEWEST_ROWS = 1000, 4


@dataclass(frozen=True)
class Panel:
    """Where each row of a long table stands in its panel.

    Attributes
    ----------
    regions : ndarray of shape (n_regions,)
        Labels of the regions, sorted.
    position : ndarray of shape (n_weeks,)
        Position of each week on the time axis, ascending, in time steps.
    row_region, row_week : ndarray of shape (n_rows,)
        The cell of each row.
    observed : ndarray of shape (n_regions, n_weeks)
        Whether there is a row for the cell.
    """

    regions: np.ndarray
    position: np.ndarray
    row_region: np.ndarray
    row_week: np.ndarray
    observed: np.ndarray

    def scatter(self, values: np.ndarray) -> np.ndarray:
        """Return row values as (region, week, ...), zero where there is no row."""
        out = np.zeros(self.observed.shape + values.shape[1:], values.dtype)
        out[self.row_region, self.row_week] = values
        return out

    def gather(self, values: np.ndarray) -> np.ndarray:
        """Return the panel's values at the rows, in the rows' order."""
        return values[self.row_region, self.row_week]

    @property
    def gaps(self) -> np.ndarray:
        """Cells without a row between a region's first and last row."""
        started = np.maximum.accumulate(self.observed, axis=1)
        ended = np.maximum.accumulate(self.observed[:, ::-1], axis=1)[:, ::-1]
        return started & ended & ~self.observed


def make_panel(
    region: np.ndarray,
    position: np.ndarray,
    regular: bool = True,
    labels: np.ndarray | None = None,
    start: float | None = None,
    n_after: int = 0,
) -> Panel:
    """Arrange rows in a panel.

    Parameters
    ----------
    region : ndarray of shape (n_rows,)
        Region labels.
    position : ndarray of shape (n_rows,)
        Positions in time, see :class:`~sklearn_mmm.panel._time_axis.TimeAxis`.
    regular : bool, default=True
        Whether the weeks between the first and the last position all get a place.
    labels : ndarray of shape (n_rows,), optional
        Time labels for the message about duplicates.
    start : float, optional
        A position from which on all weeks get a place, if any row is later.
    n_after : int, default=0
        Weeks without rows that follow the last position.

    Raises
    ------
    ValueError
        If two rows have the same region and time.
    """
    regions, row_region = np.unique(region, return_inverse=True)
    if regular:
        first = position.min() if start is None else min(start, position.min())
        weeks = np.arange(first, position.max() + 1)
        row_week = (position - first).astype(np.intp)
    else:
        weeks, row_week = np.unique(position, return_inverse=True)
    if n_after:
        weeks = np.append(weeks, weeks[-1] + np.arange(1, n_after + 1))
    cell = row_region * len(weeks) + row_week
    _, first, count = np.unique(cell, return_index=True, return_counts=True)
    if (count > 1).any():
        row = int(first[count > 1].min())
        time = position[row] if labels is None else labels[row]
        raise ValueError(
            f"{int((count > 1).sum())} pairs of region and time occur more than once, "
            f"first region {str(region[row])!r}, time {time} (row {row}); "
            "did you forget region_column? Otherwise aggregate the rows first"
        )
    observed = np.zeros((len(regions), len(weeks)), bool)
    observed[row_region, row_week] = True
    return Panel(regions, weeks, row_region, row_week, observed)


def check_regions(panel: Panel, column: object) -> None:
    """Refuse labels that are too many to be those of regions.

    Parameters
    ----------
    panel : Panel
    column : object
        Name of the column with the labels, for the message.

    Raises
    ------
    ValueError
        If there are more than 1,000 of them with less than four rows each, on average.
    """
    n_regions, n_rows = len(panel.regions), len(panel.row_region)
    if n_regions > _MOST_SMALL_REGIONS and n_rows < _FEWEST_ROWS * n_regions:
        raise ValueError(
            f"region_column {column!r} has {n_regions:,} labels for {n_rows:,} rows, "
            f"first {panel.regions[0]!r}: a region needs a series in time, so these "
            "look like keys of rows; name the column with regions, or aggregate the "
            "rows of small regions first"
        )


def interpolate_gaps(panel: Panel, values: np.ndarray) -> np.ndarray:
    """Fill a region's missing weeks linearly between their neighbours.

    A missing row says nothing about the media of its week; zero would mean that
    spending stopped. Weeks before the first and after the last row stay zero.

    Parameters
    ----------
    panel : Panel
    values : ndarray of shape (n_regions, n_weeks, n_features)

    Returns
    -------
    ndarray of the same shape
    """
    gaps = panel.gaps
    if not gaps.any():
        return values
    out = values.copy()
    for r in np.flatnonzero(gaps.any(axis=1)):
        seen, missing = panel.observed[r], gaps[r]
        for feature in range(values.shape[2]):
            out[r, missing, feature] = np.interp(
                panel.position[missing], panel.position[seen], values[r, seen, feature]
            )
    return out
