"""What a figure is drawn from: a fitted model, or a table that is checked first."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import check_table, shown


class Needs(NamedTuple):
    """What a figure needs of a table that it is given.

    Attributes
    ----------
    labels, numbers, finite : str
        Names of columns, with blanks between them. What is finite is a number and no
        NaN either.
    unique : bool
        Whether no two rows may have the same labels.
    rest : bool
        Whether all further columns are numbers as well.
    empty : bool
        Whether there may be no row.
    flags : str
        Columns of true and false, which may be left out.
    among : dict
        What a column may hold, if it is there.
    """

    labels: str = ""
    numbers: str = ""
    finite: str = ""
    unique: bool = False
    rest: bool = False
    empty: bool = False
    flags: str = ""
    among: Mapping[str, Collection[str]] = MappingProxyType({})


# Of the table that says how rows were fitted.
FITS = Needs(
    "region time",
    finite="actual predicted",
    unique=True,
    among={"split": ("training", "holdout")},
)


def table_of(
    source: Any,
    make: Callable[..., Any],
    needs: Needs | tuple[Needs, ...],
    *args: Any,
    **options: Any,
) -> Any:
    """Return the table behind a figure: the source, or made from an estimator.

    Parameters
    ----------
    source : estimator, DataFrame or tuple of DataFrame
    make : callable
        Makes the table or tables of an estimator.
    needs : Needs or tuple of Needs
        Of a table that is given; of each, where the figure has several.
    *args, **options
        Further arguments of ``make``.

    Raises
    ------
    TypeError, ValueError
        If a table is not one of ``make``.
    """
    if not isinstance(source, (pd.DataFrame, tuple)):
        return make(source, *args, **options)
    maker = f"{make.__name__}, or a fitted model"
    if isinstance(needs, Needs):
        return check_source("source", source, needs, maker)
    if not isinstance(source, tuple) or len(source) != len(needs):
        raise TypeError(
            f"got source={shown(source)}; give the {len(needs)} tables of {maker}"
        )
    names = getattr(source, "_fields", [f"source[{i}]" for i in range(len(needs))])
    for name, table, need in zip(names, source, needs, strict=True):
        check_source(name, table, need, maker)
    return source


def check_source(name: str, table: Any, needs: Needs, maker: str) -> pd.DataFrame:
    """Return a table, once it is one that a figure can be drawn from.

    Raises
    ------
    TypeError
        If it is no table.
    ValueError
        If it lacks columns or rows, holds text instead of numbers or repeats rows.
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"got {name}={shown(table)}; give the table of {maker}")
    labels, numbers, finite = (
        columns.split() for columns in (needs.labels, needs.numbers, needs.finite)
    )
    numbers += finite
    bounds = [c for c in map(str, table.columns) if c.startswith(("low", "high"))]
    bounds += [c for c in map(str, table.columns) if c.endswith(("_low", "_high"))]
    # A bound comes with the other one.
    numbers += [_other_bound(c) for c in bounds] + bounds
    check_table(name, table, [*labels, *numbers], maker)
    if table.empty:
        if not needs.empty:
            raise ValueError(f"{name} has no rows; give the table of {maker}")
        return table
    if needs.rest:
        numbers += [c for c in table.columns if c not in labels]
    _check_values(name, table, numbers, finite, needs)
    labels += [column for column in needs.among if column in table]
    if needs.unique and table.duplicated(labels).any():
        row = int(table.duplicated(labels).to_numpy().argmax())
        raise ValueError(
            f"{name}: row {row} repeats the {' and '.join(labels)} of an earlier one; "
            "leave one of them out"
        )
    return table


def _check_values(
    name: str, table: pd.DataFrame, numbers: list[str], finite: list[str], needs: Needs
) -> None:
    """Refuse text instead of numbers, flags or one of several words."""
    flags = [column for column in needs.flags.split() if column in table]
    for columns, is_kind, kind in (
        (numbers, pd.api.types.is_numeric_dtype, "numbers"),
        (flags, pd.api.types.is_bool_dtype, "true and false"),
    ):
        for column in dict.fromkeys(columns):
            if not is_kind(table[column]):
                raise ValueError(
                    f"{name}: column {column!r} holds {table[column].dtype} instead of "
                    f"{kind}; leave it as it was made"
                )
    for column in finite:
        wrong = ~np.isfinite(table[column].to_numpy(float))
        if wrong.any():
            raise ValueError(
                f"{name}: column {column!r} is {table[column].iloc[wrong.argmax()]} in "
                f"row {wrong.argmax()}; leave out such rows"
            )
    for column, words in needs.among.items():
        others = set(table[column]) - set(words) if column in table else ()
        if others:
            raise ValueError(
                f"{name}: column {column!r} holds {sorted(others, key=str)}; it may be "
                f"{', '.join(map(repr, words))}"
            )


def _other_bound(column: str) -> str:
    low, high = "low", "high"
    return column.replace(low, high) if low in column else column.replace(high, low)
