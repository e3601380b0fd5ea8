"""Named events: when they are, and what they move."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.datasets._clock import Clock

# Name, day of the year around which it lies, days that it takes.
_KNOWN = (
    ("summer_sale", 180, 14),
    ("black_friday", 330, 4),
    ("easter", 100, 4),
    ("christmas", 357, 6),
    ("back_to_school", 240, 10),
    ("new_year", 3, 3),
)
_OFFSETS = (-1, 0, 1)


class Events(NamedTuple):
    """Events of a panel.

    Attributes
    ----------
    table : DataFrame
        ``name``, ``start`` and ``end``, a row for each time that an event was on.
    effects : DataFrame
        By event and time step around it (-1 is the one before), the share of a region's
        usual sales that an event of a whole step adds.
    contributions : ndarray of shape (region, step, event)
        Outcome units.
    """

    table: pd.DataFrame
    effects: pd.DataFrame
    contributions: np.ndarray


def event_names(n_events: int) -> list[str]:
    """Name the events: familiar names first, then numbered ones."""
    numbered = [f"event_{i}" for i in range(len(_KNOWN) + 1, n_events + 1)]
    return [*(name for name, *_ in _KNOWN[:n_events]), *numbered]


def draw_events(
    rng: np.random.Generator, clock: Clock, usual: np.ndarray, n_events: int
) -> Events:
    """Draw events of each year and what they bring around them.

    People buy during an event, some of it is brought forward from after it or held back
    from before it.

    Parameters
    ----------
    rng : Generator
    clock : Clock
    usual : ndarray of shape (n_regions,)
        Sales of a region in a usual time step.
    n_events : int

    Returns
    -------
    Events
        A day of an event counts in its time step, so that a weekly step of which two
        days are an event has two sevenths of the effect.
    """
    names, rows, effects = event_names(n_events), [], []
    first, last = clock.labels[0], clock.labels[-1] + _length(clock)
    for number, (name, stream) in enumerate(
        zip(names, rng.spawn(n_events), strict=True)
    ):
        day, days = _season(stream, number)
        size = stream.choice([1.0, 1.0, -0.5]) * stream.uniform(0.15, 0.4)
        effects.append(size * np.array([0.25, 1.0, -0.35]) * _concentration(days))
        for year in range(first.year - 1, last.year + 2):
            start = pd.Timestamp(year, 1, 1) + pd.Timedelta(
                days=int(day + stream.integers(-5, 6))
            )
            end = start + pd.Timedelta(days=days - 1)
            if start < last + _length(clock) and end >= first - _length(clock):
                rows.append((name, start, end))
    table = pd.DataFrame(rows, columns=["name", "start", "end"])
    shape = pd.DataFrame(
        np.reshape(effects, (n_events, len(_OFFSETS))),
        pd.Index(names, name="event"),
        pd.Index(_OFFSETS, name="step"),
    )
    felt = _felt(occurrence(table, clock, names), shape.to_numpy())
    table = table.sort_values("start", kind="stable", ignore_index=True)
    return Events(table, shape, usual[:, np.newaxis, np.newaxis] * felt)


def _season(rng: np.random.Generator, number: int) -> tuple[int, int]:
    if number < len(_KNOWN):
        return _KNOWN[number][1:]
    return int(rng.integers(1, 365)), int(rng.integers(2, 10))


def _concentration(days: int) -> float:
    """Return by how much more a day of a short event moves than one of a long one."""
    return float(np.sqrt(7.0 / days))


def _length(clock: Clock) -> pd.Timedelta:
    return pd.Timedelta(days=7 // clock.per_week)


def occurrence(table: pd.DataFrame, clock: Clock, names: list[str]) -> np.ndarray:
    """Return the share of each time step's days on which an event was on.

    Parameters
    ----------
    table : DataFrame
        ``name``, ``start`` and ``end``, both days included.
    clock : Clock
    names : list of str

    Returns
    -------
    ndarray of shape (1 + n_steps + 1, n_events)
        From the step before the first one to the step after the last one.
    """
    step = 7 // clock.per_week
    origin = clock.labels[0] - _length(clock)
    on = np.zeros((step * (clock.n_steps + 2), len(names)))
    for name, start, end in table.itertuples(index=False):
        first, last = ((day - origin).days for day in (start, end))
        on[max(first, 0) : max(last + 1, 0), names.index(name)] = 1.0
    return on.reshape(-1, step, len(names)).mean(axis=1)


def _felt(on: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return what events add in each step of the panel, (step, event).

    Parameters
    ----------
    on : ndarray of shape (1 + n_steps + 1, n_events)
    shape : ndarray of shape (n_events, n_offsets)
    """
    n_steps = len(on) - 2
    out = np.zeros((n_steps, on.shape[1]))
    for offset, share in zip(_OFFSETS, shape.T, strict=True):
        out += share * on[1 - offset : 1 - offset + n_steps]
    return out
