"""What channels bring, directly and through the channels that they drive."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sklearn_mmm._intervals import interval_around
from sklearn_mmm.estimator._media_plan import MediaPlan
from sklearn_mmm.estimator._media_sequence import MediaSequence
from sklearn_mmm.graph._influence import ChannelInfluence

# Numbers of media that fit the cache with what is made of them.
_BLOCK_SIZE = 40_000

KINDS = ("direct", "mediated", "total")


@dataclass(frozen=True)
class ChannelEffects:
    """Effects of channels on a plan's rows, by region, value units.

    Attributes
    ----------
    spend : ndarray of shape (n_regions, n)
        Spend units.
    direct : ndarray of shape (n_regions, n)
        Contributions; they sum to the media's part of the prediction.
    lost : ndarray of shape (n_regions, n, n)
        What the last channel contributes less if the one before is off and channels
        react.
    moved : ndarray of shape (n_regions, n, n)
        The part of the last channel's contribution that is owed to the one before.
        Ancestors share what the channel would lose if all of them were off.
    direct_margin, total_margin : ndarray of shape (n_regions, n)
        Per relative increase of all of the channel's spend.
    """

    spend: np.ndarray
    direct: np.ndarray
    lost: np.ndarray
    moved: np.ndarray
    direct_margin: np.ndarray
    total_margin: np.ndarray

    def summed(self, part: np.ndarray) -> "ChannelEffects":
        """Return the effects of groups.

        Parameters
        ----------
        part : ndarray of shape (n, n_groups)
            1 where a channel belongs to a group, else 0.
        """
        # What a group's channels move among one another is no part of it.
        apart = 1.0 - part @ part.T
        lost, moved = (
            np.einsum("rij,ia,jb->rab", values * apart, part, part)
            for values in (self.lost, self.moved)
        )
        own = [self.spend @ part, self.direct @ part, lost, moved]
        margins = [self.direct_margin @ part, self.total_margin @ part]
        return ChannelEffects(*own, *margins)


class _Rows(NamedTuple):
    """A plan's rows among the cells of its sequence.

    Attributes
    ----------
    weight : Tensor of shape (n_regions, n_weeks, 1)
        What a contribution counts, value units; 0 where there is no row.
    used : Tensor of shape (n_regions, n_weeks, n)
        Media of the rows, 0 elsewhere.
    spend : ndarray of shape (n_regions, n)
        Spend units.
    """

    weight: Tensor
    used: Tensor
    spend: np.ndarray

    @classmethod
    def of(cls, plan: MediaPlan) -> "_Rows":
        """Return those of a plan."""
        media, cells = plan.sequence.media, plan.cells
        weight = np.zeros(media.shape[:2])
        weight[cells] = (plan.outcome_scale[:, None] * plan.worth)[cells]
        spend, used = np.zeros(media.shape), torch.zeros_like(media)
        spend[cells], used[cells] = plan.spend, media[cells]
        return cls(torch.as_tensor(weight)[..., None], used, spend.sum(axis=1))


def direct_effects(
    plan: MediaPlan, members: Iterable[MediaPlan] = ()
) -> list[ChannelEffects]:
    """Return direct effects of a plan, and what they are by other parameters.

    Parameters
    ----------
    plan : MediaPlan
    members : iterable of MediaPlan
        The same rows.
    """
    rows, sequences = _Rows.of(plan), [plan.sequence, *(m.sequence for m in members)]
    direct, margin = _values_and_margins(sequences, rows)
    none = np.zeros((*rows.spend.shape, rows.spend.shape[1]))
    return [
        ChannelEffects(rows.spend, value, none, none, more, more)
        for value, more in zip(direct, margin, strict=True)
    ]


def channel_effects(
    plan: MediaPlan,
    influence: ChannelInfluence,
    members: Iterable[tuple[MediaPlan, ChannelInfluence]] = (),
) -> list[ChannelEffects]:
    """Switch channels off, one by one, and let their children react.

    Channels are off throughout, in the history before the rows as well, so that the
    direct effect is the channel's contribution to the rows.

    Parameters
    ----------
    plan : MediaPlan
    influence : ChannelInfluence
    members : iterable of tuple
        The same rows by other parameters, and how channels react by them.
    """
    worlds = [(plan, influence), *members]
    direct = direct_effects(plan, [own for own, _ in worlds[1:]])
    return [
        _with_reactions(found, *world)
        for found, world in zip(direct, worlds, strict=True)
    ]


def _with_reactions(
    found: ChannelEffects, plan: MediaPlan, influence: ChannelInfluence
) -> ChannelEffects:
    """Return direct effects with those of channels that react."""
    reach = influence.reach()
    if not reach.any():
        return found
    sequence, rows = plan.sequence, _Rows.of(plan)
    media = sequence.media.numpy()
    n_regions, _, n = media.shape

    def contributions(values: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            out, _ = sequence.contributions(torch.as_tensor(values))
        return np.asarray((out * rows.weight).sum(1).numpy())

    lost = np.zeros((n_regions, n, n))
    moved = np.zeros((n_regions, n, n))

    def lost_by(off: list[int]) -> np.ndarray:
        """Return what channels lose further, by reacting, if some are off."""
        without = media.copy()
        without[..., off] = 0.0
        reacting = influence.react(without, media, held=off)
        if np.array_equal(reacting, without):
            return np.zeros((n_regions, n))
        return contributions(without) - contributions(reacting)

    for parent in np.flatnonzero(reach.any(axis=1)):
        lost[:, parent] = lost_by([int(parent)])
    for child in np.flatnonzero(reach.any(axis=0)):
        ancestors = np.flatnonzero(reach[:, child])
        shares = np.abs(lost[:, ancestors, child])
        total = shares.sum(axis=1, keepdims=True)
        shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
        moved[:, ancestors, child] = shares * lost_by(ancestors.tolist())[:, [child]]
    gradient = _value_and_gradient(sequence, rows.weight)[1]
    used = rows.used.numpy()
    total_margin = found.direct_margin.copy()
    for channel in np.flatnonzero(reach.any(axis=1)):
        change = np.zeros_like(media)
        change[..., channel] = used[..., channel]
        followed = influence.propagate(change, held=[int(channel)])
        total_margin[:, channel] = (gradient * followed).sum(axis=(1, 2))
    return replace(found, lost=lost, moved=moved, total_margin=total_margin)


def _values_and_margins(
    sequences: list[MediaSequence], rows: _Rows
) -> tuple[np.ndarray, np.ndarray]:
    """Return what channels bring to the rows, and would bring by a relative increase.

    The increase is of all of the channel's media in the rows.

    Parameters
    ----------
    sequences : list of MediaSequence
        The same media by different parameters.
    rows : _Rows

    Returns
    -------
    direct, margin : ndarray of shape (n_sequences, n_regions, n)
    """
    if not sequences[0].apart:
        used, direct, margin = rows.used.numpy(), [], []
        for one in sequences:
            value, gradient = _value_and_gradient(one, rows.weight)
            direct.append(value)
            margin.append((gradient * used).sum(axis=1))
        return np.array(direct), np.array(margin)
    with torch.no_grad():
        found = _each_apart(sequences, rows)
    return found[0].numpy(), found[1].numpy()


def _each_apart(sequences: list[MediaSequence], rows: _Rows) -> Tensor:
    """Return both where channels are apart, (2, n_sequences, n_regions, n)."""
    media, region = sequences[0].media, sequences[0].region
    n_regions, n_weeks, n = media.shape
    responses = [one.module.media for one in sequences]
    asked = rows.weight.any(0).ravel().nonzero()
    first, end = (int(asked[0]), int(asked[-1]) + 1) if len(asked) else (0, n_weeks)
    same = torch.equal(rows.used, media)
    out = torch.empty(2, len(sequences), n_regions, n, dtype=media.dtype)
    size = max(1, _BLOCK_SIZE // media[0].numel())
    for begin in range(0, n_regions, size):
        own = slice(begin, begin + size)
        given, weight = media[own, :end], rows.weight[own, first:end]
        change = given if same else rows.used[own, :end]
        for place, response in enumerate(responses):
            found = response.shape.share_along(response.raw, given, change, first)
            for total, values in zip(out[:, place], found, strict=True):
                total[own] = (values * weight).sum(1)
    return out * torch.stack([r.regional_effect(region) for r in responses])


def _value_and_gradient(
    sequence: MediaSequence, weight: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted contributions, (region, channel), and their gradient.

    In the media, (region, week, channel), of all together.
    """
    given = sequence.media.clone().requires_grad_()
    out, _ = sequence.contributions(given)
    value = (out * weight).sum(1)
    (gradient,) = torch.autograd.grad(value.sum(), given)
    return np.asarray(value.detach().numpy()), np.asarray(gradient.numpy())


class Parts(NamedTuple):
    """Regions, or groups of them, in which effects are counted.

    Attributes
    ----------
    name : str
        Of the column with the labels.
    labels : ndarray of shape (n_parts,)
    code : int ndarray of shape (n_regions,)
        Part of each region.
    """

    name: str
    labels: np.ndarray
    code: np.ndarray


def effects_table(
    found: ChannelEffects,
    members: list[ChannelEffects],
    channels: list[str],
    parts: Parts | None,
    kind: str,
    coverage: float | None,
    unvalued: ChannelEffects | None = None,
    name: str = "channel",
) -> pd.DataFrame:
    """Return direct, mediated or total effects.

    Parameters
    ----------
    found : ChannelEffects
        In money where an outcome unit is worth money.
    members : list of ChannelEffects
        Of which intervals are made.
    channels : list of str
    parts : Parts or None
        Regions or groups of them, one row each; None for all together.
    kind : {"direct", "mediated", "total"}
    coverage : float or None
        None leaves the intervals out.
    unvalued : ChannelEffects or None
        The same in outcome units, where these are others.
    name : str, default="channel"
        Of the index where there are no parts.
    """
    columns = _columns(found, kind, parts)
    spend = columns["spend"]
    unit = np.where(spend > 0, spend, np.nan).T.ravel()
    table = pd.DataFrame({name: values.T.ravel() for name, values in columns.items()})
    table.insert(2, "roi", table["contribution"] / unit)
    table.insert(3, "marginal_roi", table.pop("margin") / unit)
    if unvalued is not None:
        counted = _columns(unvalued, kind, parts)["contribution"]
        table.insert(4, "outcome", counted.T.ravel())
    if coverage is not None:
        draws = [_columns(member, kind, parts) for member in members]
        ends = {
            name: interval_around(
                np.array([draw[name].T.ravel() for draw in draws]),
                columns[name].T.ravel(),
                coverage,
            )
            for name in ("contribution", "margin")
        }
        for prefix, (low, high) in (
            ("", ends["contribution"]),
            ("roi_", ends["contribution"] / unit),
            ("marginal_roi_", ends["margin"] / unit),
        ):
            table[f"{prefix}low"], table[f"{prefix}high"] = low, high
    if parts is None:
        table.index = pd.Index(channels, name=name)
        return table
    table.insert(0, "channel", np.repeat(channels, len(parts.labels)))
    table.insert(1, parts.name, np.tile(parts.labels, len(channels)))
    return table


def _columns(
    found: ChannelEffects, kind: str, parts: Parts | None
) -> dict[str, np.ndarray]:
    """Return the columns of a table, each of shape (n_parts or 1, n)."""

    def collect(values: np.ndarray) -> np.ndarray:
        if parts is None:
            return values.sum(axis=0, keepdims=True)
        out = np.zeros((len(parts.labels), values.shape[1]))
        np.add.at(out, parts.code, values)
        return out

    lost = found.lost.sum(axis=2)
    through = found.total_margin - found.direct_margin
    contribution, margin = {
        "direct": (found.direct, found.direct_margin),
        "mediated": (lost, through),
        "total": (found.direct + lost, found.total_margin),
    }[kind]
    columns = {
        "spend": collect(found.spend),
        "contribution": collect(contribution),
        "margin": collect(margin),
    }
    if kind == "total":
        moved_in = collect(found.moved.sum(axis=2))
        moved_out = collect(found.moved.sum(axis=1))
        columns |= {
            "moved_in": moved_in,
            "moved_out": moved_out,
            "attributed": collect(found.direct) + moved_in - moved_out,
        }
    return columns
