"""What the cells of a group have in common in their effects."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from sklearn_mmm.panel._groups import Groups, unseen_places


class GroupDeviations(nn.Module):
    r"""Deviations of groups of cells, around which those of cells lie.

    With several dimensions the deviation of a cell has the mean :math:`\sum_d
    \mu_{d, g_d}` of its groups, and what it differs from that by is their crossing
    (crossed random effects; Gelman & Hill, 2007, section 13.5). A cell that was not
    seen has that mean.

    Parameters
    ----------
    groups : Groups
    n_columns : int
        Channels or controls.
    """

    place: Tensor

    def __init__(self, groups: Groups, n_columns: int) -> None:
        super().__init__()
        self.sizes = groups.sizes
        self.register_buffer("place", torch.as_tensor(groups.place))
        self.deviation = nn.Parameter(torch.zeros(groups.n_groups, n_columns))

    def of_cells(self) -> Tensor:
        """Return the means of the training cells' deviations, (..., region, column)."""
        return self.deviation[..., self.place, :].sum(-2)

    def of_unseen(self, region: Tensor) -> Tensor:
        """Return the deviations of cells that were not seen, (..., region, column).

        Parameters
        ----------
        region : Tensor of shape (region,)
            Codes; what is returned for those of training cells has no meaning.
        """
        place = unseen_places(region.clamp_max(-1).numpy(), self.sizes)
        index = torch.as_tensor(place)
        known = (index >= 0).unsqueeze(-1)
        return (self.deviation[..., index.clamp_min(0), :] * known).sum(-2)


def groups_of(module: nn.Module) -> GroupDeviations | None:
    """Return what a module of effects knows of groups; None with one dimension."""
    parts: dict[str, Any] = module._modules
    return cast("GroupDeviations | None", parts.get("groups"))


def deviation_of(module: nn.Module, deviation: Tensor, region: Tensor) -> Tensor:
    """Return the deviations of known (>= 0) and unknown regions.

    Parameters
    ----------
    module : Module
        With groups or without.
    deviation : Tensor of shape (..., region, column)
        Of the training regions.
    region : Tensor of shape (region,)
        Codes.
    """
    known = (region >= 0).unsqueeze(-1)
    own = deviation[..., region.clamp_min(0), :] * known
    groups = groups_of(module)
    if groups is None or bool(known.all()):
        return own
    return torch.where(known, own, groups.of_unseen(region))
