"""What a trained module has learned, as tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from sklearn_mmm._intervals import half_width, interval_around
from sklearn_mmm.estimator._response_curves import MemberCurves, SteadyState
from sklearn_mmm.graph._influence import ChannelInfluence
from sklearn_mmm.network import MMMModule
from sklearn_mmm.panel._grid import Panel
from sklearn_mmm.panel._rows import Rows
from sklearn_mmm.panel._scales import PanelScales
from sklearn_mmm.posterior._members import Member
from sklearn_mmm.training import Fitted

CHANNEL_PARAMETERS = ("half_saturation", "slope", "effect")


@torch.no_grad()
def channel_parameters(module: MMMModule) -> dict[str, np.ndarray]:
    """Return parameters with one value for each channel."""
    media = module.media
    out = {
        name: values.numpy()
        for name, values in media.carry_over.parameters_by_name().items()
    }
    return out | {name: getattr(media, name).numpy() for name in CHANNEL_PARAMETERS}


@torch.no_grad()
def adstock_weights(module: MMMModule) -> np.ndarray:
    """Return the kernels, (n_channels, n_lags)."""
    return np.asarray(module.media.carry_over.weights().numpy())


def parameter_table(
    module: MMMModule, members: Sequence[Member], channels: list[str], coverage: float
) -> pd.DataFrame:
    """Return every channel's parameters with intervals, one row each."""
    drawn = [_flat_parameters(member.module) for member in members]
    tables = []
    for (name, lag), own in _flat_parameters(module).items():
        draws = np.array([d[name, lag] for d in drawn])
        low, high = interval_around(draws, own, coverage)
        tables.append(
            pd.DataFrame(
                {
                    "parameter": name,
                    "channel": channels,
                    "lag": lag,
                    "estimate": own,
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _flat_parameters(module: MMMModule) -> dict[tuple[str, float], np.ndarray]:
    out = {(name, np.nan): v for name, v in channel_parameters(module).items()}
    weights = adstock_weights(module)
    lags = {
        ("adstock_weight", float(i)): weights[:, i] for i in range(weights.shape[1])
    }
    return out | lags


def edge_table(
    influence: ChannelInfluence,
    strength: np.ndarray,
    channels: list[str],
    coverage: float,
) -> pd.DataFrame:
    """Return the edges of the graph with intervals of their weights, one row each."""
    z = half_width(coverage)
    rows: list[dict[str, Any]] = []
    layers = [(influence.weights, influence.error)]
    layers += list(zip(influence.lagged, influence.lagged_error, strict=True))
    for lag, (weights, error) in enumerate(layers):
        for i, j in np.argwhere(weights != 0):
            rows.append(
                {
                    "from": channels[i],
                    "to": channels[j],
                    "lag": lag,
                    "weight": weights[i, j],
                    "low": weights[i, j] - z * error[i, j],
                    "high": weights[i, j] + z * error[i, j],
                    "strength": strength[i, j] if lag == 0 else np.nan,
                }
            )
    columns = ["from", "to", "lag", "weight", "low", "high", "strength"]
    return pd.DataFrame(rows, columns=columns)


@torch.no_grad()
def steady_state(
    fitted: Fitted,
    scales: PanelScales,
    channels: list[str],
    panel: Panel,
    rows: Rows,
) -> SteadyState:
    """Return what constant weekly spend brings."""
    module = fitted.net.module_
    region = torch.arange(len(panel.regions))
    spend = panel.scatter(rows.amount)
    media = [m.module.media for m in fitted.members]
    n_members, n = len(media), len(channels)
    size = scales.outcome[:, None]
    effects = [m.regional_effect(region).numpy() * size for m in media]
    own = channel_parameters(module)
    members = MemberCurves(
        np.reshape(effects, (n_members, len(panel.regions), n)),
        np.reshape([m.half_saturation.numpy() for m in media], (n_members, n)),
        np.reshape([m.slope.numpy() for m in media], (n_members, n)),
    )
    return SteadyState(
        channels=channels,
        regions=panel.regions,
        effect=module.media.regional_effect(region).numpy() * size,
        half_saturation=own["half_saturation"],
        slope=own["slope"],
        media_scale=scales.media * scales.price,
        usual=spend.sum(1) / panel.observed.sum(1)[:, None],
        largest=spend.max(1),
        largest_total=spend.sum(0).max(0),
        members=members,
    )


def learned_hyperparameters(fitted: Fitted, modulates: bool) -> dict[str, float]:
    """Return hyper-parameters learned from the data, and what validation chose."""
    hyper, covariance = fitted.hyper, fitted.baseline.covariance
    net, choice = fitted.net, fitted.choice
    scales = net.penalties_.scales
    learned = {"noise": float(np.median(hyper.sigma))}
    names = [*covariance.names, "intercept"]
    for name, variance in zip(names, hyper.regional, strict=True):
        learned[f"{name}_variance"] = float(variance)
    if net.module_.baseline.has_course:
        names = [*covariance.names, "shock"]
        for name, variance in zip(names, hyper.shared, strict=True):
            learned[f"shared_{name}_variance"] = float(variance)
    learned["effect_scale"] = scales.effect
    learned["control_scale"] = scales.control
    if len(hyper.sigma) > 1:
        learned["effect_deviation_scale"] = scales.deviation
        learned["control_deviation_scale"] = scales.control_deviation
    if net.module_.effects.active:
        learned["modulation_scale"] = scales.modulation
    learned["modulation_share"] = choice.modulation if modulates else 0.0
    learned["level_flexibility"] = choice.flexibility
    learned["forecast_spread"] = choice.spread
    learned["n_epochs"] = len(net.history)
    if choice.skill is not None:
        learned["inner_skill"] = choice.skill
    return learned
