"""What stops a fit: values, keys and dates that cannot be used as they are."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._data_sheet import Finding, Table
from sklearn_mmm.panel._reach import ROUNDING
from sklearn_mmm.panel._region_labels import region_columns
from sklearn_mmm.panel._time_labels import time_label

# Of the gaps between dates, how many have to be equal for a calendar to be even, and
# how many more than before for an exchange of day and month to be believed.
_EVEN, _MORE = 0.9, 0.02


def refusals(
    table: Table, X: Any, y: Any, region_column: Any, time_column: Any
) -> Iterator[Finding]:
    """Yield what a fit would refuse, or misread."""
    yield from _bad_numbers(table)
    yield from _bad_frequency(table)
    yield from _bad_target(table, y)
    for key, name, role in (
        (table.region, ", ".join(map(str, region_columns(region_column))), "region"),
        (table.time, time_column, "time"),
    ):
        if key is not None:
            yield from _bad_key(key, name, role)
    yield from _repeated(table)
    if table.time is not None:
        yield from misread_dates(table.time, time_column)


def _row_labels(table: Table, rows: np.ndarray, most: int = 3) -> str:
    """Return rows by their keys where there are any, else by number."""
    names = []
    for row in rows[:most]:
        keys = [f"row {row}"]
        if table.region is not None:
            keys.append(f"region {table.region[row]!s}")
        if table.time is not None:
            keys.append(time_label(table.time[row]))
        names.append(" / ".join(keys))
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return ", ".join(names) + more


def _bad_numbers(table: Table) -> Iterator[Finding]:
    roles = table.roles
    for column, values in table.numbers.items():
        bad = np.flatnonzero(~np.isfinite(values))
        where = f"column {str(column)!r}, {_row_labels(table, bad)}"
        if len(bad) == len(values):
            yield Finding(
                "stops",
                "not a number",
                f"column {str(column)!r}",
                "The column holds no numbers.",
                "If it names events, put EventEncoder in front of the regressor; else "
                "leave it out, or encode it (OneHotEncoder).",
            )
        elif len(bad):
            yield Finding(
                "stops",
                "not a number",
                where,
                f"{len(bad)} values are missing, infinite or text.",
                "Write 0 where nothing ran; fill or drop what is unknown.",
            )
        negative = np.flatnonzero(values < 0)
        if len(negative) and column not in roles.controls:
            worth = column == roles.value
            yield Finding(
                "stops",
                "negative worth" if worth else "negative media",
                f"column {str(column)!r}, {_row_labels(table, negative)}",
                f"{len(negative)} values are below zero.",
                "What an outcome unit is worth is at least 0."
                if worth
                else "Book refunds to the week of the spend, or make it a control.",
            )


def _bad_frequency(table: Table) -> Iterator[Finding]:
    for reach, column in table.roles.reach.values():
        often, reached = table.frequency[column], table.numbers[reach] > 0
        # What is no number is not below 1 either.
        bad = np.flatnonzero(reached & ~(often >= 1 - ROUNDING))
        if len(bad):
            yield Finding(
                "stops",
                "frequency below 1",
                f"column {str(column)!r}, {_row_labels(table, bad)}",
                f"{len(bad)} frequencies are below 1 or no numbers where reach "
                f"({str(reach)!r}) is above 0.",
                "Give impressions / reach of each time step, and a reach of 0 where "
                "nothing ran.",
            )


def _bad_target(table: Table, y: Any) -> Iterator[Finding]:
    bad = np.flatnonzero(~np.isfinite(table.target))
    if len(bad):
        shown = np.asarray(y).ravel()[bad[0]]
        yield Finding(
            "stops",
            "not a number",
            f"outcome, {_row_labels(table, bad)}",
            f"{len(bad)} outcomes are missing or no numbers, first {str(shown)!r}.",
            "Drop rows whose outcome is not known.",
        )
    elif len(table.target) and np.ptp(table.target) == 0:
        yield Finding(
            "stops",
            "constant outcome",
            "outcome",
            f"The outcome is {table.target[0]:g} in every row.",
            "Choose the column with what was sold, visited or signed.",
        )


def _bad_key(key: np.ndarray, name: Any, role: str) -> Iterator[Finding]:
    bad = np.flatnonzero(pd.isna(key))
    if len(bad):
        yield Finding(
            "stops",
            "missing key",
            f"{role} column {str(name)!r}, row {bad[0]}",
            f"{len(bad)} rows have no {role}.",
            f"Fill in the {role}, or drop these rows.",
        )


def _repeated(table: Table) -> Iterator[Finding]:
    if table.time is None:
        return
    keys = pd.DataFrame({"time": table.time})
    if table.region is not None:
        keys["region"] = table.region.astype(str)
    twice = np.flatnonzero(keys.duplicated())
    if len(twice):
        hint = (
            "Name the column with the region (region_column), or add up the rows."
            if table.region is None
            else "Add up the rows of a region and time step, or drop the copies."
        )
        yield Finding(
            "stops",
            "repeated rows",
            _row_labels(table, twice),
            f"{len(twice)} rows repeat a time step that their region has already.",
            hint,
        )


def misread_dates(time: np.ndarray, name: Any) -> Iterator[Finding]:
    """Yield a finding if dates become even once day and month are exchanged.

    A month and a day up to 12 can be read either way. A table whose dates were read
    month first although they were written day first (or only some of them) has uneven
    steps as it stands, and even ones after the exchange.
    """
    if np.asarray(time).dtype.kind != "M":
        return
    dates = pd.DatetimeIndex(np.unique(np.asarray(time)))
    if len(dates) < 4 or dates.isna().any():
        return
    open_to_doubt = dates.day <= 12
    exchanged = pd.DatetimeIndex(
        [
            date.replace(day=date.month, month=date.day) if doubt else date
            for date, doubt in zip(dates, open_to_doubt, strict=True)
        ]
    ).sort_values()
    # Months that were read as days: all of them in January, say, of some years.
    as_days = bool(open_to_doubt.all() and dates.month.nunique() == 1)
    evenness = _evenness(exchanged) if exchanged.is_unique else 0.0
    better = evenness > _evenness(dates) + _MORE
    if evenness >= _EVEN and (better or as_days):
        swapped = int((open_to_doubt & (dates.day != dates.month)).sum())
        first = dates[open_to_doubt & (dates.day != dates.month)][0]
        yield Finding(
            "stops",
            "misread dates",
            f"time column {str(name)!r}, {first:%Y-%m-%d} and others",
            f"{swapped} dates seem to have day and month exchanged: with them put "
            "back, the time steps are even.",
            "Read the file with dayfirst=True, or write dates as 2023-05-31.",
        )


def _evenness(dates: pd.DatetimeIndex) -> float:
    """Return the share of gaps that are as long as most; months count as equal."""
    gaps = np.diff(dates.to_numpy()).astype("timedelta64[D]").astype(int)
    monthly = np.isin(gaps, (28, 29, 30, 31)) & (dates[1:].day == dates[:-1].day)
    if monthly.mean() >= _EVEN:
        return float(monthly.mean())
    return float(np.unique(gaps, return_counts=True)[1].max() / len(gaps))
