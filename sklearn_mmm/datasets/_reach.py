"""Channels that are told as reach and frequency."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mmm.datasets._processes import autoregressive

_NAMES = ("youtube", "connected_tv", "podcast")
# People of a region of size 1, and the most of them that a time step reaches.
_PEOPLE, _MOST_REACHED = 200_000.0, 0.5


@dataclass(frozen=True)
class Reach:
    """Reach and frequency of channels.

    Attributes
    ----------
    reach : ndarray of shape (region, step, channel)
        People.
    frequency : ndarray of shape (region, step, channel)
        Contacts for each of them, at least 1; 0 where nobody was reached.
    spend : ndarray of shape (region, step, channel)
    half_saturation, slope : ndarray of shape (n_channels,)
        Of the Hill curve of frequency.
    scale : ndarray of shape (region, channel)
        Largest reach times the curve.
    """

    reach: np.ndarray
    frequency: np.ndarray
    spend: np.ndarray
    half_saturation: np.ndarray
    slope: np.ndarray
    scale: np.ndarray

    def activity(
        self, reach: np.ndarray, frequency: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return reach times the curve of frequency, in units of the scale."""
        return np.asarray(reach * self.curve(frequency) / scale)

    def curve(self, frequency: np.ndarray) -> np.ndarray:
        """Return the Hill curve at (..., n_channels) frequencies."""
        power = frequency**self.slope
        return np.asarray(power / (power + self.half_saturation**self.slope))

    @property
    def optimal(self) -> np.ndarray:
        r"""Frequency at which impressions bring most, (n_channels,).

        The maximum of the curve over the frequency, :math:`\kappa (s - 1)^{1/s}`, at
        least 1.
        """
        best = self.half_saturation * (self.slope - 1) ** (1 / self.slope)
        return np.asarray(np.maximum(best, 1.0))


def reach_names(n_channels: int) -> list[str]:
    """Name the channels: familiar names first, then numbered ones."""
    numbered = [f"reach_{i}" for i in range(len(_NAMES) + 1, n_channels + 1)]
    return [*_NAMES[:n_channels], *numbered]


def draw_reach(
    rng: np.random.Generator, sizes: np.ndarray, activity: np.ndarray, per_week: int
) -> Reach:
    """Draw how many people campaigns reach, and how often.

    Parameters
    ----------
    rng : Generator
    sizes : ndarray of shape (n_regions,)
    activity : ndarray of shape (n_regions, n_steps, n_channels)
        How much is planned, in [0, 1].
    per_week : int
        Time steps of a week.
    """
    n_channels = activity.shape[-1]
    slope = np.asarray(rng.uniform(1.6, 3.0, n_channels))
    half = np.asarray(rng.uniform(1.5, 3.5, n_channels))
    usual = rng.uniform(1.0, 3.0, n_channels)
    national = autoregressive(rng, activity.shape[1:], 0.7)
    local = autoregressive(rng, activity.shape, 0.5)
    frequency = 1.0 + usual * np.exp(0.4 * national + 0.25 * local)
    frequency = np.where(activity > 0, frequency, 0.0)
    people = _PEOPLE * sizes[:, np.newaxis, np.newaxis] / per_week
    reach = np.round(_MOST_REACHED * people * activity)
    frequency = np.where(reach > 0, frequency, 0.0)
    price = 0.01 * np.exp(0.2 * rng.standard_normal((sizes.size, 1, n_channels)))
    spend = price * reach * frequency
    out = Reach(reach, frequency, spend, half, slope, np.ones(price[:, 0].shape))
    scale = (reach * out.curve(frequency)).max(axis=1)
    return replace(out, scale=np.where(scale > 0, scale, 1.0))
