"""Totals of which shares can be taken."""

from typing import Any

import numpy as np

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._training_rows import worth_of_parts

# Of the sum of sizes: below it, gains and losses all but cancel.
_LEAST = 0.1


def signed_total(values: Any, parts: Any = ()) -> float:
    """Return a sum, NaN where it has no sign to take a share or a percentage of.

    A part of a sum below zero, or of one in which positive and negative values all but
    cancel, is no share: it may be negative for a gain, or thousands of percent.

    Parameters
    ----------
    values : array-like
        Outcomes, say.
    parts : array-like, default=()
        Sums of what values consist of, say media and baseline, which may cancel in
        each of them.

    Examples
    --------
    >>> from sklearn_mmm.inspection._totals import signed_total
    >>> signed_total([3.0, -1.0]), signed_total([1.0, -1.01]), signed_total([-5.0])
    (2.0, nan, nan)
    >>> signed_total([2.0, 2.0], parts=[104.0, -100.0])
    nan
    """
    numbers = np.asarray(values, dtype=np.float64)
    total = float(numbers.sum())
    size = max(np.abs(numbers).sum(), np.abs(np.asarray(parts)).sum())
    return total if total > _LEAST * size else np.nan


def outcome_total(mmm: FittedMMM) -> float:
    """Return what the outcome as fitted is worth, NaN where the sum has no sign."""
    parts = worth_of_parts(mmm).to_numpy()
    return signed_total(parts.sum(axis=1), parts.sum(axis=0))
