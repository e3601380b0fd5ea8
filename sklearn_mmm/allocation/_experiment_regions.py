"""Which regions to treat, and how exactly their lift could be measured."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM

# Weeks before a test that it is compared with, as a multiple of its duration.
BEFORE = 2
_CANDIDATES = 200


class Treated(NamedTuple):
    """Regions to treat.

    Attributes
    ----------
    regions : list
        Labels; None for all, where no region is left to compare with.
    std_error : float
        Of the lift over all treated regions and the duration, outcome units.
    """

    regions: list[Any] | None
    std_error: float


def organic_series(mmm: FittedMMM) -> pd.DataFrame:
    """Return the outcome less controls and media, (n_steps, n_regions)."""
    parts = [*mmm.control_columns_, *mmm.media_columns_]
    rest = mmm.outcome_.to_numpy() - mmm.contributions_[parts].to_numpy().sum(axis=1)
    history = mmm.history_[["region", "time"]].assign(rest=rest)
    wide = history.pivot(index="time", columns="region", values="rest").sort_index()
    return wide.interpolate(limit_direction="both")


def choose_regions(
    series: pd.DataFrame,
    size: int | None,
    duration: int,
    rng: np.random.Generator,
    spends: np.ndarray,
) -> Treated:
    """Choose regions whose course the others have matched best in the past.

    The standard error is that of placebo tests: the difference of treated and other
    regions (scaled to their size) over each past window of the duration, less that of
    the time steps before it, where nothing was tested. Sets of regions are compared by
    it relative to their size, and what is promised of the best one comes from windows
    that did not choose it. Where a channel is bought in few regions, sets that include
    one of them come first, so that each channel can be tested.

    Parameters
    ----------
    series : DataFrame of shape (n_steps, n_regions)
        Outcome that is not explained.
    size : int or None
        Regions to treat; None for all of them.
    duration : int
        Time steps.
    rng : Generator
    spends : ndarray of bool of shape (n_regions, n_channels)
        Whether a channel is bought in a region during the test.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> twins = rng.normal(10.0, 1.0, (60, 2))
    >>> series = pd.DataFrame(np.repeat(twins, 2, axis=1), columns=list("aabb"))
    >>> series.columns = ["a1", "a2", "b1", "b2"]
    >>> found = choose_regions(series, 2, 4, rng, np.ones((4, 1), bool))
    >>> sorted(name[0] for name in found.regions), round(found.std_error, 6)
    (['a', 'b'], 0.0)
    """
    values = series.to_numpy()
    n_regions = values.shape[1]
    if size is None:
        return Treated(None, placebo_error(values.sum(axis=1), duration))
    sets, levels, misses = [], [], []
    drawn = [np.sort(rng.permutation(n_regions)[:size]) for _ in range(_CANDIDATES)]
    reached = np.array([spends[chosen].any(axis=0).sum() for chosen in drawn])
    for place in np.flatnonzero(reached == reached.max()):
        chosen = drawn[place]
        treated = values[:, chosen].sum(axis=1)
        others = np.delete(values, chosen, axis=1).sum(axis=1)
        level, other_level = abs(treated.mean()), abs(others.mean())
        if not (level > 0 and other_level > 0):
            continue
        sets.append(chosen)
        levels.append(level)
        misses.append(_misses(treated - others * level / other_level, duration) / level)
    if not sets or not misses[0].size:
        return Treated(None, placebo_error(values.sum(axis=1), duration))
    best, error = _best_matched(np.square(misses))
    std_error = float(error * levels[best])
    return Treated(list(series.columns[sets[best]]), std_error)


def _best_matched(squares: np.ndarray) -> tuple[int, float]:
    """Return the set with the least error, and what to promise of it.

    The least of many errors promises too much. So the best set of one half of the
    windows is judged in the other half, and the reverse.

    Parameters
    ----------
    squares : ndarray of shape (n_sets, n_windows)
        Squared relative errors, in the order of time.
    """
    best = int(np.argmin(squares.mean(axis=1)))
    halves = np.array_split(squares, 2, axis=1)
    if not halves[1].size:
        return best, float(np.sqrt(squares[best].mean()))
    means = np.array([half.mean(axis=1) for half in halves])
    promised = means[::-1][[0, 1], means.argmin(axis=1)].mean()
    return best, float(np.sqrt(max(promised, squares[best].mean())))


def placebo_error(series: np.ndarray, duration: int) -> float:
    """Return the standard error of a sum over a window, from windows of the past.

    Parameters
    ----------
    series : ndarray of shape (n_steps,)
    duration : int
    """
    misses = _misses(series, duration)
    return float(np.sqrt(np.mean(misses**2))) if misses.size else float(np.inf)


def _misses(series: np.ndarray, duration: int) -> np.ndarray:
    """Return what a test of nothing would have found in each window of the past."""
    before = min(BEFORE * duration, len(series) - duration)
    if before < 1:
        return np.empty(0)
    sums = np.concatenate([[0.0], np.cumsum(series)])
    start = np.arange(before, len(series) - duration + 1)
    inside = sums[start + duration] - sums[start]
    usual = (sums[start] - sums[start - before]) / before
    return np.asarray(inside - duration * usual)
