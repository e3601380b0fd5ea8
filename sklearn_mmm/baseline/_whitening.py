"""Whitening of the series of regions, by factors that several may share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.baseline._covariance import distinct_rows, inverse_factor
from sklearn_mmm.baseline._factors import BlockFactor, DenseFactor, Factor

# Regions with the same weeks share a factor from this number on; the others are one
# batch.
_FEWEST_SHARING = 3


class Group(NamedTuple):
    """Regions that are whitened together.

    Attributes
    ----------
    regions : int ndarray of shape (n,) or slice
        A slice where they are all.
    factor : Factor
    """

    regions: np.ndarray | slice
    factor: Factor


@dataclass(frozen=True)
class Whitener:
    """What whitens the series of a panel.

    Attributes
    ----------
    groups : tuple of Group
    n_regions : int
    """

    groups: tuple[Group, ...]
    n_regions: int

    @property
    def shared(self) -> bool:
        """Whether one matrix whitens all regions."""
        return len(self.groups) == 1 and not self.batched(0)

    def batched(self, group: int) -> bool:
        """Whether a group's regions have matrices of their own."""
        factor = self.groups[group].factor
        if isinstance(factor, DenseFactor):
            return factor.inverse.dim() == 3
        return isinstance(factor, BlockFactor) and factor.steps.dim() == 4

    def whiten(self, values: Tensor) -> Tensor:
        """Return innovations of (..., region, week, n) values."""
        return self._each(values, lambda factor, own: factor.whiten(own))

    def transpose(self, values: Tensor) -> Tensor:
        """Return the transpose of :meth:`whiten`."""
        return self._each(values, lambda factor, own: factor.transpose(own))

    def whiten_series(self, values: Tensor) -> Tensor:
        """Return innovations of (..., region, week) values."""
        return self._each_series(values, lambda factor, own: factor.whiten(own))

    def transpose_series(self, values: Tensor) -> Tensor:
        """Return the transpose of :meth:`whiten_series`."""
        return self._each_series(values, lambda factor, own: factor.transpose(own))

    @cached_property
    def precision(self) -> tuple[np.ndarray, np.ndarray]:
        """Precision of each week given the others, and of a step of the level there.

        (region, week) each; 0 where nothing is observed.
        """
        parts = [group.factor.precision() for group in self.groups]
        out = []
        for which in (0, 1):
            whole = parts[0][which].new_zeros(self.n_regions, parts[0][0].shape[-1])
            for group, part in zip(self.groups, parts, strict=True):
                whole[group.regions] = part[which]
            out.append(whole.numpy())
        return out[0], out[1]

    @cached_property
    def place(self) -> tuple[np.ndarray, np.ndarray]:
        """Group of each region, and where it stands in that group."""
        group, place = np.zeros((2, self.n_regions), int)
        for index, own in enumerate(self.groups):
            group[own.regions] = index
            n = len(np.arange(self.n_regions)[own.regions])
            place[own.regions] = np.arange(n)
        return group, place

    @cached_property
    def _usual(self) -> int | None:
        """Return the group of most regions, if they share its factor."""
        size = np.bincount(self.place[0], minlength=len(self.groups))
        most = int(size.argmax())
        few = 2 * size[most] < self.n_regions
        return None if few or self.batched(most) else most

    def alike(self, regions: np.ndarray) -> Iterator[np.ndarray]:
        """Yield those of some regions that share a factor; others one by one."""
        groups = self.place[0][regions]
        for group in np.unique(groups).tolist():
            own = regions[groups == group]
            yield from own[:, None] if self.batched(group) else [own]

    def of_region(self, region: int) -> Factor:
        """Return what whitens a region's series."""
        group, place = (of[region] for of in self.place)
        factor = self.groups[group].factor
        return _member(factor, place) if self.batched(group) else factor

    def inverse_columns(
        self, region: int, weeks: np.ndarray, n_weeks: int
    ) -> np.ndarray:
        """Return some columns of a region's inverse covariance, (n_weeks, n).

        Parameters
        ----------
        region : int
        weeks : int ndarray of shape (n,)
        n_weeks : int
            Of the series.
        """
        group = int(self.place[0][region])
        if group in self._inverses:
            return self._inverses[group][:, weeks]
        factor = self.of_region(region)
        units = torch.zeros(n_weeks, len(weeks), dtype=torch.float64)
        units[weeks, np.arange(len(weeks))] = 1.0
        return np.asarray(factor.transpose(factor.whiten(units)).numpy())

    @cached_property
    def _inverses(self) -> dict[int, np.ndarray]:
        """Inverse covariances of groups whose regions share a dense one."""
        return {
            index: (factor.inverse.mT @ factor.inverse).numpy()
            for index, (_, factor) in enumerate(self.groups)
            if isinstance(factor, DenseFactor) and not self.batched(index)
        }

    def matrices(self, n_weeks: int) -> list[Tensor]:
        """Return each group's whitening matrices, (1 or n, week, week)."""
        return self.columns(torch.eye(n_weeks, dtype=torch.float64))

    def columns(self, values: Tensor) -> list[Tensor]:
        """Return (week, n) columns of all regions as each group's innovations.

        (1 or region, week, n) each.
        """
        found = [group.factor.whiten(values) for group in self.groups]
        return [whole if whole.dim() == 3 else whole[None] for whole in found]

    def to(self, dtype: torch.dtype) -> "Whitener":
        """Return the whitener in another precision."""
        groups = tuple(Group(r, factor.to(dtype)) for r, factor in self.groups)
        return Whitener(groups, self.n_regions)

    def _each(
        self, values: Tensor, apply: Callable[[Factor, Tensor], Tensor]
    ) -> Tensor:
        usual = self._usual
        if usual is None:
            out = torch.empty_like(values)
        else:
            # What few regions get in vain costs less than copies of all the others.
            out = apply(self.groups[usual].factor, values)
        for index, group in enumerate(self.groups):
            if index == usual:
                continue
            own = values[..., group.regions, :, :]
            out[..., group.regions, :, :] = apply(group.factor, own)
        return out

    def _each_series(
        self, values: Tensor, apply: Callable[[Factor, Tensor], Tensor]
    ) -> Tensor:
        out = torch.empty_like(values)
        for index, group in enumerate(self.groups):
            own = values[..., group.regions, :]
            if self.batched(index):
                # (region, week, everything else)
                flat = own.movedim((-2, -1), (0, 1))
                done = apply(group.factor, flat.reshape(*flat.shape[:2], -1))
                done = done.reshape(flat.shape).movedim((0, 1), (-2, -1))
            else:
                flat = own.reshape(-1, own.shape[-1]).T
                done = apply(group.factor, flat).T.reshape(own.shape)
            out[..., group.regions, :] = done
        return out


def _member(factor: Factor, at: int) -> Factor:
    if isinstance(factor, BlockFactor):
        return factor._replace(steps=factor.steps[:, at])
    assert isinstance(factor, DenseFactor)
    return DenseFactor(factor.inverse[at])


def sharing(observed: np.ndarray) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
    """Yield regions that are whitened together, and the weeks that they have.

    Weeks are (week,) where they are the same, else (region, week).

    Parameters
    ----------
    observed : bool ndarray of shape (n_regions, n_weeks)
    """
    rows, code = distinct_rows(observed)
    count = np.bincount(code)
    if len(rows) == 1:
        yield slice(None), rows[0]
        return
    alone = count[code] < _FEWEST_SHARING
    for pattern in np.flatnonzero(count >= _FEWEST_SHARING):
        yield np.flatnonzero(code == pattern), rows[pattern]
    if alone.any():
        yield np.flatnonzero(alone), observed[alone]


def dense_whitener(K: np.ndarray, observed: np.ndarray) -> Whitener:
    """Return the whitener of a covariance.

    Parameters
    ----------
    K : ndarray of shape (n_weeks, n_weeks)
    observed : bool ndarray of shape (n_regions, n_weeks)
        Rows and columns of missing weeks are zero.
    """

    def inverse(weeks: np.ndarray) -> np.ndarray:
        out = np.zeros_like(K)
        if weeks.any():
            at = np.ix_(weeks, weeks)
            out[at] = inverse_factor(K[at])
        return out

    groups = []
    for regions, weeks in sharing(observed):
        each = np.stack([inverse(own) for own in np.atleast_2d(weeks)])
        found = torch.as_tensor(each if weeks.ndim == 2 else each[0])
        groups.append(Group(regions, DenseFactor(found)))
    return Whitener(tuple(groups), len(observed))
