"""pandas tables as arrays, and back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Encode = Callable[[Any], Any]


def encode_index(index: pd.Index, encode: Encode) -> dict[str, Any]:
    """Return an index, or the values of a column, as arrays and numbers."""
    if isinstance(index, pd.MultiIndex):
        return {
            "kind": "multi",
            "levels": [encode_index(level, encode) for level in index.levels],
            "codes": [np.asarray(codes) for codes in index.codes],
            "names": encode(list(index.names)),
        }
    common: dict[str, Any] = {"name": encode(index.name)}
    if isinstance(index, pd.RangeIndex):
        place = [index.start, index.stop, index.step]
        return common | {"kind": "range", "place": place}
    if isinstance(index, pd.DatetimeIndex):
        tz = None if index.tz is None else str(index.tz)
        naive = index if tz is None else index.tz_convert("UTC").tz_localize(None)
        return common | {
            "kind": "date",
            "values": naive.to_numpy(),
            "tz": tz,
            "freq": index.freqstr,
        }
    if isinstance(index, pd.PeriodIndex):
        return common | {
            "kind": "period",
            "values": index.asi8,
            "freq": index.freqstr,
        }
    if isinstance(index, pd.CategoricalIndex):
        return common | {
            "kind": "category",
            "codes": np.asarray(index.codes),
            "categories": encode_index(index.categories, encode),
            "ordered": bool(index.ordered),
        }
    if isinstance(index.dtype, np.dtype) and index.dtype.kind != "O":
        return common | {"kind": "array", "values": index.to_numpy()}
    return common | {
        "kind": "objects",
        "values": [encode(value) for value in index.astype(object)],
        "dtype": str(index.dtype),
    }


def decode_index(node: dict[str, Any], decode: Encode) -> pd.Index:
    """Return what :func:`encode_index` was given."""
    kind = node["kind"]
    if kind == "multi":
        levels: Any = [decode_index(level, decode) for level in node["levels"]]
        return pd.MultiIndex(
            levels, node["codes"], names=decode(node["names"]), verify_integrity=False
        )
    name = decode(node["name"])
    if kind == "range":
        start, stop, step = node["place"]
        return pd.RangeIndex(start, stop, step, name=name)
    if kind == "date":
        index: Any = pd.DatetimeIndex(node["values"], name=name)
        if node["tz"] is not None:
            index = index.tz_localize("UTC").tz_convert(node["tz"])
        index.freq = node["freq"]
        return index
    if kind == "period":
        periods: Any = pd.PeriodIndex
        return periods.from_ordinals(node["values"], freq=node["freq"], name=name)
    if kind == "category":
        categories = decode_index(node["categories"], decode)
        return pd.CategoricalIndex(
            pd.Categorical.from_codes(
                node["codes"], categories, ordered=node["ordered"]
            ),
            name=name,
        )
    if kind == "array":
        return pd.Index(node["values"], name=name)
    values = [decode(value) for value in node["values"]]
    return pd.Index(values, dtype=node["dtype"], name=name)


def encode_series(series: pd.Series, encode: Encode) -> dict[str, Any]:
    """Return a series as arrays and numbers."""
    return {
        "values": encode_index(pd.Index(series), encode),
        "index": encode_index(series.index, encode),
        "name": encode(series.name),
    }


def decode_series(node: dict[str, Any], decode: Encode) -> pd.Series:
    """Return what :func:`encode_series` was given."""
    values = decode_index(node["values"], decode)
    index = decode_index(node["index"], decode)
    return pd.Series(values.array, index, name=decode(node["name"]))


def encode_frame(frame: pd.DataFrame, encode: Encode) -> dict[str, Any]:
    """Return a table as arrays and numbers; equal columns of numbers are one array."""
    node = {
        "columns": encode_index(frame.columns, encode),
        "index": encode_index(frame.index, encode),
    }
    types = set(frame.dtypes)
    kind = next(iter(types)) if len(types) == 1 else None
    if isinstance(kind, np.dtype) and kind.kind in "fiub":
        return node | {"block": frame.to_numpy()}
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    return node | {"parts": [encode_index(pd.Index(c), encode) for c in columns]}


def decode_frame(node: dict[str, Any], decode: Encode) -> pd.DataFrame:
    """Return what :func:`encode_frame` was given."""
    columns = decode_index(node["columns"], decode)
    index = decode_index(node["index"], decode)
    if "block" in node:
        # In the order of its numbers, so that the next file is the same.
        return pd.DataFrame(node["block"].copy(order="K"), index, columns)
    parts = [decode_index(part, decode).array for part in node["parts"]]
    frame = pd.DataFrame(dict(enumerate(parts)), index)
    frame.columns = columns
    return frame
