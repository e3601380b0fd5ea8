"""Searches for the variances of long series, by a filter over blocks of weeks."""

import numpy as np
import torch

from sklearn_mmm.baseline._block_filter import filter_loss
from sklearn_mmm.baseline._course_evidence import PooledEvidence
from sklearn_mmm.baseline._state_space import Blocks, in_blocks
from sklearn_mmm.baseline._variance_search import FEWEST_SEASONS, VarianceSearch
from sklearn_mmm.baseline._whitening import sharing
from sklearn_mmm.components._noise import NORMAL, HuberNoise


class RegionalSearch(VarianceSearch):
    """With a filter over blocks of weeks.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_regions, n_weeks)
        Standardised.
    observed : bool ndarray of shape (n_regions, n_weeks)
    kernels : Blocks
    noise : HuberNoise
    """

    def __init__(
        self,
        values: np.ndarray,
        observed: np.ndarray,
        kernels: Blocks,
        noise: HuberNoise,
    ) -> None:
        self.names, self.blocks = kernels.names, kernels
        self.noise, self.n_draws = noise, len(values)
        self.forgets = kernels.n_seasons >= FEWEST_SEASONS
        self.groups = []
        for regions, weeks in sharing(observed):
            own = values[:, regions]
            # (week, draw and region), or (region, week, draw)
            one = weeks.ndim == 1
            own = own.reshape(-1, own.shape[2]).T if one else own.transpose(1, 2, 0)
            self.groups.append((kernels.layout(weeks), in_blocks(own)))

    def likelihood(
        self, x: np.ndarray, n: int, memory: float
    ) -> tuple[float, np.ndarray]:
        """See :class:`VarianceSearch`."""
        with torch.enable_grad():
            at = torch.tensor(x, requires_grad=True)
            unit = at[-1].exp()
            fades = at[n].exp() if self.forgets else torch.tensor(memory).double()
            memories = dict.fromkeys(self.blocks.season_names, fades)
            scaled = (at[:n].exp() * unit).unbind()
            variances = dict(zip(self.blocks.names, scaled, strict=True))
            total = torch.zeros((), dtype=torch.float64)
            for layout, values in self.groups:
                moments = self.blocks.moments(variances, memories, unit, layout)
                loss = filter_loss(moments, layout.kind.tolist(), values, self.noise)
                total = total + loss / self.n_draws
            (slope,) = torch.autograd.grad(total, at)
        return float(total.detach()), slope.numpy()


class CourseSearch(VarianceSearch):
    """Of a course by estimates, of long series.

    Parameters
    ----------
    evidence : PooledEvidence
    names : tuple of str
        Of the course's parts.
    prior, upper
        See :class:`VarianceSearch`.
    """

    has_noise = False

    def __init__(
        self,
        evidence: PooledEvidence,
        names: tuple[str, ...],
        prior: float,
        upper: float,
    ) -> None:
        self.evidence, self.names = evidence, names
        self.prior, self.upper = prior, upper
        self.forgets = evidence.blocks.n_seasons >= FEWEST_SEASONS
        self.values = in_blocks(evidence.estimate.T)

    def likelihood(
        self, x: np.ndarray, n: int, memory: float
    ) -> tuple[float, np.ndarray]:
        """See :class:`VarianceSearch`."""
        with torch.enable_grad():
            at = torch.tensor(x, requires_grad=True)
            fades = at[n].exp() if self.forgets else torch.tensor(memory).double()
            parts = dict(zip(self.names, at[:n].exp().unbind(), strict=True))
            moments = self.evidence.moments(parts, fades)
            kind = self.evidence.layout.kind.tolist()
            total = filter_loss(moments, kind, self.values, NORMAL)
            total = total / len(self.evidence.estimate)
            (slope,) = torch.autograd.grad(total, at)
        return float(total.detach()), slope.numpy()
