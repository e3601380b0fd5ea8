"""Estimates over rolling origins and left-out regions."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, check_cv

from sklearn_mmm._sklearn_compat import _safe_indexing
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._refits import refit, regions_of
from sklearn_mmm.inspection._training_rows import channels_by_size, interval_options
from sklearn_mmm.model_selection import PanelTimeSeriesSplit
from sklearn_mmm.panel._columns import as_table, check_target
from sklearn_mmm.panel._region_labels import chosen_regions

# Rolling origins, and groups of regions that are left out, one after another.
_N_ORIGINS = 3
_N_GROUPS = 3

Split = tuple[str, np.ndarray]


@of_fitted_model
def stability(
    mmm: FittedMMM, X: Any, y: Any, cv: Any = None, *, coverage: float = 0.9
) -> pd.DataFrame:
    """Return how estimates change as time steps or regions are left out.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        Rows to fit.
    y : array-like of shape (n_rows,)
        Their outcome, outcome units.
    cv : splitter, iterable of (train, test), or None, default=None
        Whose training rows are fitted; regions are its groups. None means three
        rolling origins in the second half of the time steps, and in panels that each
        third of the regions is left out once.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        A row for each split and channel: ``split``, ``n_rows``, ``channel``, ``roi``
        and ``marginal_roi`` of the refit (contribution per spend unit; NaN where
        nothing was spent), ``share`` of the outcome of these rows, ``ratio`` of the
        contribution to what ``mmm`` itself says of the same rows; and where the model
        has members ``roi_low``, ``roi_high`` and ``agrees``: whether the contribution
        that ``mmm`` says is in the refit's interval. The largest channel comes first.

    Raises
    ------
    ValueError
        If y does not fit X, or there are too few time steps.

    Notes
    -----
    Ratios far from 1 that intervals do not explain show effects that change with time
    or differ between regions, or a split of credit that a few rows decide.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, PanelTimeSeriesSplit
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import stability
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> cv = PanelTimeSeriesSplit(2, test_size=8, time_column="week")
    >>> table = stability(mmm, X, y, cv)
    >>> table[["split", "n_rows"]].drop_duplicates().to_numpy().tolist()
    [['split 1', 88], ['split 2', 104]]
    """
    outcome = check_target(y, as_table(X).shape[0])
    region = regions_of(mmm, X)
    parts = _default(mmm, X, region) if cv is None else _given(cv, X, y, region)
    tables = [
        _estimates(mmm, X, outcome, region, split, coverage)
        for split in parts
        if len(split[1])
    ]
    if not tables:
        raise ValueError(f"got cv={cv!r}, which makes no splits")
    return pd.concat(tables, ignore_index=True)


def _given(cv: Any, X: Any, y: Any, region: np.ndarray) -> Iterator[Split]:
    splits: Iterable[Any] = check_cv(cv).split(X, y, region)
    for number, (train, _) in enumerate(splits, start=1):
        yield f"split {number}", np.asarray(train)


def _default(mmm: FittedMMM, X: Any, region: np.ndarray) -> Iterator[Split]:
    origins = PanelTimeSeriesSplit(2 * _N_ORIGINS - 1, time_column=mmm.time_column)
    late = list(origins.split(X))[-_N_ORIGINS:]
    for number, (train, _) in enumerate(late, start=1):
        yield f"origin {number}", train
    n_groups = min(_N_GROUPS, len(np.unique(region)))
    if n_groups > 1:
        folds = GroupKFold(n_groups).split(region, groups=region)
        for number, (train, _) in enumerate(folds, start=1):
            yield f"without regions {number}", train


def _estimates(
    mmm: FittedMMM,
    X: Any,
    y: np.ndarray,
    region: np.ndarray,
    split: Split,
    coverage: float,
) -> pd.DataFrame:
    name, train = split
    rows = _safe_indexing(X, train)
    tests = _tests_within(mmm, set(region[train]))
    model = refit(mmm, rows, y[train], tests)
    found = model.effects("direct", **interval_options(model, coverage))
    usual = mmm.effects("direct", rows)["contribution"]
    total = float((y[train] * model.outcome_value_.to_numpy()).sum())
    table = pd.DataFrame(
        {
            "split": name,
            "n_rows": len(train),
            "channel": found.index,
            "roi": found["roi"].to_numpy(),
            "marginal_roi": found["marginal_roi"].to_numpy(),
            "share": found["contribution"].to_numpy()
            / (total if total > 0 else np.nan),
            "ratio": (found["contribution"] / usual.where(usual > 0)).to_numpy(),
        },
        index=found.index,
    )
    if "low" in found:
        inside = (found["low"] <= usual) & (usual <= found["high"])
        table = table.assign(
            roi_low=found["roi_low"], roi_high=found["roi_high"], agrees=inside
        )
    return table.loc[channels_by_size(mmm)].reset_index(drop=True)


def _tests_within(mmm: FittedMMM, regions: set[Any]) -> Any:
    """Return the lift tests all of whose regions are there, or that are of all."""
    tests, dimensions = mmm.lift_tests_, mmm.dimensions_
    if tests is None:
        return tests
    there = dimensions.index.isin(regions)

    def known(row: dict[Any, Any]) -> bool:
        chosen = chosen_regions(dimensions, row)
        return bool(chosen.all() or there[chosen].all())

    kept = tests[[known(row) for row in tests.to_dict("records")]]
    return kept if len(kept) else None
