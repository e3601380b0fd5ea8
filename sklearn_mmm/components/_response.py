"""The saturated carry-over of channels whose parameters are known numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.components._adstock import Adstock
from sklearn_mmm.components._by_channel import (
    AnyPrior,
    SaturationByChannel,
    adstock_of_channel,
    lags_of_channels,
    saturation_of_channel,
)
from sklearn_mmm.components._saturation import Saturation


@dataclass(frozen=True)
class ChannelResponse:
    r"""What a channel's media become before they are multiplied by its effect.

    :math:`f(\sum_l w_l x_{t-l})` with the weights :math:`w` of an adstock and the curve
    :math:`f` of a saturation.

    Attributes
    ----------
    adstock : Adstock
    saturation : Saturation
    n_lags : int
        Length of the kernels.
    n_channels : int
    parameters : dict of ndarray of shape (n_channels,)
        Of both, by name, in the units of their priors.
    normalize : bool, default=True
        Whether a kernel's weights sum to 1; the largest is 1 otherwise.
    """

    adstock: Adstock
    saturation: Saturation
    n_lags: int
    n_channels: int
    parameters: dict[str, np.ndarray]
    normalize: bool = True

    @property
    def priors(self) -> tuple[AnyPrior, ...]:
        """What is believed about the parameters of both."""
        return (*self.adstock.priors_for(self.n_lags), *self.saturation.priors)

    @property
    def kernel_parameters(self) -> dict[str, np.ndarray]:
        """Parameters of the adstock."""
        names = [prior.name for prior in self.adstock.priors_for(self.n_lags)]
        return {name: self.parameters[name] for name in names}

    @property
    def curve_parameters(self) -> dict[str, np.ndarray]:
        """Parameters of the saturation."""
        names = [prior.name for prior in self.saturation.priors]
        return {name: self.parameters[name] for name in names}

    @cached_property
    def weights(self) -> np.ndarray:
        """The kernels, (n_channels, n_lags)."""
        found = self.adstock.weights(_tensors(self.kernel_parameters), self.n_lags)
        weights = found.expand(self.n_channels, -1).detach().double().numpy()
        return weights if self.normalize else weights / weights.max(1, keepdims=True)

    @property
    def half_saturation(self) -> np.ndarray:
        """Media at half of the maximum, (n_channels,)."""
        parameters = _tensors(self.curve_parameters)
        return half_of_maximum(self.saturation, parameters, self.n_channels)

    def carry_over(self, media: np.ndarray) -> np.ndarray:
        """Return media with the past that is still felt, from a cold start.

        Parameters
        ----------
        media : ndarray of shape (..., n_weeks, n_channels)
            Or one channel that all share, (..., n_weeks, 1).

        Returns
        -------
        ndarray of shape (..., n_weeks, n_channels)
        """
        out = np.asarray(media * self.weights[:, 0])
        for lag in range(1, min(self.n_lags, media.shape[-2])):
            out[..., lag:, :] += media[..., :-lag, :] * self.weights[:, lag]
        return out

    def saturate(self, adstocked: np.ndarray) -> np.ndarray:
        """Return the curve at (..., n_channels) adstocked media."""
        parameters = _tensors(self.curve_parameters)
        value = self.saturation.value(parameters, torch.as_tensor(adstocked))
        return np.asarray(value.numpy())

    def steepness(self, adstocked: np.ndarray) -> np.ndarray:
        """Return the curve's derivative at (..., n_channels) media above 0."""
        media = torch.as_tensor(adstocked)
        parameters = _tensors(self.curve_parameters)
        slope = self.saturation.value_and_derivatives(parameters, media)[1]
        return np.asarray(slope.numpy())

    def share(self, media: np.ndarray) -> np.ndarray:
        """Return the saturated carry-over of media, see :meth:`carry_over`."""
        return self.saturate(self.carry_over(media))

    def of_channel(self, channel: int) -> "ChannelResponse":
        """Return the response of one channel, without its parameters."""
        lags = lags_of_channels(self.adstock, self.n_lags, self.n_channels)
        return replace(
            self,
            adstock=adstock_of_channel(self.adstock, channel),
            saturation=saturation_of_channel(self.saturation, channel),
            n_lags=int(lags[channel]),
            n_channels=1,
            parameters={},
        )

    def take(self, channels: np.ndarray) -> "ChannelResponse":
        """Keep some channels.

        Parameters
        ----------
        channels : ndarray of int
        """
        own = {name: values[channels] for name, values in self.parameters.items()}
        return replace(self, n_channels=len(channels), parameters=own)


def half_of_maximum(
    saturation: Saturation, parameters: Mapping[str, Tensor], n_channels: int
) -> np.ndarray:
    """Return the media at which a curve is at half of its maximum, (n_channels,).

    Infinite for curves without a maximum.

    Parameters
    ----------
    saturation : Saturation
    parameters : dict of Tensor of shape (n_channels,)
    n_channels : int
    """
    if isinstance(saturation, SaturationByChannel):
        out = np.empty(n_channels)
        for channel in range(n_channels):
            form = saturation_of_channel(saturation, channel)
            own = {p.name: parameters[p.name][[channel]] for p in form.priors}
            out[channel] = half_of_maximum(form, own, 1)[0]
        return out
    if not saturation.bounded:
        return np.full(n_channels, np.inf)
    found = saturation.inverse(parameters, 0.5).expand(n_channels)
    return np.asarray(found.detach().clone().numpy())


def _tensors(parameters: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.as_tensor(values) for name, values in parameters.items()}
