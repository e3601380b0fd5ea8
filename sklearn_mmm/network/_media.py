"""Media response: adstock, saturation and partially pooled effects."""

import torch
from torch import Tensor, nn

from sklearn_mmm.functional import hill
from sklearn_mmm.network._carry_over import CarryOver


class MediaResponse(nn.Module):
    r"""Weekly contribution of each channel, on the scale of the region's mean outcome.

    :math:`\beta_c e^{\delta_{r,c}}\,\mathrm{Hill}(\mathrm{adstock}(x_{r,c}))` with
    adstock and Hill parameters shared by all regions and an effect that each region
    may shift. Parameters may have a leading member axis; contributions then have one.

    Parameters
    ----------
    n_regions, n_channels, max_lag : int
    min_slope : float
        Lower bound of the Hill slope.
    adstock : {"geometric", "delayed", "weibull"}
    """

    def __init__(
        self,
        n_regions: int,
        n_channels: int,
        max_lag: int,
        min_slope: float,
        adstock: str,
    ) -> None:
        super().__init__()
        self.max_lag = max_lag
        self.min_slope = min_slope
        start = MediaPrior
        effect = torch.full((n_channels,), min(0.1, 1.0 / n_channels))
        self.log_effect = nn.Parameter(effect.log())
        self.carry_over = CarryOver(adstock, n_channels, max_lag)
        self.log_half_saturation = nn.Parameter(
            torch.full((n_channels,), start.half_saturation[0])
        )
        self.log_slope = nn.Parameter(torch.full((n_channels,), start.slope[0]))
        deviation = torch.zeros(n_regions, n_channels)
        # A single region has nothing to deviate from.
        if n_regions > 1:
            self.deviation = nn.Parameter(deviation)
        else:
            self.register_buffer("deviation", deviation)

    @property
    def half_saturation(self) -> Tensor:
        """Half-saturation in units of the media scale, (channel,)."""
        return self.log_half_saturation.exp()

    @property
    def slope(self) -> Tensor:
        """Hill slope, (channel,)."""
        return self.min_slope + self.log_slope.exp()

    @property
    def effect(self) -> Tensor:
        """Shared weekly effect at full saturation, (channel,)."""
        return self.log_effect.exp()

    def regional_effect(self, region: Tensor) -> Tensor:
        """Return the effects of known (>= 0) and unknown (-1) regions.

        Parameters
        ----------
        region : Tensor of shape (region,)

        Returns
        -------
        Tensor of shape (..., region, channel)
        """
        known = (region >= 0).unsqueeze(-1)
        deviation = self.deviation[..., region.clamp_min(0), :] * known
        return (self.log_effect.unsqueeze(-2) + deviation).exp()

    def forward(
        self, lags: Tensor, region: Tensor, channel: Tensor | None = None
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

        Returns
        -------
        Tensor of shape (..., region, week, channel)
            Or of shape (member, ..., cell), parameters having a member axis.
        """
        half, slope = self.half_saturation, self.slope
        weights = self.carry_over.weights()
        if channel is None:
            adstocked = (lags * weights[..., None, None, :, :]).sum(-1)
            panel = (..., None, None, slice(None))
            saturated = hill(adstocked, half[panel], slope[panel])
            return saturated * self.regional_effect(region).unsqueeze(-2)
        cells = (slice(None), *[None] * (lags.dim() - 2))
        adstocked = (lags * weights[:, channel][cells]).sum(-1)
        saturated = hill(adstocked, half[:, channel][cells], slope[:, channel][cells])
        effect = self.log_effect[:, channel] + self.deviation[:, region, channel]
        return saturated * effect.exp()[cells]


class MediaPrior:
    """Weak priors (mean, standard deviation) of the media parameters.

    In units of the media scale, the region's largest weekly value: half-saturation
    around 0.6 of it and slope around 1.2, wide enough to be overruled by a year of
    data.
    """

    half_saturation = (-0.5, 0.8)  # logarithm
    slope = (0.2, 0.35)  # logarithm
