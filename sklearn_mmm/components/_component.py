"""What carry-over and saturation have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from sklearn.base import BaseEstimator
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


def derivatives(total: Tensor, by: list[Tensor], retain: bool = False) -> list[Tensor]:
    """Return derivatives of a sum, zero by what does not enter it."""
    if not total.requires_grad:
        return [torch.zeros_like(tensor) for tensor in by]
    found = torch.autograd.grad(total, by, retain_graph=retain, allow_unused=True)
    return [
        torch.zeros_like(tensor) if slope is None else slope
        for tensor, slope in zip(by, found, strict=True)
    ]
