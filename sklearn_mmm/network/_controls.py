"""Controls: linear, partially pooled effects."""

import torch
from torch import Tensor, nn

from sklearn_mmm.network._group_deviations import GroupDeviations, deviation_of
from sklearn_mmm.panel._groups import Groups


class ControlEffects(nn.Module):
    """Effects of standardised controls, shared plus a deviation of each region.

    The effect of a control whose sign is known is multiplied by the exponential of its
    deviation, so that it has this sign in each region.

    Parameters
    ----------
    n_regions, n_controls : int
    signs : tuple of int, default=()
        1 or -1 for each control whose sign is known, 0 for others; none is known if
        empty.
    groups : Groups or None, default=None
        Of the regions, with several dimensions.
    """

    signs: tuple[int, ...] = ()

    def __init__(
        self,
        n_regions: int,
        n_controls: int,
        signs: tuple[int, ...] = (),
        groups: Groups | None = None,
    ) -> None:
        super().__init__()
        self.signs = signs if any(signs) else ()
        self.coefficient = nn.Parameter(torch.zeros(n_controls))
        deviation = torch.zeros(n_regions, n_controls)
        if n_regions > 1:
            self.deviation = nn.Parameter(deviation)
        else:
            self.register_buffer("deviation", deviation)
        if groups is not None:
            self.groups = GroupDeviations(groups, n_controls)

    @property
    def range(self) -> tuple[Tensor, Tensor]:
        """Least and largest coefficients, (control,) each."""
        far = torch.full_like(self.coefficient.detach(), torch.inf)
        if not self.signs:
            return -far, far
        sign, nothing = torch.tensor(self.signs), torch.zeros_like(far)
        return torch.where(sign > 0, nothing, -far), torch.where(sign < 0, nothing, far)

    def regional_coefficient(self, region: Tensor) -> Tensor:
        """Return coefficients, (region, control); codes of unknown regions are < 0."""
        deviation = deviation_of(self, self.deviation, region)
        return regional_coefficients(self.coefficient, deviation, self.signed)

    @property
    def signed(self) -> Tensor | None:
        """Which controls have a known sign, (control,); None if none has."""
        return torch.tensor(self.signs) != 0 if self.signs else None

    def forward(self, controls: Tensor, region: Tensor) -> Tensor:
        """Return effects for controls of shape (region, week, control)."""
        return controls * self.regional_coefficient(region).unsqueeze(-2)


def regional_coefficients(
    coefficient: Tensor, deviation: Tensor, signed: Tensor | None
) -> Tensor:
    """Return coefficients of regions, (..., region, control).

    Parameters
    ----------
    coefficient : Tensor, broadcast to that shape
    deviation : Tensor of shape (..., region, control)
    signed : bool Tensor of shape (control,) or None
        Whether a deviation is that of a logarithm.
    """
    if signed is None:
        return coefficient + deviation
    return torch.where(signed, coefficient * deviation.exp(), coefficient + deviation)
