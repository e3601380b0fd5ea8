"""Labels of regions, which are the same region in whatever type they come."""

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd


def read_regions(values: Any, name: object, of_fit: np.ndarray | None = None) -> Any:
    """Return labels of regions as numbers, or as texts where any of them is none.

    Parameters
    ----------
    values : array-like of shape (n_rows,)
        Without missing values.
    name : object
        The column's name, for messages.
    of_fit : ndarray of shape (n_regions,), default=None
        Labels seen in fit, of whose type the result is: a file that is written and
        read again may turn 7 into "7" and "07" into 7.

    Returns
    -------
    ndarray of shape (n_rows,)

    Raises
    ------
    ValueError
        If two labels differ by their type alone, or a label cannot be of the type of
        those seen in fit.
    """
    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        labels = array
    elif array.dtype.kind == "O" and _all_whole(array):
        labels = array.astype(np.int64)
    else:
        labels = _as_text(array, name)
    if of_fit is None or (of_fit.dtype.kind == "O") == (labels.dtype.kind == "O"):
        return labels
    codes, distinct = pd.factorize(labels)
    if of_fit.dtype.kind == "O":
        return _written(distinct, of_fit, name)[codes]
    return _counted(distinct, of_fit, name, labels)[codes]


def _all_whole(array: np.ndarray) -> bool:
    if pd.api.types.infer_dtype(array, skipna=False) != "integer":
        return False
    return max(abs(int(v)) for v in array) < 2**63


def text_of(label: Any) -> str:
    """Return a label as text; whole numbers are written without a point."""
    if isinstance(label, (float, np.floating)) and float(label).is_integer():
        return str(int(label))
    return str(label)


def _as_text(array: np.ndarray, name: object) -> np.ndarray:
    if array.dtype.kind == "S":
        array = array.astype(str)
    codes, distinct = pd.factorize(array.astype(object))
    texts = [text_of(label) for label in distinct]
    first: dict[str, Any] = {}
    for label, text in zip(distinct, texts, strict=True):
        if first.setdefault(text, label) is not label:
            raise ValueError(
                f"region_column {name!r} holds {text!r} as {type(label).__name__} and "
                f"as {type(first[text]).__name__}: one region or two? Give all labels "
                "one type"
            )
    return np.array(texts, dtype=object)[codes]


def _written(numbers: np.ndarray, of_fit: np.ndarray, name: object) -> np.ndarray:
    """Return numbers as the texts seen in fit."""
    texts, by_value = set(of_fit), defaultdict(list)
    for text in of_fit:
        value = _number(text)
        if value is not None:
            by_value[value].append(text)
    out = []
    for number in numbers:
        text, same = text_of(number), by_value.get(float(number), [])
        if text not in texts and len(same) > 1:
            raise ValueError(
                f"region_column {name!r}: {text} may be any of the regions {same} of "
                "fit; give labels as they were in fit"
            )
        out.append(same[0] if text not in texts and same else text)
    return np.array(out, dtype=object)


def _counted(
    texts: np.ndarray, of_fit: np.ndarray, name: object, labels: np.ndarray
) -> np.ndarray:
    """Return texts as numbers, of which the labels seen in fit are."""
    numbers = [_number(text) for text in texts]
    if None in numbers:
        bad = texts[numbers.index(None)]
        row = int(np.flatnonzero(labels == bad)[0])
        raise ValueError(
            f"region_column {name!r} holds the text {bad!r} in row {row}; the regions "
            f"of fit are numbers such as {of_fit[0]}: give labels as they were in fit"
        )
    out = np.array(numbers, dtype=np.float64)
    whole = of_fit.dtype.kind in "iu" and bool((out == np.round(out)).all())
    return out.astype(of_fit.dtype) if whole else out


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
