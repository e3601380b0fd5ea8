"""Values of columns as floats, or the reason why they cannot be."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import is_number, shown

# Beyond these, squares and ratios leave the range of double precision.
_LARGEST, _SMALLEST = 1e100, 1e-100
# Standard errors below this share of an estimate are mistakes.
_MOST_EXACT = 1e-8
_KINDS = {"M": "dates", "m": "durations", "V": "records"}
_COUNTED = ("integer", "floating", "mixed-integer-float", "decimal", "boolean")


def as_floats(values: Any, what: str) -> np.ndarray:
    """Return values as floats, NaN where they are missing.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
    what : str
        What they are, for messages.

    Raises
    ------
    ValueError
        If they are dates, durations, complex numbers, text or too large for a float.
    TypeError
        If they are no numbers at all.
    """
    array = np.asarray(values)
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {what} holds complex numbers")
    if array.dtype.kind in _KINDS:
        raise _refusal(what, _KINDS[array.dtype.kind])
    array = array.astype(object)
    missing = np.asarray(pd.isna(array))
    kind = pd.api.types.infer_dtype(array[~missing], skipna=False)
    if missing.all():
        return np.full(len(array), np.nan)
    if kind in ("datetime", "datetime64", "date", "period", "timedelta", "time"):
        raise _refusal(what, "durations" if kind == "timedelta" else "dates")
    if kind == "complex":
        raise ValueError(f"Complex data not supported: {what} holds complex numbers")
    if kind in _COUNTED:
        out = np.full(len(array), np.nan)
        try:
            out[~missing] = array[~missing].astype(np.float64)
        except OverflowError as error:
            raise ValueError(
                f"{what} has values of more than {_LARGEST:g}; measure it in a larger "
                "unit"
            ) from error
        return out
    return _from_text(array, missing, what)


def _from_text(array: np.ndarray, missing: np.ndarray, what: str) -> np.ndarray:
    for value in array[~missing]:
        if not isinstance(value, (str, bytes, int, float, np.number, np.bool_)):
            raise TypeError(
                f"{what}: argument must be a string or a number, not "
                f"{type(value).__name__!r}"
            )
    numbers = np.array([_parse(value) for value in array])
    bad = np.flatnonzero(np.isnan(numbers) & ~missing)
    if not len(bad):
        return numbers
    text = array[bad[0]]
    digits = any(c.isdigit() for c in str(text)) and not any(
        c.isalpha() for c in str(text)
    )
    remedy = (
        "read the file with decimal=',' or thousands=',' as it is written"
        if digits
        else "if these name events, put EventEncoder in front; of other categories an "
        "encoder such as sklearn.preprocessing.OneHotEncoder in a ColumnTransformer"
    )
    raise ValueError(
        f"{what} holds text, numbers are needed: {str(text)!r} in row {bad[0]}; "
        f"{remedy}"
    )


def _parse(value: Any) -> float:
    """Return a number, NaN for other text. Python's 1_000 is no number in a table."""
    try:
        return np.nan if "_" in str(value) else float(value)
    except (TypeError, ValueError):
        return np.nan


def _refusal(what: str, kind: str) -> ValueError:
    return ValueError(
        f"{what} holds {kind}, numbers are needed; leave it out, or make it a number "
        "of days or of something else that is meant"
    )


def check_size(values: np.ndarray, what: str) -> None:
    """Refuse finite numbers whose squares or ratios leave double precision.

    Raises
    ------
    ValueError
        With the value and its row.
    """
    size = np.abs(values)
    row = int(size.argmax())
    if size[row] > _LARGEST:
        raise ValueError(
            f"{what} has a value of {values[row]:g} in row {row}, more than "
            f"{_LARGEST:g}; measure it in a larger unit"
        )
    if 0 < size[row] < _SMALLEST:
        raise ValueError(
            f"{what} has no value larger than {size[row]:g}; measure it in a smaller "
            "unit"
        )


def as_number(value: Any, what: str, expected: str = "a number") -> float:
    """Return a finite number as a float.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not is_number(value):
        raise ValueError(f"{what} is {shown(value)}, not {expected}")
    return float(value)


def check_amount(value: float, what: str) -> None:
    """Refuse a finite number whose square leaves double precision.

    Raises
    ------
    ValueError
    """
    if abs(value) > _LARGEST:
        raise ValueError(
            f"{what} is {value:g}, beyond {_LARGEST:g}; measure it in a larger unit"
        )


def check_precision(mean: float, error: float, what: str) -> None:
    """Refuse an estimate that is too large or too exact to compute with.

    Parameters
    ----------
    mean, error : float
        Estimate and its standard error, positive.
    what : str
        What they are, for messages.

    Raises
    ------
    ValueError
    """
    if max(abs(mean), error) > _LARGEST:
        raise ValueError(
            f"{what}: {mean:g} ± {error:g} is beyond {_LARGEST:g}; measure in a larger "
            "unit"
        )
    if error < max(_MOST_EXACT * abs(mean), _SMALLEST):
        raise ValueError(
            f"{what}: {mean:g} ± {error:g} claims to be exact; give the standard error "
            "of the estimate"
        )
