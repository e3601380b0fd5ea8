"""Media of a panel: paid, organic, and told as reach and frequency."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch

from sklearn_mmm.components._response import ChannelResponse
from sklearn_mmm.datasets._campaigns import Campaigns, draw_campaigns
from sklearn_mmm.datasets._cells import Cells
from sklearn_mmm.datasets._clock import Clock, spread_over_days
from sklearn_mmm.datasets._funnel import draw_edges, link_activity
from sklearn_mmm.datasets._mixed_response import Response, mixed
from sklearn_mmm.datasets._options import Forms
from sklearn_mmm.datasets._reach import Reach, draw_reach, reach_names
from sklearn_mmm.datasets._response import draw_multipliers, draw_response
from sklearn_mmm.datasets._spend import (
    channel_names,
    draw_activity,
    draw_spend_scale,
    organic_names,
)

# Impressions of organic media that go with a spend unit of paid ones.
_IMPRESSIONS = 40.0
Rng = dict[str, np.random.Generator]


class Media(NamedTuple):
    """Media of a panel; channels are paid ones, organic ones, and those of reach.

    Attributes
    ----------
    names : list of str
        Of the channels.
    n_paid, n_organic : int
    activity : ndarray of shape (region, step, channel)
        In units of ``scale``.
    scale : ndarray of shape (region, channel)
        Spend units; impressions of organic media, people of reach.
    response : Response
    graph : ndarray of shape (channel, channel)
    multipliers : ndarray of shape (region, step, channel)
    effect : ndarray of shape (region, channel)
        Relative.
    reach : Reach or None
    campaigns : Campaigns
    """

    names: list[str]
    n_paid: int
    n_organic: int
    activity: np.ndarray
    scale: np.ndarray
    response: Response
    graph: np.ndarray
    multipliers: np.ndarray
    effect: np.ndarray
    reach: Reach | None
    campaigns: Campaigns


def draw_media(
    rng: Rng, options: Bunch, forms: Forms, clock: Clock, cells: Cells
) -> Media:
    """Draw media, the graph among the paid ones and how effects drift.

    Parameters
    ----------
    rng : dict of Generator
    options : Bunch
        Parameters of :func:`make_mmm`.
    forms : Forms
        Of carry-over and saturation, by channel.
    clock : Clock
    cells : Cells
    """
    paid = channel_names(options.n_channels)
    organic = organic_names(options.n_organic)
    reached = reach_names(options.n_reach_frequency)
    names = [*paid, *organic, *reached]
    response = _draw_forms(rng["response"], forms, paid, clock)
    activity, graph = _draw_paid(rng, options, clock, cells, response)
    scale = draw_spend_scale(rng["scale"], cells.sizes, len(paid)) / clock.per_week
    multipliers = np.ones_like(activity)
    if options.time_varying:
        shape = cells.sizes.size, clock.years, len(paid)
        multipliers = clock.repeat(draw_multipliers(rng["multipliers"], *shape))
    effect = cells.draw_effect(rng["effect"], len(paid))
    parts = [(response, np.arange(len(paid)))]
    reach = None
    for stream, further in ((rng["organic"], organic), (rng["reach"], reached)):
        if not further:
            continue
        own = _draw_forms(stream, forms, further, clock)
        more = _draw_activity(stream, clock, cells, len(further), independent=True)
        size = draw_spend_scale(stream, cells.sizes, len(further)) / clock.per_week
        size *= _IMPRESSIONS
        if further is reached:
            reach = draw_reach(stream, cells.sizes, more, clock.per_week)
            size = reach.scale
            more = reach.activity(reach.reach, reach.frequency, size[:, np.newaxis])
        place = np.arange(activity.shape[-1], activity.shape[-1] + len(further))
        parts.append((own, place))
        activity = np.concatenate([activity, more], axis=-1)
        scale = np.concatenate([scale, size], axis=1)
        effect = np.concatenate([effect, cells.draw_effect(stream, len(further))], 1)
    n_more = len(names) - len(paid)
    ones = np.ones((*activity.shape[:2], n_more))
    groups = options.channel_groups or {}
    return Media(
        names=names,
        n_paid=len(paid),
        n_organic=len(organic),
        activity=activity,
        scale=scale,
        response=joined(parts),
        graph=np.pad(graph, (0, n_more)),
        multipliers=np.concatenate([multipliers, ones], axis=-1),
        effect=effect,
        reach=reach,
        campaigns=draw_campaigns(rng["campaigns"], names, groups, activity),
    )


def joined(parts: list[tuple[Response, np.ndarray]]) -> Response:
    """Return responses of some channels each as one of all."""
    flat: list[tuple[ChannelResponse, np.ndarray]] = []
    for response, place in parts:
        if isinstance(response, ChannelResponse):
            flat.append((response, place))
            continue
        own = zip(response.parts, response.places, strict=True)
        flat += [(part, place[columns]) for part, columns in own]
    return mixed(flat)


def _draw_forms(
    rng: np.random.Generator, forms: Forms, names: list[str], clock: Clock
) -> Response:
    """Draw responses, those of one form together."""
    return mixed(
        [
            (draw_response(rng, len(place), *form, clock.per_week), place)
            for form, place in forms.of(names)
        ]
    )


def _draw_activity(
    rng: np.random.Generator,
    clock: Clock,
    cells: Cells,
    n_channels: int,
    *,
    independent: bool,
) -> np.ndarray:
    shape = cells.sizes.size, clock.years, n_channels
    weekly = draw_activity(rng, *shape, independent=independent)
    return spread_over_days(rng, clock, weekly)


def _draw_paid(
    rng: Rng, options: Bunch, clock: Clock, cells: Cells, response: Response
) -> tuple[np.ndarray, np.ndarray]:
    """Draw activity of paid channels and the graph among them."""
    n_channels = options.n_channels
    activity = _draw_activity(
        rng["activity"], clock, cells, n_channels, independent=options.graph
    )
    graph = np.zeros((n_channels, n_channels))
    if options.graph:
        edges = draw_edges(rng["edges"], n_channels)
        activity, graph = link_activity(rng["edges"], activity, edges, response)
    return activity, graph
