"""What a control's contribution is measured from, and other words about columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sklearn_mmm._arguments import is_number, shown
from sklearn_mmm.panel._numbers import check_amount

Reference = float | str
RULES = ("min", "max", "mean")


def by_column(
    given: Mapping[Any, Any] | None, columns: Sequence[Any], parameter: str
) -> list[Any]:
    """Return what is said of each column, None where nothing is.

    Parameters
    ----------
    given : mapping or None
        By the column's name; of an array by its position, or "x0", "x1"...
    columns : sequence
        Names, or positions in an array.
    parameter : str
        For messages.

    Raises
    ------
    ValueError
        If a column is none of these.
    """
    place = {column: i for i, column in enumerate(columns)}
    place |= {f"x{c}": i for c, i in place.items() if not isinstance(c, str)}
    out: list[Any] = [None] * len(columns)
    for name, value in (given or {}).items():
        if name not in place:
            raise ValueError(
                f"{parameter} names {name!r}, which is none of the columns that it is "
                f"about: {list(columns)}"
            )
        out[place[name]] = value
    return out


def references(said: Sequence[Any], controls: np.ndarray) -> list[Reference]:
    """Return what contributions of each control are measured from.

    Parameters
    ----------
    said : sequence
        A number, "min", "max" or "mean"; None for the default: 0 where a control is
        never negative and counts, or is zero in most rows, as what is done now and
        then; else "mean".
    controls : ndarray of shape (n_rows, n_controls)
    """
    return [
        _usual(values) if own is None else own
        for own, values in zip(said, controls.T, strict=True)
    ]


def _usual(values: np.ndarray) -> Reference:
    absent = values == 0
    if not absent.any() or (values < 0).any():
        return "mean"
    counts = bool((values == np.floor(values)).all())
    return 0.0 if counts or absent.mean() > 0.5 else "mean"


def check_references(said: Sequence[Any], columns: Sequence[Any]) -> None:
    """Refuse what is no reference, or one too large to compute with.

    Raises
    ------
    ValueError
        Naming the control.
    """
    for name, own in zip(columns, said, strict=True):
        if own is None or (isinstance(own, str) and own in RULES):
            continue
        if not is_number(own):
            raise ValueError(
                f"control_reference of {name!r} is {shown(own)}; give a number in the "
                "control's own unit, 'min', 'max' or 'mean'"
            )
        check_amount(float(own), f"control_reference of {name!r}")


def read_signs(
    given: Mapping[Any, Any] | None, columns: Sequence[Any], parameter: str
) -> tuple[int, ...]:
    """Return 1 or -1 for each column whose sign is known, 0 for others.

    Raises
    ------
    ValueError
        If a column is none of these, or a sign is neither "+" nor "-".
    """
    signs = by_column(given, columns, parameter)
    for name, sign in zip(columns, signs, strict=True):
        if sign not in (None, "+", "-"):
            raise ValueError(
                f"{parameter} of {name!r} is {sign!r}; give '+' or '-', or leave it out"
            )
    return tuple({None: 0, "+": 1, "-": -1}[sign] for sign in signs)
