"""Everything about a synthetic panel, drawn from one seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mmm.components import Adstock, Saturation
from sklearn_mmm.components._response import ChannelResponse
from sklearn_mmm.datasets._demand import (
    draw_baseline,
    draw_controls,
    draw_region_sizes,
)
from sklearn_mmm.datasets._funnel import (
    draw_edges,
    link_activity,
    mediated_contributions,
)
from sklearn_mmm.datasets._response import draw_multipliers, draw_response
from sklearn_mmm.datasets._spend import draw_activity, draw_spend_scale

# One stream each, so that switching one part on leaves the others as they were.
_STREAMS = (
    "sizes",
    "activity",
    "scale",
    "response",
    "effect",
    "baseline",
    "controls",
    "multipliers",
    "edges",
    "noise",
    "missing",
)


def draw_panel(
    options: Bunch, adstock: Adstock, saturation: Saturation, seed: int
) -> Bunch:
    """Draw a panel with all that made it.

    Parameters
    ----------
    options : Bunch
        Parameters of :func:`make_mmm`.
    adstock : Adstock
    saturation : Saturation
    seed : int

    Returns
    -------
    Bunch
        ``regions``, ``weeks``; ``activity`` (region, week, channel) in units of
        ``scale`` (region, channel), ``response``, ``graph``; ``effect`` (region,
        channel) at full saturation and ``weight`` as it drifts; ``baseline``,
        ``organic`` (with controls) and ``error``, (region, week); ``parts``, whose last
        axis is a channel or control; ``controls``, their values; ``kept``, places of
        the rows that are not missing.
    """
    children = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    rng = dict(zip(_STREAMS, map(np.random.default_rng, children), strict=True))
    n_regions, n_weeks = options.n_regions, options.n_weeks
    n_channels = options.n_channels
    years = np.arange(n_weeks) * 7 / 365.25
    sizes = draw_region_sizes(rng["sizes"], n_regions)
    response = draw_response(rng["response"], n_channels, adstock, saturation)
    activity, graph, multipliers = _draw_media(rng, options, years, response)
    baseline = draw_baseline(rng["baseline"], sizes, years)
    controls = draw_controls(rng["controls"], sizes, n_weeks, options.n_controls)
    distance = controls.values - controls.reference
    control_effects = distance * controls.coefficients[:, np.newaxis]
    saturated = response.share(activity) * multipliers
    organic = baseline + control_effects.sum(axis=-1)
    effect = _draw_effect(rng["effect"], sizes, n_channels)
    # Noise is relative to mean sales, so it is drawn before the share is made exact.
    error = rng["noise"].standard_normal(organic.shape)
    effect, error = _fix_share(
        effect, saturated, organic, error, options.media_share, options.noise
    )
    weight = effect[:, np.newaxis] * multipliers
    parts = {
        "contributions": effect[:, np.newaxis] * saturated,
        "multipliers": multipliers,
        "mediated": mediated_contributions(activity, weight, graph, response),
        "controls": control_effects,
    }
    return Bunch(
        regions=[
            f"region_{i:0{len(str(n_regions))}d}" for i in range(1, n_regions + 1)
        ],
        weeks=pd.date_range(options.start, periods=n_weeks, freq="7D"),
        activity=activity,
        scale=draw_spend_scale(rng["scale"], sizes, n_channels),
        response=response,
        graph=graph,
        effect=effect,
        weight=weight,
        baseline=baseline,
        organic=organic,
        error=error,
        parts=parts,
        controls=controls.values,
        kept=_kept(rng["missing"], n_regions, n_weeks, options.missing),
    )


def _draw_media(
    rng: dict[str, np.random.Generator],
    options: Bunch,
    years: np.ndarray,
    response: ChannelResponse,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw activity, the graph among channels and how effects drift."""
    shape = options.n_regions, years, options.n_channels
    activity = draw_activity(rng["activity"], *shape, independent=options.graph)
    graph = np.zeros((options.n_channels, options.n_channels))
    if options.graph:
        edges = draw_edges(rng["edges"], options.n_channels)
        activity, graph = link_activity(rng["edges"], activity, edges, response)
    multipliers = np.ones_like(activity)
    if options.time_varying:
        multipliers = draw_multipliers(rng["multipliers"], *shape)
    return activity, graph, multipliers


def _draw_effect(
    rng: np.random.Generator, sizes: np.ndarray, n_channels: int
) -> np.ndarray:
    """Draw relative effects by region and channel, proportional to region size."""
    shared = np.exp(0.6 * rng.standard_normal(n_channels))
    local = np.exp(0.12 * rng.standard_normal((sizes.size, n_channels)))
    return np.asarray(sizes[:, np.newaxis] * shared * local)


def _fix_share(
    effect: np.ndarray,
    saturated: np.ndarray,
    organic: np.ndarray,
    error: np.ndarray,
    media_share: float,
    noise: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Scale effects and noise so that media have their share of all sales.

    Errors are centred within regions, so that they leave the total alone.
    """
    media = effect[:, np.newaxis] * saturated
    ratio = media_share / (1.0 - media_share)
    factor = ratio * organic.sum() / media.sum()
    mean_sales = (organic + factor * media.sum(axis=-1)).mean(axis=1, keepdims=True)
    centred = error - error.mean(axis=1, keepdims=True)
    return factor * effect, noise * mean_sales * centred


def _kept(
    rng: np.random.Generator, n_regions: int, n_weeks: int, missing: float
) -> np.ndarray:
    candidates = np.arange(n_regions * n_weeks)
    removable = candidates[candidates % n_weeks != 0]
    n_removed = min(round(missing * candidates.size), removable.size)
    removed = rng.permutation(removable)[:n_removed]
    return np.setdiff1d(candidates, removed)
