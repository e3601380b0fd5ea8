"""The marketing mix model as one module: forward gives the named decomposition."""

from typing import NamedTuple

from torch import Tensor, nn

from sklearn_mmm.network._baseline import SharedBaseline
from sklearn_mmm.network._controls import ControlEffects
from sklearn_mmm.network._media import MediaResponse


class Decomposition(NamedTuple):
    """Parts of the outcome, on the scale of the region's mean outcome.

    Attributes
    ----------
    baseline : Tensor of shape (week,) or ()
        Intercept and common course.
    controls : Tensor of shape (region, week, control)
    media : Tensor of shape (region, week, channel)
    """

    baseline: Tensor
    controls: Tensor
    media: Tensor

    @property
    def total(self) -> Tensor:
        """Sum of the parts, (region, week)."""
        return self.baseline + self.controls.sum(-1) + self.media.sum(-1)


class MMMModule(nn.Module):
    """Media response, controls and shared baseline of a panel.

    Parameters
    ----------
    n_regions, n_weeks, n_channels, n_controls, max_lag : int
        Sizes; ``n_weeks=0`` leaves the common course in time out.
    min_slope : float
        Lower bound of the Hill slope.
    """

    def __init__(
        self,
        n_regions: int,
        n_weeks: int,
        n_channels: int,
        n_controls: int,
        max_lag: int,
        min_slope: float,
    ) -> None:
        super().__init__()
        self.media = MediaResponse(n_regions, n_channels, max_lag, min_slope)
        self.controls = ControlEffects(n_regions, n_controls)
        self.baseline = SharedBaseline(n_weeks)

    def forward(self, lags: Tensor, controls: Tensor, region: Tensor) -> Decomposition:
        """Return the decomposition of a panel.

        Parameters
        ----------
        lags : Tensor of shape (region, week, channel, lag)
        controls : Tensor of shape (region, week, control)
        region : Tensor of shape (region,)
        """
        return Decomposition(
            self.baseline(), self.controls(controls, region), self.media(lags, region)
        )
