r"""What the regions say about their common course.

Of regions with innovations in time :math:`W_r` and precisions between them
:math:`A^{-1}` it is normal, with the information :math:`\sum W_r^\top A^{-1}_{rs} W_s`.
Where one matrix whitens all regions, and they depend on each other alike in all weeks,
all they say is in their mean weighted by :math:`A^{-1} 1`: the course plus an error
with a region's own covariance in time over :math:`1^\top A^{-1} 1`. Course and error
are a level, seasons and noise once more, so that a filter over blocks of weeks does
for long series what takes dense matrices otherwise.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve
from torch import Tensor

from sklearn_mmm.baseline._block_filter import Moments
from sklearn_mmm.baseline._covariance import (
    INTERCEPT,
    LEVEL,
    SHOCK,
    TimeCovariance,
    Variances,
)
from sklearn_mmm.baseline._state_space import Blocks, Layout
from sklearn_mmm.baseline._whitening import Whitener

# On the diagonal of the course's covariance, and of information in units of its mean.
JITTER = 1e-9
_OF_ERROR = "error_"


@dataclass(frozen=True)
class DenseEvidence:
    """The score and the information of the course.

    Attributes
    ----------
    information : ndarray of shape (n_weeks, n_weeks)
    score : ndarray of shape (n_draws, n_weeks)
    """

    information: np.ndarray
    score: np.ndarray

    def estimate(self) -> tuple[np.ndarray, np.ndarray]:
        """Return least-squares estimates, and the covariance of their error."""
        identity = np.eye(len(self.information))
        scale = np.trace(self.information) / len(identity)
        factor = cho_factor(self.information + JITTER * scale * identity)
        return cho_solve(factor, self.score.T).T, cho_solve(factor, identity)

    def likeliest(self, course: Variances, factor: np.ndarray) -> np.ndarray:
        """Return what, times the factor of its covariance, is the likeliest course.

        Parameters
        ----------
        course : Variances
        factor : ndarray of shape (n_weeks, n_weeks)
            The Cholesky factor of the covariance by those variances. The first draw
            counts.

        Returns
        -------
        ndarray of shape (n_weeks,)
        """
        posterior = factor.T @ self.information @ factor + np.eye(len(factor))
        found = cho_solve(cho_factor(posterior), factor.T @ self.score[0])
        return np.asarray(found)


class CourseBlocks(Blocks):
    """The weeks in blocks, with states of a course and of the error in its estimate.

    Parameters
    ----------
    covariance : TimeCovariance
    position : ndarray of shape (n_weeks,)
    """

    def __init__(self, covariance: TimeCovariance, position: np.ndarray) -> None:
        own = covariance.seasons
        of_error = tuple(s._replace(name=_OF_ERROR + s.name) for s in own)
        both = own + of_error
        lengths = tuple(season.length for season in both)
        super().__init__(
            TimeCovariance(covariance.origin, lengths, covariance.wanders, both),
            position,
        )


@dataclass(frozen=True)
class PooledEvidence:
    """Estimates of the course whose error has the covariance of regions.

    Attributes
    ----------
    estimate : ndarray of shape (n_draws, n_weeks)
        0 where nothing is observed.
    precision : float
        By which the regions' covariance is divided.
    regional : Variances
        Of that covariance, in units of the noise variance.
    blocks : CourseBlocks
    layout : Layout
    """

    estimate: np.ndarray
    precision: float
    regional: Variances
    blocks: CourseBlocks
    layout: Layout

    def moments(self, parts: dict[str, Tensor], memory: Tensor) -> Moments:
        """Return the moments of estimates at variances of the course and a memory."""
        error = {n: value / self.precision for n, value in self.regional.parts.items()}
        variances = {INTERCEPT: torch.tensor(error[INTERCEPT]).double()}
        if LEVEL in parts:
            variances[LEVEL] = parts[LEVEL] + error[LEVEL]
        fades: dict[str, Tensor] = {}
        for name in parts.keys() - {LEVEL, SHOCK}:
            variances[name] = parts[name]
            variances[_OF_ERROR + name] = torch.tensor(error[name]).double()
            fades[name] = memory
            fades[_OF_ERROR + name] = torch.tensor(self.regional.memory).double()
        noise = parts[SHOCK] + JITTER + 1.0 / self.precision
        return self.blocks.moments(variances, fades, noise, self.layout)

    def likeliest(self, course: Variances, factor: np.ndarray) -> np.ndarray:
        """See :meth:`DenseEvidence.likeliest`."""
        parts = {n: torch.tensor(v).double() for n, v in course.parts.items()}
        moments = self.moments(parts, torch.tensor(course.memory).double())
        whitens = self.blocks.factor_of(moments, self.layout)
        seen = torch.as_tensor(self.estimate[0])[:, None]
        weights = whitens.transpose(whitens.whiten(seen))[:, 0].numpy()
        return np.asarray(factor.T @ weights)


CourseEvidence = DenseEvidence | PooledEvidence


def pooled_evidence(
    blocks: CourseBlocks,
    regional: Variances,
    precise: np.ndarray,
    loadings: np.ndarray,
    residual: np.ndarray,
    observed: np.ndarray,
) -> PooledEvidence:
    """Return what regions say that are whitened by one matrix.

    Parameters
    ----------
    blocks : CourseBlocks
    regional : Variances
    precise : ndarray of shape (n_regions,)
        One over the noise standard deviations.
    loadings : ndarray of shape (n_regions, n_factors)
        Of the regions' innovations in all weeks.
    residual : ndarray of shape (n_draws, n_regions, n_weeks)
        0 where nothing is observed.
    observed : bool ndarray of shape (n_weeks,)
        The weeks of all regions.
    """
    # The precision over regions is I - loadings inner loadings' (Woodbury).
    inner = np.linalg.inv(np.eye(loadings.shape[1]) + loadings.T @ loadings)
    weight = precise * (precise - loadings @ (inner @ (loadings.T @ precise)))
    total = float(weight.sum())
    estimate = np.einsum("r,drt->dt", weight / total, residual)
    return PooledEvidence(estimate, total, regional, blocks, blocks.layout(observed))


def dense_evidence(
    W: Whitener, precise: np.ndarray, loadings: np.ndarray, residual: np.ndarray
) -> DenseEvidence:
    """Return what the regions say about their common course.

    Parameters
    ----------
    W : Whitener
    precise : ndarray of shape (n_regions,)
        One over the noise standard deviations.
    loadings : ndarray of shape (1 or n_weeks, n_regions, n_factors)
        Of the regions' innovations in each week.
    residual : ndarray of shape (n_draws, n_regions, n_weeks)
    """
    n_weeks = residual.shape[2]
    information = np.zeros((n_weeks, n_weeks))
    common = np.zeros((n_weeks, loadings.shape[2], n_weeks))
    for group, whole in zip(W.groups, W.matrices(n_weeks), strict=True):
        matrices, own = whole.numpy(), precise[group.regions]
        weight = loadings[:, group.regions] * own[:, None]
        if len(matrices) == 1:
            information += (own @ own) * (matrices[0].T @ matrices[0])
            common += weight.sum(1)[:, :, None] * matrices[0][:, None, :]
        else:
            flat = (matrices * own[:, None, None]).reshape(-1, n_weeks)
            information += flat.T @ flat
            common += _along(weight, matrices)
    # The precision over regions is I - loadings inner loadings' (Woodbury).
    inner = np.linalg.inv(
        np.eye(loadings.shape[2]) + loadings.transpose(0, 2, 1) @ loadings
    )
    known = inner @ common  # (innovation, factor, week)
    information -= np.einsum("ims,imt->st", known, common, optimize=True)
    white = W.whiten_series(torch.as_tensor(residual)).numpy() * precise[:, None]
    scaled = torch.as_tensor(white * precise[:, None])
    score = W.transpose_series(scaled).numpy().sum(1)
    along = _along(loadings, white.transpose(1, 2, 0))
    score -= np.einsum("imt,imd->dt", known, along, optimize=True)
    return DenseEvidence(information, score)


def _along(loadings: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the products of loadings and values over regions.

    Parameters
    ----------
    loadings : ndarray of shape (1 or n_weeks, n_regions, n_factors)
    values : ndarray of shape (n_regions, n_weeks, n_columns)

    Returns
    -------
    ndarray of shape (n_weeks, n_factors, n_columns)
    """
    return np.asarray(loadings.transpose(0, 2, 1) @ values.transpose(1, 0, 2))
