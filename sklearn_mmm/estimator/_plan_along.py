"""A plan whose channels' spend moves along straight lines."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm._threads import one_thread
from sklearn_mmm.network._response_along import ResponseAlong


@dataclass(frozen=True)
class PlanAlong:
    """What channels bring at spend ``start + multiple * change``.

    Made by :meth:`MediaPlan.along`. A multiple belongs to a channel, or to a channel in
    a region; "value units" are those of :class:`MediaPlan`.

    Attributes
    ----------
    response : ResponseAlong
    effect : Tensor of shape (region, column)
    worth : Tensor of shape (region, week, 1)
        What the region's mean outcome is worth.
    nothing : ndarray of shape (region, column)
        What the weeks outside the rows have without the plan.
    cells : tuple of ndarray
        Region and week of each row.
    """

    response: ResponseAlong
    effect: Tensor
    worth: Tensor
    nothing: np.ndarray
    cells: tuple[np.ndarray, np.ndarray]

    @one_thread()
    def contributions(self, multiple: np.ndarray) -> np.ndarray:
        """Return what columns contribute to the rows, (n_rows, n_columns).

        Parameters
        ----------
        multiple : ndarray of shape (n_columns,) or (n_regions, n_columns)
        """
        with torch.no_grad():
            share = self.response.at(_of_weeks(multiple)) * self.worth
            return (share * self.effect[:, None]).numpy()[self.cells]

    def totals(self, multiple: np.ndarray) -> np.ndarray:
        """Return what columns contribute to the rows and after them, (n_columns,)."""
        return np.asarray(self.regional_totals(multiple).sum(axis=0))

    @one_thread()
    def regional_totals(self, multiple: np.ndarray) -> np.ndarray:
        """Return the same by region, (n_regions, n_columns)."""
        with torch.no_grad():
            share = self.response.at(_of_weeks(multiple))
            return self._weighed(share).numpy() - self.nothing

    @one_thread()
    def value_and_gradient(self, multiple: np.ndarray) -> tuple[float, np.ndarray]:
        """Return all contributions together and their gradient in the multiples.

        Returns
        -------
        value : float
            Value units.
        gradient : ndarray of shape (n_regions, n_columns)
        """
        with torch.no_grad():
            share, slope = self.response.value_and_slope(_of_weeks(multiple))
            value = float(self._weighed(share).sum()) - float(self.nothing.sum())
            return value, self._weighed(slope).numpy()

    def _weighed(self, share: Tensor) -> Tensor:
        """Return sums over weeks in value units, (region, column)."""
        return (share * self.worth).sum(1) * self.effect


def _of_weeks(multiple: np.ndarray) -> Tensor:
    """Return multiples that broadcast to (region, week, column)."""
    return torch.as_tensor(np.atleast_2d(multiple)[:, None])
