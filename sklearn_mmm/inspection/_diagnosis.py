"""What a reader of the results should know before relying on them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._data_quality import collinearity, outliers_of
from sklearn_mmm.inspection._demand import demand_table
from sklearn_mmm.inspection._effects import roi_table
from sklearn_mmm.inspection._fit_table import (
    autocorrelation,
    check_fit_table,
    fit_table,
)
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._graph_tables import graph_tables
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._naive import forecast_comparison
from sklearn_mmm.inspection._responses import kernel_lengths, unfaded_channels
from sklearn_mmm.inspection._totals import outcome_total
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    free_channels,
    keys,
    step_numbers,
    time_axis,
    worth_of_parts,
)
from sklearn_mmm.panel._time_axis import TimeAxis

_HIGH_VIF = 10.0
_LITTLE_VARIATION = 0.1
_HIGH_MEDIA_SHARE = 0.6
_HIGH_AUTOCORRELATION = 0.3
_MANY_OUTLIERS = 0.01
_SOME_BELOW_ZERO = 0.02
_WIDE_INTERVAL = 5.0
_FOUR_WEEKS = 28
_FAR = 4.0  # standard errors

Finding = tuple[str, str]


@of_fitted_model
def diagnose(
    mmm: FittedMMM,
    table: pd.DataFrame | None = None,
    allocation: Any = None,
    *,
    coverage: float = 0.9,
) -> pd.DataFrame:
    """Return warnings about data, fit, channels and budget, in plain words.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    table : DataFrame, default=None
        As :func:`~sklearn_mmm.inspection.fit_table` returns it, with a holdout if there
        is one; None means training rows alone.
    allocation : BudgetAllocation, default=None
        A budget to be judged as well.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    DataFrame
        ``topic`` ("data", "fit", "channels" or "budget") and ``message``; none of them
        where nothing stands out.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import diagnose
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, random_state=0,
    ... ).fit(X, y)
    >>> diagnose(mmm).query("topic == 'data'")["message"].iloc[0][:44]
    'There are 60 time steps, less than two years'
    """
    return findings(
        mmm,
        fit_table(mmm) if table is None else table,
        roi_table(mmm, coverage=coverage),
        graph_tables(mmm, coverage=coverage).edges,
        demand_table(mmm),
        allocation,
    )


def findings(
    mmm: FittedMMM,
    table: pd.DataFrame,
    roi: pd.DataFrame,
    edges: pd.DataFrame,
    demand: pd.DataFrame,
    allocation: Any,
) -> pd.DataFrame:
    """Return the warnings of :func:`diagnose`, given the tables they are read from."""
    found = [
        *_about_data(mmm),
        *_about_fit(mmm, table),
        *_about_channels(mmm, roi, edges),
        *_about_causes(mmm, demand),
        *([] if allocation is None else _about_budget(allocation)),
    ]
    return pd.DataFrame(found, columns=["topic", "message"])


def _about_data(mmm: FittedMMM) -> Iterator[Finding]:
    key = keys(mmm)
    n_steps = int(np.ptp(step_numbers(key["time"]))) + 1
    axis = time_axis(mmm)
    year = None if axis is None else axis.season_length
    if year is not None and n_steps < 2 * year:
        yield (
            "data",
            f"There are {n_steps} time steps, less than two years: what repeats each "
            "year can hardly be told from what happened once.",
        )
    grid = key["region"].nunique() * key["time"].nunique()
    if len(key) < grid:
        yield (
            "data",
            f"{grid - len(key):,} of {grid:,} combinations of region and time step "
            "have no row; they did not enter the fit.",
        )
    yield from _about_time(mmm, axis)
    free = free_channels(mmm)
    if free:
        yield (
            "data",
            f"Costing nothing: {_listing(free)}. Such channels have no ROI and stay as "
            "planned in budgets.",
        )
    vif = collinearity(mmm).vif
    vif = vif[vif["role"] == "channel"]
    high = vif.loc[vif["vif"] > _HIGH_VIF, "column"]
    if len(high):
        yield (
            "data",
            f"Moving with other columns (variance inflation above {_HIGH_VIF:.0f}): "
            f"{_listing(high)}. Who brought what of their common part is uncertain.",
        )
    flat = vif.loc[vif["vif"].isna(), "column"]
    if len(flat):
        yield (
            "data",
            f"Without variation inside regions: {_listing(flat)}. Such a contribution "
            "cannot be told from the baseline.",
        )
    steady = [name for name in _steady(mmm) if name not in set(flat)]
    if steady:
        yield (
            "data",
            f"Always on with little variation: {_listing(steady)}. A steady channel is "
            "hard to tell from the baseline.",
        )


def _about_time(mmm: FittedMMM, axis: TimeAxis | None) -> Iterator[Finding]:
    if axis is None:
        return
    if axis.kind == "order":
        yield (
            "data",
            "The time column has numbers without an even spacing: only their order "
            "counts, and there is no season. Give dates if they are known.",
        )
    days = axis.days_per_step
    if days is not None and days < 7 and mmm.adstock_.shape[1] * days < _FOUR_WEEKS:
        yield (
            "data",
            f"The carry-over ends after {mmm.adstock_.shape[1] * days:g} days "
            "(max_lag counts time steps): what media bring later is credited to the "
            "baseline.",
        )


def _steady(mmm: FittedMMM) -> list[str]:
    channels = channels_by_size(mmm)
    by = mmm.history_[channels].groupby(keys(mmm)["region"].to_numpy())
    variation = (by.std(ddof=0) / by.mean()).median()
    return [name for name in channels if variation[name] < _LITTLE_VARIATION]


def _about_fit(mmm: FittedMMM, table: pd.DataFrame) -> Iterator[Finding]:
    check_fit_table(table, "region", "time", "split")
    if (table["split"] == "holdout").any():
        found = forecast_comparison(table)
        skill, error = float(found["skill"]["model"]), found["rmse"]
        if skill < 0:
            yield (
                "fit",
                "The holdout was forecast worse than by the mean of each region's last "
                f"four time steps (skill {skill:.2f}): be careful with forecasts.",
            )
        if error["model"] > error["seasonal naive"]:
            yield (
                "fit",
                "A seasonal naive forecast of the holdout had a smaller error than the "
                "model's.",
            )
    else:
        yield (
            "fit",
            "There is no holdout, so nothing is known about forecasts: keep the last "
            "time steps back.",
        )
    shown = autocorrelation(table)
    first = shown["autocorrelation"].iloc[0] if len(shown) else 0.0
    if abs(first) > max(_HIGH_AUTOCORRELATION, shown["bound"].max()):
        yield (
            "fit",
            f"Residuals of neighbouring time steps correlate with {first:.2f}: the "
            + (
                "model misses something that lasts."
                if first > 0
                else "model follows single time steps too closely."
            ),
        )
    training = table[table["split"] == "training"]
    n_far = len(outliers_of(table))
    if n_far > _MANY_OUTLIERS * len(training):
        yield (
            "fit",
            f"{n_far:,} training rows ({100 * n_far / len(training):.1f} %) are "
            "outliers, more than four robust standard deviations from the fit.",
        )
    below = float((mmm.contributions_["baseline"] < 0).mean())
    if below > _SOME_BELOW_ZERO and (mmm.outcome_ >= 0).all():
        yield (
            "fit",
            f"The baseline is below zero in {100 * below:.0f} % of rows: there, "
            "media are credited with more than the whole outcome.",
        )


def _about_channels(
    mmm: FittedMMM, roi: pd.DataFrame, edges: pd.DataFrame
) -> Iterator[Finding]:
    brought = float(worth_of_parts(mmm)[mmm.media_columns_].to_numpy().sum())
    tests = getattr(mmm, "lift_test_fit_", pd.DataFrame(columns=["channel", "gap"]))
    far = tests.loc[tests["gap"].astype(float).abs() > _FAR, "channel"]
    if len(far):
        yield (
            "channels",
            f"Lift tests of {_listing(list(far))} are more than {_FAR:.0f} standard "
            "errors away from what the model says: check their window, their sum and "
            "their standard error.",
        )
    whole = outcome_total(mmm)
    if np.isnan(whole):
        yield (
            "channels",
            "The outcome sums to nothing or less, so that shares and percentages of it "
            "say nothing; they are left out. Read contributions and ROI instead.",
        )
    share = brought / whole
    if share > _HIGH_MEDIA_SHARE:
        yield (
            "channels",
            f"Media are credited with {100 * share:.0f} % of the outcome, which is "
            "much: how a level is split between baseline and media is weakly "
            "determined by data.",
        )
    if "roi_low" in roi:
        low, high = roi["roi_low"], roi["roi_high"]
        vague = roi.loc[(low <= 0) | (high > _WIDE_INTERVAL * low), "channel"]
        if len(vague):
            yield (
                "channels",
                f"Return not even known within a factor of {_WIDE_INTERVAL:.0f}: "
                f"{_listing(vague)}. Test before much money is moved.",
            )
    weak = edges[edges["strength"] < 0.5]
    if len(weak):
        names = [f"{a} → {b}" for a, b in zip(weak["from"], weak["to"], strict=True)]
        yield (
            "channels",
            f"Influences found in fewer than half of the resamples: {_listing(names)}. "
            "They may be chance.",
        )


def _about_causes(mmm: FittedMMM, demand: pd.DataFrame) -> Iterator[Finding]:
    suspected = demand.query("suspected")["channel"]
    if len(suspected):
        yield (
            "channels",
            "Media are foretold by past surprises of the outcome: "
            f"{_listing(suspected)}. They seem to follow demand, so part of what they "
            "are credited with would have come without them: add a control for demand, "
            "or test them by an experiment.",
        )
    cut = unfaded_channels(mmm)
    if cut:
        yield (
            "channels",
            f"Carry-over has not faded at the end of its {kernel_lengths(mmm, cut)} "
            f"time steps: {_listing(cut)}. Its effect lasts longer than max_lag "
            "allows; raise max_lag, or try another adstock.",
        )


def _about_budget(allocation: Any) -> Iterator[Finding]:
    if allocation.status != "optimal":
        yield (
            "budget",
            "The search for the best budget stopped before it had converged: the plan "
            "shown is an improvement, not the optimum.",
        )
    table = allocation.table
    beyond = table.loc[table["extrapolated"], "channel"]
    if len(beyond):
        several = "region" in table and table["region"].nunique() > 1
        yield (
            "budget",
            f"The best budget spends more on {_listing(dict.fromkeys(beyond))} at some "
            f"time{' in some region' if several else ''} than was ever seen"
            f"{' there' if several else ''}: the "
            "curve is extrapolated.",
        )


def _listing(names: Any, most: int = 5) -> str:
    shown = [str(name) for name in names]
    if len(shown) > most:
        return f"{', '.join(shown[:most])} and {len(shown) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
