"""What an outcome unit is worth: a column of X by region and time step, or a number."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mmm._arguments import is_number, shown
from sklearn_mmm.panel._columns import Column, read_numbers, resolve_columns
from sklearn_mmm.panel._grid import Panel
from sklearn_mmm.panel._numbers import check_amount

_WAY_OUT = (
    "give the name of a column of X, its position in a list such as [3], or a positive "
    "number"
)


def resolve_outcome_value(
    X: Any, given: Any, taken: Sequence[Column | None] = ()
) -> tuple[Column | None, float | None]:
    """Return the column with the worth of an outcome unit, or the number.

    Parameters
    ----------
    X : frame or array
    given : str, number, list of one column, callable or None
    taken : sequence
        Columns that have another role.

    Returns
    -------
    column : str, int or None
    number : float or None
        Both are None where the outcome is counted itself.

    Raises
    ------
    ValueError
        If X has no such column, it has another role, or the number is not positive
        or larger than can be computed with.
    """
    if given is None:
        return None, None
    if is_number(given):
        if not given > 0:
            raise ValueError(f"got outcome_value={given!r}; {_WAY_OUT}")
        check_amount(float(given), "outcome_value")
        return None, float(given)
    if not isinstance(given, str | list | tuple) and not callable(given):
        raise ValueError(f"got outcome_value={shown(given)}; {_WAY_OUT}")
    found = resolve_columns(X, given, "outcome_value")
    if len(found) != 1:
        raise ValueError(f"outcome_value names the columns {found!r}; {_WAY_OUT}")
    if found[0] in taken:
        raise ValueError(
            f"outcome_value: column {found[0]!r} has another role as well; give each "
            "column one role"
        )
    return found[0], None


def read_outcome_value(
    X: Any, column: Column | None, number: float | None
) -> np.ndarray | None:
    """Return the worth of an outcome unit in each row, (n_rows,).

    None where the outcome is counted itself.

    Raises
    ------
    ValueError
        If the column holds anything but numbers of at least 0.
    """
    if column is None:
        return None if number is None else np.full(X.shape[0], number)
    values = read_numbers(X, [column], "outcome_value")[:, 0]
    bad = np.flatnonzero(values < 0)
    if len(bad):
        raise ValueError(
            f"outcome_value column {column!r} has {len(bad)} negative values, first "
            f"{values[bad[0]]:g} in row {bad[0]}; what an outcome unit is worth must "
            "be >= 0"
        )
    return values


def check_worth(values: np.ndarray | None, column: Column | None) -> None:
    """Refuse rows in which nothing is worth anything.

    Raises
    ------
    ValueError
    """
    if values is not None and not values.any():
        raise ValueError(
            f"outcome_value column {column!r} is 0 in all rows, so that nothing is "
            "worth anything; fill it, or leave outcome_value out"
        )


def worth_of_cells(panel: Panel, value: np.ndarray | None) -> np.ndarray:
    """Return the worth of an outcome unit in all cells, (n_regions, n_weeks).

    Between rows it is interpolated; before a region's first row and after its last one
    it is as there.

    Parameters
    ----------
    panel : Panel
    value : ndarray of shape (n_rows,) or None
        Of the panel's rows; None where the outcome is counted itself.
    """
    if value is None:
        return np.ones(panel.observed.shape)
    out = panel.scatter(value)
    for row, seen in zip(out, panel.observed, strict=True):
        row[:] = np.interp(panel.position, panel.position[seen], row[seen])
    return out
