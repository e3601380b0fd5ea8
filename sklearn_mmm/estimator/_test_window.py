"""Where a lift test lies on the training weeks."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mmm.panel._grid import Panel
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


def place_window(
    panel: Panel,
    axis: TimeAxis | None,
    ends: tuple[Any, Any],
    movable: bool,
    what: str,
) -> TestWindow | None:
    """Return the weeks of a test; None if it has none in training.

    A test from before the training weeks stands on the same weeks of the earliest
    year that is known, or on the first weeks if there is less than a year.

    Parameters
    ----------
    panel : Panel
    axis : TimeAxis or None
        None: time steps are counted by rows.
    ends : tuple
        First and last time label, both included.
    movable : bool
        Whether a test from before may be moved.
    what : str
        What the test is called, for messages.

    Raises
    ------
    ValueError
        If the test ends before it starts.
    """
    position = panel.position
    if axis is None:
        first, last = (float(end) for end in ends)
        if not first <= last:
            raise ValueError(
                f"{what}: it ends ({ends[1]}) before it starts ({ends[0]})"
            )
    else:
        first, last = axis.span(*ends, what)
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
