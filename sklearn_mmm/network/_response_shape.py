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
        adstocked = _adstocked(lags, weights)
        share = self._saturated(raw, adstocked)
        if frequency is None:
            return share
        reach, own = as_series(lags[:, :, self._reach]), self._of_reach(raw)
        effective = reach * response_to_frequency(_panel(own), as_series(frequency))
        return placed(share, carried(self._kernels(weights), effective), self._reach)

    def _saturated(self, raw: Raw, adstocked: Tensor) -> Tensor:
        """Return the curves of (..., region, week, channel) adstocked media."""
        parameters = _panel(self.curve_parameters(raw))
        if self.groups is None:
            return self.saturation.value(parameters, adstocked)
        whole = self.together(adstocked)
        value = self.saturation.value(parameters, whole)
        # Without any media a part is what the curve's first step is.
        start = self.saturation.value_and_derivatives(parameters, whole.detach())[1]
        return adstocked * self.each(divided(value, whole, start.detach()))

    def share_of_series(
        self, raw: Raw, media: Tensor, frequency: Tensor | None = None
    ) -> Tensor:
        """Return the saturated carry-over, (..., week, channel).

        Parameters
        ----------
        raw : dict of Tensor of shape (unit,)
        media : Tensor of shape (..., week, channel)
            Scaled, without any before the first week.
        frequency : Tensor of shape (..., week, len(reach)), optional
        """
        weights = self.weights(raw).to(media)
        adstocked = carry_over(media, weights)
        share = self._saturated(raw, adstocked)
        if frequency is None:
            return share
        effective = self.effective(raw, media[..., self._reach], frequency)
        own = carry_over(effective, self._kernels(weights))
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
        curve = self.saturation
        if isinstance(curve, SaturationByChannel):
            curve = curve.of_cells(unit)
        parameters = self.curve_parameters(raw)
        parameters = {name: p[:, unit][at] for name, p in parameters.items()}
        adstocked = (lags * weights.to(lags)).sum(-1)
        if whole is None:
            share = curve.value(parameters, adstocked)
        else:
            together = (whole * weights.to(lags)).sum(-1)
            value = curve.value(parameters, together)
            share = adstocked * divided(value, together, torch.zeros_like(value))
        if frequency is None:
            return share
        own = {p.name: raw[p.name][:, unit][at][..., None] for p in FREQUENCY_PRIORS}
        seen = lags * response_to_frequency(own, frequency)
        linear = (seen * weights.to(lags)).sum(-1)
        return torch.where(torch.isin(channel, torch.tensor(self.reach)), linear, share)

    def share_along(
        self, raw: Raw, lags: Tensor, change: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the saturated carry-over and its derivative along a change of media.

        Without groups and reach, so that no channel knows of other channels' media. Of
        parameters and lags as :meth:`share` takes them, and lags of the change.
        """
        weights = self.weights(raw)
        adstocked = _adstocked(lags, weights)
        moved = adstocked if change is lags else _adstocked(change, weights)
        share, slope, _ = self.saturation.value_and_derivatives(
            _panel(self.curve_parameters(raw)), adstocked
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
        adstocked, *changed = _adstocked(lags, every)
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

    def rescaled(self, raw: Raw, ratio: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return the same response for media in another unit.

        Parameters
        ----------
        raw : dict of Tensor of shape (unit,)
        ratio : Tensor of shape (unit,)
            The former unit in new ones.

        Returns
        -------
        raw : dict of Tensor of shape (unit,)
        factor : Tensor of shape (unit,)
            Of the effect, which makes the response to media at their former scale what
            it was; 1 unless the curve does not know the unit of its parameters.
        """
        out = {name: p.in_unit(raw[name], ratio) for name, p in self.priors.items()}
        value = self.saturation.value
        before = value(self.curve_parameters(raw), torch.ones_like(ratio))
        factor = before / value(self.curve_parameters(out), ratio)
        if self.reach:
            own = self.reach_units
            factor = placed(factor, 1 / ratio[own], own)
        return out, factor


def _adstocked(lags: Tensor, weights: Tensor) -> Tensor:
    """Return (region, week, channel, lag) media by the kernels of :meth:`weights`.

    One product of matrices for each channel. In memory the channel comes first, then
    members, regions and weeks; that is fast where media are laid out in this way.
    """
    n_regions, n_weeks, n_channels, n_lags = lags.shape
    members = weights.shape[:-2] if weights.dim() > 1 else ()
    kernel = weights.to(lags).expand(*members, n_channels, n_lags)
    past = lags.permute(2, 3, 0, 1).reshape(n_channels, n_lags, -1)
    out = torch.bmm(kernel.reshape(-1, n_channels, n_lags).transpose(0, 1), past)
    return out.reshape(n_channels, *members, n_regions, n_weeks).movedim(0, -1)


def _panel(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Make (..., channel) parameters those of (..., region, week, channel) media."""
    return {name: p[..., None, None, :] for name, p in parameters.items()}
