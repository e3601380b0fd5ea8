"""The saturated carry-over of channels, and the one table of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from sklearn_mmm.components import Adstock, Prior, Saturation
from sklearn_mmm.functional import carry_over

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
    """

    adstock: Adstock
    saturation: Saturation
    n_lags: int
    weeks_per_step: float = 1.0

    @cached_property
    def priors(self) -> dict[str, Prior]:
        """The parameters of each channel, by name."""
        curve = {f"saturation_{p.name}": p for p in self.saturation.priors}
        kernel = self.adstock.priors_for(self.n_lags, self.weeks_per_step)
        return curve | {f"adstock_{p.name}": p for p in kernel}

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

    def share(self, raw: Raw, lags: Tensor) -> Tensor:
        """Return the saturated carry-over, (..., region, week, channel).

        Parameters
        ----------
        raw : dict of Tensor of shape (..., channel)
            Perhaps with a leading member axis.
        lags : Tensor of shape (region, week, channel, lag)
            Scaled media and their past.
        """
        adstocked = _adstocked(lags, self.weights(raw))
        return self.saturation.value(_panel(self.curve_parameters(raw)), adstocked)

    def share_of_series(self, raw: Raw, media: Tensor) -> Tensor:
        """Return the saturated carry-over, (..., week, channel).

        Parameters
        ----------
        raw : dict of Tensor of shape (channel,)
        media : Tensor of shape (..., week, channel)
            Scaled, without any before the first week.
        """
        adstocked = carry_over(media, self.weights(raw).to(media))
        return self.saturation.value(_panel(self.curve_parameters(raw)), adstocked)

    def share_of_cells(self, raw: Raw, lags: Tensor, channel: Tensor) -> Tensor:
        """Return the saturated carry-over of single cells, (member, ..., cell).

        Parameters
        ----------
        raw : dict of Tensor of shape (member, channel)
        lags : Tensor of shape (..., cell, lag)
        channel : Tensor of shape (cell,)
        """
        at = (slice(None), *[None] * (lags.dim() - 2))
        weights = self.weights(raw)
        if weights.dim() > 1:
            weights = weights[:, channel][at]
        parameters = self.curve_parameters(raw)
        parameters = {name: p[:, channel][at] for name, p in parameters.items()}
        return self.saturation.value(parameters, (lags * weights.to(lags)).sum(-1))

    def share_and_derivatives(
        self, raw: Raw, lags: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the saturated carry-over and its derivatives, in one pass.

        Parameters
        ----------
        raw, lags
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
        out = {}
        for name, prior in self.priors.items():
            inner = prior.derivative(raw[name])
            if name.startswith("saturation_"):
                out[name] = by_curve[prior.name] * inner[..., None, None, :]
            else:
                change = by_kernel[prior.name] * inner[..., None]
                out[name] = slope * _adstocked(lags, change)
        return share, out

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
        return out, before / value(self.curve_parameters(out), ratio)


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
