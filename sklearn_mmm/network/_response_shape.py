"""The saturated carry-over of channels, and the one table of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.components import Adstock, Saturation
from sklearn_mmm.components._by_channel import (
    AnyPrior,
    SaturationByChannel,
    adstock_of_channel,
    lags_of_channels,
    saturation_of_channel,
)
from sklearn_mmm.components._frequency import (
    FREQUENCY_PRIORS,
    frequency_and_derivatives,
    response_to_frequency,
)
from sklearn_mmm.functional import carry_over
from sklearn_mmm.functional._adstock import of_lags
from sklearn_mmm.network._channel_groups import ChannelGroups
from sklearn_mmm.network._reach import as_series, carried, placed
from sklearn_mmm.network._shared_curve import Part, divided

Raw = Mapping[str, Tensor]


@dataclass(frozen=True)
class ResponseShape:
    r"""What a channel's media become before they are multiplied by its effect.

    :math:`f(\sum_l w_l x_{t-l})` with the weights :math:`w` of an adstock and the curve
    :math:`f` of a saturation. Parameters are those that the components declare, as
    real numbers of their priors ("raw"); their names are those in ``priors``.

    Channels of a group have one response to what they carry over together, of which
    each has the part that it has in that: with :math:`a_i = \sum_l w_l x_{i,t-l}` and
    :math:`A = \sum_j a_j` it is :math:`f(A)\, a_i / A`. Parameters are then those of
    the groups and of the channels outside them: of units.

    Attributes
    ----------
    adstock : Adstock
    saturation : Saturation
    n_lags : int
        Length of the kernels.
    weeks_per_step : float, default=1.0
        Length of a time step.
    reach : tuple of int, default=()
        Channels whose media are reach; their response is linear in it and a curve of
        frequency, see :mod:`sklearn_mmm.components._frequency`. Where there are any,
        all methods below need the frequency.
    groups : ChannelGroups or None, default=None
        None if each channel has a response of its own, and is a unit.
    """

    adstock: Adstock
    saturation: Saturation
    n_lags: int
    weeks_per_step: float = 1.0
    reach: tuple[int, ...] = ()
    groups: ChannelGroups | None = None

    @cached_property
    def priors(self) -> dict[str, AnyPrior]:
        """The parameters of each unit, by name."""
        curve: dict[str, AnyPrior] = {
            f"saturation_{p.name}": p for p in self.saturation.priors
        }
        kernel = self.adstock.priors_for(self.n_lags, self.weeks_per_step)
        often = {p.name: p for p in FREQUENCY_PRIORS} if self.reach else {}
        return curve | {f"adstock_{p.name}": p for p in kernel} | often

    def lags(self, n_units: int) -> np.ndarray:
        """Return the lengths of the units' kernels, (n_units,)."""
        return lags_of_channels(self.adstock, self.n_lags, n_units)

    def of_unit(self, unit: int) -> "ResponseShape":
        """Return the shape that one unit has."""
        return ResponseShape(
            adstock_of_channel(self.adstock, unit),
            saturation_of_channel(self.saturation, unit),
            int(self.lags(unit + 1)[unit]),
            self.weeks_per_step,
            (0,) if unit in self.reach_units else (),
        )

    @property
    def apart(self) -> bool:
        """Whether what a channel brings hangs on no media but its own."""
        return self.groups is None and not self.reach

    def together(self, values: Tensor) -> Tensor:
        """Return sums over the channels of each unit, (..., unit)."""
        return values if self.groups is None else self.groups.together(values)

    def each(self, values: Tensor) -> Tensor:
        """Return what units have, (..., unit), for each of their channels."""
        return values if self.groups is None else self.groups.each(values)

    def curve_parameters(self, raw: Raw) -> dict[str, Tensor]:
        """Return the parameters of the saturation in their units, by plain name."""
        return {
            p.name: p.natural(raw[f"saturation_{p.name}"])
            for p in self.saturation.priors
        }

    def kernel_parameters(self, raw: Raw) -> dict[str, Tensor]:
        """Return the parameters of the adstock in their units, by plain name."""
        return {
            p.name: p.natural(raw[f"adstock_{p.name}"])
            for p in self.adstock.priors_for(self.n_lags, self.weeks_per_step)
        }

    def weights(self, raw: Raw) -> Tensor:
        """Return the kernels, (..., channel, lag), each summing to 1.

        An adstock without parameters has one kernel for all channels, (lag,).

        Parameters
        ----------
        raw : dict of Tensor of shape (..., unit)
        """
        own = self.adstock.weights(self.kernel_parameters(raw), self.n_lags)
        return self._each_kernel(own)

    def _each_kernel(self, values: Tensor) -> Tensor:
        """Return (..., unit, lag) values of kernels for each channel."""
        if self.groups is None or values.dim() < 2:
            return values
        return values[..., list(self.groups.unit), :]

    def share(self, raw: Raw, lags: Tensor, frequency: Tensor | None = None) -> Tensor:
        """Return the saturated carry-over, (..., region, week, channel).

        Parameters
        ----------
        raw : dict of Tensor of shape (..., unit)
            Perhaps with a leading member axis.
        lags : Tensor of shape (region, week, channel, lag)
            Scaled media and their past.
        frequency : Tensor of shape (region, week, len(reach), lag), optional
            Of the channels with reach and its past.
        """
        weights = self.weights(raw)
        adstocked = of_lags(lags, weights)
        share = self._saturated(raw, adstocked)
        if frequency is None:
            return share
        reach, own = as_series(lags[:, :, self._reach]), self._of_reach(raw)
        effective = reach * response_to_frequency(_panel(own), as_series(frequency))
        return placed(share, carried(self._kernels(weights), effective), self._reach)

    def _saturated(
        self, raw: Raw, adstocked: Tensor, channel: Tensor | None = None
    ) -> Tensor:
        """Return the curves of (..., region, week, channel) adstocked media."""
        curve, own = self.saturation, self.curve_parameters(raw)
        if channel is not None:
            curve, own = self.curves_of(channel, own)
        parameters = _panel(own)
        if self.groups is None:
            return curve.value(parameters, adstocked)
        whole = self.together(adstocked)
        value = self.saturation.value(parameters, whole)
        # Without any media a part is what the curve's first step is.
        start = self.saturation.value_and_derivatives(parameters, whole.detach())[1]
        return adstocked * self.each(divided(value, whole, start.detach()))

    def curves_of(
        self, unit: Tensor, parameters: dict[str, Tensor]
    ) -> tuple[Saturation, dict[str, Tensor]]:
        """Return the curves of columns of units, and their parameters."""
        curve = self.saturation
        if isinstance(curve, SaturationByChannel):
            curve = curve.of_cells(unit)
        return curve, {name: p[..., unit] for name, p in parameters.items()}

    def share_of_series(
        self,
        raw: Raw,
        media: Tensor,
        frequency: Tensor | None = None,
        first: int = 0,
        channel: Tensor | None = None,
    ) -> Tensor:
        """Return the saturated carry-over, (..., week - first, channel).

        Parameters
        ----------
        raw : dict of Tensor of shape (unit,)
        media : Tensor of shape (..., week, channel)
            Scaled, without any before the first week.
        frequency : Tensor of shape (..., week, len(reach)), optional
        first : int, default=0
            Weeks at the beginning that are only past.
        channel : int Tensor of shape (column,), optional
            Whose media the columns are, where channels are :attr:`apart`; by default
            each channel's.
        """
        weights = self.weights(raw).to(media)
        if channel is not None and weights.dim() > 1:
            weights = weights[channel]
        adstocked = carry_over(media, weights, first)
        share = self._saturated(raw, adstocked, channel)
        if frequency is None:
            return share
        effective = self.effective(raw, media[..., self._reach], frequency)
        own = carry_over(effective, self._kernels(weights), first)
        return placed(share, own, self._reach)

    def effective(self, raw: Raw, reach: Tensor, frequency: Tensor) -> Tensor:
        """Return reach times the response to its frequency, (..., week, len(reach)).

        Parameters
        ----------
        raw : dict of Tensor of shape (unit,)
        reach, frequency : Tensor of shape (..., week, len(reach))
        """
        return reach * response_to_frequency(_panel(self._of_reach(raw)), frequency)

    def share_of_cells(
        self,
        raw: Raw,
        lags: Tensor,
        channel: Tensor,
        frequency: Tensor | None = None,
        whole: Tensor | None = None,
    ) -> Tensor:
        """Return the saturated carry-over of single cells, (member, ..., cell).

        Parameters
        ----------
        raw : dict of Tensor of shape (member, unit)
        lags : Tensor of shape (..., cell, lag)
        channel : Tensor of shape (cell,)
        frequency : Tensor of shape (cell, lag), optional
            Of the cells whose channel has one; any number of others.
        whole : Tensor of shape (..., cell, lag), optional
            Media of all channels of the cell's unit, if there are groups.
        """
        at = (slice(None), *[None] * (lags.dim() - 2))
        weights = self.weights(raw)
        if weights.dim() > 1:
            weights = weights[:, channel][at]
        unit = channel
        if self.groups is not None:
            unit = torch.tensor(self.groups.unit)[channel]
        curve, own = self.curves_of(unit, self.curve_parameters(raw))
        parameters = {name: p[at] for name, p in own.items()}
        adstocked = (lags * weights.to(lags)).sum(-1)
        if whole is None:
            share = curve.value(parameters, adstocked)
        else:
            together = (whole * weights.to(lags)).sum(-1)
            value = curve.value(parameters, together)
            share = adstocked * divided(value, together, torch.zeros_like(value))
        if frequency is None:
            return share
        often = {p.name: raw[p.name][:, unit][at][..., None] for p in FREQUENCY_PRIORS}
        seen = lags * response_to_frequency(often, frequency)
        linear = (seen * weights.to(lags)).sum(-1)
        return torch.where(torch.isin(channel, torch.tensor(self.reach)), linear, share)

    def share_along(
        self, raw: Raw, media: Tensor, change: Tensor, first: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Return the saturated carry-over and its derivative along a change of media.

        Where channels are :attr:`apart`. See :meth:`share_of_series`; the change is of
        all weeks as well, and may be the media themselves.
        """
        weights = self.weights(raw).to(media)
        carried = carry_over(media, weights, first)
        moved = carried if change is media else carry_over(change, weights, first)
        share, slope, _ = self.saturation.value_and_derivatives(
            self.curve_parameters(raw), carried
        )
        return share, slope * moved

    def share_and_derivatives(
        self, raw: Raw, lags: Tensor, frequency: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the saturated carry-over and its derivatives, in one pass.

        Parameters
        ----------
        raw, lags, frequency
            See :meth:`share`.

        Returns
        -------
        share : Tensor of shape (..., region, week, channel)
        derivatives : dict of Tensor of the same shape
            By each raw parameter of the cell's unit, in the order of ``priors``.
        """
        weights, by_kernel = self.adstock.weights_and_derivatives(
            self.kernel_parameters(raw), self.n_lags
        )
        weights = self._each_kernel(weights)
        inner = {name: p.derivative(raw[name]) for name, p in self.priors.items()}
        changes = {
            name: self._each_kernel(by_kernel[p.name] * inner[name][..., None])
            for name, p in self.priors.items()
            if name.startswith("adstock_")
        }
        # Media are read once for all kernels.
        one = weights.expand(lags.shape[2], -1) if weights.dim() == 1 else weights
        every = torch.stack(torch.broadcast_tensors(one, *changes.values()))
        adstocked, *changed = of_lags(lags, every)
        whole = self.together(adstocked)
        value, slope, by_curve = self.saturation.value_and_derivatives(
            _panel(self.curve_parameters(raw)), whole
        )
        part = Part(self.groups, adstocked, whole, value, slope)
        by_media = dict(zip(changes, changed, strict=True))
        share, out = part.share, {}
        for name, prior in self.priors.items():
            if name.startswith("saturation_"):
                change = by_curve[prior.name] * inner[name][..., None, None, :]
                out[name] = part.by_curve(change)
            elif name in by_media:
                out[name] = part.by_media(by_media[name])
        if frequency is None:
            return share, out
        own, by = self._reach_and_derivatives(raw, lags, frequency, weights, changes)
        share = placed(share, own, self._reach)
        nothing = torch.zeros_like(share)
        return share, {
            name: placed(out.get(name, nothing), by.get(name, own * 0), self._reach)
            for name in self.priors
        }

    def _reach_and_derivatives(
        self,
        raw: Raw,
        lags: Tensor,
        frequency: Tensor,
        weights: Tensor,
        changes: dict[str, Tensor],
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the carry-over of the channels with reach and its derivatives.

        By the parameters of frequency, and those of the kernels, of which ``changes``
        are the derivatives.
        """
        reach, own = as_series(lags[:, :, self._reach]), self._of_reach(raw)
        value, slopes = frequency_and_derivatives(_panel(own), as_series(frequency))
        kernels = self._kernels(weights)
        by = {name: carried(kernels, reach * slope) for name, slope in slopes.items()}
        for name, change in changes.items():
            by[name] = carried(self._kernels(change), reach * value)
        return carried(kernels, reach * value), by

    @property
    def _reach(self) -> list[int]:
        """The channels with reach, as an index."""
        return list(self.reach)

    @property
    def reach_units(self) -> list[int]:
        """Their units, as an index."""
        units = None if self.groups is None else self.groups.unit
        return [c if units is None else units[c] for c in self.reach]

    def _of_reach(self, raw: Raw) -> dict[str, Tensor]:
        """Return the raw parameters of frequency of the channels that have one."""
        return {p.name: raw[p.name][..., self.reach_units] for p in FREQUENCY_PRIORS}

    def _kernels(self, weights: Tensor) -> Tensor:
        """Return the kernels of the channels with reach, (..., channel, lag)."""
        if weights.dim() == 1:
            return weights.expand(len(self.reach), -1)
        return weights[..., self._reach, :]


def _panel(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Make (..., channel) parameters those of (..., region, week, channel) media."""
    return {name: p[..., None, None, :] for name, p in parameters.items()}
