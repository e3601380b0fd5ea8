"""Columns of texts that name events."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import shown
from sklearn_mmm.panel._columns import (
    Column,
    ColumnSpec,
    column_names,
    is_frame,
    read_column,
    resolve_columns,
)
from sklearn_mmm.transformers._event_days import column_of

# Words for no event.
_NONE = {"", "0", "-", "na", "n/a", "nan", "none", "null", "no", "no event", "nothing"}
# Texts that are this often different name no events.
_FEWEST, _MOST_SHARE = 20, 0.5


class TextColumn(NamedTuple):
    """A column of texts that name events.

    Attributes
    ----------
    column : str or int
    usual : str
        What it holds where there is no event.
    columns : dict of str to str
        Column of each event, by its text.
    """

    column: Column
    usual: str
    columns: dict[str, str]

    def read(self, table: Any) -> list[list[str]]:
        """Return the events of each row."""
        texts = [_names(value) for value in read_column(table, self.column)]
        return [[t for t in names if t != self.usual] for names in texts]

    def written(self, on: dict[str, np.ndarray], n_rows: int) -> np.ndarray:
        """Return texts of rows by the columns of their events.

        Parameters
        ----------
        on : dict of bool ndarray of shape (n_rows,)
            By column.
        n_rows : int
        """
        out = np.full(n_rows, "", object)
        for label, column in self.columns.items():
            for row in np.flatnonzero(on.get(column, np.zeros(0, bool))):
                out[row] = f"{out[row]}; {label}" if out[row] else label
        return np.where(out == "", self.usual, out)


def _names(value: Any) -> list[str]:
    """Return the events that a cell names, none for a word for none."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return []
    parts = (part.strip() for part in str(value).split(";"))
    return [part for part in parts if part.lower() not in _NONE]


def find_texts(
    table: Any, spec: ColumnSpec, keys: list[Column]
) -> tuple[TextColumn, ...]:
    """Return the columns of texts that name events.

    Parameters
    ----------
    table : frame or array
    spec : "auto" or column specifier
    keys : list
        Columns that are none.

    Raises
    ------
    ValueError
        If a column that was named holds no texts, or a different one in most rows.
    """
    if isinstance(spec, str) and spec == "auto":
        chosen = [
            column
            for column in column_names(table)
            if column not in keys and _is_of_events(table, column)
        ]
    else:
        chosen = resolve_columns(table, spec, "text_columns")
    found = [_of_column(table, column) for column in chosen]
    every = [own for text in found for own in text.columns.values()]
    twice = {own for own, n in Counter(every).items() if n > 1}
    return tuple(_told_apart(text, twice) for text in found)


def _told_apart(text: TextColumn, twice: set[str]) -> TextColumn:
    """Return a column whose events have its name where others have the same."""
    columns = {
        label: column_of(f"{text.column} {label}") if own in twice else own
        for label, own in text.columns.items()
    }
    return text._replace(columns=columns)


def _values(table: Any, column: Column) -> np.ndarray:
    return np.asarray(read_column(table, column), dtype=object)


def _is_text(values: np.ndarray) -> bool:
    seen = [v for v in values if v is not None and not _is_nan(v)]
    return bool(seen) and all(isinstance(value, str) for value in seen)


def _is_nan(value: Any) -> bool:
    return (
        value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and value != value)
    )


def _is_of_events(table: Any, column: Column) -> bool:
    """Return whether a column holds texts, most often a word for none."""
    if not is_frame(table) and table.dtype.kind not in "OUS":
        return False
    values = _values(table, column)
    if not _is_text(values):
        return False
    counts = Counter(name for value in values for name in _names(value))
    none = sum(not _names(value) for value in values)
    return bool(counts) and none > max(counts.values())


def _of_column(table: Any, column: Column) -> TextColumn:
    values = _values(table, column)
    if not _is_text(values):
        raise ValueError(
            f"text_columns: column {column!r} holds {shown(values[0])} and is no "
            "column of texts; leave numbers as they are"
        )
    counts = Counter(name for value in values for name in _names(value))
    usual = ""
    if all(_names(value) for value in values):
        usual = counts.most_common(1)[0][0]
    else:
        usual = next(
            str(v) for v in [*values, ""] if isinstance(v, str) and not _names(v)
        )
    events = sorted(set(counts) - {usual})
    if len(events) >= _FEWEST and len(events) > _MOST_SHARE * len(values):
        raise ValueError(
            f"text_columns: column {column!r} holds {len(counts)} different texts in "
            f"{len(values)} rows, such as {events[0]!r}, which name no events; drop "
            "it, or name the columns that do in text_columns"
        )
    return TextColumn(column, usual, {label: column_of(label) for label in events})
