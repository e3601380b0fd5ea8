"""The seed of whatever is drawn at random."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_mmm._arguments import shown


def read_seed(random_state: Any) -> int:
    """Return a seed; a whole number is its own.

    Parameters
    ----------
    random_state : int, RandomState instance or None

    Raises
    ------
    ValueError
        If it is none of these.

    Examples
    --------
    >>> from sklearn_mmm.allocation._seed import read_seed
    >>> read_seed(7)
    7
    """
    truth = isinstance(random_state, (bool, np.bool_))
    try:
        if truth:
            raise ValueError
        generator = check_random_state(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"got random_state={shown(random_state)}; give a whole number of at least "
            "0, a RandomState or None"
        ) from None
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(generator.randint(np.iinfo(np.int32).max))
