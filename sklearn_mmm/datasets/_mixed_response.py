"""Channels of different forms as one response."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mmm.components._response import ChannelResponse


@dataclass(frozen=True)
class MixedResponse:
    """What media become before they are multiplied by effects, in forms of their own.

    It answers as a :class:`ChannelResponse` does.

    Attributes
    ----------
    parts : tuple of ChannelResponse
        Each of one form of carry-over and saturation.
    places : tuple of ndarray
        Columns of each part among all channels.
    """

    parts: tuple[ChannelResponse, ...]
    places: tuple[np.ndarray, ...]

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return sum(len(place) for place in self.places)

    @property
    def n_lags(self) -> int:
        """Length of the longest kernel."""
        return max(part.n_lags for part in self.parts)

    @property
    def kernel_parameters(self) -> dict[str, np.ndarray]:
        """Parameters of the kernels; NaN for channels whose form has none so called."""
        return self._joined([part.kernel_parameters for part in self.parts])

    @property
    def curve_parameters(self) -> dict[str, np.ndarray]:
        """Parameters of the curves; NaN for channels whose form has none so called."""
        return self._joined([part.curve_parameters for part in self.parts])

    @property
    def weights(self) -> np.ndarray:
        """The kernels, (n_channels, n_lags)."""
        out = np.zeros((self.n_channels, self.n_lags))
        for part, place in zip(self.parts, self.places, strict=True):
            out[place, : part.n_lags] = part.weights
        return out

    @property
    def half_saturation(self) -> np.ndarray:
        """Media at half of the maximum, (n_channels,)."""
        out = np.empty(self.n_channels)
        for part, place in zip(self.parts, self.places, strict=True):
            out[place] = part.half_saturation
        return out

    def carry_over(self, media: np.ndarray) -> np.ndarray:
        """Return (..., n_weeks, n_channels) media with the past still felt."""
        return self._apply([part.carry_over for part in self.parts], media)

    def saturate(self, adstocked: np.ndarray) -> np.ndarray:
        """Return the curves at (..., n_channels) adstocked media."""
        return self._apply([part.saturate for part in self.parts], adstocked)

    def steepness(self, adstocked: np.ndarray) -> np.ndarray:
        """Return the curves' derivatives at (..., n_channels) media above 0."""
        return self._apply([part.steepness for part in self.parts], adstocked)

    def share(self, media: np.ndarray) -> np.ndarray:
        """Return the saturated carry-over of media."""
        return self.saturate(self.carry_over(media))

    def take(self, channels: np.ndarray) -> MixedResponse:
        """Keep some channels, in their order.

        Parameters
        ----------
        channels : ndarray of int
        """
        parts, places = [], []
        for part, place in zip(self.parts, self.places, strict=True):
            kept = np.flatnonzero(np.isin(channels, place))
            if len(kept):
                own = np.searchsorted(place, np.asarray(channels)[kept])
                parts.append(part.take(own))
                places.append(kept)
        return MixedResponse(tuple(parts), tuple(places))

    def _apply(
        self, functions: Sequence[Callable[[np.ndarray], np.ndarray]], media: np.ndarray
    ) -> np.ndarray:
        out = np.empty(media.shape)
        for function, place in zip(functions, self.places, strict=True):
            out[..., place] = function(media[..., place])
        return out

    def _joined(self, parameters: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        out: dict[str, np.ndarray] = {}
        for own, place in zip(parameters, self.places, strict=True):
            for name, values in own.items():
                out.setdefault(name, np.full(self.n_channels, np.nan))[place] = values
        return out


Response = ChannelResponse | MixedResponse


def mixed(parts: Sequence[tuple[ChannelResponse, np.ndarray]]) -> Response:
    """Return channels of several forms as one response.

    Parameters
    ----------
    parts : sequence of (ChannelResponse, ndarray of int)
        With the ascending columns of each part.
    """
    if len(parts) == 1:
        return parts[0][0]
    responses, places = zip(*parts, strict=True)
    return MixedResponse(tuple(responses), tuple(places))
