"""Media response: adstock, saturation and partially pooled effects."""

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_mmm.network._group_deviations import GroupDeviations, deviation_of
from sklearn_mmm.network._response_shape import ResponseShape
from sklearn_mmm.panel._groups import Groups


class MediaResponse(nn.Module):
    r"""Weekly contribution of each channel, on the scale of the region's mean outcome.

    :math:`\beta_c e^{\delta_{r,c}} f(\mathrm{adstock}(x_{r,c}))` with parameters of
    adstock and saturation shared by all regions and an effect that each region may
    shift. Parameters may have a leading member axis; contributions then have one.
    Channels in a group are campaigns of one unit: their effects are the unit's, times
    :math:`e^{d_i}` with a deviation of their own.

    Parameters
    ----------
    n_regions, n_channels : int
    shape : ResponseShape
        Its parameters are the module's, of the same names, and start at the mean of
        their priors.
    signs : tuple of int, default=()
        -1 for channels that lower the outcome, else 0 or 1; empty if none does.
    groups : Groups or None, default=None
        Of the regions, with several dimensions.
    """

    signs: tuple[int, ...] = ()

    def __init__(
        self,
        n_regions: int,
        n_channels: int,
        shape: ResponseShape,
        signs: tuple[int, ...] = (),
        groups: Groups | None = None,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.signs = signs if -1 in signs else ()
        n_units = n_channels if shape.groups is None else shape.groups.n_units
        effect = torch.full((n_units,), min(0.1, 1.0 / n_units))
        self.log_effect = nn.Parameter(effect.log())
        for name, prior in shape.priors.items():
            mean = np.broadcast_to(prior.mean, n_units)
            start = torch.tensor(mean, dtype=torch.get_default_dtype())
            self.register_parameter(name, nn.Parameter(start))
        if shape.groups is not None:
            n_campaigns = len(shape.groups.campaigns)
            self.campaign = nn.Parameter(torch.zeros(n_campaigns))
        deviation = torch.zeros(n_regions, n_units)
        # A single region has nothing to deviate from.
        if n_regions > 1:
            self.deviation = nn.Parameter(deviation)
        else:
            self.register_buffer("deviation", deviation)
        if groups is not None:
            self.groups = GroupDeviations(groups, n_units)

    @property
    def max_lag(self) -> int:
        """Length of the adstock kernels."""
        return self.shape.n_lags

    @property
    def raw(self) -> dict[str, Tensor]:
        """Parameters of adstock and saturation as real numbers, (unit,)."""
        return {name: getattr(self, name) for name in self.shape.priors}

    @property
    def weights(self) -> Tensor:
        """The kernels, (channel, lag)."""
        n_channels = len(self.log_effect)
        if self.shape.groups is not None:
            n_channels = len(self.shape.groups.unit)
        return self.shape.weights(self.raw).expand(n_channels, -1)

    @property
    def effect(self) -> Tensor:
        """Shared weekly effect at full saturation, (unit,).

        Of media at their scale where the curve has no maximum.
        """
        return self.log_effect.exp()

    @property
    def channel_effect(self) -> Tensor:
        """The same of each channel with its sign, (channel,)."""
        return self._each(self.effect)

    def _each(self, effect: Tensor) -> Tensor:
        """Return (..., unit) sizes as effects of each channel."""
        groups = self.shape.groups
        if groups is not None:
            effect = groups.effects(effect, self.campaign)
        return self.signed(effect)

    def signed(self, effect: Tensor) -> Tensor:
        """Return (..., channel) sizes of effects with their signs."""
        if not self.signs:
            return effect
        return torch.where(torch.tensor(self.signs) < 0, -effect, effect)

    def regional_effect(self, region: Tensor) -> Tensor:
        """Return the effects of known (>= 0) and unknown (< 0) regions.

        Parameters
        ----------
        region : Tensor of shape (region,)

        Returns
        -------
        Tensor of shape (..., region, channel)
        """
        deviation = deviation_of(self, self.deviation, region)
        return self._each((self.log_effect.unsqueeze(-2) + deviation).exp())

    def forward(
        self,
        lags: Tensor,
        region: Tensor,
        channel: Tensor | None = None,
        frequency: Tensor | None = None,
        whole: Tensor | None = None,
    ) -> Tensor:
        """Return contributions of a panel, or of single cells.

        Parameters
        ----------
        lags : Tensor of shape (region, week, channel, lag), or (..., cell, lag)
            Scaled media and their past.
        region : Tensor of shape (region,) or (cell,)
            Codes of the regions.
        channel : Tensor of shape (cell,), optional
            Channels of the cells.
        frequency : Tensor of shape (region, week, reach, lag) or (cell, lag), optional
            See :class:`ResponseShape`.
        whole : Tensor of shape (..., cell, lag), optional
            Scaled media of all channels of the cell's unit, if there are groups.

        Returns
        -------
        Tensor of shape (..., region, week, channel)
            Or of shape (member, ..., cell), parameters having a member axis.
        """
        if channel is None:
            share = self.shape.share(self.raw, lags, frequency)
            return share * self.regional_effect(region).unsqueeze(-2)
        share = self.shape.share_of_cells(self.raw, lags, channel, frequency, whole)
        cells = (slice(None), *[None] * (lags.dim() - 2))
        groups = self.shape.groups
        unit = channel if groups is None else torch.tensor(groups.unit)[channel]
        size = (self.log_effect[:, unit] + self.deviation[:, region, unit]).exp()
        if groups is not None:
            ones = torch.ones_like(self.log_effect)
            size = size * groups.effects(ones, self.campaign)[:, channel]
        if self.signs:
            size = torch.where(torch.tensor(self.signs)[channel] < 0, -size, size)
        return share * size[cells]

    def of_series(
        self,
        media: Tensor,
        region: Tensor,
        frequency: Tensor | None = None,
        first: int = 0,
        channel: Tensor | None = None,
    ) -> Tensor:
        """Return contributions with derivatives by media, (region, week, channel).

        Parameters are taken to be constants, so that they have none.

        Parameters
        ----------
        media : Tensor of shape (region, week, channel)
            Scaled, from the first week on.
        region : Tensor of shape (region,)
        frequency : Tensor of shape (region, week, reach), optional
        first, channel
            See :meth:`ResponseShape.share_of_series`.
        """
        raw = {name: value.detach() for name, value in self.raw.items()}
        effect = self.regional_effect(region).detach()
        if channel is not None:
            effect = effect[..., channel]
        share = self.shape.share_of_series(raw, media, frequency, first, channel)
        return share * effect.unsqueeze(-2)
