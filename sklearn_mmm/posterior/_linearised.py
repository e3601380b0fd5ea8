"""The model's derivatives in time, and their products with the common baseline."""

from typing import NamedTuple

import torch
from torch import Tensor

from sklearn_mmm.likelihood._penalised import BELOW_ZERO
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.likelihood._slopes import (
    control_steepness,
    experiment_features,
    features,
)
from sklearn_mmm.posterior._products import transposed_product


class Linearised(NamedTuple):
    """The model's derivatives at one set of parameters, whitened in time.

    Attributes
    ----------
    shared : Tensor of shape (region, week, shared)
        By the shared parameters but those of the common baseline.
    own : Tensor of shape (region, week, own)
        By the parameters of each region.
    row_shared, row_own : Tensor of shape (experiment, ...)
    below : Tensor of shape (n, common)
        Of what is below zero in the common baseline, of the weeks where it is.
    media : Tensor of shape (1, region, week)
        What they bring together there.
    """

    shared: Tensor
    own: Tensor
    row_shared: Tensor
    row_own: Tensor
    below: Tensor
    media: Tensor


def linearise(posterior: Posterior, at: Parameters) -> Linearised:
    """Return the derivatives at the parameters of one member.

    In the precision of the posterior's whitener.
    """
    n_channels = at["effect"].shape[1]
    columns, media = features(posterior, at, posterior.precision.dtype)
    shared = posterior.whiten(columns)
    controls = shared[..., shared.shape[2] - posterior.inputs["controls"].shape[2] :]
    # The derivative by a region's deviation is the contribution itself.
    size = (at["effect"][0].unsqueeze(0)).unsqueeze(0).to(shared)
    steepness = control_steepness(posterior, at)
    if isinstance(steepness, Tensor):
        controls = controls * steepness.to(controls)
    own = torch.cat([shared[..., :n_channels] * size, controls], -1)
    if not posterior.regional:
        own = own[..., :0]
    row_shared, row_own = experiment_features(posterior, at)
    pad = row_own.new_zeros(*row_own.shape[:3], max(0, own.shape[2] - n_channels))
    row_own = torch.cat([row_own, pad], -1)[..., : own.shape[2]]
    below = posterior.common_columns[posterior.below(at)[0] > 0] / BELOW_ZERO
    return Linearised(shared, own, row_shared[0], row_own[0], below, media)


def with_common(posterior: Posterior, values: Tensor) -> Tensor:
    """Return (region, week, n) innovations' products with the common columns.

    (region, n, 1 + course)
    """
    n_common = posterior.common_columns.shape[1]
    out = values.new_empty(len(values), values.shape[2], n_common)
    for regions, columns in posterior.each_common():
        out[regions] = transposed_product(values[regions], columns)
    return out * posterior.precision[:, None, None]


def summed_with_common(posterior: Posterior, values: Tensor) -> Tensor:
    """Return the sum over regions of :func:`with_common`, (n, 1 + course)."""
    out = values.new_zeros(values.shape[2], posterior.common_columns.shape[1])
    for regions, columns in posterior.each_common():
        own, precision = values[regions], posterior.precision[regions]
        if len(columns) == 1:
            out += torch.einsum("rtn,r->tn", own, precision).T @ columns[0]
        else:
            scaled = own * precision[:, None, None]
            out += scaled.flatten(0, 1).T @ columns.flatten(0, 1)
    return out
