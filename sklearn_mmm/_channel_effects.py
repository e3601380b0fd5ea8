"""What channels bring, directly and through the channels that they drive."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from sklearn_mmm._influence import ChannelInfluence
from sklearn_mmm._media_plan import MediaPlan, MediaSequence


@dataclass(frozen=True)
class ChannelEffects:
    """Effects of channels on a plan's rows, outcome units; arrays have one per channel.

    Attributes
    ----------
    spend : ndarray of shape (n,)
    direct : ndarray of shape (n,)
        Contributions; they sum to the media's part of the prediction.
    lost : ndarray of shape (n, n)
        What the column contributes less if the row is off and channels react.
    moved : ndarray of shape (n, n)
        The part of the column's contribution that is owed to the row. Ancestors share
        what the column would lose if all of them were off.
    direct_margin, total_margin : ndarray of shape (n,)
        Outcome units per further spend unit, spread as the channel's spend is.
    """

    spend: np.ndarray
    direct: np.ndarray
    lost: np.ndarray
    moved: np.ndarray
    direct_margin: np.ndarray
    total_margin: np.ndarray


def channel_effects(plan: MediaPlan, influence: ChannelInfluence) -> ChannelEffects:
    """Switch channels off, one by one, and let their children react.

    Channels are off throughout, in the history before the rows as well, so that the
    direct effect is the channel's contribution to the rows.
    """
    sequence = plan.sequence
    media = sequence.media.numpy()
    n = media.shape[2]
    region, week = plan.cells
    scale = plan.outcome_scale[:, None] * np.ones(media.shape[1])
    counted = np.zeros_like(scale)
    np.add.at(counted, (region, week), 1.0)
    weight = torch.as_tensor(scale * counted)[..., None]

    def contributions(values: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            out, _ = sequence.contributions(torch.as_tensor(values))
        return np.asarray((out * weight).sum((0, 1)).numpy())

    def lost_by(off: list[int]) -> np.ndarray:
        """Return what channels lose further, by reacting, if some are off."""
        without = media.copy()
        without[..., off] = 0.0
        reacting = influence.react(without, media, held=off)
        if np.array_equal(reacting, without):
            return np.zeros(n)
        return contributions(without) - contributions(reacting)

    reach = influence.reach()
    direct = contributions(media)
    lost = np.zeros((n, n))
    moved = np.zeros((n, n))
    for parent in np.flatnonzero(reach.any(axis=1)):
        lost[parent] = lost_by([int(parent)])
    for child in np.flatnonzero(reach.any(axis=0)):
        ancestors = np.flatnonzero(reach[:, child])
        shares = np.abs(lost[ancestors, child])
        if shares.sum() > 0:
            owed = lost_by(ancestors.tolist())[child]
            moved[ancestors, child] = owed * shares / shares.sum()
    gradient = _gradient(sequence, weight)
    used = np.zeros_like(media)
    used[region, week] = media[region, week]
    spend = plan.spend.sum(axis=0)
    margins = np.zeros((2, n))
    for channel in range(n):
        change = np.zeros_like(media)
        change[..., channel] = used[..., channel]
        margins[0, channel] = (gradient * change).sum()
        margins[1, channel] = (
            gradient * influence.spread(change, held=[channel])
        ).sum()
    per_unit = margins / np.where(spend > 0, spend, np.nan)
    return ChannelEffects(spend, direct, lost, moved, per_unit[0], per_unit[1])


def _gradient(sequence: MediaSequence, weight: torch.Tensor) -> np.ndarray:
    """Return the gradient of the weighted contributions in the media."""
    given = sequence.media.clone().requires_grad_()
    out, _ = sequence.contributions(given)
    (gradient,) = torch.autograd.grad((out * weight).sum(), given)
    return np.asarray(gradient.numpy())


def effects_table(
    found: ChannelEffects, channels: list[str], kind: str
) -> pd.DataFrame:
    """Return direct, mediated or total effects, indexed by channel."""
    mediated = found.lost.sum(axis=1)
    through = found.total_margin - found.direct_margin
    contribution, margin = {
        "direct": (found.direct, found.direct_margin),
        "mediated": (mediated, through),
        "total": (found.direct + mediated, found.total_margin),
    }[kind]
    spend = np.where(found.spend > 0, found.spend, np.nan)
    table = pd.DataFrame(
        {
            "spend": found.spend,
            "contribution": contribution,
            "roi": contribution / spend,
            "marginal_roi": margin,
        },
        index=pd.Index(channels, name="channel"),
    )
    if kind == "total":
        table["moved_in"] = found.moved.sum(axis=1)
        table["moved_out"] = found.moved.sum(axis=0)
        table["attributed"] = found.direct + table["moved_in"] - table["moved_out"]
    return table
