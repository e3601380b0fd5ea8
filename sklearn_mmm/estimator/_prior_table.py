"""What was believed about parameters, beside what members say after the data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from sklearn_mmm.components._by_channel import AnyPrior
from sklearn_mmm.estimator._fitted_tables import (
    adstock_parameters,
    saturation_parameters,
)
from sklearn_mmm.likelihood._penalised import Penalties
from sklearn_mmm.network import ChannelGroups, MMMModule
from sklearn_mmm.posterior._members import Member

_N_NODES = 40


@torch.no_grad()
def prior_table(
    module: MMMModule,
    members: Sequence[Member],
    channels: list[str],
    penalties: Penalties,
) -> pd.DataFrame:
    """Return prior and posterior of every channel's parameters, one row each."""
    drawn = [_parameters(member.module) for member in members]
    priors = _moments(module, len(channels), penalties)
    tables = []
    for name in _parameters(module):
        mean, sd = priors[name]
        known = np.isfinite(mean)
        draws = np.array([own[name][known] for own in drawn])  # (member, channel)
        tables.append(
            pd.DataFrame(
                {
                    "parameter": name,
                    "channel": np.array(channels, object)[known],
                    "prior_mean": mean[known],
                    "prior_sd": sd[known],
                    "posterior_mean": draws.mean(axis=0),
                    "posterior_sd": draws.std(axis=0, ddof=1),
                }
            )
        )
    table = pd.concat(tables)
    # A channel has no parameters of curves that are not its own.
    return table[table["posterior_mean"].notna()].reset_index(drop=True)


def _parameters(module: MMMModule) -> dict[str, np.ndarray]:
    effect = module.media.channel_effect.double().numpy()
    own = saturation_parameters(module) | adstock_parameters(module)
    return {"effect": effect, **own}


def _moments(
    module: MMMModule, n_channels: int, penalties: Penalties
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return mean and standard deviation of priors, each of shape (n_channels,)."""
    priors: Mapping[str, tuple[Any, Any]] = penalties.priors
    shape = module.media.shape
    units = np.arange(n_channels)
    if shape.groups is not None:
        units = np.array(shape.groups.unit)
    n_units = units.max() + 1
    scale = np.broadcast_to(np.asarray(priors["effect"][1], float), n_units)[units]
    # Half-normal: an effect is positive.
    mean, sd = scale * np.sqrt(2 / np.pi), scale * np.sqrt(1 - 2 / np.pi)
    if shape.groups is not None:
        # Times the lognormal factor of campaigns.
        own = list(shape.groups.campaigns)
        wide = priors["campaign"][1] * _centred_size(shape.groups)[own]
        mean[own] *= np.exp(0.5 * wide**2)
        sd[own] = np.sqrt((scale[own] * np.exp(wide**2)) ** 2 - mean[own] ** 2)
    out = {"effect": (mean, sd)}
    for name, prior in shape.priors.items():
        raw = [np.broadcast_to(np.asarray(v, float), n_units) for v in priors[name]]
        natural = _natural_moments(prior, *raw)
        out[prior.name] = natural[0][units], natural[1][units]
    return out


def _centred_size(groups: ChannelGroups) -> np.ndarray:
    """Return the standard deviations of deviations less their means, (n_channels,).

    Of independent ones of unit variance.
    """
    weight = groups.weight
    squares = groups.each(groups.together(weight**2))
    return np.asarray((1 - 2 * weight + squares).sqrt().numpy())


def _natural_moments(
    prior: AnyPrior, mean: np.ndarray, sd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments of a transformed Gaussian by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_N_NODES)
    weights = weights / weights.sum()
    raw = mean[:, None] + sd[:, None] * nodes
    values = np.ascontiguousarray(prior.natural(torch.tensor(raw.T)).numpy().T)
    centre = values @ weights
    return centre, np.sqrt(((values - centre[:, None]) ** 2) @ weights)
