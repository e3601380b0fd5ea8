r"""Level, seasons and noise as a state-space model, over blocks of weeks.

The state at a block's first week is the level and, for each harmonic of each season, a
pair that turns with it and fades, of which the first one is seen. Given that state, the
outcomes of the block and the state at the next block's first week are jointly normal,
with moments in closed form; so a filter goes from block to block. It factorises the
covariance of :mod:`sklearn_mmm.baseline._covariance` exactly.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.baseline._block_filter import Moments, steps
from sklearn_mmm.baseline._covariance import (
    INTERCEPT,
    LEVEL,
    N_HARMONICS,
    TimeCovariance,
    Variances,
)
from sklearn_mmm.baseline._factors import BlockFactor
from sklearn_mmm.baseline._whitening import Group, Whitener, sharing

SIZE = 48
# Time steps beyond which series are whitened by blocks.
LONG = 320


class _Waves(NamedTuple):
    """The harmonics of a season without fading; a pair of states for each.

    Attributes
    ----------
    weight : Tensor of shape (state,)
        Of their variances.
    kernel : Tensor of shape (timing, week, week)
    reads : Tensor of shape (timing, week, state)
        What a week sees of the states at the block's beginning.
    cross : Tensor of shape (timing, week, state)
        How the states at the next block's beginning vary with a week.
    turns : Tensor of shape (timing, n_state, n_state)
        From a beginning to the next, in the place of these states among all.
    """

    weight: Tensor
    kernel: Tensor
    reads: Tensor
    cross: Tensor
    turns: Tensor


class Layout(NamedTuple):
    """Which blocks are alike: all that differs between those is the state before.

    Attributes
    ----------
    timing : int Tensor of shape (kind,)
        When their weeks are.
    mask : Tensor of shape (kind, [region,] week)
        1 where a week is observed.
    kind : int Tensor of shape (block,)
    """

    timing: Tensor
    mask: Tensor
    kind: Tensor


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
        self.n_blocks = -(-len(position) // SIZE)
        rest = self.n_blocks * SIZE - len(position)
        padded = np.append(position, position[-1] + np.arange(1.0, rest + 1))
        times = padded.reshape(self.n_blocks, SIZE)
        end = np.append(times[1:, 0], times[-1, -1] + 1)
        ahead = np.column_stack([times, end]) - times[:, :1]
        # Of a clock that ticks evenly all blocks are alike.
        ahead, self.timing = np.unique(ahead, axis=0, return_inverse=True)
        self.ahead = float(position[0] - covariance.origin)
        self.since = torch.as_tensor(ahead[:, :-1])  # (timing, week)
        self.lasts = torch.as_tensor(ahead[:, -1])
        self.until = self.lasts[:, None] - self.since
        self.gap = (self.since[:, :, None] - self.since[:, None, :]).abs()
        self.least = torch.minimum(self.since[:, :, None], self.since[:, None, :])
        n_seasons = len(covariance.seasons)
        self.n_state = 1 + 2 * N_HARMONICS * n_seasons
        self.waves = [self._waves(place) for place in range(n_seasons)]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts."""
        return (*self.covariance.names, INTERCEPT)

    @property
    def season_names(self) -> tuple[str, ...]:
        """Names of the seasons."""
        return tuple(season.name for season in self.covariance.seasons)

    @property
    def n_seasons(self) -> float:
        """The span, in the unit of the shortest memory; 0 without a season."""
        if not self.waves:
            return 0.0
        return self.span / min(season.unit for season in self.covariance.seasons)

    def _waves(self, place: int) -> _Waves:
        """Return what the harmonics of a season do, without fading."""
        season = self.covariance.seasons[place]
        order = torch.arange(1, N_HARMONICS + 1, dtype=torch.float64)
        weight, speed = order**-season.power, 2 * np.pi * order / season.length
        between = (speed[:, None, None, None] * self.gap).cos()
        since, until = (at[..., None] * speed for at in (self.since, self.until))
        first = 1 + 2 * N_HARMONICS * place
        return _Waves(
            _pairs(weight, weight),
            (between * weight[:, None, None, None]).sum(0),
            _pairs(since.cos(), -since.sin()),
            _pairs(weight * until.cos(), weight * until.sin()),
            _turns(self.lasts[:, None] * speed, first, self.n_state),
        )

    def moments(
        self,
        variances: dict[str, Tensor],
        memory: dict[str, Tensor],
        noise: Tensor,
        layout: Layout,
    ) -> Moments:
        """Return moments of each kind of block given the state at its beginning.

        Parameters
        ----------
        variances : dict of Tensor
            Of level, seasons and intercept, by name.
        memory : dict of Tensor
            Of the seasons, by name.
        noise : Tensor
            The noise's variance.
        layout : Layout
        """
        *parts, first = self._moments(variances, memory, noise)
        parts, mask = [part[layout.timing] for part in parts], layout.mask
        if mask.dim() > 2:
            n = mask.shape[1]
            parts = [p.unsqueeze(1).expand(-1, n, *p.shape[1:]) for p in parts]
        reads, own, cross, moves, spread = parts
        row, column = mask[..., :, None], mask[..., None, :]
        own = own * row * column + torch.diag_embed(1 - mask)
        return Moments(reads * row, own, cross * column, moves, spread, first)

    def _moments(
        self,
        variances: dict[str, Tensor],
        memory: dict[str, Tensor],
        noise: Tensor,
    ) -> Moments:
        """Return moments of blocks of each timing in which all weeks are observed."""
        level = variances[LEVEL] if self.covariance.wanders else _number(0.0)
        n, lasts = len(self.lasts), self.lasts[:, None]
        reads = [torch.ones(n, SIZE, 1, dtype=torch.float64)]
        own = noise * torch.eye(SIZE, dtype=torch.float64) + level * self.least
        spread, cross = [level * lasts], [(level * self.since)[..., None]]
        first = [(level * self.ahead + variances[INTERCEPT]).reshape(1)]
        moves = torch.zeros(n, self.n_state, self.n_state, dtype=torch.float64)
        moves[:, 0, 0] = 1.0
        for (name, _, unit, _), waves in zip(
            self.covariance.seasons, self.waves, strict=True
        ):
            rate, size = 1.0 / (memory[name] * unit), variances[name]
            faded, left = (-rate * self.since).exp(), (-rate * self.until).exp()
            kept = (-rate * lasts).exp()
            reads.append(faded[..., None] * waves.reads)
            lasting = (-rate * self.gap).exp() - faded[:, :, None] * faded[:, None, :]
            own = own + size * waves.kernel * lasting
            spread.append(size * waves.weight * (1 - kept**2))
            cross.append((size * left * (1 - faded**2))[..., None] * waves.cross)
            first.append(size * waves.weight)
            moves = moves + kept[..., None] * waves.turns
        return Moments(
            torch.cat(reads, -1),
            own,
            torch.cat(cross, -1).mT,
            moves,
            torch.cat(spread, -1),
            torch.cat(first),
        )

    def layout(self, observed: np.ndarray) -> Layout:
        """Return which blocks are alike, of regions that miss the same weeks or not.

        Parameters
        ----------
        observed : bool ndarray of shape ([region,] week)
        """
        rest = self.n_blocks * SIZE - self.n_weeks
        padding = [(0, 0)] * (observed.ndim - 1) + [(0, rest)]
        seen = np.pad(observed, padding).reshape(*observed.shape[:-1], -1, SIZE)
        mask = np.moveaxis(seen, -2, 0)
        flat = np.column_stack([self.timing, mask.reshape(len(mask), -1)])
        _, first, kind = np.unique(flat, axis=0, return_index=True, return_inverse=True)
        alike = torch.as_tensor(mask[first]).double()
        timing = torch.as_tensor(self.timing[first])
        return Layout(timing, alike, torch.as_tensor(kind))

    def factor(self, variances: Variances, observed: np.ndarray) -> BlockFactor:
        """Return the whitening factor, in units of the noise variance."""
        layout = self.layout(observed)
        moments = self.moments(
            {name: _number(value) for name, value in variances.parts.items()},
            dict.fromkeys(self.season_names, _number(variances.memory)),
            _number(1.0),
            layout,
        )
        return self.factor_of(moments, layout)

    def factor_of(self, moments: Moments, layout: Layout) -> BlockFactor:
        """Return the factor of the covariance with some moments."""
        found = list(steps(moments, layout.kind.tolist()))
        gain = torch.as_tensor(np.stack([step.gain for step in found]))
        inverse = torch.as_tensor(np.stack([step.inverse for step in found]))
        inverse = inverse * layout.mask[layout.kind].unsqueeze(-1)
        reads, moves = (part[layout.kind] for part in (moments.reads, moments.moves))
        expected = inverse @ reads
        top = torch.cat([inverse, -expected], -1)
        bottom = torch.cat([gain @ inverse, moves - gain @ expected], -1)
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


def in_blocks(values: np.ndarray) -> np.ndarray:
    """Return ([region,] week, series) values as (block, [region,] size, series).

    Weeks that fill the last block are zero.
    """
    *batch, n_weeks, n_series = values.shape
    padding = [(0, 0)] * len(batch) + [(0, -n_weeks % SIZE), (0, 0)]
    blocks = np.pad(values, padding).reshape(*batch, -1, SIZE, n_series)
    return np.ascontiguousarray(np.moveaxis(blocks, -3, 0))


def _number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def _pairs(first: Tensor, second: Tensor) -> Tensor:
    """Interleave (..., harmonic) tensors."""
    return torch.stack([first, second], -1).flatten(-2)


def _turns(angle: Tensor, first: int, n_state: int) -> Tensor:
    """Return rotations of pairs of states from one on, (timing, n_state, n_state).

    Parameters
    ----------
    angle : Tensor of shape (timing, harmonic)
    first : int
        Of the states that turn.
    n_state : int
    """
    out = torch.zeros(len(angle), n_state, n_state, dtype=torch.float64)
    here = first + 2 * torch.arange(angle.shape[1])
    out[:, here, here] = out[:, here + 1, here + 1] = angle.cos()
    out[:, here, here + 1], out[:, here + 1, here] = -angle.sin(), angle.sin()
    return out
