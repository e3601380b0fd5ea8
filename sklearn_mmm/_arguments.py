"""What arguments may be: refusals that name the argument and what is expected."""

import math
import os
from collections.abc import Collection
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any

# Larger counts only lead out of the range of memory and of time.
MOST = 1_000_000
_LONGEST = 60


def shown(value: Any) -> str:
    """Return what a message shows of a value, in one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number; True and False are none.

    Examples
    --------
    >>> from sklearn_mmm._arguments import is_number
    >>> [is_number(v) for v in (2, 0.5, True, "2", float("nan"), 10**400)]
    [True, True, False, False, False, False]
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def check_number(name: str, value: Any, positive: bool = False) -> None:
    """Refuse what is no finite number, or is not above 0.

    Raises
    ------
    ValueError
        Naming the argument.
    """
    if not is_number(value) or (positive and not value > 0):
        kind = "a positive number" if positive else "a number"
        raise ValueError(f"got {name}={shown(value)}; it must be {kind}")


def check_whole(name: str, value: Any, least: int, most: int = MOST) -> None:
    """Refuse what is no whole number of a range.

    Raises
    ------
    ValueError
        Naming the argument.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        raise ValueError(
            f"got {name}={shown(value)}; it must be a whole number from {least} to "
            f"{most}"
        )


def check_choice(name: str, value: Any, options: Collection[str]) -> None:
    """Refuse what is none of some texts.

    Raises
    ------
    ValueError
        Naming the argument and the options.
    """
    if not isinstance(value, str) or value not in options:
        *first, last = (repr(option) for option in options)
        words = f"{', '.join(first)} or {last}" if first else last
        raise ValueError(f"got {name}={shown(value)}; choose {words}")


def check_truth(name: str, value: Any) -> None:
    """Refuse what is neither True nor False.

    Raises
    ------
    TypeError
        Naming the argument.
    """
    # numpy's own are told by their name, so that this module needs no numpy.
    if not isinstance(value, bool) and type(value).__name__ != "bool":
        raise TypeError(f"got {name}={shown(value)}; it is True or False")


def as_path(name: str, value: Any) -> Path:
    """Return a path.

    Raises
    ------
    TypeError
        Naming the argument, if it is none.
    """
    if not isinstance(value, (str, PathLike)):
        raise TypeError(f"got {name}={shown(value)}; give the path of a file")
    return Path(value)


def as_new_file(name: str, value: Any) -> Path:
    """Return the path of a file that is to be written.

    Raises
    ------
    TypeError
        Naming the argument, if it is no path.
    ValueError
        If it is a folder, its folder does not exist, or it cannot be written.
    """
    path = as_path(name, value)
    if path.is_dir():
        raise ValueError(f"got {name}={shown(value)}, a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise ValueError(
            f"got {name}={shown(value)}, whose folder does not exist; make it first"
        )
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise ValueError(
            f"got {name}={shown(value)}, which you may not write; name a file elsewhere"
        )
    return path


def check_table(name: str, table: Any, columns: Collection[str], maker: str) -> None:
    """Refuse what is no table with some columns.

    Parameters
    ----------
    name : str
        Of the argument.
    table : object
    columns : collection of str
    maker : str
        What returns such tables.

    Raises
    ------
    TypeError
        If it is no table.
    ValueError
        If it lacks columns.
    """
    found = getattr(table, "columns", None)
    if found is None:
        raise TypeError(f"got {name}={shown(table)}; give the table of {maker}")
    missing = [column for column in columns if column not in found]
    if missing:
        raise ValueError(
            f"{name} lacks the columns {missing}; give the table of {maker}"
        )


def check_names(name: str, value: Any) -> None:
    """Refuse what is no list of names.

    Raises
    ------
    TypeError
        Naming the argument.
    """
    if isinstance(value, str) or not isinstance(value, Collection):
        raise TypeError(f"got {name}={shown(value)}; give a list")
