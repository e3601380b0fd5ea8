"""What made up the outcome: by time step, in total, and inside the baseline."""

import numpy as np
import pandas as pd
from scipy.sparse import diags_array, eye_array
from scipy.sparse.linalg import splu

from sklearn_mmm.inspection._controls import reference_words
from sklearn_mmm.inspection._effects import roi_table
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._totals import outcome_total
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    keys,
    parts_of,
    step_numbers,
    time_axis,
    worth_of_parts,
)

_N_HARMONICS = 4
# Waves longer than this many years belong to the level.
_LEVEL_YEARS = 2.0
# Controls that have a step of their own in a waterfall.
_MOST_CONTROLS = 5
_MOST_CHANNELS = 12


@of_fitted_model
def contribution_table(mmm: FittedMMM, *, by: str | None = None) -> pd.DataFrame:
    """Return what baseline, controls and channels contributed to each training row.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    by : str, default=None
        A dimension of regions, where ``region_column`` names several columns: the
        rows are then sums over the
        regions of a group. None means regions.

    Returns
    -------
    DataFrame
        ``region`` (called as ``by`` is, if that is given), ``time``, ``baseline``, one
        column for each control and for each channel, the largest channel first;
        outcome units per time step.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import contribution_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> contribution_table(mmm).shape
    (60, 7)
    """
    names = ["baseline", *mmm.control_columns_, *channels_by_size(mmm)]
    parts = mmm.contributions_[names].reset_index(drop=True)
    table = pd.concat([keys(mmm), parts], axis=1)
    if by is None:
        return table
    table["region"] = parts_of(mmm, by).to_numpy()
    sums = table.groupby(["region", "time"], sort=True)[names].sum().reset_index()
    return sums.rename(columns={"region": by})


@of_fitted_model
def waterfall_table(mmm: FittedMMM, *, coverage: float = 0.9) -> pd.DataFrame:
    """Return the way from the baseline to the whole outcome of the training rows.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``component``, ``kind`` ("baseline", "controls", "channel" or "total"), of a
        control with the value from which it is measured, ``contribution``, ``start``
        and ``end`` of its step (outcome units, or money with an ``outcome_value``),
        ``share`` of the whole (NaN where that is not clearly positive), and ``low`` and
        ``high`` of channels' contributions where the model has members. The largest
        control and the largest channel come first, of many the smallest together, and
        the last row is the sum.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import waterfall_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> waterfall_table(mmm)["kind"].tolist()
    ['baseline', 'controls', 'controls', 'channel', 'channel', 'total']
    """
    return waterfall_of(mmm, roi_table(mmm, coverage=coverage))


def waterfall_of(mmm: FittedMMM, effects: pd.DataFrame) -> pd.DataFrame:
    """Return the waterfall, with intervals from :func:`roi_table` if it has any."""
    channels = effects["channel"].tolist()
    most = len(channels) if len(channels) <= _MOST_CHANNELS + 1 else _MOST_CHANNELS
    named, others = channels[:most], channels[most:]
    brought = worth_of_parts(mmm).sum()
    rows: list[tuple[str, str, float]] = [
        ("baseline", "baseline", float(brought["baseline"]))
    ]
    rows += _controls(mmm, brought)
    rows += [(name, "channel", float(brought[name])) for name in named]
    if others:
        together = float(brought[others].sum())
        rows.append((f"{len(others)} other channels", "channel", together))
    end = np.cumsum([amount for *_, amount in rows])
    total = float(end[-1])
    rows.append(("total", "total", total))
    table = pd.DataFrame(rows, columns=["component", "kind", "contribution"])
    table["start"] = np.r_[0.0, end[:-1], 0.0]
    table["end"] = np.r_[end, total]
    table["share"] = table["contribution"] / outcome_total(mmm)
    if "low" in effects:
        # The interval of a sum is not the sum of intervals.
        rows_of = table["component"].isin(named) & (table["kind"] == "channel")
        bounds = effects[["low", "high"]].to_numpy()[: len(named)]
        table.loc[rows_of, ["low", "high"]] = bounds
    return table


def _controls(mmm: FittedMMM, brought: pd.Series) -> list[tuple[str, str, float]]:
    """Return a row for each of the largest controls and one for the others."""
    own = brought[mmm.control_columns_]
    own = own.iloc[np.argsort(-own.abs().to_numpy(), kind="stable")]
    first = own if len(own) <= _MOST_CONTROLS + 1 else own.iloc[:_MOST_CONTROLS]
    rows = [
        (f"{name} (from {reference_words(mmm, str(name))})", "controls", float(amount))
        for name, amount in first.items()
    ]
    rest = own.iloc[len(first) :]
    if len(rest):
        rows.append((f"{len(rest)} other controls", "controls", float(rest.sum())))
    return rows


@of_fitted_model
def baseline_components(mmm: FittedMMM) -> pd.DataFrame:
    r"""Split the baseline of each region into a level, a yearly season and the rest.

    The model's baseline has a level and a season that both wander; this is a reading of
    their sum :math:`b_{r,t}`. For each region

    .. math::
        \min_{l, a}\; \sum_t (b_t - l_t - F_t a)^2 + \lambda \sum_t (\Delta^2 l_t)^2

    over the observed time steps, with four harmonics of the year in F and the smoothing
    weight of the Hodrick-Prescott filter :math:`\lambda = (2 \sin(\pi / P))^{-4}` that
    halves waves of P = two years. Waves of a year and its fractions are the season's; a
    baseline that is a straight line and such waves is split without rest. Less than a
    year and a half of data has no season.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``region``, ``time``, ``baseline``, ``level``, ``season`` and ``remainder``,
        outcome units per time step; the last three sum to the baseline.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import baseline_components
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> baseline_components(mmm).columns.tolist()
    ['region', 'time', 'baseline', 'level', 'season', 'remainder']
    """
    table = keys(mmm).assign(baseline=mmm.contributions_["baseline"].to_numpy())
    step = step_numbers(table["time"])
    axis = time_axis(mmm)
    year = None if axis is None else axis.season_length
    if year is not None and step.max() + 1 < 1.5 * year:
        year = None
    level, season = np.empty(len(table)), np.empty(len(table))
    for rows in table.groupby("region", sort=False).indices.values():
        level[rows], season[rows] = level_and_season(
            table["baseline"].to_numpy()[rows], step[rows], year
        )
    table["level"], table["season"] = level, season
    table["remainder"] = table["baseline"] - level - season
    return table


def level_and_season(
    values: np.ndarray, step: np.ndarray, year: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Split a series; see :func:`baseline_components`.

    Parameters
    ----------
    values : ndarray of shape (n,)
    step : ndarray of shape (n,)
        Number of each value's time step, in any order, each once.
    year : float or None
        Time steps of a year; None for no season.

    Returns
    -------
    level, season : ndarray of shape (n,)
    """
    first = step.min()
    at = (step - first).astype(int)
    n = int(at.max()) + 1
    if n < 3:
        return values.copy(), np.zeros(len(values))
    seen = np.zeros(n)
    seen[at] = 1.0
    given = np.zeros(n)
    given[at] = values
    second = diags_array([1.0, -2.0, 1.0], offsets=[0, 1, 2], shape=(n - 2, n))
    period = _LEVEL_YEARS * (year or n)
    weight = (2 * np.sin(np.pi / max(period, 4.0))) ** -4
    # A touch of the identity where a level of few observations is not determined.
    system = diags_array(seen) + weight * (second.T @ second) + 1e-12 * eye_array(n)
    smooth = splu(system.tocsc()).solve
    if year is None or len(values) < 1.5 * year:
        return smooth(given)[at], np.zeros(len(values))
    waves = _waves(first + np.arange(n), year)
    # The level is smooth(b - F a), so the season is the best fit of what is left.
    left = given - seen * smooth(given)
    design = seen[:, None] * (waves - smooth(seen[:, None] * waves))
    # (I - S) is symmetric: the normal equations of the profile objective.
    normal = (seen[:, None] * waves).T @ design
    coefficient = np.linalg.lstsq(normal, waves.T @ (seen * left), rcond=1e-10)[0]
    season = waves @ coefficient
    return smooth(given - seen * season)[at], season[at]


def _waves(step: np.ndarray, year: float) -> np.ndarray:
    """Return sines and cosines of the year that the time steps can tell apart."""
    n = int(min(_N_HARMONICS, (year - 1) // 2))
    angle = 2 * np.pi * np.outer(step / year, np.arange(1, n + 1))
    return np.column_stack([np.sin(angle), np.cos(angle)])
