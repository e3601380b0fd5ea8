"""The summary page, in plain words."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.allocation._evidence import ENOUGH
from sklearn_mmm.inspection import (
    channels_by_size,
    fit_metrics,
    forecast_comparison,
)
from sklearn_mmm.inspection._diagnosis import findings
from sklearn_mmm.inspection._totals import outcome_total
from sklearn_mmm.inspection._training_rows import worth_of_parts
from sklearn_mmm.plotting._style import change_in_words, percent
from sklearn_mmm.plotting._words import (
    amount,
    between,
    decimal,
    one_of,
    part_of,
)
from sklearn_mmm.plotting._words import short_number as number
from sklearn_mmm.report._content import Results
from sklearn_mmm.report._phrases import clip, listing
from sklearn_mmm.report._trust import DO_NOT_ACT, POOR

_AMOUNTS = ["planned", "spend"]
_ENDS = np.argmax, np.argmin
_ALWAYS = (
    "Contributions come from observational data: channels that always move together, "
    "or with the season, cannot be told apart with certainty. An experiment that "
    "switches a channel off in some {} settles it."
)


# By forecast and measure.
Metrics = dict[Any, dict[Any, float]]


class Tile(NamedTuple):
    """A key number."""

    label: str
    value: str
    detail: str


class Summary(NamedTuple):
    """What the first page says; all of it is text, not HTML.

    Attributes
    ----------
    tiles : list of Tile
    sections : dict of list of str
        Heading -> paragraphs.
    channels : DataFrame
        What each channel brought, as texts.
    forecasts : DataFrame or None
        The model beside naive forecasts, as texts.
    moves : DataFrame or None
        What to do with the budget, as texts.
    warnings : list of str
    """

    tiles: list[Tile]
    sections: dict[str, list[str]]
    channels: pd.DataFrame
    forecasts: pd.DataFrame | None
    moves: pd.DataFrame | None
    warnings: list[str]


def summarise(results: Results) -> Summary:
    """Return the summary of a report."""
    comparison = _comparison(results)
    sections = {
        "What was fitted": _fitted(results),
        "How well it forecasts" if results.has_holdout else "How well it fits": _fit(
            results, comparison
        ),
        "What each channel brought": _brought(results),
    }
    if results.allocation is not None:
        sections["What to do with the budget"] = _budget(results)
    r = results
    warnings = findings(r.mmm, r.fit, r.roi, r.graph.edges, r.demand, r.allocation)
    where = "regions" if results.n_regions > 1 else f"{results.units.time}s"
    return Summary(
        tiles=_tiles(results, comparison),
        sections=sections,
        channels=_channel_rows(results),
        forecasts=None if comparison is None else _forecast_rows(results, comparison),
        moves=None if results.allocation is None else _move_rows(results),
        warnings=[*warnings["message"], _ALWAYS.format(where)],
    )


def _comparison(r: Results) -> Metrics | None:
    if not r.has_holdout:
        return None
    return forecast_comparison(r.fit).to_dict("index")


def _training(r: Results) -> dict[Any, float]:
    return fit_metrics(r.fit).to_dict("index")["training"]


def _tiles(r: Results, comparison: Metrics | None) -> list[Tile]:
    parts, units = worth_of_parts(r.mmm), r.units
    total = outcome_total(r.mmm)
    media = float(parts[r.mmm.media_columns_].to_numpy().sum())
    paid = r.roi[r.roi["spend"] > 0]
    spend = float(paid["spend"].sum())
    best, whole = channels_by_size(r.mmm)[0], float(parts.to_numpy().sum())
    tiles = [
        Tile(
            "Media's share of the outcome",
            percent(media / total),
            part_of(media, whole, units.worth),
        ),
        Tile(
            "Return of paid media",
            amount(float(paid["contribution"].sum()) / spend, units.worth)
            if spend
            else "–",
            f"for each {one_of(units.spend)}, on average",
        ),
        Tile(
            "Largest channel",
            clip(best, 20),
            f"{percent(float(parts[best].sum()) / total)} of the outcome",
        ),
    ]
    if comparison is not None:
        skill = comparison["model"]["skill"]
        tiles.append(
            Tile(
                "Forecast skill",
                decimal(skill, 2),
                f"1 is perfect, 0 no better than the last four {units.time}s' mean",
            )
        )
        error = comparison["model"]["mape"]
        tiles.append(Tile("Forecast error", percent(error), "mean, of the holdout"))
    else:
        metrics = _training(r)
        tiles.append(Tile("Fit, R²", decimal(metrics["r2"], 3), "on the training rows"))
    # What weak evidence promises is no key number.
    if r.allocation is not None and r.grade != "low":
        gain = r.allocation.gain
        size = number(abs(gain))
        if _has_sign(r):
            size = percent(abs(gain) / r.allocation.planned_outcome)
        sign = "−" if gain < 0 else "+"
        tiles.append(
            Tile("Gain from reallocation", sign + size, f"same money, {r.plan_name}")
        )
    return tiles


def _fitted(r: Results) -> list[str]:
    mmm, units = r.mmm, r.units
    history = r.fit[r.fit["split"] == "training"]
    n_steps = history["time"].nunique()
    span = f"{_label(history['time'].min())} to {_label(history['time'].max())}"
    regions = f"{r.n_regions} regions and " if r.n_regions > 1 else ""
    rows = f"{len(history):,} rows: " if r.n_regions > 1 else ""
    controls = len(mmm.control_columns_)
    channels = _count(len(mmm.media_columns_), "media channel")
    words = (
        f"The model explains an outcome by {channels}, {_count(controls, 'control')} "
        "and a baseline that may wander and repeat with the year. It was fitted to "
        f"{rows}{regions}{n_steps} {units.time}s, {span}."
    )
    if r.has_holdout:
        later = r.fit[r.fit["split"] == "holdout"]
        more = f" ({len(later):,} rows)" if r.n_regions > 1 else ""
        words += (
            f" The {later['time'].nunique()} {units.time}s after that{more} were kept "
            "back to measure forecasts."
        )
    unbought = [*mmm.organic_columns_, *mmm.mediators_]
    bought = [c for c in mmm.media_columns_ if c not in unbought]
    names = f"Media are {listing(bought, 8)}" if bought else "No media are bought"
    if mmm.organic_columns_:
        free = listing(mmm.organic_columns_, 8)
        names += f"; organic, at no cost: {free}"
    if mmm.mediators_:
        names += f"; mediators, which nobody buys, are {listing(mmm.mediators_, 8)}"
    if controls:
        names += f"; controls are {listing(list(mmm.control_columns_), 8)}"
    varies = float((mmm.modulation_ - 1).abs().to_numpy().max()) > 1e-6
    n_edges = len(r.graph.edges)
    return [
        words,
        f"{names}. Effects {'multiply' if mmm.link_ == 'log' else 'add up'}, and "
        f"{'vary with' if varies else 'are constant over'} time. "
        f"The graph has {_count(n_edges, 'influence')} among channels.",
    ]


def _count(n: int, name: str) -> str:
    return f"{n or 'no'} {name}{'' if n == 1 else 's'}"


def _label(time: Any) -> str:
    return f"{time:%d %B %Y}".lstrip("0") if hasattr(time, "year") else str(time)


def _fit(r: Results, comparison: Metrics | None) -> list[str]:
    training = _training(r)
    inside = (
        f"On the training rows R² is {decimal(training['r2'], 3)} and the mean error "
        f"{percent(training['mape'])}."
    )
    if comparison is None:
        return [inside]
    model, naive, year = (
        comparison[name] for name in ("model", "recent mean", "seasonal naive")
    )
    recent = _against(model["rmse"], naive["rmse"])
    seasonal = _against(model["rmse"], year["rmse"])
    sizes = "Regions differ in size, so R² says little. " if r.n_regions > 1 else ""
    return [
        f"{inside} Forecasts of the holdout have an R² of {decimal(model['r2'], 3)} "
        f"and a mean error of {percent(model['mape'])}.",
        f"{sizes}What matters is whether the model beats forecasts that cost nothing. "
        f"Its error (RMSE) is {recent} that of the mean of the last four "
        f"{r.units.time}s, and {seasonal} that of a seasonal naive forecast, which "
        "repeats the year before.",
    ]


def _against(model: float, other: float) -> str:
    if not other > 0:
        return "not comparable with"
    if model <= other:
        return f"{percent(1 - model / other)} below"
    return f"{percent(model / other - 1)} above"


def _brought(r: Results) -> list[str]:
    parts, channels = worth_of_parts(r.mmm), channels_by_size(r.mmm)
    total = outcome_total(r.mmm)
    shares = {name: float(parts[name].sum()) / total for name in channels}
    media = sum(shares.values())
    wide = r.verdict("width of the answer") == POOR
    brought = "would have brought, as a best guess," if wide else "brought"
    first = [f"{clip(name)} ({percent(shares[name])})" for name in channels[:3]]
    words = [
        f"Media{' and mediators' if r.mmm.mediators_ else ''} {brought} "
        f"{percent(media)} of the outcome; the rest needs no media. "
        f"The largest contribution comes from {', then '.join(first)}."
    ]
    roi = r.roi.dropna(subset=["roi"])
    if len(roi) > 1:
        best, worst = (roi.iloc[int(place(roi["roi"]))] for place in _ENDS)
        words.append(
            f"Each {one_of(r.units.spend)} of {clip(best['channel'])} brought "
            f"{amount(best['roi'], r.units.worth)}{_interval(best, 'roi')}, each of "
            f"{clip(worst['channel'])} {amount(worst['roi'], r.units.worth)}"
            f"{_interval(worst, 'roi')}."
        )
    return words


def _has_sign(r: Results) -> bool:
    """Return whether gains can be given as shares of the planned outcome."""
    return r.allocation.planned_outcome > 0 and np.isfinite(outcome_total(r.mmm))


def _interval(row: Any, name: str, form: str = " ({} to {})") -> str:
    if f"{name}_low" not in row or not np.isfinite(row[f"{name}_low"]):
        return ""
    return form.format(number(row[f"{name}_low"]), number(row[f"{name}_high"]))


def _channel_rows(r: Results) -> pd.DataFrame:
    saturation = r.saturation.set_index("channel")
    total = outcome_total(r.mmm)
    rows = []
    for row in r.roi.to_dict("records"):
        reached = saturation.loc[row["channel"], "share_of_maximum"]
        line = {
            "channel": row["channel"],
            f"spend ({r.units.spend})": number(row["spend"]),
            f"contribution ({r.units.worth})": number(row["contribution"]),
            "share of outcome": percent(row["contribution"] / total),
            "ROI": number(row["roi"]),
            "marginal ROI": number(row["marginal_roi"]),
            "saturation": percent(reached),
        }
        if "low" in row:
            # A second line of the cell.
            line[f"contribution ({r.units.worth})"] += (
                f"\n{number(row['low'])} to {number(row['high'])}"
            )
            for name, column in (("ROI", "roi"), ("marginal ROI", "marginal_roi")):
                line[name] += _interval(row, column, "\n{} to {}")
        rows.append(line)
    return pd.DataFrame(rows)


def _forecast_rows(r: Results, comparison: Metrics) -> pd.DataFrame:
    names = {
        "model": "this model",
        "recent mean": f"last four {r.units.time}s' mean",
        "seasonal naive": "seasonal naive",
    }
    return pd.DataFrame(
        [
            {
                "forecast of the holdout": names[name],
                f"RMSE ({r.units.outcome})": number(measured["rmse"]),
                "mean error": percent(measured["mape"]),
                "R²": decimal(measured["r2"], 3),
                "skill": decimal(measured["skill"], 2),
            }
            for name, measured in comparison.items()
        ]
    )


def _budget(r: Results) -> list[str]:
    allocation, units = r.allocation, r.units
    gain, planned = allocation.gain, allocation.planned_outcome
    share = f"{percent(gain / planned)} of the outcome" if _has_sign(r) else ""
    interval = allocation.gain_interval
    bounds = (
        f" ({percent(r.coverage)} interval "
        f"{between(interval[0], interval[1], units.worth)})"
        if interval
        else ""
    )
    if gain <= 1e-3 * abs(planned):
        return [
            f"The budget for {r.plan_name} is about as good as any split within its "
            f"bounds: the best one gains {share or number(gain)}."
        ]
    table = allocation.channels
    moved = (table["spend"] - table["planned"]).sort_values()
    more = [
        name for name in moved.index[::-1] if moved[name] > 0.02 * moved.abs().max()
    ]
    less = [name for name in moved.index if moved[name] < -0.02 * moved.abs().max()]
    words = (
        f"Spending the same {amount(allocation.total, units.spend)} for {r.plan_name} "
        f"differently would bring {amount(gain, units.worth)} more{bounds}"
        f"{', ' if share else ''}{share}."
    )
    if more and less:
        lead = "The model would spend" if r.grade == "low" else "Spend"
        words += f" {lead} more on {listing(more)}, less on {listing(less)}."
    return [
        *_doubts(r),
        words,
        "Amounts stay within the bounds given to the optimiser, because a model knows "
        "little about spend that was never tried. Move in steps, and measure.",
    ]


def _doubts(r: Results) -> list[str]:
    """Return why the evidence does not carry the move; nothing if it does."""
    comparison = _comparison(r)
    skill = None if comparison is None else comparison["model"]["skill"]
    chance = r.allocation.probability
    unsure = chance is not None and chance < ENOUGH
    if unsure or (skill is not None and skill < 0):
        return list(r.allocation.recommend(skill))
    return [DO_NOT_ACT] if r.grade == "low" else []


def _move_rows(r: Results) -> pd.DataFrame:
    table = r.allocation.channels
    order = (table["spend"] - table["planned"]).sort_values(ascending=False).index
    # Channels that cost nothing are no part of a budget.
    table = table.loc[[name for name in order if table.loc[name, _AMOUNTS].any()]]
    # The first unit of a channel that is not used may be worth any amount.
    used = table.where(table["spend"] > 0)
    change = [
        change_in_words(*pair)
        for pair in zip(table["planned"], table["spend"], strict=True)
    ]
    return pd.DataFrame(
        {
            "channel": table.index.astype(str),
            f"current ({r.units.spend})": table["planned"].map(number),
            f"optimal ({r.units.spend})": table["spend"].map(number),
            "change": change,
            "ROI now": table["planned_roi"].map(number),
            "ROI then": table["roi"].map(number),
            "marginal ROI then": used["marginal_roi"].map(number),
        }
    )
