"""What a trained module has learned, as tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from sklearn_mmm._intervals import half_width, interval_around
from sklearn_mmm.baseline._covariance import SEASON
from sklearn_mmm.components._by_channel import SaturationByChannel
from sklearn_mmm.components._frequency import (
    frequency_parameters,
    response_to_frequency,
)
from sklearn_mmm.components._response import half_of_maximum
from sklearn_mmm.estimator._curve import MemberCurves
from sklearn_mmm.estimator._response_curves import SteadyState
from sklearn_mmm.graph._influence import ChannelInfluence
from sklearn_mmm.network import MMMModule
from sklearn_mmm.panel._grid import Panel
from sklearn_mmm.panel._rows import Rows
from sklearn_mmm.panel._scales import PanelScales
from sklearn_mmm.posterior._members import Member
from sklearn_mmm.training import Fitted


@torch.no_grad()
def adstock_parameters(module: MMMModule) -> dict[str, np.ndarray]:
    """Return the kernels' parameters, each of shape (n_channels,)."""
    media = module.media
    own = media.shape.kernel_parameters(media.raw)
    return {name: media.shape.each(values).numpy() for name, values in own.items()}


@torch.no_grad()
def saturation_parameters(module: MMMModule) -> dict[str, np.ndarray]:
    """Return the curves' parameters, each of shape (n_channels,).

    Those of frequency as well, if there is any; NaN where a channel has no such curve.
    """
    media = module.media
    own = media.shape.curve_parameters(media.raw)
    each = {n: media.shape.each(v).numpy() for n, v in own.items()}
    if not media.shape.reach:
        return each
    often = frequency_parameters(media.raw).items()
    every = {n: media.shape.each(v).numpy() for n, v in often}
    reached = np.zeros(len(next(iter(every.values()))), bool)
    reached[list(media.shape.reach)] = True
    curve = {name: np.where(reached, np.nan, v) for name, v in each.items()}
    return curve | {
        f"frequency_{name}": np.where(reached, v, np.nan) for name, v in every.items()
    }


@torch.no_grad()
def half_saturation(module: MMMModule) -> np.ndarray:
    """Return the media at half of the maximum, (n_channels,).

    In units of the media scale; infinite for curves without a maximum.
    """
    media, shape = module.media, module.media.shape
    parameters = shape.curve_parameters(media.raw)
    found = half_of_maximum(shape.saturation, parameters, len(media.log_effect))
    out = shape.each(torch.as_tensor(found)).numpy().copy()
    out[list(shape.reach)] = np.inf
    return out


@torch.no_grad()
def regional_effect(module: MMMModule, scales: PanelScales) -> np.ndarray:
    """Return effects at full saturation, (n_regions, n_channels), outcome units."""
    region = torch.arange(len(scales.regions))
    effect = module.media.regional_effect(region).numpy()
    return np.asarray(effect * scales.outcome[:, None])


@torch.no_grad()
def _at_usual_frequency(module: MMMModule, scales: PanelScales) -> np.ndarray:
    """Return factors of effects at usual frequencies, (n_regions, n_channels)."""
    media = module.media
    out = np.ones(scales.media.shape)
    reached = list(media.shape.reach)
    if reached:
        often = torch.as_tensor(scales.frequency_of(np.arange(len(scales.regions))))
        units = media.shape.reach_units
        raw = {name: values[units] for name, values in media.raw.items()}
        out[:, reached] = response_to_frequency(raw, often).numpy()
    return out


@torch.no_grad()
def adstock_weights(module: MMMModule) -> np.ndarray:
    """Return the kernels, (n_channels, n_lags)."""
    return np.asarray(module.media.weights.double().numpy())


def parameter_table(
    module: MMMModule, members: Sequence[Member], channels: list[str], coverage: float
) -> pd.DataFrame:
    """Return every channel's parameters with intervals, one row each."""
    drawn = [_flat_parameters(member.module) for member in members]
    tables = []
    for (name, lag), own in _flat_parameters(module).items():
        draws = np.array([d[name, lag] for d in drawn])
        # Channels whose form has no such parameter.
        known = np.isfinite(own)
        own, draws = own[known], draws[:, known]
        low, high = interval_around(draws, own, coverage)
        tables.append(
            pd.DataFrame(
                {
                    "parameter": name,
                    "channel": np.array(channels, object)[known],
                    "lag": lag,
                    "estimate": own,
                    "low": low,
                    "high": high,
                }
            )
        )
    table = pd.concat(tables)
    # A channel has no parameters of curves that are not its own.
    return table[table["estimate"].notna()].reset_index(drop=True)


def _flat_parameters(module: MMMModule) -> dict[tuple[str, float], np.ndarray]:
    own = adstock_parameters(module) | saturation_parameters(module)
    own["effect"] = module.media.channel_effect.detach().numpy()
    out = {(name, np.nan): values for name, values in own.items()}
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
    usual_worth: np.ndarray,
) -> SteadyState:
    """Return what constant weekly spend brings, in value units.

    An outcome unit is worth as much as on average over a region's training rows, and so
    is an effect where effects multiply.
    """
    module, n_members = fitted.net.module_, len(fitted.members)
    spend, n = panel.scatter(rows.amount), len(channels)
    n_rows, worth = panel.observed.sum(1)[:, None], np.ones((len(panel.regions), 1))
    if rows.value is not None:
        worth = panel.scatter(rows.value).sum(1)[:, None] / n_rows
    worth = worth * usual_worth[:, None]
    own, *effects = [
        regional_effect(m, scales) * _at_usual_frequency(m, scales) * worth
        for m in (module, *(member.module for member in fitted.members))
    ]
    curve = saturation_parameters(module)
    drawn = [saturation_parameters(m.module) for m in fitted.members]
    shape = module.media.shape
    saturation = shape.saturation
    if isinstance(saturation, SaturationByChannel) and shape.groups is not None:
        saturation = saturation.of_cells(torch.tensor(shape.groups.unit))
    members = MemberCurves(
        np.reshape(effects, (n_members, len(panel.regions), n)),
        {name: np.reshape([d[name] for d in drawn], (n_members, n)) for name in curve},
    )
    return SteadyState(
        channels=channels,
        regions=panel.regions,
        effect=own,
        saturation=saturation,
        parameters=curve,
        media_scale=scales.media * scales.price,
        usual=spend.sum(1) / n_rows,
        largest=spend.max(1),
        largest_total=spend.sum(0).max(0),
        members=members,
        reach=module.media.shape.reach,
        unit=None if shape.groups is None else shape.groups.unit,
    )


def season_lengths(fitted: Fitted) -> dict[str, float]:
    """Return the time steps of each season of the baseline."""
    return {
        "year" if s.name == SEASON else s.name.removeprefix(f"{SEASON}_"): s.length
        for s in fitted.baseline.covariance.seasons
    }


def learned_hyperparameters(
    fitted: Fitted, modulates: bool, dimensions: Sequence[str]
) -> dict[str, float]:
    """Return hyper-parameters learned from the data, and what validation chose."""
    hyper, covariance = fitted.hyper.time, fitted.baseline.covariance
    net, settings = fitted.net, fitted.settings
    scales = fitted.hyper.penalties.scales
    learned = {"noise": float(np.median(hyper.sigma))}
    for name, variance in hyper.regional.parts.items():
        learned[f"{name}_variance"] = variance
    if net.module_.baseline.has_course:
        for name, variance in hyper.course.parts.items():
            learned[f"shared_{name}_variance"] = variance
    if covariance.season_lengths:
        learned["season_memory"] = hyper.regional.memory
        if net.module_.baseline.has_course:
            learned["shared_season_memory"] = hyper.course.memory
    learned["contribution_scale"] = float(np.median(scales.contribution))
    learned["control_scale"] = scales.control
    if scales.rare.any():
        learned["event_scale"] = scales.event
    if len(hyper.sigma) > 1:
        if scales.rare.any():
            learned["event_deviation_scale"] = scales.event_deviation
        learned["effect_deviation_scale"] = scales.deviation
        learned["control_deviation_scale"] = scales.control_deviation
    # With several dimensions the deviations above are those of their crossing.
    for d, name in enumerate(dimensions if len(scales.group_deviation) else ()):
        learned[f"{name}_effect_deviation_scale"] = scales.group_deviation[d].item()
        control = scales.group_control_deviation[d].item()
        learned[f"{name}_control_deviation_scale"] = control
        learned[f"{name}_course_variance"] = hyper.courses[d].item()
    if net.module_.media.shape.groups is not None:
        learned["campaign_scale"] = scales.campaign
    if net.module_.modulation.active:
        learned["modulation_scale"] = scales.modulation
    learned["modulation_share"] = settings.future_share if modulates else 0.0
    learned["level_flexibility"] = settings.flexibility
    learned["forecast_spread"] = settings.interval_factor
    learned["n_epochs"] = len(net.history)
    if settings.skill is not None:
        learned["inner_skill"] = settings.skill
    return learned
