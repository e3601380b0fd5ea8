r"""Level, seasons and noise as a state-space model, over blocks of weeks.

The state at a block's first week is the level and, for each harmonic of each season, a
pair that turns with it and fades, of which the first one is seen. Given that state, the
outcomes of the block and the state at the next block's first week are jointly normal,
with moments in closed form; so a filter goes from block to block (Durbin & Koopman,
2012, "Time Series Analysis by State Space Methods", chapter 4). It factorises the
covariance of :mod:`sklearn_mmm.baseline._covariance` exactly.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.baseline._covariance import (
    INTERCEPT,
    LEVEL,
    N_HARMONICS,
    Season,
    TimeCovariance,
    Variances,
)
from sklearn_mmm.baseline._whitening import BlockFactor, Group, Whitener, sharing
from sklearn_mmm.components._noise import HuberNoise

SIZE = 48
# Time steps beyond which series are whitened by blocks.
LONG = 320


class _Filtered(NamedTuple):
    """The blocks' parts of the factor, (block, [region,] ...) each.

    Attributes
    ----------
    inverse : Tensor of shape (..., size, size)
        Inverse Cholesky factor of the outcomes given earlier blocks.
    expected : Tensor of shape (..., size, state)
        What the state adds to the innovations, with the sign changed.
    gain : Tensor of shape (..., state, size)
        What innovations add to the next state.
    moves : Tensor of shape (..., state, state)
        What becomes of a state, given the outcomes of its block.
    """

    inverse: Tensor
    expected: Tensor
    gain: Tensor
    moves: Tensor


class Blocks:
    """The weeks of a panel in blocks.

    Parameters
    ----------
    covariance : TimeCovariance
    position : ndarray of shape (n_weeks,)
        Ascending.
    """

    def __init__(self, covariance: TimeCovariance, position: np.ndarray) -> None:
        self.covariance, self.n_weeks = covariance, len(position)
        self.span = float(position[-1] - position[0])
        n_blocks = -(-len(position) // SIZE)
        rest = n_blocks * SIZE - len(position)
        padded = np.append(position, position[-1] + np.arange(1.0, rest + 1))
        times = torch.as_tensor(padded).reshape(n_blocks, SIZE)
        self.begin = times[:, 0]
        self.end = torch.cat([times[1:, 0], times[-1:, -1] + 1])
        self.since = times - self.begin[:, None]  # (block, week)
        self.until = self.end[:, None] - times
        self.gap = (times[:, :, None] - times[:, None, :]).abs()
        self.least = torch.minimum(self.since[:, :, None], self.since[:, None, :])
        self.waves = [self._waves(season) for season in covariance.seasons]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts."""
        return (*self.covariance.names, INTERCEPT)

    @property
    def n_seasons(self) -> float:
        """The span, in the unit of the shortest memory; 0 without a season."""
        if not self.waves:
            return 0.0
        return self.span / min(season.unit for season in self.covariance.seasons)

    def _waves(self, season: Season) -> dict[str, Tensor]:
        """Return what the harmonics of a season do, without fading."""
        order = torch.arange(1, N_HARMONICS + 1, dtype=torch.float64)
        speed = 2 * np.pi * order / season.length
        between = (speed[:, None, None, None] * self.gap).cos()
        return {
            "weight": order**-season.power,
            "kernel": (between * (order**-season.power)[:, None, None, None]).sum(0),
            "since": self.since[..., None] * speed,  # (block, week, harmonic)
            "until": self.until[..., None] * speed,
            "span": (self.end - self.begin)[:, None] * speed,
        }

    def _moments(
        self, variances: dict[str, Tensor], memory: Tensor, noise: Tensor
    ) -> dict[str, Tensor]:
        """Return moments of each block given the state at its beginning.

        ``reads`` (block, week, state), ``own`` (block, week, week), ``moves`` (block,
        state, state), ``spread`` of the next state (block, state), ``cross`` of it with
        the weeks (block, state, week), and the variance of the ``first`` state.
        """
        level = variances[LEVEL] if self.covariance.wanders else _number(0.0)
        ahead = self.begin[0] - self.covariance.origin
        n_blocks, span = len(self.begin), self.end - self.begin
        reads = [torch.ones(n_blocks, SIZE, 1, dtype=torch.float64)]
        own = noise * torch.eye(SIZE, dtype=torch.float64) + level * self.least
        spread = [level * span[:, None]]
        cross = [level * self.since[:, None, :]]
        first = [(level * ahead + variances[INTERCEPT]).reshape(1)]
        moves = [torch.ones(n_blocks, 1, 1, dtype=torch.float64)]
        seasons = zip(self.covariance.seasons, self.waves, strict=True)
        for (name, _, unit, _), waves in seasons:
            rate = 1.0 / (memory * unit)
            size = variances[name] * waves["weight"]  # (harmonic,)
            faded = (-rate * self.since).exp()  # (block, week)
            left = (-rate * self.until).exp()[..., None]
            angle = waves["since"]
            reads.append(faded[..., None] * _pairs(angle.cos(), -angle.sin()))
            lasting = (-rate * self.gap).exp() - faded[:, :, None] * faded[:, None, :]
            own = own + variances[name] * waves["kernel"] * lasting
            kept = (-rate * span).exp()[:, None]
            spread.append(_pairs(*[size * (1 - kept**2)] * 2))
            known = left * size * (1 - faded[..., None] ** 2)
            angle = waves["until"]
            pair = _pairs(known * angle.cos(), known * angle.sin())
            cross.append(pair.mT)
            first.append(_pairs(size, size))
            moves.append(_turns(kept, waves["span"]))
        return {
            "reads": torch.cat(reads, -1),
            "own": own,
            "spread": torch.cat(spread, -1),
            "cross": torch.cat(cross, 1),
            "first": torch.cat(first),
            "moves": _diagonal_blocks(moves),
        }

    def filter(
        self,
        variances: dict[str, Tensor],
        memory: Tensor,
        noise: Tensor,
        observed: Tensor,
    ) -> _Filtered:
        """Return the factor's parts.

        Only the variance of the state goes from block to block; all else is done for
        all blocks at once.

        Parameters
        ----------
        variances : dict of Tensor
            Of level, seasons and intercept, by name.
        memory, noise : Tensor
            Seasons, and the noise's variance.
        observed : bool Tensor of shape ([region,] week)
        """
        moments = self._moments(variances, memory, noise)
        rest = len(self.begin) * SIZE - self.n_weeks
        seen = torch.nn.functional.pad(observed.double(), (0, rest))
        mask = seen.unflatten(-1, (-1, SIZE)).movedim(-2, 0)  # (block, [region,] week)
        row, column = mask[..., :, None], mask[..., None, :]
        if mask.dim() > 2:
            moments |= {
                name: value.unsqueeze(1)
                for name, value in moments.items()
                if name != "first"
            }
        reads, cross = moments["reads"] * row, moments["cross"] * column
        own = moments["own"] * row * column + torch.diag_embed(1 - mask)
        P = _state_variances(own, reads, cross, moments)
        known = P @ reads.mT
        inverse = _InverseFactor.apply(reads @ known + own)
        gain = (moments["moves"] @ known + cross) @ inverse.mT
        inverse = inverse * row
        expected = inverse @ reads
        return _Filtered(inverse, expected, gain, moments["moves"] - gain @ expected)

    def factor(self, variances: Variances, observed: np.ndarray) -> BlockFactor:
        """Return the whitening factor, in units of the noise variance."""
        inverse, expected, gain, moves = self.filter(
            {name: _number(value) for name, value in variances.parts.items()},
            _number(variances.memory),
            _number(1.0),
            torch.as_tensor(observed),
        )
        top = torch.cat([inverse, -expected], -1)
        bottom = torch.cat([gain @ inverse, moves], -1)
        return BlockFactor(torch.cat([top, bottom], -2), self.n_weeks, SIZE)

    def whitener(self, variances: Variances, observed: np.ndarray) -> Whitener:
        """Return what whitens regions, in units of their noise.

        Parameters
        ----------
        variances : Variances
        observed : bool ndarray of shape (n_regions, n_weeks)
        """
        groups = [
            Group(regions, self.factor(variances, weeks))
            for regions, weeks in sharing(observed)
        ]
        return Whitener(tuple(groups), len(observed))


class _InverseFactor(torch.autograd.Function):
    r"""The inverse of the lower Cholesky factor, :math:`W = L^{-1}`.

    With :math:`\Phi` keeping the lower triangle and half of the diagonal, :math:`d W =
    -\Phi(W\, dS\, W^\top) W` (Murray, 2016, "Differentiation of the Cholesky
    decomposition"), which takes products alone.
    """

    @staticmethod
    def forward(ctx: Any, S: Tensor) -> Tensor:
        """Return the factor of (..., n, n) covariances."""
        eye = torch.eye(S.shape[-1], dtype=S.dtype)
        W = torch.linalg.solve_triangular(torch.linalg.cholesky(S), eye, upper=False)
        ctx.save_for_backward(W)
        return W

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        """Return the slope by the covariances."""
        (W,) = ctx.saved_tensors
        inner = (slope @ W.mT).tril()
        inner.diagonal(dim1=-2, dim2=-1).mul_(0.5)
        out = W.mT @ inner @ W
        return -0.5 * (out + out.mT)


def _state_variances(
    own: Tensor, reads: Tensor, cross: Tensor, moments: dict[str, Tensor]
) -> Tensor:
    r"""Return the variance of the state at each block's first week.

    Given the outcomes of the blocks before. With those of a block, :math:`y = Z a + e`,
    known, that of a state is :math:`(P^{-1} + G)^{-1}`, :math:`G = Z^\top H^{-1} Z`;
    what is left of the next state's noise once :math:`e` is known is added.

    Parameters
    ----------
    own : Tensor of shape (block, [region,] size, size)
        Of the block's outcomes given the state, :math:`H`.
    reads : Tensor of shape (block, [region,] size, state)
    cross : Tensor of shape (block, [region,] state, size)
    moments : dict of Tensor
        See :meth:`Blocks._moments`.
    """
    n_state = reads.shape[-1]
    both = _InverseFactor.apply(own) @ torch.cat([reads, cross.mT], -1)
    read, moved = both[..., :n_state], both[..., n_state:]
    information = read.mT @ read
    onward = moments["moves"] - moved.mT @ read
    added = torch.diag_embed(moments["spread"]) - moved.mT @ moved
    eye = torch.eye(n_state, dtype=torch.float64)
    P = torch.diag(moments["first"]).expand_as(information[0])
    out = [P]
    for G, M, Q in zip(information[:-1], onward[:-1], added[:-1], strict=True):
        P = M @ torch.linalg.solve(eye + P @ G, P) @ M.mT + Q
        out.append(P)
    return torch.stack(out)


def block_loss(found: _Filtered, values: Tensor, noise: HuberNoise) -> Tensor:
    """Return the negative log-likelihood of series by the parts of a factor.

    Parameters
    ----------
    found : _Filtered
        See :meth:`Blocks.filter`.
    values : Tensor of shape ([region,] week, series)
        Zero where missing.
    noise : HuberNoise
    """
    inverse, expected, gain, moves = found
    rest = len(inverse) * SIZE - values.shape[-2]
    blocks = torch.nn.functional.pad(values, (0, 0, 0, rest))
    white = inverse @ blocks.unflatten(-2, (-1, SIZE)).movedim(-3, 0)
    added = gain @ white
    states = [torch.zeros_like(added[0])]
    for step, new in zip(moves[:-1], added[:-1], strict=True):
        states.append(step @ states[-1] + new)
    loss = noise.loss_of_tensor(white - expected @ torch.stack(states)).sum()
    pivots = inverse.diagonal(dim1=-2, dim2=-1)
    seen = torch.where(pivots > 0, pivots, 1.0)
    return loss - values.shape[-1] * seen.log().sum()


def _number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def _pairs(first: Tensor, second: Tensor) -> Tensor:
    """Interleave (..., harmonic) tensors."""
    return torch.stack([first, second], -1).flatten(-2)


def _turns(kept: Tensor, angle: Tensor) -> Tensor:
    """Return fading rotations, (block, 2 * harmonic, 2 * harmonic)."""
    cos, sin = kept * angle.cos(), kept * angle.sin()
    turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    return _diagonal_blocks(list(turn.unbind(1)))


def _diagonal_blocks(parts: list[Tensor]) -> Tensor:
    """Return (block, n, n) matrices with given ones along their diagonals."""
    n = sum(part.shape[-1] for part in parts)
    rows, begin = [], 0
    for part in parts:
        width = part.shape[-1]
        rows.append(torch.nn.functional.pad(part, (begin, n - begin - width)))
        begin += width
    return torch.cat(rows, -2)
