"""Time steps of a panel: weeks, or the days that they are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Sales of a weekday relative to the mean day vary by about this much.
_WEEKDAY_SPREAD = 0.25
_DAYS = 7


@dataclass(frozen=True)
class Clock:
    """Time steps of a panel.

    Attributes
    ----------
    n_weeks : int
    daily : bool
        Whether a time step is a day; else it is a week.
    start : str
        First day.
    """

    n_weeks: int
    daily: bool
    start: str

    @property
    def per_week(self) -> int:
        """Time steps in a week."""
        return _DAYS if self.daily else 1

    @property
    def n_steps(self) -> int:
        """Number of time steps."""
        return self.n_weeks * self.per_week

    @property
    def column(self) -> str:
        """Name of the column with the time steps."""
        return "date" if self.daily else "week"

    @property
    def labels(self) -> pd.DatetimeIndex:
        """First day of each time step."""
        days = _DAYS // self.per_week
        return pd.date_range(self.start, periods=self.n_steps, freq=f"{days}D")

    @property
    def years(self) -> np.ndarray:
        """Time of each week in years, (n_weeks,)."""
        return np.arange(self.n_weeks) * 7 / 365.25

    def repeat(self, weekly: np.ndarray, axis: int = 1) -> np.ndarray:
        """Return values of weeks for each time step."""
        return np.repeat(weekly, _DAYS, axis=axis) if self.daily else weekly

    def amounts(self, weekly: np.ndarray) -> np.ndarray:
        """Return (region, week) amounts for each time step, without jumps."""
        if not self.daily:
            return weekly
        middle = _DAYS * np.arange(self.n_weeks) + 0.5 * (_DAYS - 1)
        days = np.arange(self.n_steps)
        return np.stack([np.interp(days, middle, row) for row in weekly]) / _DAYS


def draw_weekdays(rng: np.random.Generator) -> np.ndarray:
    """Draw what sells on each weekday relative to the mean day, Monday first, (7,)."""
    factor = np.exp(_WEEKDAY_SPREAD * rng.standard_normal(_DAYS))
    return np.asarray(factor / factor.mean())


def spread_over_days(
    rng: np.random.Generator, clock: Clock, activity: np.ndarray
) -> np.ndarray:
    """Spread activity of weeks over their days, with a rhythm of each channel's own.

    Parameters
    ----------
    rng : Generator
    clock : Clock
    activity : ndarray of shape (n_regions, n_weeks, n_channels)
        In units of the largest week.

    Returns
    -------
    ndarray of shape (n_regions, n_steps, n_channels)
        In units of the largest time step.
    """
    if not clock.daily:
        return activity
    n_channels = activity.shape[-1]
    rhythm = np.exp(0.3 * rng.standard_normal((_DAYS, n_channels)))
    daily = clock.repeat(activity) * np.tile(rhythm, (clock.n_weeks, 1))
    daily *= np.exp(0.3 * rng.standard_normal(daily.shape))
    return np.asarray(daily / daily.max(axis=1, keepdims=True))
