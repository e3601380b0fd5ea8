"""A curve that campaigns share, and what each of them has of it."""

import torch
from torch import Tensor

from sklearn_mmm.network._channel_groups import ChannelGroups


class Part:
    """What each channel has of its unit's curve, and how that changes.

    With :math:`h(A) = f(A) / A` it is :math:`h(A) a_i`; the whole curve of a channel
    that is a unit.

    Parameters
    ----------
    groups : ChannelGroups or None
    adstocked : Tensor of shape (..., channel)
    whole, value, slope : Tensor of shape (..., unit)
        Adstocked media of the unit, the curve there, and its derivative.
    """

    def __init__(
        self,
        groups: ChannelGroups | None,
        adstocked: Tensor,
        whole: Tensor,
        value: Tensor,
        slope: Tensor,
    ) -> None:
        self.groups, self.adstocked, self.slope = groups, adstocked, slope
        self.share = value
        if groups is not None:
            self.whole = whole
            self.height = groups.each(divided(value, whole, slope))
            bend = divided(slope - divided(value, whole, slope), whole, whole * 0.0)
            self.bend = groups.each(bend)
            self.share = adstocked * self.height

    def by_curve(self, change: Tensor) -> Tensor:
        """Return the change of parts by (..., unit) changes of the curve."""
        if self.groups is None:
            return change
        change = divided(change, self.whole, change * 0.0)
        return self.adstocked * self.groups.each(change)

    def by_media(self, change: Tensor) -> Tensor:
        """Return the change of parts by (..., channel) changes of adstocked media."""
        if self.groups is None:
            return self.slope * change
        whole = self.groups.each(self.groups.together(change))
        return self.height * change + self.adstocked * self.bend * whole


def divided(value: Tensor, whole: Tensor, otherwise: Tensor) -> Tensor:
    """Return values by positive media, and something else where there are none."""
    positive = whole > 0
    return torch.where(positive, value / torch.where(positive, whole, 1.0), otherwise)
