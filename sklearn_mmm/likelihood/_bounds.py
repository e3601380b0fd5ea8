"""Bounds of parameters: effects of media, and those of controls of a known sign."""

import torch
from torch import Tensor

from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters


def bounded(posterior: Posterior) -> Tensor:
    """Return the places of the shared parameters that have a bound, effects first."""
    effect, control = posterior.spans["effect"], posterior.spans["coefficient"]
    places = torch.arange(effect.start, effect.stop)
    signed = posterior.module.controls.signed
    if signed is None:
        return places
    return torch.cat([places, control.start + torch.nonzero(signed).ravel()])


def at_bound(posterior: Posterior, at: Parameters, pull: Tensor) -> Tensor:
    """Return which of them stay at their bound, for they want to go beyond.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
    pull : Tensor of shape (member, shared)
        Where the shared parameters want to go.

    Returns
    -------
    bool Tensor of shape (member, bounded)
    """
    low = at["effect"] <= posterior.least_effect * 1.01
    held = low & (pull[:, posterior.spans["effect"]] < 0)
    controls = posterior.module.controls
    signed = controls.signed
    if signed is None:
        return held
    least, most = controls.range
    want = pull[:, posterior.spans["coefficient"]]
    at_least = (at["coefficient"] <= least) & (want < 0)
    at_most = (at["coefficient"] >= most) & (want > 0)
    return torch.cat([held, (at_least | at_most)[:, signed]], 1)


def free_places(posterior: Posterior, held: Tensor, shared: Tensor) -> Tensor:
    """Return 0 for shared parameters that stay at a bound, and 1 for all others.

    Parameters
    ----------
    posterior : Posterior
    held : bool Tensor of shape (member, bounded)
        See :func:`at_bound`.
    shared : Tensor of shape (member, shared)
        Whose shape and type are taken.
    """
    free = torch.ones_like(shared)
    free[:, bounded(posterior)] = (~held).to(shared)
    return free


def within_bounds(posterior: Posterior, at: Parameters) -> Parameters:
    """Return parameters with those beyond a bound at it."""
    out = dict(at)
    out["effect"] = torch.maximum(at["effect"], posterior.least_effect)
    controls = posterior.module.controls
    if controls.signs:
        out["coefficient"] = at["coefficient"].clamp(*controls.range)
    return out
