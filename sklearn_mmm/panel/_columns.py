"""What comes in: columns, keys and numbers, and every refusal of bad data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from sklearn.utils import check_array, column_or_1d

from sklearn_mmm._arguments import shown
from sklearn_mmm.panel._numbers import as_floats, check_size

Column = str | int
ColumnSpec = Column | Sequence[Column] | slice | Callable[[Any], Any] | None


def is_frame(X: Any) -> bool:
    """Return whether X has named columns (pandas, polars, pyarrow and their like)."""
    return isinstance(
        nw.from_native(X, pass_through=True), (nw.DataFrame, nw.LazyFrame)
    )


def as_table(X: Any, names: Sequence[str] | None = None) -> Any:
    """Return frames in memory and anything else as a 2-D array.

    Parameters
    ----------
    X : frame or array
        A lazy frame is collected.
    names : sequence of str, default=None
        Names of the columns in fit, if they had any.

    Raises
    ------
    ValueError
        If X is empty, has two columns of one name, or has no names although the data
        of fit had.
    """
    if isinstance(X, pd.DataFrame) and not X.columns.is_unique:
        twice = X.columns[X.columns.duplicated()][0]
        raise ValueError(f"X has two columns called {twice!r}; rename one of them")
    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        if names is not None and len(np.shape(X)) == 2:
            raise ValueError(
                "X is an array, but the data of fit had named columns; pass a frame "
                f"with the columns {_listing(list(names))}"
            )
        return check_array(X, dtype=None, ensure_all_finite=False)
    if frame.shape[0] == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={tuple(frame.shape)}) while a "
            "minimum of 1 is required."
        )
    return frame.to_native()


def column_names(X: Any) -> list[Column]:
    """Return the names of a frame's columns, or the positions of an array's."""
    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        return list(frame.columns)
    return list(range(X.shape[1]))


def resolve_column(X: Any, column: Column, parameter: str) -> Column:
    """Return a column's name (frame) or non-negative position (array).

    Raises
    ------
    ValueError
        If X has no such column.
    """
    names = column_names(X)
    if not isinstance(column, (str, int, np.integer, *map(type, names))):
        raise TypeError(
            f"{parameter}: got {shown(column)}; give the name of a column or its "
            "position"
        )
    if column in names and not isinstance(column, bool):
        return column
    is_position = isinstance(column, (int, np.integer)) and not isinstance(column, bool)
    if is_position and -len(names) <= int(column) < len(names):
        return names[int(column)]
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
        A callable is given X, as in ``make_column_selector``. A text with ``*`` or
        ``?`` that is no column's name stands for all that it matches, as those of
        files do. A sequence may hold callables as well.
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
            names.index(resolve_column(X, b, parameter)) if isinstance(b, str) else b
            for b in (spec.start, spec.stop)
        )
        if isinstance(spec.stop, str):  # label slices include their end
            last += 1
        return names[slice(first, last, spec.step)]
    if isinstance(spec, (str, int, np.integer)):
        spec = [spec]
    if not isinstance(spec, Iterable):
        raise TypeError(
            f"{parameter}: got {shown(spec)}; give names or positions of columns"
        )
    chosen = list(spec)
    if len(chosen) == len(names) and all(
        isinstance(c, (bool, np.bool_)) for c in chosen
    ):
        return [n for n, take in zip(names, chosen, strict=True) if take]
    resolved = [c for part in chosen for c in _resolve_part(X, part, parameter)]
    for name in resolved:
        if resolved.count(name) > 1:
            raise ValueError(f"{parameter} names column {name!r} more than once")
    return resolved


def _resolve_part(X: Any, part: Any, parameter: str) -> list[Column]:
    """Return the columns that a part of a sequence stands for.

    Raises
    ------
    ValueError
        If there is none.
    """
    if callable(part) and not isinstance(part, type):
        return resolve_columns(X, part, parameter)
    names = column_names(X)
    if not isinstance(part, str) or part in names or not set("*?") & set(part):
        return [resolve_column(X, part, parameter)]
    found: list[Column] = [
        n for n in names if isinstance(n, str) and fnmatchcase(n, part)
    ]
    if not found:
        raise ValueError(
            f"{parameter}: no column of X matches {part!r}; it has {_listing(names)}"
        )
    return found


def read_key(X: Any, column: Column, parameter: str) -> np.ndarray:
    """Return a key column, or an index level of that name, as a 1-D array."""
    if key_column(X, column, parameter) is None:
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
    named = isinstance(X, pd.DataFrame) and isinstance(column, (str, int))
    if named and column in list(X.index.names) and column not in column_names(X):
        return None
    return resolve_column(X, column, parameter)


def read_column(X: Any, column: Column) -> np.ndarray:
    """Return one column, as named by :func:`resolve_column`."""
    frame = nw.from_native(X, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return np.asarray(X[:, column])
    names = list(frame.columns)
    if column not in names and isinstance(column, (int, np.integer)):
        column = names[column]  # fit was given an array
    series = frame.get_column(column)
    if getattr(series.dtype, "time_zone", None) is not None:
        return np.array(series.to_list(), dtype=object)
    return series.to_numpy()


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
        If a column holds text, dates, NaN, infinity or numbers that are too large or
        too small to compute with.
    """
    out = np.empty((X.shape[0], len(columns)))
    for i, column in enumerate(columns):
        what = f"{role} column {column!r}"
        out[:, i] = as_floats(read_column(X, column), what)
        bad = np.flatnonzero(~np.isfinite(out[:, i]))
        if len(bad):
            raise ValueError(
                f"Input X contains NaN or inf: {what} has {len(bad)} such values, "
                f"first in row {bad[0]}; fill them or leave the row out"
            )
        check_size(out[:, i], what)
    return out


def with_columns(
    X: Any, new: Mapping[Any, np.ndarray], keep: Sequence[Any] | None = None
) -> Any:
    """Return a frame with further columns, or other ones in the place of its own.

    Parameters
    ----------
    X : frame
    new : mapping
        Values by name.
    keep : sequence, default=None
        Columns of X that stay; None means all.
    """
    keep = column_names(X) if keep is None else list(keep)
    if isinstance(X, pd.DataFrame):  # names may be other than text, the index stays
        out = X[keep].copy()
        for name, values in new.items():
            out[name] = values
        return out
    frame = nw.from_native(X, eager_only=True)
    backend = frame.implementation
    series = [nw.new_series(str(k), v, backend=backend) for k, v in new.items()]
    return frame.select(keep).with_columns(*series).to_native()


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
    series = nw.from_native(y, allow_series=True, pass_through=True)
    if isinstance(series, nw.LazyFrame):
        series = series.collect()
    if isinstance(series, (nw.DataFrame, nw.Series)):
        y = series.to_numpy()
    if np.asarray(y).dtype.kind in "cMm":  # before these become other numbers
        as_floats(y, "y")
    y = as_floats(column_or_1d(y, warn=True), "y")
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    if len(y) != n_rows:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"X has {n_rows} rows, y has {len(y)}"
        )
    check_size(y, "y")
    return y


def _listing(names: Sequence[Column], most: int = 12) -> str:
    shown = ", ".join(repr(n) for n in names[:most])
    return f"[{shown}{', ...' if len(names) > most else ''}]"


def index_of(X: Any) -> pd.Index | None:
    """Return the index of a table, None if X has none."""
    return X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
