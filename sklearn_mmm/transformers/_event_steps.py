r"""From days of events to values of time steps.

An event that is on for :math:`d` of the days of a time step has the value :math:`d`
there, and windows around it reach into the steps before its first and after its last
one.
"""

from collections.abc import Iterable
from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.panel._time_axis import TimeAxis
from sklearn_mmm.panel._time_labels import DAY
from sklearn_mmm.panel._time_steps import AVERAGE_MONTH, fiscal_position, month_numbers
from sklearn_mmm.transformers._event_days import Occurrence, column_of

# Wider windows are no longer around an event.
_WIDEST = 366
# Of columns: position of a time step -> value.
Marks = dict[str, dict[float, float]]


class Window(NamedTuple):
    """What an event does to the steps around it.

    Attributes
    ----------
    before, after : int
        Steps, at least 0.
    smooth : bool
        Whether it is one column that rises and falls, or a column for each step.
    """

    before: int
    after: int
    smooth: bool

    @property
    def offsets(self) -> list[int]:
        """Steps from the event, without 0."""
        every = range(-self.before, self.after + 1)
        return [offset for offset in every if offset]

    def weight(self, offset: int) -> float:
        r"""Return :math:`e^{-k^2 / 2 s^2}`, with s half of the window on that side."""
        half = (self.before if offset < 0 else self.after) / 2
        return float(np.exp(-0.5 * (offset / half) ** 2))

    def columns(self, name: str) -> list[str]:
        """Return the columns of an event, in the order of time."""
        own = column_of(name)
        if self.smooth:
            return [own]
        every = range(-self.before, self.after + 1)
        return [_at(own, offset) for offset in every]


def read_window(window: Any, smooth: bool) -> Window:
    """Return a window.

    Raises
    ------
    ValueError
        If it is none.
    """
    whole = len(window) == 2 and all(
        isinstance(n, Integral) and not isinstance(n, bool) for n in window
    )
    if not whole or not -_WIDEST <= window[0] <= 0 <= window[1] <= _WIDEST:
        raise ValueError(
            f"got window={window!r}; give time steps before and after an event, such "
            f"as (-2, 1), at most {_WIDEST} of them"
        )
    return Window(-int(window[0]), int(window[1]), smooth)


def _at(own: str, offset: int) -> str:
    if not offset:
        return own
    return f"{own}_{'before' if offset < 0 else 'after'}_{abs(offset)}"


class EventSteps:
    """Which time steps events fall into.

    Parameters
    ----------
    axis : TimeAxis
    at_end : bool
        Whether labels are those of the last day of a step.
    """

    def __init__(self, axis: TimeAxis, at_end: bool) -> None:
        self.axis, self.at_end = axis, at_end
        self.dated = axis.kind in ("date", "month", "fiscal")
        self.finer = axis.kind == "date" and axis.pace < DAY

    def marks(self, events: Iterable[Occurrence], window: Window) -> Marks:
        """Return the values of time steps of all events of one place."""
        found: Marks = {}
        days: dict[str, set[int]] = {}
        events = list(events)
        cores = []
        for event in events:
            own = column_of(event.name)
            values = found.setdefault(own, {})
            cores.append(self._core(event, days.setdefault(own, set())))
            for position, value in cores[-1].items():
                # Days of one step add up; a step that is not cut into days is one.
                others = values.get(position, 0.0) if self._counts_days else 0.0
                values[position] = others + value
        for event, core in zip(events, cores, strict=True):
            own = column_of(event.name)
            for offset in window.offsets:
                around = found.setdefault(
                    own if window.smooth else _at(own, offset), {}
                )
                weight = window.weight(offset) if window.smooth else 1.0
                for position in self._beside(event, offset):
                    if position not in core:
                        around[position] = max(around.get(position, 0.0), weight)
        return found

    @property
    def _counts_days(self) -> bool:
        return self.dated and not self.finer

    def of(self, event: Occurrence) -> list[float]:
        """Return the steps in which an event is on."""
        return list(self._core(event, set()))

    def _core(self, event: Occurrence, known: set[int]) -> dict[float, float]:
        """Return in how many days of which steps an event was on.

        Parameters
        ----------
        event : Occurrence
        known : set of int
            Days that count already; those of the event are added.
        """
        if not self.dated:
            begin, end = self.axis.spans([event.start], [event.end], "events")
            return dict.fromkeys(np.arange(np.ceil(begin[0]), end[0] + 1).tolist(), 1.0)
        if self.finer:
            return dict.fromkeys(self._steps(event.start, event.end), 1.0)
        every = set(range(int(event.start // DAY), int(-(-event.end // DAY))))
        new = np.array(sorted(every - known), np.int64)
        known |= every
        position, count = np.unique(self._of_days(new * DAY), return_counts=True)
        return dict(zip(position.tolist(), count.astype(float).tolist(), strict=True))

    def _beside(self, event: Occurrence, offset: int) -> list[float]:
        """Return the steps so far before the first or after the last of an event."""
        if self.finer:
            edge = event.start if offset < 0 else event.end - 1
            day = (edge // DAY + offset) * DAY
            return self._steps(day, day + DAY)
        if not self.dated:
            edges = self.axis.spans([event.start], [event.end], "events")
            return [float(edges[int(offset > 0)][0] + offset)]
        edge = event.start if offset < 0 else event.end - 1
        edges_day = np.array([int(edge // DAY) * DAY])
        return [float(self._of_days(edges_day)[0] + offset)]

    def _steps(self, start: float, end: float) -> list[float]:
        """Return the steps shorter than a day that begin inside a time."""
        first, pace = int(self.axis.first), int(self.axis.pace)
        if self.axis.universal:
            start, end = _universal([start, end], self.axis.zone)
        low, high = -(-(int(start) - first) // pace), -(-(int(end) - first) // pace)
        return [float(step) for step in range(low, high)]

    def _of_days(self, days: np.ndarray) -> np.ndarray:
        """Return the position of the step of each day, in nanoseconds since 1970."""
        axis, pace = self.axis, int(self.axis.pace)
        if axis.kind == "month":
            first = int(axis.first) - (pace - 1) * self.at_end
            return np.asarray((month_numbers(days) - first) // pace, dtype=float)
        if axis.kind == "fiscal":
            return self._of_fiscal(days)
        first = int(axis.first) // DAY * DAY
        if self.at_end:
            first -= pace - DAY
        return np.asarray((days - first) // pace, dtype=float)

    def _of_fiscal(self, days: np.ndarray) -> np.ndarray:
        """Return positions among periods of four and five weeks."""
        known = self.axis.training_ticks
        place = fiscal_position(known, known)[0]
        side: Literal["left", "right"] = "left" if self.at_end else "right"
        at = np.searchsorted(known, days, side) - (not self.at_end)
        inside = place[np.clip(at, 0, len(known) - 1)]
        near = np.where(days < known[0], known[0], known[-1])
        away = (days - near) / AVERAGE_MONTH
        beyond = np.ceil(away) if self.at_end else np.floor(away)
        outside = (days < known[0]) | (days > known[-1])
        edge = np.where(days < known[0], place[0], place[-1])
        return np.asarray(np.where(outside, edge + beyond, inside), dtype=float)


def _universal(ticks: list[float], zone: str | None) -> list[int]:
    """Return moments of the wall clock of a zone in universal time."""
    local = pd.DatetimeIndex(np.array(ticks, np.int64).astype("datetime64[ns]"))
    first = np.ones(len(ticks), bool)
    aware = local.tz_localize(
        zone or "UTC", ambiguous=first, nonexistent="shift_forward"
    )
    return [int(tick) for tick in aware.as_unit("ns").asi8]
