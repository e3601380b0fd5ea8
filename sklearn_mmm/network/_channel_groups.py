"""Campaigns that share a kernel and a curve: channels in groups."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ChannelGroups:
    """Which channels have a response together.

    Attributes
    ----------
    unit : tuple of int
        Of each channel, the number of its response; responses are in the order of
        their first channels.
    amount : tuple of float, default=()
        Of each channel, all of its media, in the unit of its group; equal ones where
        nothing is given.
    """

    unit: tuple[int, ...]
    amount: tuple[float, ...] = ()

    @property
    def weight(self) -> Tensor:
        """Parts of channels in the media of their units, (channel,)."""
        amount = torch.tensor(self.amount or (1.0,) * len(self.unit)).double()
        whole = self.each(self.together(amount))
        number = self.each(self.together(torch.ones_like(amount)))
        return torch.where(
            whole > 0, amount / torch.where(whole > 0, whole, 1.0), 1 / number
        )

    @property
    def n_units(self) -> int:
        """Number of responses."""
        return max(self.unit) + 1

    @property
    def first(self) -> tuple[int, ...]:
        """The first channel of each response."""
        return tuple(self.unit.index(number) for number in range(self.n_units))

    @property
    def campaigns(self) -> tuple[int, ...]:
        """Channels whose response is that of others as well."""
        return tuple(
            channel
            for channel, number in enumerate(self.unit)
            if self.unit.count(number) > 1
        )

    def together(self, values: Tensor) -> Tensor:
        """Return the sums over each response's channels.

        Parameters
        ----------
        values : Tensor of shape (..., channel)

        Returns
        -------
        Tensor of shape (..., unit)
        """
        out = values.new_zeros(*values.shape[:-1], self.n_units)
        return out.index_add(-1, torch.tensor(self.unit), values)

    def each(self, values: Tensor) -> Tensor:
        """Return what is the same for all channels of a response, for each of them.

        Parameters
        ----------
        values : Tensor of shape (..., unit)

        Returns
        -------
        Tensor of shape (..., channel)
        """
        return values[..., list(self.unit)]

    def effects(self, effect: Tensor, campaign: Tensor) -> Tensor:
        r"""Return the effects of each channel, :math:`\beta_u e^{d_i - \bar d}`.

        With :math:`\bar d` the mean over the unit's channels by their media, so that
        :math:`\beta_u` is the effect of what ran on the whole.

        Parameters
        ----------
        effect : Tensor of shape (..., unit)
            Perhaps with a leading member axis.
        campaign : Tensor of shape (campaign,), or (member, campaign)
            Deviations :math:`d` of the logarithms, of :attr:`campaigns`.

        Returns
        -------
        Tensor of shape (..., channel)
        """
        at = torch.tensor(self.campaigns)
        own = campaign.new_zeros(*campaign.shape[:-1], len(self.unit))
        own = own.index_copy(-1, at, campaign)
        own = own - self.each(self.together(own * self.weight.to(own)))
        if own.dim() > 1:
            own = own[(slice(None), *[None] * (effect.dim() - 2))]
        return self.each(effect) * own.exp()

    def by_campaign(self, values: Tensor) -> Tensor:
        """Return derivatives by the deviations of campaigns, (..., campaign).

        Parameters
        ----------
        values : Tensor of shape (..., channel)
            Contributions, or sums of these.
        """
        whole = self.each(self.together(values)) * self.weight.to(values)
        return (values - whole)[..., list(self.campaigns)]
