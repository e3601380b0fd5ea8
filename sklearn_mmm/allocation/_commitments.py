"""Spend that is committed already."""

from typing import Any

import numpy as np
import pandas as pd


def read_fixed(plan: Any, fixed: pd.DataFrame | None) -> np.ndarray | None:
    """Return committed spend, (n_rows, n_channels), NaN where it is open.

    Parameters
    ----------
    plan : MediaPlan
    fixed : DataFrame or None
        The index of X, and columns named after channels.

    Raises
    ------
    ValueError
        If it has other rows or channels, or no numbers of at least 0.
    """
    if fixed is None:
        return None
    if not isinstance(fixed, pd.DataFrame) or not fixed.index.equals(plan.index):
        raise ValueError(
            "fixed is no DataFrame with the index of X; give the committed spend of "
            "each row, NaN where it is open"
        )
    paid = [c for c, f in zip(plan.channels, plan.free, strict=True) if not f]
    unknown = [name for name in fixed if name not in paid]
    if unknown:
        raise ValueError(
            f"fixed names unknown channels {unknown}; the channels that cost something "
            f"are {paid}"
        )
    out = np.full(plan.spend.shape, np.nan)
    for name in fixed:
        column = plan.channels.index(name)
        try:
            out[:, column] = fixed[name].to_numpy(float)
        except (TypeError, ValueError) as error:
            raise ValueError(f"fixed spend of {name!r} is no number: {error}") from None
        bad = np.flatnonzero(np.isinf(out[:, column]) | (out[:, column] < 0))
        if len(bad):
            raise ValueError(
                f"fixed spend of {name!r} is {out[bad[0], column]:g} in row {bad[0]}; "
                "it must be a number of at least 0"
            )
    return out
