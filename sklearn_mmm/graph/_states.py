"""A cycle drawn from a chain of states, whatever the noise of its observations."""

from dataclasses import dataclass

import numpy as np

# The cycle has variance 1.
_GRID = np.linspace(-3.0, 3.0, 15)
_CELL = float(_GRID[1] - _GRID[0])
_N_BINS = 400
# Share of a wide normal distribution, so that nothing is impossible.
_WIDE = 0.03
# Fewer values tell nothing about their distribution.
_FEWEST = 20
# Regions that are held at once, and of which the evidence fits the cache.
_AT_ONCE, _IN_CACHE = 64, 4


@dataclass(frozen=True)
class Following:
    """How channels follow a cycle.

    Attributes
    ----------
    loading : ndarray of shape (n,)
    memory : ndarray of shape (n,)
        Autocorrelation of what is each channel's own.
    cycle_memory : float
        Autocorrelation of the cycle.
    """

    loading: np.ndarray
    memory: np.ndarray
    cycle_memory: float


def draw_states(
    values: np.ndarray,
    told: np.ndarray,
    cycle: np.ndarray,
    follow: Following,
    rng: np.random.Generator,
) -> np.ndarray:
    r"""Draw a cycle from its posterior, given channels that follow it.

    .. math:: y_{j,t} = \lambda_j f_t + a_{j,t}, \quad
              a_{j,t} = \rho_j a_{j,t-1} + e_{j,t}

    with innovations of any distribution, which is estimated from those beside a former
    draw. The cycle takes the values of a grid, forward filtering and backward sampling
    are exact there (Rabiner, 1989), and it is then spread over the grid's cells.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_weeks, n)
        Centred.
    told : bool ndarray of the same shape
        Which of them are observed; the others say nothing.
    cycle : ndarray of shape (n_regions, n_weeks)
        A former draw, or a first estimate.
    follow : Following
    rng : Generator

    Returns
    -------
    ndarray of shape (n_regions, n_weeks)
    """
    channels = [
        _Channel.of(values[..., j], told[..., j], cycle, loading, memory)
        for j, (loading, memory) in enumerate(
            zip(follow.loading, follow.memory, strict=True)
        )
    ]
    out = np.empty(cycle.shape)
    for first in range(0, len(out), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        n_regions, n_weeks = out[some].shape
        # (region, week, state, state before)
        evidence = np.zeros((n_regions, n_weeks, len(_GRID), len(_GRID)), np.float32)
        for part in range(first, first + n_regions, _IN_CACHE):
            few = slice(part, min(part + _IN_CACHE, first + n_regions))
            near = evidence[few.start - first : few.stop - first]
            for j, channel in enumerate(channels):
                channel.add(near, values[few, :, j], told[few, :, j])
        out[some] = _sample(evidence, follow.cycle_memory, rng)
    return out + _CELL * (rng.random(out.shape) - 0.5)


class _LogDensity:
    """Logarithm of a density that is estimated from a sample."""

    def __init__(self, sample: np.ndarray) -> None:
        spread = max(float(sample.std()), 1e-12)
        quartiles = np.quantile(sample, [0.25, 0.75])
        narrow = min(spread, float(np.ptp(quartiles)) / 1.349) or spread
        self._low = float(sample.min()) - 3 * spread
        width = (float(sample.max()) + 3 * spread - self._low) / _N_BINS
        self._per_unit = 1 / width
        counts = np.bincount(self._place(sample).astype(np.intp), minlength=_N_BINS)
        # In bins; at most as wide as the kernel may be.
        bandwidth = np.clip(narrow * len(sample) ** -0.2 / width, 1.0, _N_BINS / 16)
        offset = np.arange(-int(4 * bandwidth), int(4 * bandwidth) + 1)
        kernel = np.exp(-0.5 * (offset / bandwidth) ** 2)
        density = np.convolve(counts, kernel / kernel.sum(), "same")
        density = density / len(sample) / width
        middle = self._low + width * (np.arange(_N_BINS) + 0.5)
        z = (middle - sample.mean()) / (2 * spread)
        wide = np.exp(-0.5 * z**2) / (2 * spread * np.sqrt(2 * np.pi))
        mixed = (1 - _WIDE) * density + _WIDE * wide
        self._table = np.log(mixed).astype(np.float32)

    def _place(self, values: np.ndarray) -> np.ndarray:
        return np.asarray((values - self._low) * self._per_unit)

    def of_differences(self, values: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """Return the logarithm for each value less each shift, values first."""
        shape = (*values.shape, *(1 for _ in shift.shape))
        place = self._place(values).astype(np.float32).reshape(shape)
        place = place - (shift * self._per_unit).astype(np.float32)
        return np.asarray(self._table.take(place.astype(np.intp), mode="clip"))


@dataclass(frozen=True)
class _Channel:
    """What a channel says about the cycle.

    Attributes
    ----------
    loading, memory : float
    own, innovation : _LogDensity or None
        Of the channel's own part, and of its innovations.
    """

    loading: float
    memory: float
    own: _LogDensity | None
    innovation: _LogDensity | None

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        told: np.ndarray,
        cycle: np.ndarray,
        loading: float,
        memory: float,
    ) -> "_Channel":
        """Estimate the densities beside a cycle."""
        part = values - loading * cycle
        both = told[:, 1:] & told[:, :-1]
        samples = part[told], (part[:, 1:] - memory * part[:, :-1])[both]
        found = [_LogDensity(s) if len(s) >= _FEWEST else None for s in samples]
        return cls(loading, memory, *found)

    def add(self, evidence: np.ndarray, values: np.ndarray, told: np.ndarray) -> None:
        """Add the log-likelihood of each pair of states to the evidence."""
        alone = told.copy()
        if self.innovation is not None:
            follows = told[:, 1:] & told[:, :-1]
            alone[:, 1:] &= ~follows
            new = values[:, 1:] - self.memory * values[:, :-1]
            shift = self.loading * (_GRID[:, None] - self.memory * _GRID)
            found = self.innovation.of_differences(new, shift)
            if not follows.all():
                found *= follows[..., None, None]
            evidence[:, 1:] += found
        if self.own is not None and alone.any():
            found = self.own.of_differences(values[alone], self.loading * _GRID)
            evidence[alone] += found[..., None]


def _sample(
    evidence: np.ndarray, memory: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw states by forward filtering and backward sampling, (n_regions, n_weeks)."""
    n_regions, n_weeks, n_states = evidence.shape[:3]
    gap = _GRID[:, None] - memory * _GRID
    step = np.exp(-0.5 * gap**2 / (1 - memory**2))
    step = (step / step.sum(axis=0)).astype(np.float32)
    usual = np.exp(-0.5 * _GRID**2)
    peak = evidence.max(axis=(2, 3), keepdims=True)
    ways = np.exp(evidence - peak)
    first = ways[:, 0, :, 0] * usual
    ways *= step
    filtered = np.empty((n_regions, n_weeks, n_states))
    # There is no state before the first.
    filtered[:, 0] = first
    for t in range(n_weeks):
        if t:
            filtered[:, t] = (ways[:, t] @ filtered[:, t - 1, :, None])[..., 0]
        filtered[:, t] += 1e-300
        filtered[:, t] /= filtered[:, t].sum(axis=1, keepdims=True)
    everywhere = np.arange(n_regions)
    out = np.empty((n_regions, n_weeks), np.intp)
    chance = rng.random((n_weeks, n_regions, 1))
    share = filtered[:, -1]
    for t in range(n_weeks - 1, -1, -1):
        if t < n_weeks - 1:
            share = filtered[:, t] * ways[everywhere, t + 1, out[:, t + 1]]
        sums = share.cumsum(axis=1)
        place = (sums < chance[t] * sums[:, -1:]).sum(axis=1)
        out[:, t] = np.minimum(place, n_states - 1)
    return np.asarray(_GRID[out])
