"""Linear constraints on amounts: weighted sums, and changes from week to week."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from sklearn_mmm._arguments import check_number
from sklearn_mmm.allocation._limits import (
    Constraint,
    as_mapping,
    check_known,
)
from sklearn_mmm.allocation._variables import Variables

# Every amount then has two constraints of its own.
_MOST_PACED = 500


def limit_sums(given: Any, variables: Variables) -> Iterator[Constraint]:
    """Yield limits of weighted sums of channels' spend, see :func:`allocate_budget`."""
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise ValueError(f"linear_constraints: got {given!r}; give a list of dicts")
    for number, one in enumerate(given):
        what = f"linear_constraints[{number}]"
        if (
            not isinstance(one, Mapping)
            or set(one) - {"coefficients", "min", "max"}
            or "coefficients" not in one
            or len(one) < 2
        ):
            raise ValueError(
                f"{what}: got {one!r}; it needs 'coefficients' and 'min', 'max' or both"
            )
        weights = as_mapping(one["coefficients"], f"{what}['coefficients']")
        check_known(weights, variables.channels, what)
        row = np.zeros(len(variables))
        for channel, weight in weights.items():
            check_number(f"{what}['coefficients'][{channel!r}]", weight)
            row[variables.of_channels([channel])] = float(weight)
        ends = one.get("min"), one.get("max")
        for name, end in zip(("min", "max"), ends, strict=True):
            if end is not None:
                check_number(f"{what}[{name!r}]", end)
        terms = " + ".join(f"{w:g} {c}" for c, w in weights.items())
        low = -np.inf if ends[0] is None else float(ends[0])
        high = np.inf if ends[1] is None else float(ends[1])
        if low > high:
            raise ValueError(f"{what}: min {low:g} is larger than max {high:g}")
        yield Constraint(f"{low:g} <= {terms} <= {high:g}", row, (low, high))


def limit_changes(share: Any, variables: Variables) -> Iterator[Constraint]:
    """Yield limits of the relative change of amounts from one time step to the next."""
    if share is None:
        return
    check_number("max_change", share, positive=True)
    if "time" not in variables.table:
        raise ValueError(
            "max_change is a change from week to week, and amounts are spread over "
            "weeks as planned; decide by='channel×week' or by='channel×region×week'"
        )
    n = len(variables)
    if n > _MOST_PACED:
        raise ValueError(
            f"max_change limits {n} amounts, more than {_MOST_PACED}; decide "
            "by='channel×week', or plan fewer channels or weeks at a time"
        )
    keys = [c for c in variables.table if c != "time"]
    for label, rows in variables.table.groupby(keys, sort=False):
        places = rows.sort_values("time").index.to_numpy()
        what = " in ".join(str(part) for part in np.atleast_1d(np.array(label, object)))
        for before, now in pairwise(places):
            when = variables.table.loc[now, "time"]
            for factor, ends, sign in (
                (1 + share, (-np.inf, 0.0), "rise"),
                (1 - share, (0.0, np.inf), "fall"),
            ):
                row = np.zeros(n)
                row[now], row[before] = 1.0, -factor
                yield Constraint(
                    f"{sign} of {what} by at most {share:.0%} at {when}", row, ends
                )
