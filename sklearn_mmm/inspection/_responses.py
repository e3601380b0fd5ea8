"""How channels respond: curves, saturation, carry-over and change with time."""

from typing import Any

import pandas as pd

from sklearn_mmm import functional
from sklearn_mmm.functional import has_faded
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    free_channels,
    interval_options,
    keys,
)
from sklearn_mmm.panel._numbers import as_floats

# Of DeepCausalMMMRegressor.response_curves.
_DEFAULT_REACH = 2.0


@of_fitted_model
def response_curve_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return response curves with the operating point of each channel on them.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        As ``response_curves_`` (``channel``, ``spend``, ``response``,
        ``marginal_response``, ``extrapolated``, and ``low`` and ``high`` of the
        response where the model has members; money with an ``outcome_value``), and
        ``operating``: whether the point is the mean spend per time step in training;
        ``free``: whether the channel costs nothing, so that ``spend`` is its media, in
        units of its own. The largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import response_curve_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> int(response_curve_table(mmm)["operating"].sum())
    2
    """
    curves = dict(iter(mmm.response_curves_.groupby("channel", sort=False)))
    points = operating_points(mmm)
    free = free_channels(mmm)
    parts = []
    for channel in channels_by_size(mmm):
        point = points[points["channel"] == channel].assign(operating=True)
        curve = pd.concat([curves[channel].assign(operating=False), point])
        curve = curve.assign(free=channel in free)
        parts.append(curve.sort_values("spend", kind="stable"))
    return pd.concat(parts, ignore_index=True)


def operating_points(mmm: FittedMMM) -> pd.DataFrame:
    """Return the point of each response curve at the mean spend per time step.

    Columns are those of ``response_curves_``; the largest channel comes first. What
    costs nothing counts in units of its own.
    """
    channels = channels_by_size(mmm)
    region = keys(mmm)["region"].to_numpy()
    amounts = mmm.spend_.copy()
    for name in free_channels(mmm):
        amounts[name] = mmm.history_[name].to_numpy(float)
    usual = amounts.groupby(region).mean().sum()
    furthest = mmm.response_curves_.groupby("channel")["spend"].max()
    # A curve of two points ends at a multiple of the largest spend, so the reach that
    # makes it end at the mean spend asks for exactly that point.
    largest = furthest / _DEFAULT_REACH
    points = []
    for channel in channels:
        reach = usual[channel] / largest[channel] if usual[channel] > 0 else 1.0
        ends = mmm.response_curves(n_points=2, reach=reach)
        points.append(ends[ends["channel"] == channel].iloc[[1]])
    return pd.concat(points, ignore_index=True)


@of_fitted_model
def saturation_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return how far channels are saturated, and what more spend could bring.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``channel``; at the mean spend per time step: ``spend``, ``response``,
        ``marginal_response`` and ``share_of_maximum``; ``share_at_largest``, the share
        of the maximum at the largest spend seen; ``maximum`` and ``headroom``, the
        response that is left to the maximum (outcome units per time step, or money
        with an ``outcome_value``). Where the
        saturation has no maximum, it is infinite and shares are 0. The largest channel
        comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import saturation_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> table = saturation_table(mmm)
    >>> bool((table["share_of_maximum"] <= table["share_at_largest"]).all())
    True
    """
    points = operating_points(mmm).set_index("channel")
    curves = mmm.response_curves_
    inside = curves[~curves["extrapolated"]].groupby("channel")["response"].max()
    maximum = mmm.saturation_points().set_index("channel")["maximum"][points.index]
    of_maximum = maximum.where(maximum > 0)
    table = points[["spend", "response", "marginal_response"]].assign(
        share_of_maximum=(points["response"] / of_maximum).fillna(0.0),
        share_at_largest=(inside[points.index] / of_maximum).fillna(0.0),
        maximum=maximum,
        headroom=maximum - points["response"],
    )
    return table.rename_axis("channel").reset_index()


def unfaded_channels(mmm: FittedMMM) -> list[str]:
    """Return the channels whose carry-over is cut off by the end of its kernel."""
    faded = dict(
        zip(mmm.adstock_.index, has_faded(mmm.adstock_.to_numpy()), strict=True)
    )
    brings = mmm.contributions_[mmm.media_columns_].sum() > 0
    return [name for name in channels_by_size(mmm) if brings[name] and not faded[name]]


def kernel_lengths(mmm: FittedMMM, channels: list[str]) -> str:
    """Return how many time steps the kernels of channels have, in words."""
    lengths = (mmm.adstock_.loc[channels] != 0).sum(axis=1)
    return " or ".join(str(n) for n in sorted(set(lengths)))


@of_fitted_model
def adstock_table(mmm: FittedMMM, *, coverage: float = 0.9) -> pd.DataFrame:
    """Return the carry-over of each channel, by lag, and its half-life.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``channel``, ``lag`` (time steps), ``weight`` (share of the effect that arrives
        at this lag), ``half_life`` of the channel (time steps, :func:`half_life`), and
        ``low`` and ``high`` of the weight where the model has members. The largest
        channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import adstock_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_lag=4, max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> adstock_table(mmm).shape
    (8, 6)
    """
    kernels = mmm.adstock_.loc[channels_by_size(mmm)]
    table = kernels.rename_axis("channel").reset_index()
    table = table.melt("channel", var_name="lag", value_name="weight")
    place = {name: i for i, name in enumerate(kernels.index)}
    table = table.sort_values("channel", key=lambda c: c.map(place), kind="stable")
    table["lag"] = table["lag"].astype(int)
    lives = {
        c: half_life(w) for c, w in zip(kernels.index, kernels.values, strict=True)
    }
    table["half_life"] = table["channel"].map(lives)
    options = interval_options(mmm, coverage)
    if options:
        found = mmm.parameter_table(**options)
        found = found[found["parameter"] == "adstock_weight"]
        bounds = found.set_index(["channel", "lag"])[["low", "high"]]
        at = pd.MultiIndex.from_frame(table[["channel", "lag"]])
        table[["low", "high"]] = bounds.reindex(at).to_numpy()
    return table.reset_index(drop=True)


def half_life(weights: Any) -> float:
    """Return the time until half of the effect of a spend has arrived.

    Time counts from the start of the time step of the spend. Between time steps what
    has not yet arrived falls geometrically, so that an untruncated geometric kernel has
    log(1/2) / log(decay).

    Parameters
    ----------
    weights : array-like of shape (n_lags,)
        Of the adstock kernel, at least 0, summing to 1.

    Returns
    -------
    float
        Time steps.

    Examples
    --------
    >>> from sklearn_mmm.inspection import half_life
    >>> half_life([0.5, 0.25, 0.125, 0.125])
    1.0
    >>> half_life([0.0, 0.0, 1.0])
    2.5
    """
    weights = as_floats(weights, "weights")
    if weights.ndim != 1 or not abs(weights.sum() - 1.0) < 1e-6:
        raise ValueError(
            f"got weights of shape {weights.shape} and sum {weights.sum():g}; give the "
            "weights of one channel by lag, which sum to 1"
        )
    return functional.half_life(weights)


@of_fitted_model
def modulation_table(mmm: FittedMMM) -> pd.DataFrame:
    """Return by what factor effects were larger or smaller than usual over time.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.

    Returns
    -------
    DataFrame
        ``channel``, ``time``, ``factor`` (mean over regions; 1 is usual), and
        ``region_10`` and ``region_90``, between which four of five regions are. The
        largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import modulation_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, time_varying=False, random_state=0,
    ... ).fit(X, y)
    >>> modulation_table(mmm)["factor"].unique().tolist()
    [1.0]
    """
    channels = channels_by_size(mmm)
    by = mmm.modulation_[channels].reset_index(drop=True).groupby(keys(mmm)["time"])
    parts = {
        "factor": by.mean(),
        "region_10": by.quantile(0.1),
        "region_90": by.quantile(0.9),
    }
    tables = [
        pd.DataFrame({name: part[channel] for name, part in parts.items()})
        .rename_axis("time")
        .reset_index()
        for channel in channels
    ]
    for channel, table in zip(channels, tables, strict=True):
        table.insert(0, "channel", channel)
    return pd.concat(tables, ignore_index=True)
