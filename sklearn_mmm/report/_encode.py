"""Figures and tables as JSON that any HTML page can hold."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.report._labels import relabel_figure

_DIGITS = 7
# Beyond, numbers are written with an exponent.
_LARGE = 1e15
# Shorter lists are cheaper where they stand.
_FEWEST_POOLED = 8


class ArrayPool:
    """Arrays that are written once, however many figures and tables have them.

    ``add`` returns a reference, ``{"$": i}``, to the i-th array.

    Parameters
    ----------
    fewest : float, default=8
        Shorter arrays stay where they are, all of them if it is infinite.
    """

    def __init__(self, fewest: float = _FEWEST_POOLED) -> None:
        self._fewest = fewest
        self._places: dict[str, int] = {}

    def add(self, values: list[Any]) -> Any:
        """Return a reference to an array of JSON scalars."""
        if len(values) < self._fewest:
            return values
        written = _dump(values)
        place = self._places.setdefault(written, len(self._places))
        return {"$": place}

    def json(self) -> str:
        """Return all arrays as one JSON text."""
        return f"[{','.join(self._places)}]"


def in_script(written: str) -> str:
    """Return JSON that cannot end the script element that holds it."""
    return (
        written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )


def script_json(value: Any) -> str:
    """Return a value as JSON for a script element."""
    return in_script(_dump(value))


def _dump(value: Any) -> str:
    # ASCII, so that the line separators of Unicode are escaped as well.
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def encode_figure(
    figure: go.Figure, pool: ArrayPool, labels: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return data, layout and menus of a figure, with labels for columns' names.

    Title and template are left to the page, and menus become controls of the page.
    """
    layout = figure.layout.to_plotly_json()
    menus = layout.pop("updatemenus", ())
    for name in ("template", "title"):
        layout.pop(name, None)
    spec = {
        # Trace by trace, because a whole figure comes with arrays in base64.
        "data": [trace.to_plotly_json() for trace in figure.data],
        "layout": layout,
        "menus": [
            {
                "name": menu["name"],
                "options": [
                    {"label": button["label"], "change": button["args"]}
                    for button in menu["buttons"]
                ],
            }
            for menu in menus
        ],
    }
    encoded: dict[str, Any] = _plain(relabel_figure(spec, labels or {}), pool)
    return encoded


def _plain(value: Any, pool: ArrayPool) -> Any:
    """Return JSON types, with long arrays of scalars in the pool."""
    if isinstance(value, dict):
        return {str(k): _plain(v, pool) for k, v in value.items() if v is not None}
    if isinstance(value, (np.ndarray, pd.Series, pd.Index)):
        array = np.asarray(value)
        if array.ndim > 1:
            return [_plain(row, pool) for row in array]
        return pool.add(scalars(array))
    if isinstance(value, (list, tuple)):
        if any(
            isinstance(v, (dict, list, tuple, np.ndarray, pd.Series)) for v in value
        ):
            return [_plain(v, pool) for v in value]
        return pool.add([scalar(v) for v in value])
    return scalar(value)


def scalars(array: np.ndarray) -> list[Any]:
    """Return the values of a one-dimensional array as JSON scalars."""
    if array.dtype.kind == "M":
        dates = pd.DatetimeIndex(array)
        whole = bool((dates == dates.normalize()).all())
        form = "%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%S"
        return [None if pd.isna(d) else d.strftime(form) for d in dates]
    if array.dtype.kind == "f":
        return _all_rounded(array)
    if array.dtype.kind in "iub":
        return list(array.tolist())
    return [scalar(v) for v in array.tolist()]


def scalar(value: Any) -> Any:
    """Return a value as a JSON scalar; None where it is missing or not finite."""
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return _rounded(float(value))
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return scalars(np.array([value], "datetime64[ns]"))[0]
    return str(value)


def _rounded(value: float) -> float | int | None:
    if not np.isfinite(value):
        return None
    out = float(f"{value:.{_DIGITS}g}")
    return int(out) if out.is_integer() and abs(out) < _LARGE else out


def _all_rounded(values: np.ndarray) -> list[float | int | None]:
    """Return :func:`_rounded` of floating-point values, all at once."""
    given = values.astype(float)
    size = np.abs(given)
    usual = (size > 1 / _LARGE) & (size < _LARGE)
    known = np.where(usual, given, 1.0)
    # Digits after the point, or zeros before it. A whole number that is divided by a
    # power of ten is the nearest to its decimal digits.
    digits = _DIGITS - 1 - np.floor(np.log10(np.abs(known))).astype(int)
    after, before = np.maximum(digits, 0), np.maximum(-digits, 0)
    whole = np.rint(known * 10.0**after / 10.0**before)
    rounded = whole * 10.0**before / 10.0**after
    out: list[float | int | None] = rounded.tolist()
    for i in np.flatnonzero(usual & (rounded == np.rint(rounded))).tolist():
        out[i] = int(rounded[i])
    for i in np.flatnonzero(~usual).tolist():
        out[i] = _rounded(float(given[i]))
    return out


def encode_table(table: pd.DataFrame, pool: ArrayPool) -> dict[str, Any]:
    """Return a table by columns.

    Numbers stand as they are, in pieces by region so that figures can share them; texts
    and dates as levels and codes.
    """
    ends = _pieces(table)
    columns = []
    for name in table.columns:
        values = table[name]
        if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(
            values
        ):
            codes, levels = pd.factorize(values)
            known = (
                [str(level).lower() for level in levels]
                if pd.api.types.is_bool_dtype(values)
                else scalars(np.asarray(levels))
            )
            column = {"levels": pool.add([str(v) for v in known])}
        else:
            column, codes = {}, values.to_numpy()
        cells, cuts = _cells(codes), [0, *ends, len(table)]
        columns.append(
            {
                "name": str(name),
                **column,
                "pieces": [pool.add(cells[a:b]) for a, b in pairwise(cuts) if a < b],
            }
        )
    return {"rows": len(table), "columns": columns}


def _cells(values: np.ndarray) -> list[Any]:
    # Infinite values are no gaps in a table.
    if values.dtype.kind == "f" and np.isinf(values).any():
        infinite = np.isinf(values)
        texts = values.tolist()
        return [
            str(text) if far else value
            for text, far, value in zip(
                texts, infinite.tolist(), scalars(values), strict=True
            )
        ]
    return scalars(values)


def _pieces(table: pd.DataFrame) -> list[int]:
    """Return where the rows of another region begin."""
    if "region" not in table or len(table) < 2:
        return []
    region = table["region"].to_numpy()
    ends = np.flatnonzero(region[1:] != region[:-1]) + 1
    # Rows that are not together by region are not worth cutting up.
    return [] if len(ends) > len(table) / 4 else list(ends)
