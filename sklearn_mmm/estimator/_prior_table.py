"""What was believed about parameters, beside what members say after the data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from sklearn_mmm.components import Prior
from sklearn_mmm.estimator._fitted_tables import (
    adstock_parameters,
    saturation_parameters,
)
from sklearn_mmm.likelihood._penalised import Penalties
from sklearn_mmm.network import MMMModule
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
        draws = np.array([own[name] for own in drawn])  # (member, channel)
        mean, sd = priors[name]
        tables.append(
            pd.DataFrame(
                {
                    "parameter": name,
                    "channel": channels,
                    "prior_mean": mean,
                    "prior_sd": sd,
                    "posterior_mean": draws.mean(axis=0),
                    "posterior_sd": draws.std(axis=0, ddof=1),
                }
            )
        )
    table = pd.concat(tables)
    # A channel has no parameters of curves that are not its own.
    return table[table["posterior_mean"].notna()].reset_index(drop=True)


def _parameters(module: MMMModule) -> dict[str, np.ndarray]:
    effect = module.media.effect.double().numpy()
    own = saturation_parameters(module) | adstock_parameters(module)
    return {"effect": effect, **own}


def _moments(
    module: MMMModule, n_channels: int, penalties: Penalties
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return mean and standard deviation of priors, each of shape (n_channels,)."""
    priors: Mapping[str, tuple[Any, Any]] = penalties.priors
    scale = np.broadcast_to(np.asarray(priors["effect"][1], float), n_channels)
    # Half-normal: an effect is positive.
    out = {"effect": (scale * np.sqrt(2 / np.pi), scale * np.sqrt(1 - 2 / np.pi))}
    for name, prior in module.media.shape.priors.items():
        raw = [np.broadcast_to(np.asarray(v, float), n_channels) for v in priors[name]]
        out[prior.name] = _natural_moments(prior, *raw)
    return out


def _natural_moments(
    prior: Prior, mean: np.ndarray, sd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments of a transformed Gaussian by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_N_NODES)
    weights = weights / weights.sum()
    raw = mean[:, None] + sd[:, None] * nodes
    values = prior.natural(torch.tensor(raw)).numpy()
    centre = values @ weights
    return centre, np.sqrt(((values - centre[:, None]) ** 2) @ weights)
