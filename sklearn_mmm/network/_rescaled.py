"""The response to media in another unit."""

import torch
from torch import Tensor

from sklearn_mmm.network._reach import placed
from sklearn_mmm.network._response_shape import Raw, ResponseShape


def rescaled(
    shape: ResponseShape, raw: Raw, ratio: Tensor
) -> tuple[dict[str, Tensor], Tensor]:
    """Return the same response for media in another unit.

    Parameters
    ----------
    shape : ResponseShape
    raw : dict of Tensor of shape (unit,)
    ratio : Tensor of shape (unit,)
        The former unit in new ones.

    Returns
    -------
    raw : dict of Tensor of shape (unit,)
    factor : Tensor of shape (unit,)
        Of the effect, which makes the response to media at their former scale what
        it was; 1 unless the curve does not know the unit of its parameters.
    """
    out = {name: p.in_unit(raw[name], ratio) for name, p in shape.priors.items()}
    value = shape.saturation.value
    before = value(shape.curve_parameters(raw), torch.ones_like(ratio))
    factor = before / value(shape.curve_parameters(out), ratio)
    if shape.reach:
        own = shape.reach_units
        factor = placed(factor, 1 / ratio[own], own)
    return out, factor
