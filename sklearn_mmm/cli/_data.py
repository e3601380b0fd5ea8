"""From a file and options to rows that a model can be fitted to."""

import argparse
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.cli._column_roles import Columns, Wanted
from sklearn_mmm.cli._column_words import default_labels, describe
from sklearn_mmm.cli._columns import (
    find_columns,
    is_number,
    kind_of,
)
from sklearn_mmm.cli._events import describe_events, encode_events
from sklearn_mmm.cli._files import read_raw
from sklearn_mmm.cli._numbers import Signs, find_signs, looks_numeric, to_numbers
from sklearn_mmm.inspection import check_data
from sklearn_mmm.panel._time_axis import make_time_axis
from sklearn_mmm.transformers import EventEncoder


@dataclass
class Data:
    """Rows, and what is known about them.

    Attributes
    ----------
    X : DataFrame
    y : Series
    columns : Columns
    labels : dict
        Names of channels for people.
    findings : DataFrame
        As :func:`check_data` returns it.
    notes : list of str
        What was assumed about the file.
    encoder : EventEncoder or None
        Of holidays, named events and texts, where there are any.
    """

    X: pd.DataFrame
    y: pd.Series
    columns: Columns
    labels: dict[str, str]
    findings: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    encoder: EventEncoder | None = None

    @property
    def events(self) -> list[str]:
        """Columns of events."""
        return [] if self.encoder is None else self.encoder.event_names_

    @property
    def roles(self) -> dict[str, Any]:
        """Arguments of the regressor."""
        found = self.columns
        organic = [m for m in found.media if found.spend.get(m, m) is None]
        return {
            "media_columns": [c for c in found.media if c not in organic],
            "control_columns": found.controls or None,
            "region_column": found.region_column,
            "time_column": found.time,
            "spend_columns": _money(found, organic),
            "organic_columns": organic or None,
            "outcome_value": found.outcome_value,
            "reach_frequency": found.reach or None,
        }

    def said(self) -> list[str]:
        """Return lines about what was taken for what."""
        out = [f"file      {note}" for note in self.notes]
        plain = [c for c in self.columns.controls if c not in self.events]
        out += describe(replace(self.columns, controls=plain), self.X)
        return out + ([] if self.encoder is None else [describe_events(self.encoder)])


def _money(found: Columns, organic: list[str]) -> dict[str, str] | None:
    """Return the column with the money behind each medium; None if media are money.

    Raises
    ------
    ValueError
        If it is known of some and of others not.
    """
    known = {m: s for m, s in found.spend.items() if s is not None}
    if not known:
        return None
    for name in known:
        if name not in [*found.media, *found.reach]:
            raise ValueError(f"--spend names {name!r}, which is none of the media")
    rest = [m for m in found.media if m not in known and m not in organic]
    # Without a word on media's own money they are money, unless they say otherwise.
    is_money = {"spend", ""} if found.reach.keys() >= known.keys() else {"spend"}
    for name in rest:
        if kind_of(name) not in is_money:
            raise ValueError(
                f"what was paid for {name!r} is not known; say --spend {name}=COLUMN, "
                f"{name}={name} if it is money itself, or --organic {name} if it cost "
                "nothing"
            )
    return known | {name: name for name in rest}


def read_data(path: str, args: argparse.Namespace) -> tuple[pd.DataFrame, list[str]]:
    """Read a table with numbers as numbers.

    Raises
    ------
    ValueError, OSError
        If the file holds no table or its numbers cannot be read without a doubt.
    """
    raw = read_raw(path, args.sep, args.encoding, args.sheet)
    return typed(raw.data, raw.separator, args, raw.notes), raw.notes


def typed(
    data: pd.DataFrame, separator: str, args: argparse.Namespace, notes: list[str]
) -> pd.DataFrame:
    """Return a table in which columns of numbers are numbers."""
    texts = {
        name: data[name].fillna("").astype(str).tolist()
        for name in map(str, data)
        if data[name].dtype.kind not in "iufbM"
    }
    numeric = {name: cells for name, cells in texts.items() if looks_numeric(cells)}
    if args.decimal or args.thousands:
        signs = Signs(args.decimal or ".", args.thousands or "")
        if signs.decimal == signs.thousands:
            raise ValueError("--decimal and --thousands are the same sign")
    else:
        signs = find_signs(numeric, separator)
        if signs.decimal == ",":
            notes.append("numbers have a decimal comma (--decimal)")
    out = data.copy()
    for name in texts:
        if name in numeric:
            out[name] = _numbers_or_texts(data[name], signs)
        else:
            out[name] = data[name].where(data[name].notna() & data[name].ne(""), None)
    return out


def _numbers_or_texts(column: pd.Series, signs: Signs) -> Any:
    """Return floats, or objects where a text is no number and has to be reported."""
    numbers = to_numbers(column, signs)
    said = column.fillna("").astype(str).str.strip().ne("")
    wrong = np.isnan(numbers) & said.to_numpy()
    if not wrong.any():
        return numbers
    out = numbers.astype(object)
    out[wrong] = column[wrong]
    return out


def load(args: argparse.Namespace) -> Data:
    """Read a file, give its columns their roles and check everything.

    Raises
    ------
    ValueError, OSError
        With the remedy.
    """
    table, notes = read_data(args.data, args)
    wanted = Wanted(
        *(args.target, args.time, args.region, args.media, args.controls),
        organic=args.organic,
        spend=args.spend,
        outcome_value=args.outcome_value,
        reach=args.reach_frequency,
    )
    found = find_columns(table, wanted)
    for name in found.regions:
        if is_number(table[name]):
            table = table.assign(**{name: _whole(table[name])})
    table = with_dates(table, found.time, args)
    y = table[found.target]
    events = None if args.events is None else read_data(args.events, args)[0]
    X = table.drop(columns=found.target)
    X, encoder = encode_events(X, found, args.holidays, events)
    data = Data(X, y, found, default_labels(found), pd.DataFrame(), notes, encoder)
    plain = [c for c in found.controls if c not in data.events]
    data.findings = check_data(X, y, **data.roles | {"control_columns": plain or None})
    return data


def with_dates(
    table: pd.DataFrame, column: str | None, args: argparse.Namespace
) -> pd.DataFrame:
    """Return a table whose time labels can be read, as told by options.

    Raises
    ------
    ValueError
        If they cannot, or in two ways.
    """
    if column is None:
        return table
    if is_number(table[column]):
        return table.assign(**{column: _whole(table[column])})
    if args.dayfirst or args.monthfirst:
        dates = pd.to_datetime(
            table[column], dayfirst=args.dayfirst, format="mixed", errors="coerce"
        )
        bad = np.flatnonzero(dates.isna())
        if len(bad):
            raise ValueError(
                f"column {column!r} holds {table[column].iloc[bad[0]]!r} in row "
                f"{bad[0]}, which is no date; drop the row or mend it"
            )
        return table.assign(**{column: dates})
    try:
        make_time_axis(table[column].to_numpy(), column)
    except ValueError as error:
        if "doubt" in str(error):
            raise ValueError(f"{error}; here: --dayfirst or --monthfirst") from error
        raise
    return table


def _whole(column: pd.Series) -> pd.Series:
    """Return integers where numbers are whole, as calendars in digits are."""
    numbers = pd.to_numeric(column, errors="coerce")
    whole = numbers.notna().all() and (numbers == np.floor(numbers)).all()
    return numbers.astype(np.int64) if whole else column


def refuse_what_stops(data: Data) -> None:
    """Refuse data that a fit would refuse, all reasons together.

    Raises
    ------
    ValueError
    """
    stops = data.findings[data.findings["severity"] == "stops"]
    if len(stops):
        lines = [
            f"{row['where']}: {row['what']} {row['what_to_do']}"
            for row in stops.to_dict("records")
        ]
        raise ValueError("\n       ".join(lines))


def training_part(data: Data, holdout: int) -> np.ndarray:
    """Return which rows are trained on; the last time steps are kept back.

    Raises
    ------
    ValueError
        If the holdout is negative or leaves nothing.
    """
    if holdout < 0:
        raise ValueError(f"--holdout {holdout} is negative; 0 keeps nothing back")
    time = data.columns.time
    if not holdout or time is None:
        return np.ones(len(data.X), bool)
    labels = data.X[time].to_numpy()
    position = make_time_axis(labels, time).position(labels, time)
    steps = np.unique(position)
    if holdout >= len(steps):
        raise ValueError(
            f"--holdout {holdout} leaves nothing of {len(steps)} time steps; "
            "keep fewer back, or none with --holdout 0"
        )
    return np.asarray(position < steps[-holdout])
