"""Time labels and their positions on an evenly spaced axis."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

# A grid that would be mostly empty means that the labels are not evenly spaced.
_MOST_EMPTY = 4.0


@dataclass(frozen=True)
class TimeAxis:
    """How time labels of one panel become positions counted in time steps.

    Attributes
    ----------
    kind : {"date", "month", "number", "order"}
        Dates a fixed number of days apart, calendar months, evenly spaced numbers,
        or irregular numbers, of which only the order counts.
    origin : float
        The first training label as a number (days, months or the number itself).
    step : float
        Spacing in the same unit; 1 for ``order``.
    known : ndarray
        The distinct training labels as numbers, ascending.
    """

    kind: str
    origin: float
    step: float
    known: np.ndarray

    @property
    def regular(self) -> bool:
        """Whether positions are whole numbers."""
        return self.kind != "order"

    @property
    def season_length(self) -> float | None:
        """Time steps in a year; integers are taken to count weeks."""
        if self.kind == "date":
            return 365.25 / self.step
        if self.kind == "month":
            return 12.0 / self.step
        return 52.0 / self.step if self.kind == "number" else None

    def position(self, labels: np.ndarray, name: object) -> np.ndarray:
        """Return the position of each label, the first training step being 0.

        Raises
        ------
        ValueError
            If a label lies off the training data's grid.
        """
        ticks = _ticks(labels, name, months=self.kind == "month")
        if self.kind == "order":
            return _rank_position(ticks, self.known)
        position = (ticks - self.origin) / self.step
        whole = np.round(position)
        off = np.abs(position - whole) > 1e-6
        if off.any():
            row = int(np.flatnonzero(off)[0])
            raise ValueError(
                f"time column {name!r}: {labels[row]} in row {row} is off the grid "
                f"of the training data, whose steps are {self.describe_step()} apart"
            )
        return whole

    def span(self, start: Any, end: Any, name: object) -> tuple[float, float]:
        """Return the positions of the first and the last step of a period.

        Parameters
        ----------
        start, end : time labels
            Both included; they may lie between steps.
        name : object
            What the period is called, for messages.
        """
        labels = pd.Series([start, end]).to_numpy()
        if labels.dtype.kind == "O" and self.kind in ("date", "month"):
            try:
                labels = pd.to_datetime(pd.Series(labels), format="mixed").to_numpy()
            except (ValueError, TypeError) as error:
                raise ValueError(
                    f"{name}: {start!r} and {end!r} are not both dates: {error}"
                ) from error
        ticks = _ticks(labels, name, months=self.kind == "month")
        if ticks[1] < ticks[0]:
            raise ValueError(f"{name}: it ends ({end}) before it starts ({start})")
        if self.kind == "order":
            first, last = _rank_position(ticks, self.known)
            return float(first), float(last)
        first, last = (ticks - self.origin) / self.step
        return float(np.ceil(first - 1e-6)), float(np.floor(last + 1e-6))

    def describe_step(self) -> str:
        """Return the spacing in words."""
        unit = {"date": "days", "month": "months"}.get(self.kind, "units")
        return f"{self.step:g} {unit}"


def make_time_axis(labels: np.ndarray, name: object) -> TimeAxis:
    """Infer the spacing of time labels.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Dates, periods, texts that parse as dates, or numbers.
    name : object
        The column's name, for messages.
    """
    ticks = _ticks(labels, name)
    distinct = np.unique(ticks)
    dates = not _is_number(labels)
    if dates and _is_monthly(distinct):
        distinct = np.unique(_ticks(labels, name, months=True))
        return TimeAxis("month", distinct[0], _common_step(distinct), distinct)
    step = _common_step(distinct)
    span = (distinct[-1] - distinct[0]) / step + 1
    if span <= _MOST_EMPTY * len(distinct):
        kind = "date" if dates else "number"
        return TimeAxis(kind, distinct[0], step, distinct)
    if dates:
        gaps = np.diff(distinct)
        usual = float(np.median(gaps))
        odd = int(np.flatnonzero(np.mod(gaps, usual) > 1e-6)[0]) + 1
        row = int(np.flatnonzero(ticks == distinct[odd])[0])
        raise ValueError(
            f"time column {name!r} is not evenly spaced: most steps are {usual:g} "
            f"days, but {labels[row]} (row {row}) is {gaps[odd - 1]:g} days after "
            "the step before; put all rows on one grid"
        )
    return TimeAxis("order", distinct[0], 1.0, distinct)


def _is_number(labels: np.ndarray) -> bool:
    if labels.dtype.kind in "iufb":
        return True
    return labels.dtype.kind == "O" and all(
        isinstance(v, (int, float, np.integer, np.floating)) for v in labels[:50]
    )


def _ticks(labels: np.ndarray, name: object, months: bool = False) -> np.ndarray:
    if _is_number(labels):
        ticks = labels.astype(np.float64)
        if not np.isfinite(ticks).all():
            row = int(np.flatnonzero(~np.isfinite(ticks))[0])
            raise ValueError(
                f"time column {name!r} contains NaN or inf, first in row {row}"
            )
        return ticks
    if labels.dtype.kind == "O" and isinstance(labels[0], pd.Period):
        dates = pd.PeriodIndex(labels).to_timestamp()
    else:
        try:
            with warnings.catch_warnings():
                # A format that cannot be guessed is the refusal below.
                warnings.simplefilter("ignore", UserWarning)
                dates = pd.DatetimeIndex(pd.to_datetime(labels))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"time column {name!r} holds neither numbers nor dates: {error}"
            ) from error
    if dates.isna().any():
        row = int(np.flatnonzero(dates.isna())[0])
        raise ValueError(f"time column {name!r} contains NaN (NaT), first in row {row}")
    if months:
        return (dates.year * 12 + dates.month - 1).to_numpy(np.float64)
    epoch = dates - pd.Timestamp("1970-01-01", tz=dates.tz)
    return (epoch / pd.Timedelta(days=1)).to_numpy(np.float64)


def _is_monthly(days: np.ndarray) -> bool:
    dates = pd.to_datetime(days, unit="D")
    if len(dates) < 2 or np.diff(days).min() < 28:
        return False
    same_day = len(np.unique(dates.day)) == 1
    return bool(same_day or dates.is_month_end.all())


def _common_step(distinct: np.ndarray) -> float:
    """Return the greatest spacing of which all gaps are multiples."""
    if len(distinct) < 2:
        return 1.0
    gaps = np.unique(np.round(np.diff(distinct), 9))
    step = float(gaps[0])
    for gap in gaps[1:]:
        rest = float(gap)
        while rest > 1e-6 * step:  # Euclid's algorithm
            step, rest = rest, step % rest
            if step < 1e-9 * gap:
                return step
    return step


def _rank_position(ticks: np.ndarray, known: np.ndarray) -> np.ndarray:
    rank = np.interp(ticks, known, np.arange(len(known), dtype=np.float64))
    # Beyond the training labels, one step for each further distinct label.
    later = np.unique(ticks[ticks > known[-1]])
    beyond = ticks > known[-1]
    rank[beyond] = len(known) + np.searchsorted(later, ticks[beyond])
    earlier = np.unique(ticks[ticks < known[0]])
    before = ticks < known[0]
    rank[before] = np.searchsorted(earlier, ticks[before]) - len(earlier)
    return rank
