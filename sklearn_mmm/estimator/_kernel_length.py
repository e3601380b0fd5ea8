"""How long kernels of carry-over are by default."""

import math

# Weeks that are kept of weekly data, and the fewest and most of any.
_WEEKS, _FEWEST, _MOST = 8.0, 4.0, 26.0
# How many times longer kernels may grow where the data say so.
_LONGER = 3
# Steps that a short series has, and how many kernels a series has to hold at least.
_SHORT, _KERNELS = 8, 4


def kernel_length(
    max_lag: int | str, weeks_per_step: float | None, n_steps: int
) -> int:
    """Return the length of the kernels in time steps.

    Short steps are many, and long ones hide what fades within one of them: so the
    length in weeks grows with the root of a step.

    Parameters
    ----------
    max_lag : int or "auto"
    weeks_per_step : float or None
        Length of a time step; None without a clock.
    n_steps : int
        Of the series.
    """
    if max_lag != "auto":
        return int(max_lag)
    step = weeks_per_step or 1.0
    weeks = min(max(_WEEKS * math.sqrt(step), _FEWEST), _MOST)
    found = max(1, round(weeks / step))
    return found if found * _KERNELS <= n_steps else min(found, _SHORT)


def longest_kernel(
    max_lag: int | str, weeks_per_step: float | None, n_steps: int
) -> int:
    """Return the length that kernels may grow to, in time steps.

    Parameters
    ----------
    max_lag, weeks_per_step, n_steps
        See :func:`kernel_length`.
    """
    usual = kernel_length(max_lag, weeks_per_step, n_steps)
    if max_lag != "auto":
        return usual
    most = min(_LONGER * usual, round(_MOST / (weeks_per_step or 1.0)))
    return max(usual, min(most, n_steps // _KERNELS))
