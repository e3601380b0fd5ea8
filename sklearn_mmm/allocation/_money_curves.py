"""What each channel brings at multiples of its money, under every model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from sklearn_mmm.inspection._spend_along import along

# Money goes from nothing to this multiple of the plan's.
REACH = 3.0
# Of the square root of the multiple, in which responses to little money are smooth.
_NODES = np.linspace(0.0, 1.0, 17)


@dataclass(frozen=True)
class MoneyCurves:
    r"""Curves of channels over the money of a plan.

    A curve :math:`f(m)` is what a channel brings over the plan and after it at
    :math:`m` times its planned spend: a cubic spline in :math:`t = \sqrt{m /
    \text{reach}}` with equally spaced nodes. Where effects vary with the media of
    other channels, curves are those of all channels scaled alike.

    Attributes
    ----------
    values, slopes : ndarray of shape (n_plans, n_nodes, n_channels)
        Outcome units, and their derivative by :math:`t`.
    reach : float
    """

    values: np.ndarray
    slopes: np.ndarray
    reach: float

    @classmethod
    def of(cls, plans: Sequence[Any], reach: float = REACH) -> "MoneyCurves":
        """Ask plans of the same rows."""
        n_regions = len(plans[0].outcome_scale)
        return cls.of_parts(plans, np.ones((1, n_regions)), reach)[0]

    @classmethod
    def of_parts(
        cls, plans: Sequence[Any], parts: np.ndarray, reach: float = REACH
    ) -> list["MoneyCurves"]:
        """Ask plans of the same rows what channels bring in some of the regions.

        Parameters
        ----------
        plans : sequence of MediaPlan
        parts : ndarray of shape (n_parts, n_regions)
            1 for the regions of a part and 0 for others; regions are sorted.
        reach : float
        """
        found = []
        for plan in plans:
            line = along(plan, np.zeros_like(plan.spend), plan.spend)
            ones = np.ones(len(plan.channels))
            found.append(
                [parts @ line.regional_totals(reach * t**2 * ones) for t in _NODES]
            )
        values = np.array(found)  # (plan, node, part, channel)
        return [cls._through(values[:, :, k], reach) for k in range(len(parts))]

    @classmethod
    def _through(cls, values: Any, reach: float) -> "MoneyCurves":
        given = np.asarray(values)
        slopes = CubicSpline(_NODES, given, axis=1).derivative()(_NODES)
        return cls(given, slopes, reach)

    def part(self, places: slice) -> "MoneyCurves":
        """Return the curves of some of the plans."""
        return MoneyCurves(self.values[places], self.slopes[places], self.reach)

    def at(self, multiple: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what channels bring and the derivative by the multiple.

        Parameters
        ----------
        multiple : ndarray of shape (n_channels,)
            Of planned spend, from 0 to the reach.

        Returns
        -------
        value, slope : ndarray of shape (n_plans, n_channels)
        """
        n_cells = self.values.shape[1] - 1
        t = np.sqrt(np.clip(multiple / self.reach, 1e-12, 1.0))
        cell = np.minimum((t * n_cells).astype(int), n_cells - 1)
        s, c = t * n_cells - cell, np.arange(len(multiple))
        start, end = self.values[:, cell, c], self.values[:, cell + 1, c]
        rise, fall = (self.slopes[:, cell + k, c] / n_cells for k in (0, 1))
        # Hermite's basis, and its derivative by t.
        value = (
            start * (1 + 2 * s) * (1 - s) ** 2
            + rise * s * (1 - s) ** 2
            + end * s**2 * (3 - 2 * s)
            + fall * s**2 * (s - 1)
        )
        by_t = n_cells * (
            6 * s * (1 - s) * (end - start)
            + rise * (1 - s) * (1 - 3 * s)
            + fall * s * (3 * s - 2)
        )
        return value, by_t / (2 * self.reach * t)


def brought(plan: Any, spend: np.ndarray) -> np.ndarray:
    """Return what channels bring, carry-over after the plan included."""
    return np.asarray(plan.totals(spend))
