"""Days of holidays and of named events."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from sklearn_mmm._arguments import shown
from sklearn_mmm.panel._columns import column_names, is_frame, read_column
from sklearn_mmm.panel._time_labels import DAY, NUMBERS, read_labels

_NEEDED, _OPTIONAL = ("name", "start"), ("end", "region")
# What holidays say of a single year, so that one name stands for all years.
_OF_A_YEAR = re.compile(r"\s*\((estimated|observed|substituted from [^)]*)\)", re.I)


class Occurrence(NamedTuple):
    """An event that was on once.

    Attributes
    ----------
    name : str
    start, end : float
        The first moment and the one after the last: nanoseconds since 1970. Of time
        steps that are numbers, the first and the last number.
    region : object
        Where it was on; None means everywhere.
    """

    name: str
    start: float
    end: float
    region: Any = None


def column_of(name: str) -> str:
    """Return the column of an event.

    Examples
    --------
    >>> from sklearn_mmm.transformers._event_days import column_of
    >>> column_of("New Year's Day"), column_of("Día de Reyes")
    ('event_new_year_s_day', 'event_día_de_reyes')
    """
    return "event_" + re.sub(r"\W+", "_", name.lower()).strip("_")


def read_events(table: Any, dated: bool) -> list[Occurrence]:
    """Read a table of named events.

    Parameters
    ----------
    table : DataFrame
        ``name``, ``start``, and if there are such columns ``end`` and ``region``.
    dated : bool
        Whether time steps are dates; else they are numbers, and so are the events'.

    Raises
    ------
    ValueError, TypeError
        If it is no such table.
    """
    if not is_frame(table):
        raise TypeError(
            f"events: got {shown(table)}; give a DataFrame with the columns name, "
            "start and, if you like, end and region"
        )
    columns = [str(c) for c in column_names(table)]
    _check_columns(columns)
    values = {c: np.asarray(read_column(table, c), dtype=object) for c in columns}
    _check_complete(values)
    if not len(values["name"]):
        return []
    regions = values.get("region", np.full(len(values["name"]), None, object))
    start, end = _moments(values["start"], values.get("end", values["start"]), dated)
    for row in np.flatnonzero(end < start):
        raise ValueError(
            f"events: {values['name'][row]!r} (row {row}) ends {values['end'][row]} "
            f"before it starts {values['start'][row]}; mend the dates"
        )
    if dated:
        # A date without a time of day is the whole day.
        end = np.where(end % DAY == 0, end + DAY, end + 1)
    return [
        Occurrence(str(name), s, e, None if _missing(region) else region)
        for name, s, e, region in zip(
            values["name"], start.tolist(), end.tolist(), regions, strict=True
        )
    ]


def _missing(value: Any) -> bool:
    return bool(pd.isna(value)) or value in ("", "all")


def _check_columns(columns: list[str]) -> None:
    known = [*_NEEDED, *_OPTIONAL]
    lacking = [c for c in _NEEDED if c not in columns]
    odd = [c for c in columns if c not in known]
    if not lacking and not odd:
        return
    what = f"has no column {lacking}" if lacking else f"has unknown columns {odd}"
    raise ValueError(
        f"events {what}; it has {columns}, and its columns are name, start, end "
        "(the last day; left out where each lasts one day) and region (left out "
        "where all regions have them)"
    )


def _check_complete(values: Mapping[str, np.ndarray]) -> None:
    for column in ("name", "start", "end"):
        bad = np.flatnonzero(pd.isna(values.get(column, np.empty(0))))
        if len(bad):
            raise ValueError(
                f"events: column {column!r} is empty in row {bad[0]}; fill it in"
                + (" (a single day ends on the day it starts)" * (column == "end"))
            )


def _moments(
    start: np.ndarray, end: np.ndarray, dated: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends in nanoseconds, or as numbers."""
    # Together, since a format is found from all labels of a column.
    found = read_labels(np.concatenate([start, end]), "start, end of events")
    if (found.layout != NUMBERS) != dated:
        theirs = "dates" if dated else "numbers"
        raise ValueError(
            f"events: start and end are such as {start[0]}, but the time steps of X "
            f"are {theirs}; give {theirs} in both"
        )
    begin, last = np.split(found.ticks, 2)
    return begin, last


def holidays_of(
    country: Any,
    subdivision: Any,
    categories: Sequence[str] | None,
    years: range,
    region: Any = None,
) -> list[Occurrence]:
    """Return the holidays of a country, each run of days of one name once.

    The days themselves, not those that stand in for them where they fall on a weekend;
    names in English where there are such.

    Raises
    ------
    ValueError
        If the country, its subdivision or a category is unknown, or the holidays of the
        latest years are.
    """
    days = _days(country, subdivision, categories, years)
    out = []
    for name, found in days.items():
        ticks = np.unique(found)
        first = np.flatnonzero(np.r_[True, np.diff(ticks) > DAY])
        for run in np.split(ticks, first[1:]):
            out.append(Occurrence(name, int(run[0]), int(run[-1]) + DAY, region))
    return out


def _days(
    country: Any, subdivision: Any, categories: Sequence[str] | None, years: range
) -> dict[str, list[int]]:
    """Return the days of each holiday, in nanoseconds since 1970."""
    import holidays

    plain = _calendar(country)
    names = getattr(plain, "supported_languages", ())
    options: dict[str, Any] = {"language": "en_US"} if "en_US" in names else {}
    if categories is not None:
        known = sorted(plain.supported_categories)
        odd = [c for c in categories if c not in known]
        if odd:
            raise ValueError(
                f"categories: {country!r} has no holidays of the kind {odd}; it has "
                f"{known}"
            )
        options["categories"] = tuple(categories)
    last = years[-2]  # The year after the time steps is there for windows alone.
    if last > plain.end_year:
        raise ValueError(
            f"holidays of {country!r} are known up to {plain.end_year}, but there are "
            f"time steps in {last}; name those that matter in events="
        )
    try:
        calendar = holidays.country_holidays(
            country, subdiv=subdivision, years=years, observed=False, **options
        )
    except NotImplementedError as error:
        raise ValueError(
            f"subdivision: {country!r} has none called {subdivision!r}; it has "
            f"{list(plain.subdivisions)}"
        ) from error
    found: dict[str, list[int]] = {}
    for day in calendar:
        tick = pd.Timestamp(day).as_unit("ns").value
        for name in calendar.get_list(day):
            found.setdefault(_OF_A_YEAR.sub("", name), []).append(tick)
    return found


def _calendar(country: Any) -> Any:
    import holidays

    try:
        return holidays.country_holidays(country)
    except (NotImplementedError, TypeError, AttributeError) as error:
        known = list(holidays.list_supported_countries())
        close = get_close_matches(str(country).upper(), known, 1, 0.5)
        raise ValueError(
            f"country: no holidays are known of {shown(country)}"
            f"{f'; did you mean {close[0]!r}?' if close else ';'} Give a code of ISO "
            "3166 such as 'US' or 'DE' (holidays.list_supported_countries() has all)"
        ) from error


def date_columns(table: Any) -> list[Any]:
    """Return the columns and index levels whose type is that of dates or periods."""
    if isinstance(table, pd.DataFrame):
        levels = [n for n in table.index.names if isinstance(n, (str, int))]
        every = {c: table[c].dtype for c in table}
        every |= {n: table.index.get_level_values(n).dtype for n in levels}
        return [
            name
            for name, dtype in every.items()
            if pd.api.types.is_datetime64_any_dtype(dtype)
            or isinstance(dtype, pd.PeriodDtype)
        ]
    frame = nw.from_native(table, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return []
    return [name for name, dtype in frame.schema.items() if dtype.is_temporal()]
