r"""Deviations of cells around those of their groups, and the variances of both.

With several dimensions the deviation :math:`\delta_{r}` of a cell's effect has the
prior :math:`N(\sum_d \mu_{d, g_d(r)}, s^2)` and those of groups :math:`\mu_{d, g} \sim
N(0, s_d^2)`: crossed random effects (Gelman & Hill, 2007, "Data Analysis Using
Regression and Multilevel/Hierarchical Models", section 13.5), in the centred form, in
which the data know cells alone.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.network._group_deviations import groups_of
from sklearn_mmm.network._mmm import MMMModule

# Deviations of regions, and of their groups, by the scale they share.
OF_GROUPS = {
    "deviation": "group_deviation",
    "control_deviation": "group_control_deviation",
}
_N_ITERATIONS = 30


def group_parameters(module: MMMModule) -> dict[str, Tensor]:
    """Return the groups' deviations as vectors, group by group; none without groups."""
    parts = zip(OF_GROUPS.values(), (module.media, module.controls), strict=True)
    found = ((name, groups_of(part)) for name, part in parts)
    return {n: own.deviation.reshape(-1) for n, own in found if own is not None}


def install_groups(module: MMMModule, values: dict[str, Tensor]) -> None:
    """Write vectors of :func:`group_parameters` into a module."""
    for name, part in zip(
        OF_GROUPS.values(), (module.media, module.controls), strict=True
    ):
        own = groups_of(part)
        if own is not None:
            own.deviation.copy_(values[name].reshape(own.deviation.shape))


class Pooling(NamedTuple):
    """Which region belongs to which groups, in the order of the parameters.

    Attributes
    ----------
    place : int Tensor of shape (region, dimension)
        Groups, counted through the dimensions.
    dimension : int Tensor of shape (group,)
        Of each group.
    """

    place: Tensor
    dimension: Tensor

    @classmethod
    def of(cls, module: MMMModule) -> "Pooling | None":
        """Return that of a module; None with one dimension."""
        groups = groups_of(module.media)
        if groups is None:
            return None
        sizes = torch.as_tensor(groups.sizes)
        return cls(groups.place, torch.arange(len(sizes)).repeat_interleave(sizes))

    @property
    def n_groups(self) -> int:
        """Groups of all dimensions together."""
        return len(self.dimension)

    def of_groups(self, scales: Tensor, n_columns: int) -> Tensor:
        """Return (dimension,) scales for each group and column, as a vector."""
        return scales[self.dimension].repeat_interleave(n_columns)

    def means(self, groups: Tensor) -> Tensor:
        """Return what cells have in common with their groups.

        Parameters
        ----------
        groups : Tensor of shape (member, group times column)

        Returns
        -------
        Tensor of shape (member, region, column)
        """
        n_columns = groups.shape[1] // self.n_groups
        wide = groups.reshape(len(groups), self.n_groups, n_columns)
        return wide[:, self.place].sum(2)

    def sums(self, cells: Tensor) -> Tensor:
        """Return the sums of (member, region, column) values over groups.

        The transpose of :meth:`means`, (member, group times column).
        """
        out = cells.new_zeros(len(cells), self.n_groups, cells.shape[2])
        for of_dimension in self.place.unbind(1):
            out.index_add_(1, of_dimension, cells)
        return out.flatten(1)

    @property
    def membership(self) -> Tensor:
        """1 where a region belongs to a group, else 0, (region, group)."""
        out = torch.zeros(len(self.place), self.n_groups, dtype=torch.float64)
        return out.scatter_(1, self.place, 1.0)


def pooled_scales(
    deviations: np.ndarray,
    membership: np.ndarray,
    dimension: np.ndarray,
    own: float,
    groups: np.ndarray,
    limits: tuple[float, float],
) -> tuple[float, np.ndarray]:
    r"""Return the standard deviations that make deviations of cells most likely.

    Expectation-maximisation with the groups' deviations as what is missing: given
    those of cells they are normal, with the precision :math:`Q = Z^\top Z / s^2 +
    \mathrm{diag}(s_d^{-2})` and the mean :math:`Q^{-1} Z^\top \delta / s^2`.

    Parameters
    ----------
    deviations : ndarray of shape (n_series, n_regions)
        Of draws and columns.
    membership : ndarray of shape (n_regions, n_groups)
    dimension : int ndarray of shape (n_groups,)
    own : float
        Where to start: around the groups' means.
    groups : ndarray of shape (n_dimensions,)
        Where to start: of the groups of each dimension.
    limits : tuple of float

    Returns
    -------
    own : float
    groups : ndarray of shape (n_dimensions,)
    """
    gram = membership.T @ membership
    for _ in range(_N_ITERATIONS):
        precision = gram / own**2 + np.diag(groups[dimension] ** -2.0)
        covariance = np.linalg.inv(precision)
        mean = deviations @ membership @ covariance / own**2  # (series, group)
        squares = (mean**2).mean(0) + covariance.diagonal()
        sums = np.bincount(dimension, squares)
        groups = np.sqrt(sums / np.bincount(dimension)).clip(*limits)
        left = ((deviations - mean @ membership.T) ** 2).mean()
        left += (gram * covariance).sum() / len(membership)
        own = float(np.sqrt(left).clip(*limits))
    return own, groups
