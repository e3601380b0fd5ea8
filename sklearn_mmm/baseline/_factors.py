r"""Factors that whiten series in time, dense ones and by blocks of weeks.

The inverse of the lower Cholesky factor of a covariance turns a series into its
standardised one-step-ahead errors. A short series takes that matrix itself. In a long
one, a block of weeks knows of the weeks before it only through the state of level and
seasons, :math:`a`, so that a step

.. math:: (v_b, a_{b+1}) = M_b (y_b, a_b)

from block to block does the same in time linear in the weeks (Kalman, 1960, "A New
Approach to Linear Filtering and Prediction Problems", for blocks).
"""

from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.baseline._products import lower_times, times


class Factor(Protocol):
    """What whitens the regions of a group, with one matrix or one for each."""

    def whiten(self, values: Tensor) -> Tensor:
        """Return innovations of (..., [region,] week, n) values."""
        ...

    def transpose(self, values: Tensor) -> Tensor:
        """Return the transpose of :meth:`whiten`."""
        ...

    def precision(self) -> tuple[Tensor, Tensor]:
        """Return the precisions of weeks and of steps, ([region,] week) each."""
        ...

    def to(self, dtype: torch.dtype) -> "Factor":
        """Return the factor in another precision."""
        ...


class DenseFactor(NamedTuple):
    """The inverse of a Cholesky factor.

    Attributes
    ----------
    inverse : Tensor of shape ([region,] week, week)
    """

    inverse: Tensor

    def whiten(self, values: Tensor) -> Tensor:
        """See :class:`Factor`."""
        return lower_times(self.inverse, values)

    def transpose(self, values: Tensor) -> Tensor:
        """See :class:`Factor`."""
        return times(self.inverse.mT, values)

    def precision(self) -> tuple[Tensor, Tensor]:
        """See :class:`Factor`."""
        later = self.inverse.flip(-1).cumsum(-1).flip(-1)
        return self.inverse.square().sum(-2), later.square().sum(-2)

    def to(self, dtype: torch.dtype) -> "DenseFactor":
        """See :class:`Factor`."""
        return DenseFactor(self.inverse.to(dtype))


class BlockFactor(NamedTuple):
    """Steps from block to block.

    Attributes
    ----------
    steps : Tensor of shape (block, [region,] size + state, size + state)
        The last block may reach beyond the last week, with weeks that are missing.
    n_weeks : int
    size : int
        Weeks of a block.
    """

    steps: Tensor
    n_weeks: int
    size: int

    def whiten(self, values: Tensor) -> Tensor:
        """See :class:`Factor`."""
        values = self._expanded(values)
        both = self.steps[..., : self.size] @ self._columns(values)
        white, added = both[..., : self.size, :], both[..., self.size :, :]
        moves = self.steps[..., self.size :, self.size :]
        states = [torch.zeros_like(added[0])]
        for move, new in zip(moves[:-1], added[:-1], strict=True):
            states.append(move @ states[-1] + new)
        seen = self.steps[..., : self.size, self.size :] @ torch.stack(states)
        return self._as_before(white + seen, values)

    def transpose(self, values: Tensor) -> Tensor:
        """See :class:`Factor`."""
        values = self._expanded(values)
        both = self.steps[..., : self.size, :].mT @ self._columns(values)
        out, added = both[..., : self.size, :], both[..., self.size :, :]
        moves = self.steps[..., self.size :, self.size :].mT
        states = [torch.zeros_like(added[0])]
        for move, new in zip(moves.flip(0)[:-1], added.flip(0)[:-1], strict=True):
            states.append(move @ states[-1] + new)
        known = torch.stack(states[::-1])
        more = self.steps[..., self.size :, : self.size].mT @ known
        return self._as_before(out + more, values)

    def _expanded(self, values: Tensor) -> Tensor:
        """Return values for each region, where each has matrices of its own."""
        batch = self.steps.shape[1:-2]
        return values.expand(*batch, *values.shape) if values.dim() == 2 else values

    def _order(self, n_dims: int) -> list[int]:
        """Return the dimensions of values, [region,] and week before all others."""
        n_first = self.steps.dim() - 2
        n_others = n_dims - n_first - 1
        first = range(n_others, n_others + n_first)
        return [*first, *range(n_others), n_dims - 1]

    def _columns(self, values: Tensor) -> Tensor:
        """Return (..., [region,] week, n) values, (block, [region,] size, column)."""
        turned = values.permute(self._order(values.dim()))
        turned = turned.flatten(self.steps.dim() - 2)
        rest = len(self.steps) * self.size - self.n_weeks
        padded = torch.nn.functional.pad(turned, (0, 0, 0, rest))
        blocks = padded.unflatten(-2, (-1, self.size))
        return blocks if blocks.dim() == 3 else blocks.transpose(0, 1)

    def _as_before(self, blocks: Tensor, values: Tensor) -> Tensor:
        """Return what :meth:`_columns` took apart."""
        if blocks.dim() == 4:
            blocks = blocks.transpose(0, 1)
        weeks = blocks.flatten(-3, -2)[..., : self.n_weeks, :]
        order = self._order(values.dim())
        turned = weeks.reshape([values.shape[at] for at in order])
        return turned.permute(np.argsort(order).tolist()).contiguous()

    def precision(self) -> tuple[Tensor, Tensor]:
        r"""See :class:`Factor`.

        Backwards, with what later blocks make of a state and of a level that is one
        higher from there on, :math:`a^\top N a + 2 n^\top a + c`.
        """
        size = self.size
        n_state = self.steps.shape[-1] - size
        batch = self.steps.shape[1:-2]
        gram = self.steps.new_zeros(*batch, n_state, n_state)
        line = self.steps.new_zeros(*batch, n_state, 1)
        constant = self.steps.new_zeros(batch)
        own, later = [], []
        for step in self.steps.flip(0):
            out, on = step[..., :size, :], step[..., size:, :]
            square = out.mT @ out + on.mT @ gram @ on
            rise = (on.mT @ line)[..., 0]
            inner = square[..., :size, :size]
            own.append(inner.diagonal(dim1=-2, dim2=-1))
            suffix = inner.flip(-1).cumsum(-1).flip(-2).cumsum(-2)
            suffix = suffix.diagonal(dim1=-2, dim2=-1).flip(-1)
            ahead = rise[..., :size].flip(-1).cumsum(-1).flip(-1)
            later.append(suffix + 2 * ahead + constant[..., None])
            constant = later[-1][..., 0]
            line = square[..., size:, :size].sum(-1, keepdim=True)
            line = line + rise[..., size:, None]
            gram = square[..., size:, size:]
        both = torch.cat(own[::-1], -1), torch.cat(later[::-1], -1)
        return both[0][..., : self.n_weeks], both[1][..., : self.n_weeks]

    def to(self, dtype: torch.dtype) -> "BlockFactor":
        """See :class:`Factor`."""
        return self._replace(steps=self.steps.to(dtype))
