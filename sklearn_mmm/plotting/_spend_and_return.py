"""Money beside what it brought: bubbles, over time, by period."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sklearn_mmm.inspection import (
    Units,
    carry_over_table,
    period_roi_table,
    roi_table,
    spend_table,
)
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.plotting._label_places import label_places
from sklearn_mmm.plotting._panels import make_panels, units_for
from sklearn_mmm.plotting._source import Needs, table_of
from sklearn_mmm.plotting._style import (
    ACCENT,
    FAINT,
    NUMBER,
    OTHER,
    RATIO,
    REFERENCE,
    colours_for,
    fade,
    label_axis,
    logarithmic,
    row_height,
    short,
    styled,
    text,
)
from sklearn_mmm.plotting._words import SMALLEST, short_number

_FAR_APART = 30.0
# Lines by period, of the largest channels.
_MOST_LINES = 8


@of_fitted_model
def plot_bubbles(
    source: Any,
    *,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot ROI against spend, the area of a bubble being what the channel brought.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.roi_table`.
    units : Units, default=None
        Names of the units; None means those of
        :func:`~sklearn_mmm.inspection.units_of`.
    colours : dict, default=None
        Colour of each channel.

    Returns
    -------
    plotly.graph_objects.Figure
        Channels on which nothing was spent have no ROI and no bubble. A name that has
        no room beside its bubble stands in the legend, if the bubble has a colour of
        its own, or is seen when that is pointed at.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_bubbles
    >>> table = pd.DataFrame({
    ...     "channel": ["tv"], "spend": [10.0], "contribution": [20.0], "roi": [2.0],
    ... })
    >>> plot_bubbles(table).data[0].y
    (2.0,)
    """
    table = table_of(
        source, roi_table, Needs("channel", "spend contribution roi")
    ).dropna(subset=["roi"])
    # Small bubbles are drawn over large ones.
    table = table[table["spend"] > 0].sort_values(
        "contribution", ascending=False, kind="stable", ignore_index=True
    )
    units = units_for(source, units)
    hues = colours_for(table["channel"], colours)
    # What is under a hundredth stands at the lower edge.
    least = SMALLEST if table["roi"].max() > _FAR_APART * SMALLEST else -np.inf
    roi = table["roi"].clip(lower=least) if (table["roi"] > 0).all() else table["roi"]
    axes = _axis_of(table["spend"]), _axis_of(roi)
    brought = table["contribution"].clip(lower=0).to_numpy()
    size = 10 + 50 * np.sqrt(brought / max(brought.max(initial=0.0), 1e-300))
    names = [short(name, 16) for name in table["channel"]]
    sides = label_places(
        _along(axes[0], table["spend"]), _along(axes[1], roi), size, names
    )
    figure = go.Figure()
    for i, row in enumerate(table.to_dict("records")):
        figure.add_scatter(
            x=[row["spend"]],
            y=[roi[i]],
            mode="markers+text",
            name=text(row["channel"]),
            text=[names[i] if sides[i] else ""],
            textposition=sides[i],
            showlegend=sides[i] is None and hues[row["channel"]] != OTHER,
            textfont={"size": 11},
            cliponaxis=False,
            marker={
                "size": [float(size[i])],
                "color": fade(hues[row["channel"]], 0.75),
                "line": {"color": hues[row["channel"]], "width": 1},
            },
            hovertemplate=f"spend %{{x{NUMBER}}}, ROI {short_number(row['roi'])}",
        )
    return styled(
        figure,
        "ROI against spend",
        xaxis={
            "title_text": text(f"spend ({units.spend})"),
            **axes[0],
        },
        yaxis={"title_text": text(units.per_spend), **axes[1]},
        # Of one bubble as well.
        showlegend=True,
        legend_itemsizing="constant",
        height=400,
    )


def _axis_of(values: pd.Series) -> dict[str, Any]:
    """Return an axis with room around bubbles; logarithms where they lie far apart."""
    low, high = values.min(), values.max()
    if not high > 0:
        return {}
    if low > 0 and high > _FAR_APART * low:
        ends = np.log10([low, high]) + np.array([-0.3, 0.3])
        return {**logarithmic(low, high), "range": ends.tolist()}
    return {"range": [min(low, 0.0) - 0.08 * high, 1.18 * high]}


def _along(axis: dict[str, Any], values: pd.Series) -> np.ndarray:
    """Return where values lie on an axis, from 0 to 1."""
    if "range" not in axis:
        return np.full(len(values), 0.5)
    low, high = axis["range"]
    at = np.log10(values) if axis.get("type") == "log" else values
    return np.asarray((at - low) / (high - low), dtype=float)


@of_fitted_model
def plot_carry_over(source: Any, *, units: Units | None = None) -> go.Figure:
    """Plot what each channel brought at once and later.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.carry_over_table`.
    units : Units, default=None
        See :func:`plot_bubbles`.

    Returns
    -------
    plotly.graph_objects.Figure
        A bar for each channel.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_carry_over
    >>> table = pd.DataFrame(
    ...     {"channel": ["tv"], "immediate": [3.0], "carried_over": [1.0]}
    ... )
    >>> [float(trace.x[0]) for trace in plot_carry_over(table).data]
    [3.0, 1.0]
    """
    table = table_of(
        source, carry_over_table, Needs("channel", "immediate carried_over")
    )
    units = units_for(source, units)
    figure = go.Figure()
    for name, label, colour in (
        ("immediate", f"in the same {units.time}", ACCENT),
        ("carried_over", "carried over", FAINT),
    ):
        figure.add_bar(
            x=table[name],
            y=np.arange(len(table)),
            orientation="h",
            name=text(label),
            marker={"color": colour},
            hovertemplate=f"%{{x{NUMBER}}}",
        )
    return styled(
        figure,
        "Immediate and carried-over effect",
        barmode="stack",
        xaxis={"title_text": text(units.worth)},
        yaxis=label_axis(table["channel"].tolist()),
        height=row_height(len(table)),
    )


@of_fitted_model
def plot_spend(
    source: Any,
    *,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot what each channel cost and brought over time, a panel for each.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.spend_table`.
    units, colours : default=None
        See :func:`plot_bubbles`.

    Returns
    -------
    plotly.graph_objects.Figure
        Both as shares of their largest value, so that their courses can be compared.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_spend
    >>> table = pd.DataFrame({
    ...     "channel": "tv", "time": [1, 2], "spend": [4.0, 2.0],
    ...     "contribution": [1.0, 2.0],
    ... })
    >>> plot_spend(table).data[0].y.tolist()
    [1.0, 0.5]
    """
    table = table_of(source, spend_table, Needs("channel time", "spend contribution"))
    units = units_for(source, units)
    channels = list(dict.fromkeys(table["channel"]))
    hues = colours_for(channels, colours)
    figure = make_panels(channels, columns=3)
    for i, name in enumerate(channels):
        rows = table[table["channel"] == name]
        axis = "" if i == 0 else str(i + 1)
        for kind, colour, fill in (
            ("spend", REFERENCE, "tozeroy"),
            ("contribution", hues[name], None),
        ):
            values = rows[kind].to_numpy()
            top = float(np.abs(values).max())
            figure.add_scatter(
                x=rows["time"],
                y=values / top if top > 0 else values,
                customdata=values,
                mode="lines",
                line={"color": colour, "width": 1.6 if fill is None else 0},
                fill=fill,
                fillcolor=fade(REFERENCE, 0.35),
                name=kind,
                legendgroup=kind,
                showlegend=i == 0,
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
                hovertemplate=f"%{{customdata{NUMBER}}}",
            )
    figure.update_yaxes(visible=False)
    figure.update_xaxes(title_text=text(units.time), zeroline=False)
    return styled(figure, "Spend and contribution over time")


@of_fitted_model
def plot_period_roi(
    source: Any,
    *,
    units: Units | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot ROI by quarter or, from the menu, by year.

    Parameters
    ----------
    source : DeepCausalMMMRegressor or DataFrame
        A fitted estimator, or the table of
        :func:`~sklearn_mmm.inspection.period_roi_table`.
    units, colours : default=None
        See :func:`plot_bubbles`.

    Returns
    -------
    plotly.graph_objects.Figure
        The first eight channels of the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mmm.plotting import plot_period_roi
    >>> table = pd.DataFrame({
    ...     "channel": "tv", "by": ["quarter", "year"], "period": ["2022 Q1", "2022"],
    ...     "roi": [2.0, 1.5],
    ... })
    >>> len(plot_period_roi(table).data)
    1
    """
    table = table_of(source, period_roi_table, Needs("channel by period", "roi"))
    earns = table.groupby("channel")["roi"].transform("count") > 0
    table = table[earns]
    units = units_for(source, units)
    channels = list(dict.fromkeys(table["channel"]))[:_MOST_LINES]
    hues = colours_for(channels, colours)
    figure = go.Figure()
    by = {kind: table[table["by"] == kind] for kind in ("quarter", "year")}

    def series(kind: str, name: str) -> pd.DataFrame:
        return by[kind][by[kind]["channel"] == name]

    for name in channels:
        rows = series("quarter", name)
        figure.add_scatter(
            x=rows["period"].tolist(),
            y=rows["roi"].to_numpy(),
            mode="lines+markers",
            name=text(name),
            line={"color": hues[name]},
            hovertemplate=f"%{{x}}: %{{y{RATIO}}}",
        )
    buttons = [
        {
            "label": label,
            "method": "update",
            "args": [
                {
                    "x": [series(kind, n)["period"].tolist() for n in channels],
                    "y": [series(kind, n)["roi"].to_numpy() for n in channels],
                },
                {},
            ],
        }
        for kind, label in (("quarter", "By quarter"), ("year", "By year"))
    ]
    figure.update_layout(updatemenus=[{"name": "show", "buttons": buttons}])
    return styled(
        figure,
        "ROI by quarter and year",
        xaxis={"type": "category", "title_text": "period"},
        yaxis={"title_text": text(units.per_spend), "rangemode": "tozero"},
        height=400,
    )
