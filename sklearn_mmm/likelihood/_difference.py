"""Derivatives by differences."""

from collections.abc import Callable

from torch import Tensor


def difference(
    function: Callable[[Tensor], Tensor], value: Tensor, step: float
) -> Tensor:
    """Return the change of a function when all entries of its argument grow.

    Where each entry moves its own channel alone these are the derivatives by each. The
    error is of the order of the squared step. Forward-mode differentiation would be
    exact, but loads a compiler first, which takes more than a second.

    Parameters
    ----------
    function : callable
    value : Tensor
    step : float
    """
    return (function(value + step) - function(value - step)) / (2 * step)
