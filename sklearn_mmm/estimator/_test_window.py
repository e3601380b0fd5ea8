"""Where a lift test lies on the training weeks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.panel._grid import Panel
from sklearn_mmm.panel._numbers import as_number
from sklearn_mmm.panel._time_axis import TimeAxis


@dataclass(frozen=True)
class TestWindow:
    """The weeks of a test.

    Attributes
    ----------
    weeks : bool ndarray of shape (n_weeks,)
    age : float
        Years by which the test was moved to lie in the training weeks; 0 if it does.
    """

    __test__ = False  # no test of pytest's

    weeks: np.ndarray
    age: float


def read_windows(
    tests: pd.DataFrame, axis: TimeAxis | None
) -> list[tuple[float, float]]:
    """Return the positions of the first and the last time step of each test.

    Parameters
    ----------
    tests : DataFrame
        With columns ``start`` and ``end``, in the format of the training labels.
    axis : TimeAxis or None
        None: time steps are counted by rows.

    Raises
    ------
    ValueError
        If a test has no such labels, or ends before it starts.
    """
    if not len(tests):
        return []
    starts, ends = tests["start"].to_numpy(), tests["end"].to_numpy()
    if axis is None:
        return [
            _rows(*pair, row) for row, pair in enumerate(zip(starts, ends, strict=True))
        ]
    try:
        first, last = axis.spans(starts, ends, "start, end")
    except ValueError as error:
        # Once more one by one, to name the row.
        for row in range(len(starts)):
            try:
                axis.spans(starts[[row]], ends[[row]], "start, end")
            except ValueError as alone:
                raise ValueError(f"lift test in row {row}: {alone}") from error
        raise
    return list(zip(first.tolist(), last.tolist(), strict=True))


def _rows(start: Any, end: Any, row: int) -> tuple[float, float]:
    what = f"lift test in row {row}"
    hint = "a number of a row, as there is no time_column"
    first, last = (
        as_number(start, f"{what}: start", hint),
        as_number(end, f"{what}: end", hint),
    )
    if last < first:
        raise ValueError(f"{what}: it ends ({end}) before it starts ({start})")
    return first, last


def place_window(
    panel: Panel,
    axis: TimeAxis | None,
    ends: tuple[float, float],
    movable: bool,
) -> TestWindow | None:
    """Return the weeks of a test; None if it has none in training.

    A test from before the training weeks stands on the same weeks of the earliest
    year that is known, or on the first weeks if there is less than a year.

    Parameters
    ----------
    panel : Panel
    axis : TimeAxis or None
    ends : tuple of float
        Positions of the first and the last time step.
    movable : bool
        Whether a test from before may be moved.
    """
    position = panel.position
    first, last = ends
    year = None if axis is None else axis.season_length
    moved = 0.0
    if last < position[0] and movable and year is not None:
        n_years = np.ceil((position[0] - first) / year)
        moved = float(np.round(n_years * year))
        if last + moved > position[-1]:
            moved = float(position[0] - first)
    first, last = first + moved, last + moved
    if first < position[0] or last > position[-1]:
        return None
    weeks = np.asarray((position >= first) & (position <= last))
    return TestWindow(weeks, moved / year if year else 0.0)
