"""The saturated carry-over of channels, and the one table of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from sklearn_mmm.components import Adstock, Prior, Saturation
from sklearn_mmm.functional import carry_over
from sklearn_mmm.network._reach import (
    FREQUENCY_PRIORS,
    as_series,
    carried,
    frequency_and_derivatives,
    placed,
    response_to_frequency,
)

Raw = Mapping[str, Tensor]


@dataclass(frozen=True)
class ResponseShape:
    r"""What a channel's media become before they are multiplied by its effect.

    :math:`f(\sum_l w_l x_{t-l})` with the weights :math:`w` of an adstock and the curve
    :math:`f` of a saturation. Parameters are those that the components declare, as
    real numbers of their priors ("raw"); their names are those in ``priors``.

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
        frequency, see :mod:`sklearn_mmm.network._reach`. Where there are any, all
        methods below need the frequency.
    """

    adstock: Adstock
    saturation: Saturation
    n_lags: int
    weeks_per_step: float = 1.0
    reach: tuple[int, ...] = ()

    @cached_property
    def priors(self) -> dict[str, Prior]:
        """The parameters of each channel, by name."""
        curve = {f"saturation_{p.name}": p for p in self.saturation.priors}
        kernel = self.adstock.priors_for(self.n_lags, self.weeks_per_step)
        frequency = {p.name: p for p in FREQUENCY_PRIORS} if self.reach else {}
        return curve | {f"adstock_{p.name}": p for p in kernel} | frequency

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
        raw : dict of Tensor of shape (..., channel)
        """
        return self.adstock.weights(self.kernel_parameters(raw), self.n_lags)

    def share(self, raw: Raw, lags: Tensor, frequency: Tensor | None = None) -> Tensor:
        """Return the saturated carry-over, (..., region, week, channel).

        Parameters
        ----------
        raw : dict of Tensor of shape (..., channel)
            Perhaps with a leading member axis.
        lags : Tensor of shape (region, week, channel, lag)
            Scaled media and their past.
        frequency : Tensor of shape (region, week, len(reach), lag), optional
            Of the channels with reach and its past.
        """
        weights = self.weights(raw)
        adstocked = _adstocked(lags, weights)
        share = self.saturation.value(_panel(self.curve_parameters(raw)), adstocked)
        if frequency is None:
            return share
        reach, own = as_series(lags[:, :, self._reach]), self._of_reach(raw)
        effective = reach * response_to_frequency(_panel(own), as_series(frequency))
        return placed(share, carried(self._kernels(weights), effective), self._reach)

    def share_of_series(
        self, raw: Raw, media: Tensor, frequency: Tensor | None = None
    ) -> Tensor:
        """Return the saturated carry-over, (..., week, channel).

        Parameters
        ----------
        raw : dict of Tensor of shape (channel,)
        media : Tensor of shape (..., week, channel)
            Scaled, without any before the first week.
        frequency : Tensor of shape (..., week, len(reach)), optional
        """
        weights = self.weights(raw).to(media)
        adstocked = carry_over(media, weights)
        share = self.saturation.value(_panel(self.curve_parameters(raw)), adstocked)
        if frequency is None:
            return share
        effective = self.effective(raw, media[..., self._reach], frequency)
        own = carry_over(effective, self._kernels(weights))
        return placed(share, own, self._reach)

    def effective(self, raw: Raw, reach: Tensor, frequency: Tensor) -> Tensor:
        """Return reach times the response to its frequency, (..., week, len(reach)).

        Parameters
        ----------
        raw : dict of Tensor of shape (channel,)
        reach, frequency : Tensor of shape (..., week, len(reach))
        """
        return reach * response_to_frequency(_panel(self._of_reach(raw)), frequency)

    def share_of_cells(
        self,
        raw: Raw,
        lags: Tensor,
        channel: Tensor,
        frequency: Tensor | None = None,
    ) -> Tensor:
        """Return the saturated carry-over of single cells, (member, ..., cell).

        Parameters
        ----------
        raw : dict of Tensor of shape (member, channel)
        lags : Tensor of shape (..., cell, lag)
        channel : Tensor of shape (cell,)
        frequency : Tensor of shape (cell, lag), optional
            Of the cells whose channel has one; any number of others.
        """
        at = (slice(None), *[None] * (lags.dim() - 2))
        weights = self.weights(raw)
        if weights.dim() > 1:
            weights = weights[:, channel][at]
        parameters = self.curve_parameters(raw)
        parameters = {name: p[:, channel][at] for name, p in parameters.items()}
        share = self.saturation.value(parameters, (lags * weights.to(lags)).sum(-1))
        if frequency is None:
            return share
        own = {p.name: raw[p.name][:, channel][at][..., None] for p in FREQUENCY_PRIORS}
        seen = lags * response_to_frequency(own, frequency)
        linear = (seen * weights.to(lags)).sum(-1)
        return torch.where(torch.isin(channel, torch.tensor(self.reach)), linear, share)

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
            By each raw parameter of the cell's channel, in the order of ``priors``.
        """
        weights, by_kernel = self.adstock.weights_and_derivatives(
            self.kernel_parameters(raw), self.n_lags
        )
        adstocked = _adstocked(lags, weights)
        share, slope, by_curve = self.saturation.value_and_derivatives(
            _panel(self.curve_parameters(raw)), adstocked
        )
        out, changes = {}, {}
        for name, prior in self.priors.items():
            inner = prior.derivative(raw[name])
            if name.startswith("saturation_"):
                out[name] = by_curve[prior.name] * inner[..., None, None, :]
            elif name.startswith("adstock_"):
                changes[name] = by_kernel[prior.name] * inner[..., None]
                out[name] = slope * _adstocked(lags, changes[name])
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

    def _of_reach(self, raw: Raw) -> dict[str, Tensor]:
        """Return the raw parameters of frequency of the channels that have one."""
        return {p.name: raw[p.name][..., self._reach] for p in FREQUENCY_PRIORS}

    def _kernels(self, weights: Tensor) -> Tensor:
        """Return the kernels of the channels with reach, (..., channel, lag)."""
        if weights.dim() == 1:
            return weights.expand(len(self.reach), -1)
        return weights[..., self._reach, :]

    def rescaled(self, raw: Raw, ratio: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return the same response for media in another unit.

        Parameters
        ----------
        raw : dict of Tensor of shape (channel,)
        ratio : Tensor of shape (channel,)
            The former unit in new ones.

        Returns
        -------
        raw : dict of Tensor of shape (channel,)
        factor : Tensor of shape (channel,)
            Of the effect, which makes the response to media at their former scale what
            it was; 1 unless the curve does not know the unit of its parameters.
        """
        out = dict(raw)
        for name, prior in self.priors.items():
            if prior.media_power:
                moved = prior.natural(raw[name]) * ratio**prior.media_power
                out[name] = prior.raw(moved)
        value = self.saturation.value
        before = value(self.curve_parameters(raw), torch.ones_like(ratio))
        factor = before / value(self.curve_parameters(out), ratio)
        if self.reach:
            factor = placed(factor, 1 / ratio[self._reach], self._reach)
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
