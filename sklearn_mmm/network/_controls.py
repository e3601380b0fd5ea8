"""Controls: linear, partially pooled effects."""

import torch
from torch import Tensor, nn


class ControlEffects(nn.Module):
    """Effects of standardised controls, shared plus a deviation of each region.

    Parameters
    ----------
    n_regions, n_controls : int
    """

    def __init__(self, n_regions: int, n_controls: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.zeros(n_controls))
        deviation = torch.zeros(n_regions, n_controls)
        if n_regions > 1:
            self.deviation = nn.Parameter(deviation)
        else:
            self.register_buffer("deviation", deviation)

    def regional_coefficient(self, region: Tensor) -> Tensor:
        """Return coefficients, (region, control); unknown regions have code -1."""
        known = (region >= 0).unsqueeze(-1)
        return self.coefficient + self.deviation[region.clamp_min(0)] * known

    def forward(self, controls: Tensor, region: Tensor) -> Tensor:
        """Return effects for controls of shape (region, week, control)."""
        return controls * self.regional_coefficient(region).unsqueeze(-2)
