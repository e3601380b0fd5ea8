"""The charts of a report, tab by tab."""

from collections.abc import Iterator

import pandas as pd

from sklearn_mmm.inspection import (
    autocorrelation,
    baseline_components,
    carry_over_table,
    change_table,
    contribution_table,
    control_table,
    event_table,
    fit_metrics,
    forecast_comparison,
    group_table,
    period_roi_table,
    region_channel_table,
    region_table,
    residual_table,
    spend_table,
)
from sklearn_mmm.inspection._contributions import waterfall_of
from sklearn_mmm.inspection._effects import shares_of
from sklearn_mmm.plotting import (
    channel_colours,
    plot_allocation,
    plot_baseline,
    plot_bubbles,
    plot_carry_over,
    plot_changes,
    plot_contributions,
    plot_events,
    plot_fit,
    plot_frontier,
    plot_period_roi,
    plot_predicted_actual,
    plot_region_heatmap,
    plot_regions,
    plot_residuals,
    plot_roi,
    plot_shares,
    plot_spend,
    plot_waterfall,
)
from sklearn_mmm.plotting._words import amount, between
from sklearn_mmm.report._content import Chart, Results, band
from sklearn_mmm.report._data_charts import appendix_charts, data_charts
from sklearn_mmm.report._graph_charts import graph_charts
from sklearn_mmm.report._response_charts import response_charts
from sklearn_mmm.report._trust import DO_NOT_ACT


def charts(results: Results) -> Iterator[Chart]:
    """Yield the charts of a report, tab by tab."""
    yield from _summary(results)
    yield from _fit(results)
    yield from _channels(results)
    yield from response_charts(results)
    if results.n_regions > 1:
        yield from _regions(results)
    if results.allocation is not None:
        yield from _budget(results)
    if len(results.graph.edges):
        yield from graph_charts(results)
    yield from data_charts(results)
    yield from appendix_charts(results)


_MEASURED = (
    " What a control brought is measured from the value in brackets; what it brings "
    "there is part of the baseline."
)


def _summary(r: Results) -> Iterator[Chart]:
    table = waterfall_of(r.mmm, r.roi)
    hues = channel_colours(r.mmm)
    yield Chart(
        "waterfall",
        "summary",
        "From the baseline to the outcome",
        "What would have been there without media, and what each channel added over "
        "the training period."
        + (_MEASURED if r.mmm.control_columns_ else "")
        + band(r, "Whiskers are {} intervals."),
        plot_waterfall(table, units=r.units, colours=hues),
        {"waterfall": table}
        | ({"controls": control_table(r.mmm)} if r.mmm.control_columns_ else {}),
    )


def _fit(r: Results) -> Iterator[Chart]:
    metrics = fit_metrics(r.fit).reset_index()
    # By region, as the figure has them, so that the page need not hold both.
    by_region = r.fit.sort_values(["region", "time"], kind="stable", ignore_index=True)
    tables = {"fit": by_region, "fit_metrics": metrics}
    if r.has_holdout:
        tables["forecasts"] = forecast_comparison(r.fit).reset_index()
    shade = " The shaded part was not trained on." if r.has_holdout else ""
    yield Chart(
        "fit",
        "fit",
        "Actual against predicted",
        "The closer the two lines, the better the model describes the outcome."
        + shade
        + band(r, "The band is a {} interval."),
        plot_fit(r.fit, units=r.units),
        tables,
    )
    yield Chart(
        "residuals",
        "fit",
        "Residuals over time and autocorrelation",
        "What the model misses should look like noise: no long runs above or below "
        "zero, and autocorrelations within the dotted lines.",
        plot_residuals(r.fit, units=r.units),
        {
            "residuals": residual_table(by_region),
            "autocorrelation": autocorrelation(r.fit),
        },
    )
    yield Chart(
        "predicted_actual",
        "fit",
        "Predicted against actual, point by point",
        (
            f"Each point is one region in one {r.units.time}; on the dotted line the "
            "prediction is right. Large and small regions should both lie along it."
            if r.n_regions > 1
            else f"Each point is one {r.units.time}; on the dotted line the prediction "
            "is right."
        ),
        plot_predicted_actual(r.fit, units=r.units),
        {"fit_metrics": metrics},
    )
    components = baseline_components(r.mmm)
    yield Chart(
        "baseline",
        "fit",
        "Trend and season of the baseline",
        "The part of the outcome that needs no media: a slow level, what repeats each "
        "year, and the rest.",
        plot_baseline(components, units=r.units),
        {"baseline_components": components},
    )


def _channels(r: Results) -> Iterator[Chart]:
    mmm, hues = r.mmm, channel_colours(r.mmm)
    parts = contribution_table(mmm)
    yield Chart(
        "contributions",
        "channels",
        "Contributions over time",
        f"How much of each {r.units.time}'s outcome the model credits to baseline, "
        "controls and channels.",
        plot_contributions(parts, mmm.control_columns_, units=r.units, colours=hues),
        {"contributions": parts},
    )
    shares = shares_of(r.roi)
    yield Chart(
        "shares",
        "channels",
        "Share of contribution and of spend",
        "Where the blue bar is longer, a channel brings more than its part of the "
        "budget." + band(r, "Whiskers are {} intervals."),
        plot_shares(shares, units=r.units),
        {"shares": shares},
        half=_side_by_side(r),
    )
    # Channels that cost nothing have no return.
    paid = r.roi[r.roi["roi"].notna()]
    groups = group_table(r.mmm, coverage=r.coverage)
    if len(paid):
        yield Chart(
            "roi",
            "channels",
            "Return on investment",
            "The average tells what was earned so far, the marginal one what the next "
            "unit of spend would earn."
            + band(r, "Bars are {} intervals.")
            + _of_groups(groups),
            plot_roi(paid, units=r.units),
            {"roi": r.roi} | ({"groups": groups} if len(groups) else {}),
            half=_side_by_side(r),
        )
    yield from _money(r)
    events = event_table(mmm)
    if len(events):
        yield Chart(
            "events",
            "channels",
            "Holidays and events",
            f"What an event brought or cost in a {r.units.time}, beside what the "
            "outcome would have been.",
            plot_events(events, units=r.units),
            {"events": events},
        )


def _of_groups(groups: pd.DataFrame) -> str:
    """Return what campaigns of a group return together, in words."""
    whole = groups[(groups["channel"] == "all") & groups["roi"].notna()]
    told = [f"{row.group} {row.roi:.2f}" for row in whole.itertuples()]
    return f" Campaigns of a group together: {', '.join(told)}." if told else ""


def _money(r: Results) -> Iterator[Chart]:
    hues, table = channel_colours(r.mmm), spend_table(r.mmm)
    paid = r.roi["roi"].notna()
    if paid.sum() > 1:
        yield Chart(
            "bubbles",
            "channels",
            "ROI against spend",
            "Large bubbles brought much. High up and far to the left: little money "
            "that worked well.",
            plot_bubbles(r.roi, units=r.units, colours=hues),
            {"roi": r.roi},
            half=_side_by_side(r),
        )
    kernels = carry_over_table(r.mmm)
    yield Chart(
        "carry_over",
        "channels",
        "Immediate and carried-over effect",
        f"What a channel brought in the {r.units.time} of the spend, and what came "
        "later.",
        plot_carry_over(kernels, units=r.units),
        {"carry_over": kernels},
        half=_side_by_side(r),
    )
    yield Chart(
        "spend",
        "channels",
        "Spend and contribution over time",
        "Grey is the money, the line what the channel brought, each relative to its "
        "largest value.",
        plot_spend(table, units=r.units, colours=hues),
        {"spend": table},
    )
    periods = period_roi_table(r.mmm)
    if periods["period"].nunique() > 2 and periods["roi"].notna().any():
        yield Chart(
            "period_roi",
            "channels",
            "ROI by quarter and year",
            "Returns fall where more is spent on a saturated channel, and carry-over "
            "counts for the period in which it works."
            + (" The eight largest channels." if len(hues) > 8 else ""),
            plot_period_roi(periods, units=r.units, colours=hues),
            {"period_roi": periods},
        )
    if r.previous is not None:
        changes = change_table(r.mmm, r.previous, coverage=r.coverage)
        yield Chart(
            "changes",
            "channels",
            "What changed since the last report",
            "ROI as the former fit had it, and now. Intervals that overlap are no "
            "change to act on.",
            plot_changes(changes, units=r.units),
            {"changes": changes},
        )


def _side_by_side(r: Results) -> bool:
    """Return whether charts with a row for each channel are no higher than wide."""
    return len(r.roi) <= 12


def _regions(r: Results) -> Iterator[Chart]:
    names = list(map(str, r.mmm.dimensions_))
    if len(names) > 1:
        for number, name in enumerate(names, start=1):
            yield from _region_charts(r, name, f"_{number}")
    yield from _region_charts(r, None, "")


def _region_charts(r: Results, by: str | None, suffix: str) -> Iterator[Chart]:
    """Yield charts of regions, or of their groups by the name of a dimension."""
    name = by or "region"
    cells = region_channel_table(r.mmm, coverage=r.coverage, by=by)
    yield Chart(
        f"region_heatmap{suffix}",
        "regions",
        f"Channels by {name}",
        f"Large {name}s at the top, large channels on the left. Choose what is shown.",
        plot_region_heatmap(cells, units=r.units, by=by),
        {f"regions_channels{suffix}": cells},
    )
    table = region_table(r.mmm, by=by)
    yield Chart(
        f"regions{suffix}",
        "regions",
        f"Baseline and media share by {name}",
        f"How large each {name} is, how much of it needs no media, and the share that "
        "media bring. Choose the order.",
        plot_regions(table, units=r.units, by=by),
        {f"regions{suffix}": table},
    )


def _budget(r: Results) -> Iterator[Chart]:
    allocation = r.allocation
    interval = allocation.gain_interval
    bounds = ""
    if interval:
        bounds = f" ({between(interval[0], interval[1], r.units.worth)})"
    yield Chart(
        "allocation",
        "budget",
        "Current against optimal budget",
        (f"{DO_NOT_ACT} " if r.grade == "low" else "")
        + f"The same money for {r.plan_name}, better spent, would bring "
        f"{amount(allocation.gain, r.units.worth)} more{bounds}. Where marginal "
        "returns still differ, bounds hold the budget."
        + (
            " Mediators are held as they were: what budgets would bring through them "
            "is not counted (react)."
            if r.mmm.mediators_
            else ""
        ),
        plot_allocation(allocation, units=r.units),
        {
            "allocation": allocation.channels.reset_index(),
            "allocation_amounts": allocation.table,
        },
    )
    if r.frontier is not None:
        yield Chart(
            "frontier",
            "budget",
            "What other budgets would bring",
            "The best outcome for less or more money, and what the next unit of budget "
            "would bring. The diamond is the plan as it stands.",
            plot_frontier(r.frontier, allocation.planned_total, units=r.units),
            {"frontier": r.frontier},
        )
