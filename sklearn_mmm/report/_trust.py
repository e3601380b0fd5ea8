"""How far to trust a fitted model: one grade, and its reasons."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sklearn_mmm.inspection import collinearity, demand_table, forecast_comparison
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._training_rows import worth_of_parts
from sklearn_mmm.plotting._style import percent
from sklearn_mmm.report._phrases import listing

DO_NOT_ACT = (
    "The evidence is weak, for reasons that the summary begins with: move no money by "
    "what follows before a test."
)
GOOD, FAIR, POOR, UNKNOWN = "good", "fair", "poor", "not known"
# Share of the holdout that intervals of 90 % may miss or hold beyond that.
_NEAR, _FAR = 0.1, 0.25
_FEWEST = 8
_HIGH_VIF, _SOME_VIF = 10.0, 5.0
# Width of the interval of what media brought, in units of it.
_WIDE, _MIDDLING = 1.0, 0.5
# Share of parameters of which the data said next to nothing.
_SOME_PRIOR, _MUCH_PRIOR = 0.25, 0.6
# Share of what media brought that channels are credited with which follow demand.
_SOME_DEMAND, _MUCH_DEMAND = 0.05, 0.25
# What a placebo may be credited with, of the outcome.
_SMALL_PLACEBO = 0.02

Row = tuple[str, str, str]


def trust_table(
    mmm: FittedMMM,
    fit: pd.DataFrame,
    total: pd.Series,
    coverage: float,
    *,
    beliefs: pd.DataFrame | None = None,
    demand: pd.DataFrame | None = None,
    placebo: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what speaks for and against a model.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    fit : DataFrame
        As :func:`~sklearn_mmm.inspection.fit_table` returns it.
    total : Series
        As :func:`~sklearn_mmm.inspection.media_total` returns it.
    coverage : float
        Of the intervals in both.
    beliefs : DataFrame or None
        As :func:`~sklearn_mmm.inspection.prior_posterior` returns it.
    demand : DataFrame or None
        As :func:`~sklearn_mmm.inspection.demand_table` returns it; None to ask it.
    placebo : DataFrame or None
        As :func:`~sklearn_mmm.inspection.placebo_test` returns it.

    Returns
    -------
    DataFrame
        ``check``, ``verdict`` ("good", "fair", "poor" or "not known") and ``reason``.
    """
    rows = [
        *_forecast(fit),
        *_intervals(fit, coverage),
        *_width(total),
        *_apart(mmm),
        *_demand(mmm, demand_table(mmm) if demand is None else demand),
        *_learned(beliefs),
        *_placebo(placebo),
    ]
    return pd.DataFrame(rows, columns=["check", "verdict", "reason"])


def grade(table: pd.DataFrame) -> str:
    """Return "high", "medium" or "low" trust.

    Low: forecasts are worse than naive ones, media cannot be told from nothing, or two
    checks are poor. High: forecasts and the width of the answer are known, nothing is
    poor and one check at most is fair.
    """
    verdict = table.set_index("check")["verdict"]
    poor = verdict == POOR
    if poor.get("forecasts", False) or poor.get("width of the answer", False):
        return "low"
    if poor.sum() > 1:
        return "low"
    known = verdict[verdict != UNKNOWN]
    is_known = {"forecasts", "width of the answer"} <= set(known.index)
    if is_known and not poor.any() and (known == FAIR).sum() <= 1:
        return "high"
    return "medium"


def _forecast(fit: pd.DataFrame) -> Iterator[Row]:
    if not (fit["split"] == "holdout").any():
        yield "forecasts", UNKNOWN, "nothing was kept back to measure forecasts"
        return
    found = forecast_comparison(fit)
    skill = float(found["skill"]["model"])
    error = found["rmse"]
    if not np.isfinite(skill):
        yield "forecasts", UNKNOWN, "the holdout does not vary"
    elif skill < 0:
        yield "forecasts", POOR, "worse than the last time steps' mean"
    elif error["model"] > error["seasonal naive"]:
        yield "forecasts", FAIR, "better than the recent mean, not than last year's"
    else:
        below = 1 - error["model"] / min(error["recent mean"], error["seasonal naive"])
        yield "forecasts", GOOD, f"errors {percent(below)} below naive forecasts"


def _intervals(fit: pd.DataFrame, coverage: float) -> Iterator[Row]:
    later = fit[fit["split"] == "holdout"]
    name = "intervals"
    if "low" not in later or len(later) < _FEWEST or later["low"].isna().all():
        yield name, UNKNOWN, "too few rows kept back, or no members"
        return
    inside = float(later["actual"].between(later["low"], later["high"]).mean())
    off = abs(inside - coverage)
    verdict = GOOD if off <= _NEAR else FAIR if off <= _FAR else POOR
    yield (
        name,
        verdict,
        f"{percent(inside)} of the holdout lie in intervals of {percent(coverage)}",
    )


def _width(total: pd.Series) -> Iterator[Row]:
    name = "width of the answer"
    if not np.isfinite(total["low"]):
        yield name, UNKNOWN, "the model has no members, so no intervals"
        return
    width = (total["high"] - total["low"]) / abs(total["contribution"] or np.nan)
    if not np.isfinite(width) or total["low"] <= 0 or width > _WIDE:
        yield name, POOR, "the interval is as wide as what media brought"
    elif width > _MIDDLING:
        yield name, FAIR, f"the interval is {percent(width)} of what media brought"
    else:
        yield name, GOOD, f"the interval is {percent(width)} of what media brought"


def _apart(mmm: FittedMMM) -> Iterator[Row]:
    vif = collinearity(mmm).vif
    vif = vif[vif["role"] == "channel"]
    worst = vif.iloc[int(vif["vif"].fillna(np.inf).argmax())]
    size, name = float(worst["vif"]), worst["column"]
    if not size <= _HIGH_VIF:
        why = "does not vary" if np.isnan(size) else "moves with other columns"
        yield "channels apart", POOR, f"{name} {why}"
    elif size > _SOME_VIF:
        yield "channels apart", FAIR, f"{name} moves with other columns to some extent"
    else:
        yield "channels apart", GOOD, "no channel moves much with other columns"


def _demand(mmm: FittedMMM, table: pd.DataFrame) -> Iterator[Row]:
    name = "spend and demand"
    if table["t"].isna().all():
        yield name, UNKNOWN, "too few rows to see whether spend follows the outcome"
        return
    suspected = table.loc[table["suspected"], "channel"].tolist()
    parts = worth_of_parts(mmm)[mmm.media_columns_].sum()
    share = float(parts[suspected].sum() / parts.sum()) if suspected else 0.0
    if not suspected:
        yield name, GOOD, "no spend follows past surprises of the outcome"
        return
    seem = f"seem{'s' if len(suspected) == 1 else ''} to follow the outcome"
    if share <= _SOME_DEMAND:
        yield name, GOOD, f"{listing(suspected)}, which brought little, {seem}"
        return
    yield (
        name,
        POOR if share > _MUCH_DEMAND else FAIR,
        f"{listing(suspected)} ({percent(share)} of what media brought) {seem}",
    )


def _learned(beliefs: pd.DataFrame | None) -> Iterator[Row]:
    name = "prior against data"
    if beliefs is None:
        yield name, UNKNOWN, "the model has no members, so no posterior"
        return
    share = float(beliefs["not_learned"].mean())
    verdict = GOOD if share <= _SOME_PRIOR else FAIR if share <= _MUCH_PRIOR else POOR
    if not share:
        yield name, verdict, "the data taught something about every parameter"
        return
    worst = beliefs.groupby("channel", sort=False)["not_learned"].mean().idxmax()
    yield (
        name,
        verdict,
        f"{percent(share)} of parameters are as believed before, most of {worst}",
    )


def _placebo(placebo: pd.DataFrame | None) -> Iterator[Row]:
    name = "placebo"
    if placebo is None:
        yield name, UNKNOWN, "no channel that does nothing was tried"
        return
    if "reaches_zero" not in placebo:
        yield name, UNKNOWN, "the model has no members, so no interval"
        return
    fooled = placebo[~placebo["reaches_zero"].astype(bool)]
    if fooled.empty:
        yield name, GOOD, "a channel that did nothing is credited with nothing"
        return
    share = float(fooled["share"].max())
    yield (
        name,
        FAIR if share <= _SMALL_PLACEBO else POOR,
        f"a channel that did nothing is credited with {percent(share)} of the outcome",
    )
