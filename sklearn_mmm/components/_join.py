"""Components of single channels as one adstock and one saturation."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sklearn_mmm.components._adstock import Adstock, make_adstock
from sklearn_mmm.components._by_channel import adstock_of, saturation_of
from sklearn_mmm.components._check import check_components
from sklearn_mmm.components._saturation import Saturation, make_saturation

_C = TypeVar("_C")


def join_components(
    adstock: Sequence[Any], saturation: Sequence[Any], lags: Sequence[int]
) -> tuple[Adstock, Saturation]:
    """Make and check the components of channels, and return them as one of each.

    Parameters
    ----------
    adstock, saturation : list of str or component
        One for each channel.
    lags : list of int
        Lengths of their kernels.

    Raises
    ------
    ValueError or TypeError
        If one is none, breaks what its class promises, or a parameter of a kernel is
        called as one of a curve is.
    """
    kernels = make_forms(adstock, make_adstock)
    curves = make_forms(saturation, make_saturation)
    checked: set[tuple[int, int, int]] = set()
    for kernel, curve, n_lags in zip(kernels, curves, lags, strict=True):
        case = id(kernel), id(curve), n_lags
        if case not in checked:
            check_components(kernel, curve, n_lags)
            checked.add(case)
    names = {p.name for curve in curves for p in curve.priors}
    for kernel, n_lags in zip(kernels, lags, strict=True):
        both = names & {p.name for p in kernel.priors_for(n_lags)}
        if both:
            raise ValueError(
                f"an adstock of one channel and a saturation of another have "
                f"parameters called {sorted(both)}, which the tables could not tell "
                "apart; rename them"
            )
    return adstock_of(kernels, lags), saturation_of(curves)


def make_forms(given: Sequence[Any], make: Callable[[Any], _C]) -> list[_C]:
    """Return components, the same object for channels of the same form."""
    keys = [own if isinstance(own, str) else id(own) for own in given]
    made: dict[Any, _C] = {}
    for key, own in zip(keys, given, strict=True):
        if key not in made:
            made[key] = make(own)
    return [made[key] for key in keys]
