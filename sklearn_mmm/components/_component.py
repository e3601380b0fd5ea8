"""What carry-over and saturation have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import torch
from sklearn.base import BaseEstimator, clone
from torch import Tensor

from sklearn_mmm.components._prior import Prior

Parameters = Mapping[str, Tensor]


class Component(BaseEstimator):
    """A formula with parameters that each channel learns for itself.

    What its constructor takes is fixed, such as bounds; scikit-learn's ``clone``,
    ``get_params`` and searches reach it.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    @property
    def priors(self) -> tuple[Prior, ...]:
        """The parameters that are learned, with their priors."""
        return ()


_C = TypeVar("_C", bound=Component)


def make_component(
    given: object, parameter: str, kind: type[_C], aliases: Mapping[str, type[_C]]
) -> _C:
    """Return the component of an alias, or a copy of a component.

    Parameters
    ----------
    given : str or Component
    parameter : str
        What it was given as.
    kind : type
        Which components are meant.
    aliases : dict of type

    Raises
    ------
    ValueError
        If it is no alias.
    TypeError
        If it is neither a text nor such a component.
    """
    if isinstance(given, kind):
        return clone(given)
    if isinstance(given, str) and given in aliases:
        return aliases[given]()
    error = ValueError if isinstance(given, str) else TypeError
    raise error(
        f"Got {parameter}={given!r}, but expected one of {sorted(aliases)} or an "
        f"object of a subclass of {kind.__name__}."
    )


def derivatives(total: Tensor, by: list[Tensor], retain: bool = False) -> list[Tensor]:
    """Return derivatives of a sum, zero by what does not enter it."""
    if not total.requires_grad:
        return [torch.zeros_like(tensor) for tensor in by]
    found = torch.autograd.grad(total, by, retain_graph=retain, allow_unused=True)
    return [
        torch.zeros_like(tensor) if slope is None else slope
        for tensor, slope in zip(by, found, strict=True)
    ]
