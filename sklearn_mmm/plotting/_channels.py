"""Channels beside one another: shares, ROI, saturation, direct and total effects."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import (
    Units,
    effect_table,
    roi_table,
    saturation_table,
    share_table,
)
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._panels import units_for
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    CLEAR,
    CONTRAST,
    FAINT,
    NUMBER,
    PALETTE,
    PERCENT,
    REFERENCE,
    fade,
    label_axis,
    logarithmic,
    number,
    row_height,
    styled,
    text,
)
from sklearn_mmm.plotting._words import SMALLEST, between, short_number


@of_fitted_model
def plot_shares(
    source: Any, *, coverage: float = 0.9, units: Units | None = None
) -> go.Figure:
    """Plot channels' shares of the media contribution against those of spend.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.share_table`.
    coverage : float, default=0.9
        Of the intervals, when the source is an estimator.
    units : Units, default=None
        Names of the units; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        A channel whose upper bar is longer brings more than its part of the budget.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_shares
    >>> table = pd.DataFrame({
    ...     "channel": ["tv", "search"], "spend": [3.0, 1.0],
    ...     "contribution": [1.0, 1.0], "spend_share": [0.75, 0.25],
    ...     "contribution_share": [0.5, 0.5],
    ... })
    >>> plot_shares(table).data[0].x.tolist()
    [0.5, 0.5]
    """
    table = table_of(
        source,
        share_table,
        Needs("channel", "spend contribution spend_share contribution_share"),
        coverage=coverage,
    )
    units = units_for(source, units)
    figure = go.Figure()
    for name, column, amount, unit, colour in (
        ("contribution", "contribution_share", "contribution", units.worth, ACCENT),
        ("spend", "spend_share", "spend", units.spend, FAINT),
    ):
        has_bounds = column == "contribution_share" and "low" in table
        figure.add_bar(
            x=table[column],
            y=np.arange(len(table)),
            orientation="h",
            name=f"share of {name}",
            marker={"color": colour, "line_width": 0},
            error_x=error_bars(table, column, "low", "high") if has_bounds else None,
            customdata=np.column_stack([names_of(table), table[amount].map(number)]),
            hovertemplate=f"%{{customdata[0]}}<br>%{{x{PERCENT}}} of {name}"
            f"<br>%{{customdata[1]}} {text(unit)}<extra></extra>",
        )
    figure.update_yaxes(**label_axis(table["channel"].tolist()))
    return styled(
        figure,
        "Share of contribution and share of spend",
        xaxis={"title_text": "share of all channels", "tickformat": ".0%"},
        barmode="group",
        bargap=0.3,
        bargroupgap=0.06,
        height=row_height(len(table), 34),
    )


def names_of(table: pd.DataFrame, column: str = "channel") -> list[str]:
    """Return names as hover text."""
    return [text(name) for name in table[column]]


def error_bars(table: pd.DataFrame, middle: str, low: str, high: str) -> dict[str, Any]:
    """Return error bars between two columns."""
    return {
        "type": "data",
        "symmetric": False,
        "array": (table[high] - table[middle]).to_numpy(),
        "arrayminus": (table[middle] - table[low]).to_numpy(),
        "color": REFERENCE,
        "thickness": 1.5,
        "width": 3,
    }


@of_fitted_model
def plot_roi(
    source: Any,
    kind: str = "direct",
    *,
    coverage: float = 0.9,
    units: Units | None = None,
) -> go.Figure:
    """Plot ROI and marginal ROI of each channel.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of :func:`~sklearn_mmm.inspection.roi_table`.
    kind : {"direct", "mediated", "total"}, default="direct"
        Which effects count, when the source is an estimator.
    coverage : float, default=0.9
        Of the intervals, when the source is an estimator.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        The best channel comes first. The scale is logarithmic where values differ by a
        factor of 50, and what is under 0.01 stands at its left edge.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_roi
    >>> table = pd.DataFrame({
    ...     "channel": ["tv", "search"], "roi": [1.0, 3.0], "marginal_roi": [0.5, 1.0],
    ... })
    >>> plot_roi(table).data[0].x.tolist()
    [3.0, 1.0]
    """
    table = table_of(
        source, roi_table, Needs("channel", "roi marginal_roi"), kind, coverage=coverage
    )
    units = units_for(source, units)
    table = table.sort_values("roi", ascending=False, kind="stable", ignore_index=True)
    per_unit = text(units.per_spend)
    scale, floor = _roi_scale(table)
    figure = go.Figure()
    for name, column, colour, symbol, shift in (
        ("ROI (average)", "roi", ACCENT, "circle", -0.14),
        ("marginal ROI (next unit)", "marginal_roi", PALETTE[1], "diamond", 0.14),
    ):
        low, high = f"{column}_low", f"{column}_high"
        has_bounds = low in table
        said = [short_number(value) for value in table[column]]
        interval = (
            [
                f"<br>interval {between(*ends)}"
                for ends in zip(table[low], table[high], strict=True)
            ]
            if has_bounds
            else [""] * len(table)
        )
        figure.add_scatter(
            x=table[column].clip(lower=floor),
            y=np.arange(len(table)) + shift,
            mode="markers",
            name=name,
            marker={"color": colour, "size": 10, "symbol": symbol},
            error_x=error_bars(table, column, low, high) if has_bounds else None,
            customdata=np.column_stack([names_of(table), interval, said]),
            hovertemplate=f"%{{customdata[0]}}<br>{name} %{{customdata[2]}} {per_unit}"
            "%{customdata[1]}<extra></extra>",
        )
    figure.update_yaxes(**label_axis(table["channel"].tolist()))
    _stripe(figure, len(table))
    return styled(
        figure,
        "Return on investment",
        xaxis={
            "title_text": per_unit,
            **scale,
        },
        height=row_height(len(table)),
    )


def _roi_scale(table: pd.DataFrame) -> tuple[dict[str, Any], float | None]:
    """Return the axis of ROI, and the smallest value that it shows, if there is one."""
    columns = [c for c in table if str(c).startswith(("roi", "marginal_roi"))]
    known = table[columns].to_numpy(dtype=float).ravel()
    known = known[np.isfinite(known)]
    if not (len(known) and known.min() > 0 and known.max() / known.min() > 50):
        return {"rangemode": "tozero"}, None
    low, high = float(known.min()), float(known.max())
    if low >= SMALLEST or high < 10 * SMALLEST:
        return logarithmic(low, high), None
    ends = np.log10([0.9 * SMALLEST, 1.4 * high]).tolist()
    return {**logarithmic(SMALLEST, high), "range": ends}, SMALLEST


def _stripe(figure: go.Figure, n: int) -> None:
    """Give every other row a ground, so that points belong to their labels."""
    for i in range(0, n, 2):
        figure.add_hrect(
            y0=i - 0.5, y1=i + 0.5, fillcolor=fade(REFERENCE, 0.08), line_width=0,
            layer="below",
        )  # fmt: skip


@of_fitted_model
def plot_saturation(source: Any, *, units: Units | None = None) -> go.Figure:
    """Plot how far each channel is saturated, and its headroom.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.saturation_table`.
    units : Units, default=None
        Names of the units; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        Of the largest response that the curve allows: what the mean spend brings, what
        the largest spend seen brought more, and the rest, which is extrapolated. The
        figures on the right are the marginal response at the mean spend, if that is
        the same in each time step: spend that comes in bursts meets more saturation.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_saturation
    >>> table = pd.DataFrame({
    ...     "channel": ["tv"], "spend": [1.0], "response": [2.0],
    ...     "marginal_response": [1.5], "share_of_maximum": [0.4],
    ...     "share_at_largest": [0.7], "maximum": [5.0], "headroom": [3.0],
    ... })
    >>> [round(float(trace.x[0]), 2) for trace in plot_saturation(table).data]
    [0.4, 0.3, 0.3]
    """
    table = table_of(
        source,
        saturation_table,
        Needs("channel", "share_of_maximum share_at_largest marginal_response"),
    )
    units = units_for(source, units)
    used = table["share_of_maximum"].to_numpy()
    # A mean of all regions together may exceed the largest sum that was seen at once.
    seen = np.maximum(table["share_at_largest"].to_numpy(), used)
    figure = go.Figure()
    for name, share, colour, edge in (
        ("at the mean spend", used, ACCENT, CLEAR),
        ("up to the largest spend seen", seen - used, fade(ACCENT, 0.4), CLEAR),
        ("beyond (extrapolated)", 1 - seen, fade(REFERENCE, 0.12), REFERENCE),
    ):
        figure.add_bar(
            x=share,
            y=np.arange(len(table)),
            orientation="h",
            name=name,
            marker={"color": colour, "line": {"color": edge, "width": 0.5}},
            customdata=names_of(table),
            hovertemplate=f"%{{customdata}}<br>{name}: %{{x{PERCENT}}} of the maximum"
            "<extra></extra>",
        )
    words = [_next_unit(value) for value in table["marginal_response"]]
    figure.data[-1].update(text=words, textposition="outside", cliponaxis=False)
    figure.update_yaxes(**label_axis(table["channel"].tolist()))
    return styled(
        figure,
        "Saturation and headroom",
        xaxis={
            "title_text": "share of the maximum response"
            "<br>right: return of one more, spent evenly",
            "tickformat": ".0%",
            # Room for the words on narrow paper as well.
            "range": [0, 1.04 + 0.026 * max(map(len, words), default=0)],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
        },
        barmode="stack",
        bargap=0.35,
        height=row_height(len(table)),
    )


def _next_unit(value: float) -> str:
    return f" {short_number(value)}" if np.isfinite(value) else ""


@of_fitted_model
def plot_effects(
    source: Any, *, coverage: float = 0.9, units: Units | None = None
) -> go.Figure:
    """Plot direct against mediated against total effects of each channel.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.effect_table`.
    coverage : float, default=0.9
        Of the intervals, when the source is an estimator.
    units : Units, default=None
        Names of the units on the axes; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars are the direct and the mediated part, the diamond their sum.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_effects
    >>> table = pd.DataFrame({
    ...     "channel": ["tv"] * 3, "kind": ["direct", "mediated", "total"],
    ...     "contribution": [3.0, 1.0, 4.0],
    ... })
    >>> [trace.x.tolist() for trace in plot_effects(table).data]
    [[3.0], [1.0], [4.0]]
    """
    table = table_of(
        source,
        effect_table,
        Needs("channel kind", "contribution", unique=True),
        coverage=coverage,
    )
    units = units_for(source, units)
    channels = list(dict.fromkeys(table["channel"]))
    figure = go.Figure()
    for kind, colour in (("direct", ACCENT), ("mediated", PALETTE[1])):
        part = table[table["kind"] == kind].set_index("channel").reindex(channels)
        figure.add_bar(
            x=part["contribution"],
            y=np.arange(len(channels)),
            orientation="h",
            name=kind,
            marker={"color": colour, "line_width": 0},
            customdata=names_of(part.reset_index()),
            hovertemplate=f"%{{customdata}}<br>{kind} %{{x{NUMBER}}}<extra></extra>",
        )
    total = table[table["kind"] == "total"].set_index("channel").reindex(channels)
    figure.add_scatter(
        x=total["contribution"],
        y=np.arange(len(channels)),
        mode="markers",
        name="total",
        marker={
            "color": CONTRAST,
            "symbol": "diamond",
            "size": 11,
            "line": {"color": CLEAR, "width": 1},
        },
        error_x=error_bars(total, "contribution", "low", "high")
        if "low" in total
        else None,
        customdata=names_of(total.reset_index()),
        hovertemplate=f"%{{customdata}}<br>total %{{x{NUMBER}}}<extra></extra>",
    )
    figure.update_yaxes(**label_axis(channels))
    return styled(
        figure,
        "Direct, mediated and total effects",
        xaxis_title=text(f"{units.worth}, whole training period"),
        barmode="relative",
        bargap=0.4,
        height=row_height(len(channels)),
    )
