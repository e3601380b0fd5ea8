"""Everything about a synthetic panel, drawn from one seed."""

from __future__ import annotations

import numpy as np
from sklearn.utils import Bunch

from sklearn_mmm.datasets._cells import Cells, draw_cells
from sklearn_mmm.datasets._clock import Clock, draw_weekdays
from sklearn_mmm.datasets._demand import (
    Controls,
    draw_baseline,
    draw_controls,
    usual_sales,
)
from sklearn_mmm.datasets._events import draw_events
from sklearn_mmm.datasets._funnel import mediated_contributions
from sklearn_mmm.datasets._media import Media, draw_media
from sklearn_mmm.datasets._options import Forms
from sklearn_mmm.datasets._worth import USUAL, draw_worth

# One stream each, so that switching one part on leaves the others as they were; a new
# one comes last.
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
    "organic",
    "reach",
    "campaigns",
    "events",
    "brands",
    "weekdays",
    "worth",
)


def draw_panel(options: Bunch, forms: Forms, seed: int) -> Bunch:
    """Draw a panel with all that made it.

    Parameters
    ----------
    options : Bunch
        Parameters of :func:`make_mmm`.
    forms : Forms
        Of carry-over and saturation, by channel.
    seed : int

    Returns
    -------
    Bunch
        ``cells`` (regions), ``clock`` (time steps), ``media``; ``effect`` (region,
        channel) at full saturation and ``weight`` as it drifts; ``baseline``,
        ``organic`` (with controls and events) and ``error``, (region, step); ``parts``,
        whose last axis is a column of media, control or event; ``controls``, with their
        values; ``events``, ``weekdays`` and ``worth``, or None; ``kept``, places of the
        rows that are not missing.
    """
    children = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    rng = dict(zip(_STREAMS, map(np.random.default_rng, children), strict=True))
    clock = Clock(options.n_weeks, options.frequency == "D", options.start)
    sizes = rng["sizes"], rng["brands"]
    cells = draw_cells(*sizes, options.n_regions, options.n_brands)
    media = draw_media(rng, options, forms, clock, cells)
    panel = _draw_demand(rng, options, clock, cells)
    saturated = media.response.share(media.activity) * media.multipliers
    # Noise is relative to mean sales, so it is drawn before the share is made exact.
    error = rng["noise"].standard_normal(panel.organic.shape)
    effect, error = _fix_share(
        media.effect,
        saturated,
        panel.organic,
        error,
        options.media_share,
        options.noise,
    )
    weight = effect[:, np.newaxis] * media.multipliers
    media = _with_exact_campaigns(media, media.effect[:, np.newaxis] * saturated)
    own = media.campaigns
    contributions = effect[:, np.newaxis] * saturated
    mediated = mediated_contributions(
        media.activity, weight, media.graph, media.response
    )
    panel.parts |= {
        "contributions": own.parts(contributions, own.activity, media.response),
        "multipliers": media.multipliers[..., own.channel],
        "mediated": mediated[..., own.channel],
    }
    panel |= {
        "media": media,
        "effect": effect,
        "weight": weight,
        "error": error,
        "kept": _kept(rng["missing"], panel.organic.shape, options.missing),
    }
    return panel


def _draw_demand(
    rng: dict[str, np.random.Generator], options: Bunch, clock: Clock, cells: Cells
) -> Bunch:
    """Draw what sells without media, and what it is worth."""
    sizes, years = cells.sizes, clock.years
    # Of the outcome, in what sales are counted in.
    unit = USUAL if options.outcome_value else 1.0
    baseline = clock.amounts(draw_baseline(rng["baseline"], sizes, years)) / unit
    weekdays = None
    if clock.daily:
        weekdays = draw_weekdays(rng["weekdays"])
        baseline = baseline * weekdays[clock.labels.day_of_week]
    drawn = draw_controls(rng["controls"], sizes, len(years), options.n_controls)
    controls = Controls(
        clock.repeat(drawn.values),
        drawn.reference,
        drawn.coefficients / (clock.per_week * unit),
    )
    distance = controls.values - controls.reference
    effects = distance * controls.coefficients[:, np.newaxis]
    organic = baseline + effects.sum(axis=-1)
    parts, events = {"controls": effects}, None
    if options.n_events:
        usual = usual_sales(sizes) / (clock.per_week * unit)
        events = draw_events(rng["events"], clock, usual, options.n_events)
        organic = organic + events.contributions.sum(axis=-1)
        parts["event_contributions"] = events.contributions
    worth = None
    if options.outcome_value:
        worth = draw_worth(rng["worth"], clock, len(sizes))
    return Bunch(
        cells=cells,
        clock=clock,
        baseline=baseline,
        weekdays=weekdays,
        controls=controls,
        events=events,
        organic=organic,
        parts=parts,
        worth=worth,
    )


def _with_exact_campaigns(media: Media, contributions: np.ndarray) -> Media:
    """Return media whose campaigns bring together what their channel does."""
    own = media.campaigns
    if own.alone:
        return media
    brought = own.parts(contributions, own.activity, media.response).sum(axis=(0, 1))
    whole = np.bincount(own.channel, brought)
    wanted = contributions.sum(axis=(0, 1))
    factor = np.divide(wanted, whole, out=np.ones_like(whole), where=whole > 0)
    effect = own.effect * factor[own.channel]
    return media._replace(campaigns=own.with_effect(effect))


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
    rng: np.random.Generator, shape: tuple[int, int], missing: float
) -> np.ndarray:
    n_regions, n_steps = shape
    candidates = np.arange(n_regions * n_steps)
    removable = candidates[candidates % n_steps != 0]
    n_removed = min(round(missing * candidates.size), removable.size)
    removed = rng.permutation(removable)[:n_removed]
    return np.setdiff1d(candidates, removed)
