"""Other fits, whose spread stands for uncertainty."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def plans_of(
    mmm: Any, X: Any, members: Sequence[Any] | None, coverage: float
) -> tuple[Any, list[Any]]:
    """Return the model's plan for X and that of each member.

    Raises
    ------
    ValueError
        If a member has other channels, or ``coverage`` is not between 0 and 1.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"got coverage={coverage!r}; it is between 0 and 1")
    plan = mmm.media_plan(X)
    others = [member.media_plan(X) for member in members or ()]
    for other in others:
        if other.channels != plan.channels:
            raise ValueError(
                f"a member has the channels {other.channels}, the model "
                f"{plan.channels}; fit members on the same columns"
            )
    return plan, others


def spread(values: Any, coverage: float) -> np.ndarray:
    """Return the ends of the central interval over members, the first axis."""
    return np.asarray(np.quantile(values, [(1 - coverage) / 2, (1 + coverage) / 2], 0))
