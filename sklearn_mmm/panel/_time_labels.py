"""Time labels of any type as whole nanoseconds or as numbers."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.panel._time_text import (
    ISO,
    choose_layout,
    find_layout,
    parse_text,
)

NUMBERS, DATES = "numbers", "dates"
DAY = 86_400_000_000_000  # nanoseconds

_NUMBER_TEXT = re.compile(r"\s*[-+]?\d+(\.0*)?\s*|\s*[-+]?\d{1,3}\.\d+\s*")
# Numbers that write a calendar, with the range in which they do.
_DIGITS = {
    "%Y%m%d": (19000101, 22001231),
    "%Y%m": (190001, 219912),
    "%G%V": (190001, 219953),
    "%Y%j": (1900001, 2199366),
    "%y%m%d": (100101, 991231),
}
_UNIX = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (1e8, "s"))
_UNIX_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}
# Days since 1899-12-30 in the years 2000 to 2060.
_SPREADSHEET = (36526, 58805)
_YEARS = (1678, 2261)  # what 64 bits of nanoseconds hold


@dataclass(frozen=True)
class TimeLabels:
    """Time labels, read.

    Attributes
    ----------
    labels : ndarray of shape (n_rows,)
        Numbers, dates or periods: what stands for the row in tables.
    ticks : ndarray of shape (n_rows,)
        Whole nanoseconds of the wall clock since 1970, or numbers.
    universal : ndarray of shape (n_rows,) or None
        Nanoseconds of universal time, where labels have a time zone.
    layout : str
        NUMBERS, DATES or the format of texts and of numbers that write a calendar.
    zone : str or None
        Name of the labels' time zone.
    """

    labels: np.ndarray
    ticks: np.ndarray
    universal: np.ndarray | None
    layout: str
    zone: str | None = None


def read_labels(
    labels: Any, name: object, layout: str | None = None, zone: str | None = None
) -> TimeLabels:
    """Read a column of time labels in one format.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)
        Dates with or without a time zone, periods, texts in one format, or numbers.
    name : object
        The column's name, for messages.
    layout : str, default=None
        Format of the training labels; None finds one from all labels.
    zone : str, default=None
        Time zone of the training labels, into which others are converted.

    Raises
    ------
    ValueError
        If labels are missing, of several types, in no format or in several ones, or
        numbers that count seconds.
    """
    values = np.asarray(labels)
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise ValueError(
            f"time column {name!r} contains NaN (NaT), first in row {row}; every row "
            "needs its time"
        )
    rows = pd.Series(codes).drop_duplicates().index.to_numpy()
    found = _read_distinct(np.asarray(distinct), rows, name, layout, zone)
    return replace(
        found,
        labels=found.labels[codes],
        ticks=found.ticks[codes],
        universal=None if found.universal is None else found.universal[codes],
    )


def _read_distinct(
    values: np.ndarray,
    rows: np.ndarray,
    name: object,
    layout: str | None,
    zone: str | None,
) -> TimeLabels:
    kind = {"i": "integer", "u": "integer", "f": "floating", "M": "datetime64"}.get(
        values.dtype.kind
    ) or pd.api.types.infer_dtype(values, skipna=False)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return _read_numbers(values, name, layout)
    if kind == "string":
        texts = [str(value) for value in values]
        if all(_NUMBER_TEXT.fullmatch(text) for text in texts):
            return _read_numbers(np.array(texts, dtype=np.float64), name, layout)
        return _read_texts(texts, rows, name, layout, zone)
    if kind == "period":
        dates = pd.PeriodIndex(values).to_timestamp()
        return TimeLabels(values, _nanoseconds(dates, rows, name), None, DATES)
    if kind in ("datetime", "datetime64", "date"):
        return _read_dates(values, rows, name, zone)
    examples = {type(value).__name__: value for value in values[::-1]}
    shown = " and ".join(f"{name} ({value})" for name, value in examples.items())
    raise ValueError(
        f"time column {name!r} holds neither numbers nor dates, but {shown}; make them "
        "all dates, periods, numbers, or texts in one format"
    )


def _read_numbers(values: np.ndarray, name: object, layout: str | None) -> TimeLabels:
    try:
        ticks = values.astype(np.float64)
    except OverflowError as error:
        raise ValueError(f"time column {name!r}: {error}") from error
    if not np.isfinite(ticks).all():
        raise ValueError(f"time column {name!r} contains NaN or inf")
    if layout is None:
        layout = _digits_layout(ticks, name) or NUMBERS
    if layout == NUMBERS:
        labels = values if values.dtype.kind in "iuf" else ticks
        return TimeLabels(labels, ticks, None, NUMBERS)
    if layout not in _DIGITS:
        layout = _digits_layout(ticks, name) or ""
    dates = _parse_digits(ticks, layout)
    if np.isnat(dates).any():
        bad = ticks[int(np.flatnonzero(np.isnat(dates))[0])]
        raise ValueError(
            f"time column {name!r}: the training data have dates, {bad:.12g} is none; "
            "give dates here as well"
        )
    return TimeLabels(dates, dates.astype(np.int64), None, layout)


def _digits_layout(ticks: np.ndarray, name: object) -> str | None:
    """Return how numbers write dates, None where they only count.

    Raises
    ------
    ValueError
        If they count seconds, or may be read in several ways.
    """
    size = float(np.abs(ticks).min())
    for least, unit in _UNIX:
        if size >= least:
            raise ValueError(
                f"time column {name!r} holds numbers such as {ticks[0]:.12g}, which "
                f"look like Unix {_UNIX_NAMES.get(unit, 'nanoseconds')}; parse them: "
                f"pd.to_datetime(X[{name!r}], unit={unit!r})"
            )
    if (ticks != np.round(ticks)).any():
        return None
    within = {
        layout: _parse_digits(ticks, layout)
        for layout, (low, high) in _DIGITS.items()
        if ticks.min() >= low and ticks.max() <= high
    }
    complete = {k: v for k, v in within.items() if not np.isnat(v).any()}
    if complete:
        return choose_layout(complete, name, [int(tick) for tick in ticks])
    if _are_dates_without_marks(ticks):
        raise ValueError(
            f"time column {name!r} holds numbers such as {ticks[0]:.0f}, which look "
            "like dates that lost their dots or slashes in reading; read them as text: "
            f"pd.read_csv(..., dtype={{{name!r}: str}})"
        )
    low, high = _SPREADSHEET
    days = np.diff(np.unique(ticks))
    if (
        len(days)
        and ticks.min() >= low
        and ticks.max() <= high
        and (days % 7 == 0).all()
    ):
        raise ValueError(
            f"time column {name!r} holds numbers such as {ticks[0]:.0f}, which look "
            "like a spreadsheet's days; parse them: "
            f"pd.to_datetime(X[{name!r}], unit='D', origin='1899-12-30')"
        )
    return None


def _are_dates_without_marks(ticks: np.ndarray) -> bool:
    """Return whether numbers end in a year behind a day and a month: 3072023.

    A reader that takes dots for thousands makes them of 03.07.2023.
    """
    years = ticks % 10_000
    if ticks.min() < 1_011_900 or years.min() < 1900 or years.max() > 2199:
        return False
    texts = pd.Series([f"{tick:08.0f}" for tick in ticks], dtype=object)
    return any(
        pd.to_datetime(texts, format=layout, errors="coerce").notna().all()
        for layout in ("%d%m%Y", "%m%d%Y")
    )


def _parse_digits(ticks: np.ndarray, layout: str) -> np.ndarray:
    """Return numbers such as 20230131 as dates, NaT where they are none."""
    if layout not in _DIGITS:
        return np.full(len(ticks), np.datetime64("NaT", "ns"))
    width = {"%y%m%d": 6, "%Y%j": 7}.get(layout, 8 if layout == "%Y%m%d" else 6)
    texts = pd.Series([f"{tick:0{width}.0f}" for tick in ticks], dtype=object)
    if layout == "%G%V":  # a week begins on its Monday
        texts, layout = texts + "1", "%G%V%u"
    dates = pd.to_datetime(texts, format=layout, errors="coerce")
    return dates.to_numpy().astype("datetime64[ns]")


def _read_texts(
    texts: list[str],
    rows: np.ndarray,
    name: object,
    layout: str | None,
    zone: str | None,
) -> TimeLabels:
    if layout == NUMBERS:
        raise ValueError(
            f"time column {name!r}: the training data have numbers, but row {rows[0]} "
            f"has the text {texts[0]!r}; give numbers here as well"
        )
    if layout is None or layout == DATES or layout in _DIGITS:
        layout = find_layout(texts, name, rows)
    local, universal = parse_text(texts, layout)
    unread = np.flatnonzero(np.isnat(local))
    if len(unread):
        # Dates in the standard's form can be read without a doubt at any time.
        standard = [texts[i] for i in unread]
        local = local.astype("datetime64[us]")
        universal = universal.astype("datetime64[us]")
        local[unread], universal[unread] = parse_text(standard, ISO)
    if np.isnat(local).any():
        bad = int(np.flatnonzero(np.isnat(local))[0])
        raise ValueError(
            f"time column {name!r}: {texts[bad]!r} in row {rows[bad]} is neither in "
            f"the format {layout} of the training data nor ISO (2023-01-31)"
        )
    ticks = _nanoseconds(pd.DatetimeIndex(local), rows, name)
    moved = _nanoseconds(pd.DatetimeIndex(universal), rows, name)
    zoned = bool((moved != ticks).any()) or (
        layout == ISO and all(text.rstrip().endswith("Z") for text in texts)
    )
    if zoned and zone is not None:
        utc = pd.DatetimeIndex(moved.astype("datetime64[ns]")).tz_localize("UTC")
        ticks = utc.tz_convert(zone).tz_localize(None).asi8.copy()
    labels = ticks.astype("datetime64[ns]")
    return TimeLabels(labels, ticks, moved if zoned else None, layout)


def _read_dates(
    values: np.ndarray, rows: np.ndarray, name: object, zone: str | None
) -> TimeLabels:
    if values.dtype.kind == "M":
        ticks = _nanoseconds(pd.DatetimeIndex(values), rows, name)
        return TimeLabels(values, ticks, None, DATES)
    stamps = [pd.Timestamp(value) for value in values]
    aware = [stamp.tz is not None for stamp in stamps]
    if any(aware) and not all(aware):
        row = rows[aware.index(not aware[0])]
        raise ValueError(
            f"time column {name!r}: some labels have a time zone and others have none, "
            f"first the one in row {row}; give all of them one"
        )
    if not any(aware):
        ticks = _nanoseconds(pd.DatetimeIndex(stamps), rows, name)
        return TimeLabels(ticks.astype("datetime64[ns]"), ticks, None, DATES)
    if zone is not None:
        stamps = [stamp.tz_convert(zone) for stamp in stamps]
    local = pd.DatetimeIndex([stamp.tz_localize(None) for stamp in stamps])
    universal = pd.DatetimeIndex(
        [stamp.tz_convert("UTC").tz_localize(None) for stamp in stamps]
    )
    return TimeLabels(
        np.array(stamps, dtype=object),
        _nanoseconds(local, rows, name),
        _nanoseconds(universal, rows, name),
        DATES,
        _zone_name(stamps[0].tz),
    )


def _zone_name(zone: Any) -> str | None:
    """Return a name from which pandas makes the zone again, None if there is none."""
    try:
        pd.Timestamp(0, tz=str(zone))
    except (KeyError, ValueError, TypeError):
        return None
    return str(zone)


def _nanoseconds(dates: pd.DatetimeIndex, rows: np.ndarray, name: object) -> np.ndarray:
    years = np.asarray(dates.year)
    low, high = _YEARS
    far = np.flatnonzero((years < low) | (years > high))
    if len(far):
        raise ValueError(
            f"time column {name!r}: the year {years[far[0]]} in row {rows[far[0]]} is "
            f"outside {low} to {high}; mend the date"
        )
    return dates.as_unit("ns").asi8.copy()


def time_label(value: Any) -> str:
    """Return a date without a time of day, and anything else as it is."""
    if isinstance(value, (datetime, np.datetime64)):
        stamp = pd.Timestamp(value)
        return f"{stamp:%Y-%m-%d}" if stamp == stamp.normalize() else str(stamp)
    return str(value)
