"""What the data allow: coverage, spells without media, collinearity, outliers."""

from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import check_number
from sklearn_mmm.inspection._fit_table import fit_table, residual_table
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import channels_by_size, keys, step_numbers

# Two channels that correlate like this are, in effect, one.
_EQUAL = 1 - 1e-9


@of_fitted_model
def coverage_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return which time steps each region has in training.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``region``, ``time`` and ``observed``, for each region and each time step that
        some region has.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import coverage_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> bool(coverage_table(mmm)["observed"].all())
    True
    """
    key = keys(mmm)
    regions, times = (np.unique(key[name]) for name in ("region", "time"))
    grid = pd.MultiIndex.from_product([regions, times], names=["region", "time"])
    table: pd.DataFrame = grid.to_frame(index=False)
    return table.assign(observed=grid.isin(pd.MultiIndex.from_frame(key)))


class SpellTables(NamedTuple):
    """When channels were silent.

    Attributes
    ----------
    activity : DataFrame
        ``channel``, ``time`` and ``active``: the share of regions with media.
    spells : DataFrame
        ``channel``, ``zero_share`` (of rows), ``longest_spell`` (time steps in a row
        without media, in the region where it is longest) and ``silent_regions``
        (regions that never had any).
    """

    activity: pd.DataFrame
    spells: pd.DataFrame


@of_fitted_model
def zero_spells(mmm: FittedMMM) -> SpellTables:
    """Return when channels had no media in training.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    SpellTables
        The largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import zero_spells
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> zero_spells(mmm).spells.columns.tolist()
    ['channel', 'zero_share', 'longest_spell', 'silent_regions']
    """
    key, channels = keys(mmm), channels_by_size(mmm)
    idle = (mmm.history_[channels] == 0).reset_index(drop=True)
    active = (~idle).groupby(key["time"]).mean()
    activity = cast(pd.Series, active.rename_axis(columns="channel").T.stack())
    activity = activity.rename("active")
    order = key.assign(step=step_numbers(key["time"])).sort_values(["region", "step"])
    rows = []
    for channel in channels:
        zero = idle[channel]
        silent = zero.groupby(key["region"]).all()
        rows.append(
            {
                "channel": channel,
                "zero_share": float(zero.mean()),
                "longest_spell": longest_run(
                    zero[order.index].to_numpy(), order["region"].to_numpy()
                ),
                "silent_regions": int(silent.sum()),
            }
        )
    return SpellTables(activity.reset_index(), pd.DataFrame(rows))


def longest_run(flags: np.ndarray, groups: np.ndarray) -> int:
    """Return the length of the longest run of True within a group.

    Parameters
    ----------
    flags : bool ndarray of shape (n,)
    groups : ndarray of shape (n,)
        Equal labels are adjacent.
    """
    longest = run = 0
    previous: object = None
    for flag, group in zip(flags.tolist(), groups.tolist(), strict=True):
        run = (run if group == previous else 0) + 1 if flag else 0
        longest, previous = max(longest, run), group
    return longest


class CollinearityTables(NamedTuple):
    """How far channels and controls move together.

    Attributes
    ----------
    correlation : DataFrame of shape (n_columns, n_columns)
        Indexed by column; NaN for columns that do not vary.
    vif : DataFrame
        ``column``, ``role`` ("channel" or "control") and ``vif``, the variance
        inflation factor: by how much collinearity inflates the variance of a linear
        coefficient. Infinite where others determine a column, NaN where it does not
        vary.
    """

    correlation: pd.DataFrame
    vif: pd.DataFrame


@of_fitted_model
def collinearity(mmm: FittedMMM) -> CollinearityTables:
    """Return correlations and variance inflation factors within regions.

    Differences between regions are no evidence for what media do, so each region's
    means are removed first and each region counts alike.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    CollinearityTables
        The largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import collinearity
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> bool((collinearity(mmm).vif["vif"] >= 1).all())
    True
    """
    channels = channels_by_size(mmm)
    names = [*channels, *mmm.control_columns_]
    values = mmm.history_[names].reset_index(drop=True)
    by = keys(mmm)["region"]
    centred = values - values.groupby(by).transform("mean")
    spread = (centred**2).groupby(by).transform("mean") ** 0.5
    scaled = (centred / spread.where(spread > 0)).fillna(0.0)
    correlation = scaled.corr()
    vif = pd.DataFrame(
        {
            "column": names,
            "role": ["channel"] * len(channels)
            + ["control"] * (len(names) - len(channels)),
            "vif": variance_inflation(correlation.to_numpy()),
        }
    )
    return CollinearityTables(correlation, vif)


def variance_inflation(correlation: np.ndarray) -> np.ndarray:
    r"""Return variance inflation factors, the diagonal of the inverse correlation.

    .. math:: \mathrm{VIF}_j = (R^{-1})_{jj} = 1 / (1 - R_j^2)

    Parameters
    ----------
    correlation : ndarray of shape (n, n)
        NaN in rows and columns of what does not vary.

    Returns
    -------
    ndarray of shape (n,)
        Infinite where others determine a column, NaN where it does not vary.
    """
    out = np.full(len(correlation), np.nan)
    varies = ~np.isnan(np.diag(correlation))
    R = correlation[np.ix_(varies, varies)]
    factors = np.empty(len(R))
    for j in range(len(R)):
        others = np.arange(len(R)) != j
        r = R[others, j]
        explained = r @ np.linalg.lstsq(R[np.ix_(others, others)], r, rcond=None)[0]
        factors[j] = np.inf if explained >= _EQUAL else 1 / (1 - explained)
    out[varies] = factors
    return out


@of_fitted_model
def outlier_table(mmm: FittedMMM, *, threshold: float = 4.0) -> pd.DataFrame:
    """Return training rows whose outcome is far from what the model expects.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    threshold : float, default=4.0
        Least absolute score, in robust standard deviations of the region's residuals.

    Returns
    -------
    DataFrame
        ``region``, ``time``, ``actual``, ``predicted`` (outcome units per time step)
        and ``score``, see :func:`residual_table`. The most extreme row comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import outlier_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> outlier_table(mmm, threshold=100.0).empty
    True
    """
    return outliers_of(fit_table(mmm), threshold)


def outliers_of(table: pd.DataFrame, threshold: float = 4.0) -> pd.DataFrame:
    """Return the outliers of a table as :func:`fit_table` returns it."""
    check_number("threshold", threshold)
    table = table[table["split"] == "training"].reset_index(drop=True)
    scored = table[["region", "time", "actual", "predicted"]].assign(
        score=residual_table(table)["score"]
    )
    far = scored[scored["score"].abs() >= threshold]
    order = far["score"].abs().sort_values(ascending=False, kind="stable").index
    return far.loc[order].reset_index(drop=True)


@of_fitted_model
def outlier_weight_table(mmm: FittedMMM, *, most: float = 0.5) -> pd.DataFrame:
    """Return training rows that the fit took for outliers and gave little weight.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    most : float, default=0.5
        Largest weight of a row in the table; 1 is the weight of an ordinary one.

    Returns
    -------
    DataFrame
        ``region``, ``time`` and ``weight``, the lightest row first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import outlier_weight_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> outlier_weight_table(mmm, most=0.0).empty
    True
    """
    check_number("most", most)
    weights = mmm.outlier_weights_.rename_axis(index="region", columns="time")
    table = cast(pd.Series, weights.T.unstack()).rename("weight").reset_index()
    light = table[table["weight"] <= most]
    return light.sort_values("weight", kind="stable", ignore_index=True)
