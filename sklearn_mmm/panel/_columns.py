"""What comes in: columns, keys and numbers, and every refusal of bad data."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array, column_or_1d

Column = str | int
ColumnSpec = Column | Sequence[Column] | slice | Callable[[Any], Any] | None


def is_frame(X: Any) -> bool:
    """Return whether X has named columns (pandas, polars and their like)."""
    return hasattr(X, "columns") and hasattr(X, "__getitem__")


def as_table(X: Any) -> Any:
    """Return frames as they are and anything else as a 2-D array."""
    if is_frame(X):
        if X.shape[0] == 0:
            raise ValueError(
                f"Found array with 0 sample(s) (shape={tuple(X.shape)}) while a "
                "minimum of 1 is required."
            )
        return X
    return check_array(X, dtype=None, ensure_all_finite=False)


def column_names(X: Any) -> list[Column]:
    """Return the names of a frame's columns, or the positions of an array's."""
    return list(X.columns) if is_frame(X) else list(range(X.shape[1]))


def resolve_column(X: Any, column: Column, parameter: str) -> Column:
    """Return a column's name (frame) or non-negative position (array).

    Raises
    ------
    ValueError
        If X has no such column.
    """
    names = column_names(X)
    if column in names and not isinstance(column, bool):
        return column
    if isinstance(column, (int, np.integer)) and -len(names) <= column < len(names):
        return names[column]
    kind = "columns" if is_frame(X) else "an array without names; positions"
    raise ValueError(
        f"{parameter}: X has no column {column!r}; it has {kind} "
        f"{_listing(names)}. Name one of them, or pass a DataFrame."
    )


def resolve_columns(X: Any, spec: Any, parameter: str) -> list[Column]:
    """Return the columns that a scikit-learn column specifier selects.

    Parameters
    ----------
    X : frame or array
    spec : str, int, sequence of these, boolean mask, slice or callable
        A callable is given X, as in ``make_column_selector``.
    parameter : str
        The parameter's name, for messages.
    """
    if callable(spec):
        spec = spec(X)
    if spec is None:
        return []
    names = column_names(X)
    if isinstance(spec, slice):
        first, last = (
            names.index(b) if isinstance(b, str) else b for b in (spec.start, spec.stop)
        )
        if isinstance(spec.stop, str):  # label slices include their end
            last += 1
        return names[slice(first, last, spec.step)]
    if isinstance(spec, (str, int, np.integer)):
        spec = [spec]
    chosen = list(spec)
    if len(chosen) == len(names) and all(
        isinstance(c, (bool, np.bool_)) for c in chosen
    ):
        return [n for n, take in zip(names, chosen, strict=True) if take]
    resolved = [resolve_column(X, c, parameter) for c in chosen]
    for name in resolved:
        if resolved.count(name) > 1:
            raise ValueError(f"{parameter} names column {name!r} more than once")
    return resolved


def read_key(X: Any, column: Column, parameter: str) -> np.ndarray:
    """Return a key column, or an index level of that name, as a 1-D array."""
    names = column_names(X)
    if (
        column not in names
        and isinstance(X, pd.DataFrame)
        and column in list(X.index.names)
    ):
        values = X.index.get_level_values(column).to_numpy()
    else:
        values = read_column(X, resolve_column(X, column, parameter))
    values = np.asarray(values)
    missing = pd.isna(values)
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise ValueError(
            f"{parameter} {column!r} contains NaN, first in row {row}; "
            "every row needs its keys"
        )
    return values


def key_column(X: Any, column: Column | None, parameter: str) -> Column | None:
    """Return the column of X that holds a key, None where an index level does."""
    if column is None:
        return None
    in_index = isinstance(X, pd.DataFrame) and column in list(X.index.names)
    if in_index and column not in column_names(X):
        return None
    return resolve_column(X, column, parameter)


def read_column(X: Any, column: Column) -> np.ndarray:
    """Return one column, as named by :func:`resolve_column`."""
    if not is_frame(X):
        return X[:, column]
    series = X[column]
    return series.to_numpy() if hasattr(series, "to_numpy") else np.asarray(series)


def read_numbers(X: Any, columns: Sequence[Column], role: str) -> np.ndarray:
    """Return numeric columns as (n_rows, n_columns) floats.

    Parameters
    ----------
    X : frame or array
    columns : sequence
        As returned by :func:`resolve_columns`.
    role : str
        "media", "control"..., for messages.

    Raises
    ------
    ValueError
        If a column holds text, NaN or infinity.
    """
    n_rows = X.shape[0]
    out = np.empty((n_rows, len(columns)))
    for i, column in enumerate(columns):
        values = read_column(X, column)
        try:
            out[:, i] = values
        except ValueError as error:
            raise ValueError(
                f"{role} column {column!r} holds text, numbers are needed: {error}"
            ) from error
        bad = np.flatnonzero(~np.isfinite(out[:, i]))
        if len(bad):
            raise ValueError(
                f"Input X contains NaN or inf: {role} column {column!r} has "
                f"{len(bad)} such values, first in row {bad[0]}; "
                "fill them or leave the row out"
            )
    return out


def check_media(
    media: np.ndarray, columns: Sequence[Column], role: str = "media"
) -> None:
    """Refuse negative media or spend.

    Raises
    ------
    ValueError
        Naming the first column that has negative values.
    """
    for i, column in enumerate(columns):
        bad = np.flatnonzero(media[:, i] < 0)
        if len(bad):
            raise ValueError(
                f"Negative values in data: {role} column {column!r} has {len(bad)} "
                f"negative values, first in row {bad[0]}; spend must be >= 0"
            )


def check_target(y: Any, n_rows: int) -> np.ndarray:
    """Return y as finite floats of shape (n_rows,)."""
    y = column_or_1d(y, warn=True)
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    if len(y) != n_rows:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"X has {n_rows} rows, y has {len(y)}"
        )
    return y


def _listing(names: Sequence[Column], most: int = 12) -> str:
    shown = ", ".join(repr(n) for n in names[:most])
    return f"[{shown}{', ...' if len(names) > most else ''}]"


def index_of(X: Any) -> pd.Index | None:
    """Return the index of a table, None if X has none."""
    return X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
