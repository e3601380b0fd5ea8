r"""Which seasons a baseline has, by the clock of the data.

A year and a day are smooth. Weekdays have a level each: the sum of the first three
harmonics of seven steps is, with equal variances, the prior of independent levels less
their mean, since :math:`\sum_{k=1}^{3} \cos(2 \pi k n / 7) = (7 [n = 0] - 1) / 2`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.signal import lfilter

from sklearn_mmm._arguments import is_number, shown
from sklearn_mmm.baseline._covariance import SEASON, SMOOTH, Season
from sklearn_mmm.panel._time_axis import TimeAxis

# By which power of its order the variance of a harmonic falls.
_POWERS = {"year": SMOOTH, "month": 2, "week": 0, "day": SMOOTH}
_OTHERS = 2
# A month is in the baseline if its harmonics gain so much log-likelihood in a BIC, over
# so many months at least.
_GAIN, _FEWEST_MONTHS, _N_WAVES = 5.0, 6, 2
# Of media to the next step, where nothing is known yet.
_CARRIED = 0.5
# Courses slower than this many months are no month.
_SLOW = 3.0
_AUTO = "auto"


def choose_seasons(
    wanted: Any,
    axis: TimeAxis | None,
    position: np.ndarray,
    outcome: np.ndarray,
    reasons: np.ndarray,
    observed: np.ndarray,
) -> tuple[Season, ...]:
    """Return the seasons of a baseline, the longest first.

    Parameters
    ----------
    wanted : "auto" or sequence of str and float
        Names of cycles, or time steps.
    axis : TimeAxis or None
    position : ndarray of shape (n_weeks,)
    outcome : ndarray of shape (n_regions, n_weeks)
        Relative to the region's mean.
    reasons : ndarray of shape (n_regions, n_weeks, n_columns)
        Media and controls.
    observed : bool ndarray of shape (n_regions, n_weeks)

    Raises
    ------
    ValueError
        If a season is unknown, longer than the data or shorter than two steps.
    """
    span = float(position[-1] - position[0])
    if isinstance(wanted, str) and wanted == _AUTO:
        if axis is None:
            return ()
        lengths = axis.cycles
        names = [n for n in ("year", "week", "day") if 2 <= lengths.get(n, 0) <= span]
        month = lengths.get("month", 0.0)
        if month >= 2 and span >= _FEWEST_MONTHS * month:
            known = [lengths[n] for n in names if n != "year"]
            if _has_month(month, known, position, outcome, reasons, observed):
                names.append("month")
        found = [_season(name, lengths[name], lengths) for name in names]
    else:
        found = [_asked(one, axis, span) for one in _listed(wanted)]
    if len({season.length for season in found}) < len(found):
        raise ValueError(
            f"seasons: got {shown(wanted)}, with one season twice; name it once"
        )
    return tuple(sorted(found, key=lambda season: -season.length))


def _listed(wanted: Any) -> Sequence[Any]:
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise ValueError(
            f"seasons: got {shown(wanted)}; give 'auto', or a list of seasons such as "
            "('year', 'week'), () for none"
        )
    return wanted


def _season(name: str, length: float, cycles: dict[str, float]) -> Season:
    """Return a season. Short ones last: their memory is counted in half years."""
    half = cycles.get("year", 2 * length) / 2
    own = SEASON if name == "year" else f"{SEASON}_{name}"
    unit = length if name == "year" else max(length, half)
    return Season(own, length, unit, _POWERS.get(name, _OTHERS))


def _asked(one: Any, axis: TimeAxis | None, span: float) -> Season:
    """Return a season that was asked for.

    Raises
    ------
    ValueError
        If it cannot be in the data.
    """
    if axis is None or axis.kind == "order":
        raise ValueError(
            f"seasons: got {one!r}, but there is no clock of even steps; name a "
            "time_column with dates, or give seasons=()"
        )
    cycles = axis.cycles
    if is_number(one) and not isinstance(one, bool):
        length, name = float(one), f"{float(one):g}"
        what = f"a season of {length:g} time steps"
    elif isinstance(one, str) and one in cycles:
        length, name = cycles[one], one
        what = f"a {one} of {length:.3g} time steps ({axis.describe_step()} each)"
    else:
        known = [n for n, steps in cycles.items() if steps >= 2]
        raise ValueError(
            f"seasons: got {one!r}; in these data there may be {known}, or a number of "
            "time steps"
        )
    if length < 2:
        raise ValueError(f"seasons: {what} cannot be seen; leave {one!r} out")
    if length > span:
        raise ValueError(
            f"seasons: {what} is longer than the data, which cover {span:g}; leave "
            f"{one!r} out, or seasons='auto'"
        )
    return _season(name, length, cycles)


def _has_month(
    month: float,
    known: list[float],
    position: np.ndarray,
    outcome: np.ndarray,
    reasons: np.ndarray,
    observed: np.ndarray,
) -> bool:
    r"""Return whether what regions have in common repeats each month.

    Two harmonics of a month are added to a regression of the mean outcome on courses
    slower than a quarter, shorter seasons, media and controls, which are there as they
    are, carried over, and saturated; the gain of a BIC is
    :math:`\frac n2 \log(R_0 / R_1) - 2 \log n` (Schwarz, 1978).
    """
    # Media that come each month bring something each month, carried over and saturated.
    carried = lfilter([1 - _CARRIED], [1, -_CARRIED], reasons, axis=1)
    n_seen = observed.sum(0)
    weeks = n_seen > 0

    def mean(values: np.ndarray) -> np.ndarray:
        seen = observed.reshape(observed.shape + (1,) * (values.ndim - 2))
        total = (values * seen).sum(0)[weeks]
        return np.asarray(total / n_seen[weeks].reshape(-1, *(1,) * (total.ndim - 1)))

    at, y = position[weeks] - position[0], mean(outcome)
    n, span = len(at), float(at[-1] + 1)
    slow = np.arange(1, max(1, int(2 * span / (_SLOW * month))) + 1)
    columns = [
        np.ones((n, 1)),
        np.cos(np.pi * np.outer(at + 0.5, slow) / span),
        *(mean(values) for x in (reasons, carried) for values in (x, np.sqrt(abs(x)))),
        *(_waves(at, length, 3) for length in known),
    ]
    before = np.concatenate(columns, axis=1)
    after = np.concatenate([before, _waves(at, month, _N_WAVES)], axis=1)
    if n < 2 * after.shape[1]:
        return False
    left = [_left(table, y) for table in (before, after)]
    if left[0] <= 1e-12 * float(y @ y):
        return False
    gain = 0.5 * n * np.log(left[0] / max(left[1], 1e-300)) - _N_WAVES * np.log(n)
    return bool(gain > _GAIN)


def _waves(at: np.ndarray, length: float, n: int) -> np.ndarray:
    angle = 2 * np.pi * np.outer(at, np.arange(1, n + 1)) / length
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def _left(table: np.ndarray, y: np.ndarray) -> float:
    """Return the squares that a regression leaves."""
    size = np.maximum(np.abs(table).max(0), 1e-300)
    found = np.linalg.lstsq(table / size, y, rcond=None)[0]
    return float(np.square(y - table / size @ found).sum())
