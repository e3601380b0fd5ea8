"""Steady-state response to constant spend."""

from dataclasses import dataclass, fields

import numpy as np

from sklearn_mmm.components import NoSaturation, Saturation
from sklearn_mmm.components._by_channel import saturation_of_channel
from sklearn_mmm.estimator._curve import CampaignCurve, Curve, MemberCurves


@dataclass(frozen=True)
class SteadyState:
    """What constant weekly spend brings each week, once carry-over has filled up.

    Adstocked media then equal spend, since the kernel's weights sum to 1. Spend of all
    regions together is split over them as it was on average in training; regions where
    a channel was silent have no part in it. People are reached as often as they were
    on average in training. Value units are money where an outcome unit is worth money
    (``outcome_value``), and outcome units where it is not.

    Attributes
    ----------
    channels : list of str
    regions : ndarray of shape (n_regions,)
    effect : ndarray of shape (n_regions, n_channels)
        At full saturation, value units per time step; of media at their scale where
        the curve has no maximum, and of reach at the usual frequency.
    saturation : Saturation
    parameters : dict of ndarray of shape (n_channels,)
        Of the curve, by name.
    media_scale : ndarray of shape (n_regions, n_channels)
        Spend units per time step.
    usual : ndarray of shape (n_regions, n_channels)
        Mean training spend per time step.
    largest : ndarray of shape (n_regions, n_channels)
        Largest training spend of the region.
    largest_total : ndarray of shape (n_channels,)
        Largest training spend of all regions together.
    members : MemberCurves
        What else the data allow.
    reach : tuple of int, default=()
        Channels whose media are reach, of which the response is a straight line.
    unit : tuple of int or None, default=None
        Of each channel, the number of the response that it has a part in; None if each
        has its own.
    """

    channels: list[str]
    regions: np.ndarray
    effect: np.ndarray
    saturation: Saturation
    parameters: dict[str, np.ndarray]
    media_scale: np.ndarray
    usual: np.ndarray
    largest: np.ndarray
    largest_total: np.ndarray
    members: MemberCurves
    reach: tuple[int, ...] = ()
    unit: tuple[int, ...] | None = None

    def by_region(self) -> list[Curve]:
        """Return one curve for each channel and region."""
        return [
            self._curve(c, np.array([r]), self.largest[r, c], self.regions[r])
            for c in range(len(self.channels))
            for r in range(len(self.regions))
        ]

    def by_channel(self) -> list[Curve]:
        """Return one curve for each channel, all regions together."""
        everywhere = np.arange(len(self.regions))
        return [
            self._curve(c, everywhere, self.largest_total[c], None)
            for c in range(len(self.channels))
        ]

    def _curve(
        self, channel: int, regions: np.ndarray, largest: float, label: object
    ) -> Curve:
        # A region where the channel is silent has no part in the whole.
        bought = self.usual[regions, channel] > 0
        regions = regions[bought] if bought.any() else regions
        usual = self.usual[regions, channel]
        total = float(usual.sum())
        share = usual / total if total > 0 else np.full(len(usual), 1 / len(usual))
        saturation = saturation_of_channel(self.saturation, channel)
        if channel in self.reach:
            saturation = NoSaturation()
        names = [prior.name for prior in saturation.priors]
        curve = Curve(
            channel=self.channels[channel],
            region=label,
            effect=self.effect[regions, channel],
            saturation=saturation,
            parameters={n: self.parameters[n][[channel]] for n in names},
            # Spend of the whole at which a region's media reach their scale.
            unit=self.media_scale[regions, channel] / share,
            usual=total,
            largest=float(largest),
            members=self.members.of(channel, regions, names),
        )
        unit = self.unit or ()
        others = [c for c, u in enumerate(unit) if c != channel and u == unit[channel]]
        if not others:
            return curve
        # Other campaigns of the channel's group, as usual.
        place = np.ix_(regions, np.array(others))
        media = self.usual[place] / self.media_scale[place]
        drawn = media * self.members.effect[:, regions][..., others]
        own = {field.name: getattr(curve, field.name) for field in fields(curve)}
        return CampaignCurve(
            **own,
            media=media.sum(1),
            worth=(media * self.effect[place]).sum(1),
            drawn=drawn.sum(2),
        )
