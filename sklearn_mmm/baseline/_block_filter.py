r"""A filter over blocks of weeks, and the likelihood of series by it.

With :math:`a` the state at a block's first week, of variance :math:`P` given the blocks
before, the block's outcomes :math:`y = Z a + e` and the next state :math:`M a + u` are
jointly normal: :math:`\operatorname{var} e = H`, :math:`\operatorname{var} u = Q`,
:math:`\operatorname{cov}(u, e) = C`. With :math:`L L^\top = Z P Z^\top + H` and
:math:`G = (M P Z^\top + C) L^{-\top}`,

.. math:: v = L^{-1} (y - Z a), \quad a' = M a + G v, \quad
    P' = M P M^\top + Q - G G^\top

(Durbin & Koopman, 2012, "Time Series Analysis by State Space Methods", chapter 4).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.linalg.lapack import dpotrf, dtrtri
from torch import Tensor

from sklearn_mmm.components._noise import HuberNoise


class Moments(NamedTuple):
    """Moments of a block given the state at its beginning.

    Of each kind of block: all that differs between those of a kind is the state before.

    Attributes
    ----------
    reads : Tensor of shape (kind, [region,] size, state)
        What outcomes see of the state, :math:`Z`; 0 where a week is missing.
    own : Tensor of shape (kind, [region,] size, size)
        :math:`H`; missing weeks have the variance 1 and depend on nothing.
    cross : Tensor of shape (kind, [region,] state, size)
        :math:`C`.
    moves : Tensor of shape (kind, [region,] state, state)
        :math:`M`.
    spread : Tensor of shape (kind, [region,] state)
        The diagonal of :math:`Q`, which has nothing else.
    first : Tensor of shape (state,)
        Variances of the first state.
    """

    reads: Tensor
    own: Tensor
    cross: Tensor
    moves: Tensor
    spread: Tensor
    first: Tensor


class Step(NamedTuple):
    r"""A block of the filter.

    Attributes
    ----------
    before : ndarray of shape ([region,] state, state)
        :math:`P`.
    known : ndarray of shape ([region,] state, size)
        :math:`P Z^\top`.
    inverse : ndarray of shape ([region,] size, size)
        :math:`L^{-1}`.
    gain : ndarray of shape ([region,] state, size)
        :math:`G`.
    """

    before: np.ndarray
    known: np.ndarray
    inverse: np.ndarray
    gain: np.ndarray


def steps(moments: Moments, kind: list[int]) -> Iterator[Step]:
    """Yield the blocks of the filter.

    Parameters
    ----------
    moments : Moments
        Without derivatives.
    kind : list of int
        Of each block.
    """
    # Matrices this small take NumPy a third of the time.
    reads, own, cross, moves, spread, first = (part.numpy() for part in moments)
    P = np.broadcast_to(np.diag(first), moves.shape[1:])
    added = spread[..., None] * np.eye(len(first))
    for k in kind:
        known = P @ reads[k].mT
        inverse = _inverse_roots(reads[k] @ known + own[k])
        gain = (moves[k] @ known + cross[k]) @ inverse.mT
        yield Step(P, known, inverse, gain)
        P = moves[k] @ P @ moves[k].mT + added[k] - gain @ gain.mT


def _inverse_roots(covariance: np.ndarray) -> np.ndarray:
    """Return the inverse lower Cholesky factors of (..., n, n) covariances."""
    if covariance.ndim > 2:
        return np.stack([_inverse_roots(own) for own in covariance])
    root, failed = dpotrf(covariance, lower=1, clean=1)
    if failed:
        raise np.linalg.LinAlgError("the covariance of a block is not positive")
    return np.ascontiguousarray(dtrtri(root, lower=1)[0])


def filter_loss(
    moments: Moments, kind: list[int], values: np.ndarray, noise: HuberNoise
) -> Tensor:
    """Return the negative log-likelihood of series, with derivatives by the moments.

    Parameters
    ----------
    moments : Moments
    kind : list of int
        Of each block.
    values : ndarray of shape (block, [region,] size, series)
        Zero where missing.
    noise : HuberNoise
    """
    loss: Tensor = _FilterLoss.apply(*moments, values, kind, noise)
    return loss


class _FilterLoss(torch.autograd.Function):
    r"""The likelihood, and its derivatives by going back from block to block.

    A Cholesky factor and what it whitens, :math:`X = L^{-1} R`, move as :math:`d L = L
    \Phi(L^{-1} dS L^{-\top})`, with :math:`\Phi` keeping the lower triangle and half of
    the diagonal (Murray, 2016, "Differentiation of the Cholesky decomposition").
    """

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        """Return the loss; see :func:`filter_loss`."""
        *parts, values, kind, noise = given
        moments = Moments(*(part.detach() for part in parts))
        reads, moves = moments.reads.numpy(), moments.moves.numpy()
        state = np.zeros((*moves.shape[1:-1], values.shape[-1]))
        found, size = [], 0.0
        for k, y, step in zip(kind, values, steps(moments, kind), strict=True):
            v = step.inverse @ (y - reads[k] @ state)
            found.append((step, state, v))
            size += np.log(step.inverse.diagonal(axis1=-2, axis2=-1)).sum()
            state = moves[k] @ state + step.gain @ v
        white = np.stack([v for _, _, v in found])
        ctx.moments, ctx.found, ctx.kind = moments, found, kind
        ctx.slope = noise.slope(white)
        loss = float(noise.loss(white).sum()) - values.shape[-1] * size
        return parts[0].new_tensor(loss)

    @staticmethod
    def backward(ctx: Any, whole: Tensor) -> tuple[Tensor | None, ...]:
        """Return the slopes by the moments."""
        reads, moves = ctx.moments.reads.numpy(), ctx.moments.moves.numpy()
        by = [np.zeros_like(part.numpy()) for part in ctx.moments]
        by_reads, by_own, by_cross, by_moves, by_spread, by_first = by
        of_state = np.zeros_like(ctx.found[0][1])
        of_P = np.zeros(moves.shape[1:])
        n_series, n = of_state.shape[-1], reads.shape[-2]
        lower = -np.tri(n) + 0.5 * np.eye(n)
        half = 0.5 * n_series * np.eye(n)
        places = reversed(list(zip(ctx.kind, ctx.found, ctx.slope, strict=True)))
        for k, (step, state, v), of_v in places:
            P, known, inverse, gain = step
            Z, M = reads[k], moves[k]
            moved = of_P @ M
            # What is whitened by the root: what is left of outcomes, and the gain.
            of_v = of_v + gain.mT @ of_state
            of_gain = of_state @ v.mT - 2 * of_P @ gain
            inner = (of_v @ v.mT + of_gain.mT @ gain) * lower + half
            own = inverse.mT @ inner @ inverse
            own = 0.5 * (own + own.mT)
            of_left, of_onward = inverse.mT @ of_v, of_gain @ inverse
            of_known = M.mT @ of_onward + Z.mT @ own
            by_own[k] += own
            by_cross[k] += of_onward
            by_spread[k] += of_P.diagonal(axis1=-2, axis2=-1)
            by_moves[k] += of_state @ state.mT + 2 * moved @ P + of_onward @ known.mT
            by_reads[k] += own @ known.mT + of_known.mT @ P - of_left @ state.mT
            of_P = M.mT @ moved + of_known @ Z
            of_P = 0.5 * (of_P + of_P.mT)
            of_state = M.mT @ of_state - Z.mT @ of_left
        first = of_P.diagonal(axis1=-2, axis2=-1)
        by_first[:] = first.reshape(-1, first.shape[-1]).sum(0)
        return (*(whole * torch.as_tensor(part) for part in by), None, None, None)
