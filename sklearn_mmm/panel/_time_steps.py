"""Spacings of dates: months, periods of four and five weeks, common steps."""

import numpy as np
import pandas as pd

from sklearn_mmm.panel._time_labels import DAY

AVERAGE_YEAR = 365.25 * DAY
AVERAGE_MONTH = AVERAGE_YEAR / 12
# Farthest that the end of a 4-4-5 period lies from an even twelfth of a year.
_FISCAL_DRIFT = 12 * DAY
_UNITS = ((DAY, "days"), (DAY // 24, "hours"), (DAY // 1440, "minutes"))


def duration(nanoseconds: float) -> str:
    """Return a length of time in words."""
    for unit, name in _UNITS:
        if nanoseconds >= unit:
            return f"{nanoseconds / unit:g} {name}"
    return f"{nanoseconds / 1e9:g} seconds"


def month_numbers(ticks: np.ndarray) -> np.ndarray:
    """Return the number of the month of nanoseconds since 1970."""
    return ticks.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)


def is_monthly(ticks: np.ndarray) -> bool:
    """Return whether there is one date a month, at the same end or the same day."""
    if len(ticks) < 2 or np.diff(ticks).min() < 26 * DAY:
        return False
    if len(np.unique(month_numbers(ticks))) < len(ticks):
        return False
    dates = pd.DatetimeIndex(ticks.astype("datetime64[ns]"))
    day, length = dates.day.to_numpy(), dates.days_in_month.to_numpy()
    if (day == np.minimum(day.max(), length)).all():
        return True
    # The first or the last working day of a month; two dates are no pattern.
    return len(ticks) > 2 and bool((day <= 4).all() or (length - day <= 3).all())


def is_fiscal(ticks: np.ndarray, pace: int) -> bool:
    """Return whether dates are those of periods of four and five weeks (4-4-5)."""
    gaps = np.diff(ticks)
    if len(gaps) < 2 or pace % (7 * DAY) != 0 or gaps.min() < 28 * DAY:
        return False
    if gaps.min() == pace:
        return False
    position = (ticks - ticks[0]) / AVERAGE_MONTH
    whole = np.round(position)
    return bool(
        not drifts(position, whole, AVERAGE_MONTH).any() and np.diff(whole).min() > 0
    )


def drifts(position: np.ndarray, whole: np.ndarray, pace: float) -> np.ndarray:
    """Return which positions are too far from a whole number of periods."""
    return np.abs(position - whole) * pace > _FISCAL_DRIFT


def common_step(distinct: np.ndarray, alone: int) -> int:
    """Return the greatest whole spacing of which all gaps are multiples."""
    return int(np.gcd.reduce(np.diff(distinct))) if len(distinct) > 1 else alone


def even(distinct: np.ndarray) -> float:
    """Return the greatest spacing of which all gaps are multiples, up to rounding."""
    if len(distinct) < 2:
        return 1.0
    unit = float(np.median(np.diff(distinct)))
    gaps = np.unique(np.round(np.diff(distinct) / unit, 9))
    step = float(gaps[gaps > 0][0])
    for gap in gaps[gaps > step]:
        rest = float(gap)
        while rest > 1e-6 * step:  # Euclid's algorithm
            step, rest = rest, step % rest
            if step < 1e-9 * gap:
                return step * unit
    return step * unit


def rank_position(ticks: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return places among known ticks; beyond them each distinct tick is a step."""
    rank = np.interp(ticks, known, np.arange(len(known), dtype=np.float64))
    # Beyond the training labels, one step for each further distinct label.
    later = np.unique(ticks[ticks > known[-1]])
    beyond = ticks > known[-1]
    rank[beyond] = len(known) + np.searchsorted(later, ticks[beyond])
    earlier = np.unique(ticks[ticks < known[0]])
    before = ticks < known[0]
    rank[before] = np.searchsorted(earlier, ticks[before]) - len(earlier)
    return rank
