r"""Covariance in time: level, seasons and noise as one structural time series.

What a region's outcome does beside media and controls is a Gaussian process,

.. math:: K = I + q_1 \min(s, t) + q_2 e^{-|s - t| / (M m)}
    \sum_k k^{-p} \cos(2 \pi k (s - t) / P) + q_3,

noise, a random-walk level, a season that repeats less the longer ago it was (after
:math:`m` times :math:`M` steps its correlation is :math:`1/e`; :math:`m` is learned,
:math:`M` is a year's season or half a year), and an intercept,
in units of the noise variance (Durbin & Koopman, 2012, "Time Series Analysis by State
Space Methods", chapter 3, in covariance form). Its prediction beyond the last week
holds the filtered level and repeats the season as far as the data insist on one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.linalg import cholesky
from scipy.linalg.lapack import dtrtri

N_HARMONICS = 3
# Parts of what wanders. The last two stand still.
LEVEL, SEASON, INTERCEPT, SHOCK = "level", "season", "intercept", "shock"
# By which power of its order the variance of a harmonic falls, if nothing else is said.
SMOOTH = 4


class Season(NamedTuple):
    """What repeats.

    Attributes
    ----------
    name : str
    length : float
        Time steps.
    unit : float
        Time steps in which its memory is counted.
    power : int
        The variance of the harmonic of order k falls with k to this power: 4 of a
        season as smooth as a year, 0 where each step has a level of its own.
    """

    name: str
    length: float
    unit: float
    power: int


class Variances(NamedTuple):
    """Variances of the parts of a course, and the memory of what is seasonal.

    Attributes
    ----------
    parts : dict of str to float
        By name of the part.
    memory : float
        Seasons after which one has faded to 1 / e.
    """

    parts: dict[str, float]
    memory: float


class Kernels(NamedTuple):
    """Kernels of the parts of a course between time steps.

    Attributes
    ----------
    names : tuple of str
    lasting : ndarray of shape (component, n_rows, n_columns)
        If nothing were forgotten.
    distance : ndarray of shape (component, n_rows, n_columns)
        Seasons between time steps; 0 for what is not a season.
    """

    names: tuple[str, ...]
    lasting: np.ndarray
    distance: np.ndarray

    def at(self, memory: float) -> np.ndarray:
        """Return the kernels, (component, n_rows, n_columns).

        Parameters
        ----------
        memory : float
            Seasons after which one has faded to 1 / e.
        """
        out = self.lasting.copy()
        self.fade(out, memory)
        return out

    def fade(self, out: np.ndarray, memory: float) -> None:
        """Write what is left of the seasons over them; nothing else is forgotten.

        Parameters
        ----------
        out : ndarray of shape (component, n_rows, n_columns)
        memory : float
        """
        own = self.fading
        np.divide(self.distance[own], -memory, out=out[own])
        np.exp(out[own], out=out[own])
        out[own] *= self.lasting[own]

    @property
    def fading(self) -> slice:
        """Which components are seasons."""
        return slice(int(LEVEL in self.names), len(self.names) - 1)

    def covariance(self, variances: Variances) -> np.ndarray:
        """Return the sum of the kernels by their variances, (n_rows, n_columns)."""
        of = [variances.parts[name] for name in self.names]
        return np.asarray(np.tensordot(of, self.at(variances.memory), axes=1))


@dataclass(frozen=True)
class TimeCovariance:
    """The family of covariances over a panel's weeks.

    Attributes
    ----------
    origin : float
        Position at which the level's random walk starts.
    season_lengths : tuple of float
        Time steps of each season, the longest first.
    wanders : bool
        Whether there is a level that wanders (there is none without a clock).
    named : tuple of Season
        The same seasons with all that is known of them. Without it the longest is
        called season and others by their steps, their memory is counted in seasons,
        and all are smooth.
    """

    origin: float
    season_lengths: tuple[float, ...]
    wanders: bool
    named: tuple[Season, ...] = ()

    @classmethod
    def of_seasons(
        cls, origin: float, seasons: tuple[Season, ...], wanders: bool
    ) -> "TimeCovariance":
        """Return the family with some seasons, the longest first."""
        lengths = tuple(season.length for season in seasons)
        return cls(origin, lengths, wanders, seasons)

    @property
    def season_length(self) -> float | None:
        """Time steps of the longest season; None without a season."""
        return self.season_lengths[0] if self.season_lengths else None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts that wander, of regions and of their common course."""
        level = (LEVEL,) if self.wanders else ()
        return level + tuple(season.name for season in self.seasons)

    @property
    def seasons(self) -> tuple[Season, ...]:
        """The seasons, the longest first."""
        if self.named:
            return self.named
        names = [SEASON, *(f"season_{round(n)}" for n in self.season_lengths[1:])]
        return tuple(
            Season(name, length, length, SMOOTH)
            for name, length in zip(names, self.season_lengths, strict=False)
        )

    def regional_kernels(self, rows: np.ndarray, columns: np.ndarray) -> Kernels:
        """Return a region's kernels: common ones and an intercept."""
        everywhere = np.ones((len(rows), len(columns)))
        return self._kernels(rows, columns, INTERCEPT, everywhere)

    def course_kernels(self, rows: np.ndarray, columns: np.ndarray) -> Kernels:
        """Return the common course's kernels: common ones and shocks of weeks."""
        shock = np.equal.outer(rows, columns).astype(float)
        return self._kernels(rows, columns, SHOCK, shock)

    def _kernels(
        self, rows: np.ndarray, columns: np.ndarray, name: str, last: np.ndarray
    ) -> Kernels:
        between = np.subtract.outer(rows, columns)
        lasting, distance = [], []
        if self.wanders:
            since = np.minimum.outer(rows, columns) - self.origin
            lasting.append(np.maximum(since, 0.0))
            distance.append(np.zeros_like(between))
        for _, length, unit, power in self.seasons:
            waves = partial(_waves, length=length, power=power)
            lasting.append(_of_distinct(between, waves))
            distance.append(np.abs(between) / unit)
        return Kernels(
            (*self.names, name),
            np.array([*lasting, last]),
            np.array([*distance, np.zeros_like(between)]),
        )


def _waves(between: np.ndarray, length: float, power: int) -> np.ndarray:
    """Return the kernel of a season that lasts, at (n,) distances."""
    angle = 2 * np.pi * between / length
    order = np.arange(1, N_HARMONICS + 1)[:, None]
    return np.asarray((np.cos(order * angle) / order**power).sum(0))


def _of_distinct(
    between: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return a function of distances, of which whole ones are few."""
    if not between.size:
        return np.zeros(between.shape)
    low, high = between.min(), between.max()
    place = (between - low).astype(np.intp)
    if high - low > between.size or (place + low != between).any():
        return function(between.ravel()).reshape(between.shape)
    return np.asarray(function(np.arange(low, high + 1))[place])


def patterns(observed: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Group regions by the weeks they have: (regions, weeks) per group.

    Regions of a group share one Cholesky factor.
    """
    if observed.all():
        return [(np.arange(len(observed)), np.arange(observed.shape[1]))]
    rows, code = np.unique(observed, axis=0, return_inverse=True)
    code = code.ravel()
    return [
        (np.flatnonzero(code == i), np.flatnonzero(weeks))
        for i, weeks in enumerate(rows)
    ]


def inverse_factor(K: np.ndarray) -> np.ndarray:
    """Return the inverse of the lower Cholesky factor of a covariance."""
    inverse, _ = dtrtri(cholesky(K, lower=True, check_finite=False), lower=1)
    return np.asarray(inverse)
