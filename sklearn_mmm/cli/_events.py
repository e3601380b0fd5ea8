"""Holidays, named events and texts of a file, and where a model keeps their encoder."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_mmm.cli._column_roles import Columns
from sklearn_mmm.cli._columns import is_number
from sklearn_mmm.storage import load, save
from sklearn_mmm.transformers import EventEncoder

_ENCODER, _MODEL = "events", "mmm"


def add_events(parser: argparse.ArgumentParser) -> None:
    """Add the options about events."""
    add = parser.add_argument
    add(
        "--holidays",
        metavar="COUNTRY",
        help="holidays of a country are controls: US, or US-CA with those of a state",
    )
    add(
        "--events",
        metavar="FILE",
        help="named events are controls: name, start and, if you like, end (the last "
        "day) and region",
    )


def encode_events(
    X: pd.DataFrame, found: Columns, holidays: str | None, events: pd.DataFrame | None
) -> tuple[pd.DataFrame, EventEncoder | None]:
    """Return rows in which events are columns, and their encoder, None without any.

    Texts among the controls name events; their columns take the place of the texts.

    Raises
    ------
    ValueError
        If holidays or events cannot be placed in time, or are none.
    """
    texts = [c for c in found.controls if c in X and not is_number(X[c])]
    if not texts and holidays is None and events is None:
        return X, None
    if found.time is None and (holidays is not None or events is not None):
        raise ValueError(
            "--holidays and --events need a column with the time step; name it in "
            "--time"
        )
    country, _, part = (holidays or "").partition("-")
    if events is not None:
        events = events.rename(columns=str.lower)
    by_region = events is not None and "region" in events
    encoder = EventEncoder(
        country or None,
        part or None,
        events,
        region_column=found.regions[0] if found.regions and by_region else None,
        time_column=found.time,
        text_columns=texts or None,
    )
    try:
        out = encoder.fit(X).transform(X)
    except ValueError as error:
        raise ValueError(f"{error} (--holidays, --events)") from error
    found.controls = [c for c in found.controls if c not in texts]
    found.controls += encoder.event_names_
    return out, encoder


def encoded(encoder: EventEncoder | None, rows: pd.DataFrame) -> pd.DataFrame:
    """Return further rows with the columns of events."""
    if encoder is None:
        return rows
    new = encoder.transform(rows.reindex(columns=encoder.feature_names_in_))
    return rows.assign(**{name: new[name] for name in encoder.event_names_})


def describe_events(encoder: EventEncoder) -> str:
    """Return what the encoder made of events, in a line."""
    names = encoder.event_names_
    own = [n for n in names if "_before_" not in n and "_after_" not in n]
    shown = ", ".join(name.removeprefix("event_") for name in own)
    return f"events    {shown or 'none'} ({len(names)} columns with their windows)"


def joined(encoder: EventEncoder | None, mmm: Any) -> Any:
    """Return a model with its encoder in front, if there is one."""
    if encoder is None:
        return mmm
    return Pipeline([(_ENCODER, encoder), (_MODEL, mmm)])


def save_model(encoder: EventEncoder | None, mmm: Any, path: str) -> None:
    """Store a model, with its encoder if there is one."""
    save(joined(encoder, mmm), path)


def load_model(path: str) -> tuple[EventEncoder | None, Any]:
    """Return a stored model and the encoder of its events, None without one.

    Raises
    ------
    OSError, ValueError
        If there is none in the file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"there is no model {path!r}; store one with: report FILE --save {path}"
        )
    encoder, mmm = None, load(path)
    if isinstance(mmm, Pipeline):
        encoder, mmm = mmm[0], mmm[-1]
    if not hasattr(mmm, "contributions_"):
        raise ValueError(f"{path} holds no fitted regressor; store one with --save")
    return encoder, mmm
