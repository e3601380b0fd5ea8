"""Scales of the shrunken parameters, given draws around a mode."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.likelihood._evidence import FEWEST
from sklearn_mmm.likelihood._penalised import (
    CAMPAIGN_WITNESSES,
    SCALE_RANGES,
    USUAL_CAMPAIGN,
    PriorScales,
    contribution_scales,
    event_scale,
)
from sklearn_mmm.likelihood._pooling import OF_GROUPS, pooled_scales
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.network import ChannelGroups

# Steps are so many times as long as the data's share in what is known, at most.
_LEAST_KNOWN = 0.3
# The scale of rare events, by parameter.
_OF_CONTROLS = {"coefficient": "event", "control_deviation": "event_deviation"}


def renewed_scales(
    scales: PriorScales, draws: Parameters, share: Tensor, posterior: Posterior
) -> PriorScales:
    """Return the scales of the priors that draws around the mode make most likely.

    Parameters
    ----------
    scales : PriorScales
        By which they were drawn.
    draws : dict of Tensor
    share : Tensor of shape (member, unit)
        See :func:`~sklearn_mmm.posterior._parts.mean_share`.
    posterior : Posterior
    """
    names = {"coefficient": "control"}
    if draws["deviation"].shape[1] > 1:
        names |= {name: name for name in OF_GROUPS}
    signed = posterior.module.controls.signed
    whole = scales.whole
    found: dict[str, Any] = {}
    for name, scale in names.items():
        drawn, own = draws[name], whole if name in _OF_CONTROLS else whole[:0]
        if name == "control_deviation" and signed is not None:
            # Deviations of logarithms are measured like those of media.
            drawn = drawn[..., ~signed]
            own = own[~signed.numpy()] if len(own) else own
        if own.any():
            events = drawn[..., own > 0].flatten(0, -2).numpy() / own[own > 0]
            squares, drawn = np.square(events).mean(0), drawn[..., own == 0]
            name = _OF_CONTROLS[name]
            found[name] = float(np.clip(event_scale(squares), *SCALE_RANGES[name]))
        if drawn.numel():
            size = _hastened(getattr(scales, scale), drawn)
            found[scale] = float(np.clip(size, *SCALE_RANGES[scale]))
    if "head" in draws:
        size = draws["head"].square().mean().sqrt().item()
        found["modulation"] = float(np.clip(size, FEWEST, 1.0))
    groups = posterior.shape.groups
    if groups is not None:
        found["campaign"] = _campaign_scale(draws["campaign"], groups)
    if posterior.pooling is not None:
        found |= _renew_pooled(scales, draws, posterior)
    squares = (draws["effect"] * share).square().mean(0).numpy()
    return replace(
        scales,
        contribution=contribution_scales(squares),
        **found,
    )


def _hastened(scale: float, drawn: Tensor) -> float:
    """Return a scale after a longer step than expectation-maximisation takes.

    Of the distance to its end, a step of that covers the share of the information that
    is not missing (Dempster, Laird & Rubin, 1977, section 3): here the share of the
    prior's variance that draws no longer have.

    Parameters
    ----------
    scale : float
        Of the prior from which draws come.
    drawn : Tensor of shape (member, ...)
    """
    size = drawn.square().mean().sqrt().item()
    known = 1.0 - drawn.var(0).mean().item() / scale**2
    return scale * (size / scale) ** (1.0 / np.clip(known, _LEAST_KNOWN, 1.0))


def _campaign_scale(draws: Tensor, groups: ChannelGroups) -> float:
    """Return the scale of (member, campaign) deviations within groups.

    Two campaigns say little of it, so it is joined by some that differ as usual: the
    mode under a scaled inverse chi-squared prior.
    """
    units = [groups.unit[channel] for channel in groups.campaigns]
    same = torch.tensor([[float(u == v) for v in units] for u in units]).to(draws)
    centred = draws - draws @ (same / same.sum(1))
    n = len(units) - len(set(units)) + CAMPAIGN_WITNESSES
    square = centred.square().mean(0).sum().item()
    square = (square + CAMPAIGN_WITNESSES * USUAL_CAMPAIGN**2) / n
    return float(np.clip(np.sqrt(square), *SCALE_RANGES["campaign"]))


def _renew_pooled(
    scales: PriorScales, draws: Parameters, posterior: Posterior
) -> dict[str, Any]:
    """Return the scales of cells around their groups, and of the groups."""
    pooling, controls = posterior.pooling, posterior.module.controls
    if pooling is None:
        return {}
    usual = torch.ones(len(controls.coefficient), dtype=torch.bool)
    if controls.signed is not None:
        usual &= ~controls.signed
    if scales.rare.any():
        usual &= ~torch.as_tensor(scales.rare)
    plain = draws["control_deviation"][..., usual]
    draws, found = draws | {"control_deviation": plain}, dict[str, Any]()
    for name, of_groups in OF_GROUPS.items():
        if not draws[name].numel():
            continue
        found[name], found[of_groups] = pooled_scales(
            draws[name].transpose(1, 2).flatten(0, 1).numpy(),
            pooling.membership.numpy(),
            pooling.dimension.numpy(),
            getattr(scales, name),
            getattr(scales, of_groups),
            SCALE_RANGES[name],
        )
    return found
