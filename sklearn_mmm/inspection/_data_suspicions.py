"""What misleads a fit: spend that follows sales, controls that are the target."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import t as student

from sklearn_mmm.inspection._data_sheet import DataSheet, Finding
from sklearn_mmm.inspection._data_signals import listing, within_regions

_SAME, _NEARLY_SAME = 0.9999, 0.98
_OUTLYING = 8.0
_WINDOW = 13
_LEADS = 0.05
_SURE = 1e-4
# Powers of ten that a change of units leaves, in logarithms, give or take.
_NEAR = 0.2
_FEWEST = 8
# Both sides of a change of units are further apart than this, in logarithms.
_APART = np.log10(2.0)
# Fewer regions than this have changed their plans, and no units.
_SOME_REGIONS = 0.2


def target_in_disguise(sheet: DataSheet) -> Iterator[Finding]:
    """Yield controls and channels that are the outcome, or nearly."""
    names = [*sheet.control_names, *sheet.channels]
    stacked = np.concatenate(
        [sheet.outcome[..., None], sheet.controls, sheet.media], axis=2
    )
    scaled = within_regions(stacked)
    outcome = scaled[..., 0]
    for i, name in enumerate(names, start=1):
        product = outcome * scaled[..., i]
        alike = abs(float(np.nanmean(product))) if np.isfinite(product).any() else 0.0
        if alike > _NEARLY_SAME:
            same = alike > _SAME
            yield Finding(
                "stops" if same else "distorts",
                "target among the columns",
                f"column {name!r}",
                f"The column {'is' if same else 'is nearly'} the outcome itself "
                f"(correlation {alike:.3f}): it would explain what media brought.",
                "Leave it out; orders, sessions or leads are outcomes, no causes.",
            )


def _said(value: float) -> str:
    """Return a number as people write it, never with an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def outliers(sheet: DataSheet) -> Iterator[Finding]:
    """Yield outcomes far from those of the weeks around them."""
    far = np.argwhere(np.abs(outlier_scores(sheet.outcome)) > _OUTLYING)
    if not len(far):
        return
    shown = "; ".join(
        f"{sheet.place(*cell)}: {_said(sheet.outcome[tuple(cell)])}" for cell in far[:4]
    )
    more = f" and {len(far) - 4} more" if len(far) > 4 else ""
    yield Finding(
        "distorts",
        "outliers",
        f"outcome, {shown}{more}",
        f"{len(far)} outcomes are far from those of the time steps around them.",
        "Mend errors; name events (EventEncoder: holidays, a sale, a strike).",
    )


def outlier_scores(outcome: np.ndarray) -> np.ndarray:
    """Return distances from a running median, in robust standard deviations.

    Parameters
    ----------
    outcome : ndarray of shape (n_regions, n_steps)
    """
    columns = pd.DataFrame(outcome).T
    middle = columns.rolling(_WINDOW, center=True, min_periods=3).median()
    rest = columns - middle
    # 1.4826 makes the median absolute deviation of a Gaussian its standard deviation.
    spread = 1.4826 * rest.abs().median()
    spread = spread.clip(lower=0.02 * columns.abs().median())
    scores = rest / spread.where(spread > 0)
    return np.asarray(scores.fillna(0.0).T)


def media_outliers(sheet: DataSheet) -> Iterator[Finding]:
    """Yield single amounts of media that dwarf all others of their channel."""
    for i, name in enumerate(sheet.channels):
        amounts = np.nan_to_num(sheet.media[..., i])
        for region, series in enumerate(amounts):
            positive = np.sort(series[series > 0])
            if len(positive) < _FEWEST:
                continue
            if positive[-1] > 10 * positive[-2]:
                step = int(series.argmax())
                yield Finding(
                    "distorts",
                    "outliers",
                    f"column {name!r}, {sheet.place(region, step)}",
                    f"{_said(positive[-1])} is {positive[-1] / positive[-2]:.0f} times "
                    "the next largest amount.",
                    "Look for a slipped decimal point or a bill of several weeks.",
                )
                break


def changed_units(sheet: DataSheet) -> Iterator[Finding]:
    """Yield columns whose level jumps by a power of ten and stays there."""
    columns = [("outcome", sheet.outcome)]
    columns += [
        (f"column {name!r}", sheet.media[..., i])
        for i, name in enumerate(sheet.channels)
    ]
    columns += [
        (f"column {name!r}", sheet.controls[..., i])
        for i, name in enumerate(sheet.control_names)
    ]
    for where, values in columns:
        found = [(r, jump) for r, row in enumerate(values) if (jump := unit_jump(row))]
        if len(found) > _SOME_REGIONS * len(values):
            region, (step, factor) = found[0]
            others = f", {len(found)} regions" if len(found) > 1 else ""
            yield Finding(
                "distorts",
                "changed units",
                f"{where}, from {sheet.place(region, step)}{others}",
                f"The level changes to about {factor:g} times what it was, and stays.",
                "Bring both parts to one unit (thousands, cents, another currency).",
            )


def unit_jump(series: np.ndarray) -> tuple[int, float] | None:
    """Return where a series changes its unit by a power of ten, and by what factor.

    All amounts on one side are more than twice those on the other, and medians differ
    by about 10, 100, 1000...; amounts of zero count on neither side.
    """
    place = np.flatnonzero(np.isfinite(series) & (series > 0))
    if len(place) < 2 * _FEWEST:
        return None
    amounts = np.log10(series[place])
    backwards = amounts[::-1]
    rises = np.minimum.accumulate(backwards)[::-1][1:] > (
        np.maximum.accumulate(amounts)[:-1] + _APART
    )
    falls = np.maximum.accumulate(backwards)[::-1][1:] < (
        np.minimum.accumulate(amounts)[:-1] - _APART
    )
    for cut in np.flatnonzero(rises | falls) + 1:
        if min(cut, len(amounts) - cut) < _FEWEST:
            continue
        jump = float(np.median(amounts[cut:]) - np.median(amounts[:cut]))
        whole = round(jump)
        if abs(whole) >= 1 and abs(jump - whole) < _NEAR:
            return int(place[cut]), 10.0**whole
    return None


def spend_follows(sheet: DataSheet) -> Iterator[Finding]:
    """Yield channels whose media are foretold by the outcome of the step before.

    A regression inside regions of media on the media of two steps before, the season
    and a trend, and on the outcome of the step before (Granger's test of one lag).
    """
    found = []
    for i, name in enumerate(sheet.channels):
        share, p_value = foretold(sheet.media[..., i], sheet.outcome, sheet.year)
        if share > _LEADS and p_value < _SURE / len(sheet.channels):
            found.append((share, name))
    if found:
        found.sort(reverse=True)
        yield Finding(
            "distorts",
            "spend follows the outcome",
            f"columns {listing([name for _, name in found])}",
            "Media rise after the outcome has risen: budgets seem to follow sales, "
            "and part of what they would have been credited with caused them.",
            "Add what drives both (demand, budget rules) as a control, or test.",
        )


def foretold(
    media: np.ndarray, outcome: np.ndarray, year: float | None
) -> tuple[float, float]:
    """Return how much of the media the former outcome explains, and how surely.

    Parameters
    ----------
    media, outcome : ndarray of shape (n_regions, n_steps)
    year : float or None
        Time steps of a year.

    Returns
    -------
    partial_r2, p_value : float
        0 and 1 where there are too few rows.
    """
    n_regions, n_steps = media.shape
    step = np.broadcast_to(np.arange(n_steps), media.shape)
    waves = [] if year is None else [2 * np.pi * k * step / year for k in (1, 2, 3)]
    known = [media[:, 1:-1], media[:, :-2], step[:, 2:]]
    known += [f(w)[:, 2:] for w in waves for f in (np.sin, np.cos)]
    stacked = np.stack([media[:, 2:], outcome[:, 1:-1], *known], axis=2)
    whole = np.isfinite(stacked).all(axis=2, keepdims=True)
    rows = within_regions(np.where(whole, stacked, np.nan))
    rows = rows.reshape(-1, stacked.shape[2])
    rows = rows[np.isfinite(rows).all(axis=1)]
    freedom = len(rows) - rows.shape[1] - n_regions
    if freedom < 20:
        return 0.0, 1.0
    coefficients = np.linalg.lstsq(rows[:, 2:], rows[:, :2], rcond=None)[0]
    now, before = (rows[:, :2] - rows[:, 2:] @ coefficients).T
    size = np.sqrt((now @ now) * (before @ before))
    r = float(now @ before / size) if size > 1e-9 * len(rows) else 0.0
    if r <= 0:
        return 0.0, 1.0
    statistic = r * np.sqrt(freedom / max(1 - r * r, 1e-12))
    return r * r, float(student.sf(statistic, freedom))
