"""What channels brought for what they cost, and through one another."""

from collections.abc import Mapping

import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._totals import signed_total
from sklearn_mmm.inspection._training_rows import channels_by_size, interval_options

KINDS = ("direct", "mediated", "total")


@of_fitted_model
def share_table(mmm: FittedMMM, *, coverage: float = 0.9) -> pd.DataFrame:
    """Return channels' shares of the media contribution beside those of spend.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``channel``, ``spend`` (spend units), ``contribution`` (outcome units, or money
        with an ``outcome_value``), ``spend_share`` and ``contribution_share`` (of all
        channels); where the model has members ``low`` and ``high``: the interval of the
        contribution relative to the estimated contribution of all channels. Shares of
        nothing are NaN. The largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import share_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> round(float(share_table(mmm)["spend_share"].sum()), 6)
    1.0
    """
    return shares_of(roi_table(mmm, coverage=coverage))


def shares_of(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the shares of a table as :func:`roi_table` returns it."""
    total, spend = (signed_total(effects[c]) for c in ("contribution", "spend"))
    table = effects[["channel", "spend", "contribution"]].assign(
        spend_share=effects["spend"] / spend,
        contribution_share=effects["contribution"] / total,
    )
    if "low" in effects:
        table[["low", "high"]] = effects[["low", "high"]] / total
    return table


@of_fitted_model
def roi_table(
    mmm: FittedMMM, kind: str = "direct", *, coverage: float = 0.9
) -> pd.DataFrame:
    """Return ROI and marginal ROI of each channel over the training rows.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    kind : {"direct", "mediated", "total"}, default="direct"
        The channel's own contribution, what comes through channels that it drives, or
        both. Direct contributions sum to the media's part of the outcome.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``channel``, ``spend``, ``contribution`` (outcome units, or money with an
        ``outcome_value``), ``roi`` and ``marginal_roi`` (contribution per spend unit,
        on average and for the next unit; NaN where nothing was spent). Where the model
        has members also ``low`` and ``high`` (of the contribution), ``roi_low``,
        ``roi_high``, ``marginal_roi_low`` and ``marginal_roi_high``. The largest
        channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import roi_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> roi_table(mmm).columns.tolist()[:5]
    ['channel', 'spend', 'contribution', 'roi', 'marginal_roi']
    """
    return _tidy(mmm.effects(kind, **interval_options(mmm, coverage)), mmm)


def roi_tables(mmm: FittedMMM, coverage: float) -> dict[str, pd.DataFrame]:
    """Return :func:`roi_table` of each kind."""
    found = mmm.effects_by_kind(**interval_options(mmm, coverage))
    return {kind: _tidy(table, mmm) for kind, table in found.items()}


def _tidy(table: pd.DataFrame, mmm: FittedMMM) -> pd.DataFrame:
    bounds = ["low", "high", "roi_low", "roi_high"]
    bounds += ["marginal_roi_low", "marginal_roi_high"]
    names = ["spend", "contribution", "roi", "marginal_roi"]
    names += [name for name in bounds if name in table]
    return table.loc[channels_by_size(mmm), names].rename_axis("channel").reset_index()


@of_fitted_model
def effect_table(mmm: FittedMMM, *, coverage: float = 0.9) -> pd.DataFrame:
    """Return direct, mediated and total effects over the training rows.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``channel``, ``kind`` ("direct", "mediated" or "total"), ``contribution``
        (outcome units, or money with an ``outcome_value``), and ``low`` and ``high``
        where the model has members. The largest channel comes first.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import effect_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> effect_table(mmm)["kind"].tolist()[:3]
    ['direct', 'mediated', 'total']
    """
    return effects_of(roi_tables(mmm, coverage))


def effects_of(by_kind: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return direct, mediated and total effects, given :func:`roi_table` of each."""
    table = pd.concat([by_kind[kind].assign(kind=kind) for kind in KINDS])
    place = {name: i for i, name in enumerate(by_kind["direct"]["channel"])}
    table = table.sort_values("channel", key=lambda c: c.map(place), kind="stable")
    names = ["channel", "kind", "contribution", "low", "high"]
    return table[[n for n in names if n in table]].reset_index(drop=True)
