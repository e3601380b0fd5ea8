"""Campaigns inside channels: kernel and curve in common, effects of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mmm.datasets._mixed_response import Response
from sklearn_mmm.datasets._processes import autoregressive

# Of a campaign's effect around that of its channel, on the log scale.
_SPREAD = 0.4


@dataclass(frozen=True)
class Campaigns:
    """Columns of media, each of a channel or of a campaign inside one.

    Attributes
    ----------
    names : list of str
    channel : ndarray of int, shape (n_columns,)
        Place of each column's channel.
    activity : ndarray of shape (region, step, column)
        In units of the channel's scale; columns of a channel sum to its activity.
    effect : ndarray of shape (n_columns,)
        Relative to that of the channel; 1 for a channel without campaigns.
    """

    names: list[str]
    channel: np.ndarray
    activity: np.ndarray
    effect: np.ndarray

    @property
    def alone(self) -> bool:
        """Whether every channel is one column."""
        return len(self.names) == self.channel.max() + 1

    def with_effect(self, effect: np.ndarray) -> Campaigns:
        """Return the same campaigns with other effects, (n_columns,)."""
        return replace(self, effect=effect)

    def totals(self, activity: np.ndarray) -> np.ndarray:
        """Return activity of channels, (..., n_channels), that of their columns."""
        if self.alone:
            return activity
        out = np.zeros((*activity.shape[:-1], self.channel.max() + 1))
        for column, channel in enumerate(self.channel):
            out[..., channel] += activity[..., column]
        return out

    def parts(
        self, contributions: np.ndarray, activity: np.ndarray, response: Response
    ) -> np.ndarray:
        """Return what columns bring, given what their channels would at effect 1.

        What the carry-over of a column's media is of the channel's, times the column's
        effect.

        Parameters
        ----------
        contributions : ndarray of shape (region, step, channel)
        activity : ndarray of shape (region, step, column)
        response : Response
            Of the channels.
        """
        if self.alone:
            return contributions
        own = response.take(self.channel).carry_over(activity)
        whole = response.carry_over(self.totals(activity))[..., self.channel]
        share = np.divide(own, whole, out=np.zeros_like(own), where=whole > 0)
        return np.asarray(contributions[..., self.channel] * share * self.effect)


def draw_campaigns(
    rng: np.random.Generator,
    names: list[str],
    groups: dict[str, list[str]],
    activity: np.ndarray,
) -> Campaigns:
    """Split channels into campaigns whose shares wander.

    Parameters
    ----------
    rng : Generator
    names : list of str
        Of the channels.
    groups : dict of list of str
        Campaigns of channels that have some.
    activity : ndarray of shape (n_regions, n_steps, n_channels)
    """
    columns, channel, values, effect = [], [], [], []
    for place, name in enumerate(names):
        members = groups.get(name, [name])
        n = len(members)
        shares, own = np.ones((*activity.shape[:2], 1)), np.ones(1)
        if n > 1:
            level = rng.standard_normal(n) * 0.5
            wave = level + autoregressive(rng, (*activity.shape[:2], n), 0.8)
            shares = np.exp(wave) / np.exp(wave).sum(axis=-1, keepdims=True)
            own = np.exp(_SPREAD * rng.standard_normal(n))
        columns += members
        channel += [place] * n
        values.append(activity[..., [place]] * shares)
        effect += list(own)
    return Campaigns(
        columns,
        np.array(channel),
        np.concatenate(values, axis=-1),
        np.array(effect, dtype=float),
    )
