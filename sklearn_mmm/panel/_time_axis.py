"""Time labels and their positions on an evenly spaced axis."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.panel._time_labels import DATES, DAY, NUMBERS, TimeLabels, read_labels
from sklearn_mmm.panel._time_steps import (
    AVERAGE_MONTH,
    AVERAGE_YEAR,
    common_step,
    duration,
    even,
    fiscal_position,
    is_fiscal,
    is_monthly,
    month_numbers,
    rank_position,
)

# A grid that would be mostly empty means that the labels are not evenly spaced.
_MOST_EMPTY = 4
# Steps that a grid may always have, however few labels there are.
_ALWAYS_FITS = 520


@dataclass(frozen=True)
class TimeAxis:
    """How time labels of one panel become positions counted in time steps.

    Attributes
    ----------
    kind : {"date", "month", "fiscal", "number", "order"}
        Dates a fixed time apart, calendar months, periods of four and five weeks,
        evenly spaced numbers, or irregular numbers, of which only the order counts.
    first : int or float
        The first training label: nanoseconds, months or the number itself.
    pace : int or float
        Spacing in the same unit; 1 for ``order``.
    training_ticks : ndarray
        The distinct training labels in that unit, ascending.
    layout : str
        Format in which the labels are written.
    zone : str or None
        Time zone of the training labels.
    universal : bool
        Whether steps are counted in universal time; else by the wall clock, whose
        days are not all 24 hours long.
    """

    kind: str
    first: float
    pace: float
    training_ticks: np.ndarray
    layout: str = DATES
    zone: str | None = None
    universal: bool = False

    @property
    def origin(self) -> float:
        """The first training label in days, months or as it is."""
        return self.first / DAY if self.kind in ("date", "fiscal") else self.first

    @property
    def step(self) -> float:
        """Spacing in days, months or the labels' unit."""
        return self.pace / DAY if self.kind == "date" else self.pace

    @property
    def days_per_step(self) -> float | None:
        """Length of a time step in days, None where steps are no fixed time."""
        return self.pace / DAY if self.kind == "date" else None

    @property
    def weeks_per_step(self) -> float:
        """Length of a time step in weeks; one where nobody can tell."""
        weeks = {
            "date": self.pace / (7 * DAY),
            "fiscal": self.pace / (7 * DAY),
            "month": self.pace * AVERAGE_MONTH / (7 * DAY),
            "number": self.pace / (7 if self.pace % 7 == 0 else 1),
        }
        return float(weeks.get(self.kind, 1.0))

    @property
    def regular(self) -> bool:
        """Whether positions are whole numbers."""
        return self.kind != "order"

    @property
    def season_length(self) -> float | None:
        """Time steps in a year, None where a year has fewer than two.

        Integers are taken to count weeks, or days where they go by sevens.
        """
        year = self.cycles.get("year", 0.0)
        return year if year >= 2 else None

    @property
    def cycles(self) -> dict[str, float]:
        """Time steps in a year, a month, a week and a day, the longest first.

        Of a week and a day only where steps are a fixed time.
        """
        if self.kind == "order":
            return {}
        weeks = 365.25 if self.pace % 7 == 0 else 52.0
        years = {"number": weeks, "month": 12.0}
        year = years.get(self.kind, AVERAGE_YEAR) / self.pace
        found = {"year": year, "month": year / 12}
        if self.kind == "date":
            found |= {"week": 7 * DAY / self.pace, "day": DAY / self.pace}
        return found

    def read(self, labels: Any, name: object) -> tuple[np.ndarray, np.ndarray]:
        """Return what stands for labels in tables, and their positions.

        Parameters
        ----------
        labels : array-like of shape (n_rows,)
            In the format of the training labels, as dates, or as ISO texts.
        name : object
            The column's name, for messages.

        Returns
        -------
        labels : ndarray of shape (n_rows,)
            Numbers, dates or periods.
        position : ndarray of shape (n_rows,)
            Steps since the first training label.

        Raises
        ------
        ValueError
            If a label cannot be read, lies off the training data's grid, or so far
            from it that the steps between cannot be computed with.
        """
        found = self._labels(labels, name)
        ticks = self._ticks(found)
        if self.kind == "order":
            return found.labels, rank_position(ticks, self.training_ticks)
        position, off = self._place(ticks)
        if off.any():
            row = int(np.flatnonzero(off)[0])
            raise ValueError(
                f"time column {name!r}: {_show(found, row)} in row {row} is off the "
                "grid of the training data, whose steps are "
                f"{self.describe_step()} apart"
            )
        self._check_reach(position, found, name)
        shown = found.labels
        if self.universal:
            utc = pd.DatetimeIndex(ticks.astype("datetime64[ns]")).tz_localize("UTC")
            shown = np.array(utc, dtype=object)
        return shown, position

    def position(self, labels: Any, name: object) -> np.ndarray:
        """Return the position of each label, see :meth:`read`."""
        return self.read(labels, name)[1]

    def spans(
        self, starts: Any, ends: Any, name: object
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of the first and the last step of periods.

        Parameters
        ----------
        starts, ends : array-like of shape (n_periods,)
            Both included; they may lie between steps. All of them are in one format.
        name : object
            What they are called, for messages.

        Raises
        ------
        ValueError
            If a label cannot be read, or a period ends before it starts.
        """
        # Together, since a format is found from all labels of a column.
        found = self._labels(np.concatenate([_objects(starts), _objects(ends)]), name)
        ticks = self._ticks(found)
        begin, end = np.split(ticks, 2)
        if (end < begin).any():
            row = int(np.flatnonzero(end < begin)[0])
            raise ValueError(
                f"it ends ({_show(found, row + len(begin))}) before it starts "
                f"({_show(found, row)})"
            )
        if self.kind == "order":
            begin, end = np.split(rank_position(ticks, self.training_ticks), 2)
            return begin, end
        begin, end = np.split((ticks - self.first) / self.pace, 2)
        begin, end = np.ceil(begin - 1e-9), np.floor(end + 1e-9)
        if self.kind == "fiscal":
            whole = self._place(self.training_ticks)[0]
            low, high = np.split(ticks, 2)
            at = np.searchsorted(self.training_ticks, low, "left")
            begin = np.append(whole, np.maximum(whole[-1] + 1, begin.max()))[at]
            at = np.searchsorted(self.training_ticks, high, "right")
            late = high > self.training_ticks[-1] + self.pace
            end = np.where(late, end, np.append(-1.0, whole)[at])
        return begin, end

    def describe_step(self) -> str:
        """Return the spacing in words."""
        return (
            "four or five weeks" if self.kind == "fiscal" else self.describe(self.pace)
        )

    def describe(self, time: float) -> str:
        """Return a length of time, in the unit of ``pace``, in words."""
        if self.kind == "date":
            return duration(time)
        return f"{time:g} {'months' if self.kind == 'month' else 'units'}"

    def _labels(self, labels: Any, name: object) -> TimeLabels:
        found = read_labels(labels, name, self.layout, self.zone)
        if (found.layout == NUMBERS) != (self.kind in ("number", "order")):
            theirs = "numbers" if self.kind in ("number", "order") else "dates"
            raise ValueError(
                f"time column {name!r}: the training data have {theirs}, these rows "
                f"such labels as {_show(found, 0)}; give {theirs} here as well"
            )
        return found

    def _ticks(self, found: TimeLabels) -> np.ndarray:
        if self.kind == "month":
            months = month_numbers(found.ticks)
            _check_one_a_month(months, found)
            return months
        if not self.universal:
            return found.ticks
        if found.universal is None:
            zone = self.zone or "UTC"
            local = pd.DatetimeIndex(found.ticks.astype("datetime64[ns]"))
            aware = local.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
            if aware.isna().any():
                row = int(np.flatnonzero(aware.isna())[0])
                raise ValueError(
                    f"time labels without a time zone are not clear where clocks in "
                    f"{zone} change, first {local[row]} in row {row}; give them their "
                    "time zone"
                )
            return aware.tz_convert("UTC").tz_localize(None).as_unit("ns").asi8.copy()
        return found.universal

    def _place(self, ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return positions, and which labels lie off the grid."""
        if self.kind in ("date", "month"):
            since = ticks - int(self.first)
            return (since // int(self.pace)).astype(float), since % int(self.pace) != 0
        if self.kind == "fiscal":
            return fiscal_position(ticks, self.training_ticks)
        position = (ticks - self.first) / self.pace
        whole = np.round(position)
        return whole, np.abs(position - whole) > 1e-6 * np.maximum(1, np.abs(whole))

    def _check_reach(
        self, position: np.ndarray, found: TimeLabels, name: object
    ) -> None:
        """Refuse labels so far away that the grid up to them is all but empty."""
        seen = self._place(self.training_ticks)[0]
        joined = np.union1d(seen, position)
        n_steps = joined[-1] - joined[0] + 1
        if n_steps <= max(_MOST_EMPTY * len(joined), _ALWAYS_FITS):
            return
        gap = int(np.argmax(np.diff(joined)))
        far = joined[gap + 1] if joined[gap + 1] > seen[-1] else joined[gap]
        row = int(np.argmin(np.abs(position - far)))
        end = seen[-1] if far > seen[-1] else seen[0]
        raise ValueError(
            f"time column {name!r}: {_show(found, row)} in row {row} is "
            f"{abs(far - end):,.0f} steps of {self.describe_step()} away from the "
            "training data; mend the date, or give the rows between as well"
        )


def make_time_axis(labels: Any, name: object) -> TimeAxis:
    """Infer the spacing of time labels.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)
        Dates, periods, texts in one format, or numbers.
    name : object
        The column's name, for messages.

    Raises
    ------
    ValueError
        If labels cannot be read, are not evenly spaced, or have a gap that would
        leave most steps without a row.
    """
    found = read_labels(labels, name)
    if found.layout == NUMBERS:
        return _number_axis(found, name)
    ticks: np.ndarray = found.ticks
    distinct = np.unique(ticks)
    if is_monthly(distinct):
        months = np.unique(month_numbers(ticks))
        pace = int(np.gcd.reduce(np.diff(months)))
        axis = TimeAxis("month", int(months[0]), pace, months, found.layout, found.zone)
        _check_gaps(axis, month_numbers(ticks), found, name)
        return axis
    pace = common_step(distinct, DAY)
    universal = False
    if found.universal is not None and pace % DAY != 0:
        ticks, universal = found.universal, True
        distinct = np.unique(ticks)
        pace = common_step(distinct, DAY)
    where = found.layout, found.zone, universal
    if is_fiscal(distinct, pace):
        return TimeAxis("fiscal", int(distinct[0]), AVERAGE_MONTH, distinct, *where)
    axis = TimeAxis("date", int(distinct[0]), pace, distinct, *where)
    _check_gaps(axis, ticks, found, name)
    return axis


def _number_axis(found: TimeLabels, name: object) -> TimeAxis:
    distinct = np.unique(found.ticks)
    whole = bool((distinct == np.round(distinct)).all())
    step = float(common_step(distinct.astype(np.int64), 1)) if whole else even(distinct)
    axis = TimeAxis("number", distinct[0], step, distinct, NUMBERS)
    span = (distinct[-1] - distinct[0]) / step + 1
    if span <= _MOST_EMPTY * len(distinct):
        return axis
    if step == np.median(np.diff(distinct)):
        _check_gaps(axis, found.ticks, found, name)
        return axis
    return TimeAxis("order", distinct[0], 1.0, distinct, NUMBERS)


def _check_gaps(
    axis: TimeAxis, ticks: np.ndarray, found: TimeLabels, name: object
) -> None:
    """Refuse labels that leave most of the grid empty, and say which.

    Raises
    ------
    ValueError
        If labels are not evenly spaced, or one comes very much later than the others.
    """
    distinct = axis.training_ticks
    span = (distinct[-1] - distinct[0]) / axis.pace + 1
    if len(distinct) < 2 or span <= _MOST_EMPTY * len(distinct):
        return
    gaps = np.diff(distinct)
    usual = np.sort(gaps)[(len(gaps) - 1) // 2]
    if usual == axis.pace:
        if span <= _ALWAYS_FITS:
            return
        widest = int(np.argmax(gaps))
        row = int(np.flatnonzero(ticks == distinct[widest + 1])[0])
        raise ValueError(
            f"time column {name!r} has a gap of {gaps[widest] / usual:,.0f} steps of "
            f"{axis.describe_step()} before {_show(found, row)} (row {row}); mend the "
            "date, or fit the rows on one side of the gap"
        )
    odd = int(np.flatnonzero(np.mod(gaps, usual) != 0)[0]) + 1
    row = int(np.flatnonzero(ticks == distinct[odd])[0])
    hint = "put all rows on one grid"
    if axis.kind == "date" and len(np.unique(distinct // DAY)) == len(distinct):
        hint += "; if times of day do not matter, take dates: .dt.normalize()"
    raise ValueError(
        f"time column {name!r} is not evenly spaced: most steps are "
        f"{axis.describe(usual)}, but {_show(found, row)} (row {row}) is "
        f"{axis.describe(gaps[odd - 1])} after the step before; {hint}"
    )


def _objects(labels: Any) -> np.ndarray:
    return pd.Series(labels).astype(object).to_numpy()


def _show(found: TimeLabels, row: int) -> str:
    """Return a label as people write it."""
    label = found.labels[row]
    if not isinstance(label, np.datetime64):
        return str(label)
    stamp = pd.Timestamp(label)
    return str(stamp.date() if stamp == stamp.normalize() else stamp)


def _check_one_a_month(months: np.ndarray, found: TimeLabels) -> None:
    """Refuse two dates of a month, where steps are months.

    Raises
    ------
    ValueError
    """
    if len(np.unique(found.ticks)) == len(np.unique(months)):
        return
    _, first, code = np.unique(months, return_index=True, return_inverse=True)
    row = int(np.flatnonzero(found.ticks != found.ticks[first][code])[0])
    other = _show(found, int(first[code[row]]))
    raise ValueError(
        f"{other} and {_show(found, row)} (row {row}) lie in one month, but the steps "
        "of the training data are months; give one row a month, or fit with all dates"
    )
