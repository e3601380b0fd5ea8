"""What distorts a fit: the amount of evidence, and columns that mislead."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._data_quality import longest_run, variance_inflation
from sklearn_mmm.inspection._data_sheet import DataSheet, Finding

_MANY_GAPS = 0.05
_FEW_ACTIVE = 8
_LONG_PAUSE = 0.25
_SHUT_STEPS = 4
_HIGH_VIF = 10.0
_LITTLE_VARIATION = 0.1
# What a channel has to learn: effect, carry-over, half-saturation, slope.
_PER_CHANNEL = 4
# Level and trend, and two waves of the season.
_PER_BASELINE = 6
_FEW_ROWS, _SOME_ROWS = 3.0, 7.0


def listing(names: list[str], most: int = 4) -> str:
    """Return names in quotes, the first ones if they are many."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def gaps(sheet: DataSheet) -> Iterator[Finding]:
    """Yield time steps that are missing inside a region's series."""
    seen = sheet.observed
    inside = np.maximum.accumulate(seen, axis=1)
    inside &= np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    missing = np.argwhere(inside & ~seen)
    if not len(missing):
        return
    share = len(missing) / inside.sum()
    shown = "; ".join(sheet.place(*cell) for cell in missing[:3])
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    yield Finding(
        "distorts" if share > _MANY_GAPS else "note",
        "gaps",
        f"{shown}{more}",
        f"{len(missing)} of {inside.sum()} time steps have no row.",
        "Add the missing rows (media 0 where nothing ran); gaps do not enter the fit.",
    )


def zero_spells(sheet: DataSheet) -> Iterator[Finding]:
    """Yield channels that hardly ran, and outcomes that stop."""
    seen = sheet.observed
    for i, name in enumerate(sheet.channels):
        active = (sheet.media[..., i] > 0) & seen
        if not active.any():
            yield Finding(
                "distorts",
                "zero spells",
                f"column {name!r}",
                "The channel never ran: nothing can be learned about it.",
                "Leave the column out.",
            )
        elif active.any(axis=0).sum() < _FEW_ACTIVE:
            yield Finding(
                "distorts",
                "zero spells",
                f"column {name!r}",
                f"The channel ran in {active.any(axis=0).sum()} time steps alone; its "
                "effect will come from the prior.",
                "Join it with a like channel, or give a lift test or an ROI prior.",
            )
        else:
            yield from _long_pause(sheet, name, active)
    yield from _shut(sheet)


def _long_pause(sheet: DataSheet, name: str, active: np.ndarray) -> Iterator[Finding]:
    off = np.asarray(~active.any(axis=0) & sheet.observed.any(axis=0))
    pause = longest_run(off, np.zeros(len(off), int))
    if pause >= max(_LONG_PAUSE * len(off), _FEW_ACTIVE):
        yield Finding(
            "note",
            "zero spells",
            f"column {name!r}",
            f"The channel was silent everywhere for {pause} time steps in a row.",
            "If that is a gap in the records and no pause, fill it in.",
        )


def _shut(sheet: DataSheet) -> Iterator[Finding]:
    """Yield regions whose outcome is zero for a while."""
    shut = []
    for region, outcome in enumerate(sheet.outcome):
        seen = np.isfinite(outcome)
        zero = outcome[seen] == 0
        run = longest_run(zero, np.zeros(len(zero), int))
        if run >= _SHUT_STEPS and (~zero).mean() > 0.5:
            shut.append((region, run))
    if shut:
        region, run = max(shut, key=lambda pair: pair[1])
        name = str(sheet.regions[region])
        yield Finding(
            "distorts",
            "zero spells",
            f"outcome{f', region {name!r}' if name else ''}",
            f"The outcome is zero for up to {run} time steps in a row"
            + (f", in {len(shut)} regions." if len(shut) > 1 else "."),
            "Drop those rows if nothing could be sold, or add a control for it.",
        )


def too_little(sheet: DataSheet) -> Iterator[Finding]:
    """Yield that there are too few rows or years for what is to be learned."""
    n_rows, n_steps = int(sheet.observed.sum()), int(sheet.observed.any(axis=0).sum())
    n_regions = len(sheet.regions)
    learned = _PER_CHANNEL * len(sheet.channels) + len(sheet.control_names)
    learned += _PER_BASELINE + n_regions - 1
    if n_rows < _SOME_ROWS * learned:
        yield Finding(
            "distorts" if n_rows < _FEW_ROWS * learned else "note",
            "too few weeks per parameter",
            f"{n_rows} rows, {len(sheet.channels)} channels, "
            f"{len(sheet.control_names)} controls",
            f"There are {n_rows / learned:.1f} rows for each of about {learned} "
            "quantities to be learned; the prior will decide much.",
            "Join small channels, add weeks or regions, or give lift tests.",
        )
    year = sheet.year
    if year is not None and n_steps < round(2 * year):
        yield Finding(
            "distorts" if n_steps < year else "note",
            "too few years",
            f"{sheet.label(0)} to {sheet.label(len(sheet.times) - 1)}",
            f"{n_steps} time steps are less than two years: what repeats each year "
            "cannot be told from what happened once.",
            "Add earlier rows, or a control for what you know to repeat.",
        )


def within_regions(values: np.ndarray) -> np.ndarray:
    """Return columns less their region's mean over its root mean square.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_steps, n_columns)

    Returns
    -------
    ndarray of shape (n_regions, n_steps, n_columns)
        0 where a column does not vary in a region, NaN where there is no row.
    """
    seen = np.isfinite(values)
    n = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    filled = np.where(seen, values, 0.0)
    centred = np.where(seen, values - filled.sum(axis=1, keepdims=True) / n, 0.0)
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n)
    # Rounding errors of a column that is constant are no variation.
    largest = np.abs(filled).max(axis=1, keepdims=True)
    varies = spread > 1e-9 * np.maximum(largest, 1e-300)
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=varies)
    return np.where(seen, scaled, np.nan)


def collinear(sheet: DataSheet) -> Iterator[Finding]:
    """Yield columns that others determine, nearly."""
    names = [*sheet.channels, *sheet.control_names]
    stacked = np.concatenate([sheet.media, sheet.controls], axis=2)
    rows = within_regions(stacked).reshape(-1, len(names))
    frame = pd.DataFrame(rows[np.isfinite(rows).all(axis=1)])
    correlation = frame.corr().to_numpy()
    factors = variance_inflation(correlation)
    for i in np.flatnonzero(factors > _HIGH_VIF):
        if i >= len(sheet.channels):
            continue
        others = np.abs(np.nan_to_num(correlation[i]))
        others[i] = 0.0
        partner = int(others.argmax())
        size = "without bound" if np.isinf(factors[i]) else f"{factors[i]:.0f}"
        yield Finding(
            "distorts",
            "collinearity",
            f"columns {names[i]!r} and {names[partner]!r}",
            f"{names[i]!r} moves with other columns (variance inflation {size}, "
            f"correlation {correlation[i, partner]:.2f}): who brought what is open.",
            "Join the channels, or test one of them in some regions.",
        )


def little_variation(sheet: DataSheet) -> Iterator[Finding]:
    """Yield columns that are nearly constant."""
    seen = sheet.observed
    for kind, names, values in (
        ("channel", sheet.channels, sheet.media),
        ("control", sheet.control_names, sheet.controls),
    ):
        for i, name in enumerate(names):
            column = pd.DataFrame(np.where(seen, values[..., i], np.nan))
            spread, mean = column.std(axis=1, ddof=0), column.mean(axis=1).abs()
            relative = (spread / mean.where(mean > 0)).median()
            if kind == "control" and not spread.max() > 0:
                yield Finding(
                    "distorts",
                    "too little variation",
                    f"column {name!r}",
                    "The control is the same in every row of a region.",
                    "Leave it out.",
                )
            elif kind == "channel" and relative < _LITTLE_VARIATION:
                yield Finding(
                    "distorts",
                    "too little variation",
                    f"column {name!r}",
                    f"The channel varies by {relative:.0%} of its mean: it cannot be "
                    "told from the baseline.",
                    "Vary or pause it for some weeks or regions, or give a lift test.",
                )
