"""Regions: their baseline, and what channels brought in each."""

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._totals import signed_total
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    interval_options,
    keys,
    parts_of,
    worth_of_parts,
)


@of_fitted_model
def region_table(mmm: FittedMMM, *, by: str | None = None) -> pd.DataFrame:
    """Return level, media share and ROI of each region in training.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    by : str, default=None
        A dimension of regions, where ``region_column`` names several columns: the
        regions of the table are then its groups. None means regions.

    Returns
    -------
    DataFrame
        ``region`` (called as ``by`` is, if that is given), ``n_steps``; per time step,
        in outcome units, or in money with an ``outcome_value``: ``outcome`` (as
        fitted), ``baseline``, ``controls`` and
        ``media``; ``media_share`` of the outcome (NaN where that is not clearly
        positive); ``spend`` (spend units per time step) and ``roi``. The region with
        the largest outcome comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import region_table
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> region_table(mmm)["n_steps"].tolist()
    [60, 60]
    """
    key, parts = keys(mmm), worth_of_parts(mmm)
    region, name = parts_of(mmm, by).to_numpy(), by or "region"
    columns = {
        "outcome": parts.to_numpy().sum(axis=1),
        "baseline": parts["baseline"].to_numpy(),
        "controls": parts[mmm.control_columns_].to_numpy().sum(axis=1),
        "media": parts[mmm.media_columns_].to_numpy().sum(axis=1),
        "spend": mmm.spend_.to_numpy().sum(axis=1),
    }
    # What the regions of a group have in a time step is one number.
    steps = pd.DataFrame(columns).groupby([region, key["time"].to_numpy()]).sum()
    groups = steps.groupby(level=0, sort=True)
    table = groups.mean().rename_axis(name).reset_index()
    table.insert(1, "n_steps", groups.size().to_numpy())
    whole = [
        signed_total(steps["outcome"], steps[["baseline", "controls", "media"]].sum())
        for _, steps in groups
    ]
    share = table["media"] / (np.array(whole) / table["n_steps"])
    table.insert(6, "media_share", share)
    table["roi"] = table["media"] / table["spend"].where(table["spend"] > 0)
    table = table.sort_values("outcome", ascending=False, kind="stable")
    return table.reset_index(drop=True)


@of_fitted_model
def region_channel_table(
    mmm: FittedMMM, *, coverage: float = 0.9, by: str | None = None
) -> pd.DataFrame:
    """Return what each channel cost and brought in each region in training.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the intervals.
    by : str, default=None
        A dimension of regions, where ``region_column`` names several columns: the
        regions of the table are then its groups. None means regions.

    Returns
    -------
    DataFrame
        ``region`` (called as ``by`` is, if that is given), ``channel``, ``spend``
        (spend units), ``contribution`` (outcome units, or money with an
        ``outcome_value``), ``share_of_outcome`` (of the
        region's outcome as fitted) and ``roi`` (NaN where nothing was spent); ``low``,
        ``high``, ``roi_low`` and ``roi_high`` where the model has members. The largest
        region and channel come first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import region_channel_table
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> len(region_channel_table(mmm))
    4
    """
    region, name = parts_of(mmm, by).to_numpy(), by or "region"
    channels = channels_by_size(mmm)
    parts = worth_of_parts(mmm).reset_index(drop=True)
    brought = parts[channels].groupby(region).sum()
    spend = mmm.spend_[channels].reset_index(drop=True).groupby(region).sum()
    outcome = parts.sum(axis=1).groupby(region).sum().sort_values(ascending=False)
    order = list(outcome.index)
    table = pd.DataFrame(
        {
            name: np.repeat(np.array(order), len(channels)),
            "channel": np.tile(np.array(channels, object), len(order)),
            "spend": spend.loc[order].to_numpy().ravel(),
            "contribution": brought.loc[order].to_numpy().ravel(),
        }
    )
    whole = {
        code: signed_total(own.sum(axis=1), own.sum())
        for code, own in parts.groupby(region)
    }
    table["share_of_outcome"] = table["contribution"] / table[name].map(whole)
    table["roi"] = table["contribution"] / table["spend"].where(table["spend"] > 0)
    options = interval_options(mmm, coverage)
    if options:
        bounds = ["low", "high", "roi_low", "roi_high"]
        found = mmm.effects("direct", by=f"channel×{name}", **options).reset_index()
        found = found[[name, "channel", *bounds]]
        table = table.merge(found, on=[name, "channel"], how="left")
    return table
