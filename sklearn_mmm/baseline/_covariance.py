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

from dataclasses import dataclass
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

    What is seasonal depends on the distance alone, of which there are few.

    Attributes
    ----------
    names : tuple of str
    level : ndarray of shape (n_rows, n_columns) or None
        None without a level.
    waves : ndarray of shape (n_seasons, n_distances)
        If nothing were forgotten.
    units : ndarray of shape (n_seasons,)
        Time steps in which memory is counted.
    distances : ndarray of shape (n_distances,)
    place : int ndarray of shape (n_rows, n_columns)
        Which distance is between time steps.
    last : ndarray of shape (n_rows, n_columns)
    """

    names: tuple[str, ...]
    level: np.ndarray | None
    waves: np.ndarray
    units: np.ndarray
    distances: np.ndarray
    place: np.ndarray
    last: np.ndarray

    def at(self, memory: float) -> np.ndarray:
        """Return the kernels, (component, n_rows, n_columns).

        Parameters
        ----------
        memory : float
            Seasons after which one has faded to 1 / e.
        """
        level = [] if self.level is None else [self.level]
        return np.array([*level, *self._faded(memory)[:, self.place], self.last])

    def covariance(self, variances: Variances) -> np.ndarray:
        """Return the sum of the kernels by their variances, (n_rows, n_columns)."""
        level, seasons, last = self._split([variances.parts[n] for n in self.names])
        out = self.last * last
        if self.level is not None:
            out += self.level * level
        if len(seasons):
            out += (seasons @ self._faded(variances.memory))[self.place]
        return np.asarray(out)

    def derivatives(
        self, slope: np.ndarray, variances: Variances
    ) -> tuple[np.ndarray, float]:
        """Return derivatives by the variances and by the logarithm of the memory.

        Of something whose derivative by the covariance is ``slope``; both parts of a
        symmetric matrix may stand in one.

        Parameters
        ----------
        slope : ndarray of shape (n_rows, n_columns)
        variances : Variances
        """
        _, seasons, _ = self._split([variances.parts[n] for n in self.names])
        by = [] if self.level is None else [float(np.vdot(self.level, slope))]
        by_memory = 0.0
        if len(seasons):
            faded, n = self._faded(variances.memory), len(self.distances)
            along = np.bincount(self.place.ravel(), slope.ravel(), n)
            by += (faded @ along).tolist()
            age = self.distances / (variances.memory * self.units[:, None])
            by_memory = float(seasons @ ((faded * age) @ along))
        return np.array([*by, float(np.vdot(self.last, slope))]), by_memory

    def _faded(self, memory: float) -> np.ndarray:
        """Return the seasons' kernels by distance, (n_seasons, n_distances)."""
        age = self.distances / (memory * self.units[:, None])
        return np.asarray(self.waves * np.exp(-age))

    def _split(self, of: list[float]) -> tuple[float, np.ndarray, float]:
        """Return what is of the level, of the seasons and of the last part."""
        n = int(self.level is not None)
        return of[0], np.array(of[n:-1]), of[-1]


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
        level = None
        if self.wanders:
            level = np.maximum(np.minimum.outer(rows, columns) - self.origin, 0.0)
        distances, place = _distances(rows, columns)
        waves = [_waves(distances, s.length, s.power) for s in self.seasons]
        return Kernels(
            (*self.names, name),
            level,
            np.reshape(waves, (len(waves), len(distances))),
            np.array([season.unit for season in self.seasons]),
            distances,
            place,
            last,
        )


def _waves(between: np.ndarray, length: float, power: int) -> np.ndarray:
    """Return the kernel of a season that lasts, at (n,) distances."""
    angle = 2 * np.pi * between / length
    order = np.arange(1, N_HARMONICS + 1)[:, None]
    return np.asarray((np.cos(order * angle) / order**power).sum(0))


def _distances(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances between time steps, and which is where."""
    between = np.abs(np.subtract.outer(rows, columns))
    place = between.astype(np.intp)
    longest = place.max(initial=0)
    if longest <= between.size and (place == between).all():
        return np.arange(longest + 1.0), place
    distances, place = np.unique(between, return_inverse=True)
    return distances, place.reshape(between.shape)


def patterns(observed: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Group regions by the weeks they have: (regions, weeks) per group.

    Regions of a group share one Cholesky factor.
    """
    if observed.all():
        return [(np.arange(len(observed)), np.arange(observed.shape[1]))]
    rows, code = distinct_rows(observed)
    return [
        (np.flatnonzero(code == i), np.flatnonzero(weeks))
        for i, weeks in enumerate(rows)
    ]


def distinct_rows(observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a bool table that differ, in order, and which each one is."""
    bits = np.packbits(observed, axis=1)
    # One key for each row; NumPy would compare rows week by week.
    keys = bits.view(np.dtype((np.void, bits.shape[1]))).ravel()
    _, first, code = np.unique(keys, return_index=True, return_inverse=True)
    return observed[first], code.ravel()


def inverse_factor(K: np.ndarray) -> np.ndarray:
    """Return the inverse of the lower Cholesky factor of a covariance."""
    inverse, _ = dtrtri(cholesky(K, lower=True, check_finite=False), lower=1)
    return np.asarray(inverse)
