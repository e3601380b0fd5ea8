"""Response of one channel to constant spend, and of a campaign in its group."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.optimize import brentq
from torch import Tensor

from sklearn_mmm._intervals import interval_around
from sklearn_mmm.components import Saturation

# Of a curve that is still steep here, in units of its middle, no end is in reach.
_NO_END = 1e100


@dataclass(frozen=True)
class MemberCurves:
    """Parameters of the members' curves; no members have a first axis of length 0.

    Attributes
    ----------
    effect : ndarray of shape (n_members, n_regions, n_channels)
    parameters : dict of ndarray of shape (n_members, n_channels)
        Of the curve, by name; of one channel, once it has been taken out.
    """

    effect: np.ndarray
    parameters: dict[str, np.ndarray]

    def of(self, channel: int, regions: np.ndarray, names: list[str]) -> "MemberCurves":
        """Take out a channel with parameters of these names, in some regions."""
        return MemberCurves(
            self.effect[:, regions, channel],
            {name: self.parameters[name][:, [channel]] for name in names},
        )


@dataclass(frozen=True)
class Curve:
    """Response of one channel to its weekly spend.

    Attributes
    ----------
    channel : str
    region : object
        Its label; None for all regions together.
    effect, unit : ndarray of shape (n_regions,)
        Effect at full saturation; spend of the whole per unit of the media scale.
    saturation : Saturation
    parameters : dict of ndarray of shape (1,)
        Of the curve, by name.
    usual, largest : float
        Mean and largest training spend per time step.
    members : MemberCurves
        Of this channel and these regions.
    """

    channel: str
    region: object
    effect: np.ndarray
    saturation: Saturation
    parameters: dict[str, np.ndarray]
    unit: np.ndarray
    usual: float
    largest: float
    members: MemberCurves

    @property
    def maximum(self) -> float:
        """Response at full saturation; infinite for a curve without a maximum."""
        total = float(self.effect.sum())
        if self.saturation.bounded or not total:
            return total
        return float(np.copysign(np.inf, total))

    def response(self, spend: np.ndarray | float) -> np.ndarray:
        """Return value units per time step."""
        share = self.saturation.value(*self._at(spend))
        return np.asarray(share.numpy() @ self.effect)

    def marginal_response(self, spend: np.ndarray | float) -> np.ndarray:
        """Return value units per spend unit, for positive spend."""
        slope = self.saturation.value_and_derivatives(*self._at(spend))[1]
        return np.asarray(slope.numpy() @ (self.effect / self.unit))

    def spend_at_share(self, share: float) -> float:
        """Return the spend at which a share of the maximum is reached.

        Infinite for a curve without a maximum.
        """
        # Each region reaches it at this multiple of its unit; the whole lies between.
        ends = self._media_at(share) * self.unit[self.effect != 0]
        if not len(ends):
            return np.nan
        low, high = ends.min(), ends.max()
        if not self.saturation.bounded:
            return np.inf
        if high - low <= 1e-12 * high:
            return float(high)
        return _root(
            lambda x: float(self.response(x)) / self.maximum - share, low, high
        )

    def spend_at_marginal_response(self, target: float) -> float:
        """Return the largest spend whose marginal response is still the target.

        0 where the marginal response is below the target at any spend, infinite where
        it is above however much is spent, as on a straight line.
        """
        if self.effect.sum() <= 0:
            return 0.0
        middle = self._media_at(0.5) if self.saturation.bounded else 1.0
        unit = middle * np.median(self.unit[self.effect > 0])
        grid = unit * np.logspace(-6, 6, 241)
        above = np.flatnonzero(self.marginal_response(grid) > target)
        if not len(above):
            return 0.0
        low, high = grid[above[-1]], grid[min(above[-1] + 1, len(grid) - 1)]
        # Far beyond the maximum, where responses are still cheap in these units.
        while self.marginal_response(high) > target:
            if high > _NO_END * unit:
                return np.inf
            low, high = high, 10 * high
        return _root(lambda x: float(self.marginal_response(x)) - target, low, high)

    def band(self, spend: np.ndarray, coverage: float) -> np.ndarray:
        """Return the interval of the response over members, (2, n_points)."""
        members = self.members
        # (member, point, region)
        parameters = {
            name: torch.as_tensor(p)[:, None] for name, p in members.parameters.items()
        }
        scaled = torch.as_tensor(spend[:, None] / self.unit)
        share = self.saturation.value(parameters, scaled).numpy()
        share = np.broadcast_to(share, (len(members.effect), *scaled.shape))
        response = np.einsum("mpr,mr->mp", share, members.effect)
        return interval_around(response, self.response(spend), coverage)

    def table(self, n_points: int, reach: float, coverage: float) -> pd.DataFrame:
        """Return the curve on a grid from no spend to a multiple of the largest."""
        end = self.largest
        if self.region is not None and not end:
            # A region that never had the channel: what it is in the others.
            end = float(self.unit.max())
        spend = np.linspace(0.0, reach, n_points) * end
        response = self.response(spend)
        marginal = np.zeros(n_points)
        if end > 0:
            marginal[1:] = self.marginal_response(spend[1:])
            # At no spend the curve's first step stands for a derivative that may be
            # infinite (slope below 1).
            marginal[0] = response[1] / spend[1]
        columns = {
            "channel": self.channel,
            "region": self.region,
            "spend": spend,
            "response": response,
            "marginal_response": marginal,
            "extrapolated": spend > self.largest,
        }
        if len(self.members.effect):
            columns["low"], columns["high"] = self.band(spend, coverage)
        if self.region is None:
            del columns["region"]
        return pd.DataFrame(columns)

    def points(self, marginal_response: float) -> dict[str, Any]:
        """Return the operating point and what lies beyond it."""
        response = float(self.response(self.usual))
        # Where nothing was spent the derivative may be infinite, so there is none.
        marginal = np.nan
        if self.usual > 0:
            marginal = float(self.marginal_response(self.usual))
        out = {
            "channel": self.channel,
            "region": self.region,
            "spend": self.usual,
            "response": response,
            "marginal_response": marginal,
            # 0 as well of a maximum that is infinite.
            "share_of_maximum": response / self.maximum if self.maximum else 0.0,
            "spend_at_50": self.spend_at_share(0.5),
            "spend_at_90": self.spend_at_share(0.9),
            "spend_at_marginal": self.spend_at_marginal_response(marginal_response),
            "largest": self.largest,
            "maximum": self.maximum,
        }
        if self.region is None:
            del out["region"]
        return out

    def _at(self, spend: np.ndarray | float) -> tuple[dict[str, Tensor], Tensor]:
        """Return the curve's parameters and the regions' media, (..., region)."""
        scaled = np.asarray(spend, float)[..., None] / self.unit
        return self._parameters, torch.as_tensor(scaled)

    def _media_at(self, share: float) -> float:
        """Return the media of a region at a share of the maximum, scaled."""
        return float(self.saturation.inverse(self._parameters, share))

    @property
    def _parameters(self) -> dict[str, Tensor]:
        return {name: torch.as_tensor(p) for name, p in self.parameters.items()}


@dataclass(frozen=True)
class CampaignCurve(Curve):
    r"""What a campaign adds to its group, others of which spend as usual.

    With all their adstocked media :math:`A` and the worth :math:`W = \sum_j \beta_j
    a_j` of these the group brings :math:`f(A)\, W / A`; the response is that less what
    it would be without the campaign. It falls where a campaign that is worth less than
    the others takes the place of these on a saturated curve.

    Attributes
    ----------
    media : ndarray of shape (n_regions,)
        Adstocked media of the others, in units of the media scale.
    worth : ndarray of shape (n_regions,)
        Their worth, outcome units per time step.
    drawn : ndarray of shape (n_members, n_regions)
        That of members.
    """

    media: np.ndarray
    worth: np.ndarray
    drawn: np.ndarray

    @property
    def maximum(self) -> float:
        """Largest response; infinite for a curve without a maximum."""
        total = float(self.effect.sum())
        if not self.saturation.bounded:
            return float(np.copysign(np.inf, total)) if total else 0.0
        sign = np.sign(total)
        return float(sign * np.max(sign * self.response(self._grid), initial=0.0))

    def response(self, spend: np.ndarray | float) -> np.ndarray:
        """Return outcome units per time step."""
        added = self._added(spend, self._parameters, self.effect, self.worth)
        return np.asarray(added[0].sum(-1))

    def marginal_response(self, spend: np.ndarray | float) -> np.ndarray:
        """Return outcome units per spend unit, for positive spend."""
        added = self._added(spend, self._parameters, self.effect, self.worth)
        return np.asarray((added[1] / self.unit).sum(-1))

    def spend_at_share(self, share: float) -> float:
        """Return the least spend at which a share of the maximum is reached."""
        target = share * self.maximum
        if not np.isfinite(target):
            return np.inf
        grid = self._grid
        reached = np.flatnonzero(np.abs(self.response(grid)) >= abs(target))
        if not target or not len(reached):
            return np.nan
        low, high = np.r_[0.0, grid][reached[0]], grid[reached[0]]
        return _root(lambda x: float(self.response(x)) - target, low, high)

    def band(self, spend: np.ndarray, coverage: float) -> np.ndarray:
        """Return the interval of the response over members, (2, n_points)."""
        # (member, point, region)
        parameters = {
            name: torch.as_tensor(p)[:, None]
            for name, p in self.members.parameters.items()
        }
        effect, worth = self.members.effect[:, None], self.drawn[:, None]
        response = self._added(spend, parameters, effect, worth)[0].sum(-1)
        return interval_around(response, self.response(spend), coverage)

    @property
    def _grid(self) -> np.ndarray:
        return np.median(self.unit) * np.logspace(-6, 6, 241)

    def _added(
        self,
        spend: np.ndarray | float,
        parameters: dict[str, Tensor],
        effect: np.ndarray,
        worth: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what spend adds, (..., region), and its derivative by the media."""
        media = np.asarray(spend, float)[..., None] / self.unit
        whole = media + self.media
        found = self.saturation.value_and_derivatives(
            parameters, torch.as_tensor(whole)
        )
        value, slope = found[0].numpy(), found[1].numpy()
        safe = np.where(whole > 0, whole, 1.0)
        height = np.where(whole > 0, value / safe, slope)
        bend = np.where(whole > 0, (slope - height) / safe, 0.0)
        own = effect * media + worth
        alone = self.saturation.value(parameters, torch.as_tensor(self.media))
        # In the order of the above, so that nothing adds nothing.
        before = alone.numpy() / np.where(self.media > 0, self.media, 1.0) * worth
        return height * own - before, bend * own + height * effect


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, rtol=1e-12))
