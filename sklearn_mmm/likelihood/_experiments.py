r"""What experiments say about channels, as rows of the least-squares problem.

An experiment compares media as they were with other media of some channels, in some
regions and weeks. The model's own answer is the difference of its contributions there,
with the carry-over of the weeks before and within; its gap to the measured lift, in
standard errors, is a residual like any other.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from sklearn_mmm.functional import lagged
from sklearn_mmm.functional._link import compounded
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.network import ChannelGroups, MMMModule
from sklearn_mmm.network._media import MediaResponse

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Experiment:
    """A comparison of media as they were with other media of some channels.

    Attributes
    ----------
    channels : tuple of int
        Without repetition.
    counted : ndarray of shape (n_regions, n_weeks)
        By how much the lift counts each cell's outcome: 1 or 0, or the worth of an
        outcome unit where the lift is in money.
    other : ndarray of shape (n_regions, n_weeks, len(channels))
        Media of the channels that the experiment compares with, in units of the media
        scale.
    lift, std_error : float
        Outcome with the media as they were less outcome with the others.
    along : tuple of int, default=()
        Further channels whose contributions count, their own media being as they were.
    """

    channels: tuple[int, ...]
    counted: np.ndarray
    other: np.ndarray
    lift: float
    std_error: float
    along: tuple[int, ...] = ()

    def with_groups(self, groups: ChannelGroups | None) -> "Experiment":
        """Count what other campaigns of the channels' groups bring as well."""
        if groups is None:
            return self
        units = {groups.unit[c] for c in self.channels}
        others = [c for c, u in enumerate(groups.unit) if u in units]
        return replace(self, along=tuple(c for c in others if c not in self.channels))


@dataclass(frozen=True)
class ExperimentRows:
    """Experiments, cell by cell; a part is one channel of an experiment.

    Attributes
    ----------
    lift_seen, std_error : Tensor of shape (experiment,)
    part_experiment, part_channel, part_unit : Tensor of shape (part,)
    n_regions : int
    cell_part, cell_region, cell_week : Tensor of shape (cell,)
    size : Tensor of shape (cell,)
        What a relative contribution counts for, in the units of the lift.
    modulation : Tensor of shape (cell,)
        Factor of the effects.
    lags : Tensor of shape (2, cell, lag)
        Scaled media and their past, as they were and as compared with.
    frequency : Tensor of shape (cell, lag) or None
        Of channels with reach, which an experiment leaves as it was; 1 of others.
    whole : Tensor of shape (2, cell, lag) or None
        The same of all channels of the cell's unit; None without groups.
    """

    lift_seen: Tensor
    std_error: Tensor
    part_experiment: Tensor
    part_channel: Tensor
    part_unit: Tensor
    n_regions: int
    cell_part: Tensor
    cell_region: Tensor
    cell_week: Tensor
    size: Tensor
    modulation: Tensor
    lags: Tensor
    frequency: Tensor | None = None
    whole: Tensor | None = None

    @property
    def n_experiments(self) -> int:
        """Number of experiments."""
        return len(self.lift_seen)

    @property
    def cell_channel(self) -> Tensor:
        """Channels of the cells, (cell,)."""
        return self.part_channel[self.cell_part]

    def lift_of_parts(self, media: MediaResponse, state: Parameters) -> Tensor:
        """Return the model's lift by channel and region, (member, part, region).

        Parameters
        ----------
        media : MediaResponse
        state : dict of Tensor
            Its parameters, with a leading member axis.
        """
        cells = self._moved(media, state) * self.size * self.modulation
        n, k = self.n_regions, len(self.part_channel)
        out = cells.new_zeros(len(cells), k * n)
        out.index_add_(1, self.cell_part * n + self.cell_region, cells)
        return out.reshape(len(cells), k, n)

    def _moved(self, media: MediaResponse, state: Parameters) -> Tensor:
        """Return relative contributions with less those without, (member, cell)."""
        inputs = (
            self.lags,
            self.cell_region,
            self.cell_channel,
            self.frequency,
            self.whole,
        )
        with_, without = functional_call(media, state, inputs).unbind(1)
        return with_ - without

    def lift(self, media: MediaResponse, state: Parameters) -> Tensor:
        """Return the model's lifts, (member, experiment)."""
        parts = self.lift_of_parts(media, state).sum(-1)
        out = parts.new_zeros(len(parts), self.n_experiments)
        return out.index_add_(1, self.part_experiment, parts)

    def modulated(self, module: MMMModule, data: TrainingData) -> "ExperimentRows":
        """Return the rows with the modulation of effects that a module has.

        Where effects multiply, a difference of effects is worth what it is there.
        """
        factor = torch.as_tensor(_modulation(module, data))
        cells = self.cell_region, self.cell_week, self.cell_channel
        own = replace(self, modulation=factor[cells])
        return own._multiplied(module, data) if data.multiplies else own

    @torch.no_grad()
    def _multiplied(self, module: MMMModule, data: TrainingData) -> "ExperimentRows":
        r"""Return the rows as effects of an experiment multiply the outcome seen.

        An experiment of the effect :math:`\Delta` has moved an outcome :math:`y` by
        :math:`y (1 - e^{-\Delta})`.
        """
        state = {name: own[None] for name, own in module.media.named_parameters()}
        difference = self._moved(module.media, state)[0] * self.modulation
        experiment = self.part_experiment[self.cell_part]
        shape = self.n_experiments, *data.target.shape
        whole = difference.new_zeros(shape)
        cells = experiment, self.cell_region, self.cell_week
        whole.index_put_(cells, difference, accumulate=True)
        outcome = np.where(data.observed, data.outcome, 1.0)
        worth = torch.as_tensor(outcome) * compounded(-whole)
        return replace(self, modulation=self.modulation * worth[cells])

    def gap(self, lift: Tensor) -> Tensor:
        """Return gaps of (member, experiment) lifts in standard errors."""
        return (lift - self.lift_seen) / self.std_error


def experiment_rows(
    experiments: list[Experiment],
    module: MMMModule,
    data: TrainingData,
    outcome_scale: np.ndarray,
) -> ExperimentRows | None:
    """Lay out experiments as cells.

    Parameters
    ----------
    experiments : list of Experiment
    module : MMMModule
        Trained; its modulation of effects holds with and without the experiment.
    data : TrainingData
    outcome_scale : ndarray of shape (n_regions,)
        Outcome units of a relative contribution.
    """
    if not experiments:
        return None
    groups, max_lag = module.media.shape.groups, module.media.max_lag
    parts = [
        (number, channel, e)
        for number, e in enumerate(experiments)
        for channel in (*e.channels, *e.along)
    ]
    cells: list[np.ndarray] = []
    lags: list[Tensor] = []
    whole: list[Tensor] = []
    for part, (_, channel, e) in enumerate(parts):
        region, week = np.nonzero(e.counted)
        cells.append(np.stack([np.full_like(region, part), region, week]))
        places = region, week, max_lag
        lags.append(_both_worlds(e, data.media, (channel,), *places))
        if groups is not None:
            own = groups.unit[channel]
            together = tuple(c for c, u in enumerate(groups.unit) if u == own)
            whole.append(_both_worlds(e, data.media, together, *places))
    place = torch.as_tensor(np.concatenate(cells, axis=1))
    counted = [e.counted for *_, e in parts]
    weight = np.concatenate([c[np.nonzero(c)] for c in counted]).astype(float)
    size = torch.as_tensor(outcome_scale)[place[1]] * torch.as_tensor(weight)
    rows = ExperimentRows(
        lift_seen=torch.tensor([e.lift for e in experiments], dtype=torch.float64),
        std_error=torch.tensor([e.std_error for e in experiments], dtype=torch.float64),
        part_experiment=torch.tensor([number for number, *_ in parts]),
        part_channel=torch.tensor([channel for _, channel, _ in parts]),
        part_unit=torch.tensor(
            [c if groups is None else groups.unit[c] for _, c, _ in parts]
        ),
        n_regions=len(data.media),
        cell_part=place[0],
        cell_region=place[1],
        cell_week=place[2],
        size=size,
        modulation=torch.ones_like(size),
        lags=torch.cat(lags, dim=1),
        frequency=_frequency(data, [p[1] for p in parts], cells, max_lag),
        whole=torch.cat(whole, dim=1) if whole else None,
    )
    return rows.modulated(module, data)


def _both_worlds(
    experiment: Experiment,
    media: np.ndarray,
    channels: tuple[int, ...],
    region: np.ndarray,
    week: np.ndarray,
    max_lag: int,
) -> Tensor:
    """Return what channels together were and are compared with, (2, cell, lag)."""
    other = media.copy()
    other[..., list(experiment.channels)] = experiment.other
    own, other = (values[..., list(channels)].sum(-1) for values in (media, other))
    both = torch.as_tensor(np.stack([own, other], axis=-1))
    # (region, week, 2, lag) -> (2, cell, lag)
    return lagged(both, max_lag)[region, week].movedim(1, 0)


def _frequency(
    data: TrainingData, channels: list[int], cells: list[np.ndarray], max_lag: int
) -> Tensor | None:
    """Return frequencies of the cells of each part and their past, (cell, lag)."""
    if data.frequency is None:
        return None
    past = lagged(torch.as_tensor(data.frequency), max_lag)
    parts = []
    for channel, (_, region, week) in zip(channels, cells, strict=True):
        if channel in data.reach:
            parts.append(past[region, week, data.reach.index(channel)])
        else:
            parts.append(past.new_ones(len(region), max_lag))
    return torch.cat(parts)


def _modulation(module: MMMModule, data: TrainingData) -> np.ndarray:
    """Return the factor of the effects, (region, week, channel)."""
    modulation = module.modulation
    if not modulation.active:
        return np.ones(data.media.shape)
    X = data.inputs(1)
    with torch.no_grad():
        shape = module.media.shape
        now = shape.together(X["lags"][..., 0])
        features = modulation.features(now, X["controls"], X["calendar"])
        factor = modulation(features, X["observed"])
        return np.asarray(shape.each(factor).numpy())
