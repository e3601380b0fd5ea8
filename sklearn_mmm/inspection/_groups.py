"""Campaigns beside the totals of their groups."""

import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import interval_options

_NAMES = ("spend", "contribution", "roi", "marginal_roi")
_BOUNDS = (
    *("low", "high"),
    *("roi_low", "roi_high", "marginal_roi_low", "marginal_roi_high"),
)
_LEVELS = ("channel", "group")


@of_fitted_model
def group_table(mmm: FittedMMM, *, coverage: float = 0.9) -> pd.DataFrame:
    """Return what groups of campaigns brought, and each campaign of them.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted with ``channel_groups``.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``group``, ``channel`` ("all" in the first row of each group), ``share`` of the
        group's contribution, and the columns of
        :func:`~sklearn_mmm.inspection.roi_table`: direct effects over the training
        rows. The largest campaign of a group comes first. No rows without groups.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import group_table
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     channel_groups={"both": ["tv", "search"]}, max_epochs=5, n_members=0,
    ...     validation=False, graph=False, random_state=0,
    ... ).fit(X, y)
    >>> group_table(mmm)[["group", "channel"]].to_numpy().tolist()[0]
    ['both', 'all']
    """
    options = interval_options(mmm, coverage)
    names = [*_NAMES, *(_BOUNDS if options else ())]
    if not mmm.channel_groups_:
        return pd.DataFrame(columns=["group", "channel", "share", *names])
    each, whole = (mmm.effects("direct", by=by, **options) for by in _LEVELS)
    parts = []
    for group, channels in mmm.channel_groups_.items():
        own = each.loc[channels, names].sort_values("contribution", ascending=False)
        own = pd.concat([whole.loc[[group], names].rename({group: "all"}), own])
        total = own["contribution"].iloc[0]
        share = own["contribution"] / (total if total else float("nan"))
        own.insert(0, "share", share)
        own.insert(0, "channel", own.index)
        own.insert(0, "group", group)
        parts.append(own)
    return pd.concat(parts, ignore_index=True)
